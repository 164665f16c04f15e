/* Between lying_calls.c and lying_name_calls.c. */
#ifndef SUPPORT_LYING_CALLS_H
#define SUPPORT_LYING_CALLS_H

#include <stdbool.h>

/* This descriptor is of that path below the root, from now until it is closed.
 * The mutex is held. */
void lying_note_open(const char *path, int descriptor, bool may_create);

#endif
