/* Messages and exit statuses. */
#include <stdarg.h>
#include <stdio.h>

#include "command/command.h"

int cli_exit_of_status(enum status status)
{
    static const int exits[STATUS_COUNT] = {
        [STATUS_OK] = CLI_EXIT_OK,
        [STATUS_INVALID] = CLI_EXIT_INVALID,
        [STATUS_NOT_FOUND] = CLI_EXIT_NOT_FOUND,
        [STATUS_EXISTS] = CLI_EXIT_EXISTS,
        [STATUS_BUSY] = CLI_EXIT_BUSY,
        [STATUS_PERMISSION] = CLI_EXIT_PERMISSION,
        [STATUS_NO_SPACE] = CLI_EXIT_NO_SPACE,
        [STATUS_NO_MEMORY] = CLI_EXIT_NO_MEMORY,
        [STATUS_LIMIT] = CLI_EXIT_NO_MEMORY,
        [STATUS_IO] = CLI_EXIT_IO,
        [STATUS_CORRUPT] = CLI_EXIT_CORRUPT,
        [STATUS_FORMAT] = CLI_EXIT_FORMAT,
        [STATUS_DIVERGED] = CLI_EXIT_DIVERGED,
        [STATUS_INTERRUPTED] = CLI_EXIT_SIGNAL + 2,
        [STATUS_CRASHED] = CLI_EXIT_GUEST,
    };
    return exits[status];
}

static void say(const struct cli *cli, const char *format, va_list arguments)
{
    flockfile(stderr);
    fprintf(stderr, "loam %s: ", cli->command);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    funlockfile(stderr);
}

void cli_error(const struct cli *cli, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(cli, format, arguments);
    va_end(arguments);
}

void cli_note(const struct cli *cli, const char *format, ...)
{
    if (cli->quiet)
        return;
    va_list arguments;
    va_start(arguments, format);
    say(cli, format, arguments);
    va_end(arguments);
}

int cli_usage(const struct cli *cli, const struct command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(cli, format, arguments);
    va_end(arguments);
    fprintf(stderr, "`loam %s --help` shows what it takes.\n", command->name);
    return CLI_EXIT_USAGE;
}

int cli_fail(const struct cli *cli, enum status status)
{
    cli_error(cli, "%s", status_message());
    return cli_exit_of_status(status);
}
