/* Inside cli/: the parts of `loam hoonc`. */
#ifndef CLI_HOONC_H
#define CLI_HOONC_H

#include "cli/cli.h"

/* ---- the files (cli/hoonc_files.c) --------------------------------------------------- */

/* Is there such a directory, and are all names in it ones that the compiler
 * takes?  STATUS_INVALID names the first that is not. */
enum status hoonc_check_directory(const char *directory) MUST_USE;

/* The list of [path contents] of every file that the compiler wants to see
 * (ABI page 6.4), symbolic links followed. */
enum status hoonc_read_directory(struct stack *stack, const char *directory, noun *files) MUST_USE;

#endif
