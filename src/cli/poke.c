/* loam poke: one event by hand. */
#include <stdlib.h>

#include "cli/cli.h"
#include "kernel/kernel.h"

/* Builds wire and cause on a stack. */
static enum status build(struct stack *stack, const char *wire_word, const char *cause_word, noun *wire, noun *cause)
{
    STATUS_TRY(noun_from_word(stack, "CAUSE", cause_word, cause));
    if (wire_word != NULL)
        return noun_from_word(stack, "--wire", wire_word, wire);
    *wire = kernel_wire_plain(stack, "sys", 1);
    return STATUS_OK;
}

static enum status poke(const struct cli *cli, struct host *host, noun wire, noun cause, struct host_event *event)
{
    struct ticker *ticker;
    STATUS_TRY(ticker_start(cli, "calls of the event", host, 0, &ticker));
    enum status status = host_poke(host, wire, cause, event);
    ticker_stop(ticker);
    return status;
}

static const char *answer_name(enum host_answer answer)
{
    return answer == HOST_ACCEPTED ? "accepted" : answer == HOST_SWAPPED ? "crashed" : "refused";
}

static enum status report_json(const struct host_event *event)
{
    struct json json;
    json_begin(&json);
    json_string(&json, "answer", answer_name(event->answer));
    if (event->answer != HOST_REFUSED)
        json_number(&json, "event", event->number);
    else
        json_string(&json, "reason", status_message());
    if (event->limit != NULL)
        json_string(&json, "limit", event->limit);
    json_number(&json, "evaluation_us", event->evaluation_ns / 1000);
    STATUS_TRY(machine_json_effects(&json, event->effects));
    json_end(&json);
    return STATUS_OK;
}

static void explain(const struct cli *cli, const struct host_event *event)
{
    if (event->answer == HOST_REFUSED) {
        cli_error(cli, "refused, nothing has changed: %s", status_message());
        return;
    }
    char *text = machine_goof_text(event->goof);
    if (event->limit != NULL)
        cli_error(cli,
                  "the cause needs more than --%s allows and has failed; event %" PRIu64 " is the notice of that: %s",
                  event->limit, event->number, text);
    else
        cli_error(cli, "the cause crashed the kernel; event %" PRIu64 " is the notice of that: %s", event->number,
                  text);
    free(text);
}

static int finish(const struct cli *cli, const struct host_event *event)
{
    int exit_status = CLI_EXIT_OK;
    if (event->answer == HOST_REFUSED)
        exit_status = cli_exit_of_status(event->reason);
    else if (event->answer == HOST_SWAPPED)
        exit_status = CLI_EXIT_GUEST;
    enum status status = STATUS_OK;
    if (cli->json) {
        status = report_json(event);
    } else {
        if (event->answer != HOST_ACCEPTED)
            explain(cli, event);
        status = machine_print_effects(event->effects);
    }
    return status == STATUS_OK ? exit_status : cli_fail(cli, status);
}

/* Pokes by hand are the only events of some machines, so their garbage is left to nobody else. */
#define COLLECTED_BYTES_MAX ((uint64_t)256 << 20)

static void collect(const struct cli *cli, struct host *host)
{
    struct collector_record record;
    bool is_collected;
    enum status status = host_collect_due(host, COLLECTED_BYTES_MAX, &is_collected, &record);
    if (status == STATUS_OK && is_collected)
        status = host_shrink(host, false);
    if (status != STATUS_OK)
        cli_note(cli, "%s", status_message());
}

/* ---- the command ---------------------------------------------------------------------- */

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL, *cause_word = NULL, *wire_word = NULL, *branch = NULL;
    struct machine_options options = {0};
    struct profiling profiling = {.machine = NULL};
    const struct operand operands[] = {{"DIR", "the machine", &directory, false},
                                       {"CAUSE", "a noun in text, or @FILE for a jam", &cause_word, false}};
    const struct option table[] = {
        {"--wire", "NOUN", "where the cause comes from; [%poke %sys 1 ~] if not given", OPTION_TEXT, &wire_word},
        {"--branch", "NAME", "on this branch; the main line and the log stay as they are", OPTION_TEXT, &branch},
        PROFILE_OPTION(profiling),
        MACHINE_OPTIONS(options),
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    struct machine machine;
    int leave = machine_parse(&machine, &options, cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    if (branch != NULL)
        return branch_poke(&machine, directory, branch, wire_word, cause_word);
    struct host *host;
    noun wire, cause;
    struct host_event event;
    enum status status = host_open(directory, NULL, &machine.options, &host);
    if (status != STATUS_OK)
        return cli_fail(cli, status);
    status = build(host_stack(host), wire_word, cause_word, &wire, &cause);
    if (status == STATUS_OK)
        status = profiling_begin(&profiling, host_machine(host));
    if (status == STATUS_OK)
        status = poke(cli, host, wire, cause, &event);
    if (status == STATUS_OK)
        status = profiling_end(&profiling, cli);
    leave = status == STATUS_OK ? finish(cli, &event) : cli_fail(cli, status);
    if (status == STATUS_OK)
        collect(cli, host);
    host_close(host);
    return leave;
}

const struct command command_poke = {
    .name = "poke",
    .summary = "poke a machine once",
    .explained = "Pokes the machine with CAUSE, waits until the event is durable, and prints its effects, one a\n"
                 "line.  The effects are not carried out: `loam run` does that.  If the cause crashes the kernel,\n"
                 "the notice of the crash is the event, and the exit status is 1.",
    .run = run,
};
