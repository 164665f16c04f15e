#include "rig.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/must.h"
#include "support/tap.h"
#include "test_kernel.h"

#define FILE_MAX_BYTES ((uint64_t)1 << 32)

const char *rig_path(const char *name)
{
    static char paths[8][4096];
    static unsigned next;
    static const char *scratch;
    if (scratch == NULL)
        scratch = tap_scratch();
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
    return path;
}

static const char *file_path(const char *directory, const char *name)
{
    static char paths[4][4096];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

struct node *rig_create(const char *directory, const char *kernel_text)
{
    struct recovery_kernel kernel = test_kernel_jam(kernel_text);
    struct node *node;
    MUST(recovery_create(directory, &kernel, NULL, NULL, &node));
    free((void *)kernel.bytes);
    return node;
}

struct node *rig_open(const char *directory, const char *kernel_text, enum status *status)
{
    struct recovery_kernel kernel = {0};
    struct node *node = NULL;
    if (kernel_text != NULL)
        kernel = test_kernel_jam(kernel_text);
    enum status result = recovery_open(directory, &kernel, NULL, &node);
    free((void *)kernel.bytes);
    if (status != NULL)
        *status = result;
    if (result != STATUS_OK)
        tap_note("%s: %s", status_name(result), status_message());
    return result == STATUS_OK ? node : NULL;
}

enum status rig_try(const char *directory, const char *kernel_text)
{
    enum status status;
    recovery_close(rig_open(directory, kernel_text, &status));
    return status;
}

/* ---- events -------------------------------------------------------------------------- */

struct job {
    uint8_t *jam;
    size_t size_bytes;
    uint8_t hash[HASH_BLAKE3_SIZE_BYTES];
};

static struct job apply(struct node *node, const char *cause_text)
{
    noun cause;
    struct job job;
    struct kernel_event event;
    node_enter(node);
    MUST(codec_read(node->stack, "cause", cause_text, strlen(cause_text), &cause));
    noun wire = kernel_wire_plain(node->stack, "sys", 1);
    kernel_poke(node->kernel, kernel_job(node->stack, node->event + 1, wire, 0, 0, cause), &event);
    CHECK(event.outcome == KERNEL_DONE);
    MUST(codec_jam(event.job, &job.jam, &job.size_bytes));
    hash_blake3(job.jam, job.size_bytes, job.hash);
    MUST(node_persist(node, event.core, node->event + 1, job.hash, NULL));
    return job;
}

static void append(struct node *node, const char *cause, uint64_t hash_difference)
{
    struct job job = apply(node, cause);
    struct eventlog_row row = {.event = node->event,
                               .job = job.jam,
                               .job_size_bytes = job.size_bytes,
                               .state_hash = node->state_hash ^ hash_difference};
    memcpy(row.job_hash, job.hash, sizeof row.job_hash);
    MUST(eventlog_append(node->log, &row, 1));
    free(job.jam);
}

void rig_event(struct node *node, const char *cause)
{
    append(node, cause, 0);
}

void rig_event_misrecorded(struct node *node, const char *cause)
{
    append(node, cause, 1);
}

void rig_event_unlogged(struct node *node, const char *cause)
{
    free(apply(node, cause).jam);
}

uint64_t rig_state(struct node *node)
{
    node_enter(node);
    return kernel_state(node->kernel);
}

/* ---- files ----------------------------------------------------------------------------- */

static void copy(const char *from, const char *to)
{
    uint8_t *bytes;
    size_t size_bytes;
    MUST(os_read_whole(from, FILE_MAX_BYTES, &bytes, &size_bytes));
    MUST(os_replace_whole(to, bytes, size_bytes));
    free(bytes);
}

void rig_keep(const char *directory, const char *name)
{
    copy(file_path(directory, name), rig_path("kept"));
}

void rig_restore(const char *directory, const char *name)
{
    copy(rig_path("kept"), file_path(directory, name));
}

struct fingerprint {
    const char *directory;
    uint64_t hash;
};

static enum status add_entry(void *context, const char *name)
{
    struct fingerprint *print = context;
    const char *path = file_path(print->directory, name);
    enum os_kind kind;
    uint8_t *bytes;
    size_t size_bytes;
    print->hash = hash_xxh3_64_seeded(name, strlen(name), print->hash);
    if (strstr(name, "-shm") != NULL)
        return STATUS_OK;
    if (os_kind_of(path, &kind) == STATUS_OK && kind == OS_KIND_DIRECTORY) {
        struct fingerprint inner = {.directory = strdup(path), .hash = print->hash};
        MUST(os_directory_list(inner.directory, add_entry, &inner));
        free((void *)inner.directory);
        print->hash = inner.hash;
        return STATUS_OK;
    }
    MUST(os_read_whole(path, FILE_MAX_BYTES, &bytes, &size_bytes));
    print->hash = hash_xxh3_64_seeded(bytes, size_bytes, print->hash);
    free(bytes);
    return STATUS_OK;
}

uint64_t rig_fingerprint(const char *directory)
{
    struct fingerprint print = {.directory = directory};
    MUST(os_directory_list(directory, add_entry, &print));
    return print.hash;
}

void rig_flip(const char *directory, const char *name, uint64_t offset_bytes)
{
    struct os_file *file;
    uint8_t byte;
    MUST(os_file_open(file_path(directory, name), OS_OPEN_WRITE, &file));
    MUST(os_file_read(file, offset_bytes, &byte, 1));
    byte = (uint8_t)~byte;
    MUST(os_file_write(file, offset_bytes, &byte, 1));
    os_file_close(file);
}

void rig_sql(const char *directory, const char *sql)
{
    sqlite3 *database;
    char *message = NULL;
    CHECK(sqlite3_open(file_path(directory, "events.sqlite"), &database) == SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK) {
        printf("Bail out! %s\n", message);
        exit(1);
    }
    sqlite3_close(database);
}
