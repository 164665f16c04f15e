/* What does durability cost an event, beside the least that it can cost?
 *
 *     bench-latency DIR
 *
 * takes turns between events that change nothing, on a durable machine, and
 * bare inserts of as many bytes into an SQLite database with a write-ahead log
 * and synchronous=FULL, each in a transaction of its own.  Medians of all.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "host/kernel.h"
#include "must.h"

#define ROUNDS 40
#define TURN 100
#define WARM_UP_ROUNDS 4
#define JOB_BYTES 48

/* ---- the bare insert ------------------------------------------------------------------ */

struct bare {
    sqlite3 *database;
    sqlite3_stmt *insert;
};

static void must_sql(struct bare *bare, int code)
{
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
        return;
    fprintf(stderr, "bench-latency: %s\n", sqlite3_errmsg(bare->database));
    exit(1);
}

static void bare_open(struct bare *bare, const char *path)
{
    must_sql(bare, sqlite3_open(path, &bare->database));
    must_sql(bare, sqlite3_exec(bare->database,
                                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                "CREATE TABLE events (number INTEGER PRIMARY KEY, job BLOB)",
                                NULL, NULL, NULL));
    must_sql(bare, sqlite3_prepare_v2(bare->database, "INSERT INTO events (job) VALUES (?)", -1, &bare->insert, NULL));
}

static void bare_insert(struct bare *bare, const void *bytes, int size_bytes)
{
    must_sql(bare, sqlite3_bind_blob(bare->insert, 1, bytes, size_bytes, SQLITE_STATIC));
    must_sql(bare, sqlite3_step(bare->insert));
    must_sql(bare, sqlite3_reset(bare->insert));
}

static void bare_close(struct bare *bare)
{
    sqlite3_finalize(bare->insert);
    sqlite3_close(bare->database);
}

/* ---- turns --------------------------------------------------------------------------------- */

static double time_event_us(struct host *host)
{
    struct host_event event;
    uint64_t started_ns = os_clock_ns();
    host_reset(host);
    must(host_poke(host, host_wire(host, "sys", NULL), noun_cord("noop"), &event));
    CHECK(event.answer == HOST_ACCEPTED);
    return (double)(os_clock_ns() - started_ns) / 1e3;
}

static double time_insert_us(struct bare *bare)
{
    static const char job[JOB_BYTES] = {1};
    uint64_t started_ns = os_clock_ns();
    bare_insert(bare, job, JOB_BYTES);
    return (double)(os_clock_ns() - started_ns) / 1e3;
}

struct times {
    double events_us[ROUNDS * TURN];
    double inserts_us[ROUNDS * TURN];
};

static void take_turns(struct host *host, struct bare *bare, struct times *times)
{
    for (int round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
        for (int i = 0; i < TURN; i++) {
            double event_us = time_event_us(host);
            if (round >= 0)
                times->events_us[round * TURN + i] = event_us;
        }
        for (int i = 0; i < TURN; i++) {
            double insert_us = time_insert_us(bare);
            if (round >= 0)
                times->inserts_us[round * TURN + i] = insert_us;
        }
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void report(struct times *times)
{
    size_t count = ROUNDS * TURN;
    qsort(times->events_us, count, sizeof(double), compare);
    qsort(times->inserts_us, count, sizeof(double), compare);
    double event_us = times->events_us[count / 2], insert_us = times->inserts_us[count / 2];
    printf("{\"event_us\": %.1f, \"sqlite_us\": %.1f, \"ratio\": %.3f, \"event_p99_us\": %.1f, "
           "\"sqlite_p99_us\": %.1f, \"events\": %zu}\n",
           event_us, insert_us, event_us / insert_us, times->events_us[count * 99 / 100],
           times->inserts_us[count * 99 / 100], count);
}

int main(int count, char **words)
{
    if (count != 2) {
        fprintf(stderr, "usage: bench-latency DIR\n");
        return 64;
    }
    char machine[4096], database[4096];
    snprintf(machine, sizeof machine, "%s/machine", words[1]);
    snprintf(database, sizeof database, "%s/bare.sqlite", words[1]);
    struct host_kernel kernel = bench_kernel_jam(BENCH_KERNEL_NOOP);
    struct host *host;
    struct bare bare;
    static struct times times;
    must(host_create(machine, &kernel, NULL, NULL, &host));
    bare_open(&bare, database);
    take_turns(host, &bare, &times);
    report(&times);
    bare_close(&bare);
    host_close(host);
    free((void *)kernel.bytes);
    return 0;
}
