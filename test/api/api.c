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
    tap_ok(loam_open(directory, NULL, 0, NULL, &second) == LOAM_BUSY, "not opened twice: %s", loam_message());
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
    test_threads(&kernel);
    free((void *)kernel.bytes);
    return tap_done();
}
