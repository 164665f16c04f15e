/* What is there, what of it is of use, and what would be done about the rest.
 *
 * The examination only reads.  It looks at everything once, says about each thing
 * what it is and whether a start would use it and why not, and ends with a
 * verdict, on which recovery/repair.c acts:
 *
 *   whole          nothing to do
 *   a start mends  the next start does by itself what is needed
 *   repairable     `--repair` does it, and nothing is lost
 *   history lost   the state can be kept, but events are gone that nobody can name,
 *                  or can be run again no more: only on the operator's word
 *   hopeless       nothing here leads to a state
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/doctor.h"

void doctor_say(struct doctor *doctor, enum recovery_health health, const char *subject, const char *format, ...)
{
    struct recovery_finding finding = {.health = health, .subject = subject};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding.text, sizeof finding.text, format, arguments);
    va_end(arguments);
    if (doctor->options->finding != NULL)
        doctor->options->finding(doctor->options->context, &finding);
}

#define CHECK_BYTES ((uint64_t)1 << 20) /* of a range at a time */

/* A failure of the world's that ends the examination; what is damage is a finding. */
static bool is_finding(enum status status)
{
    return status == STATUS_CORRUPT || status == STATUS_FORMAT || status == STATUS_NOT_FOUND ||
           status == STATUS_DIVERGED;
}

static enum status kind_of(const struct doctor *doctor, const char *name, enum os_kind *kind)
{
    char *path = recovery_path(doctor->node->directory, name);
    enum status status = os_kind_of(path, kind);
    free(path);
    return status;
}

/* ---- names ------------------------------------------------------------------------------ */

static bool is_known_name(const char *name)
{
    static const char *const names[] = {RECOVERY_MARK_NAME,
                                        RECOVERY_LOCK_NAME,
                                        ARENA_FILE_NAME,
                                        RECOVERY_LOG_NAME,
                                        (RECOVERY_LOG_NAME "-wal"),
                                        (RECOVERY_LOG_NAME "-shm"),
                                        RECOVERY_KERNELS_NAME,
                                        "snapshots",
                                        "control",
                                        "lost+found"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strncmp(name, ARENA_FILE_NAME ".", sizeof ARENA_FILE_NAME) == 0 && strstr(name, ".new") == NULL;
}

static enum status examine_name(void *context, const char *name)
{
    struct doctor *doctor = context;
    if (strcmp(name, RECOVERY_REBUILD_NAME) == 0)
        doctor_say(doctor, RECOVERY_NOTE, name,
                   "a start that made the state again was ended; the next one goes on from it");
    else if (strstr(name, "damaged") != NULL)
        doctor_say(doctor, RECOVERY_NOTE, name, "was of no use and is kept; remove it when you need it no more");
    else if (strcmp(name, DOCTOR_MARK_ASIDE) == 0 || strcmp(name, DOCTOR_LOG_REPAIRED) == 0)
        doctor_say(doctor, RECOVERY_NOTE, name, "a repair was interrupted");
    else if (!is_known_name(name))
        doctor_say(doctor, RECOVERY_NOTE, name, "is nothing of loam's, or what a kill has left half made");
    return STATUS_OK;
}

static enum status examine_names(struct doctor *doctor)
{
    enum os_kind kind;
    STATUS_TRY(kind_of(doctor, DOCTOR_MARK_ASIDE, &kind));
    doctor->is_repair_unfinished = kind == OS_KIND_FILE;
    if (!doctor->is_repair_unfinished)
        STATUS_TRY(recovery_check(doctor->node->directory));
    return os_directory_list(doctor->node->directory, examine_name, doctor);
}

/* ---- the log ------------------------------------------------------------------------------ */

static bool log_progress(void *context, uint64_t done, uint64_t total)
{
    const struct doctor *doctor = context;
    if (doctor->options->listener.progress != NULL)
        doctor->options->listener.progress(doctor->options->listener.context, "examining events", done, total);
    return true;
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
                   "%" PRIu64 " of %" PRIu64 " rows are damaged, the first is event %" PRIu64 ", the last %" PRIu64,
                   damage->damaged, damage->rows, damage->first_damaged, damage->last_damaged);
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
    doctor_say(doctor, RECOVERY_WHOLE, RECOVERY_LOG_NAME, "whole: events %" PRIu64 " to %" PRIu64,
               eventlog_identity(log)->base_event + 1, eventlog_last(log));
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
    bool is_found = doctor->log == DOCTOR_LOG_WHOLE;
    if (!is_found)
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
    const struct doctor *doctor = context;
    if (doctor->options->listener.progress != NULL)
        doctor->options->listener.progress(doctor->options->listener.context, "examining bytes of the arena", done,
                                           total);
    return true;
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
    const struct doctor *doctor = context;
    if (doctor->options->listener.progress != NULL)
        doctor->options->listener.progress(doctor->options->listener.context, "examining bytes of snapshots", done,
                                           total);
    return true;
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

/* ---- the verdict -------------------------------------------------------------------------------------- */

static void judge(struct doctor *doctor, enum recovery_verdict verdict, const char *plan)
{
    doctor->verdict->verdict = verdict;
    snprintf(doctor->verdict->plan, sizeof doctor->verdict->plan, "%s", plan);
}

static bool has_all_events(const struct doctor *doctor)
{
    return doctor->log == DOCTOR_LOG_WHOLE && eventlog_identity(doctor->node->log)->base_event == 0 &&
           !doctor->lacks_first_kernel;
}

static void judge_with_log(struct doctor *doctor)
{
    bool can_remake = doctor->has_snapshot || has_all_events(doctor);
    if (doctor->has_commit && doctor->arena_faults == 0 && doctor->aside_count == 0)
        judge(doctor, RECOVERY_IS_WHOLE, "nothing is to be done; a start takes the arena");
    else if (doctor->has_commit && doctor->arena_faults == 0)
        judge(doctor, RECOVERY_IS_REPAIRABLE,
              "the damaged snapshots are set aside, and a new one is sealed from the arena, which is whole");
    else if (doctor->is_commit_whole)
        judge(doctor, RECOVERY_START_MENDS,
              "a start takes a commit that is whole, and runs the events after it; what is wrong lies beyond it, and "
              "was lost in flight");
    else if (can_remake && !doctor->has_commit)
        judge(doctor, RECOVERY_START_MENDS,
              doctor->has_snapshot
                  ? "the state is made again from a sealed snapshot and the log; the arena is kept as "
                    "arena.damaged.loam"
                  : "the state is made again from the first kernel and the whole log; the arena is kept "
                    "as arena.damaged.loam");
    else if (can_remake)
        judge(
            doctor, RECOVERY_IS_REPAIRABLE,
            "a start would take the arena and not notice; the state is made again from a sealed snapshot or the first "
            "kernel, and the log; the arena is kept as arena.damaged.loam");
    else
        judge(doctor, RECOVERY_IS_HOPELESS,
              "the arena is damaged, no sealed snapshot is of use, and the log does not begin with event 1: restore a "
              "copy of the machine, or import an exported state");
}

/* Where a new log can begin: at a state that is whole.  Rows after it stay if they
 * all are. */
static void judge_without_log(struct doctor *doctor)
{
    const struct arena_commit *commit = &doctor->newest_commit;
    const struct eventlog_damage *damage = &doctor->damage;
    if (!doctor->has_newest_commit || doctor->arena_faults > 0) {
        judge(doctor, RECOVERY_IS_HOPELESS,
              "log and arena are both damaged: restore a copy of the machine, or import an exported state");
        return;
    }
    doctor->cut_event = commit->event_number;
    if (doctor->log == DOCTOR_LOG_DAMAGED && !doctor->is_wal_damaged && damage->damaged == 0) {
        doctor->cut_event = UINT64_MAX;
        judge(doctor, RECOVERY_IS_REPAIRABLE,
              "all rows are copied into a new log; the old one is kept as events.damaged.sqlite");
    } else if (doctor->log == DOCTOR_LOG_DAMAGED && !doctor->is_wal_damaged &&
               damage->last_damaged <= commit->event_number && commit->event_number <= damage->last_event) {
        doctor->cut_event = damage->last_damaged;
        judge(doctor, RECOVERY_IS_REPAIRABLE,
              "a new log begins after the damaged rows, with all that follow, which the arena's state covers; the old "
              "one is kept as events.damaged.sqlite");
    } else if (doctor->log == DOCTOR_LOG_DAMAGED && commit->event_number < damage->last_damaged) {
        judge(doctor, RECOVERY_IS_HOPELESS,
              "events that the arena does not have are damaged in the log: restore a copy of the log");
    } else {
        judge(
            doctor, RECOVERY_IS_HISTORY_LOST,
            "a new log begins at the arena's newest state, which is whole; what the log knew of events before is only "
            "in events.damaged.sqlite, and events after it, if there were any, are gone: with --give-up-history");
    }
}

static void conclude(struct doctor *doctor)
{
    if (doctor->is_repair_unfinished)
        judge(doctor, RECOVERY_IS_REPAIRABLE, "the repair that was interrupted is finished");
    else if (doctor->log == DOCTOR_LOG_WHOLE)
        judge_with_log(doctor);
    else
        judge_without_log(doctor);
}

/* ---- the door --------------------------------------------------------------------------------------------- */

static enum status take_lock(struct doctor *doctor)
{
    if (doctor->options->repairs)
        return recovery_lock(doctor->node);
    enum status status = recovery_lock_to_read(doctor->node->directory, &doctor->node->lock);
    if (status == STATUS_BUSY)
        return status_fail(status,
                           "a process runs the machine in %s, so it is well enough to run: `loam verify` checks it "
                           "beside that, and the doctor wants it stopped",
                           doctor->node->directory);
    return status;
}

static enum status examine(struct doctor *doctor)
{
    STATUS_TRY(examine_log(doctor));
    STATUS_TRY(examine_kernels(doctor));
    STATUS_TRY(examine_arena(doctor));
    STATUS_TRY(examine_snapshots(doctor));
    conclude(doctor);
    return STATUS_OK;
}

/* Whoever reads a log of SQLite's makes its side files; one who only looks leaves
 * none that was not there. */
static enum status examine_and_tidy(struct doctor *doctor)
{
    struct recovery_log_files files;
    STATUS_TRY(examine_names(doctor));
    STATUS_TRY(take_lock(doctor));
    STATUS_TRY(recovery_log_files_note(doctor->node, &files));
    enum status status = examine(doctor);
    if (status == STATUS_OK && doctor->options->repairs && doctor_can_repair(doctor))
        return status;
    eventlog_close(doctor->node->log);
    doctor->node->log = NULL;
    recovery_log_files_tidy(doctor->node, &files);
    return status;
}

enum status recovery_doctor(const char *directory, const struct recovery_doctor_options *options,
                            struct recovery_verdict_report *verdict)
{
    enum os_kind kind;
    struct doctor *doctor = calloc(1, sizeof *doctor);
    if (doctor == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *doctor);
    *verdict = (struct recovery_verdict_report){0};
    doctor->options = options;
    doctor->verdict = verdict;
    enum status status = os_kind_of(directory, &kind);
    if (status == STATUS_OK && kind != OS_KIND_DIRECTORY)
        status = recovery_check(directory);
    const struct recovery_options node_options = {.listener = options->listener};
    if (status == STATUS_OK)
        status = node_create(directory, &node_options, &doctor->node);
    if (status == STATUS_OK)
        status = examine_and_tidy(doctor);
    if (status == STATUS_OK && options->repairs)
        status = doctor_repair(doctor);
    recovery_close(doctor->node);
    free(doctor);
    return status;
}
