/* Messages and exit statuses. */
#include <stdarg.h>
#include <stdio.h>

#include "cli/cli.h"

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

static char *next_buffer(void)
{
    static _Thread_local char buffers[4][32];
    static _Thread_local unsigned next;
    return buffers[next++ % 4];
}

const char *cli_bytes_text(uint64_t size_bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    char *text = next_buffer();
    double value = (double)size_bytes;
    unsigned unit = 0;
    while (value >= 1024 && unit + 1 < COUNT_OF(units)) {
        value /= 1024;
        unit++;
    }
    snprintf(text, 32, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return text;
}

const char *cli_duration_text(uint64_t duration_ns)
{
    char *text = next_buffer();
    double seconds = (double)duration_ns / 1e9;
    if (seconds < 1e-3)
        snprintf(text, 32, "%.0f us", seconds * 1e6);
    else if (seconds < 1)
        snprintf(text, 32, "%.1f ms", seconds * 1e3);
    else if (seconds < 60)
        snprintf(text, 32, "%.1f s", seconds);
    else
        snprintf(text, 32, "%u min %02u s", (unsigned)(seconds / 60), (unsigned)seconds % 60);
    return text;
}
