/* loam replay, loam bisect: does history still give what it gave? */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "os/os.h"

/* ---- replay ------------------------------------------------------------------------ */

static void replay_json(const struct recovery_check_report *report, enum status status, const char *record)
{
    struct json json;
    json_begin(&json);
    json_boolean(&json, "reproduced", status == STATUS_OK && record == NULL);
    json_string(&json, "root", report->root);
    json_number(&json, "root_event", report->root_event);
    json_number(&json, "from", report->from_event);
    json_number(&json, "to", report->to_event);
    json_number(&json, "events", report->events);
    if (report->diverged_event != 0)
        json_number(&json, "diverged_event", report->diverged_event);
    if (record != NULL)
        json_string(&json, "record", record);
    json_real(&json, "seconds", (double)report->elapsed_ns / 1e9);
    json_end(&json);
}

static void replay_text(const struct cli *cli, const struct recovery_check_report *report, const char *record)
{
    cli_note(cli, "events %" PRIu64 " to %" PRIu64 " %s: %" PRIu64 " run in %s, from %s at event %" PRIu64,
             report->from_event, report->to_event, record != NULL ? "recorded" : "give what was recorded",
             report->events, cli_duration_text(report->elapsed_ns), report->root, report->root_event);
}

static int run_replay(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL;
    bool check = true;
    struct machine_options machine_options = {0};
    struct recovery_check_options options = {.scratch_directory = getenv("TMPDIR")};
    struct recovery_check_report report;
    const struct operand operands[] = {{"DIR", "the machine", &directory, false}};
    const struct option table[] = {
        {"--check", NULL, "compare with what was recorded: what this command does anyway", OPTION_FLAG, &check},
        {"--from", "EVENT", "begin with this event; else with the oldest", OPTION_NUMBER, &options.from_event},
        {"--to", "EVENT", "end with this event; else with the newest", OPTION_NUMBER, &options.to_event},
        {"--archive", "FILE", "take the events from this archive", OPTION_TEXT, &options.archive_path},
        {"--record", "FILE", "compare nothing; write what comes out to this file, for `loam bisect`", OPTION_TEXT,
         &options.record_path},
        {"--scratch", "DIRECTORY", "where the state is made: $TMPDIR or /tmp", OPTION_TEXT, &options.scratch_directory},
        MACHINE_OPTIONS(machine_options),
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    struct machine machine;
    int leave = machine_parse(&machine, &machine_options, cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    os_heap_prepare();
    options.recovery = machine_recovery_options(&machine);
    enum status status = recovery_check_history(directory, &options, &report);
    progress_end(&machine.progress);
    if (cli->json && (status == STATUS_OK || report.diverged_event != 0))
        replay_json(&report, status, options.record_path);
    else if (status == STATUS_OK)
        replay_text(cli, &report, options.record_path);
    return status == STATUS_OK ? CLI_EXIT_OK : cli_fail(cli, status);
}

const struct command command_replay = {
    .name = "replay",
    .summary = "run a machine's events again and compare",
    .explained = "Runs events of the log again, beside the machine, from the nearest state before them (a snapshot,\n"
                 "sealed or in the arena, or the first kernel), and compares every state's hash with the record.\n"
                 "The machine is only read, also while a process runs it.  Exit status 79 names the first event\n"
                 "that gives something else.",
    .run = run_replay,
};

/* ---- bisect -------------------------------------------------------------------------- */

static void bisect_json(const struct eventlog_difference *difference)
{
    struct json json;
    json_begin(&json);
    json_boolean(&json, "same", difference->differing == 0);
    json_number(&json, "first", difference->first);
    json_number(&json, "last", difference->last);
    json_number(&json, "compared", difference->compared);
    json_number(&json, "differing", difference->differing);
    if (difference->differing > 0) {
        json_number(&json, "event", difference->event);
        json_string(&json, "differs", difference->job_differs ? "job" : "state");
        json_hex64(&json, "state_hash_a", difference->state_hashes[0]);
        json_hex64(&json, "state_hash_b", difference->state_hashes[1]);
    }
    json_end(&json);
}

static void bisect_text(const struct eventlog_difference *difference, const char *a, const char *b)
{
    if (difference->differing == 0)
        printf("%s and %s agree on the %" PRIu64 " %s that both have, %" PRIu64 " to %" PRIu64 "\n", a, b,
               difference->compared, plural(difference->compared, "event", "events"), difference->first,
               difference->last);
    else if (difference->job_differs)
        printf("event %" PRIu64 " is the first that differs: the two were given other jobs, so they are not records of "
               "one history from there on\n",
               difference->event);
    else
        printf("event %" PRIu64 " is the first that differs: state %016" PRIx64 " in %s, %016" PRIx64 " in %s; %" PRIu64
               " of %" PRIu64 " %s\n",
               difference->event, difference->state_hashes[0], a, difference->state_hashes[1], b, difference->differing,
               difference->compared, plural(difference->compared, "event differs", "events differ"));
}

static enum status compare(const char *paths[2], struct eventlog_difference *difference)
{
    struct eventlog *a, *b;
    STATUS_TRY(archive_or_log_open(paths[0], &a));
    enum status status = archive_or_log_open(paths[1], &b);
    if (status == STATUS_OK) {
        status = eventlog_compare(a, b, difference);
        eventlog_close(b);
    }
    eventlog_close(a);
    return status;
}

static int run_bisect(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *paths[2] = {NULL, NULL};
    struct eventlog_difference difference;
    const struct operand operands[] = {
        {"A", "a machine, an archive, or a record of `loam replay --record`", &paths[0], false},
        {"B", "another, of the same events", &paths[1], false}};
    const struct arguments arguments = {operands, COUNT_OF(operands), NULL, 0};
    int leave = arguments_parse(cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    enum status status = compare(paths, &difference);
    if (status != STATUS_OK)
        return cli_fail(cli, status);
    if (cli->json)
        bisect_json(&difference);
    else
        bisect_text(&difference, paths[0], paths[1]);
    return difference.differing == 0 ? CLI_EXIT_OK : CLI_EXIT_DIVERGED;
}

const struct command command_bisect = {
    .name = "bisect",
    .summary = "find where two records of a history part",
    .explained = "Compares what two machines, archives or records say of the events that both have, and names the\n"
                 "first that differs.  `loam replay DIR --record FILE`, by each of two builds, makes records.",
    .run = run_bisect,
};
