/* What the disk alone does: a page is written and flushed a hundred times a second, each at its due time, without
 * and beside a thread that writes to another file at a steady rate and flushes every 2 MiB.  Both files have all
 * their blocks before, so that the file system has nothing to note down.  What such pages wait for, no event can be
 * spared beside that rate. */
#include "host/gc_load.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE_BYTES 4096
#define PAGES 256
#define RATE 100
#define PIECE_BYTES (2 * MIB)
#define FILE_BYTES (512 * MIB) /* written round and round */
#define REST_MS 5000
#define BEFORE_NS ((uint64_t)10000000000)

struct writer {
    int file;
    uint64_t bytes, bytes_per_second;
    atomic_bool is_over;
};

static int open_in(const char *directory, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || unlink(path) != 0) {
        perror(path);
        exit(1);
    }
    return file;
}

static void write_at(int file, const uint8_t *bytes, uint64_t size_bytes, uint64_t at_bytes)
{
    if (pwrite(file, bytes, size_bytes, (off_t)at_bytes) != (ssize_t)size_bytes) {
        perror("bench-gc: pwrite");
        exit(1);
    }
}

/* Of zeros, flushed. */
static int file_of(const char *directory, const char *name, uint64_t size_bytes)
{
    int file = open_in(directory, name);
    uint8_t *page = calloc(1, PAGE_BYTES);
    CHECK(page != NULL);
    for (uint64_t at = 0; at < size_bytes; at += PAGE_BYTES)
        write_at(file, page, PAGE_BYTES, at);
    CHECK(fsync(file) == 0);
    free(page);
    return file;
}

static void wait_until(uint64_t due_ns)
{
    while (os_clock_ns() < due_ns)
        os_sleep_ms(1);
}

static void write_much(void *context)
{
    struct writer *writer = context;
    uint8_t *piece = malloc(PIECE_BYTES);
    CHECK(piece != NULL);
    memset(piece, 1, PIECE_BYTES);
    uint64_t started_ns = os_clock_ns();
    for (uint64_t done = 0; done < writer->bytes; done += PIECE_BYTES) {
        write_at(writer->file, piece, PIECE_BYTES, done % FILE_BYTES);
        CHECK(fdatasync(writer->file) == 0);
        wait_until(started_ns + (uint64_t)((double)(done + PIECE_BYTES) * 1e9 / (double)writer->bytes_per_second));
    }
    free(piece);
    writer->is_over = true;
}

static bool until_written(void *writer)
{
    return !((const struct writer *)writer)->is_over;
}

static void write_pages(int file, struct gc_samples *samples, bool (*goes_on)(void *context), void *context)
{
    const uint8_t page[PAGE_BYTES] = {1};
    uint64_t started_ns = os_clock_ns();
    for (uint64_t number = 0; goes_on(context); number++) {
        uint64_t due_ns = started_ns + number * (1000000000 / RATE);
        wait_until(due_ns);
        write_at(file, page, PAGE_BYTES, number % PAGES * PAGE_BYTES);
        CHECK(fdatasync(file) == 0);
        bench_sample(samples, (double)(os_clock_ns() - due_ns) / 1e6);
    }
}

void gc_disk(char **words)
{
    int file = file_of(words[0], "pages", PAGES * PAGE_BYTES);
    struct writer writer = {file_of(words[0], "much", FILE_BYTES), bench_read_size(words[1]), bench_read_size(words[2]),
                            false};
    struct gc_samples before = bench_samples_new(), during = bench_samples_new();
    os_sleep_ms(REST_MS);
    uint64_t deadline_ns = os_clock_ns() + BEFORE_NS;
    write_pages(file, &before, bench_until_deadline, &deadline_ns);
    struct os_thread *thread;
    bench_must(os_thread_start(write_much, &writer, &thread));
    write_pages(file, &during, until_written, &writer);
    os_thread_join(thread);
    close(writer.file);
    close(file);
    printf("{\"bytes\": %" PRIu64 ", \"bytes_per_second\": %" PRIu64 ", \"page_p50_before_ms\": %.2f, "
           "\"page_p99_before_ms\": %.2f, \"page_p50_during_ms\": %.2f, \"page_p99_during_ms\": %.2f, "
           "\"page_max_during_ms\": %.1f}\n",
           writer.bytes, writer.bytes_per_second, bench_quantile(&before, 0.5), bench_quantile(&before, 0.99),
           bench_quantile(&during, 0.5), bench_quantile(&during, 0.99), bench_quantile(&during, 1));
}
