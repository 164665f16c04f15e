/* loam export: the state as a file. */
#include <string.h>

#include "cli/cli.h"
#include "recovery/recovery.h"

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

/* ---- as a jam, through a host ------------------------------------------------------------ */

static enum status write_state(const struct cli *cli, struct host *host, const char *file, bool as_reference)
{
    struct ticker *ticker;
    STATUS_TRY(ticker_start(cli, "exporting", NULL, 0, &ticker));
    enum status status = host_export(host, file, as_reference);
    ticker_stop(ticker);
    return status;
}

/* A jam has no checksums of its own, and what was mapped is read without a look at it before. */
static enum status check_state(const char *directory)
{
    const struct recovery_verify_options options = {.is_beside = true, .is_arena_only = true};
    const struct recovery_listener nobody = {0};
    struct recovery_report report;
    enum status status = recovery_verify_with(directory, &options, &nobody, &report);
    return status == STATUS_OK ? status : status_add_context(status, "the state is not exported");
}

static int export_jam(struct machine *machine, const char *directory, const char *file, const char *at,
                      bool as_reference)
{
    const struct cli *cli = machine->cli;
    struct host *host;
    struct host_status facts;
    enum status status = host_open_view(directory, &machine->options, &host);
    if (status != STATUS_OK)
        return cli_fail(cli, status);
    if (at != NULL)
        status = host_view_at(host, at);
    if (status == STATUS_OK)
        status = check_state(directory);
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

/* ---- as a stream of pieces ----------------------------------------------------------------- */

static bool show(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    struct machine *machine = context;
    progress_update(&machine->progress, done_bytes, total_bytes);
    return true;
}

static enum status export_view(struct machine *machine, struct node *view, const char *file, bool resume,
                               struct snapshot_export_report *report)
{
    struct recovery_pinned pinned;
    const struct snapshot_listener listener = {.context = machine, .progress = show};
    STATUS_TRY(node_pin(view, &pinned));
    progress_begin(&machine->progress, machine->cli, "exporting bytes");
    enum status status = node_export(&pinned, file, resume, &listener, report);
    progress_end(&machine->progress);
    node_unpin(&pinned);
    return status;
}

static void report_pieces(const struct cli *cli, const char *file, const struct snapshot_export_report *report,
                          const uint8_t *kernel_hash)
{
    struct json json;
    if (!cli->json) {
        cli_note(cli, "wrote %s: the state of event %" PRIu64 ", hash %016" PRIx64 ", %s", file, report->event,
                 report->state_hash, cli_bytes_text(report->file_bytes));
        if (report->kept_bytes > 0)
            cli_note(cli, "%s of it were there from before", cli_bytes_text(report->kept_bytes));
        return;
    }
    json_begin(&json);
    json_string(&json, "file", file);
    json_number(&json, "event", report->event);
    json_hex64(&json, "state_hash", report->state_hash);
    json_digest(&json, "kernel_hash", kernel_hash, HASH_BLAKE3_SIZE_BYTES);
    json_number(&json, "file_bytes", report->file_bytes);
    json_number(&json, "written_bytes", report->written_bytes);
    json_number(&json, "kept_bytes", report->kept_bytes);
    json_end(&json);
}

static int export_pieces(struct machine *machine, const char *directory, const char *file, bool resume)
{
    struct node *view;
    struct snapshot_export_report report;
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];
    const struct recovery_options options = machine_recovery_options(machine);
    enum status status = recovery_open_view(directory, &options, &view);
    if (status != STATUS_OK)
        return cli_fail(machine->cli, status);
    memcpy(kernel_hash, view->kernel_hash, sizeof kernel_hash);
    status = export_view(machine, view, file, resume, &report);
    recovery_close(view);
    if (status != STATUS_OK)
        return cli_fail(machine->cli, status);
    report_pieces(machine->cli, file, &report, kernel_hash);
    return CLI_EXIT_OK;
}

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL, *file = NULL, *at = NULL;
    bool as_reference = false, as_jam = false, resume = false;
    const struct operand operands[] = {{"DIR", "the machine", &directory, false},
                                       {"FILE", "the file to write; an old one is replaced", &file, false}};
    const struct option table[] = {
        {"--at", "NAME", "the state of this snapshot or branch", OPTION_TEXT, &at},
        {"--jam", NULL, "as one jam, for which the whole state has to be gone through in memory", OPTION_FLAG, &as_jam},
        {"--reference", NULL, "in the reference's format (EXPJAM), which has no checksum", OPTION_FLAG, &as_reference},
        {"--resume", NULL, "go on with what an export that was ended has left in FILE.partial", OPTION_FLAG, &resume},
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    struct machine machine;
    int leave = machine_parse(&machine, NULL, cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    enum status status = output_check(file, false);
    if (status != STATUS_OK)
        return cli_fail(cli, status);
    bool is_jam = as_jam || as_reference || at != NULL;
    if (is_jam && resume)
        return cli_usage(cli, command, "a jam cannot be resumed: --resume goes without --jam, --reference and --at");
    if (is_jam)
        return export_jam(&machine, directory, file, at, as_reference);
    return export_pieces(&machine, directory, file, resume);
}

const struct command command_export = {
    .name = "export",
    .summary = "write the state to a file",
    .explained = "Writes the newest durable state to FILE, in pieces, each with a checksum; also while a process\n"
                 "runs the machine, which does not notice.  `loam import` makes a machine from it.  With --jam,\n"
                 "--reference or --at the state is one jam, without its kernel.",
    .run = run,
};
