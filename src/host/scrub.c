/* The thread that reads everything now and then, to find rot before it is needed.
 *
 * Each pass verifies the newest commit that the log knows, pinned, the log's rows
 * and the sealed snapshots, through files and a space of its own, at a pace; a
 * pass begins when `interval` has gone by since the last one began.  What it finds
 * is warned of and counted; it repairs nothing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "host/companion.h"

struct host_scrub {
    struct host *host;
    struct host_driver driver;
    uint64_t interval_ns, bytes_per_second;
    uint64_t started_ns, read_bytes; /* the thread's, of this pass */

    struct companion companion; /* its mutex guards what follows */
    struct host_scrub_status status;
    char message[STATUS_MESSAGE_SIZE_BYTES]; /* not told yet; "" if there is none */
};

/* ---- the thread --------------------------------------------------------------------- */

/* Waits as long as the pace demands. */
static bool keep_pace(void *context, uint64_t bytes)
{
    struct host_scrub *scrub = context;
    scrub->read_bytes += bytes;
    os_mutex_lock(scrub->companion.worker.mutex);
    scrub->status.read_bytes = scrub->read_bytes;
    os_mutex_unlock(scrub->companion.worker.mutex);
    uint64_t due_ns = scrub->started_ns + (uint64_t)((double)scrub->read_bytes * 1e9 / (double)scrub->bytes_per_second);
    return companion_rest(&scrub->companion, due_ns);
}

static void tell(struct host_scrub *scrub, const char *text)
{
    os_mutex_lock(scrub->companion.worker.mutex);
    if (scrub->message[0] == 0)
        snprintf(scrub->message, sizeof scrub->message, "%s", text);
    os_mutex_unlock(scrub->companion.worker.mutex);
    companion_tell(&scrub->companion);
}

static void on_fault(void *context, const char *text)
{
    char message[STATUS_MESSAGE_SIZE_BYTES];
    snprintf(message, sizeof message, "the scrub has found damage: %.800s; `loam doctor` says what can be done", text);
    tell(context, message);
}

static void pass(struct host_scrub *scrub)
{
    const struct recovery_verify_options options = {.is_beside = true, .go_on = keep_pace, .context = scrub};
    const struct recovery_listener listener = {.context = scrub, .warn = on_fault};
    struct recovery_report report;
    scrub->started_ns = os_clock_ns();
    scrub->read_bytes = 0;
    os_mutex_lock(scrub->companion.worker.mutex);
    scrub->status.is_running = true;
    os_mutex_unlock(scrub->companion.worker.mutex);
    enum status status = recovery_verify_with(scrub->host->node->directory, &options, &listener, &report);
    bool is_complete = status == STATUS_OK || status == STATUS_CORRUPT;
    if (!is_complete && status != STATUS_INTERRUPTED)
        tell(scrub, status_message());
    os_mutex_lock(scrub->companion.worker.mutex);
    scrub->status.is_running = false;
    if (is_complete) {
        scrub->status.passes++;
        scrub->status.finished_wall_ms = os_wall_ms();
        scrub->status.faults = report.faults;
    }
    os_mutex_unlock(scrub->companion.worker.mutex);
}

static void work(void *context)
{
    struct host_scrub *scrub = context;
    uint64_t due_ns = os_clock_ns();
    while (companion_rest(&scrub->companion, due_ns)) {
        due_ns = os_clock_ns() + scrub->interval_ns;
        pass(scrub);
    }
}

/* ---- the loop --------------------------------------------------------------------------- */

static void on_told(uv_async_t *async)
{
    struct host_scrub *scrub = async->data;
    char message[STATUS_MESSAGE_SIZE_BYTES];
    os_mutex_lock(scrub->companion.worker.mutex);
    snprintf(message, sizeof message, "%s", scrub->message);
    scrub->message[0] = 0;
    os_mutex_unlock(scrub->companion.worker.mutex);
    if (message[0] != 0)
        host_warn(scrub->host, message);
}

static enum status on_start(struct host *host, void *context)
{
    struct host_scrub *scrub = context;
    return companion_start(&scrub->companion, host_loop(host), work, on_told, scrub);
}

static void on_finish(void *context)
{
    struct host_scrub *scrub = context;
    companion_stop(&scrub->companion);
}

struct host_scrub *host_scrub_create(struct host *host, uint64_t interval_ms, uint64_t bytes_per_second)
{
    struct host_scrub *scrub = calloc(1, sizeof *scrub);
    if (scrub == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *scrub);
    CHECK(bytes_per_second > 0);
    scrub->host = host;
    scrub->interval_ns = interval_ms * 1000000;
    scrub->bytes_per_second = bytes_per_second;
    companion_init(&scrub->companion);
    scrub->driver = (struct host_driver){.name = "scrub", .context = scrub, .start = on_start, .finish = on_finish};
    host_add_driver(host, &scrub->driver);
    host->scrub = scrub;
    return scrub;
}

void host_scrub_status_read(struct host_scrub *scrub, struct host_scrub_status *status)
{
    os_mutex_lock(scrub->companion.worker.mutex);
    *status = scrub->status;
    os_mutex_unlock(scrub->companion.worker.mutex);
}

void host_scrub_destroy(struct host_scrub *scrub)
{
    if (scrub == NULL)
        return;
    companion_finish(&scrub->companion);
    free(scrub);
}
