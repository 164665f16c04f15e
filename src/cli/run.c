/* loam run: a machine with its drivers, until something stops it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "codec/codec.h"
#include "kernel/kernel.h"
#include "os/os.h"

struct run {
    struct cli *cli;
    const struct command *command;
    const char *directory;
    const char *kernel;
    const char *poke_file;
    const char *keep; /* --keep, or NULL */
    struct host_retention *retention;
    const char *replay_budget;
    struct host_sealing *sealing;
    const char *scrub_every; /* --scrub, or NULL */
    uint64_t scrub_mib_per_second;
    struct host_scrub *scrub;
    const char *gc; /* --gc */
    const char *durability;
    struct cli_list pokes;
    struct cli_list timers; /* SECONDS:CAUSE */
    bool until_idle;
    bool exact_files;
    struct machine_options machine_options;
    struct profiling profiling;

    struct machine machine;
    struct host *host;
    struct host_driver *file;
    struct host_driver *punches[CLI_LIST_MAX];
    struct driver_answer answers[CLI_LIST_MAX];
    struct host_driver *timer_drivers[CLI_LIST_MAX];
    struct host_driver *feed;
    struct driver_feed_counts feed_counts;
    int feed_descriptor; /* -1: none of ours */
    uint64_t quarantine_event;
    uint64_t run_ns;
};

/* ---- the drivers of this run ------------------------------------------------------------ */

/* The jam of a cause on the command line; the caller frees it. */
static enum status cause_jam(struct host *host, const char *name, const char *word, uint8_t **jam, size_t *size_bytes)
{
    noun cause;
    STATUS_TRY(noun_from_word(host_stack(host), name, word, &cause));
    enum status status = codec_jam(cause, jam, size_bytes);
    host_reset(host);
    return status;
}

static enum status add_pokes(struct run *run)
{
    for (size_t i = 0; i < run->pokes.count; i++) {
        uint8_t *jam;
        size_t size_bytes;
        STATUS_TRY(cause_jam(run->host, "--poke", run->pokes.items[i], &jam, &size_bytes));
        run->punches[i] = driver_one_punch_create(jam, size_bytes, &run->answers[i]);
        free(jam);
        host_add_driver(run->host, run->punches[i]);
    }
    return STATUS_OK;
}

static enum status add_timer(struct run *run, size_t index)
{
    const char *word = run->timers.items[index];
    char *colon;
    double seconds = strtod(word, &colon);
    if (*colon != ':' || !(seconds >= 0.001 && seconds < 1e9))
        return status_fail(STATUS_INVALID, "--timer wants SECONDS:CAUSE, such as 60:[%%tick ~], not \"%s\"", word);
    uint8_t *jam;
    size_t size_bytes;
    STATUS_TRY(cause_jam(run->host, "--timer", colon + 1, &jam, &size_bytes));
    run->timer_drivers[index] = driver_timer_create((uint64_t)(seconds * 1000), jam, size_bytes);
    free(jam);
    host_add_driver(run->host, run->timer_drivers[index]);
    return STATUS_OK;
}

static void on_fed(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    const struct run *run = context;
    const struct host_listener *listener = &run->machine.options.listener;
    listener->progress(listener->context, "bytes of causes", done_bytes, total_bytes);
}

static enum status add_feed(struct run *run)
{
    run->feed_descriptor = -1;
    if (run->poke_file == NULL)
        return STATUS_OK;
    int descriptor = STDIN_FILENO;
    if (strcmp(run->poke_file, "-") != 0) {
        descriptor = run->feed_descriptor = open(run->poke_file, O_RDONLY | O_CLOEXEC);
        if (descriptor < 0)
            return status_fail(STATUS_NOT_FOUND, "cannot open --poke-file %s", run->poke_file);
    }
    run->feed = driver_feed_create(run->poke_file, descriptor, &run->feed_counts, on_fed, run);
    host_add_driver(run->host, run->feed);
    return STATUS_OK;
}

static enum status add_retention(struct run *run)
{
    struct eventlog_retention policy;
    if (run->keep != NULL && !retention_read(run->keep, &policy))
        return status_fail(STATUS_INVALID, "--keep wants events=N, age=N[smhdw] or size=N[KMGT], not \"%s\"",
                           run->keep);
    run->retention = host_retention_create(run->host, run->keep != NULL ? &policy : NULL);
    return STATUS_OK;
}

/* "900s", "15m", "off"; 15 minutes if none is given. */
static enum status add_sealing(struct run *run)
{
    uint64_t budget_ms = 900000;
    if (run->replay_budget != NULL && strcmp(run->replay_budget, "off") == 0)
        budget_ms = 0;
    else if (run->replay_budget != NULL && (!duration_read(run->replay_budget, &budget_ms) || budget_ms == 0))
        return status_fail(STATUS_INVALID, "--replay-budget wants a time such as 900s or 15m, or off, not \"%s\"",
                           run->replay_budget);
    run->sealing = host_sealing_create(run->host, budget_ms);
    return STATUS_OK;
}

#define MIB_PER_SECOND_MAX ((uint64_t)1 << 20)

static enum status add_scrub(struct run *run)
{
    uint64_t interval_ms;
    if (run->scrub_every == NULL)
        return STATUS_OK;
    if (!duration_read(run->scrub_every, &interval_ms) || run->scrub_mib_per_second == 0 ||
        run->scrub_mib_per_second > MIB_PER_SECOND_MAX)
        return status_fail(STATUS_INVALID,
                           "--scrub wants a time, such as 7d, and --scrub-pace a number from 1 to %" PRIu64
                           ", not \"%s\" and %" PRIu64,
                           MIB_PER_SECOND_MAX, run->scrub_every, run->scrub_mib_per_second);
    run->scrub = host_scrub_create(run->host, interval_ms, run->scrub_mib_per_second << 20);
    return STATUS_OK;
}

static enum status add_drivers(struct run *run)
{
    const struct driver_file_options file_options = {.exact_bytes = run->exact_files};
    run->file = driver_file_create(&file_options);
    host_add_driver(run->host, run->file);
    host_command_add(run->host, &control_status);
    host_command_add(run->host, &operation_keep.command);
    host_command_add(run->host, &operation_branch_poke.command);
    STATUS_TRY(add_retention(run));
    STATUS_TRY(add_sealing(run));
    STATUS_TRY(add_scrub(run));
    host_command_add(run->host, &control_gc);
    host_command_add(run->host, &control_uses);
    host_add_driver(run->host, &driver_exit);
    host_add_driver(run->host, &driver_markdown);
    STATUS_TRY(add_pokes(run));
    for (size_t i = 0; i < run->timers.count; i++)
        STATUS_TRY(add_timer(run, i));
    return add_feed(run);
}

static void destroy_drivers(struct run *run)
{
    if (run->file != NULL)
        driver_file_destroy(run->file);
    for (size_t i = 0; i < run->pokes.count; i++)
        if (run->punches[i] != NULL)
            driver_one_punch_destroy(run->punches[i]);
    for (size_t i = 0; i < run->timers.count; i++)
        if (run->timer_drivers[i] != NULL)
            driver_timer_destroy(run->timer_drivers[i]);
    if (run->feed != NULL)
        driver_feed_destroy(run->feed);
    host_retention_destroy(run->retention);
    host_sealing_destroy(run->sealing);
    host_scrub_destroy(run->scrub);
    if (run->feed_descriptor >= 0)
        close(run->feed_descriptor);
}

/* ---- the report --------------------------------------------------------------------------- */

/* Pokes of the command line and of the feed that came to nothing. */
static uint64_t refused_count(const struct run *run)
{
    uint64_t count = run->feed_counts.refused;
    for (size_t i = 0; i < run->pokes.count; i++)
        count += run->answers[i].is_answered && run->answers[i].answer == HOST_REFUSED;
    return count;
}

static double per(uint64_t amount, uint64_t count)
{
    return count == 0 ? 0 : (double)amount / (double)count;
}

static void report_json(const struct run *run, const struct host_status *facts, int exit_status)
{
    struct json json;
    json_begin(&json);
    json_number(&json, "event", facts->event);
    json_hex64(&json, "state_hash", facts->state_hash);
    json_number(&json, "events", facts->events);
    json_number(&json, "events_crashed", facts->events_crashed);
    json_number(&json, "events_refused", refused_count(run));
    json_number(&json, "events_replayed", facts->events_replayed);
    json_real(&json, "seconds", (double)run->run_ns / 1e9);
    json_real(&json, "events_per_second", per(facts->events, run->run_ns) * 1e9);
    json_real(&json, "evaluation_us_per_event", per(facts->evaluation_ns, facts->events) / 1e3);
    json_real(&json, "arena_bytes_per_event", per(facts->appended_bytes, facts->events));
    json_real(&json, "boot_ms", (double)facts->boot_ns / 1e6);
    json_number(&json, "resident_peak_bytes", os_resident_peak_bytes());
    json_number(&json, "exit_status", (uint64_t)exit_status);
    json_end(&json);
}

static void report_text(const struct run *run, const struct host_status *facts)
{
    cli_note(run->cli,
             "stopped at event %" PRIu64 ", state %016" PRIx64 ": %" PRIu64 " %s in %s (%" PRIu64 " crashed, %" PRIu64
             " refused), resident at most %s",
             facts->event, facts->state_hash, facts->events, plural(facts->events, "event", "events"),
             cli_duration_text(run->run_ns), facts->events_crashed, refused_count(run),
             cli_bytes_text(os_resident_peak_bytes()));
}

static enum status report(const struct run *run, int exit_status)
{
    struct host_status facts;
    STATUS_TRY(host_status_read(run->host, &facts));
    if (run->cli->json)
        report_json(run, &facts, exit_status);
    else
        report_text(run, &facts);
    return STATUS_OK;
}

static enum status announce(const struct run *run)
{
    struct host_status facts;
    STATUS_TRY(host_status_read(run->host, &facts));
    cli_note(run->cli, "running %s from event %" PRIu64 ", state %016" PRIx64 ", up after %s%s", run->directory,
             facts.event, facts.state_hash, cli_duration_text(facts.boot_ns),
             facts.events_replayed > 0 ? " with a replay" : "");
    return STATUS_OK;
}

/* ---- running --------------------------------------------------------------------------------- */

/* A kernel's own code passes through as far as it collides with none of ours. */
static int exit_status_of(const struct run *run, int exit_code)
{
    if (os_signal_received() != 0)
        return CLI_EXIT_SIGNAL + os_signal_received();
    if (exit_code > CLI_EXIT_GUEST_MAX)
        return CLI_EXIT_GUEST;
    return exit_code == 0 && refused_count(run) > 0 ? CLI_EXIT_GUEST : exit_code;
}

static int run_loop(struct run *run)
{
    int exit_code;
    enum status status = add_drivers(run);
    if (status == STATUS_OK)
        status = announce(run);
    if (status == STATUS_OK)
        status = profiling_begin(&run->profiling, host_machine(run->host));
    uint64_t started_ns = os_clock_ns();
    if (status == STATUS_OK)
        status = host_run(run->host, run->until_idle, &exit_code);
    run->run_ns = os_clock_ns() - started_ns;
    enum status profiled = profiling_end(&run->profiling, run->cli);
    if (status == STATUS_OK)
        status = profiled;
    if (status == STATUS_OK && run->feed != NULL)
        status = driver_feed_status(run->feed);
    int exit_status = status == STATUS_OK ? exit_status_of(run, exit_code) : cli_fail(run->cli, status);
    status = report(run, exit_status);
    return status == STATUS_OK ? exit_status : cli_fail(run->cli, status);
}

static enum status open_host(struct run *run)
{
    struct host_kernel kernel = {0};
    if (run->kernel != NULL)
        STATUS_TRY(jam_from_file(run->kernel, (uint8_t **)&kernel.bytes, &kernel.size_bytes));
    enum status status = host_open(run->directory, &kernel, &run->machine.options, &run->host);
    free((void *)kernel.bytes);
    return status;
}

#define BATCH_EVENTS_MAX 1000000
#define BATCH_MS_MAX 3600000

static bool durability_read(const char *word, struct host_durability *durability)
{
    unsigned long long events, milliseconds;
    char rest;
    if (word == NULL || strcmp(word, "event") == 0)
        return true;
    if (strcmp(word, "none") == 0) {
        durability->mode = HOST_DURABLE_NONE;
        return true;
    }
    if (strchr(word, '-') != NULL || sscanf(word, "batch=%llu,%llu%c", &events, &milliseconds, &rest) != 2)
        return false;
    *durability = (struct host_durability){HOST_DURABLE_BATCH, events, milliseconds};
    return events > 0 && events <= BATCH_EVENTS_MAX && milliseconds > 0 && milliseconds <= BATCH_MS_MAX;
}

static int run_machine(struct run *run)
{
    run->machine.options.quarantine_event = run->quarantine_event;
    if (!gc_mode_read(run->gc, &run->machine.options.gc))
        return cli_usage(run->cli, run->command, "--gc wants auto, off or a time such as 10m, not \"%s\"", run->gc);
    if (!durability_read(run->durability, &run->machine.options.durability))
        return cli_usage(run->cli, run->command, "--durability wants event, none or batch=EVENTS,MS, not \"%s\"",
                         run->durability);
    enum status status = open_host(run);
    if (status != STATUS_OK)
        return cli_fail(run->cli, status);
    int leave = run_loop(run);
    host_close(run->host);
    destroy_drivers(run);
    return leave;
}

static int parse_and_run(struct cli *cli, const struct command *command, int count, char **words)
{
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *run);
    run->cli = cli;
    run->command = command;
    run->feed_descriptor = -1;
    run->scrub_mib_per_second = 16;
    const struct operand operands[] = {{"DIR", "the machine", &run->directory, false}};
    const struct option table[] = {
        {"--poke", "CAUSE", "poke with this first (more than once: in order)", OPTION_LIST, &run->pokes},
        {"--poke-file", "FILE", "then poke with each line of FILE (- for standard input)", OPTION_TEXT,
         &run->poke_file},
        {"--timer", "SECONDS:CAUSE", "poke with this now and every so many seconds", OPTION_LIST, &run->timers},
        {"--until-idle", NULL, "stop when nothing is left to do", OPTION_FLAG, &run->until_idle},
        {"--kernel", "FILE", "upgrade: this kernel takes over the state", OPTION_TEXT, &run->kernel},
        {"--scrub", "TIME", "verify everything every so often, such as 7d, in the background", OPTION_TEXT,
         &run->scrub_every},
        {"--scrub-pace", "MIB", "at most so many MiB a second (16)", OPTION_NUMBER, &run->scrub_mib_per_second},
        {"--keep", "POLICY", "prune the log: events=N, age=N[smhdw] or size=N[KMGT]", OPTION_TEXT, &run->keep},
        {"--replay-budget", "TIME", "seal a snapshot when events of so much time have come since the last (900s; off)",
         OPTION_TEXT, &run->replay_budget},
        {"--quarantine", "EVENT", "if a replay comes to this event it is skipped, for good, and the log says so",
         OPTION_NUMBER, &run->quarantine_event},
        {"--durability", "event|batch=N,MS|none", "acknowledge when flushed (the default); or sooner, see loam(1)",
         OPTION_TEXT, &run->durability},
        {"--exact-files", NULL, "write files without padding them to 8 bytes", OPTION_FLAG, &run->exact_files},
        {"--gc", "auto|off|TIME", "collect when it is worth it (the default); never; or also every TIME, such as 10m",
         OPTION_TEXT, &run->gc},
        PROFILE_OPTION(run->profiling),
        MACHINE_OPTIONS(run->machine_options),
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    int leave = machine_parse(&run->machine, &run->machine_options, cli, command, &arguments, count, words);
    if (leave < 0)
        leave = run_machine(run);
    free(run);
    return leave;
}

const struct command command_run = {
    .name = "run",
    .summary = "run a machine",
    .explained = "Runs the machine: pokes it with what the command line gives, carries out its effects (%file,\n"
                 "%exit, %markdown), and goes on until the kernel says [%exit code], a signal comes, or, with\n"
                 "--until-idle, nothing is left to do.  A kernel's exit code from 0 to 63 is the exit status.",
    .run = parse_and_run,
};
