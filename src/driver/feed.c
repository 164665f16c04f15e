/* feed: causes from a stream, one a line.
 *
 * A file is read as far as it is needed; anything else (a pipe, a terminal) is
 * watched by the event loop, so that waiting for its next line keeps nobody
 * from stopping.  Only so many causes are submitted ahead of the kernel, and
 * nothing is read beyond those.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "codec/codec.h"
#include "driver/driver.h"

#define AHEAD_MAX 256
#define READ_BYTES 65536

struct feed {
    struct host_driver driver; /* first: the driver is the feed */
    const char *name;
    int descriptor;
    struct driver_feed_counts *counts;
    driver_feed_progress_fn *progress;
    void *progress_context;
    uint64_t read_bytes, total_bytes;
    struct host *host;
    uv_poll_t poll;
    bool has_poll; /* the descriptor is watched rather than just read */
    bool is_polling;
    bool is_at_end;
    char *text; /* owned: read and not yet submitted from `start` on */
    size_t start, length, capacity;
    size_t scanned; /* no newline before it */
    uint64_t ahead; /* submitted and not answered */
    enum status status;
    char message[STATUS_MESSAGE_SIZE_BYTES];
};

static void fail(struct feed *feed, enum status status)
{
    feed->status = status;
    snprintf(feed->message, sizeof feed->message, "%s", status_message());
    feed->is_at_end = true;
    host_stop(feed->host, 1);
}

/* ---- lines --------------------------------------------------------------------------- */

static void on_answer(void *context, struct host *host, const struct host_event *event);

static bool is_blank(const char *line, size_t length)
{
    size_t at = 0;
    while (at < length && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r'))
        at++;
    return at == length || line[at] == '#';
}

static void submit_line(struct feed *feed, const char *line, size_t length)
{
    char place[STATUS_MESSAGE_SIZE_BYTES / 2];
    noun cause;
    feed->counts->lines++;
    if (is_blank(line, length))
        return;
    snprintf(place, sizeof place, "%s, line %" PRIu64, feed->name, feed->counts->lines);
    enum status status = codec_read(host_stack(feed->host), place, line, length, &cause);
    if (status != STATUS_OK) {
        fail(feed, status);
        return;
    }
    feed->ahead++;
    host_submit(feed->host, host_wire(feed->host, "one-punch", NULL), cause, on_answer, feed);
}

/* Submits the next line if there is a whole one. */
static bool submit_next(struct feed *feed)
{
    const char *line = feed->text + feed->start;
    const char *newline = NULL;
    if (feed->scanned < feed->length)
        newline = memchr(feed->text + feed->scanned, '\n', feed->length - feed->scanned);
    feed->scanned = feed->length;
    if (newline == NULL && (!feed->is_at_end || feed->start == feed->length))
        return false;
    size_t length = newline != NULL ? (size_t)(newline - line) : feed->length - feed->start;
    feed->start += length + (newline != NULL);
    feed->scanned = feed->start;
    submit_line(feed, line, length);
    return feed->status == STATUS_OK;
}

/* ---- reading ---------------------------------------------------------------------------- */

static void make_room(struct feed *feed)
{
    if (feed->start > 0 && feed->text != NULL)
        memmove(feed->text, feed->text + feed->start, feed->length - feed->start);
    feed->length -= feed->start;
    feed->scanned -= feed->start;
    feed->start = 0;
    if (feed->capacity - feed->length >= READ_BYTES)
        return;
    feed->capacity = 2 * feed->capacity + READ_BYTES;
    feed->text = realloc(feed->text, feed->capacity);
    if (feed->text == NULL)
        check_out_of_memory(__FILE__, __LINE__, feed->capacity);
}

static void read_some(struct feed *feed)
{
    uv_fs_t request;
    make_room(feed);
    uv_buf_t buffer = uv_buf_init(feed->text + feed->length, READ_BYTES);
    int count = uv_fs_read(host_loop(feed->host), &request, feed->descriptor, &buffer, 1, -1, NULL);
    uv_fs_req_cleanup(&request);
    if (count > 0) {
        feed->length += (size_t)count;
        feed->read_bytes += (size_t)count;
    } else if (count == 0) {
        feed->is_at_end = true;
    } else if (count != UV_EAGAIN) {
        fail(feed, status_fail(STATUS_IO, "cannot read %s: %s", feed->name, uv_strerror(count)));
    }
}

static void pump(struct feed *feed);

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status; /* an error shows when we read */
    (void)events;
    struct feed *feed = poll->data;
    uv_poll_stop(&feed->poll);
    feed->is_polling = false;
    read_some(feed);
    pump(feed);
}

/* Reads now, or asks to be told when there is something to read.  True if there
 * may be another line. */
static bool fetch(struct feed *feed)
{
    if (feed->is_at_end || feed->is_polling)
        return false;
    if (!feed->has_poll) {
        read_some(feed);
        return true;
    }
    feed->is_polling = uv_poll_start(&feed->poll, UV_READABLE, on_readable) == 0;
    if (!feed->is_polling)
        fail(feed, status_fail(STATUS_IO, "cannot wait for %s", feed->name));
    return false;
}

static void pump(struct feed *feed)
{
    while (feed->status == STATUS_OK && feed->ahead < AHEAD_MAX)
        if (!submit_next(feed) && !fetch(feed) && !(feed->is_at_end && feed->start < feed->length))
            return;
}

/* ---- the driver ---------------------------------------------------------------------------- */

static void on_answer(void *context, struct host *host, const struct host_event *event)
{
    (void)host;
    struct feed *feed = context;
    feed->ahead--;
    feed->counts->accepted += event->answer != HOST_REFUSED;
    feed->counts->crashed += event->answer == HOST_SWAPPED;
    feed->counts->refused += event->answer == HOST_REFUSED;
    if (event->answer == HOST_REFUSED && event->reason != STATUS_CRASHED)
        fail(feed, event->reason);
    if (feed->progress != NULL)
        feed->progress(feed->progress_context, feed->read_bytes - (feed->length - feed->start), feed->total_bytes);
    if (feed->ahead < AHEAD_MAX / 2)
        pump(feed);
}

/* 0 if it is no file. */
static uint64_t size_of(struct feed *feed)
{
    uv_fs_t request;
    uint64_t size_bytes = 0;
    if (uv_fs_fstat(host_loop(feed->host), &request, feed->descriptor, NULL) == 0)
        size_bytes = request.statbuf.st_size;
    uv_fs_req_cleanup(&request);
    return size_bytes;
}

static enum status on_start(struct host *host, void *context)
{
    struct feed *feed = context;
    feed->host = host;
    if (uv_guess_handle(feed->descriptor) != UV_FILE) {
        int error = uv_poll_init(host_loop(host), &feed->poll, feed->descriptor);
        if (error != 0)
            return status_fail(STATUS_IO, "cannot read %s: %s", feed->name, uv_strerror(error));
        feed->poll.data = feed;
        feed->has_poll = true;
    } else {
        feed->total_bytes = size_of(feed);
    }
    pump(feed);
    return STATUS_OK;
}

static bool is_busy(void *context)
{
    const struct feed *feed = context;
    return feed->ahead > 0 || !feed->is_at_end;
}

static void on_finish(void *context)
{
    struct feed *feed = context;
    if (feed->has_poll)
        uv_close((uv_handle_t *)&feed->poll, NULL);
    feed->has_poll = false;
}

struct host_driver *driver_feed_create(const char *name, int descriptor, struct driver_feed_counts *counts,
                                       driver_feed_progress_fn *progress, void *context)
{
    struct feed *feed = calloc(1, sizeof *feed);
    if (feed == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *feed);
    feed->driver = (struct host_driver){
        .name = "feed", .context = feed, .start = on_start, .is_busy = is_busy, .finish = on_finish};
    feed->name = name;
    feed->descriptor = descriptor;
    feed->counts = counts;
    feed->progress = progress;
    feed->progress_context = context;
    return &feed->driver;
}

enum status driver_feed_status(const struct host_driver *driver)
{
    const struct feed *feed = driver->context;
    return feed->status == STATUS_OK ? STATUS_OK : status_fail(feed->status, "%s", feed->message);
}

void driver_feed_destroy(struct host_driver *driver)
{
    struct feed *feed = driver->context;
    free(feed->text);
    free(feed);
}
