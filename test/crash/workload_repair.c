/* Repairs that are cut off, and done again: nothing is lost by either. */
#include "steps.h"
#include "workloads.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a log with a damaged row, which the arena covers ---------------------------------- */

static void make_life(const char *directory, bool seals)
{
    struct node *node;
    crash_must(step_open(directory, NULL, &node), "opening");
    crash_must(step_event(node, "[%set 1 2 3]", true), "an event");
    crash_must(step_event(node, "%inc", true), "an event");
    if (seals)
        crash_must(step_seal_snapshot(node), "sealing");
    crash_must(step_event(node, "[%set 4 5 6]", true), "an event");
    crash_must(arena_seal(node->arena), "seal");
    crash_must(eventlog_checkpoint(node->log, 0), "checkpoint");
    recovery_close(node);
}

static void damage_row(const char *directory, int event)
{
    char path[4200], sql[80];
    sqlite3 *database;
    snprintf(path, sizeof path, "%s/events.sqlite", directory);
    snprintf(sql, sizeof sql, "UPDATE events SET wall_ms = wall_ms + 1 WHERE event = %d", event);
    CHECK(sqlite3_open(path, &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK);
    CHECK(sqlite3_wal_checkpoint_v2(database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK);
    sqlite3_close(database);
}

static void prepare_damaged_row(const char *directory, uint64_t *random)
{
    (void)random;
    crash_prepare_machine(directory);
    make_life(directory, false);
    damage_row(directory, 2);
    crash_model_begin(directory);
}

static enum status repaired(const char *directory, uint64_t *random)
{
    const struct recovery_doctor_options options = {.repairs = true};
    struct recovery_verdict_report verdict;
    (void)random;
    return recovery_doctor(directory, &options, &verdict);
}

/* ---- an arena that has rotted where no start looks --------------------------------------- */

static void prepare_rotten_arena(const char *directory, uint64_t *random)
{
    char path[4200];
    struct os_file *file;
    uint8_t *bytes;
    size_t size_bytes, at = 0;
    (void)random;
    crash_prepare_machine(directory);
    make_life(directory, true);
    snprintf(path, sizeof path, "%s/%s", directory, ARENA_FILE_NAME);
    crash_must(os_read_whole(path, (uint64_t)1 << 30, &bytes, &size_bytes), "reading the arena");
    for (unsigned segments = 0; segments < 2 && at + 8 < size_bytes; at += 8)
        segments += memcmp(bytes + at, "LoamSegm", 8) == 0;
    CHECK(at + 96 < size_bytes);
    crash_must(os_file_open(path, OS_OPEN_WRITE, &file), "opening the arena");
    uint8_t byte = bytes[at + 82] ^ 4;
    crash_must(os_file_write(file, at + 82, &byte, 1), "rotting the arena");
    os_file_close(file);
    free(bytes);
    crash_model_begin(directory);
}

const struct workload workloads_repair[] = {
    {.name = "a damaged log is cut",
     .prepare = prepare_damaged_row,
     .run = repaired,
     .may_warn = true,
     .repairs = true},
    {.name = "a rotten arena is made again",
     .prepare = prepare_rotten_arena,
     .run = repaired,
     .may_warn = true,
     .repairs = true},
    {.name = NULL},
};
