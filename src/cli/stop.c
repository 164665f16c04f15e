/* loam stop: ends the process that runs a machine. */
#include "cli/cli.h"

#define PATIENCE_S_DEFAULT 10

static enum status stop(const struct cli *cli, const char *directory, uint64_t patience_s)
{
    bool is_running, is_served;
    STATUS_TRY(host_is_running(directory, &is_running));
    if (!is_running) {
        cli_note(cli, "no process runs %s", directory);
        return STATUS_OK;
    }
    enum status status = host_stop_other(directory, patience_s * 1000, &is_served);
    if (!is_served)
        return status_fail(STATUS_BUSY,
                           "a process has %s but does not listen: it is not `loam run`, or only starting; try again "
                           "when it is done",
                           directory);
    return status;
}

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL;
    uint64_t patience_s = PATIENCE_S_DEFAULT;
    const struct operand operands[] = {{"DIR", "the machine", &directory, false}};
    const struct option table[] = {
        {"--timeout", "SECONDS", "how long to wait for its end (10)", OPTION_NUMBER, &patience_s},
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    int leave = arguments_parse(cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    enum status status = stop(cli, directory, patience_s);
    return status == STATUS_OK ? CLI_EXIT_OK : cli_fail(cli, status);
}

const struct command command_stop = {
    .name = "stop",
    .summary = "end the process that runs a machine",
    .explained = "Tells the process that runs the machine to stop, as a signal would, and waits until it is gone.\n"
                 "What was accepted is durable.  If no process runs it there is nothing to do.",
    .run = run,
};
