/* loam gc: collects the arena. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* ---- --gc ------------------------------------------------------------------------------ */

bool gc_mode_read(const char *text, struct host_gc_options *options)
{
    options->mode = HOST_GC_AUTO;
    if (text == NULL || strcmp(text, "auto") == 0)
        return true;
    options->mode = HOST_GC_OFF;
    if (strcmp(text, "off") == 0)
        return true;
    options->mode = HOST_GC_INTERVAL;
    return duration_read(text, &options->interval_ms);
}

/* ---- told by the running process ---------------------------------------------------------- */

static void print_record(FILE *to, const struct collector_record *record, bool as_json)
{
    char text[256];
    struct json json;
    if (as_json) {
        json_begin_to(&json, to);
        gc_record_json(&json, record);
        json_end(&json);
        return;
    }
    gc_record_text(record, text, sizeof text);
    fprintf(to, "%s\n", text);
}

static void on_collected(void *context, struct host *host, enum status status, const struct collector_record *record)
{
    (void)host;
    struct host_call *call = context;
    const char *form = host_call_word(call, 2);
    if (status == STATUS_OK)
        print_record(host_call_out(call), record, form != NULL && strcmp(form, "json") == 0);
    host_call_end(call, status);
}

static void abandon(void *context, struct host_call *call)
{
    host_gc_forget(context, call);
    host_call_end(call, status_fail(STATUS_INTERRUPTED, "the machine stopped before the collection was over"));
}

/* gc full|young text|json */
static void answer(void *context, struct host *host, struct host_call *call)
{
    (void)context;
    const char *kind = host_call_word(call, 1);
    enum status status = host_gc_request(host, kind != NULL && strcmp(kind, "full") == 0, on_collected, call);
    if (status == STATUS_OK)
        host_call_keep(call, abandon, host);
    else
        host_call_end(call, status);
}

const struct host_command control_gc = {.name = "gc", .run = answer};

/* ---- the command --------------------------------------------------------------------------- */

static enum status collect_here(const struct cli *cli, const char *directory, bool is_full,
                                const struct host_options *options)
{
    struct host *host;
    struct collector_record record;
    STATUS_TRY(host_open(directory, NULL, options, &host));
    enum status status = host_collect(host, is_full, &record);
    if (status == STATUS_OK)
        status = host_shrink(host, true);
    host_close(host);
    if (status == STATUS_OK)
        print_record(stdout, &record, cli->json);
    return status;
}

static enum status collect(const struct cli *cli, const char *directory, bool is_full,
                           const struct host_options *options)
{
    const char *const words[] = {"gc", is_full ? "full" : "young", cli->json ? "json" : "text"};
    enum machine_place place;
    STATUS_TRY(machine_ask(directory, words, COUNT_OF(words), NULL, NULL, &place));
    return place == MACHINE_ELSEWHERE ? STATUS_OK : collect_here(cli, directory, is_full, options);
}

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL;
    bool is_full = false;
    const struct operand operands[] = {{"DIR", "the machine", &directory, false}};
    const struct option table[] = {
        {"--full", NULL, "everything, not only what is new since the last collection", OPTION_FLAG, &is_full},
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    struct machine machine;
    int leave = machine_parse(&machine, NULL, cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    machine.options.listener.collected = NULL; /* it is printed */
    enum status status = collect(cli, directory, is_full, &machine.options);
    return status == STATUS_OK ? CLI_EXIT_OK : cli_fail(cli, status);
}

const struct command command_gc = {
    .name = "gc",
    .summary = "free what nothing in the arena reaches",
    .explained = "Copies what is reached above what the last collection left, or with --full all of it, and\n"
                 "frees the rest; also while a process runs the machine, which goes on meanwhile.  Needs room\n"
                 "for the copies, and refuses before it begins if the disk has not got it.  A process killed\n"
                 "in the middle of it has lost nothing.",
    .run = run,
};
