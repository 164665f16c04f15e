/* The doctor's hand: what the verdict says is done, so that a kill at any moment
 * leaves either what was there or what is wanted, and what was damaged is kept.
 *
 * The arena is made again by a start's own ways (recovery/ladder.c).  The log is
 * exchanged here.  A new one is written and verified beside, and the old files are
 * copied; then the machine's mark is put aside, so that nobody starts it between
 * two files that do not belong together; the old write-ahead log goes, the new log
 * takes the name, and the mark comes back.  An exchange that was interrupted is
 * finished by the next repair.
 *
 *   events.damaged.sqlite(-wal)   the old files, copied
 *   events.repaired.sqlite        the new one, whole, until it has the name
 *   loam.machine.repair           the mark, meanwhile
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/doctor.h"

static char *path_of(const struct doctor *doctor, const char *name)
{
    return recovery_path(doctor->node->directory, name);
}

static enum status is_there(const struct doctor *doctor, const char *name, bool *is)
{
    enum os_kind kind;
    char *path = path_of(doctor, name);
    enum status status = os_kind_of(path, &kind);
    *is = status == STATUS_OK && kind == OS_KIND_FILE;
    free(path);
    return status;
}

static enum status remove_if_there(const struct doctor *doctor, const char *name)
{
    bool is;
    STATUS_TRY(is_there(doctor, name, &is));
    if (!is)
        return STATUS_OK;
    char *path = path_of(doctor, name);
    enum status status = os_remove(path);
    free(path);
    return status;
}

static enum status rename_names(const struct doctor *doctor, const char *from, const char *to)
{
    char *from_path = path_of(doctor, from), *to_path = path_of(doctor, to);
    enum status status = os_rename(from_path, to_path);
    free(from_path);
    free(to_path);
    return status;
}

/* ---- copies of what is damaged ----------------------------------------------------------- */

#define COPY_BYTES ((size_t)1 << 20)

static enum status copy_bytes(struct os_file *from, struct os_file *to, uint8_t *piece)
{
    uint64_t size_bytes;
    STATUS_TRY(os_file_size(from, &size_bytes));
    for (uint64_t at = 0; at < size_bytes; at += COPY_BYTES) {
        size_t count = size_bytes - at < COPY_BYTES ? (size_t)(size_bytes - at) : COPY_BYTES;
        STATUS_TRY(os_file_read(from, at, piece, count));
        STATUS_TRY(os_file_write(to, at, piece, count));
    }
    return os_file_sync(to);
}

static enum status copy_open(const char *from_path, const char *to_path)
{
    struct os_file *from, *to;
    STATUS_TRY(os_file_open(from_path, OS_OPEN_READ, &from));
    enum status status = os_file_open(to_path, OS_OPEN_CREATE, &to);
    if (status == STATUS_OK) {
        uint8_t *piece = malloc(COPY_BYTES);
        if (piece == NULL)
            check_out_of_memory(__FILE__, __LINE__, COPY_BYTES);
        status = copy_bytes(from, to, piece);
        free(piece);
        os_file_close(to);
    }
    os_file_close(from);
    return status;
}

/* The node's log must be closed: SQLite's locks go with any descriptor of its file. */
static enum status keep_copy(const struct doctor *doctor, const char *name, const char *kept_name)
{
    bool is;
    char passing[64];
    STATUS_TRY(is_there(doctor, name, &is));
    if (!is)
        return STATUS_OK;
    snprintf(passing, sizeof passing, "%s.new", kept_name);
    STATUS_TRY(remove_if_there(doctor, passing));
    char *from = path_of(doctor, name), *to = path_of(doctor, passing);
    enum status status = copy_open(from, to);
    free(from);
    free(to);
    return status == STATUS_OK ? rename_names(doctor, passing, kept_name) : status;
}

/* ---- the new log --------------------------------------------------------------------------- */

/* A log without rows, that begins at the arena's newest state. */
static enum status write_empty_log(struct doctor *doctor, const char *path)
{
    const struct arena_commit *commit = &doctor->newest_commit;
    struct eventlog_identity identity = {
        .base_event = commit->event_number, .base_state_hash = commit->state_hash, .created_ms = os_wall_ms()};
    struct eventlog *log;
    const uint8_t *owner = doctor->node->log != NULL ? eventlog_identity(doctor->node->log)->identity
                                                     : arena_identity(doctor->node->arena);
    memcpy(identity.identity, owner, sizeof identity.identity);
    memcpy(identity.kernel_hash, commit->kernel_hash, sizeof identity.kernel_hash);
    STATUS_TRY(eventlog_create(path, &identity, NULL, &log));
    enum status status = eventlog_empty_wal(log);
    eventlog_close(log);
    return status;
}

static enum status write_log(struct doctor *doctor)
{
    char *beside = path_of(doctor, DOCTOR_LOG_REPAIRED ".new"), *path = path_of(doctor, DOCTOR_LOG_REPAIRED);
    enum status status = remove_if_there(doctor, DOCTOR_LOG_REPAIRED);
    if (status == STATUS_OK)
        status = remove_if_there(doctor, DOCTOR_LOG_REPAIRED ".new");
    if (status == STATUS_OK)
        status = remove_if_there(doctor, DOCTOR_LOG_REPAIRED ".new-wal");
    if (status == STATUS_OK)
        status = remove_if_there(doctor, DOCTOR_LOG_REPAIRED ".new-shm");
    if (status == STATUS_OK && doctor->verdict->verdict == RECOVERY_IS_HISTORY_LOST)
        status = write_empty_log(doctor, beside);
    else if (status == STATUS_OK)
        status = eventlog_cut(doctor->node->log, beside, doctor->cut_event);
    if (status == STATUS_OK)
        status = remove_if_there(doctor, DOCTOR_LOG_REPAIRED ".new-wal");
    if (status == STATUS_OK)
        status = remove_if_there(doctor, DOCTOR_LOG_REPAIRED ".new-shm");
    if (status == STATUS_OK)
        status = os_rename(beside, path);
    free(beside);
    free(path);
    return status;
}

/* From here on it can be done again and again. */
static enum status finish_exchange(struct doctor *doctor)
{
    bool is_ready;
    STATUS_TRY(is_there(doctor, DOCTOR_LOG_REPAIRED, &is_ready));
    if (is_ready) {
        STATUS_TRY(remove_if_there(doctor, RECOVERY_LOG_NAME "-wal"));
        STATUS_TRY(remove_if_there(doctor, RECOVERY_LOG_NAME "-shm"));
        STATUS_TRY(rename_names(doctor, DOCTOR_LOG_REPAIRED, RECOVERY_LOG_NAME));
    }
    return rename_names(doctor, DOCTOR_MARK_ASIDE, RECOVERY_MARK_NAME);
}

static enum status exchange_log(struct doctor *doctor)
{
    STATUS_TRY(write_log(doctor));
    eventlog_close(doctor->node->log);
    doctor->node->log = NULL;
    STATUS_TRY(keep_copy(doctor, RECOVERY_LOG_NAME, DOCTOR_LOG_DAMAGED_NAME));
    STATUS_TRY(keep_copy(doctor, RECOVERY_LOG_NAME "-wal", DOCTOR_LOG_DAMAGED_NAME "-wal"));
    STATUS_TRY(rename_names(doctor, RECOVERY_MARK_NAME, DOCTOR_MARK_ASIDE));
    return finish_exchange(doctor);
}

/* ---- a start, and a new snapshot ---------------------------------------------------------------- */

static enum status seal_again(struct node *node)
{
    struct recovery_pinned pinned;
    struct snapshot_report report;
    STATUS_TRY(node_pin(node, &pinned));
    enum status status = node_seal(&pinned, false, NULL, &report);
    node_unpin(&pinned);
    return status;
}

/* Lets a start do what it does; without believing the arena, if that is damaged
 * where a start does not look. */
static enum status start(struct doctor *doctor, bool distrusts_arena, bool seals)
{
    char *directory = strdup(doctor->node->directory);
    if (directory == NULL)
        check_out_of_memory(__FILE__, __LINE__, 0);
    recovery_close(doctor->node); /* and with it the lock */
    doctor->node = NULL;
    const struct recovery_options options = {.listener = doctor->options->listener, .distrusts_arena = distrusts_arena};
    struct node *node;
    enum status status = recovery_open(directory, NULL, &options, &node);
    free(directory);
    if (status != STATUS_OK)
        return status;
    status = arena_seal(node->arena);
    if (status == STATUS_OK && seals)
        status = seal_again(node);
    if (status == STATUS_OK)
        status = eventlog_checkpoint(node->log, 0);
    recovery_close(node);
    return status;
}

static enum status set_aside(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->aside_count; i++) {
        enum status status = snapshot_set_aside(doctor->node->directory, doctor->aside[i]);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
    }
    return STATUS_OK;
}

bool doctor_can_repair(const struct doctor *doctor)
{
    enum recovery_verdict verdict = doctor->verdict->verdict;
    return verdict != RECOVERY_IS_WHOLE && verdict != RECOVERY_IS_HOPELESS &&
           (verdict != RECOVERY_IS_HISTORY_LOST || doctor->options->gives_up_history);
}

enum status doctor_repair(struct doctor *doctor)
{
    enum recovery_verdict verdict = doctor->verdict->verdict;
    if (verdict == RECOVERY_IS_WHOLE)
        return STATUS_OK;
    if (verdict == RECOVERY_IS_HOPELESS)
        return status_fail(STATUS_CORRUPT, "%s", doctor->verdict->plan);
    if (verdict == RECOVERY_IS_HISTORY_LOST && !doctor->options->gives_up_history)
        return status_fail(STATUS_CORRUPT, "nothing has been changed: %s", doctor->verdict->plan);
    bool distrusts_arena = doctor->arena_faults > 0, seals = doctor->aside_count > 0;
    if (doctor->is_repair_unfinished)
        STATUS_TRY(finish_exchange(doctor));
    else if (doctor->log != DOCTOR_LOG_WHOLE)
        STATUS_TRY(exchange_log(doctor));
    STATUS_TRY(set_aside(doctor));
    STATUS_TRY(start(doctor, distrusts_arena && doctor->log == DOCTOR_LOG_WHOLE, seals));
    doctor->verdict->is_repaired = true;
    return STATUS_OK;
}
