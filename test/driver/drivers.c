/* What each driver takes, does and answers. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "driver/driver.h"
#include "os/os.h"
#include "support/must.h"
#include "support/tap.h"
#include "test_kernel.h"

/* ---- a rig: a host in memory, and a driver that pokes and listens ------------------------ */

#define SEEN_MAX 32

struct rig {
    struct host *host;
    struct host_driver script; /* submits the causes */
    const char *causes[8];
    char *seen[SEEN_MAX]; /* effects, as text; owned */
    size_t seen_count;
    struct driver_answer answer;
};

static enum status on_start(struct host *host, void *context)
{
    struct rig *rig = context;
    for (size_t i = 0; i < COUNT_OF(rig->causes) && rig->causes[i] != NULL; i++) {
        noun cause;
        const char *text = rig->causes[i];
        STATUS_TRY(codec_read(host_stack(host), "cause", text, strlen(text), &cause));
        host_submit(host, host_wire(host, "test", NULL), cause, NULL, NULL);
    }
    return STATUS_OK;
}

static void on_effect(struct host *host, void *context, noun effect)
{
    (void)host;
    struct rig *rig = context;
    CHECK(rig->seen_count < SEEN_MAX);
    MUST(codec_print(effect, NULL, &rig->seen[rig->seen_count++], NULL));
}

static struct rig *rig_open(const char *kernel_text)
{
    struct recovery_kernel jam = test_kernel_jam(kernel_text);
    struct host_kernel kernel = {jam.bytes, jam.size_bytes};
    struct rig *rig = calloc(1, sizeof *rig);
    CHECK(rig != NULL);
    MUST(host_open_memory(&kernel, NULL, NULL, &rig->host));
    free((void *)jam.bytes);
    rig->script = (struct host_driver){.name = "script", .context = rig, .start = on_start, .effect = on_effect};
    host_add_driver(rig->host, &rig->script);
    return rig;
}

static int rig_run(struct rig *rig)
{
    int exit_code;
    MUST(host_run(rig->host, true, &exit_code));
    return exit_code;
}

static void rig_close(struct rig *rig)
{
    host_close(rig->host);
    for (size_t i = 0; i < rig->seen_count; i++)
        free(rig->seen[i]);
    free(rig);
}

static bool saw(const struct rig *rig, const char *effect)
{
    for (size_t i = 0; i < rig->seen_count; i++)
        if (strcmp(rig->seen[i], effect) == 0)
            return true;
    return false;
}

/* A kernel whose every effect is its last cause: so that answers can be seen.
 * The cause %files gives the state's worth of nothing; a cause [%do effects]
 * those effects, any other cause the effect [%heard cause]. */
#define ECHO                                                                                                           \
    "[[1 [" TEST_ARM("[10 [6 0 6] 0 7]") " [0 0] " TEST_ARM("[[1 0] [1 0] 0 30]") " " TEST_ARM(                        \
        "[6 [3 0 223] [6 [5 [1 %do] 0 446] [[0 447] 0 7] [[[[1 %heard] 0 223] 1 0] 0 7]] [[1 0] 0 7]]") "] 0 0] 0]"

/* ---- exit ---------------------------------------------------------------------------------- */

static void test_exit(void)
{
    static const struct {
        const char *cause;
        int exit_code;
    } cases[] = {
        {"[%do [%exit 3] 0]", 3},         {"[%do [%exit 0] 0]", 0},
        {"[%do [%exit ~] 0]", 0},         {"[%do [%exit 0x1.0000.0000.0000.0000] 0]", 1},
        {"[%do [%exit 1 2] 0]", 0},       {"[%do [%leave 3] 0]", 0},
        {"[%do 5 %exit [%exit 9] 0]", 9},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rig *rig = rig_open(ECHO);
        rig->causes[0] = cases[i].cause;
        host_add_driver(rig->host, &driver_exit);
        tap_ok(rig_run(rig) == cases[i].exit_code, "exit: %s gives %d", cases[i].cause, cases[i].exit_code);
        rig_close(rig);
    }
}

/* ---- file ---------------------------------------------------------------------------------- */

static const char *scratch_file(const char *name)
{
    static char path[4096];
    static const char *scratch;
    if (scratch == NULL)
        scratch = tap_scratch();
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    return path;
}

static char *format(const char *pattern, const char *path)
{
    char *text = malloc(8192);
    CHECK(text != NULL);
    snprintf(text, 8192, pattern, path, path);
    return text;
}

static bool file_is(const char *path, const void *bytes, size_t size_bytes)
{
    uint8_t *got;
    size_t got_bytes;
    if (os_read_whole(path, 1 << 20, &got, &got_bytes) != STATUS_OK)
        return false;
    bool is_same = got_bytes == size_bytes && memcmp(got, bytes, size_bytes) == 0;
    free(got);
    return is_same;
}

/* Runs one effect past the file driver and checks that the kernel heard `answer`
 * (NULL: nothing). */
static void file_case(const char *pattern, const char *path, const char *answer_pattern, bool exact)
{
    struct rig *rig = rig_open(ECHO);
    char *cause = format(pattern, path);
    const struct driver_file_options options = {.exact_bytes = exact};
    struct host_driver *driver = driver_file_create(&options);
    rig->causes[0] = cause;
    host_add_driver(rig->host, driver);
    rig_run(rig);
    if (answer_pattern != NULL) {
        char *answer = format(answer_pattern, path);
        tap_ok(saw(rig, answer), "file: %.60s... is answered: %.100s", pattern,
               rig->seen_count > 1 ? rig->seen[1] : "(nothing)");
        free(answer);
    } else {
        tap_ok(rig->seen_count == 1, "file: %s is passed over", pattern);
    }
    rig_close(rig);
    driver_file_destroy(driver);
    free(cause);
}

static void test_file_write(void)
{
    const char *path = scratch_file("some/new/file");
    file_case("[%%do [%%file %%write '%s' 'hello, world'] 0]", path, "[%%heard %%file %%write '%s' 'hello, world' 0]",
              false);
    tap_ok(file_is(path, "hello, world\0\0\0\0", 16), "file: a write makes directories and pads to 8 bytes");
    file_case("[%%do [%%file %%write '%s' %%hey] 0]", path, "[%%heard %%file %%write '%s' %%hey 0]", false);
    tap_ok(file_is(path, "hey\0\0\0\0\0", 8), "file: a shorter write leaves nothing of the longer one");
    file_case("[%%do [%%file %%write '%s' 0] 0]", path, "[%%heard %%file %%write '%s' 0 0]", false);
    tap_ok(file_is(path, "\0\0\0\0\0\0\0\0", 8), "file: an empty atom is 8 zeros");
    file_case("[%%do [%%file %%write '%s' 'hello, world'] 0]", path, "[%%heard %%file %%write '%s' 'hello, world' 0]",
              true);
    tap_ok(file_is(path, "hello, world", 12), "file: exact bytes are exact");
    file_case("[%%do [%%file %%write '%s' 0] 0]", path, "[%%heard %%file %%write '%s' 0 0]", true);
    tap_ok(file_is(path, "", 0), "file: and an empty atom is an empty file");
    file_case("[%%do [%%file %%write '%s/below' %%hey] 0]", path, "[%%heard %%file %%write '%s/below' %%hey 1]", false);
}

static void test_file_read(void)
{
    const char *path = scratch_file("readable");
    MUST(os_replace_whole(path, "text\n\0\0", 7));
    file_case("[%%do [%%file %%read '%s'] 0]", path, "[%%heard %%file %%read 0 'text\\n']", false);
    file_case("[%%do [%%file %%read '%s.gone'] 0]", path, "[%%heard %%file %%read 0]", false);
    file_case("[%%do [%%file %%read 0] 0]", path, "[%%heard %%file %%read 0]", false);
}

static void test_file_batch(void)
{
    const char *path = scratch_file("batch");
    file_case("[%%do [%%file %%batch-write ['%s' %%one] ['%s.two' %%two] 0] 0]", path,
              "[%%heard %%file %%batch-write ['%s' %%one 0] ['%s.two' %%two 0] 0]", true);
    tap_ok(file_is(path, "one", 3), "file: a batch writes the first");
    file_case("[%%do [%%file %%batch-write 0] 0]", path, "[%%heard %%file %%batch-write 0]", true);
    MUST(os_remove(path));
    file_case("[%%do [%%file %%batch-write ['%s' %%one] 5 0] 0]", path, NULL, true);
    enum os_kind kind;
    tap_ok(os_kind_of(path, &kind) == STATUS_OK && kind == OS_KIND_ABSENT, "file: a malformed batch writes nothing");
}

static void test_file_malformed(void)
{
    file_case("[%%do %%file 0]", "", NULL, false);
    file_case("[%%do [%%file 5] 0]", "", NULL, false);
    file_case("[%%do [%%file %%read 1 2] 0]", "", NULL, false);
    file_case("[%%do [%%file %%write 5] 0]", "", NULL, false);
    file_case("[%%do [%%file %%write [1 2] 5] 0]", "", NULL, false);
    file_case("[%%do [%%file %%erase 'everything'] 0]", "", NULL, false);
    file_case("[%%do [%%file [1 2] 3] 0]", "", NULL, false);
}

/* The second effect of an event waits for the kernel to take the first answer. */
static void test_file_order(void)
{
    struct rig *rig = rig_open(ECHO);
    const char *path = scratch_file("ordered");
    char *cause = format("[%%do [%%file %%write '%s' %%one] [%%file %%read '%s'] 0]", path);
    struct host_driver *driver = driver_file_create(&(struct driver_file_options){.exact_bytes = true});
    rig->causes[0] = cause;
    host_add_driver(rig->host, driver);
    rig_run(rig);
    tap_ok(rig->seen_count == 4 && strncmp(rig->seen[2], "[%heard %file %write", 20) == 0 &&
               strcmp(rig->seen[3], "[%heard %file %read 0 %one]") == 0,
           "file: effects are carried out one after another");
    rig_close(rig);
    driver_file_destroy(driver);
    free(cause);
}

/* ---- one-punch, timer, feed ------------------------------------------------------------------ */

static struct recovery_kernel cause_jam(const char *text)
{
    return test_kernel_jam(text);
}

static void test_one_punch(void)
{
    static const struct {
        const char *cause;
        enum host_answer answer;
    } cases[] = {{"%inc", HOST_ACCEPTED}, {"%unknown", HOST_SWAPPED}, {"%mute", HOST_REFUSED}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rig *rig = rig_open(TEST_KERNEL);
        struct recovery_kernel jam = cause_jam(cases[i].cause);
        struct host_driver *driver = driver_one_punch_create(jam.bytes, jam.size_bytes, &rig->answer);
        host_add_driver(rig->host, driver);
        rig_run(rig);
        tap_ok(rig->answer.is_answered && rig->answer.answer == cases[i].answer, "one-punch: %s is answered",
               cases[i].cause);
        rig_close(rig);
        driver_one_punch_destroy(driver);
        free((void *)jam.bytes);
    }
}

/* Stops after the third effect it sees. */
static void on_third(struct host *host, void *context, noun effect)
{
    unsigned *seen = context;
    (void)effect;
    if (++*seen == 3)
        host_stop(host, 0);
}

static void test_timer(void)
{
    struct rig *rig = rig_open(TEST_KERNEL);
    struct recovery_kernel jam = cause_jam("%inc");
    struct host_driver *driver = driver_timer_create(50, jam.bytes, jam.size_bytes);
    unsigned seen = 0;
    int exit_code;
    const struct host_driver stopper = {.name = "stopper", .context = &seen, .effect = on_third};
    host_add_driver(rig->host, driver);
    host_add_driver(rig->host, &stopper);
    uint64_t started_ns = os_clock_ns();
    MUST(host_run(rig->host, false, &exit_code));
    uint64_t elapsed_ms = (os_clock_ns() - started_ns) / 1000000;
    tap_ok(seen == 3 && elapsed_ms >= 95, "timer: at once, and then at every interval (%d ms)", (int)elapsed_ms);
    rig_close(rig);
    driver_timer_destroy(driver);
    free((void *)jam.bytes);
}

static enum status feed(int descriptor, struct driver_feed_counts *counts, struct rig **out)
{
    struct rig *rig = rig_open(TEST_KERNEL);
    struct host_driver *driver = driver_feed_create("the feed", descriptor, counts, NULL, NULL);
    host_add_driver(rig->host, driver);
    rig_run(rig);
    enum status status = driver_feed_status(driver);
    host_close(rig->host);
    rig->host = NULL;
    driver_feed_destroy(driver);
    *out = rig;
    return status;
}

static int open_with(const char *text)
{
    const char *path = scratch_file("feed");
    MUST(os_replace_whole(path, text, strlen(text)));
    return open(path, O_RDONLY);
}

static void test_feed(void)
{
    struct driver_feed_counts counts = {0};
    struct rig *rig;
    int descriptor = open_with("%inc\n\n# a remark\n[%set 40]\n  %inc  \n%unknown\n%mute\n%inc");
    tap_ok(feed(descriptor, &counts, &rig) == STATUS_OK, "feed: a file is fed");
    tap_ok(counts.lines == 8 && counts.accepted == 5 && counts.crashed == 1 && counts.refused == 1,
           "feed: %d lines, %d accepted, %d crashed, %d refused", (int)counts.lines, (int)counts.accepted,
           (int)counts.crashed, (int)counts.refused);
    tap_ok(rig->seen_count == 3 && strcmp(rig->seen[2], "[%count 42]") == 0, "feed: in order, to the last line");
    rig_close(rig);
    close(descriptor);

    counts = (struct driver_feed_counts){0};
    descriptor = open_with("%inc\n[%unfinished\n%inc\n");
    tap_ok(feed(descriptor, &counts, &rig) == STATUS_INVALID && strstr(status_message(), "line 2") != NULL,
           "feed: a line that is no noun is named: %s", status_message());
    rig_close(rig);
    close(descriptor);

    char *many = malloc(5 * 3000 + 1);
    CHECK(many != NULL);
    for (int i = 0; i < 3000; i++)
        memcpy(many + 5 * i, "[1]\n\n", 5);
    for (int i = 0; i < 3000; i++)
        memcpy(many + 5 * i, "%inc\n", 5);
    many[15000] = 0;
    descriptor = open_with(many);
    counts = (struct driver_feed_counts){0};
    struct rig *unseen = rig_open(TEST_KERNEL);
    struct host_driver *driver = driver_feed_create("many", descriptor, &counts, NULL, NULL);
    unseen->script.effect = NULL;
    host_add_driver(unseen->host, driver);
    rig_run(unseen);
    tap_ok(counts.accepted == 3000, "feed: three thousand lines");
    rig_close(unseen);
    driver_feed_destroy(driver);
    close(descriptor);
    free(many);
}

static void test_feed_pipe(void)
{
    int ends[2];
    struct driver_feed_counts counts = {0};
    struct rig *rig;
    CHECK(pipe(ends) == 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        for (int i = 0; i < 5; i++) {
            if (write(ends[1], i == 2 ? "%i" : i == 3 ? "nc\n" : "%inc\n", i == 2 ? 2 : i == 3 ? 3 : 5) < 0)
                _exit(1);
            os_sleep_ms(20);
        }
        _exit(0);
    }
    close(ends[1]);
    tap_ok(feed(ends[0], &counts, &rig) == STATUS_OK && counts.accepted == 4, "feed: a pipe, in pieces");
    rig_close(rig);
    close(ends[0]);
}

/* ---- slog and markdown: to the process' own output, caught in a file -------------------------- */

static int caught_descriptor, saved_descriptor;

static void catch_output(int descriptor)
{
    fflush(NULL);
    saved_descriptor = dup(descriptor);
    caught_descriptor = open(scratch_file("caught"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(caught_descriptor >= 0 && dup2(caught_descriptor, descriptor) == descriptor);
}

static const char *caught(int descriptor)
{
    static char text[4096];
    fflush(NULL);
    dup2(saved_descriptor, descriptor);
    close(saved_descriptor);
    ssize_t size_bytes = pread(caught_descriptor, text, sizeof text - 1, 0);
    close(caught_descriptor);
    text[size_bytes > 0 ? size_bytes : 0] = 0;
    return text;
}

static void slog_case(struct rig *rig, uint64_t priority, const char *tank_text, const char *expected)
{
    enum driver_slog_level level = DRIVER_SLOG_INFO;
    noun tank;
    host_reset(rig->host);
    MUST(codec_read(host_stack(rig->host), "tank", tank_text, strlen(tank_text), &tank));
    catch_output(STDERR_FILENO);
    driver_slog(&level, priority, tank);
    const char *line = caught(STDERR_FILENO);
    if (expected == NULL)
        tap_ok(*line == 0, "slog: %s at priority %d is not shown", tank_text, (int)priority);
    else
        tap_ok(strlen(line) > 13 && line[0] == expected[0] && strcmp(line + 13, expected + 1) == 0,
               "slog: %s at priority %d: %.60s", tank_text, (int)priority, line);
}

static void test_slog(void)
{
    struct rig *rig = rig_open(TEST_KERNEL);
    slog_case(rig, 0, "'hello'", "Ihello\n");
    slog_case(rig, 1, "[%leaf \"careful\"]", "Wcareful\n");
    slog_case(rig, 2, "'a detail'", NULL);
    slog_case(rig, 3, "'a trace'", NULL);
    slog_case(rig, 77, "'others are info'", "Iothers are info\n");
    slog_case(rig, 0, "[%rose [\", \" \"(\" \")\"] 'one' 'two' 0]", "I(one, two)\n");
    slog_case(rig, 0, "[%nonsense 5]", "WFailed to slog tank\n");
    slog_case(rig, 0, "''", NULL);
    rig_close(rig);
}

static void test_markdown(void)
{
    struct rig *rig = rig_open(ECHO);
    rig->causes[0] = "[%do [%markdown '# Title'] [%markdown 1 2] %markdown 0]";
    host_add_driver(rig->host, &driver_markdown);
    catch_output(STDOUT_FILENO);
    rig_run(rig);
    const char *text = caught(STDOUT_FILENO);
    tap_ok(strcmp(text, "# Title\n") == 0, "markdown: plain, and nothing else");
    rig_close(rig);
}

int main(void)
{
    test_exit();
    test_file_write();
    test_file_read();
    test_file_batch();
    test_file_malformed();
    test_file_order();
    test_one_punch();
    test_timer();
    test_feed();
    test_feed_pipe();
    test_slog();
    test_markdown();
    return tap_done();
}
