/* What a sealed snapshot costs: of live sizes of 1, 10 and 100 times, each before
 * and after the same change; and what commits notice of it.
 *
 * An arena is filled with lists to the live size and sealed whole, in a thread that
 * rests between its steps as the host's does, while this one goes on committing and
 * flushing: that gives the latency of a commit before and during.  Then the same
 * change is made and sealed, three times, as fast as it goes.
 *
 *     bench-snapshot DIRECTORY [BASE_MIB]
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena/arena.h"
#include "os/os.h"
#include "snapshot/snapshot.h"
#include "must.h"

#define CHANGE_COMMITS 1000
#define CHANGE_CELLS 40
#define FILL_CELLS 20000
#define LATENCIES 400

/* ---- an arena -------------------------------------------------------------------------- */

static noun cell(struct arena *arena, noun head, noun tail)
{
    struct arena_builder *builder = arena_builder(arena);
    uint64_t head_hash = noun_is_direct(head) ? noun_hash_atom(head) : arena_built_words(builder, head)[0];
    uint64_t tail_hash = noun_is_direct(tail) ? noun_hash_atom(tail) : arena_built_words(builder, tail)[0];
    uint64_t offset_words, *words = arena_allocate(builder, 3, &offset_words);
    if (words == NULL)
        must(arena_build_status(builder));
    words[0] = noun_hash_pair(head_hash, tail_hash);
    words[1] = head;
    words[2] = tail;
    return offset_words | NOUN_TAG_CELL;
}

static void commit(struct arena *arena, unsigned cells)
{
    const struct arena_commit *current = arena_current(arena);
    struct arena_commit next = {.event_number = current->event_number + 1};
    noun state = current->roots[ARENA_ROOT_STATE];
    must(arena_reserve(arena, (uint64_t)cells * 24 + 65536));
    must(arena_commit_begin(arena, next.event_number));
    for (unsigned i = 0; i < cells; i++)
        state = cell(arena, next.event_number * cells + i, state);
    next.roots[ARENA_ROOT_STATE] = state;
    must(arena_commit_write(arena, &next));
}

/* ---- sealing ----------------------------------------------------------------------------- */

struct sealing {
    const char *directory;
    struct arena *arena;
    uint8_t *space;
    struct arena_commit commit;
    struct arena_pin *pin;
    struct arena_range *ranges;
    size_t range_count;
    bool rests;
    uint64_t step_ns;
    struct snapshot_report report;
    uint64_t took_ns;
    atomic_bool is_done;
};

static bool rest(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    struct sealing *sealing = context;
    (void)done_bytes, (void)total_bytes;
    if (!sealing->rests)
        return true;
    os_sleep_ms((os_clock_ns() - sealing->step_ns) / 1000000 + 1);
    sealing->step_ns = os_clock_ns();
    return true;
}

static void seal_now(void *context)
{
    static const uint8_t machine[ARENA_IDENTITY_SIZE_BYTES] = {1};
    struct sealing *sealing = context;
    const struct snapshot_source source = {machine, sealing->arena, &sealing->commit, sealing->ranges,
                                           sealing->range_count};
    const struct snapshot_listener listener = {.context = sealing, .progress = rest};
    noun_space_enter(sealing->space);
    sealing->step_ns = sealing->took_ns = os_clock_ns();
    must(snapshot_seal(sealing->directory, &source, &listener, &sealing->report));
    sealing->took_ns = os_clock_ns() - sealing->took_ns;
    atomic_store(&sealing->is_done, true);
}

static void begin(struct sealing *sealing)
{
    atomic_store(&sealing->is_done, false);
    sealing->pin = arena_pin(sealing->arena, &sealing->commit);
    must(arena_ranges(sealing->arena, &sealing->commit, &sealing->ranges, &sealing->range_count));
}

static void end(struct sealing *sealing)
{
    free(sealing->ranges);
    arena_unpin(sealing->arena, sealing->pin);
}

/* ---- latencies ----------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double commit_ms(struct arena *arena)
{
    uint64_t started_ns = os_clock_ns();
    commit(arena, CHANGE_CELLS);
    must(arena_sync(arena));
    return (double)(os_clock_ns() - started_ns) / 1e6;
}

/* Of `count` commits, or of those until `until` is true. */
static double p99_ms(struct arena *arena, size_t count, atomic_bool *until, size_t *measured)
{
    double *latencies = calloc(count, sizeof *latencies);
    size_t done = 0;
    while (done < count && (until == NULL || !atomic_load(until)))
        latencies[done++] = commit_ms(arena);
    qsort(latencies, done, sizeof *latencies, compare);
    double result = done == 0 ? 0 : latencies[done * 99 / 100];
    free(latencies);
    *measured = done;
    return result;
}

/* ---- one size --------------------------------------------------------------------------------- */

static void measure(const char *root, uint64_t live_bytes, unsigned factor, uint8_t *space)
{
    static const uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES] = {1};
    char directory[4096], path[4200];
    struct sealing sealing = {.directory = directory, .space = space};
    size_t before_count, during_count;
    snprintf(directory, sizeof directory, "%s/%u", root, factor);
    snprintf(path, sizeof path, "%s/" ARENA_FILE_NAME, directory);
    must(os_directory_create(directory, true));
    must(arena_create(path, NULL, kernel_hash));
    must(arena_open(path, NULL, &sealing.arena));
    must(arena_choose(sealing.arena, 0));
    while (arena_current(sealing.arena)->watermark_bytes < live_bytes)
        commit(sealing.arena, FILL_CELLS);
    must(arena_sync(sealing.arena));

    double before_ms = p99_ms(sealing.arena, LATENCIES, NULL, &before_count);
    struct os_thread *thread;
    begin(&sealing);
    sealing.rests = true;
    must(os_thread_start(seal_now, &sealing, &thread));
    double during_ms = p99_ms(sealing.arena, 1000000, &sealing.is_done, &during_count);
    os_thread_join(thread);
    end(&sealing);
    printf("%s{\"live_bytes\":%" PRIu64 ",\"whole_written_bytes\":%" PRIu64 ",\"whole_paced_s\":%.2f,"
           "\"commit_p99_before_ms\":%.3f,\"commit_p99_during_ms\":%.3f,\"commits_during\":%zu,\"changes\":[",
           factor == 1 ? "" : ",", sealing.report.total_bytes, sealing.report.written_bytes,
           (double)sealing.took_ns / 1e9, before_ms, during_ms, during_count);
    fprintf(stderr, "%8.1f MiB live: whole in %.2f s, paced; a commit's p99 %.2f ms before, %.2f ms meanwhile\n",
            (double)sealing.report.total_bytes / 1048576, (double)sealing.took_ns / 1e9, before_ms, during_ms);
    sealing.rests = false;
    begin(&sealing); /* what the latencies have appended */
    seal_now(&sealing);
    end(&sealing);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < CHANGE_COMMITS; i++)
            commit(sealing.arena, CHANGE_CELLS);
        must(arena_sync(sealing.arena));
        begin(&sealing);
        seal_now(&sealing);
        end(&sealing);
        printf("%s{\"written_bytes\":%" PRIu64 ",\"pieces_written\":%" PRIu64 ",\"pieces\":%" PRIu64 ",\"ms\":%.2f}",
               round == 0 ? "" : ",", sealing.report.written_bytes, sealing.report.pieces_written,
               sealing.report.pieces, (double)sealing.took_ns / 1e6);
        fprintf(stderr, "                   the same change: %.2f MiB written in %.1f ms, %" PRIu64 " pieces in all\n",
                (double)sealing.report.written_bytes / 1048576, (double)sealing.took_ns / 1e6, sealing.report.pieces);
    }
    printf("]}");
    arena_close(sealing.arena);
}

int main(int argument_count, char **arguments)
{
    uint8_t *space;
    if (argument_count < 2)
        return 64;
    uint64_t base_mib = argument_count > 2 ? strtoull(arguments[2], NULL, 10) : 4;
    must(os_map_reserve(NOUN_SPACE_BYTES, &space));
    noun_space_enter(space);
    printf("{\"change_commits\":%d,\"change_cells\":%d,\"sizes\":[", CHANGE_COMMITS, CHANGE_CELLS);
    for (unsigned factor = 1; factor <= 100; factor *= 10)
        measure(arguments[1], (base_mib << 20) * factor, factor, space);
    printf("]}\n");
    os_map_release(space, NOUN_SPACE_BYTES);
    return 0;
}
