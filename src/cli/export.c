/* loam export: the state as a file. */
#include "cli/cli.h"

static void report(const struct cli *cli, const char *file, const struct host_status *status)
{
    if (!cli->json) {
        cli_note(cli, "wrote %s: the state of event %" PRIu64 ", hash %016" PRIx64, file, status->event,
                 status->state_hash);
        return;
    }
    struct json json;
    json_begin(&json);
    json_string(&json, "file", file);
    json_number(&json, "event", status->event);
    json_hex64(&json, "state_hash", status->state_hash);
    json_digest(&json, "kernel_hash", status->kernel_hash, sizeof status->kernel_hash);
    json_end(&json);
}

static enum status write_state(const struct cli *cli, struct host *host, const char *file, bool as_reference)
{
    struct ticker *ticker;
    STATUS_TRY(ticker_start(cli, "exporting", NULL, 0, &ticker));
    enum status status = host_export(host, file, as_reference);
    ticker_stop(ticker);
    return status;
}

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL, *file = NULL, *at = NULL;
    bool as_reference = false;
    const struct operand operands[] = {{"DIR", "the machine", &directory, false},
                                       {"FILE", "the file to write; an old one is replaced", &file, false}};
    const struct option table[] = {
        {"--at", "NAME", "the state of this snapshot or branch", OPTION_TEXT, &at},
        {"--reference", NULL, "in the reference's format (EXPJAM), which has no checksum", OPTION_FLAG, &as_reference},
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    int leave = arguments_parse(cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    struct machine machine;
    struct host *host;
    struct host_status facts;
    leave = machine_init(&machine, cli, command, &(struct machine_options){0});
    CHECK(leave < 0);
    enum status status = host_open_view(directory, &machine.options, &host);
    if (status != STATUS_OK)
        return cli_fail(cli, status);
    if (at != NULL)
        status = host_view_at(host, at);
    if (status == STATUS_OK)
        status = write_state(cli, host, file, as_reference);
    if (status == STATUS_OK)
        status = host_status_read(host, &facts);
    host_close(host);
    if (status != STATUS_OK)
        return cli_fail(cli, status);
    report(cli, file, &facts);
    return CLI_EXIT_OK;
}

const struct command command_export = {
    .name = "export",
    .summary = "write the state to a file",
    .explained = "Writes the newest durable state to FILE, with a checksum; also while a process runs the\n"
                 "machine.  `loam import` makes a machine from it.",
    .run = run,
};
