/* Inside host/: a thread that runs beside the loop for as long as the loop does
 * (host/companion.c).  Its owner embeds it, and guards with its worker's mutex what
 * thread and loop share. */
#ifndef HOST_COMPANION_H
#define HOST_COMPANION_H

#include "host/private.h"

struct companion {
    struct os_worker worker;
    uv_async_t told;
};

void companion_init(struct companion *companion);

/* Runs work(context) in a thread, as os_worker_start does.  The loop calls `hear`, with `context` as its handle's data,
 * after companion_tell; several tellings may be heard as one. */
enum status companion_start(struct companion *companion, uv_loop_t *loop, void (*work)(void *context), uv_async_cb hear,
                            void *context) MUST_USE;

/* The thread's.  `rest` waits until that time, or until it is time to end: then it is false. */
bool companion_rest(struct companion *companion, uint64_t until_ns);
void companion_tell(struct companion *companion);

/* The loop's: ends the thread, if it runs, and waits for its end. */
void companion_stop(struct companion *companion);

/* After companion_stop. */
void companion_finish(struct companion *companion);

#endif
