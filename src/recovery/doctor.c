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

/* Whoever reads a log of SQLite's makes its side files; one who only looks leaves
 * none that was not there. */
static enum status examine_and_tidy(struct doctor *doctor)
{
    struct recovery_log_files files;
    STATUS_TRY(examine_names(doctor));
    STATUS_TRY(take_lock(doctor));
    STATUS_TRY(recovery_log_files_note(doctor->node, &files));
    enum status status = doctor_examine(doctor);
    if (status == STATUS_OK)
        doctor_conclude(doctor);
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
