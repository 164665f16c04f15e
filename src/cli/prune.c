/* loam prune: forgetting the oldest events, by a policy; and the policies' words. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "os/os.h"

struct prune {
    struct cli *cli;
    const char *directory, *keep, *archive;
    bool dry_run;
    struct eventlog_retention policy;
    struct machine machine;
    struct recovery_prune report;
    size_t lines; /* of a running machine's answer */
};

/* ---- policies ---------------------------------------------------------------------- */

struct unit {
    char letter; /* 0: none */
    uint64_t factor;
};

static const struct unit age_units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}, {'w', 604800000}};
static const struct unit size_units[] = {
    {0, 1}, {'K', 1ull << 10}, {'M', 1ull << 20}, {'G', 1ull << 30}, {'T', 1ull << 40}};
static const struct unit event_units[] = {{0, 1}};

static bool amount_read(const char *text, const struct unit *units, size_t count, uint64_t *amount)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *text == '-' || (*end != 0 && end[1] != 0))
        return false;
    for (size_t i = 0; i < count; i++)
        if (units[i].letter == *end && number <= UINT64_MAX / units[i].factor) {
            *amount = number * units[i].factor;
            return true;
        }
    return false;
}

bool retention_read(const char *text, struct eventlog_retention *policy)
{
    if (strncmp(text, "events=", 7) == 0) {
        policy->kind = EVENTLOG_KEEP_EVENTS;
        return amount_read(text + 7, event_units, COUNT_OF(event_units), &policy->amount);
    }
    if (strncmp(text, "age=", 4) == 0) {
        policy->kind = EVENTLOG_KEEP_AGE;
        return amount_read(text + 4, age_units, COUNT_OF(age_units), &policy->amount);
    }
    if (strncmp(text, "size=", 5) == 0) {
        policy->kind = EVENTLOG_KEEP_SIZE;
        return amount_read(text + 5, size_units, COUNT_OF(size_units), &policy->amount);
    }
    return false;
}

/* ---- doing it ------------------------------------------------------------------------ */

static void take_line(void *context, const char *line)
{
    struct prune *prune = context;
    host_prune_answer_take(&prune->report, prune->lines++, strtoull(line, NULL, 10));
}

static enum status ask(struct prune *prune, bool is_dry, enum machine_place *place)
{
    char kind[16], amount[24];
    snprintf(kind, sizeof kind, "%d", (int)prune->policy.kind);
    snprintf(amount, sizeof amount, "%" PRIu64, prune->policy.amount);
    const char *const words[] = {"prune", kind, amount, "dry"};
    prune->lines = 0;
    return machine_ask(prune->directory, words, is_dry ? 4 : 3, take_line, prune, place);
}

static enum status plan_here(struct prune *prune)
{
    struct eventlog *log;
    STATUS_TRY(recovery_open_log(prune->directory, &log));
    enum status status = recovery_prune_plan(prune->directory, log, &prune->policy, &prune->report);
    eventlog_close(log);
    return status;
}

static bool show(void *context, uint64_t rows_done)
{
    struct prune *prune = context;
    progress_update(&prune->machine.progress, rows_done, prune->report.rows);
    return true;
}

/* A start first: what is pruned is behind it for good. */
static enum status prune_here(struct prune *prune)
{
    struct node *node;
    const struct recovery_options options = machine_recovery_options(&prune->machine);
    STATUS_TRY(recovery_open(prune->directory, NULL, &options, &node));
    enum status status = arena_seal(node->arena);
    if (status == STATUS_OK)
        status = recovery_prune_plan(prune->directory, node->log, &prune->policy, &prune->report);
    progress_begin(&prune->machine.progress, prune->cli, "pruning events");
    if (status == STATUS_OK)
        status = recovery_prune(node->log, &prune->report, 0, show, prune);
    progress_end(&prune->machine.progress);
    if (status == STATUS_OK)
        status = eventlog_checkpoint(node->log, 0);
    recovery_close(node);
    return status;
}

/* What is to be pruned goes into the archive first, whole, or nothing is pruned. */
static enum status archive_first(struct prune *prune)
{
    STATUS_TRY(plan_here(prune));
    if (prune->archive == NULL || prune->dry_run || prune->report.rows == 0)
        return STATUS_OK;
    STATUS_TRY(archive_write(prune->cli, prune->directory, prune->archive, prune->report.through));
    /* The policy may want more by now; that waits for the next time. */
    prune->policy = (struct eventlog_retention){EVENTLOG_KEEP_EVENTS, prune->report.last - prune->report.through};
    return STATUS_OK;
}

static enum status prune_planned(struct prune *prune)
{
    enum machine_place place;
    STATUS_TRY(ask(prune, false, &place));
    return place == MACHINE_ELSEWHERE ? STATUS_OK : prune_here(prune);
}

static enum status prune_it(struct prune *prune)
{
    STATUS_TRY(archive_first(prune));
    if (prune->dry_run)
        return STATUS_OK;
    uint64_t wanted_through = prune->report.wanted_through;
    STATUS_TRY(prune_planned(prune));
    prune->report.wanted_through = wanted_through;
    return STATUS_OK;
}

/* ---- the report ---------------------------------------------------------------------- */

static void report_json(const struct prune *prune)
{
    const struct recovery_prune *report = &prune->report;
    struct json json;
    json_begin(&json);
    json_boolean(&json, "dry_run", prune->dry_run);
    json_number(&json, "rows", report->rows);
    json_number(&json, "row_bytes", report->row_bytes);
    json_number(&json, "base_before", report->base_before);
    json_number(&json, "base", report->through);
    json_number(&json, "last", report->last);
    json_number(&json, "wanted_through", report->wanted_through);
    json_boolean(&json, "has_epoch", report->has_epoch);
    if (report->has_epoch)
        json_number(&json, "epoch_event", report->epoch_event);
    json_number(&json, "returned_bytes", report->returned_bytes);
    json_number(&json, "reusable_bytes", report->reusable_bytes);
    json_end(&json);
}

static void explain_limit(const struct prune *prune)
{
    const struct recovery_prune *report = &prune->report;
    if (report->wanted_through <= report->through)
        return;
    if (!report->has_epoch)
        cli_note(prune->cli,
                 "nothing can be pruned: there is no sealed snapshot, so the machine needs all its events to come back "
                 "from a lost arena; seal one first");
    else
        cli_note(prune->cli,
                 "%" PRIu64 " more %s would go by this policy, but the oldest sealed snapshot, the epoch, stands at "
                 "event %" PRIu64 " and needs what follows it",
                 report->wanted_through - report->through,
                 plural(report->wanted_through - report->through, "event", "events"), report->epoch_event);
}

static void report_text(const struct prune *prune)
{
    const struct recovery_prune *report = &prune->report;
    explain_limit(prune);
    if (report->last == report->base_before)
        cli_note(prune->cli, "no event is pruned: the log has none");
    else if (report->rows == 0)
        cli_note(prune->cli, "no event is pruned: the log keeps %" PRIu64 " to %" PRIu64, report->base_before + 1,
                 report->last);
    else if (prune->dry_run)
        cli_note(prune->cli, "would prune %" PRIu64 " %s, up to %" PRIu64 ": %s of %s's log", report->rows,
                 plural(report->rows, "event", "events"), report->through, cli_bytes_text(report->row_bytes),
                 prune->directory);
    else
        cli_note(prune->cli,
                 "pruned %" PRIu64 " %s, up to %" PRIu64 ": %s; %s went back to the disk, %s are free for new events",
                 report->rows, plural(report->rows, "event", "events"), report->through,
                 cli_bytes_text(report->row_bytes), cli_bytes_text(report->returned_bytes),
                 cli_bytes_text(report->reusable_bytes));
}

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    struct prune prune = {.cli = cli};
    const struct operand operands[] = {{"DIR", "the machine", &prune.directory, false}};
    const struct option table[] = {
        {"--keep", "POLICY", "events=N, age=N[smhdw] or size=N[KMGT]: what the log keeps", OPTION_TEXT, &prune.keep},
        {"--archive", "FILE", "write what is pruned to this file first", OPTION_TEXT, &prune.archive},
        {"--dry-run", NULL, "say what would go, and change nothing", OPTION_FLAG, &prune.dry_run},
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    int leave = machine_parse(&prune.machine, NULL, cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    if (prune.keep == NULL || !retention_read(prune.keep, &prune.policy))
        return cli_usage(cli, command,
                         "--keep wants events=N, age=N[smhdw] or size=N[KMGT], such as age=7d, not \"%s\"",
                         prune.keep == NULL ? "" : prune.keep);
    enum status status = prune_it(&prune);
    if (status != STATUS_OK)
        return cli_fail(cli, status);
    if (cli->json)
        report_json(&prune);
    else
        report_text(&prune);
    return CLI_EXIT_OK;
}

const struct command command_prune = {
    .name = "prune",
    .summary = "forget the oldest events of the log",
    .explained = "Deletes the events that the policy does not keep, but none after the epoch (the oldest sealed\n"
                 "snapshot), from which the machine could be brought back.  Also while a process runs the machine.",
    .run = run,
};
