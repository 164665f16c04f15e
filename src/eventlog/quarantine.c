/* An operator's word that an event is not to be run again.
 *
 * It is a record among the loads (schema.c), because it belongs to a place in
 * history as they do, and is covered by their chain: its kernel hash is no hash
 * but
 *
 *    0   16  "loam quarantine\0"
 *   16    8  the event, little-endian
 *   24    8  zeros
 *
 * its boundary is the newest event when it was said, and its state hash that of
 * the newest load or row.  A program that does not know of this looks for a kernel
 * of that name and refuses to replay, rather than to run the event.
 */
#include <string.h>

#include "eventlog/private.h"

static const char mark[16] = "loam quarantine";

bool eventlog_load_quarantines(const struct eventlog_load *load, uint64_t *event)
{
    static const uint8_t zeros[8];
    if (memcmp(load->kernel_hash, mark, sizeof mark) != 0 || memcmp(load->kernel_hash + 24, zeros, sizeof zeros) != 0)
        return false;
    *event = bits_load64(load->kernel_hash + 16);
    return true;
}

enum status eventlog_append_quarantine(struct eventlog *log, uint64_t event, uint64_t wall_ms)
{
    struct eventlog_load load = {
        .boundary = log->last,
        .state_hash = log->last_state_hash,
        .wall_ms = wall_ms,
    };
    CHECK(event > 0 && event <= log->last);
    memcpy(load.kernel_hash, mark, sizeof mark);
    memcpy(load.kernel_hash + 16, &event, sizeof event);
    return eventlog_append_load(log, &load);
}
