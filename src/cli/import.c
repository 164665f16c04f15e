/* loam import: a machine from an exported state. */
#include "cli/cli.h"

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL, *file = NULL, *kernel = NULL;
    struct machine_options options = {0};
    const struct operand operands[] = {
        {"DIR", "the machine's directory: new, or empty", &directory, false},
        {"FILE", "the state: of `loam export`, or a reference's .state.jam or .chkjam", &file, false},
    };
    const struct option table[] = {
        {"--kernel", "FILE",
         "the kernel that takes it: a jam, or source if the name ends in .loam; without it the "
         "one that is in the state",
         OPTION_TEXT, &kernel},
        MACHINE_OPTIONS(options),
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    struct machine machine;
    int leave = machine_parse(&machine, &options, cli, command, &arguments, count, words);
    return leave >= 0 ? leave : machine_make(&machine, directory, kernel, file);
}

const struct command command_import = {
    .name = "import",
    .summary = "make a machine from an exported state",
    .explained = "Makes DIR a machine whose kernel has loaded the state in FILE; it stands at the event at which\n"
                 "the state was exported.  Every byte of the file is checked.  A state of `loam export` goes into\n"
                 "the new arena piece by piece, whatever its size, and has its kernel in it; one that is a jam needs\n"
                 "--kernel, and memory for all of it.",
    .run = run,
};
