/* When to collect, and from where.
 *
 * What lies above the newest generation is *fresh*: appended since the last
 * collection.  A *generation* is what one collection left: it lies above the
 * older ones, so any number of the newest can be compacted together with what
 * is fresh.  How much of each is dead is estimated:
 *
 *   fresh         by the part that survived earlier collections of fresh garbage
 *   generations   what survives of new events mostly takes the place of
 *                 something older: as many bytes die there, spread over the
 *                 generations by size.  The `turnover` says how true this was
 *                 when an old generation was last collected: little for a state
 *                 that only grows, but never nothing, since that may end.
 *
 * Nothing is collected until enough is expected to be dead, as a part of the
 * whole and in bytes; then from the boundary that gives most for its cost, as
 * long as what stays dead below it is little.  A collection that gave little
 * doubles the patience, which multiplies what has to be fresh before it is
 * looked at alone; a good one halves it.
 */
#include "collector/collector.h"

#define PPM 1000000u
#define SURVIVAL_FIRST_PPM 300000u
#define TURNOVER_FIRST_PPM PPM
#define TURNOVER_LEAST_PPM 400000u
#define PATIENCE_MAX 8u

/* Parts of the whole, in percent. */
#define FRESH_PERCENT 10u  /* so much that is fresh is looked at */
#define DEAD_PERCENT 26u   /* so much dead in all is too much */
#define PRESSED_PERCENT 2u /* in the place of both, where room runs short */
#define REST_PERCENT 15u   /* so much may stay */
#define WORTH_PERCENT 25u  /* of what lies above a boundary: worth its cost */
#define LITTLE_PERCENT 10u /* reclaimed: too little */
#define LATE_PERCENT 45u   /* so much dead in all means that collections do not keep up */

/* So much of the slack is left to garbage, and not counted where parts of the whole are.  The rest is for
 * the copies of a collection and for what events append meanwhile: with live states of up to one and a
 * quarter times the slack they stay within 1.5 times both. */
#define SLACK_PARTS 4

/* A commit can have so many ranges of addresses.  Each collection adds one and takes away those above its
 * boundary; one that was cut off may leave one.  Half of them are for emergencies. */
#define RANGES_MANY (ARENA_RANGES_MAX / 2)

/* A generation that is not worth the name. */
#define SMALL_BYTES ((uint64_t)64 << 10)

/* The fixed cost of a collection, as if so much more had to be copied. */
#define OVERHEAD_BYTES ((uint64_t)4 << 20)

static uint64_t scale(uint64_t bytes, uint64_t ppm)
{
    return (uint64_t)((double)bytes * (double)ppm / PPM);
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void collector_history_init(struct collector_history *history)
{
    *history = (struct collector_history){
        .survival_ppm = SURVIVAL_FIRST_PPM, .turnover_ppm = TURNOVER_FIRST_PPM, .patience = 1};
}

/* ---- the estimate ----------------------------------------------------------------- */

static uint64_t sizes_bytes(const struct collector_history *history)
{
    uint64_t sum_bytes = 0;
    for (size_t i = 0; i < history->generation_count; i++)
        sum_bytes += history->generations[i].size_bytes;
    return sum_bytes;
}

/* What died in the generations because `survivors_bytes` came above them. */
static uint64_t died_bytes(const struct collector_history *history, size_t index, uint64_t survivors_bytes)
{
    uint64_t size_bytes = history->generations[index].size_bytes, all_bytes = sizes_bytes(history);
    if (all_bytes == 0)
        return 0;
    double share = (double)size_bytes / (double)all_bytes;
    return lesser(size_bytes, (uint64_t)((double)scale(survivors_bytes, history->turnover_ppm) * share));
}

/* One boundary: total and dead bytes above it, and ranges. */
struct candidate {
    uint64_t start_bytes;
    uint64_t total_bytes;
    uint64_t dead_bytes;
    size_t ranges;
};

static size_t ranges_above(const struct collector_facts *facts, uint64_t start_bytes)
{
    size_t count = 0;
    for (size_t i = 0; facts->ranges != NULL && i < facts->range_count; i++)
        count += facts->ranges[i].start_bytes >= start_bytes;
    return count;
}

/* Candidate i is the boundary below generation i; the last one is below what
 * is fresh.  Returns how many there are. */
static size_t list_candidates(const struct collector_history *history, const struct collector_facts *facts,
                              struct candidate candidates[COLLECTOR_GENERATIONS_MAX + 1])
{
    size_t count = history->generation_count;
    uint64_t old_bytes = sizes_bytes(history);
    uint64_t fresh_bytes = facts->used_bytes > old_bytes ? facts->used_bytes - old_bytes : 0;
    uint64_t survivors_bytes = scale(fresh_bytes, history->survival_ppm);
    candidates[count] = (struct candidate){facts->fresh_start_bytes, fresh_bytes, fresh_bytes - survivors_bytes, 0};
    for (size_t i = count; i-- > 0;) {
        const struct collector_generation *generation = &history->generations[i];
        uint64_t dead_bytes = generation->dead_bytes + died_bytes(history, i, survivors_bytes);
        candidates[i] = (struct candidate){
            .start_bytes = generation->start_bytes,
            .total_bytes = candidates[i + 1].total_bytes + generation->size_bytes,
            .dead_bytes = candidates[i + 1].dead_bytes + lesser(dead_bytes, generation->size_bytes),
        };
    }
    if (count == 0)
        candidates[0].start_bytes = 0;
    for (size_t i = 0; i <= count; i++)
        candidates[i].ranges = ranges_above(facts, candidates[i].start_bytes);
    return count + 1;
}

uint64_t collector_dead_bytes(const struct collector_history *history, const struct collector_facts *facts)
{
    struct candidate candidates[COLLECTOR_GENERATIONS_MAX + 1];
    list_candidates(history, facts, candidates);
    return candidates[0].dead_bytes;
}

/* ---- the choice ------------------------------------------------------------------- */

static bool fits(const struct candidate *candidate, const struct collector_facts *facts)
{
    return candidate->total_bytes + candidate->total_bytes / 8 <= facts->room_bytes &&
           collector_compaction_memory_bytes(candidate->total_bytes) <= facts->memory_bytes;
}

static double value(const struct candidate *candidate)
{
    return (double)candidate->dead_bytes / (double)(candidate->total_bytes - candidate->dead_bytes + OVERHEAD_BYTES);
}

/* The best of those that leave at most `rest_bytes` dead, NULL if none fits. */
static const struct candidate *choose(const struct candidate *candidates, size_t count,
                                      const struct collector_facts *facts, uint64_t rest_bytes, unsigned worth_percent)
{
    const struct candidate *best = NULL;
    for (size_t i = count; i-- > 0;) {
        const struct candidate *candidate = &candidates[i];
        bool is_good = fits(candidate, facts) && candidates[0].dead_bytes - candidate->dead_bytes <= rest_bytes &&
                       candidate->dead_bytes * 100 >= candidate->total_bytes * worth_percent;
        if (is_good && candidate->dead_bytes > 0 && (best == NULL || value(candidate) > value(best)))
            best = candidate;
    }
    return best;
}

/* The boundary that frees most of those with half of the ranges above them. */
static const struct candidate *choose_for_ranges(const struct candidate *candidates, size_t count,
                                                 const struct collector_facts *facts)
{
    const struct candidate *best = NULL;
    for (size_t i = count; i-- > 0;)
        if (candidates[i].ranges > RANGES_MANY / 2 && fits(&candidates[i], facts) &&
            (best == NULL || value(&candidates[i]) > value(best)))
            best = &candidates[i];
    return best;
}

static struct collector_plan plan_for(const struct candidate *candidate, const struct candidate *all)
{
    if (candidate == NULL)
        return (struct collector_plan){0};
    return (struct collector_plan){
        .is_wanted = true,
        .is_full = candidate == all,
        .start_bytes = candidate->start_bytes,
        .above_bytes = candidate->total_bytes,
        .dead_bytes = candidate->dead_bytes,
    };
}

struct collector_plan collector_plan(const struct collector_history *history, const struct collector_facts *facts)
{
    struct candidate candidates[COLLECTOR_GENERATIONS_MAX + 1];
    size_t count = list_candidates(history, facts, candidates);
    const struct candidate *all = &candidates[0], *fresh = &candidates[count - 1];
    uint64_t patience = facts->is_pressed || history->patience == 0 ? 1 : history->patience;
    uint64_t least_bytes = facts->slack_bytes / (facts->is_pressed ? 8 : SLACK_PARTS);
    uint64_t used_bytes = facts->used_bytes;
    unsigned dead_percent = facts->is_pressed ? PRESSED_PERCENT : DEAD_PERCENT;
    unsigned fresh_percent = facts->is_pressed ? PRESSED_PERCENT : FRESH_PERCENT;
    bool is_too_much =
        all->dead_bytes >= least_bytes && all->dead_bytes * 100 >= (used_bytes - least_bytes) * dead_percent;
    bool is_full_of_fresh = fresh->dead_bytes >= least_bytes * patience &&
                            fresh->total_bytes * 100 >= used_bytes * fresh_percent * patience;
    const struct candidate *chosen = NULL;
    if (is_too_much || history->generation_count == COLLECTOR_GENERATIONS_MAX)
        chosen = choose(candidates, count, facts, used_bytes / 100 * REST_PERCENT, 0);
    if (chosen == NULL && (is_full_of_fresh || is_too_much))
        chosen = choose(candidates, count, facts, UINT64_MAX, WORTH_PERCENT);
    if (chosen == NULL && facts->range_count > RANGES_MANY)
        chosen = choose_for_ranges(candidates, count, facts);
    struct collector_plan plan = plan_for(chosen, all);
    plan.is_late = plan.is_wanted && all->dead_bytes * 100 >= used_bytes * LATE_PERCENT &&
                   all->dead_bytes >= 2 * facts->slack_bytes;
    return plan;
}

/* What is fresh, and with it those of the newest generations that are no larger,
 * so that there are few of them; but never the oldest. */
static size_t young_candidate(const struct collector_history *history, const struct candidate *candidates, size_t count)
{
    size_t young = count - 1;
    while (young > 1 && history->generations[young - 1].size_bytes <= candidates[young].total_bytes + SMALL_BYTES)
        young--;
    return young;
}

struct collector_plan collector_plan_by_hand(const struct collector_history *history,
                                             const struct collector_facts *facts, bool is_full)
{
    struct candidate candidates[COLLECTOR_GENERATIONS_MAX + 1];
    size_t count = list_candidates(history, facts, candidates);
    return plan_for(&candidates[is_full ? 0 : young_candidate(history, candidates, count)], &candidates[0]);
}

/* ---- what was found ----------------------------------------------------------------- */

/* Half old, half new. */
static uint32_t learn(uint32_t old_ppm, uint64_t new_ppm, uint64_t least_ppm, uint64_t most_ppm)
{
    uint64_t ppm = (old_ppm + new_ppm) / 2;
    return (uint32_t)(ppm < least_ppm ? least_ppm : lesser(ppm, most_ppm));
}

static void learn_survival(struct collector_history *history, uint64_t fresh_bytes, uint64_t live_bytes)
{
    if (fresh_bytes > 0)
        history->survival_ppm =
            learn(history->survival_ppm, (uint64_t)((double)live_bytes / (double)fresh_bytes * PPM), 10000, PPM);
}

/* `expected_bytes` were to be dead in the generations, `found_bytes` were. */
static void learn_turnover(struct collector_history *history, uint64_t expected_bytes, uint64_t found_bytes)
{
    if (expected_bytes < OVERHEAD_BYTES / 16)
        return;
    double truth = (double)found_bytes / (double)expected_bytes * history->turnover_ppm;
    history->turnover_ppm =
        learn(history->turnover_ppm, truth > 2.0 * PPM ? 2 * PPM : (uint64_t)truth, TURNOVER_LEAST_PPM, 2 * PPM);
}

static size_t first_collected(const struct collector_history *history, uint64_t start_bytes)
{
    size_t first = 0;
    while (first < history->generation_count && history->generations[first].start_bytes < start_bytes)
        first++;
    return first;
}

static void note_record(struct collector_history *history, const struct collector_record *record)
{
    if (history->record_count < COLLECTOR_RECORDS_MAX)
        history->record_count++;
    memmove(history->records + 1, history->records, (history->record_count - 1) * sizeof *record);
    history->records[0] = *record;
    history->young_count += !record->is_full;
    history->full_count += record->is_full;
    history->copied_bytes += record->live_bytes;
    history->reclaimed_bytes += record->above_bytes > record->live_bytes ? record->above_bytes - record->live_bytes : 0;
}

static void note_patience(struct collector_history *history, const struct collector_record *record)
{
    uint64_t reclaimed_bytes = record->above_bytes > record->live_bytes ? record->above_bytes - record->live_bytes : 0;
    if (reclaimed_bytes * 100 < record->above_bytes * LITTLE_PERCENT)
        history->patience = (uint32_t)lesser(history->patience * 2, PATIENCE_MAX);
    else if (history->patience > 1)
        history->patience /= 2;
}

void collector_history_add(struct collector_history *history, const struct collector_record *record)
{
    size_t first = first_collected(history, record->start_bytes);
    uint64_t old_bytes = 0, expected_bytes = 0;
    for (size_t i = first; i < history->generation_count; i++)
        old_bytes += history->generations[i].size_bytes;
    uint64_t fresh_bytes = record->above_bytes > old_bytes ? record->above_bytes - old_bytes : 0;
    uint64_t survivors_bytes = scale(fresh_bytes, history->survival_ppm);
    for (size_t i = first; i < history->generation_count; i++)
        expected_bytes += history->generations[i].dead_bytes + died_bytes(history, i, survivors_bytes);
    if (first == history->generation_count) {
        if (first > 0)
            learn_survival(history, fresh_bytes, record->live_bytes);
        survivors_bytes = record->live_bytes;
    } else {
        uint64_t old_live_bytes = record->live_bytes > survivors_bytes ? record->live_bytes - survivors_bytes : 0;
        learn_turnover(history, expected_bytes, old_bytes > old_live_bytes ? old_bytes - old_live_bytes : 0);
    }
    for (size_t i = 0; i < first; i++) {
        struct collector_generation *generation = &history->generations[i];
        generation->dead_bytes =
            lesser(generation->size_bytes, generation->dead_bytes + died_bytes(history, i, survivors_bytes));
    }
    note_record(history, record);
    note_patience(history, record);
    if (first == COLLECTOR_GENERATIONS_MAX)
        history->generations[--first].size_bytes += record->live_bytes;
    else
        history->generations[first] =
            (struct collector_generation){.start_bytes = record->start_bytes, .size_bytes = record->live_bytes};
    history->generation_count = first + 1;
}

void collector_history_adopt(struct collector_history *history, uint64_t used_bytes)
{
    uint64_t old_bytes = sizes_bytes(history);
    if (history->generation_count == 0 || used_bytes <= old_bytes)
        return;
    uint64_t fresh_bytes = used_bytes - old_bytes, survivors_bytes = scale(fresh_bytes, history->survival_ppm);
    for (size_t i = 0; i < history->generation_count; i++) {
        struct collector_generation *generation = &history->generations[i];
        generation->dead_bytes =
            lesser(generation->size_bytes, generation->dead_bytes + died_bytes(history, i, survivors_bytes));
    }
    struct collector_generation *newest = &history->generations[history->generation_count - 1];
    newest->size_bytes += fresh_bytes;
    newest->dead_bytes += fresh_bytes - survivors_bytes;
}

static uint64_t range_bytes(const struct arena_commit *commit)
{
    uint64_t sum_bytes = 0;
    for (size_t i = 0; i < commit->range_count; i++)
        sum_bytes += commit->ranges[i].end_bytes - commit->ranges[i].start_bytes;
    return sum_bytes;
}

uint64_t collector_history_open(const struct arena_commit *commit, struct collector_history *history)
{
    collector_history_read(commit->roots[ARENA_ROOT_COLLECTIONS], history);
    noun fresh = commit->roots[ARENA_ROOT_FRESH];
    bool is_known = noun_is_direct(fresh) && fresh != 0 && fresh <= commit->watermark_bytes;
    if (is_known && history->generation_count > 0)
        return fresh;
    collector_history_adopt(history, range_bytes(commit));
    return commit->watermark_bytes;
}
