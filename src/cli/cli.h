/* The program `loam`: its commands.
 *
 * main.c finds the command; each command lives in its own file, says what it
 * takes in a table of operands and options, and returns the process' exit
 * status.  Nothing here knows a format or an order: the floors below do.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "command/command.h"

/* A machine; looking at it; its history; nouns. */
extern const struct command command_new, command_run, command_stop, command_poke, command_peek, command_export,
    command_import, command_hoonc, command_snapshot, command_branch, command_gc;
extern const struct command command_status, command_verify, command_doctor;
extern const struct command command_log, command_prune, command_archive, command_replay, command_bisect;
extern const struct command command_nock, command_jam, command_cue, command_mug, command_show, command_asm;

/* What a running machine answers to other processes (host.h's control channel);
 * each is the counterpart of a command of the program.  For host_command_add. */
extern const struct host_command control_status, control_gc, control_uses;

extern const struct operation operation_keep, operation_branch_poke;

/* ---- making a machine (cli/new.c) ---------------------------------------------- */

/* Makes a machine and reports on it: of `loam new` and `loam import`.  Returns
 * the exit status. */
int machine_make(struct machine *machine, const char *directory, const char *kernel_path, const char *state_path);

/* ---- sealed snapshots (cli/seal.c) ------------------------------------------------- */

/* Seals one, here or in the process that runs the machine; returns the exit status. */
int seal_snapshot(struct machine *machine, const char *directory, bool moves_epoch);

/* Lines on stdout, or, if `json` is not NULL, its array "sealed". */
enum status sealed_print(const char *directory, struct json *json) MUST_USE;

/* ---- retention and archives (cli/prune.c, cli/archive.c) ------------------------- */

/* "events=N", "age=7d", "size=10G".  False if it is none of them. */
bool retention_read(const char *text, struct eventlog_retention *policy);

/* Writes the log of the machine up to event `through` (UINT64_MAX: its last). */
enum status archive_write(const struct cli *cli, const char *directory, const char *file, uint64_t through) MUST_USE;

/* The log in an archive, or that of a machine's directory. */
enum status archive_or_log_open(const char *path, struct eventlog **out) MUST_USE;

/* ---- an event on a branch (cli/branch_poke.c) ------------------------------------- */

/* `wire_word` may be NULL.  Returns the exit status. */
int branch_poke(struct machine *machine, const char *directory, const char *branch, const char *wire_word,
                const char *cause_word);

/* ---- when to collect (cli/gc.c) --------------------------------------------------- */

/* --gc=auto|off|DURATION; NULL: auto.  False if it is none of them. */
bool gc_mode_read(const char *text, struct host_gc_options *options);

/* ---- allocations (cli/allocations.c) --------------------------------------------- */

/* `loam status --allocations`: on stdout. */
enum status allocations_print(struct machine *machine, const char *directory) MUST_USE;

#endif
