/* Any bytes as alterations of an event log: of its file, of its write-ahead log,
 * or of the values in its rows through SQLite.  Whoever opens, reads and verifies
 * it gets an answer, and rows that are read are whole. */
#include "eventlog/eventlog.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eventlog/sample.h"
#include "support/tap.h"
#include "files.h"
#include "target.h"

#define EVENTS 12
#define ALTERATION_BYTES 6
#define ALTERATIONS_MAX 16

enum { OF_DATABASE, OF_WAL, OF_VALUES, WAYS };

static struct {
    char path[4096], wal_path[4200];
    uint8_t *bytes, *wal_bytes; /* of the log as it was written; owned */
    size_t size_bytes, wal_size_bytes;
} log_file;

/* Half of its events are in the database, the others in the write-ahead log. */
static void make_log(void)
{
    const struct eventlog_identity identity = sample_identity(0);
    const struct eventlog_options options = {.wal_bytes = 1 << 16};
    static uint8_t job[JOB_BYTES_MAX];
    struct eventlog *log;
    tap_scratch_in_memory();
    snprintf(log_file.path, sizeof log_file.path, "%s/log", tap_scratch());
    snprintf(log_file.wal_path, sizeof log_file.wal_path, "%s-wal", log_file.path);
    CHECK(eventlog_create(log_file.path, &identity, &options, &log) == STATUS_OK);
    for (uint64_t event = 1; event <= EVENTS; event++) {
        struct eventlog_row row = sample_row(event, job);
        CHECK(eventlog_append(log, &row, 1) == STATUS_OK);
        if (event == EVENTS / 2)
            CHECK(eventlog_checkpoint(log, 0) == STATUS_OK);
    }
    eventlog_close(log);
    log_file.bytes = fuzz_file_read(log_file.path, &log_file.size_bytes);
    log_file.wal_bytes = fuzz_file_read(log_file.wal_path, &log_file.wal_size_bytes);
}

/* ---- alterations ------------------------------------------------------------------ */

/* At a place, so many bytes, from what follows. */
static void alter_bytes(const char *path, const uint8_t *original, size_t size_bytes, const uint8_t *bytes,
                        size_t count_bytes)
{
    uint8_t *altered = malloc(size_bytes + 1);
    CHECK(altered != NULL);
    memcpy(altered, original, size_bytes);
    while (count_bytes >= ALTERATION_BYTES) {
        uint32_t place = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
        size_t length = bytes[3] % 16, left = count_bytes - 4;
        bytes += 4, count_bytes -= 4;
        length = length < left ? length : left;
        for (size_t i = 0; i < length && size_bytes > 0; i++)
            altered[(place + i) % size_bytes] = bytes[i];
        if (length == 0 && size_bytes > 0)
            size_bytes = place % size_bytes; /* cut short */
        bytes += length, count_bytes -= length;
    }
    fuzz_file_write(path, altered, size_bytes);
    free(altered);
}

/* One value of one row: a number or bytes; or the whole row is gone. */
static void alter_value(sqlite3 *database, const uint8_t *bytes, size_t left)
{
    static const char *const columns[] = {"event",    "kind", "state_hash", "evaluation_us", "wall_ms", "chain",
                                          "job_hash", "wire", "job"};
    char text[200];
    sqlite3_stmt *statement;
    size_t column = bytes[1] % (COUNT_OF(columns) + 1);
    if (column == COUNT_OF(columns))
        snprintf(text, sizeof text, "DELETE FROM events WHERE event = ?2");
    else
        snprintf(text, sizeof text, "UPDATE OR REPLACE events SET %s = ?1 WHERE event = ?2", columns[column]);
    if (sqlite3_prepare_v2(database, text, -1, &statement, NULL) != SQLITE_OK)
        return;
    uint64_t word = 0;
    memcpy(&word, bytes + 2, ALTERATION_BYTES - 2);
    if (column < 6)
        sqlite3_bind_int64(statement, 1, (sqlite3_int64)(bytes[1] & 128 ? word << 32 : word));
    else if (column < COUNT_OF(columns))
        sqlite3_bind_blob(statement, 1, bytes, (int)(left < 64 ? left : 64), SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, bytes[0] % (EVENTS + 2));
    sqlite3_step(statement);
    sqlite3_finalize(statement);
}

static void alter_values(const uint8_t *bytes, size_t count_bytes)
{
    sqlite3 *database;
    CHECK(sqlite3_open(log_file.path, &database) == SQLITE_OK);
    sqlite3_exec(database, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    for (unsigned i = 0; i < ALTERATIONS_MAX && count_bytes >= ALTERATION_BYTES; i++) {
        alter_value(database, bytes, count_bytes);
        bytes += ALTERATION_BYTES, count_bytes -= ALTERATION_BYTES;
    }
    sqlite3_close(database);
}

/* ---- reading ----------------------------------------------------------------------- */

static void read_all(struct eventlog *log)
{
    struct eventlog_cursor cursor = eventlog_cursor(log, eventlog_first(log));
    struct eventlog_row row;
    struct eventlog_load load;
    struct eventlog_size size;
    bool found = true;
    while (found && eventlog_cursor_next(&cursor, &row, &found) == STATUS_OK && found) {
        uint8_t hash[HASH_BLAKE3_SIZE_BYTES];
        hash_blake3(row.job, row.job_size_bytes, hash);
        CHECK(memcmp(hash, row.job_hash, sizeof hash) == 0);
    }
    found = true;
    for (uint64_t i = 0; i < EVENTS && found; i++)
        if (eventlog_read_load(log, i, &load, &found) != STATUS_OK)
            break;
    (void)!eventlog_size(log, &size);
    (void)!eventlog_verify(log, NULL, NULL);
}

static void remove_index(void)
{
    char path[4300];
    snprintf(path, sizeof path, "%s-shm", log_file.path);
    unlink(path);
}

static void open_and_read(enum eventlog_mode mode)
{
    struct eventlog *log;
    const struct eventlog_options options = {.wal_bytes = 1 << 16, .busy_timeout_ms = 1};
    enum status status = eventlog_open(log_file.path, mode, &options, &log);
    CHECK(status == STATUS_OK || status_message()[0] != 0);
    if (status != STATUS_OK)
        return;
    read_all(log);
    eventlog_close(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    if (log_file.bytes == NULL)
        make_log();
    if (size_bytes == 0)
        return 0;
    unsigned way = bytes[0] % WAYS;
    remove_index();
    fuzz_file_write(log_file.path, log_file.bytes, log_file.size_bytes);
    fuzz_file_write(log_file.wal_path, log_file.wal_bytes, log_file.wal_size_bytes);
    if (way == OF_DATABASE)
        alter_bytes(log_file.path, log_file.bytes, log_file.size_bytes, bytes + 1, size_bytes - 1);
    else if (way == OF_WAL)
        alter_bytes(log_file.wal_path, log_file.wal_bytes, log_file.wal_size_bytes, bytes + 1, size_bytes - 1);
    else
        alter_values(bytes + 1, size_bytes - 1);
    open_and_read(EVENTLOG_READ);
    remove_index();
    open_and_read(EVENTLOG_WRITE);
    return 0;
}
