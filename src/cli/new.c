/* loam new: a machine from a kernel. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "os/os.h"

static void report(const struct cli *cli, const char *directory, const struct host_status *status)
{
    if (!cli->json) {
        cli_note(cli, "made %s at event %" PRIu64 ", state %016" PRIx64, directory, status->event, status->state_hash);
        return;
    }
    struct json json;
    json_begin(&json);
    json_string(&json, "directory", directory);
    json_number(&json, "event", status->event);
    json_hex64(&json, "state_hash", status->state_hash);
    json_digest(&json, "kernel_hash", status->kernel_hash, sizeof status->kernel_hash);
    json_end(&json);
}

static enum status create(struct machine *machine, const char *directory, const struct host_kernel *kernel,
                          const char *state_path, struct host **host)
{
    struct ticker *ticker;
    STATUS_TRY(ticker_start(machine->cli, state_path != NULL ? "importing" : "booting", NULL, 0, &ticker));
    enum status status = host_create(directory, kernel, state_path, &machine->options, host);
    ticker_stop(ticker);
    return status;
}

int machine_make(struct machine *machine, const char *directory, const char *kernel_path, const char *state_path)
{
    os_heap_prepare();
    const struct cli *cli = machine->cli;
    struct host_kernel kernel = {0};
    struct host *host;
    struct host_status facts;
    enum status status = STATUS_OK;
    if (kernel_path != NULL)
        status = jam_from_file(kernel_path, (uint8_t **)&kernel.bytes, &kernel.size_bytes);
    if (status != STATUS_OK)
        return cli_fail(cli, status);
    status = create(machine, directory, &kernel, state_path, &host);
    free((void *)kernel.bytes);
    if (status != STATUS_OK)
        return cli_fail(cli, status);
    status = host_status_read(host, &facts);
    host_close(host);
    if (status != STATUS_OK)
        return cli_fail(cli, status);
    report(cli, directory, &facts);
    return CLI_EXIT_OK;
}

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL, *kernel = NULL, *state = NULL;
    struct machine_options options = {0};
    const struct operand operands[] = {{"DIR", "the machine's directory: new, or empty", &directory, false}};
    const struct option table[] = {
        {"--kernel", "FILE", "the kernel's jam, or its source if the name ends in .loam", OPTION_TEXT, &kernel},
        {"--state", "FILE", "begin with this exported state", OPTION_TEXT, &state},
        MACHINE_OPTIONS(options),
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    struct machine machine;
    int leave = machine_parse(&machine, &options, cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    if (kernel == NULL)
        return cli_usage(cli, command, "which kernel? loam new %s --kernel FILE", directory);
    return machine_make(&machine, directory, kernel, state);
}

const struct command command_new = {
    .name = "new",
    .summary = "make a machine from a kernel",
    .explained = "Makes DIR a machine: boots the kernel and makes its first state durable.  If that fails,\n"
                 "DIR is as it was before.",
    .run = run,
};
