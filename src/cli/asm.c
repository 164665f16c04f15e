/* loam asm: Nock from source. */
#include "cli/cli.h"

struct assembly {
    const char *file, *output;
    bool as_text;
};

static enum status do_asm(struct engine *engine, void *context)
{
    const struct assembly *assembly = context;
    noun program;
    STATUS_TRY(source_assemble(engine->stack, assembly->file, &program));
    return assembly->as_text ? noun_print_line(program) : jam_write(program, assembly->output);
}

static int run_asm(struct cli *cli, const struct command *command, int count, char **words)
{
    struct assembly assembly = {0};
    const struct operand operands[] = {{"FILE", "the source; standard input if not given", &assembly.file, true}};
    const struct option table[] = {
        {"--output", "FILE", "write there", OPTION_TEXT, &assembly.output},
        {"--text", NULL, "print the noun as text instead of its jam", OPTION_FLAG, &assembly.as_text},
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    int leave = arguments_parse(cli, command, &arguments, count, words);
    return leave >= 0 ? leave : engine_run(cli, false, do_asm, &assembly);
}

const struct command command_asm = {
    .name = "asm",
    .summary = "assemble Nock from source",
    .explained = "Assembles a program (docs/assembler.md) and writes the jam of its noun.",
    .run = run_asm,
};
