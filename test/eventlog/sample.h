/* What the event log's tests share: rows whose contents follow from their
 * numbers, so that any of them can be checked without remembering it. */
#ifndef TEST_EVENTLOG_SAMPLE_H
#define TEST_EVENTLOG_SAMPLE_H

#include <stdio.h>
#include <string.h>

#include "eventlog/eventlog.h"

#define JOB_BYTES_MAX 20000

static inline struct eventlog_identity sample_identity(uint64_t base_event)
{
    struct eventlog_identity identity = {.base_event = base_event, .base_state_hash = 77, .created_ms = 1700000000000};
    for (size_t i = 0; i < sizeof identity.identity; i++)
        identity.identity[i] = (uint8_t)(i + 1);
    for (size_t i = 0; i < sizeof identity.kernel_hash; i++)
        identity.kernel_hash[i] = (uint8_t)(200 + i);
    return identity;
}

/* Most jobs are small; every hundredth overflows several pages; one is empty. */
static inline size_t sample_job_size(uint64_t event)
{
    return event % 100 == 0 ? JOB_BYTES_MAX - event % 1000 : event % 97;
}

/* `job` has room for JOB_BYTES_MAX bytes and belongs to the row. */
static inline struct eventlog_row sample_row(uint64_t event, uint8_t *job)
{
    static const char wire[] = "/poke/test/1";
    struct eventlog_row row = {
        .event = event,
        .kind = event % 5 == 0 ? EVENTLOG_REPLACEMENT : EVENTLOG_POKE,
        .wire = (const uint8_t *)wire,
        .wire_size_bytes = event % 7 == 0 ? 0 : sizeof wire - 1,
        .job = job,
        .job_size_bytes = sample_job_size(event),
        .state_hash = bits_mix64(event),
        .evaluation_us = event * 3,
        .wall_ms = 1700000000000 + event,
    };
    for (size_t i = 0; i < row.job_size_bytes; i++)
        job[i] = (uint8_t)(bits_mix64(event + i / 8) >> (i % 8 * 8));
    hash_blake3(job, row.job_size_bytes, row.job_hash);
    return row;
}

static inline bool row_is_sample(const struct eventlog_row *row, uint64_t event)
{
    static uint8_t job[JOB_BYTES_MAX];
    struct eventlog_row sample = sample_row(event, job);
    return row->event == event && row->kind == sample.kind && row->wire_size_bytes == sample.wire_size_bytes &&
           memcmp(row->wire, sample.wire, sample.wire_size_bytes) == 0 &&
           row->job_size_bytes == sample.job_size_bytes && memcmp(row->job, job, sample.job_size_bytes) == 0 &&
           memcmp(row->job_hash, sample.job_hash, sizeof sample.job_hash) == 0 &&
           row->state_hash == sample.state_hash && row->evaluation_us == sample.evaluation_us &&
           row->wall_ms == sample.wall_ms;
}

/* Appends `count` rows in groups of `group`, at most SAMPLE_GROUP_MAX. */
#define SAMPLE_GROUP_MAX 64
static inline enum status append_groups(struct eventlog *log, uint64_t count, uint64_t group)
{
    static uint8_t jobs[SAMPLE_GROUP_MAX][JOB_BYTES_MAX];
    struct eventlog_row rows[SAMPLE_GROUP_MAX];
    for (uint64_t done = 0; done < count; done += group) {
        uint64_t some = count - done < group ? count - done : group;
        for (uint64_t i = 0; i < some; i++)
            rows[i] = sample_row(eventlog_last(log) + 1 + i, jobs[i]);
        STATUS_TRY(eventlog_append(log, rows, (size_t)some));
    }
    return STATUS_OK;
}

static inline enum status append_samples(struct eventlog *log, uint64_t count)
{
    return append_groups(log, count, 1);
}

static inline const char *path_in(const char *directory, const char *name, char path[512])
{
    snprintf(path, 512, "%s/%s", directory, name);
    return path;
}

#endif
