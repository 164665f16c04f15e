/* The world, one file each: what a kernel can reach, and what can poke it.
 *
 * A driver is made by its `_create`, given to a host with host_add_driver, and
 * destroyed after the host is closed.  What it consumes and what it sends is
 * docs/drivers.md; wires are [%poke name 1 tag 0].  None of them blocks for the
 * world but the file driver, whose answer promises durable bytes.
 */
#ifndef DRIVER_DRIVER_H
#define DRIVER_DRIVER_H

#include "base/base.h"
#include "host/host.h"

/* ---- exit: [%exit code] stops the host ------------------------------------------ */

/* The code as it was, or 1 if it does not fit.  Nothing to own. */
extern const struct host_driver driver_exit;

/* ---- markdown: [%markdown text] to standard output, as it is --------------------- */

extern const struct host_driver driver_markdown;

/* ---- file: [%file %read path], [%file %write path contents], [%file %batch-write entries] */

struct driver_file_options {
    /* Write an atom's significant bytes only.  Otherwise files are padded with
     * zeros to a multiple of 8 bytes, as the reference does. */
    bool exact_bytes;
    /* Called for each file that was written, or not; may be NULL. */
    void (*wrote)(void *context, const char *path, size_t size_bytes, bool is_written);
    void *context;
};

struct driver_file;
struct host_driver *driver_file_create(const struct driver_file_options *options);
void driver_file_destroy(struct host_driver *driver);

/* ---- one-punch: one poke at the start ---------------------------------------------- */

/* `jam` is the cause's, copied.  *answer (may be NULL) tells what came of it,
 * and must outlive the host. */
struct driver_answer {
    bool is_answered;
    enum host_answer answer;
    enum status reason; /* as in struct host_event */
    uint64_t event;
};
struct host_driver *driver_one_punch_create(const uint8_t *jam, size_t size_bytes, struct driver_answer *answer);
void driver_one_punch_destroy(struct host_driver *driver);

/* ---- timer: the same cause now and then ----------------------------------------------- */

struct host_driver *driver_timer_create(uint64_t interval_ms, const uint8_t *jam, size_t size_bytes);
void driver_timer_destroy(struct host_driver *driver);

/* ---- feed: causes from a stream, one a line ---------------------------------------------- */

/* Pokes with each line of `descriptor` as noun text, on the one-punch wire, in
 * order; blank lines and lines that begin with # are passed over.  Reading keeps
 * a bounded number of causes ahead of the kernel.  A line that is no noun, or a
 * cause that there is no room for, stops the host; then driver_feed_status says
 * why. */
struct driver_feed_counts {
    uint64_t lines;
    uint64_t accepted;
    uint64_t crashed; /* of the accepted, those whose notice of a crash was */
    uint64_t refused;
};
/* Told now and then how far it is; `total_bytes` is 0 if that is not known. */
typedef void driver_feed_progress_fn(void *context, uint64_t done_bytes, uint64_t total_bytes);

/* `name` and `counts` must outlive the host; `progress` may be NULL. */
struct host_driver *driver_feed_create(const char *name, int descriptor, struct driver_feed_counts *counts,
                                       driver_feed_progress_fn *progress, void *context);
enum status driver_feed_status(const struct host_driver *driver) MUST_USE;
void driver_feed_destroy(struct host_driver *driver);

/* ---- slog: what the kernel says, on standard error --------------------------------------- */

enum driver_slog_level { DRIVER_SLOG_ERROR, DRIVER_SLOG_WARN, DRIVER_SLOG_INFO, DRIVER_SLOG_DEBUG, DRIVER_SLOG_TRACE };

/* Fits host_listener.slog; `context` is a const enum driver_slog_level *: what
 * is less urgent than that is left out. */
void driver_slog(void *context, uint64_t priority, noun tank);

/* Reads "error" ... "trace"; false if it is none of them. */
bool driver_slog_level_read(const char *text, enum driver_slog_level *level);

#endif
