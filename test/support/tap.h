/* What every test program speaks: the Test Anything Protocol on stdout.
 *
 *     int main(void)
 *     {
 *         tap_ok(1 + 1 == 2, "one and one make %d", 2);
 *         return tap_done();
 *     }
 *
 * One thread, except tap_random and tap_below.
 */
#ifndef SUPPORT_TAP_H
#define SUPPORT_TAP_H

#include <stdbool.h>
#include <stdint.h>

/* Counts one test point and prints it.  Returns `condition`. */
__attribute__((format(printf, 2, 3))) bool tap_ok(bool condition, const char *format, ...);

/* A point that could not be tried here; tools/run-tests repeats these loudly. */
void tap_skip(const char *what, const char *why);

/* A line for the reader. */
__attribute__((format(printf, 1, 2))) void tap_note(const char *format, ...);

/* Prints the plan; the program's exit code.  `return tap_done();` */
int tap_done(void);

/* True if `body` makes a child process die of a signal or, where a sanitizer
 * catches it first, exit with a failure.  What it prints is dropped. */
bool tap_dies(void (*body)(void *context), void *context);

/* ---- chance ---------------------------------------------------------------- */

/* The run's seed: $LOAM_TEST_SEED, or a new one.  Printed at the first call,
 * so that a failure can be run again. */
uint64_t tap_seed(void);

/* The next of a sequence (splitmix64); `state` is any number, the caller's. */
uint64_t tap_random(uint64_t *state);

/* The next number below `bound`, which is not 0. */
uint64_t tap_below(uint64_t *state, uint64_t bound);

/* ---- files ----------------------------------------------------------------- */

/* The path of a file of the public tree, $LOAM_CORPUS/relative, or NULL if the
 * tree or the file is not here.  The next seven calls leave it valid. */
const char *tap_corpus(const char *relative);

/* A new, empty, private directory, removed with its contents at exit.  The
 * path is valid until then. */
const char *tap_scratch(void);

/* Before the first tap_scratch: it will be in memory, where the system has a place for that. */
void tap_scratch_in_memory(void);

/* directory/name; valid until exit. */
const char *tap_path(const char *directory, const char *name);

#endif
