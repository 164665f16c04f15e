/* What there is: log, kernels, arena and sealed snapshots, each looked at and told
 * of.  It only reads: everything once, but an arena with a fault twice, to tell
 * whether the fault is in the commit that a start takes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/doctor.h"

#define CHECK_BYTES ((uint64_t)1 << 20) /* of a range at a time */

/* A failure of the world's that ends the examination; what is damage is a finding. */
static bool is_finding(enum status status)
{
    return status == STATUS_CORRUPT || status == STATUS_FORMAT || status == STATUS_NOT_FOUND ||
           status == STATUS_DIVERGED;
}

static bool show_progress(const struct doctor *doctor, const char *what, uint64_t done, uint64_t total)
{
    const struct recovery_listener *listener = &doctor->options->listener;
    if (listener->progress != NULL)
        listener->progress(listener->context, what, done, total);
    return true;
}

/* ---- the log ------------------------------------------------------------------------------ */

static bool log_progress(void *context, uint64_t done, uint64_t total)
{
    return show_progress(context, "examining events", done, total);
}

static enum status open_damaged_log(struct doctor *doctor)
{
    char *path = recovery_path(doctor->node->directory, RECOVERY_LOG_NAME);
    const struct eventlog_options options = {.is_damaged = true};
    enum status status = eventlog_open(path, EVENTLOG_READ, &options, &doctor->node->log);
    free(path);
    return status;
}

static void say_damage(struct doctor *doctor, const char *why)
{
    const struct eventlog_damage *damage = &doctor->damage;
    if (doctor->is_wal_damaged)
        doctor_say(doctor, RECOVERY_DAMAGED, RECOVERY_LOG_NAME,
                   "its write-ahead log is damaged: events after %" PRIu64 " may be missing", damage->last_event);
    else if (damage->damaged > 0)
        doctor_say(doctor, RECOVERY_DAMAGED, RECOVERY_LOG_NAME,
                   "of %" PRIu64 " %s, %" PRIu64 " %s damaged, the first is event %" PRIu64 ", the last %" PRIu64,
                   damage->rows, plural(damage->rows, "row", "rows"), damage->damaged,
                   plural(damage->damaged, "is", "are"), damage->first_damaged, damage->last_damaged);
    else
        doctor_say(doctor, RECOVERY_DAMAGED, RECOVERY_LOG_NAME, "all rows are whole, but: %.600s", why);
}

static enum status examine_damaged_log(struct doctor *doctor)
{
    char why[STATUS_MESSAGE_SIZE_BYTES];
    snprintf(why, sizeof why, "%s", status_message());
    eventlog_close(doctor->node->log);
    doctor->node->log = NULL;
    enum status status = open_damaged_log(doctor);
    if (status == STATUS_OK) {
        doctor->is_wal_damaged = eventlog_verify_wal(doctor->node->log) == STATUS_CORRUPT;
        status = eventlog_examine(doctor->node->log, log_progress, doctor, &doctor->damage);
    }
    if (status != STATUS_OK && !is_finding(status))
        return status;
    doctor->log = status == STATUS_OK ? DOCTOR_LOG_DAMAGED : DOCTOR_LOG_LOST;
    if (status == STATUS_OK)
        say_damage(doctor, why);
    else
        doctor_say(doctor, RECOVERY_DAMAGED, RECOVERY_LOG_NAME, "cannot be read at all: %.600s", why);
    return STATUS_OK;
}

static enum status examine_log(struct doctor *doctor)
{
    enum status status = node_open_log(doctor->node, EVENTLOG_READ);
    if (status == STATUS_OK)
        status = eventlog_verify(doctor->node->log, log_progress, doctor);
    if (status != STATUS_OK && !is_finding(status))
        return status;
    if (status != STATUS_OK)
        return examine_damaged_log(doctor);
    doctor->log = DOCTOR_LOG_WHOLE;
    const struct eventlog *log = doctor->node->log;
    uint64_t base = eventlog_identity(log)->base_event, last = eventlog_last(log);
    if (last > base)
        doctor_say(doctor, RECOVERY_WHOLE, RECOVERY_LOG_NAME, "whole: events %" PRIu64 " to %" PRIu64, base + 1, last);
    else
        doctor_say(doctor, RECOVERY_WHOLE, RECOVERY_LOG_NAME, "whole: no event after %" PRIu64 " yet", base);
    return node_quarantine_read(doctor->node);
}

/* ---- the kernels ---------------------------------------------------------------------------- */

static enum status examine_kernel(struct doctor *doctor, const uint8_t hash[HASH_BLAKE3_SIZE_BYTES], bool is_first)
{
    uint8_t *bytes;
    size_t size_bytes;
    enum status status = recovery_kernel_read(doctor->node, hash, &bytes, &size_bytes);
    if (status == STATUS_OK) {
        free(bytes);
        return STATUS_OK;
    }
    if (!is_finding(status))
        return status;
    doctor->lacks_first_kernel = doctor->lacks_first_kernel || is_first;
    doctor_say(doctor, RECOVERY_DAMAGED, RECOVERY_KERNELS_NAME,
               "kernel %s is missing or damaged: events cannot be run again over it; copy it from where you built it",
               recovery_hash_text(hash));
    return STATUS_OK;
}

static enum status examine_kernels(struct doctor *doctor)
{
    struct eventlog_load load;
    bool is_found = true;
    if (doctor->log != DOCTOR_LOG_WHOLE)
        return STATUS_OK;
    STATUS_TRY(examine_kernel(doctor, eventlog_identity(doctor->node->log)->kernel_hash, true));
    for (uint64_t index = 0; is_found; index++) {
        STATUS_TRY(eventlog_read_load(doctor->node->log, index, &load, &is_found));
        if (is_found)
            STATUS_TRY(examine_kernel(doctor, load.kernel_hash, false));
    }
    return STATUS_OK;
}

/* ---- the arena --------------------------------------------------------------------------------- */

static bool arena_progress(void *context, uint64_t done, uint64_t total)
{
    return show_progress(context, "examining bytes of the arena", done, total);
}

static void on_arena_fault(void *context, const char *text)
{
    struct doctor *doctor = context;
    if (doctor->arena_faults++ < 5)
        doctor_say(doctor, RECOVERY_DAMAGED, ARENA_FILE_NAME, "%s", text);
}

/* Each commit of the ring, newest first: would a start take it? */
static enum status examine_commits(struct doctor *doctor)
{
    struct node *node = doctor->node;
    size_t count;
    (void)arena_commits(node->arena, &count);
    for (size_t i = 0; i < count; i++) {
        struct arena_commit commit = arena_commits(node->arena, &count)[i];
        bool is_known = false, is_whole = arena_choose(node->arena, i) == STATUS_OK;
        if (doctor->log == DOCTOR_LOG_WHOLE)
            STATUS_TRY(node_is_known_to_log(node, &commit, &is_known));
        if (is_whole && commit.roots[ARENA_ROOT_HOST] != 0 && !doctor->has_newest_commit) {
            doctor->newest_commit = commit;
            doctor->has_newest_commit = true;
        }
        bool is_used = is_whole && is_known && !doctor->has_commit;
        if (is_used) {
            doctor->has_commit = true;
            doctor->commit = commit;
        }
        doctor_say(doctor, is_used ? RECOVERY_WHOLE : RECOVERY_NOTE, ARENA_FILE_NAME,
                   "commit %" PRIu64 ", event %" PRIu64 ": %s", commit.sequence, commit.event_number,
                   is_used                           ? "a start takes this one"
                   : !is_whole                       ? "what it needs is not all there: a start passes it by"
                   : doctor->log != DOCTOR_LOG_WHOLE ? "whole, but there is no whole log to know it"
                   : !is_known
                       ? "the log does not know it (it ran ahead, or is another history's): a start passes it by"
                       : "older than the one that is taken");
    }
    return STATUS_OK;
}

/* The commit that a start takes, by itself: is every byte and noun of it as it
 * was written?  Then what is wrong lies beyond it: what was in flight when the
 * power went. */
static enum status examine_commit(struct doctor *doctor)
{
    struct arena *arena = doctor->node->arena;
    const struct recovery_sweep_options options = {0};
    struct recovery_sweep_report report;
    struct arena_range *ranges;
    size_t count;
    STATUS_TRY(node_choose_commit(doctor->node));
    STATUS_TRY(arena_ranges(arena, arena_current(arena), &ranges, &count));
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        for (uint64_t at = ranges[i].start_bytes; at < ranges[i].end_bytes && status == STATUS_OK;)
            status = arena_range_check(arena, at, ranges[i].end_bytes, CHECK_BYTES, &at);
    if (status == STATUS_OK)
        status = recovery_sweep(arena_current(arena), ranges, count, &options, &report);
    doctor->is_commit_whole = status == STATUS_OK && report.faults == 0;
    free(ranges);
    return is_finding(status) ? STATUS_OK : status;
}

static enum status examine_arena(struct doctor *doctor)
{
    const struct arena_verify_options options = {
        .progress = arena_progress, .fault = on_arena_fault, .context = doctor};
    struct arena_verify_report report;
    enum status status = node_open_arena_as_left(doctor->node, true);
    if (status != STATUS_OK && !is_finding(status))
        return status;
    if (status != STATUS_OK) {
        doctor->arena_faults++;
        doctor_say(doctor, RECOVERY_DAMAGED, ARENA_FILE_NAME, "cannot be used: %.700s", status_message());
        return STATUS_OK;
    }
    STATUS_TRY(examine_commits(doctor));
    status = arena_verify(doctor->node->arena, &options, &report);
    if (status != STATUS_OK && status != STATUS_CORRUPT)
        return status;
    if (doctor->arena_faults == 0)
        doctor_say(doctor, RECOVERY_WHOLE, ARENA_FILE_NAME, "whole: every byte and every noun");
    else if (doctor->has_commit)
        return examine_commit(doctor);
    return STATUS_OK;
}

/* ---- sealed snapshots ------------------------------------------------------------------------------ */

static void on_snapshot_fault(void *context, const char *file_name, const char *text)
{
    struct doctor *doctor = context;
    if (doctor->aside_count < DOCTOR_ASIDE_MAX)
        snprintf(doctor->aside[doctor->aside_count++], SNAPSHOT_NAME_SIZE_BYTES, "%s", file_name);
    doctor_say(doctor, RECOVERY_DAMAGED, file_name, "%.700s", text);
}

static bool snapshot_progress(void *context, uint64_t done, uint64_t total)
{
    return show_progress(context, "examining bytes of snapshots", done, total);
}

static enum status examine_snapshot(struct doctor *doctor, const struct snapshot_entry *entry, bool are_all_whole)
{
    struct snapshot_manifest manifest;
    bool is_known = false;
    if (snapshot_read(doctor->node->directory, entry->name, &manifest) != STATUS_OK)
        return STATUS_OK; /* it has been told of */
    struct arena_commit commit = manifest.commit;
    snapshot_manifest_finish(&manifest);
    if (doctor->log == DOCTOR_LOG_WHOLE)
        STATUS_TRY(node_is_known_to_log(doctor->node, &commit, &is_known));
    bool is_useful = is_known && are_all_whole;
    doctor->has_snapshot = doctor->has_snapshot || is_known;
    doctor_say(doctor, is_useful ? RECOVERY_WHOLE : RECOVERY_NOTE, entry->name,
               "the sealed snapshot %s, event %" PRIu64 ": %s", snapshot_role_name(entry->role), entry->event,
               is_useful  ? "a start takes it if the arena is of no use"
               : is_known ? "a start takes it if the arena is of no use and its pieces are whole"
                          : "the log does not lead on from it");
    return STATUS_OK;
}

static enum status examine_snapshots(struct doctor *doctor)
{
    const struct snapshot_listener listener = {.context = doctor, .progress = snapshot_progress};
    struct snapshot_verification verification;
    struct snapshot_list list;
    enum status status = snapshot_verify(doctor->node->directory, &listener, on_snapshot_fault, &verification);
    if (status != STATUS_OK && status != STATUS_CORRUPT)
        return status;
    STATUS_TRY(snapshot_list(doctor->node->directory, &list));
    for (size_t i = 0; i < list.count && (status == STATUS_OK || status == STATUS_CORRUPT); i++) {
        enum status examined = examine_snapshot(doctor, &list.entries[i], verification.faults == 0);
        status = examined == STATUS_OK ? status : examined;
    }
    snapshot_list_finish(&list);
    return status == STATUS_CORRUPT ? STATUS_OK : status;
}

enum status doctor_examine(struct doctor *doctor)
{
    STATUS_TRY(examine_log(doctor));
    STATUS_TRY(examine_kernels(doctor));
    STATUS_TRY(examine_arena(doctor));
    return examine_snapshots(doctor);
}
