/* loam show: a noun, or a part of it, as text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "codec/codec.h"

struct show {
    const char *word, *style;
    uint64_t axis, limit;
    bool tapes, group;
    struct codec_text_options options;
};

static enum status do_show(struct engine *engine, void *context)
{
    const struct show *show = context;
    noun n;
    char *text;
    size_t size_bytes;
    STATUS_TRY(noun_from_word_or_stdin(engine->stack, "NOUN", show->word, &n));
    n = noun_at(n, show->axis);
    if (n == NOUN_NONE)
        return status_fail(STATUS_NOT_FOUND, "the noun has nothing at axis %" PRIu64, show->axis);
    STATUS_TRY(codec_print(n, &show->options, &text, &size_bytes));
    puts(text);
    free(text);
    return STATUS_OK;
}

static bool style_read(const char *text, enum codec_text_style *style)
{
    static const char *const names[] = {"readable", "decimal", "hex"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i], text) == 0)
            *style = (enum codec_text_style)i;
    return strcmp(names[*style], text) == 0;
}

static int run_show(struct cli *cli, const struct command *command, int count, char **words)
{
    struct show show = {.style = "readable", .axis = 1};
    const struct operand operands[] = {{"NOUN", "in text, or @FILE; standard input if not given", &show.word, true}};
    const struct option table[] = {
        {"--axis", "N", "only the part at this axis", OPTION_NUMBER, &show.axis},
        {"--style", "STYLE", "readable (the default), decimal or hex", OPTION_TEXT, &show.style},
        {"--tapes", NULL, "show lists of printable bytes as \"text\"", OPTION_FLAG, &show.tapes},
        {"--group", NULL, "group digits: 1.000.000", OPTION_FLAG, &show.group},
        {"--limit", "BYTES", "cut the text after so many bytes", OPTION_NUMBER, &show.limit},
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    int leave = arguments_parse(cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    show.options =
        (struct codec_text_options){.tapes = show.tapes, .group_digits = show.group, .limit_bytes = (size_t)show.limit};
    if (!style_read(show.style, &show.options.style))
        return cli_usage(cli, command, "--style wants readable, decimal or hex, not \"%s\"", show.style);
    return engine_run(cli, false, do_show, &show);
}

const struct command command_show = {
    .name = "show",
    .summary = "print a noun, or a part of it",
    .explained = "Prints a noun as text, in one of several styles.",
    .run = run_show,
};
