/* The program `loam`: finds the command and runs it. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "os/os.h"

static const struct command *const commands[] = {
    /* a machine */
    &command_new,
    &command_run,
    &command_stop,
    &command_poke,
    &command_peek,
    &command_export,
    &command_import,
    &command_hoonc,
    &command_snapshot,
    &command_branch,
    &command_gc,
    /* looking at it */
    &command_status,
    &command_verify,
    &command_doctor,
    /* its history */
    &command_log,
    &command_prune,
    &command_archive,
    &command_replay,
    &command_bisect,
    /* nouns */
    &command_nock,
    &command_jam,
    &command_cue,
    &command_mug,
    &command_show,
    &command_asm,
};

static void print_help(FILE *to)
{
    fputs("loam: a durable runtime for Nock\n\nusage: loam COMMAND ...\n\n", to);
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        fprintf(to, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`loam COMMAND --help` explains a command.\n"
          "\n"
          "A NOUN, CAUSE or PATH is text, such as 5, 0x1f, 'cord', %term, [1 2 3], /a/path or ~, or\n"
          "@FILE for the jam in a file (@FILE.loam: for the program in that source).\n"
          "\n"
          "Exit statuses:\n"
          "   0  all is well                     71  not enough memory, or over a limit\n"
          "   1  the guest failed or refused     72  the disk is full\n"
          "   1 to 63  the kernel's own code     73  something is in the way\n"
          "  64  the command line is wrong       74  reading or writing failed\n"
          "  65  an input is malformed           75  another process has the machine\n"
          "  66  a file is not there             76  stored bytes are damaged\n"
          "  70  a mistake of loam's own         77  not permitted\n"
          "                                      78  another format's or program's\n"
          "  128 and a signal's number           79  a replay diverged from the log\n",
          to);
}

/* What is mapped is read without a look at it before. */
static const char fault_text[] =
    "\nloam: memory could not be read: a file of the machine was cut, is damaged or cannot be read from its device,\n"
    "loam: or this is a mistake of loam's own.  What was accepted is in the log.  `loam verify DIR` tells which it "
    "is,\n"
    "loam: and `loam doctor DIR` what a repair would do; please report it if both find nothing.\n";

/* Asked of the thread that could not read there: is it the arena's part of its
 * nouns?  Nobody writes there, so what led there was read from the file. */
static bool is_stored(const void *address)
{
    return noun_base != NULL && (uint64_t)((const uint8_t *)address - noun_base) < NOUN_PERSISTENT_BYTES;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

int main(int count, char **words)
{
    struct cli cli = {.command = "", .started_ns = os_clock_ns()};
    if (count < 2) {
        print_help(stderr);
        return CLI_EXIT_USAGE;
    }
    if (strcmp(words[1], "--help") == 0 || strcmp(words[1], "help") == 0) {
        print_help(stdout);
        return CLI_EXIT_OK;
    }
    if (strcmp(words[1], "--version") == 0) {
        puts("loam " LOAM_VERSION);
        return CLI_EXIT_OK;
    }
    const struct command *command = find(words[1]);
    if (command == NULL) {
        fprintf(stderr, "loam: there is no command \"%s\"; `loam --help` lists them\n", words[1]);
        return CLI_EXIT_USAGE;
    }
    cli.command = command->name;
    os_signal_ignore_file_limit();
    os_signal_explain_faults(fault_text, is_stored, CLI_EXIT_CORRUPT);
    int exit_status = command->run(&cli, command, count - 2, words + 2);
    bool is_written = fflush(stdout) == 0 && !ferror(stdout); /* or it has failed before */
    if (!is_written && exit_status == CLI_EXIT_OK) {
        fprintf(stderr, "loam %s: cannot write to standard output\n", command->name);
        return CLI_EXIT_IO;
    }
    return exit_status;
}
