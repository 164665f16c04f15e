/* loam status: what a machine is and how it is.
 *
 * A running machine tells of itself (control_status); otherwise the newest
 * durable state is looked at from outside.  Both ways print with the same
 * functions. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum liveness {
    STOPPED,
    RUNNING, /* some process has it; this is seen from outside */
    LIVE,    /* this is the process that has it */
};

static void print_json_live(struct json *json, const struct host_status *facts)
{
    json_number(json, "durable_event", facts->durable_event);
    json_number(json, "events", facts->events);
    json_number(json, "events_crashed", facts->events_crashed);
    json_number(json, "events_replayed", facts->events_replayed);
    json_number(json, "evaluation_us", facts->evaluation_ns / 1000);
    json_real(json, "boot_ms", (double)facts->boot_ns / 1e6);
    json_number(json, "stack_peak_bytes", facts->stack_peak_bytes);
}

static void print_json_upkeep(struct json *json, const struct host_upkeep *upkeep)
{
    json_number(json, "snapshots", upkeep->snapshots);
    json_number(json, "branches", upkeep->branches);
    json_number(json, "sealed_snapshots", upkeep->sealed);
    if (upkeep->sealed > 0)
        json_number(json, "sealed_latest_event", upkeep->sealed_latest_event);
    if (upkeep->has_epoch)
        json_number(json, "epoch_event", upkeep->epoch_event);
    if (!upkeep->has_scrub)
        return;
    json_number(json, "scrub_passes", upkeep->scrub.passes);
    json_number(json, "scrub_faults", upkeep->scrub.faults);
    json_boolean(json, "scrub_running", upkeep->scrub.is_running);
    json_number(json, "scrub_read_bytes", upkeep->scrub.read_bytes);
    json_number(json, "scrub_finished_wall_ms", upkeep->scrub.finished_wall_ms);
}

static void print_text_upkeep(FILE *to, const struct host_upkeep *upkeep)
{
    fprintf(to, "kept        %" PRIu64 " %s and %" PRIu64 " %s in the arena\n", upkeep->snapshots,
            plural(upkeep->snapshots, "snapshot", "snapshots"), upkeep->branches,
            plural(upkeep->branches, "branch", "branches"));
    fprintf(to, "sealed      %" PRIu64 " %s", upkeep->sealed, plural(upkeep->sealed, "snapshot", "snapshots"));
    if (upkeep->sealed > 0)
        fprintf(to, ", the newest at event %" PRIu64, upkeep->sealed_latest_event);
    if (upkeep->has_epoch)
        fprintf(to, "; the log must keep what follows event %" PRIu64, upkeep->epoch_event);
    putc('\n', to);
    if (!upkeep->has_scrub)
        return;
    const struct host_scrub_status *scrub = &upkeep->scrub;
    fprintf(to, "scrub       %" PRIu64 " %s", scrub->passes, plural(scrub->passes, "pass", "passes"));
    if (scrub->passes > 0)
        fprintf(to, ", the last ended %s and found %" PRIu64 " %s", cli_date_text(scrub->finished_wall_ms),
                scrub->faults, plural(scrub->faults, "fault", "faults"));
    fprintf(to, "%s\n", scrub->is_running ? "; one is under way" : "");
}

static void print_json(FILE *to, const char *directory, const struct host_status *facts,
                       const struct host_gc_status *gc, const struct host_upkeep *upkeep, enum liveness liveness)
{
    struct json json;
    json_begin_to(&json, to);
    json_string(&json, "directory", directory);
    json_boolean(&json, "running", liveness != STOPPED);
    json_number(&json, "event", facts->event);
    json_hex64(&json, "state_hash", facts->state_hash);
    json_number(&json, "state_mug", facts->state_hash & NOUN_META_MUG_MASK);
    json_digest(&json, "kernel_hash", facts->kernel_hash, sizeof facts->kernel_hash);
    json_number(&json, "log_base", facts->log_base);
    json_number(&json, "log_last", facts->log_base + facts->log_rows);
    json_number(&json, "log_rows", facts->log_rows);
    json_number(&json, "log_bytes", facts->log_bytes);
    json_number(&json, "arena_used_bytes", facts->arena_used_bytes);
    json_number(&json, "arena_file_bytes", facts->arena_file_bytes);
    json_number(&json, "arena_objects", facts->arena_objects);
    if (liveness == LIVE)
        print_json_live(&json, facts);
    print_json_upkeep(&json, upkeep);
    gc_status_json(&json, gc);
    json_end(&json);
}

static void print_text_live(FILE *to, const struct host_status *facts)
{
    fprintf(to,
            "since start %" PRIu64 " %s (%" PRIu64 " crashed), evaluated in %s; up after %s, %" PRIu64 " replayed\n",
            facts->events, plural(facts->events, "event", "events"), facts->events_crashed,
            cli_duration_text(facts->evaluation_ns), cli_duration_text(facts->boot_ns), facts->events_replayed);
    fprintf(to, "memory      %s at most for an event's nouns\n", cli_bytes_text(facts->stack_peak_bytes));
}

static void print_text(FILE *to, const char *directory, const struct host_status *facts,
                       const struct host_gc_status *gc, const struct host_upkeep *upkeep, enum liveness liveness)
{
    fprintf(to, "machine     %s (%s)\n", directory, liveness == STOPPED ? "stopped" : "a process runs it");
    uint64_t behind = facts->log_base + facts->log_rows - facts->event;
    fprintf(to, "event       %" PRIu64, facts->event);
    if (behind > 0 && liveness == STOPPED)
        fprintf(to, " (%" PRIu64 " more in the log: the state is behind, a start replays what is missing)", behind);
    fprintf(to, "\nstate       %016" PRIx64 " (mug 0x%08" PRIx64 ")\n", facts->state_hash,
            facts->state_hash & NOUN_META_MUG_MASK);
    fprintf(to, "kernel      ");
    for (size_t i = 0; i < sizeof facts->kernel_hash; i++)
        fprintf(to, "%02x", facts->kernel_hash[i]);
    fprintf(to, "\nlog         %" PRIu64 " %s after %" PRIu64 ", %s\n", facts->log_rows,
            plural(facts->log_rows, "event", "events"), facts->log_base, cli_bytes_text(facts->log_bytes));
    fprintf(to, "arena       %s used of %s, %" PRIu64 " %s\n", cli_bytes_text(facts->arena_used_bytes),
            cli_bytes_text(facts->arena_file_bytes), facts->arena_objects,
            plural(facts->arena_objects, "object", "objects"));
    if (liveness == LIVE)
        print_text_live(to, facts);
    print_text_upkeep(to, upkeep);
    gc_status_print(to, gc);
}

/* Retention has a handle of the log of its own, and has moved its base. */
static void take_base(struct host_status *facts, const struct host_upkeep *upkeep)
{
    if (upkeep->pruned_rows == 0 || upkeep->pruned_rows > facts->log_rows)
        return;
    facts->log_base += upkeep->pruned_rows;
    facts->log_rows -= upkeep->pruned_rows;
}

/* ---- told by the running process ------------------------------------------------ */

/* status text|json DIRECTORY, which is what the asker calls it */
static void answer(void *context, struct host *host, struct host_call *call)
{
    (void)context;
    struct host_status facts;
    struct host_gc_status gc;
    struct host_upkeep upkeep;
    host_gc_status_read(host, &gc);
    host_upkeep_read(host, &upkeep);
    const char *form = host_call_word(call, 1), *directory = host_call_word(call, 2);
    enum status status = host_status_read(host, &facts);
    take_base(&facts, &upkeep);
    if (status == STATUS_OK && form != NULL && strcmp(form, "json") == 0)
        print_json(host_call_out(call), directory == NULL ? "" : directory, &facts, &gc, &upkeep, LIVE);
    else if (status == STATUS_OK)
        print_text(host_call_out(call), directory == NULL ? "" : directory, &facts, &gc, &upkeep, LIVE);
    host_call_end(call, status);
}

const struct host_command control_status = {.name = "status", .run = answer};

/* ---- seen from outside ------------------------------------------------------------ */

static enum status look(const struct cli *cli, const char *directory, const struct host_options *options,
                        bool is_running)
{
    struct host *host;
    struct host_status facts;
    struct host_gc_status gc;
    struct host_upkeep upkeep;
    STATUS_TRY(host_open_view(directory, options, &host));
    host_gc_status_read(host, &gc);
    host_upkeep_read(host, &upkeep);
    enum status status = host_status_read(host, &facts);
    take_base(&facts, &upkeep);
    host_close(host);
    STATUS_TRY(status);
    if (cli->json)
        print_json(stdout, directory, &facts, &gc, &upkeep, is_running ? RUNNING : STOPPED);
    else
        print_text(stdout, directory, &facts, &gc, &upkeep, is_running ? RUNNING : STOPPED);
    return STATUS_OK;
}

static enum status ask_or_look(const struct cli *cli, const char *directory, const struct host_options *options)
{
    const char *const words[] = {"status", cli->json ? "json" : "text", directory};
    enum machine_place place;
    STATUS_TRY(machine_ask(directory, words, COUNT_OF(words), NULL, NULL, &place));
    return place == MACHINE_ELSEWHERE ? STATUS_OK : look(cli, directory, options, place != MACHINE_HERE);
}

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL;
    bool lists_allocations = false;
    const struct operand operands[] = {{"DIR", "the machine", &directory, false}};
    const struct option table[] = {
        {"--allocations", NULL, "what the arena's bytes are for, and whose", OPTION_FLAG, &lists_allocations},
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    struct machine machine;
    int leave = machine_parse(&machine, NULL, cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    enum status status =
        lists_allocations ? allocations_print(&machine, directory) : ask_or_look(cli, directory, &machine.options);
    return status == STATUS_OK ? CLI_EXIT_OK : cli_fail(cli, status);
}

const struct command command_status = {
    .name = "status",
    .summary = "say what a machine is and how it is",
    .explained = "Reports on the newest durable state, the log and the arena.  If `loam run` has the machine,\n"
                 "that process answers, and says also what it has done since its start.\n"
                 "\n"
                 "With --allocations: what each byte of the arena's file is for, for whom the arena has grown,\n"
                 "what each root keeps alive, alone and with others, and the large objects with their labels,\n"
                 "ages and last uses.  It goes once through the whole state, in this process, also while\n"
                 "another runs the machine, and needs memory for a twelfth of it.",
    .run = run,
};
