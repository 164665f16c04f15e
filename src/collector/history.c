/* What the arena's collections have found, kept in the arena itself: a root of
 * each commit, made anew by each compaction.
 *
 *   [version counters generations records]
 *   counters      [young full copied reclaimed survival turnover patience 0]
 *   generations   a list, oldest first, of [start size dead 0]
 *   records       a list, newest first, of lists of numbers in the order of
 *                 struct collector_record
 *
 * All numbers are direct atoms.  What cannot be read counts as no history: it
 * only guides what is collected when.
 */
#include "collector/collector.h"

#define VERSION 1

/* ---- writing ------------------------------------------------------------------ */

static uint64_t hash_of(const struct arena_builder *builder, noun n)
{
    return noun_is_direct(n) ? noun_hash_atom(n) : arena_built_words(builder, n)[0];
}

/* NOUN_NONE if there is no room, or a part is. */
static noun make_cell(struct arena_builder *builder, noun head, noun tail)
{
    uint64_t offset_words, *words;
    if (head == NOUN_NONE || tail == NOUN_NONE || (words = arena_allocate(builder, 3, &offset_words)) == NULL)
        return NOUN_NONE;
    words[0] = noun_hash_pair(hash_of(builder, head), hash_of(builder, tail));
    words[1] = head;
    words[2] = tail;
    return NOUN_TAG_CELL | offset_words;
}

static noun make_numbers(struct arena_builder *builder, const uint64_t *numbers, size_t count)
{
    noun list = 0;
    for (size_t i = count; i-- > 0;)
        list = make_cell(builder, numbers[i] <= NOUN_DIRECT_MAX ? numbers[i] : NOUN_DIRECT_MAX, list);
    return list;
}

static noun make_counters(struct arena_builder *builder, const struct collector_history *history)
{
    const uint64_t numbers[] = {history->young_count,     history->full_count,   history->copied_bytes,
                                history->reclaimed_bytes, history->survival_ppm, history->turnover_ppm,
                                history->patience};
    return make_numbers(builder, numbers, COUNT_OF(numbers));
}

static noun make_generations(struct arena_builder *builder, const struct collector_history *history)
{
    noun list = 0;
    for (size_t i = history->generation_count; i-- > 0;) {
        const struct collector_generation *generation = &history->generations[i];
        const uint64_t numbers[] = {generation->start_bytes, generation->size_bytes, generation->dead_bytes};
        list = make_cell(builder, make_numbers(builder, numbers, COUNT_OF(numbers)), list);
    }
    return list;
}

static noun make_records(struct arena_builder *builder, const struct collector_history *history)
{
    noun list = 0;
    for (size_t i = history->record_count; i-- > 0;) {
        const struct collector_record *record = &history->records[i];
        const uint64_t numbers[] = {record->wall_ms,     record->event,      record->is_full, record->start_bytes,
                                    record->above_bytes, record->live_bytes, record->objects, record->duration_ms,
                                    record->pause_us,    record->cpu_us};
        list = make_cell(builder, make_numbers(builder, numbers, COUNT_OF(numbers)), list);
    }
    return list;
}

enum status collector_history_write(const struct collector_history *history, struct arena_builder *builder, noun *out)
{
    noun records = make_records(builder, history);
    noun generations = make_generations(builder, history);
    noun counters = make_counters(builder, history);
    noun both = make_cell(builder, generations, records);
    *out = make_cell(builder, VERSION, make_cell(builder, counters, both));
    return *out == NOUN_NONE ? arena_build_status(builder) : STATUS_OK;
}

/* ---- reading ------------------------------------------------------------------- */

/* Reads up to `count` numbers of a list; what is missing is 0. */
static void read_numbers(noun list, uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_there = list != NOUN_NONE && noun_is_cell(list);
        noun head = is_there ? noun_head(list) : 0;
        numbers[i] = noun_is_direct(head) ? head : 0;
        list = is_there ? noun_tail(list) : 0;
    }
}

static void read_counters(noun list, struct collector_history *history)
{
    uint64_t numbers[7];
    read_numbers(list, numbers, COUNT_OF(numbers));
    history->young_count = numbers[0];
    history->full_count = numbers[1];
    history->copied_bytes = numbers[2];
    history->reclaimed_bytes = numbers[3];
    history->survival_ppm = (uint32_t)numbers[4];
    history->turnover_ppm = (uint32_t)numbers[5];
    history->patience = (uint32_t)numbers[6];
}

static void read_generations(noun list, struct collector_history *history)
{
    for (; list != NOUN_NONE && noun_is_cell(list) && history->generation_count < COLLECTOR_GENERATIONS_MAX;
         list = noun_tail(list)) {
        uint64_t numbers[3];
        read_numbers(noun_head(list), numbers, COUNT_OF(numbers));
        history->generations[history->generation_count++] = (struct collector_generation){
            .start_bytes = numbers[0], .size_bytes = numbers[1], .dead_bytes = numbers[2]};
    }
}

static void read_records(noun list, struct collector_history *history)
{
    for (; list != NOUN_NONE && noun_is_cell(list) && history->record_count < COLLECTOR_RECORDS_MAX;
         list = noun_tail(list)) {
        uint64_t numbers[10];
        read_numbers(noun_head(list), numbers, COUNT_OF(numbers));
        history->records[history->record_count++] = (struct collector_record){
            .wall_ms = numbers[0],
            .event = numbers[1],
            .is_full = numbers[2] != 0,
            .start_bytes = numbers[3],
            .above_bytes = numbers[4],
            .live_bytes = numbers[5],
            .objects = numbers[6],
            .duration_ms = numbers[7],
            .pause_us = numbers[8],
            .cpu_us = numbers[9],
        };
    }
}

void collector_history_read(noun root, struct collector_history *history)
{
    collector_history_init(history);
    if (!noun_is_cell(root) || noun_head(root) != VERSION)
        return;
    read_counters(noun_at(root, 6), history);
    read_generations(noun_at(root, 14), history);
    read_records(noun_at(root, 15), history);
}
