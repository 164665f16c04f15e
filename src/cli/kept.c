/* loam snapshot, loam branch: states kept under a name, inside the arena. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "recovery/recovery.h"

struct kept {
    struct cli *cli;
    bool is_branch;
    const char *directory, *name, *from;
    bool drop, seal, moves_epoch;
    struct machine machine;
};

static const char *kind_name(bool is_branch)
{
    return is_branch ? "branch" : "snapshot";
}

/* ---- listing ---------------------------------------------------------------------- */

static void json_members(struct json *json, const struct recovery_kept *kept)
{
    json_string(json, "name", kept->name);
    json_number(json, "event", kept->event);
    json_number(json, "origin_event", kept->origin_event);
    json_hex64(json, "state_hash", kept->state_hash);
    json_number(json, "wall_ms", kept->wall_ms);
    json_digest(json, "kernel_hash", kept->kernel_hash, sizeof kept->kernel_hash);
}

static void print_kept(const struct recovery_kept *kept)
{
    printf("%-24s  event %8" PRIu64, kept->name, kept->event);
    if (kept->is_branch)
        printf(" (%" PRIu64 " of its own)", kept->event - kept->origin_event);
    printf("  state %016" PRIx64 "  %s\n", kept->state_hash, cli_date_text(kept->wall_ms));
}

static enum status print_list(const struct kept *command, const struct recovery_kept *list, size_t count)
{
    struct json json, item;
    if (command->cli->json) {
        json_begin(&json);
        json_array(&json, command->is_branch ? "branches" : "snapshots");
    }
    for (size_t i = 0; i < count; i++) {
        if (list[i].is_branch != command->is_branch)
            continue;
        if (!command->cli->json) {
            print_kept(&list[i]);
            continue;
        }
        json_item(&json, &item);
        json_members(&item, &list[i]);
        json_item_end(&item);
    }
    if (command->cli->json)
        json_array_end(&json);
    enum status status = STATUS_OK;
    if (!command->is_branch)
        status = sealed_print(command->directory, command->cli->json ? &json : NULL);
    if (command->cli->json)
        json_end(&json);
    return status;
}

static enum status list_all(struct kept *command)
{
    struct node *node;
    struct recovery_kept *list = NULL;
    size_t count;
    const struct recovery_options options = machine_recovery_options(&command->machine);
    STATUS_TRY(recovery_open_view(command->directory, &options, &node));
    enum status status = node_kept_list(node, &list, &count);
    if (status == STATUS_OK)
        status = print_list(command, list, count);
    free(list);
    recovery_close(node);
    return status;
}

/* ---- making and dropping ------------------------------------------------------------ */

/* The words of the operation. */
enum { WORD_FORM, WORD_VERB, WORD_KIND, WORD_NAME, WORD_FROM };

static enum status change(struct operating *operating, bool is_branch, bool drop, struct recovery_kept *kept)
{
    struct node *node = operating->node;
    const char *name = operating->words[WORD_NAME];
    if (drop) {
        STATUS_TRY(node_kept_find(node, name, kept));
        STATUS_TRY(node_kept_drop(node, name, is_branch));
    } else {
        STATUS_TRY(node_keep(node, name, is_branch, operating->words[WORD_FROM]));
        STATUS_TRY(node_kept_find(node, name, kept));
    }
    return operating->settle(operating->settle_context);
}

static void report(struct operating *operating, const struct recovery_kept *kept, bool is_branch, bool drop)
{
    struct json json;
    if (strcmp(operating->words[WORD_FORM], "json") == 0) {
        json_begin_to(&json, operating->out);
        json_boolean(&json, "dropped", drop);
        json_members(&json, kept);
        json_end(&json);
    } else if (drop) {
        fprintf(operating->err, "dropped the %s %s\n", kind_name(is_branch), kept->name);
    } else {
        fprintf(operating->err, "%s %s: event %" PRIu64 ", state %016" PRIx64 "\n", kind_name(is_branch), kept->name,
                kept->event, kept->state_hash);
    }
}

/* keep json|text keep|drop branch|snapshot NAME [FROM] */
static enum status run_keep(struct operating *operating)
{
    struct recovery_kept kept;
    bool drop = strcmp(operating->words[WORD_VERB], "drop") == 0;
    bool is_branch = strcmp(operating->words[WORD_KIND], "branch") == 0;
    STATUS_TRY(change(operating, is_branch, drop, &kept));
    report(operating, &kept, is_branch, drop);
    return STATUS_OK;
}

const struct operation operation_keep = {
    .command = {.name = "keep", .context = (void *)&operation_keep, .run = operation_answer},
    .words_min = 4,
    .run = run_keep,
};

static int open_and_change(struct kept *kept)
{
    const char *const words[] = {kept->cli->json ? "json" : "text", kept->drop ? "drop" : "keep",
                                 kind_name(kept->is_branch), kept->name, kept->from};
    return operation_do(&kept->machine, kept->directory, &operation_keep, words, kept->from != NULL ? 5 : 4);
}

/* ---- the commands --------------------------------------------------------------------- */

static int go(struct kept *kept, const struct command *command)
{
    if (kept->name == NULL && (kept->drop || kept->from != NULL))
        return cli_usage(kept->cli, command, "which %s? loam %s %s NAME", command->name, command->name,
                         kept->directory);
    if (kept->drop && kept->from != NULL)
        return cli_usage(kept->cli, command, "--drop and --from do not go together");
    if ((kept->seal && kept->name != NULL) || (kept->moves_epoch && !kept->seal))
        return cli_usage(kept->cli, command, "--seal takes no name, and --epoch goes with --seal");
    if (kept->seal)
        return seal_snapshot(&kept->machine, kept->directory, kept->moves_epoch);
    if (kept->name != NULL)
        return open_and_change(kept);
    enum status status = list_all(kept);
    return status == STATUS_OK ? CLI_EXIT_OK : cli_fail(kept->cli, status);
}

static int run_snapshot(struct cli *cli, const struct command *command, int count, char **words)
{
    struct kept kept = {.cli = cli};
    const struct operand operands[] = {{"DIR", "the machine", &kept.directory, false},
                                       {"NAME", "the snapshot; without it, all are listed", &kept.name, true}};
    const struct option table[] = {
        {"--drop", NULL, "drop it: what only it keeps is garbage then", OPTION_FLAG, &kept.drop},
        {"--seal", NULL, "a sealed one, in files beside the arena, from which a lost arena comes back", OPTION_FLAG,
         &kept.seal},
        {"--epoch", NULL, "and drop the oldest, so that the log may be pruned further", OPTION_FLAG, &kept.moves_epoch},
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    int leave = machine_parse(&kept.machine, NULL, cli, command, &arguments, count, words);
    return leave >= 0 ? leave : go(&kept, command);
}

static int run_branch(struct cli *cli, const struct command *command, int count, char **words)
{
    struct kept kept = {.cli = cli, .is_branch = true};
    const struct operand operands[] = {{"DIR", "the machine", &kept.directory, false},
                                       {"NAME", "the branch; without it, all are listed", &kept.name, true}};
    const struct option table[] = {
        {"--from", "NAME", "from this snapshot or branch, not from the main line", OPTION_TEXT, &kept.from},
        {"--drop", NULL, "drop it, with the events that only it has seen", OPTION_FLAG, &kept.drop},
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    int leave = machine_parse(&kept.machine, NULL, cli, command, &arguments, count, words);
    return leave >= 0 ? leave : go(&kept, command);
}

const struct command command_snapshot = {
    .name = "snapshot",
    .summary = "keep the state under a name",
    .explained = "Keeps the state as it is now under NAME, inside the arena: at once, without a copy, whatever\n"
                 "its size.  `loam peek DIR PATH --at NAME` looks at it, `loam branch DIR B --from NAME` goes on\n"
                 "from it.  It is lost if the arena has to be made again from the log.\n"
                 "\n"
                 "With --seal the state goes, with what is kept in the arena, into files in DIR/snapshots, each\n"
                 "checked by BLAKE3 and shared between snapshots, so that only what is new is written.  A start\n"
                 "uses the newest one that is whole if the arena is lost.  `loam run --replay-budget` does so by\n"
                 "itself.  The newest two and the oldest, the epoch, are kept.",
    .run = run_snapshot,
};

const struct command command_branch = {
    .name = "branch",
    .summary = "begin a branch of the state, to try things on",
    .explained = "Begins a branch of the state: `loam poke DIR CAUSE --branch NAME` runs events on it, and the\n"
                 "main line does not notice.  A branch's own events are in no log; it lives in the arena, and\n"
                 "is lost if that has to be made again from the log.",
    .run = run_branch,
};
