/* What durability costs, beside the least that it can cost.
 *
 *     bench-commit DIR [ROUNDS]
 *
 * All in one run, in turns, on the same disk:
 *
 *   one client     an event, submitted when the one before it was acknowledged;
 *                  beside it a row a transaction in bare SQLite (write-ahead
 *                  log, synchronous=FULL) and a key a transaction in LMDB
 *   many clients   1024 of them, each with one event outstanding, on a kernel
 *                  that counts; beside it the same without durability, and
 *                  SQLite and LMDB with 100 rows a transaction
 *   bytes          what the process hands to the disk an event, for causes of
 *                  100 bytes to 1 MiB
 *
 * Rows and keys have as many bytes as an event's job.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef BENCH_LMDB
#include <lmdb.h>
#endif

#include "host/kernel.h"
#include "must.h"

#define TURNS_MAX 4096
#define ONE_CLIENT_TURN 50
#define MANY_CLIENTS 1024
#define MANY_EVENTS 20000
#define JOB_BYTES 64
#define GROUP 100

static void must_be(bool is_well, const char *what)
{
    if (is_well)
        return;
    fprintf(stderr, "bench-commit: %s\n", what);
    exit(1);
}

static char *path_in(const char *directory, const char *name)
{
    char *path;
    must_be(asprintf(&path, "%s/%s", directory, name) > 0, "no memory");
    return path;
}

/* ---- the bare stores ------------------------------------------------------------------ */

static const char job[JOB_BYTES] = {1};

struct bare {
    sqlite3 *database;
    sqlite3_stmt *begin, *insert, *commit;
};

static void must_sql(struct bare *bare, int code)
{
    if (code != SQLITE_OK && code != SQLITE_DONE)
        must_be(false, sqlite3_errmsg(bare->database));
}

static void bare_open(struct bare *bare, const char *path)
{
    must_sql(bare, sqlite3_open(path, &bare->database));
    must_sql(bare, sqlite3_exec(bare->database,
                                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                "CREATE TABLE events (number INTEGER PRIMARY KEY, job BLOB)",
                                NULL, NULL, NULL));
    must_sql(bare, sqlite3_prepare_v2(bare->database, "BEGIN IMMEDIATE", -1, &bare->begin, NULL));
    must_sql(bare, sqlite3_prepare_v2(bare->database, "COMMIT", -1, &bare->commit, NULL));
    must_sql(bare, sqlite3_prepare_v2(bare->database, "INSERT INTO events (job) VALUES (?)", -1, &bare->insert, NULL));
}

static void step(struct bare *bare, sqlite3_stmt *statement)
{
    must_sql(bare, sqlite3_step(statement));
    must_sql(bare, sqlite3_reset(statement));
}

static void bare_insert(struct bare *bare, unsigned count)
{
    if (count > 1)
        step(bare, bare->begin);
    for (unsigned i = 0; i < count; i++) {
        must_sql(bare, sqlite3_bind_blob(bare->insert, 1, job, JOB_BYTES, SQLITE_STATIC));
        step(bare, bare->insert);
    }
    if (count > 1)
        step(bare, bare->commit);
}

static void bare_close(struct bare *bare)
{
    sqlite3_finalize(bare->begin);
    sqlite3_finalize(bare->insert);
    sqlite3_finalize(bare->commit);
    sqlite3_close(bare->database);
}

#ifdef BENCH_LMDB
struct lmdb {
    MDB_env *environment;
    MDB_dbi database;
    uint64_t next;
};

static void must_mdb(int code)
{
    must_be(code == 0, mdb_strerror(code));
}

static void lmdb_open(struct lmdb *lmdb, const char *path)
{
    MDB_txn *transaction;
    must_be(mkdir(path, 0700) == 0, "cannot make a directory for LMDB");
    must_mdb(mdb_env_create(&lmdb->environment));
    must_mdb(mdb_env_set_mapsize(lmdb->environment, (size_t)4 << 30));
    must_mdb(mdb_env_open(lmdb->environment, path, 0, 0600));
    must_mdb(mdb_txn_begin(lmdb->environment, NULL, 0, &transaction));
    must_mdb(mdb_dbi_open(transaction, NULL, MDB_INTEGERKEY | MDB_CREATE, &lmdb->database));
    must_mdb(mdb_txn_commit(transaction));
}

static void lmdb_put(struct lmdb *lmdb, unsigned count)
{
    MDB_txn *transaction;
    must_mdb(mdb_txn_begin(lmdb->environment, NULL, 0, &transaction));
    for (unsigned i = 0; i < count; i++) {
        lmdb->next++;
        MDB_val key = {sizeof lmdb->next, &lmdb->next}, value = {JOB_BYTES, (void *)job};
        must_mdb(mdb_put(transaction, lmdb->database, &key, &value, MDB_APPEND));
    }
    must_mdb(mdb_txn_commit(transaction));
}

static void lmdb_close(struct lmdb *lmdb)
{
    mdb_env_close(lmdb->environment);
}
#define HAS_LMDB true
#else
struct lmdb {
    int none;
};
static void lmdb_open(struct lmdb *lmdb, const char *path)
{
    (void)lmdb;
    (void)path;
    fprintf(stderr, "bench-commit: NO LMDB: built without it (Debian: liblmdb-dev); nothing of it is measured\n");
}
static void lmdb_put(struct lmdb *lmdb, unsigned count)
{
    (void)lmdb;
    (void)count;
}
static void lmdb_close(struct lmdb *lmdb)
{
    (void)lmdb;
}
#define HAS_LMDB false
#endif

/* ---- clients of a host ------------------------------------------------------------------- */

/* So many clients; each submits again when it is answered. */
struct clients {
    struct host_driver driver;
    unsigned count;
    uint64_t to_submit; /* left */
    uint64_t to_answer;
    uint64_t submitted_ns; /* of one client's newest */
    double *times_us;      /* where one client's times go; NULL: nowhere */
    size_t times;
    noun (*cause)(struct host *host);
};

static void on_answer(void *context, struct host *host, const struct host_event *event);

static void submit(struct clients *clients, struct host *host)
{
    if (clients->to_submit == 0)
        return;
    clients->to_submit--;
    clients->submitted_ns = os_clock_ns();
    host_submit(host, host_wire(host, "sys", NULL), clients->cause(host), on_answer, clients);
}

static void on_answer(void *context, struct host *host, const struct host_event *event)
{
    struct clients *clients = context;
    must_be(event->answer == HOST_ACCEPTED, "an event was not accepted");
    if (clients->times_us != NULL)
        clients->times_us[clients->times++] = (double)(os_clock_ns() - clients->submitted_ns) / 1e3;
    submit(clients, host);
    if (--clients->to_answer == 0)
        host_stop(host, 0);
}

static enum status on_start(struct host *host, void *context)
{
    struct clients *clients = context;
    for (unsigned i = 0; i < clients->count; i++)
        submit(clients, host);
    return STATUS_OK;
}

static noun small_cause(struct host *host)
{
    (void)host;
    return noun_cord("inc");
}

/* The clients of a host, which is run again and again. */
static void clients_init(struct clients *clients, struct host *host)
{
    *clients = (struct clients){.driver = {.name = "clients", .context = clients, .start = on_start}};
    clients->cause = small_cause;
    host_add_driver(host, &clients->driver);
}

/* Seconds that `events` take. */
static double clients_run(struct clients *clients, struct host *host, unsigned count, uint64_t events, double *times_us)
{
    int exit_code;
    clients->count = count;
    clients->to_submit = clients->to_answer = events;
    clients->times_us = times_us;
    clients->times = 0;
    uint64_t started_ns = os_clock_ns();
    must(host_run(host, false, &exit_code));
    must_be(clients->to_answer == 0, "the run was stopped");
    return (double)(os_clock_ns() - started_ns) / 1e9;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double *values, size_t count, double part)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, compare);
    size_t at = (size_t)((double)count * part);
    return values[at < count ? at : count - 1];
}

struct samples {
    double values[TURNS_MAX * ONE_CLIENT_TURN];
    size_t count;
};

static void sample_add(struct samples *samples, double value)
{
    if (samples->count < COUNT_OF(samples->values))
        samples->values[samples->count++] = value;
}

static double median(struct samples *samples)
{
    return quantile(samples->values, samples->count, 0.5);
}

/* ---- one client ------------------------------------------------------------------------------ */

struct stage {
    struct host *durable, *in_memory;
    struct clients durable_clients, memory_clients;
    struct bare bare;
    struct lmdb lmdb;
};

static struct samples event_us, sqlite_us, lmdb_us;

static void time_one_client(struct stage *stage, bool counts)
{
    double times_us[ONE_CLIENT_TURN];
    clients_run(&stage->durable_clients, stage->durable, 1, ONE_CLIENT_TURN, times_us);
    for (int i = 0; i < ONE_CLIENT_TURN && counts; i++)
        sample_add(&event_us, times_us[i]);
    for (int i = 0; i < ONE_CLIENT_TURN; i++) {
        uint64_t started_ns = os_clock_ns();
        bare_insert(&stage->bare, 1);
        if (counts)
            sample_add(&sqlite_us, (double)(os_clock_ns() - started_ns) / 1e3);
    }
    for (int i = 0; i < ONE_CLIENT_TURN && HAS_LMDB; i++) {
        uint64_t started_ns = os_clock_ns();
        lmdb_put(&stage->lmdb, 1);
        if (counts)
            sample_add(&lmdb_us, (double)(os_clock_ns() - started_ns) / 1e3);
    }
}

/* ---- many clients ---------------------------------------------------------------------------- */

static struct samples durable_us, durable_cpu_us, memory_us, sqlite_row_us, lmdb_key_us;

static void time_many_clients(struct stage *stage, bool counts)
{
    uint64_t cpu_ns = os_clock_cpu_ns(); /* of the thread that evaluates */
    double seconds = clients_run(&stage->durable_clients, stage->durable, MANY_CLIENTS, MANY_EVENTS, NULL);
    cpu_ns = os_clock_cpu_ns() - cpu_ns;
    if (counts) {
        sample_add(&durable_us, seconds * 1e6 / MANY_EVENTS);
        sample_add(&durable_cpu_us, (double)cpu_ns / 1e3 / MANY_EVENTS);
    }
    seconds = clients_run(&stage->memory_clients, stage->in_memory, MANY_CLIENTS, MANY_EVENTS, NULL);
    if (counts)
        sample_add(&memory_us, seconds * 1e6 / MANY_EVENTS);
    uint64_t started_ns = os_clock_ns();
    for (int i = 0; i < MANY_EVENTS / GROUP; i++)
        bare_insert(&stage->bare, GROUP);
    if (counts)
        sample_add(&sqlite_row_us, (double)(os_clock_ns() - started_ns) / 1e3 / MANY_EVENTS);
    started_ns = os_clock_ns();
    for (int i = 0; i < MANY_EVENTS / GROUP && HAS_LMDB; i++)
        lmdb_put(&stage->lmdb, GROUP);
    if (counts && HAS_LMDB)
        sample_add(&lmdb_key_us, (double)(os_clock_ns() - started_ns) / 1e3 / MANY_EVENTS);
}

/* ---- bytes -------------------------------------------------------------------------------------- */

static size_t cause_bytes;

static noun large_cause(struct host *host)
{
    static uint8_t bytes[1 << 20];
    static uint64_t seed = 1;
    for (size_t i = 0; i < cause_bytes; i += 8) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        memcpy(bytes + i, &seed, 8);
    }
    bytes[cause_bytes - 1] |= 1;
    return stack_atom_from_bytes(host_stack(host), bytes, cause_bytes);
}

static uint64_t written_bytes(void)
{
    char line[256];
    unsigned long long value, found = 0;
    FILE *facts = fopen("/proc/self/io", "r");
    must_be(facts != NULL, "there is no /proc/self/io");
    while (fgets(line, sizeof line, facts) != NULL)
        if (sscanf(line, "write_bytes: %llu", &value) == 1)
            found = value;
    fclose(facts);
    return found;
}

static void report_bytes(struct stage *stage, unsigned clients, const char *name)
{
    static const size_t sizes[] = {100, 1000, 10000, 100000, 1000000};
    printf("\"%s\": [", name);
    stage->durable_clients.cause = large_cause;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        cause_bytes = sizes[i];
        uint64_t events = sizes[i] <= 1000 ? 4000 : sizes[i] <= 10000 ? 1000 : 100;
        uint64_t before = written_bytes();
        clients_run(&stage->durable_clients, stage->durable, clients, events, NULL);
        double per_event = (double)(written_bytes() - before) / (double)events;
        printf("%s{\"cause_bytes\": %zu, \"written_bytes\": %.0f, \"amplification\": %.2f}", i > 0 ? ", " : "",
               sizes[i], per_event, per_event / (double)sizes[i]);
    }
    printf("]");
    stage->durable_clients.cause = small_cause;
}

/* ---- the whole ------------------------------------------------------------------------------------ */

static struct host *open_durable(const char *directory, struct host_kernel *kernel)
{
    struct host *host;
    must(host_create(directory, kernel, NULL, NULL, &host));
    return host;
}

static void open_all(struct stage *stage, const char *directory)
{
    struct host_kernel kernel = bench_kernel_jam(BENCH_KERNEL_COUNT);
    char *machine = path_in(directory, "machine"), *bare = path_in(directory, "bare.sqlite"),
         *lmdb = path_in(directory, "lmdb");
    stage->durable = open_durable(machine, &kernel);
    must(host_open_memory(&kernel, NULL, NULL, &stage->in_memory));
    clients_init(&stage->durable_clients, stage->durable);
    clients_init(&stage->memory_clients, stage->in_memory);
    bare_open(&stage->bare, bare);
    lmdb_open(&stage->lmdb, lmdb);
    free(machine);
    free(bare);
    free(lmdb);
    free((void *)kernel.bytes);
}

static void report(struct stage *stage)
{
    printf("{\"one_client\": {\"event_us\": %.1f, \"sqlite_us\": %.1f, \"ratio\": %.3f, \"event_p99_us\": %.1f, "
           "\"sqlite_p99_us\": %.1f",
           median(&event_us), median(&sqlite_us), median(&event_us) / median(&sqlite_us),
           quantile(event_us.values, event_us.count, 0.99), quantile(sqlite_us.values, sqlite_us.count, 0.99));
    if (HAS_LMDB)
        printf(", \"lmdb_us\": %.1f", median(&lmdb_us));
    printf("}, \"many_clients\": {\"clients\": %d, \"event_us\": %.2f, \"events_per_second\": %.0f, "
           "\"best_events_per_second\": %.0f, \"evaluating_cpu_us\": %.2f, \"in_memory_us\": %.2f, "
           "\"ratio\": %.2f, \"sqlite_row_us\": %.2f",
           MANY_CLIENTS, median(&durable_us), 1e6 / median(&durable_us),
           1e6 / quantile(durable_us.values, durable_us.count, 0), median(&durable_cpu_us), median(&memory_us),
           median(&durable_us) / median(&memory_us), median(&sqlite_row_us));
    if (HAS_LMDB)
        printf(", \"lmdb_key_us\": %.2f", median(&lmdb_key_us));
    printf("}, ");
    report_bytes(stage, 1, "bytes_one_client");
    printf(", ");
    report_bytes(stage, 64, "bytes_64_clients");
    printf("}\n");
}

int main(int count, char **words)
{
    static struct stage stage;
    if (count != 2 && count != 3) {
        fprintf(stderr, "usage: bench-commit DIR [ROUNDS]\n");
        return 64;
    }
    int rounds = count == 3 ? atoi(words[2]) : 20;
    open_all(&stage, words[1]);
    for (int round = -1; round < rounds; round++) {
        for (int turn = 0; turn < 2; turn++)
            time_one_client(&stage, round >= 0);
        time_many_clients(&stage, round >= 0);
    }
    report(&stage);
    host_close(stage.durable);
    host_close(stage.in_memory);
    bare_close(&stage.bare);
    lmdb_close(&stage.lmdb);
    return 0;
}
