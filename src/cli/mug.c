/* loam mug: the 31-bit hash of a noun. */
#include <stdio.h>

#include "cli/cli.h"

static enum status do_mug(struct engine *engine, void *context)
{
    const char *const *word = context;
    noun n;
    STATUS_TRY(noun_from_word_or_stdin(engine->stack, "NOUN", *word, &n));
    printf("0x%08" PRIx32 "\n", noun_mug(n));
    return STATUS_OK;
}

static int run_mug(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *word = NULL;
    const struct operand operands[] = {{"NOUN", "in text, or @FILE; standard input if not given", &word, true}};
    const struct arguments arguments = {operands, COUNT_OF(operands), NULL, 0};
    int leave = arguments_parse(cli, command, &arguments, count, words);
    return leave >= 0 ? leave : engine_run(cli, false, do_mug, &word);
}

const struct command command_mug = {
    .name = "mug",
    .summary = "the 31-bit hash of a noun",
    .explained = "Prints the mug of a noun.",
    .run = run_mug,
};
