/* The policy against a model: a week of load in numbers.
 *
 * The state is many pieces of one size, each at some address.  An event writes
 * some pieces anew, which kills their old copies, and some garbage that nothing
 * keeps.  A collection from a boundary gives every live piece above it a new
 * address and drops the rest. */
#include "collector/collector.h"

#include <stdlib.h>

#include "tap.h"

#define PIECE_BYTES ((uint64_t)64 << 10)
#define SLACK_BYTES ((uint64_t)64 << 20)
#define COPY_SPEED 8 /* bytes that are copied while events append one */

struct load {
    const char *name;
    uint64_t pieces;          /* at first */
    unsigned hot_percent;     /* so many of the writes ... */
    unsigned hot_pieces;      /* ... go to one piece in so many */
    unsigned new_per_mille;   /* writes that add a piece */
    unsigned garbage_percent; /* bytes that die at once, beside what is written */
    unsigned restart_every;   /* writes; 0: never */
    unsigned bound_percent;   /* of live and slack, that may be used between collections */
    unsigned peak_percent;    /* likewise, with the copies of one */
    double work_max;          /* bytes copied for each byte appended */
};

struct model {
    const struct load *load;
    uint64_t *address; /* of each piece */
    uint64_t count, capacity;
    uint64_t watermark_bytes;
    uint64_t used_bytes;
    uint64_t fresh_start_bytes;
    uint64_t appended_bytes, copied_bytes;
    uint64_t collections, full_collections;
    uint64_t worst_percent; /* used against live and slack */
    uint64_t peak_percent;  /* likewise, with the copies of a collection and what events add meanwhile */
    struct collector_history history;
    uint64_t seed;
};

static void append(struct model *model, uint64_t size_bytes)
{
    model->watermark_bytes += size_bytes;
    model->used_bytes += size_bytes;
    model->appended_bytes += size_bytes;
}

static uint64_t pick(struct model *model)
{
    if (tap_below(&model->seed, 100) < model->load->hot_percent)
        return tap_below(&model->seed, model->count / model->load->hot_pieces);
    return tap_below(&model->seed, model->count);
}

static void write_piece(struct model *model)
{
    bool is_new = tap_below(&model->seed, 1000) < model->load->new_per_mille && model->count < model->capacity;
    uint64_t piece = is_new ? model->count++ : pick(model);
    model->address[piece] = model->watermark_bytes;
    append(model, PIECE_BYTES + PIECE_BYTES * model->load->garbage_percent / 100);
}

/* Of what is live and the slack. */
static uint64_t percent_of(const struct model *model, uint64_t bytes)
{
    return bytes * 100 / (model->count * PIECE_BYTES + SLACK_BYTES);
}

static void collect(struct model *model, const struct collector_plan *plan)
{
    uint64_t above_bytes = 0, live_bytes = 0;
    uint64_t to_bytes = model->watermark_bytes;
    for (uint64_t i = 0; i < model->count; i++) {
        if (model->address[i] < plan->start_bytes)
            continue;
        model->address[i] = to_bytes + live_bytes;
        live_bytes += PIECE_BYTES;
    }
    for (size_t i = 0; i < model->history.generation_count; i++)
        if (model->history.generations[i].start_bytes < plan->start_bytes)
            above_bytes -= model->history.generations[i].size_bytes;
    above_bytes += model->used_bytes;
    uint64_t peak_percent = percent_of(model, model->used_bytes + live_bytes + live_bytes / COPY_SPEED);
    if (peak_percent > model->peak_percent)
        model->peak_percent = peak_percent;
    struct collector_record record = {
        .is_full = plan->is_full,
        .start_bytes = plan->start_bytes,
        .above_bytes = above_bytes,
        .live_bytes = live_bytes,
    };
    collector_history_add(&model->history, &record);
    model->used_bytes = model->used_bytes - above_bytes + live_bytes;
    model->watermark_bytes = to_bytes + live_bytes;
    model->fresh_start_bytes = model->watermark_bytes;
    model->copied_bytes += live_bytes;
    model->collections++;
    model->full_collections += plan->is_full;
}

static void attend(struct model *model)
{
    const struct collector_facts facts = {
        .used_bytes = model->used_bytes,
        .fresh_start_bytes = model->fresh_start_bytes,
        .slack_bytes = SLACK_BYTES,
        .room_bytes = UINT64_MAX / 4,
        .memory_bytes = UINT64_MAX / 4,
    };
    uint64_t percent = percent_of(model, model->used_bytes);
    if (percent > model->worst_percent)
        model->worst_percent = percent;
    struct collector_plan plan = collector_plan(&model->history, &facts);
    if (plan.is_wanted)
        collect(model, &plan);
}

static void restart(struct model *model)
{
    collector_history_adopt(&model->history, model->used_bytes);
    model->fresh_start_bytes = model->watermark_bytes;
}

static void simulate(const struct load *load, uint64_t writes)
{
    struct model model = {.load = load, .count = load->pieces, .capacity = load->pieces * 3, .seed = tap_seed()};
    model.address = malloc(model.capacity * sizeof *model.address);
    collector_history_init(&model.history);
    for (uint64_t i = 0; i < model.count; i++) {
        model.address[i] = model.watermark_bytes;
        append(&model, PIECE_BYTES);
    }
    for (uint64_t i = 0; i < writes; i++) {
        write_piece(&model);
        if (load->restart_every != 0 && i % load->restart_every == 0)
            restart(&model);
        attend(&model);
    }
    double work = (double)model.copied_bytes / (double)model.appended_bytes;
    tap_ok(model.worst_percent <= load->bound_percent && model.peak_percent <= load->peak_percent &&
               work <= load->work_max,
           "%s: never more than %" PRIu64 "%% of live and slack, %" PRIu64
           "%% with copies, %.2f bytes copied for one appended",
           load->name, model.worst_percent, model.peak_percent, work);
    tap_note("%" PRIu64 " collections, %" PRIu64
             " of them full; survival %.2f, turnover %.2f, patience %u, %zu generations",
             model.collections, model.full_collections, model.history.survival_ppm / 1e6,
             model.history.turnover_ppm / 1e6, model.history.patience, model.history.generation_count);
    free(model.address);
}

static void by_hand(void)
{
    struct collector_history history;
    collector_history_init(&history);
    struct collector_facts facts = {.used_bytes = 1 << 20, .fresh_start_bytes = 0, .room_bytes = 1 << 30};
    struct collector_plan plan = collector_plan_by_hand(&history, &facts, false);
    tap_ok(plan.is_wanted && plan.is_full && plan.start_bytes == 0, "the first collection is full");
    collector_history_add(&history,
                          &(struct collector_record){.is_full = true, .above_bytes = 1 << 20, .live_bytes = 1000});
    facts.used_bytes = 5000;
    facts.fresh_start_bytes = 7000;
    plan = collector_plan_by_hand(&history, &facts, false);
    tap_ok(plan.is_wanted && !plan.is_full && plan.start_bytes == 7000 && plan.above_bytes == 4000,
           "a later one takes what is fresh");
    plan = collector_plan_by_hand(&history, &facts, true);
    tap_ok(plan.is_wanted && plan.is_full && plan.start_bytes == 0 && plan.above_bytes == 5000, "or everything");
}

static void with_little_room(void)
{
    struct collector_history history;
    collector_history_init(&history);
    uint64_t old_bytes = (uint64_t)4 << 30, fresh_bytes = (uint64_t)1 << 30;
    collector_history_add(
        &history, &(struct collector_record){.is_full = true, .above_bytes = old_bytes * 2, .live_bytes = old_bytes});
    history.generations[0].dead_bytes = old_bytes / 2;
    struct collector_facts facts = {
        .used_bytes = old_bytes + fresh_bytes,
        .fresh_start_bytes = old_bytes * 3,
        .slack_bytes = SLACK_BYTES,
        .room_bytes = old_bytes * 2,
        .memory_bytes = UINT64_MAX,
    };
    struct collector_plan plan = collector_plan(&history, &facts);
    tap_ok(plan.is_wanted && plan.is_full, "with room for it, what is mostly dead is collected whole");
    facts.room_bytes = fresh_bytes * 2;
    plan = collector_plan(&history, &facts);
    tap_ok(plan.is_wanted && !plan.is_full && plan.above_bytes == fresh_bytes, "with less, only what is fresh");
    facts.room_bytes = fresh_bytes / 2;
    plan = collector_plan(&history, &facts);
    tap_ok(!plan.is_wanted, "with none, nothing");
    facts.room_bytes = old_bytes * 2;
    facts.memory_bytes = collector_compaction_memory_bytes(fresh_bytes);
    plan = collector_plan(&history, &facts);
    tap_ok(plan.is_wanted && !plan.is_full, "with little memory for the tables, only what is fresh");
}

static void under_pressure(void)
{
    struct collector_history history;
    collector_history_init(&history);
    collector_history_add(&history,
                          &(struct collector_record){.is_full = true, .above_bytes = 1 << 30, .live_bytes = 1 << 30});
    struct collector_facts facts = {
        .used_bytes = ((uint64_t)1 << 30) + SLACK_BYTES / 2,
        .fresh_start_bytes = (uint64_t)2 << 30,
        .slack_bytes = SLACK_BYTES,
        .room_bytes = UINT64_MAX / 4,
        .memory_bytes = UINT64_MAX / 4,
    };
    tap_ok(history.patience == 2 && !collector_plan(&history, &facts).is_wanted,
           "a collection that gave nothing makes patient");
    facts.is_pressed = true;
    tap_ok(collector_plan(&history, &facts).is_wanted, "but not where room runs short");
}

/* ---- ranges of addresses ------------------------------------------------------------ */

#define MANY (ARENA_RANGES_MAX / 2)

/* So many ranges, the newest `above_count` of them above `start_bytes`. */
static void set_ranges(struct collector_facts *facts, struct arena_range ranges[ARENA_RANGES_MAX], size_t count,
                       size_t above_count, uint64_t start_bytes)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t at_bytes = i < count - above_count ? i * 4096 : start_bytes + i * 4096;
        ranges[i] = (struct arena_range){at_bytes, at_bytes + 4096};
    }
    facts->ranges = ranges;
    facts->range_count = count;
}

/* A commit can name only so many: when half are taken it is time, whatever is dead. */
static void with_many_ranges(void)
{
    struct collector_history history;
    struct arena_range ranges[ARENA_RANGES_MAX];
    uint64_t old_bytes = (uint64_t)1 << 30, fresh_bytes = (uint64_t)4 << 20;
    collector_history_init(&history);
    collector_history_add(
        &history, &(struct collector_record){.is_full = true, .above_bytes = old_bytes, .live_bytes = old_bytes});
    struct collector_facts facts = {
        .used_bytes = old_bytes + fresh_bytes,
        .fresh_start_bytes = old_bytes,
        .slack_bytes = SLACK_BYTES,
        .room_bytes = UINT64_MAX / 4,
        .memory_bytes = UINT64_MAX / 4,
    };
    set_ranges(&facts, ranges, MANY, MANY - 1, old_bytes);
    tap_ok(!collector_plan(&history, &facts).is_wanted, "with %d ranges nothing is due if little is dead", MANY);
    set_ranges(&facts, ranges, MANY + 1, MANY, old_bytes);
    struct collector_plan plan = collector_plan(&history, &facts);
    tap_ok(plan.is_wanted && !plan.is_full && plan.start_bytes == old_bytes,
           "with one more a collection is: a young one, where that takes most of them away");
    set_ranges(&facts, ranges, MANY + 1, MANY / 2, old_bytes);
    plan = collector_plan(&history, &facts);
    tap_ok(plan.is_wanted && plan.is_full, "a full one where it does not");
    facts.room_bytes = fresh_bytes * 2;
    tap_ok(!collector_plan(&history, &facts).is_wanted, "and none where the disk has no room for that");
}

/* Every collection is cut off, as by a kill; and each leaves a range. */
static void with_collections_cut_off(void)
{
    struct collector_history history;
    struct arena_range ranges[ARENA_RANGES_MAX] = {{0, 1 << 20}};
    struct collector_facts facts = {
        .used_bytes = 1 << 20,
        .fresh_start_bytes = 1 << 20,
        .slack_bytes = SLACK_BYTES,
        .room_bytes = UINT64_MAX / 4,
        .memory_bytes = UINT64_MAX / 4,
        .ranges = ranges,
        .range_count = 1,
    };
    uint64_t watermark_bytes = 1 << 20;
    size_t most = 0, collections = 0;
    collector_history_init(&history);
    for (unsigned i = 0; i < 10000 && facts.range_count < ARENA_RANGES_MAX; i++) {
        ranges[facts.range_count++] = (struct arena_range){watermark_bytes, watermark_bytes + 512};
        watermark_bytes += 4096;
        facts.used_bytes += 512;
        most = facts.range_count > most ? facts.range_count : most;
        struct collector_plan plan = collector_plan(&history, &facts);
        if (!plan.is_wanted)
            continue;
        while (facts.range_count > 0 && ranges[facts.range_count - 1].start_bytes >= plan.start_bytes)
            facts.range_count--;
        ranges[facts.range_count++] = (struct arena_range){watermark_bytes, watermark_bytes + plan.above_bytes};
        watermark_bytes += plan.above_bytes;
        facts.fresh_start_bytes = watermark_bytes;
        collector_history_add(&history, &(struct collector_record){.is_full = plan.is_full,
                                                                   .start_bytes = plan.start_bytes,
                                                                   .above_bytes = plan.above_bytes,
                                                                   .live_bytes = plan.above_bytes});
        collections++;
    }
    tap_ok(most == MANY + 1 && collections > 100 && collections < 10000 / 40,
           "10,000 collections cut off, and never more than %zu ranges: %zu others", most, collections);
}

int main(void)
{
    static const struct load loads[] = {
        {"a small state", 200, 0, 1, 0, 300, 0, 75, 100, 1},
        {"half of the slack", 512, 0, 1, 0, 100, 0, 60, 100, 2.5},
        {"the slack", 1024, 0, 1, 0, 100, 0, 80, 150, 3},
        {"the slack, and no other garbage", 1024, 0, 1, 0, 0, 0, 80, 150, 4},
        {"a quarter more than the slack", 1280, 0, 1, 0, 100, 0, 95, 150, 3},
        {"a quarter more than the slack, much garbage", 1280, 0, 1, 0, 300, 0, 95, 150, 2},
        {"a quarter more than the slack, and no other garbage", 1280, 0, 1, 0, 0, 0, 95, 150, 4},
        {"twice the slack", 2048, 0, 1, 0, 100, 0, 110, 200, 3},
        {"three times the slack", 3072, 0, 1, 0, 100, 0, 120, 200, 2.5},
        {"all alike", 20000, 0, 1, 0, 200, 0, 150, 250, 1.5},
        {"a few hot", 20000, 90, 20, 0, 200, 0, 150, 250, 1.3},
        {"no garbage but what is replaced", 20000, 0, 1, 0, 0, 0, 150, 250, 4},
        {"growing", 5000, 0, 1, 1000, 100, 0, 180, 300, 2.2},
        {"growing and changing", 5000, 50, 10, 200, 200, 0, 150, 250, 2},
        {"restarted every few events", 20000, 0, 1, 0, 200, 10, 170, 260, 4},
    };
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
        simulate(&loads[i], 100000);
    by_hand();
    with_little_room();
    under_pressure();
    with_many_ranges();
    with_collections_cut_off();
    return tap_done();
}
