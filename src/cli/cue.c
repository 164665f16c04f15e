/* loam cue: jam in, text out. */
#include <stdio.h>

#include "cli/cli.h"

static enum status do_cue(struct engine *engine, void *context)
{
    const char *const *file = context;
    char word[4096];
    noun n;
    snprintf(word, sizeof word, "@%s", *file == NULL ? "-" : *file);
    STATUS_TRY(noun_from_word(engine->stack, "FILE", word, &n));
    return noun_print_line(n);
}

static int run_cue(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *file = NULL;
    const struct operand operands[] = {{"FILE", "holds a jam; standard input if not given", &file, true}};
    const struct arguments arguments = {operands, COUNT_OF(operands), NULL, 0};
    int leave = arguments_parse(cli, command, &arguments, count, words);
    return leave >= 0 ? leave : engine_run(cli, false, do_cue, &file);
}

const struct command command_cue = {
    .name = "cue",
    .summary = "jam in, text out",
    .explained = "Reads a jam and prints the noun in text.",
    .run = run_cue,
};
