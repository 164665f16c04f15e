/* Shared by doctor.c, which leads, examine.c, which looks, verdict.c, which judges,
 * and repair.c, which acts. */
#ifndef RECOVERY_DOCTOR_H
#define RECOVERY_DOCTOR_H

#include "recovery/private.h"
#include "snapshot/snapshot.h"

#define DOCTOR_MARK_ASIDE RECOVERY_MARK_NAME ".repair" /* the mark's name while the log is exchanged */
#define DOCTOR_LOG_REPAIRED "events.repaired.sqlite"
#define DOCTOR_LOG_DAMAGED_NAME "events.damaged.sqlite"
#define DOCTOR_ASIDE_MAX 64

enum doctor_log { DOCTOR_LOG_LOST, DOCTOR_LOG_DAMAGED, DOCTOR_LOG_WHOLE };

struct doctor {
    const struct recovery_doctor_options *options;
    struct recovery_verdict_report *verdict;
    struct node *node; /* owned */
    bool is_repair_unfinished;
    enum doctor_log log;
    bool is_wal_damaged;
    struct eventlog_damage damage; /* if it is damaged */
    bool lacks_first_kernel;
    uint64_t arena_faults;
    bool has_commit; /* that a start would take */
    struct arena_commit commit;
    bool is_commit_whole;   /* the commit that a start takes; looked at if the arena has a fault anywhere */
    bool has_newest_commit; /* the newest that is whole, known or not */
    struct arena_commit newest_commit;
    bool has_snapshot;                                      /* that the log knows */
    char aside[DOCTOR_ASIDE_MAX][SNAPSHOT_NAME_SIZE_BYTES]; /* damaged files of snapshots */
    size_t aside_count;
    uint64_t cut_event; /* after which a new log begins; UINT64_MAX: where the old one does */
};

__attribute__((format(printf, 4, 5))) void doctor_say(struct doctor *doctor, enum recovery_health health,
                                                      const char *subject, const char *format, ...);

/* Fills the findings in, and says them: of the log and the kernels, the arena, the
 * sealed snapshots.  A failure is one that leaves the examination incomplete. */
enum status doctor_examine(struct doctor *doctor) MUST_USE;

/* Writes the verdict that follows from the findings. */
void doctor_conclude(struct doctor *doctor);

/* Is there anything that a repair would do, and may? */
bool doctor_can_repair(const struct doctor *doctor);

/* Does what the verdict says, and examines nothing again. */
enum status doctor_repair(struct doctor *doctor) MUST_USE;

#endif
