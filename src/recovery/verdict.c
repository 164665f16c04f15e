/* What follows from the findings: what a start or a repair would make of them. */
#include <stdio.h>

#include "recovery/doctor.h"

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

void doctor_conclude(struct doctor *doctor)
{
    if (doctor->is_repair_unfinished)
        judge(doctor, RECOVERY_IS_REPAIRABLE, "the repair that was interrupted is finished");
    else if (doctor->log == DOCTOR_LOG_WHOLE)
        judge_with_log(doctor);
    else
        judge_without_log(doctor);
}
