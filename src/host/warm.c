/* What a machine that is about to run does before anything waits for it.
 *
 * What the last run had compiled is compiled again.  A command that does one thing
 * and ends compiles what it meets.
 *
 * The first event after a start would find cold what the hundredth finds warm:
 * call sites and jets that have yet to look, pages that were never touched, a log
 * whose first commit begins its files anew.  So the newest event is done a few
 * times more, on the state that it has led to, up to the point where something would be
 * written, and forgotten; and the logger's thread makes a commit that changes
 * nothing.
 *
 * Only an event that its row says was quick is done, and not for long: the row
 * may have been written by a faster engine.  What it does is a function of state
 * and job alone, and nobody hears of it.
 */
#include "host/logger.h"
#include "host/private.h"

#include "codec/codec.h"

#define COMPILATION_MAX_NS ((uint64_t)20 * 1000 * 1000)
#define EVALUATION_MAX_US 2000
#define REHEARSAL_MAX_NS ((uint64_t)20 * 1000 * 1000)
#define REHEARSALS 4 /* what a call site learns the first time it uses the second */
#define REHEARSALS_MAX_NS ((uint64_t)4 * 1000 * 1000)
#define JOB_MAX_BYTES ((size_t)64 << 10)

static bool find_event(struct host *host, struct eventlog_row *row)
{
    struct eventlog *log = host->node->log;
    return eventlog_first(log) != 0 && eventlog_read(log, eventlog_last(log), row) == STATUS_OK &&
           row->kind == EVENTLOG_POKE && row->evaluation_us <= EVALUATION_MAX_US &&
           row->job_size_bytes <= JOB_MAX_BYTES;
}

static enum status do_event(struct host *host, const struct eventlog_row *row)
{
    struct node *node = host->node;
    struct kernel_event event;
    noun job;
    STATUS_TRY(codec_cue(node->stack, row->job, row->job_size_bytes, NULL, &job));
    nock_set_deadline(node->machine, os_clock_ns() + REHEARSAL_MAX_NS);
    doubt_arm(host->doubt);
    kernel_try(node->kernel, job, &event);
    doubt_disarm(host->doubt);
    nock_set_deadline(node->machine, 0);
    if (event.outcome != KERNEL_DONE)
        return STATUS_OK;
    STATUS_TRY(node_rehearse(node, event.core));
    return eventlog_rehearse(node->log, row);
}

static void rehearse(struct host *host)
{
    struct eventlog_row row; /* read anew each time: it lasts until the next call on the log */
    uint64_t end_ns = os_clock_ns() + REHEARSALS_MAX_NS;
    enum status status = STATUS_OK; /* a real event will say what is in the way */
    host->is_rehearsing = true;
    for (unsigned i = 0; i < REHEARSALS && status == STATUS_OK && os_clock_ns() < end_ns && find_event(host, &row);
         i++) {
        status = do_event(host, &row);
        node_reset(host->node);
    }
    host->is_rehearsing = false;
}

void host_warm_up(struct host *host)
{
    node_enter(host->node);
    if (host->logger == NULL || host->broken != STATUS_OK)
        return;
    nock_codes_warm(host->node->machine, COMPILATION_MAX_NS);
    enum status status = commit_prepare(host);
    logger_lend(host->logger);
    if (status == STATUS_OK && !host->options.check_jets)
        rehearse(host);
    logger_take_back(host->logger);
    logger_warm(host->logger);
}
