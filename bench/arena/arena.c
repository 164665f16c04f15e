/* Large atoms: what it costs to keep, commit, replace and drop them.
 *
 *     bench-arena DIR
 *
 * keep       an atom of 4 KiB ... 1 GiB is made, lives through collections that
 *            move all that moves (as often as an event of 100 calls would at
 *            most make them), and is committed: with the arena as the stack's
 *            provider, and without, where it is an ordinary atom that is copied
 * break_even an object of 16 KiB ... 4 MiB, filled and committed, in pages of its own that
 *            are mapped where it is, and copied into a segment: from which size the first is
 *            faster, though nothing is ever collected
 * small      commits that have no large atom, with the provider and without, in turns
 * churn      1,024 atoms of 1 MiB; 10,000 events, each of which replaces one,
 *            collected when the policy says so: the file's size against what lives
 *
 * Times are processor time.  BENCH_ARENA_EVENTS and BENCH_ARENA_MAX_BYTES make it shorter.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena/arena.h"
#include "collector/collector.h"
#include "os/os.h"
#include "stack/stack.h"
#include "must.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define COLLECTIONS 100
#define SMALL_ROUNDS 15
#define SMALL_COMMITS 500
#define SMALL_CELLS 100
#define CHURN_LEVELS 10 /* of the tree that holds 1,024 atoms */
#define CHURN_ATOM_BYTES MIB

static struct arena *arena;
static struct stack *stack;
static uint64_t event_number;

static uint64_t environment(const char *name, uint64_t otherwise)
{
    const char *value = getenv(name);
    return value == NULL ? otherwise : strtoull(value, NULL, 10);
}

static struct arena_statistics statistics(void)
{
    struct arena_statistics now;
    arena_statistics(arena, &now);
    return now;
}

static void set_provider(bool is_arena)
{
    struct stack_large_provider provider = {0};
    if (is_arena)
        collector_large_provider(arena, &provider);
    stack_set_large_provider(stack, &provider);
}

static noun make_atom(uint64_t size_bytes, uint64_t value)
{
    uint64_t count = size_bytes / 8 - 2;
    uint64_t *words = stack_atom_begin(stack, count);
    for (uint64_t i = 0; i < count; i++)
        words[i] = value + i;
    words[count - 1] |= 1;
    return stack_atom_finish(stack);
}

static void commit(noun root)
{
    struct arena_commit commit = {.event_number = ++event_number};
    must(arena_commit_begin(arena, event_number));
    must(collector_persist(arena, &root, 1, NULL));
    commit.roots[ARENA_ROOT_STATE] = root;
    must(arena_commit_write(arena, &commit));
    stack_clear(stack);
}

static void visit_one(void *context, struct stack_visitor *visitor, enum stack_reach reach)
{
    (void)reach;
    stack_visit(visitor, context);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, ascending);
    return values[count / 2];
}

/* ---- keep --------------------------------------------------------------------- */

struct kept {
    double make_us, collect_us, persist_us;
};

static struct kept keep_once(uint64_t size_bytes, bool is_arena, unsigned collections)
{
    set_provider(is_arena);
    uint64_t started_ns = os_clock_cpu_ns();
    noun root = stack_cell(stack, make_atom(size_bytes, event_number << 32), 0);
    uint64_t made_ns = os_clock_cpu_ns();
    const struct stack_roots roots = {.context = &root, .visit = visit_one};
    for (unsigned i = 0; i < collections; i++)
        stack_collect_full(stack, &roots);
    uint64_t collected_ns = os_clock_cpu_ns();
    commit(root);
    uint64_t persisted_ns = os_clock_cpu_ns();
    must(arena_sync(arena));
    must(arena_grow_ahead(arena)); /* as `loam run` does in the background */
    return (struct kept){
        .make_us = (double)(made_ns - started_ns) / 1e3,
        .collect_us = (double)(collected_ns - made_ns) / 1e3 / collections,
        .persist_us = (double)(persisted_ns - collected_ns) / 1e3,
    };
}

static struct kept keep(uint64_t size_bytes, bool is_arena, unsigned rounds, unsigned collections)
{
    double make_us[16], collect_us[16], persist_us[16];
    for (unsigned i = 0; i < rounds; i++) {
        struct kept kept = keep_once(size_bytes, is_arena, collections);
        make_us[i] = kept.make_us;
        collect_us[i] = kept.collect_us;
        persist_us[i] = kept.persist_us;
    }
    return (struct kept){median(make_us, rounds), median(collect_us, rounds), median(persist_us, rounds)};
}

static void collect_arena(void);

static void bench_keep(void)
{
    uint64_t max_bytes = environment("BENCH_ARENA_MAX_BYTES", (uint64_t)1 << 30);
    uint64_t min_bytes = environment("BENCH_ARENA_MIN_BYTES", 4 * KIB);
    printf("\"keep\": [");
    for (uint64_t size_bytes = min_bytes; size_bytes <= max_bytes; size_bytes *= 4) {
        unsigned rounds = size_bytes >= 64 * MIB ? 3 : 9;
        unsigned collections = size_bytes >= 64 * MIB ? COLLECTIONS / 10 : COLLECTIONS;
        struct kept own = keep(size_bytes, true, rounds, COLLECTIONS);
        struct kept copied = keep(size_bytes, false, rounds, collections);
        fprintf(stderr,
                "%9" PRIu64 " KiB   made in %10.1f us, copying %10.1f   a collection %10.1f us, copying %10.1f   "
                "a commit %10.1f us, copying %10.1f\n",
                size_bytes / KIB, own.make_us, copied.make_us, own.collect_us, copied.collect_us, own.persist_us,
                copied.persist_us);
        printf("%s{\"size_bytes\": %" PRIu64 ", \"is_large\": %s, \"make_us\": %.1f, \"collection_us\": %.2f, "
               "\"persist_us\": %.1f, \"copying\": {\"make_us\": %.1f, \"collection_us\": %.2f, \"persist_us\": %.1f}}",
               size_bytes == min_bytes ? "" : ", ", size_bytes, size_bytes >= STACK_LARGE_MIN_BYTES ? "true" : "false",
               own.make_us, own.collect_us, own.persist_us, copied.make_us, copied.collect_us, copied.persist_us);
        commit(0);
        collect_arena();
    }
    printf("]");
}

/* ---- where pages of its own begin to pay --------------------------------------- */

/* Filled where it stays, and its pages mapped in the file's directory. */
static double remapped_us(uint64_t size_bytes)
{
    struct arena_commit commit = {.event_number = ++event_number};
    uint64_t started_ns = os_clock_cpu_ns(), offset_words;
    must(arena_large_reserve(arena, size_bytes, &offset_words));
    uint64_t *words = noun_words_at(offset_words);
    for (uint64_t i = 0; i < size_bytes / 8; i++)
        words[i] = i + event_number;
    words[1] = size_bytes / 8 - 2;
    arena_large_finish(arena, offset_words, size_bytes);
    must(arena_commit_begin(arena, event_number));
    must(arena_large_persist(arena, NOUN_TAG_ATOM | offset_words));
    must(arena_commit_write(arena, &commit));
    return (double)(os_clock_cpu_ns() - started_ns) / 1e3;
}

/* Filled somewhere, and copied into a segment. */
static double copied_us(uint64_t size_bytes, uint64_t *scratch)
{
    struct arena_commit commit = {.event_number = ++event_number};
    must(arena_reserve(arena, size_bytes));
    uint64_t started_ns = os_clock_cpu_ns(), offset_words;
    for (uint64_t i = 0; i < size_bytes / 8; i++)
        scratch[i] = i + event_number;
    must(arena_commit_begin(arena, event_number));
    uint64_t *words = arena_allocate(arena_builder(arena), size_bytes / 8, &offset_words);
    if (words == NULL)
        must(arena_build_status(arena_builder(arena)));
    memcpy(words, scratch, size_bytes);
    must(arena_commit_write(arena, &commit));
    return (double)(os_clock_cpu_ns() - started_ns) / 1e3;
}

static void bench_break_even(void)
{
    enum { ROUNDS = 31 };
    double remapped[ROUNDS], copied[ROUNDS];
    uint64_t break_even_bytes = 0;
    uint64_t *scratch = malloc(8 * MIB);
    if (scratch == NULL)
        exit(1);
    printf(", \"break_even\": {\"sizes\": [");
    for (uint64_t size_bytes = 16 * KIB; size_bytes <= 4 * MIB; size_bytes *= 2) {
        for (unsigned i = 0; i < ROUNDS; i++) {
            remapped[i] = remapped_us(size_bytes);
            copied[i] = copied_us(size_bytes, scratch);
            must(arena_sync(arena));
            must(arena_grow_ahead(arena));
        }
        double remapped_median_us = median(remapped, ROUNDS), copied_median_us = median(copied, ROUNDS);
        if (remapped_median_us > copied_median_us)
            break_even_bytes = 0;
        else if (break_even_bytes == 0)
            break_even_bytes = size_bytes;
        fprintf(stderr, "%9" PRIu64 " KiB   committed in pages of its own in %8.1f us, copied %8.1f\n",
                size_bytes / KIB, remapped_median_us, copied_median_us);
        printf("%s{\"size_bytes\": %" PRIu64 ", \"remapped_us\": %.1f, \"copied_us\": %.1f}",
               size_bytes == 16 * KIB ? "" : ", ", size_bytes, remapped_median_us, copied_median_us);
        collect_arena();
    }
    free(scratch);
    fprintf(stderr, "pages of its own pay from %" PRIu64 " KiB on, without any collection\n", break_even_bytes / KIB);
    printf("], \"break_even_bytes\": %" PRIu64 ", \"large_from_bytes\": %" PRIu64 "}", break_even_bytes,
           (uint64_t)STACK_LARGE_MIN_BYTES);
}

/* ---- small --------------------------------------------------------------------- */

static double small_round(bool is_arena)
{
    set_provider(is_arena);
    uint64_t started_ns = os_clock_cpu_ns();
    for (unsigned i = 0; i < SMALL_COMMITS; i++) {
        noun list = 0;
        for (noun cell = 0; cell < SMALL_CELLS; cell++)
            list = stack_cell(stack, cell + event_number, list);
        const struct stack_roots roots = {.context = &list, .visit = visit_one};
        stack_collect(stack, &roots);
        commit(list);
    }
    double us = (double)(os_clock_cpu_ns() - started_ns) / 1e3 / SMALL_COMMITS;
    must(arena_sync(arena));
    return us;
}

static void bench_small(void)
{
    double with_us[SMALL_ROUNDS], without_us[SMALL_ROUNDS];
    for (unsigned i = 0; i < SMALL_ROUNDS; i++) {
        with_us[i] = small_round(true);
        without_us[i] = small_round(false);
    }
    double with_provider_us = median(with_us, SMALL_ROUNDS), without_provider_us = median(without_us, SMALL_ROUNDS);
    fprintf(stderr, "a commit of %d cells: %.2f us with large atoms possible, %.2f without\n", SMALL_CELLS,
            with_provider_us, without_provider_us);
    printf(", \"small\": {\"commit_us\": %.3f, \"without_us\": %.3f, \"ratio\": %.3f}", with_provider_us,
           without_provider_us, with_provider_us / without_provider_us);
}

/* ---- churn --------------------------------------------------------------------- */

/* A complete one, in one go. */
static void collect_arena(void)
{
    struct collector_compaction *compaction;
    struct arena_commit commit;
    bool is_done = false;
    must(arena_sync(arena));
    must(collector_compaction_begin(arena, 0, statistics().appended_bytes + MIB, &compaction));
    must(collector_compaction_round(compaction, arena_current(arena)));
    while (!is_done)
        must(collector_compaction_run(compaction, MIB, &is_done));
    must(collector_compaction_sync(compaction));
    must(collector_compaction_finish(arena, compaction, NULL, NULL, &commit));
    collector_compaction_destroy(compaction);
    must(arena_sync(arena));
}

/* The tree with the leaf `index` replaced; parts that stay are shared. */
static noun replace(noun tree, uint64_t index, noun leaf)
{
    noun beside[CHURN_LEVELS];
    for (unsigned level = CHURN_LEVELS; level-- > 0;) {
        bool goes_right = index >> level & 1;
        beside[level] = goes_right ? noun_head(tree) : noun_tail(tree);
        tree = goes_right ? noun_tail(tree) : noun_head(tree);
    }
    for (unsigned level = 0; level < CHURN_LEVELS; level++)
        leaf = index >> level & 1 ? stack_cell(stack, beside[level], leaf) : stack_cell(stack, leaf, beside[level]);
    return leaf;
}

static noun empty_tree(void)
{
    noun tree = 0;
    for (unsigned level = 0; level < CHURN_LEVELS; level++)
        tree = stack_cell(stack, tree, tree);
    return tree;
}

struct churn {
    uint64_t live_bytes, largest_bytes, collections;
    struct collector_large_facts large;
    double seconds;
};

/* A third of the events drops an atom, the others put one. */
static void churn_event(uint64_t chance, bool is_put)
{
    noun tree = arena_current(arena)->roots[ARENA_ROOT_STATE];
    noun leaf = is_put ? make_atom(CHURN_ATOM_BYTES, chance) : 0;
    commit(replace(tree, chance >> 20 & ((1u << CHURN_LEVELS) - 1), leaf));
}

static void churn_collect(struct churn *churn)
{
    struct arena_statistics now = statistics();
    churn->large.large_bytes = now.large_bytes;
    if (!collector_large_is_due(&churn->large, now.appended_bytes))
        return;
    collect_arena();
    churn->collections++;
    churn->large.kept_bytes = statistics().large_bytes;
}

static void bench_churn(void)
{
    struct churn churn = {0};
    uint64_t events = environment("BENCH_ARENA_EVENTS", 10000), random = 88172645463325252u;
    set_provider(true);
    commit(empty_tree());
    uint64_t started_ns = os_clock_ns(), written_bytes = statistics().large_written_bytes;
    for (uint64_t i = 0; i < (1u << CHURN_LEVELS) + events; i++) {
        bool is_filling = i < 1u << CHURN_LEVELS;
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        churn_event(is_filling ? i << 20 : random, is_filling || random % 64 != 0);
        if (i % 16 == 15) {
            must(arena_sync(arena));
            must(arena_grow_ahead(arena));
        }
        churn_collect(&churn);
        if (!is_filling && statistics().file_bytes > churn.largest_bytes)
            churn.largest_bytes = statistics().file_bytes;
    }
    churn.seconds = (double)(os_clock_ns() - started_ns) / 1e9;
    collect_arena();
    struct arena_statistics now = statistics();
    churn.live_bytes = now.large_bytes + now.appended_bytes;
    fprintf(stderr,
            "%" PRIu64 " events: live %" PRIu64 " MiB, file at most %" PRIu64 " MiB, %" PRIu64 " collections, %.1f s\n",
            events, churn.live_bytes / MIB, churn.largest_bytes / MIB, churn.collections, churn.seconds);
    printf(", \"churn\": {\"events\": %" PRIu64 ", \"live_bytes\": %" PRIu64 ", \"file_max_bytes\": %" PRIu64
           ", \"file_to_live\": %.3f, \"collections\": %" PRIu64 ", \"written_bytes\": %" PRIu64 ", \"seconds\": %.1f}",
           events, churn.live_bytes, churn.largest_bytes, (double)churn.largest_bytes / (double)churn.live_bytes,
           churn.collections, now.large_written_bytes - written_bytes, churn.seconds);
}

int main(int count, char **words)
{
    if (count != 2) {
        fprintf(stderr, "usage: bench-arena DIR\n");
        return 2;
    }
    char path[4096];
    uint8_t *base, kernel_hash[HASH_BLAKE3_SIZE_BYTES] = {0};
    snprintf(path, sizeof path, "%s/%s", words[1], ARENA_FILE_NAME);
    must(os_map_reserve(NOUN_SPACE_BYTES, &base));
    noun_space_enter(base);
    must(arena_create(path, NULL, kernel_hash));
    must(arena_open(path, NULL, &arena));
    size_t commits;
    arena_commits(arena, &commits);
    must(arena_choose(arena, 0));
    must(stack_create(&(struct stack_options){.limit_bytes = (uint64_t)8 << 30}, &stack));
    printf("{");
    bench_keep();
    bench_break_even();
    bench_small();
    bench_churn();
    printf(", \"large_bytes_copied\": %" PRIu64 "}\n", statistics().large_copied_bytes);
    stack_destroy(stack);
    arena_close(arena);
    return 0;
}
