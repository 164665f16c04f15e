/* loam status: what a machine is and how it is. */
#include <stdio.h>

#include "cli/cli.h"

static void print_json(const char *directory, const struct host_status *facts, bool is_running)
{
    struct json json;
    json_begin(&json);
    json_string(&json, "directory", directory);
    json_boolean(&json, "running", is_running);
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
    json_end(&json);
}

static void print_text(const char *directory, const struct host_status *facts, bool is_running)
{
    printf("machine     %s (%s)\n", directory, is_running ? "a process runs it" : "stopped");
    uint64_t behind = facts->log_base + facts->log_rows - facts->event;
    printf("event       %" PRIu64, facts->event);
    if (behind > 0 && !is_running)
        printf(" (%" PRIu64 " more in the log: the state is behind, a start replays them)", behind);
    putchar('\n');
    printf("state       %016" PRIx64 " (mug 0x%08" PRIx64 ")\n", facts->state_hash,
           facts->state_hash & NOUN_META_MUG_MASK);
    printf("kernel      ");
    for (size_t i = 0; i < sizeof facts->kernel_hash; i++)
        printf("%02x", facts->kernel_hash[i]);
    printf("\nlog         %" PRIu64 " events after %" PRIu64 ", %s\n", facts->log_rows, facts->log_base,
           cli_bytes_text(facts->log_bytes));
    printf("arena       %s used of %s, %" PRIu64 " objects\n", cli_bytes_text(facts->arena_used_bytes),
           cli_bytes_text(facts->arena_file_bytes), facts->arena_objects);
}

static enum status read_facts(const char *directory, const struct host_options *options, struct host_status *facts,
                              bool *is_running)
{
    struct host *host;
    STATUS_TRY(host_is_running(directory, is_running));
    STATUS_TRY(host_open_view(directory, options, &host));
    enum status status = host_status_read(host, facts);
    host_close(host);
    return status;
}

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL;
    const struct operand operands[] = {{"DIR", "the machine", &directory, false}};
    const struct arguments arguments = {operands, COUNT_OF(operands), NULL, 0};
    int leave = arguments_parse(cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    struct machine machine;
    struct host_status facts;
    bool is_running;
    leave = machine_init(&machine, cli, command, &(struct machine_options){0});
    CHECK(leave < 0);
    enum status status = read_facts(directory, &machine.options, &facts, &is_running);
    if (status != STATUS_OK)
        return cli_fail(cli, status);
    if (cli->json)
        print_json(directory, &facts, is_running);
    else
        print_text(directory, &facts, is_running);
    return CLI_EXIT_OK;
}

const struct command command_status = {
    .name = "status",
    .summary = "say what a machine is and how it is",
    .explained = "Reports on the newest durable state, the log and the arena; also while a process runs the\n"
                 "machine.",
    .run = run,
};
