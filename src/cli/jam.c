/* loam jam: text in, jam out. */
#include "cli/cli.h"

struct jam {
    const char *word, *output;
};

static enum status do_jam(struct engine *engine, void *context)
{
    const struct jam *jam = context;
    noun n;
    STATUS_TRY(noun_from_word_or_stdin(engine->stack, "NOUN", jam->word, &n));
    return jam_write(n, jam->output);
}

static int run_jam(struct cli *cli, const struct command *command, int count, char **words)
{
    struct jam jam = {0};
    const struct operand operands[] = {{"NOUN", "in text, or @FILE; standard input if not given", &jam.word, true}};
    const struct option table[] = {{"--output", "FILE", "write there", OPTION_TEXT, &jam.output}};
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    int leave = arguments_parse(cli, command, &arguments, count, words);
    return leave >= 0 ? leave : engine_run(cli, false, do_jam, &jam);
}

const struct command command_jam = {
    .name = "jam",
    .summary = "text in, jam out",
    .explained = "Reads a noun in text and writes its jam.",
    .run = run_jam,
};
