/* Working memory that a thread keeps between one use and the next.
 *
 * jam and cue need several megabytes for a moment.  Fresh pages cost more than
 * the work done in them, so each thread keeps a few arrays, up to a limit, and
 * gives them back when it ends.  One use at a time: jam does not call cue.
 *
 * Private to the codec.
 */
#ifndef CODEC_SCRATCH_H
#define CODEC_SCRATCH_H

#include "base/base.h"

#define SCRATCH_ARRAYS 13

struct scratch_array {
    void *items; /* contents are whatever was there */
    size_t size_bytes;
};

/* The thread's arrays, [SCRATCH_ARRAYS].  Together they may not become larger
 * than `limit_bytes`, or what is kept anyway. */
struct scratch_array *scratch_take(uint64_t limit_bytes);

/* The user is done: arrays over the limit are freed. */
void scratch_release(struct scratch_array *arrays);

/* Makes one of the arrays at least so large, keeping its contents.  False if
 * there is no memory, or the limit is in the way; then it is as it was. */
bool scratch_grow(struct scratch_array *array, size_t size_bytes);

#endif
