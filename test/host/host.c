/* The life of an event, in memory and on disk. */
#include <sqlite3.h>

#include "host_test.h"

static const char *text_of(noun n)
{
    static char text[256];
    char *whole;
    must(codec_print(n, NULL, &whole, NULL));
    snprintf(text, sizeof text, "%s", whole);
    free(whole);
    return text;
}

/* ---- events, wherever the host lives -------------------------------------------------- */

static void test_events(struct host *host, const char *where)
{
    struct host_event event = poke(host, "%inc");
    tap_ok(event.answer == HOST_ACCEPTED && event.number == 1, "%s: an event is accepted", where);
    tap_ok(strcmp(text_of(event.effects), "[[%count 1] 0]") == 0, "%s: its effects are there: %s", where,
           text_of(event.effects));
    tap_ok(state_of(host) == 1, "%s: the state has changed", where);

    event = poke(host, "%unknown");
    tap_ok(event.answer == HOST_SWAPPED && event.number == 2 && event.effects == 0, "%s: a crash is swapped", where);
    tap_ok(noun_is_cell(event.goof) && noun_head(event.goof) == noun_cord("exit"), "%s: and says why", where);
    tap_ok(state_of(host) == 1, "%s: the state is what it was", where);

    event = poke(host, "%mute");
    tap_ok(event.answer == HOST_REFUSED && event.reason == STATUS_CRASHED, "%s: a crash of the notice is refused",
           where);
    event = poke(host, "%inc");
    tap_ok(event.answer == HOST_ACCEPTED && event.number == 3, "%s: and takes no number", where);

    event = poke(host, "[%do [%one 'a longer cord than a word'] [%two 1 2 3] 0]");
    tap_ok(strcmp(text_of(event.effects), "[[%one 'a longer cord than a word'] [%two 1 2 3] 0]") == 0,
           "%s: effects come through whole: %s", where, text_of(event.effects));
    tap_ok(state_of(host) == 3, "%s: and the state goes on", where);

    noun product;
    host_reset(host);
    tap_ok(host_peek(host, 0, &product) == STATUS_CRASHED, "%s: a peek that crashes says so: %s", where,
           status_message());
    tap_ok(state_of(host) == 3, "%s: and harms nobody", where);
}

static void test_limit(void)
{
    struct host_kernel kernel = kernel_of(TEST_KERNEL);
    const struct host_options options = {.event_limit_ms = 100};
    struct host *host;
    must(host_open_memory(&kernel, NULL, &options, &host));
    struct host_event event = poke(host, "%spin");
    tap_ok(event.answer == HOST_SWAPPED && noun_head(event.goof) == noun_cord("intr"),
           "an event that never ends is swapped when its time is up");
    tap_ok(event.limit != NULL && strcmp(event.limit, "event-timeout") == 0, "and says which limit it was");
    tap_ok(poke(host, "%inc").answer == HOST_ACCEPTED && state_of(host) == 1, "and the next one runs");
    host_close(host);
    free((void *)kernel.bytes);
}

static void test_garbage(void)
{
    struct host_kernel kernel = kernel_of(TEST_KERNEL);
    struct host *host;
    must(host_open_memory(&kernel, NULL, NULL, &host));
    struct host_event event;
    host_reset(host);
    noun cause = stack_cord(host_stack(host), "inc");
    must(host_poke(host, 5, cause, &event));
    tap_ok(event.answer == HOST_SWAPPED, "a wire that is no wire crashes the kernel, no more");
    for (int i = 0; i < 2000; i++)
        poke(host, "[%do [1 2 3 4 5 6 7 8 9 10] 0]");
    tap_ok(state_of(host) == 2000, "two thousand events in memory");
    host_close(host);
    free((void *)kernel.bytes);
}

/* ---- on disk ---------------------------------------------------------------------------- */

static void test_durable(void)
{
    char directory[4096], state[4096], copy[4096];
    const char *scratch = tap_scratch();
    struct host_kernel kernel = kernel_of(TEST_KERNEL);
    struct host *host, *view;
    snprintf(directory, sizeof directory, "%s/machine", scratch);
    snprintf(state, sizeof state, "%s/state", scratch);
    snprintf(copy, sizeof copy, "%s/copy", scratch);
    must(host_create(directory, &kernel, NULL, NULL, &host));
    test_events(host, "on disk");
    struct host_status before = facts_of(host);
    tap_ok(before.event == 4 && before.log_rows == 4 && before.state_hash != 0, "the status counts");
    must(host_open_view(directory, NULL, &view));
    tap_ok(state_of(view) == 3 && facts_of(view).state_hash == before.state_hash, "a view sees the newest state");
    must(host_export(view, state, false));
    host_close(view);
    host_close(host);

    must(host_open(directory, NULL, NULL, &host));
    struct host_status after = facts_of(host);
    tap_ok(after.event == 4 && after.state_hash == before.state_hash && after.events_replayed == 0,
           "and opens again where it was");
    tap_ok(poke(host, "%inc").number == 5, "numbers go on");
    host_close(host);

    must(host_create(copy, &kernel, state, NULL, &host));
    after = facts_of(host);
    tap_ok(after.event == 4 && after.state_hash == before.state_hash && state_of(host) == 3,
           "an export can be imported");
    tap_ok(after.log_base == 4 && poke(host, "%inc").number == 5, "and goes on from its event");
    host_close(host);
    must(host_open(copy, NULL, NULL, &host));
    tap_ok(facts_of(host).event == 5 && state_of(host) == 4, "and comes back");
    host_close(host);
    free((void *)kernel.bytes);
}

static void test_large_event(void)
{
    char directory[4096];
    struct host_kernel kernel = kernel_of(TEST_KERNEL);
    struct host *host;
    struct host_event event;
    const size_t size_bytes = (size_t)20 << 20;
    uint8_t *bytes = malloc(size_bytes);
    CHECK(bytes != NULL);
    memset(bytes, 0xa5, size_bytes);
    snprintf(directory, sizeof directory, "%s/large", tap_scratch());
    must(host_create(directory, &kernel, NULL, NULL, &host));
    struct stack *stack = host_stack(host);
    noun cause = stack_cell(stack, noun_cord("set"), stack_atom_from_bytes(stack, bytes, size_bytes));
    must(host_poke(host, host_wire(host, "sys", NULL), cause, &event));
    tap_ok(event.answer == HOST_ACCEPTED, "an event of 20 MiB is accepted");
    host_close(host);
    must(host_open(directory, NULL, NULL, &host));
    noun product;
    must(host_peek(host, stack_cell(host_stack(host), 1, 0), &product));
    uint64_t direct;
    size_t got_bytes;
    const uint8_t *got = noun_atom_bytes(noun_at(product, 7), &direct, &got_bytes);
    tap_ok(got_bytes == size_bytes && memcmp(got, bytes, size_bytes) == 0, "and its state is there again");
    host_close(host);
    free(bytes);
    free((void *)kernel.bytes);
}

/* Somebody else writes to the log, so that no row can be appended. */
static sqlite3 *occupy_log(const char *directory)
{
    char path[4200];
    sqlite3 *database;
    snprintf(path, sizeof path, "%s/events.sqlite", directory);
    CHECK(sqlite3_open(path, &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    return database;
}

static void test_broken(void)
{
    char directory[4096];
    struct host_kernel kernel = kernel_of(TEST_KERNEL);
    struct host *host;
    struct host_event event;
    snprintf(directory, sizeof directory, "%s/broken", tap_scratch());
    must(host_create(directory, &kernel, NULL, NULL, &host));
    poke(host, "%inc");
    uint64_t hash = facts_of(host).state_hash;
    sqlite3 *intruder = occupy_log(directory);
    host_reset(host);
    noun cause = stack_cord(host_stack(host), "inc");
    tap_ok(host_poke(host, host_wire(host, "sys", NULL), cause, &event) == STATUS_BUSY,
           "an event that cannot be logged breaks the host: %s", status_message());
    tap_ok(event.answer == HOST_REFUSED, "and is not accepted");
    sqlite3_close(intruder);
    host_reset(host);
    tap_ok(host_poke(host, host_wire(host, "sys", NULL), noun_cord("inc"), &event) == STATUS_BUSY,
           "a broken host takes nothing more, although it could: %s", status_message());
    host_close(host);
    must(host_open(directory, NULL, NULL, &host));
    struct host_status facts = facts_of(host);
    tap_ok(facts.event == 1 && facts.state_hash == hash && facts.events_replayed == 0,
           "the next start stands where the log does");
    tap_ok(poke(host, "%inc").number == 2 && state_of(host) == 2, "and goes on");
    host_close(host);
    free((void *)kernel.bytes);
}

int main(void)
{
    struct host_kernel kernel = kernel_of(TEST_KERNEL);
    struct host *host;
    must(host_open_memory(&kernel, NULL, NULL, &host));
    test_events(host, "in memory");
    host_close(host);
    free((void *)kernel.bytes);
    test_limit();
    test_garbage();
    test_durable();
    test_large_event();
    test_broken();
    return tap_done();
}
