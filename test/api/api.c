/* The public header, as an embedder uses it. */
#include <loam/loam.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/tap.h"
#include "test_kernel.h"

static void must(enum loam_result result)
{
    if (result == LOAM_OK)
        return;
    printf("Bail out! %s: %s\n", loam_result_name(result), loam_message());
    exit(1);
}

static const char *text_of(struct loam *loam, const struct loam_bytes *jam)
{
    static struct loam_bytes text;
    const struct loam_noun jammed = {LOAM_JAM, jam->bytes, jam->size_bytes};
    loam_bytes_free(&text);
    must(loam_convert(loam, &jammed, LOAM_TEXT, &text));
    return (const char *)text.bytes;
}

static struct loam_event poke(struct loam *loam, const char *text)
{
    const struct loam_noun cause = loam_text(text);
    struct loam_event event;
    must(loam_poke(loam, NULL, &cause, &event));
    return event;
}

static uint64_t peek(struct loam *loam)
{
    const struct loam_noun path = loam_text("/state");
    struct loam_bytes value;
    enum loam_answer answer;
    must(loam_peek(loam, &path, &answer, &value));
    CHECK(answer == LOAM_VALUE);
    uint64_t number = strtoull(text_of(loam, &value), NULL, 10);
    loam_bytes_free(&value);
    return number;
}

/* ---- in memory -------------------------------------------------------------------------- */

static void test_conversion(struct loam *loam)
{
    const struct loam_noun text = loam_text("[1 2 'three']"), nonsense = loam_text("[1 2");
    struct loam_bytes jam, back;
    must(loam_convert(loam, &text, LOAM_JAM, &jam));
    const struct loam_noun jammed = {LOAM_JAM, jam.bytes, jam.size_bytes};
    must(loam_convert(loam, &jammed, LOAM_TEXT, &back));
    tap_ok(strcmp((const char *)back.bytes, "[1 2 %three]") == 0, "text to jam and back: %s", (const char *)back.bytes);
    loam_bytes_free(&back);
    loam_bytes_free(&jam);
    tap_ok(loam_convert(loam, &nonsense, LOAM_JAM, &jam) == LOAM_INVALID && jam.bytes == NULL,
           "nonsense is invalid: %s", loam_message());
    const struct loam_noun rot = {LOAM_JAM, "\xff\xff", 2};
    tap_ok(loam_convert(loam, &rot, LOAM_TEXT, &back) == LOAM_INVALID, "so is a rotten jam: %s", loam_message());
}

static void test_events(struct loam *loam, const char *where)
{
    struct loam_event event = poke(loam, "%inc");
    tap_ok(event.outcome == LOAM_ACCEPTED && event.number == 1 && event.effect_count == 1 && event.reason == NULL,
           "%s: accepted", where);
    tap_ok(strcmp(text_of(loam, &event.effects[0]), "[%count 1]") == 0, "%s: with its effect", where);
    loam_event_free(&event);

    event = poke(loam, "%nothing");
    tap_ok(event.outcome == LOAM_SWAPPED && event.effect_count == 0 && strstr(event.reason, "exit") != NULL,
           "%s: a crash is swapped: %s", where, event.reason);
    loam_event_free(&event);
    event = poke(loam, "%mute");
    tap_ok(event.outcome == LOAM_REFUSED && event.reason != NULL, "%s: or refused: %s", where, event.reason);
    loam_event_free(&event);

    const struct loam_noun wire = loam_text("[%poke %other 1 ~]"), cause = loam_text("%inc"), bad = loam_text("]");
    must(loam_poke(loam, &wire, &cause, &event));
    tap_ok(event.outcome == LOAM_ACCEPTED && event.number == 3, "%s: on a wire of its own", where);
    loam_event_free(&event);
    tap_ok(loam_poke(loam, NULL, &bad, &event) == LOAM_INVALID, "%s: nonsense is harmless", where);
    tap_ok(peek(loam) == 2, "%s: and the state is right", where);

    const struct loam_noun atom = loam_text("0");
    struct loam_bytes value;
    enum loam_answer answer;
    tap_ok(loam_peek(loam, &atom, &answer, &value) == LOAM_CRASHED, "%s: a peek may crash: %s", where, loam_message());
}

static void test_garbage_kernel(void)
{
    struct loam *loam = NULL;
    tap_ok(loam_open_memory("garbage", 7, NULL, &loam) == LOAM_INVALID && loam == NULL, "garbage is no kernel: %s",
           loam_message());
    tap_ok(loam_open("/nonexistent/place", NULL, 0, NULL, &loam) == LOAM_NOT_FOUND, "nowhere is no machine: %s",
           loam_message());
}

/* ---- on disk ------------------------------------------------------------------------------ */

static void test_durable(const struct recovery_kernel *kernel)
{
    char directory[4096], file[4096];
    const char *scratch = tap_scratch();
    struct loam *loam, *second, *view;
    struct loam_facts facts;
    snprintf(directory, sizeof directory, "%s/machine", scratch);
    snprintf(file, sizeof file, "%s/state", scratch);
    must(loam_create(directory, kernel->bytes, kernel->size_bytes, NULL, &loam));
    test_events(loam, "on disk");
    must(loam_facts(loam, &facts));
    uint64_t hash = facts.state_hash;
    tap_ok(facts.event == 3 && hash != 0 && facts.log_bytes > 0, "facts");
    tap_ok(loam_create(directory, kernel->bytes, kernel->size_bytes, NULL, &second) == LOAM_EXISTS, "not made twice");
    second = loam;
    tap_ok(loam_open(directory, NULL, 0, NULL, &second) == LOAM_BUSY && second == NULL, "not opened twice: %s",
           loam_message());
    must(loam_open_view(directory, NULL, &view));
    tap_ok(peek(view) == 2, "but looked at");
    must(loam_export(view, file));
    loam_close(view);
    loam_close(loam);
    must(loam_open(directory, NULL, 0, NULL, &loam));
    must(loam_facts(loam, &facts));
    tap_ok(facts.event == 3 && facts.state_hash == hash && peek(loam) == 2, "and there again");
    loam_close(loam);
}

/* ---- options --------------------------------------------------------------------------------- */

static const char greedy_source[] =
    "kernel greedy(kept = 0) {\n"
    "    arm load(old) = greedy with kept = old\n"
    "    arm peek(path) = [~ ~ kept]\n"
    "    arm poke(number, wire, entropy, our, now, cause) =\n"
    "        if wire == [0 'arvo' 0] then [~ greedy]\n"
    "        else match cause {\n"
    "            [%hoard most] ->\n"
    "                let list = loop fill(list = ~, done = 0)\n"
    "                    if done == most then list else fill([[done done] list], inc(done))\n"
    "                [~ (greedy with kept = list)]\n"
    "            [%deep most] ->\n"
    "                let depth = loop down(n = 0)\n"
    "                    if n == most then 0 else inc(down(inc(n)))\n"
    "                [~ (greedy with kept = depth)]\n"
    "            %spin -> loop turn(n = 0) turn(inc(n))\n"
    "        }\n"
    "}\n";

static struct loam_bytes greedy_kernel(void)
{
    const struct codec_source source = {
        .name = "greedy", .text = greedy_source, .size_bytes = sizeof greedy_source - 1};
    struct loam_bytes jam;
    uint8_t *space;
    struct stack *stack;
    noun kernel;
    CHECK(os_map_reserve(NOUN_SPACE_BYTES, &space) == STATUS_OK);
    noun_space_enter(space);
    CHECK(stack_create(NULL, &stack) == STATUS_OK);
    CHECK(codec_assemble(stack, &source, &kernel) == STATUS_OK);
    CHECK(codec_jam(kernel, &jam.bytes, &jam.size_bytes) == STATUS_OK);
    stack_destroy(stack);
    os_map_release(space, NOUN_SPACE_BYTES);
    return jam;
}

static void test_limit(struct loam *loam, const char *cause, const char *limit)
{
    struct loam_event event = poke(loam, cause);
    tap_ok(event.outcome == LOAM_SWAPPED && event.limit != NULL && strcmp(event.limit, limit) == 0,
           "%s exceeds %s, alone: %s", cause, event.limit == NULL ? "no limit" : event.limit,
           event.reason == NULL ? "" : event.reason);
    loam_event_free(&event);
    event = poke(loam, "[%hoard 5]");
    tap_ok(event.outcome == LOAM_ACCEPTED && event.limit == NULL, "and the next event goes through");
    loam_event_free(&event);
}

static void test_event_limits(const struct loam_bytes *kernel)
{
    const struct loam_options options = {
        .memory_limit_bytes = 32 << 20, .stack_limit_bytes = 8 << 20, .event_limit_ms = 20000, .is_interpreted = true};
    const struct loam_options hasty = {.event_limit_ms = 100};
    struct loam *loam;
    must(loam_open_memory(kernel->bytes, kernel->size_bytes, &options, &loam));
    test_limit(loam, "[%hoard 3.000.000]", "memory_limit_bytes");
    test_limit(loam, "[%deep 3.000.000]", "stack_limit_bytes");
    loam_close(loam);
    must(loam_open_memory(kernel->bytes, kernel->size_bytes, &hasty, &loam));
    test_limit(loam, "%spin", "event_limit_ms");
    loam_close(loam);
}

/* A state that is replaced by one as large, again and again: without a collection the file outgrows its limit. */
static void test_arena_limit(const struct loam_bytes *kernel, const char *directory)
{
    const struct loam_options options = {
        .arena_limit_bytes = 16 << 20, .gc = LOAM_GC_OFF, .durability = LOAM_DURABLE_NONE, .stack = LOAM_STACK_DISK};
    struct loam *loam;
    struct loam_event event = {.outcome = LOAM_ACCEPTED};
    struct loam_facts facts;
    uint64_t freed_bytes = 0;
    int count = 0;
    must(loam_create(directory, kernel->bytes, kernel->size_bytes, &options, &loam));
    while (event.outcome == LOAM_ACCEPTED && count++ < 100) {
        loam_event_free(&event);
        event = poke(loam, "[%hoard 20.000]");
    }
    tap_ok(event.outcome == LOAM_REFUSED && event.limit != NULL && strcmp(event.limit, "arena_limit_bytes") == 0 &&
               strstr(event.reason, "limit") != NULL,
           "after %d events the arena is at its limit: %s", count, event.reason == NULL ? "" : event.reason);
    loam_event_free(&event);
    must(loam_facts(loam, &facts));
    tap_ok(facts.arena_file_bytes <= options.arena_limit_bytes, "which its file of %llu bytes respects",
           (unsigned long long)facts.arena_file_bytes);
    tap_ok(loam_collect(loam, true, &freed_bytes) == LOAM_NO_SPACE && freed_bytes == 0,
           "the copies of a collection have no room there either: %s", loam_message());
    loam_close(loam);
    must(loam_open(directory, NULL, 0, NULL, &loam));
    must(loam_collect(loam, true, &freed_bytes));
    loam_close(loam);
    tap_ok(freed_bytes > 4 << 20, "without the limit it frees %llu bytes", (unsigned long long)freed_bytes);
    struct loam_options later = options;
#ifdef LOAM_HOSTILE
    /* Nothing is mapped ahead of need there, and what a commit has freed waits for the first flush after a start. */
    later.arena_limit_bytes *= 2;
#endif
    must(loam_open(directory, NULL, 0, &later, &loam));
    event = poke(loam, "[%hoard 20.000]");
    tap_ok(event.outcome == LOAM_ACCEPTED, "and with it the event has room now: %s",
           event.reason == NULL ? "" : event.reason);
    loam_event_free(&event);
    loam_close(loam);
}

/* Left alone, the policy collects in the calls of whoever pokes. */
static void test_policy(const struct loam_bytes *kernel, const char *directory)
{
    const struct loam_options options = {
        .gc_slack_bytes = 1 << 20, .durability = LOAM_DURABLE_BATCH, .batch_events = 8, .batch_ms = 5};
    struct loam *loam;
    struct loam_facts facts;
    uint64_t before = 0, count = 0;
    must(loam_create(directory, kernel->bytes, kernel->size_bytes, &options, &loam));
    must(loam_facts(loam, &facts));
    for (; facts.arena_used_bytes >= before && count < 5000; count++) {
        struct loam_event event = poke(loam, "[%hoard 5.000]");
        CHECK(event.outcome == LOAM_ACCEPTED);
        loam_event_free(&event);
        before = facts.arena_used_bytes;
        must(loam_facts(loam, &facts));
    }
    tap_ok(facts.arena_used_bytes < before, "after %llu events the policy has collected: %llu bytes in use, then %llu",
           (unsigned long long)count, (unsigned long long)before, (unsigned long long)facts.arena_used_bytes);
    uint64_t hash = facts.state_hash;
    loam_close(loam);
    must(loam_open(directory, NULL, 0, &options, &loam));
    must(loam_facts(loam, &facts));
    tap_ok(facts.event == count && facts.state_hash == hash && facts.events_replayed == 0,
           "and a batch is durable when its handle is closed");
    loam_close(loam);
}

static void test_wrong_options(const struct loam_bytes *kernel)
{
    const struct loam_options wrong[] = {
        {.durability = (enum loam_durability)7}, {.gc = (enum loam_gc)7}, {.stack = (enum loam_stack)7}};
    struct loam *loam = NULL;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        tap_ok(loam_open_memory(kernel->bytes, kernel->size_bytes, &wrong[i], &loam) == LOAM_INVALID && loam == NULL,
               "a value that there is not: %s", loam_message());
    must(loam_open_memory(kernel->bytes, kernel->size_bytes, NULL, &loam));
    tap_ok(loam_collect(loam, false, NULL) == LOAM_INVALID, "in memory: %s", loam_message());
    loam_close(loam);
}

static void test_options(void)
{
    char directory[4096];
    const char *scratch = tap_scratch();
    struct loam_bytes kernel = greedy_kernel();
    test_event_limits(&kernel);
    snprintf(directory, sizeof directory, "%s/limited", scratch);
    test_arena_limit(&kernel, directory);
    snprintf(directory, sizeof directory, "%s/collected", scratch);
    test_policy(&kernel, directory);
    test_wrong_options(&kernel);
    loam_bytes_free(&kernel);
}

/* ---- several handles, several threads --------------------------------------------------------- */

static void *count_up(void *context)
{
    struct loam *loam = context;
    for (int i = 0; i < 200; i++) {
        struct loam_event event = poke(loam, "%inc");
        loam_event_free(&event);
    }
    return NULL;
}

static void test_threads(const struct recovery_kernel *kernel)
{
    struct loam *loams[3];
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        must(loam_open_memory(kernel->bytes, kernel->size_bytes, NULL, &loams[i]));
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, count_up, loams[i]) == 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 3; i++) {
        struct loam_event event = poke(loams[i], "%inc");
        tap_ok(event.number == 201 && peek(loams[i]) == 201, "kernel %d ran in its thread, and goes on in ours", i);
        loam_event_free(&event);
        loam_close(loams[i]);
    }
}

int main(void)
{
    struct recovery_kernel kernel = test_kernel_jam(TEST_KERNEL);
    struct loam *loam;
    must(loam_open_memory(kernel.bytes, kernel.size_bytes, NULL, &loam));
    tap_ok(loam_version()[0] != 0, "version %s", loam_version());
    test_events(loam, "in memory");
    loam_close(loam);
    must(loam_open_memory(kernel.bytes, kernel.size_bytes, NULL, &loam));
    test_conversion(loam);
    loam_close(loam);
    test_garbage_kernel();
    test_durable(&kernel);
    test_options();
    test_threads(&kernel);
    free((void *)kernel.bytes);
    return tap_done();
}
