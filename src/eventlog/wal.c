/* The write-ahead log's own files: its size, and whether it was damaged.
 *
 * SQLite ends a WAL at its first frame that does not check.  That is right for
 * a commit that was cut off by a crash, and wrong for a bit that flipped under
 * a commit long since acknowledged: that and all that came after it would
 * vanish without a word.  The two can be told apart.  A commit is flushed
 * before the next one begins, so if behind a bad frame there is a commit frame
 * and behind that another frame of the same generation, everything up to the
 * former was durable once, and the bad frame is damage.
 *
 *   | header: 32 bytes | frame | frame | ...
 *
 *   header  0 magic  4 version  8 page size  12 sequence  16 salts  24 checksum
 *   frame   0 page number  4 pages after a commit, or 0  8 salts  16 checksum
 *           24 the page
 *
 * Integers are big-endian.  The salts tell one generation of the WAL from the
 * next.  A checksum is two sums that run on from frame to frame, so a frame can
 * be checked from what the one before it says of itself, even if that is bad.
 * (The format: sqlite.org/fileformat2.html, section 4.)
 *
 * What cannot be told: a flip in the newest commit, which looks like one that
 * was cut off.  An arena that is ahead of its log shows it.
 */
#include "eventlog/private.h"

#include <stdlib.h>
#include <string.h>

#include "os/os.h"

#define HEADER_BYTES 32
#define FRAME_HEADER_BYTES 24
#define MAGIC 0x377f0682u /* its lowest bit says that checksums are over big-endian words */
#define PAGE_BYTES_MAX 65536
#define WINDOW_BYTES ((size_t)1 << 18) /* that are read or written at once */

struct sums {
    uint32_t first;
    uint32_t second;
};

struct walk {
    struct os_file *file;
    uint64_t size_bytes;
    size_t page_bytes;
    bool big_endian_sums;
    uint8_t salts[8];
    struct sums sums; /* that the next frame goes on from */
    uint8_t *window;  /* owned; this much of the file, from window_offset_bytes on */
    uint64_t window_offset_bytes;
    size_t window_bytes;
    const uint8_t *frame; /* header and page, in the window */
};

static uint32_t word_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static struct sums sums_at(const uint8_t *bytes)
{
    return (struct sums){word_at(bytes), word_at(bytes + 4)};
}

static bool sums_equal(struct sums a, struct sums b)
{
    return a.first == b.first && a.second == b.second;
}

/* A whole number of 8 bytes. */
static struct sums sums_over(struct sums sums, const uint8_t *bytes, size_t size_bytes, bool big_endian)
{
    for (size_t i = 0; i < size_bytes; i += 8) {
        uint64_t pair = bits_load64(bytes + i);
        uint32_t first = (uint32_t)pair, second = (uint32_t)(pair >> 32);
        sums.first += (big_endian ? __builtin_bswap32(first) : first) + sums.second;
        sums.second += (big_endian ? __builtin_bswap32(second) : second) + sums.first;
    }
    return sums;
}

static bool is_zero(const uint8_t *bytes, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static enum status fail_damaged(const struct eventlog *log, uint64_t offset_bytes)
{
    return status_fail(
        STATUS_CORRUPT,
        "event log %s: its write-ahead log is damaged at byte %" PRIu64 ": events that were acknowledged "
        "would be lost; restore both files from a copy, or start from a snapshot or an arena that stands "
        "after them",
        log->path, offset_bytes);
}

/* *empty: there is nothing behind it. */
static enum status read_header(struct eventlog *log, struct walk *walk, bool *empty)
{
    uint8_t header[HEADER_BYTES];
    *empty = walk->size_bytes < HEADER_BYTES;
    if (*empty)
        return STATUS_OK;
    STATUS_TRY(os_file_read(walk->file, 0, header, sizeof header));
    *empty = is_zero(header, sizeof header);
    if (*empty)
        return STATUS_OK;
    walk->big_endian_sums = (word_at(header) & 1) != 0;
    walk->page_bytes = word_at(header + 8);
    memcpy(walk->salts, header + 16, sizeof walk->salts);
    walk->sums = sums_over((struct sums){0, 0}, header, 24, walk->big_endian_sums);
    bool good = (word_at(header) & ~1u) == MAGIC && walk->page_bytes >= 512 && walk->page_bytes <= PAGE_BYTES_MAX &&
                walk->page_bytes % 8 == 0 && sums_equal(walk->sums, sums_at(header + 24));
    return good ? STATUS_OK : fail_damaged(log, 0);
}

/* Points walk->frame at the frame at `offset_bytes`, which is not beyond the end. */
static enum status find_frame(struct walk *walk, uint64_t offset_bytes, size_t frame_bytes)
{
    if (offset_bytes < walk->window_offset_bytes ||
        offset_bytes + frame_bytes > walk->window_offset_bytes + walk->window_bytes) {
        uint64_t rest_bytes = walk->size_bytes - offset_bytes;
        walk->window_offset_bytes = offset_bytes;
        walk->window_bytes = rest_bytes < WINDOW_BYTES ? (size_t)rest_bytes : WINDOW_BYTES;
        STATUS_TRY(os_file_read(walk->file, offset_bytes, walk->window, walk->window_bytes));
    }
    walk->frame = walk->window + (offset_bytes - walk->window_offset_bytes);
    return STATUS_OK;
}

/* Reads the frame at `offset_bytes` and says whether it follows from the sums
 * so far; then goes on from what it says of itself.  *found: there is one of
 * this generation. */
static enum status read_frame(struct walk *walk, uint64_t offset_bytes, bool *found, bool *follows)
{
    size_t frame_bytes = FRAME_HEADER_BYTES + walk->page_bytes;
    *found = *follows = false;
    if (offset_bytes + frame_bytes > walk->size_bytes)
        return STATUS_OK;
    STATUS_TRY(find_frame(walk, offset_bytes, frame_bytes));
    struct sums sums = sums_over(walk->sums, walk->frame, 8, walk->big_endian_sums);
    sums = sums_over(sums, walk->frame + FRAME_HEADER_BYTES, walk->page_bytes, walk->big_endian_sums);
    walk->sums = sums_at(walk->frame + 16);
    *found = !is_zero(walk->frame, FRAME_HEADER_BYTES);
    *follows = *found && word_at(walk->frame) != 0 && memcmp(walk->frame + 8, walk->salts, sizeof walk->salts) == 0 &&
               sums_equal(sums, walk->sums);
    return STATUS_OK;
}

/* From a bad frame on: is there a commit with a frame after it?  The frame
 * right behind the bad one cannot follow if it was the bad one's sums that
 * were hit, so that one may fail too. */
static enum status search_beyond(struct walk *walk, uint64_t offset_bytes, bool *damaged)
{
    size_t frame_bytes = FRAME_HEADER_BYTES + walk->page_bytes;
    bool found = true, follows, after_commit = word_at(walk->frame + 4) != 0;
    *damaged = false;
    for (unsigned i = 1; !*damaged; i++) {
        STATUS_TRY(read_frame(walk, offset_bytes + i * (uint64_t)frame_bytes, &found, &follows));
        bool same_generation = found && memcmp(walk->frame + 8, walk->salts, sizeof walk->salts) == 0;
        if (!follows && (i > 1 || !same_generation))
            return STATUS_OK;
        *damaged = follows && after_commit;
        after_commit = word_at(walk->frame + 4) != 0;
    }
    return STATUS_OK;
}

/* Stops at the end of the last good frame. */
static enum status walk_frames(struct eventlog *log, struct walk *walk)
{
    uint64_t offset_bytes = HEADER_BYTES;
    bool found, follows, damaged;
    while (true) {
        STATUS_TRY(read_frame(walk, offset_bytes, &found, &follows));
        if (!found)
            return STATUS_OK;
        if (!follows)
            break;
        offset_bytes += FRAME_HEADER_BYTES + walk->page_bytes;
        log->wal_found_bytes = offset_bytes;
    }
    if (log->is_marked)
        return STATUS_OK; /* lost in a power cut, as frames that were not flushed may be */
    STATUS_TRY(search_beyond(walk, offset_bytes, &damaged));
    return damaged ? fail_damaged(log, offset_bytes) : STATUS_OK;
}

static enum status check_file(struct eventlog *log, struct walk *walk)
{
    bool empty;
    STATUS_TRY(os_file_size(walk->file, &walk->size_bytes));
    STATUS_TRY(read_header(log, walk, &empty));
    log->is_wal_empty = empty && walk->size_bytes >= HEADER_BYTES;
    if (empty)
        return STATUS_OK;
    walk->window = malloc(WINDOW_BYTES);
    if (walk->window == NULL)
        check_out_of_memory(__FILE__, __LINE__, WINDOW_BYTES);
    enum status status = walk_frames(log, walk);
    free(walk->window);
    return status;
}

/* The WAL carries no locks, so it may be opened beside SQLite; the database's
 * own file may not: whoever closes another descriptor of it drops the locks
 * that SQLite holds (POSIX locks go with the process and the file). */
static enum status open_wal(struct eventlog *log, enum os_open mode, struct os_file **file)
{
    enum os_kind kind;
    *file = NULL;
    STATUS_TRY(os_kind_of(log->wal_path, &kind));
    return kind == OS_KIND_FILE ? os_file_open(log->wal_path, mode, file) : STATUS_OK;
}

enum status eventlog_wal_check(struct eventlog *log)
{
    struct walk walk = {0};
    STATUS_TRY(open_wal(log, OS_OPEN_READ, &walk.file));
    if (walk.file == NULL)
        return STATUS_OK;
    enum status status = check_file(log, &walk);
    os_file_close(walk.file);
    return status;
}

enum status eventlog_wal_size(struct eventlog *log, uint64_t *size_bytes)
{
    struct os_file *file;
    *size_bytes = 0;
    STATUS_TRY(open_wal(log, OS_OPEN_READ, &file));
    if (file == NULL)
        return STATUS_OK;
    enum status status = os_file_size(file, size_bytes);
    os_file_close(file);
    return status;
}

/* What was read may be in memory alone: after a failed flush Linux holds pages
 * as clean that never reached the device, and no later flush would write them.
 * Written once more, they are dirty, and flushed here: whoever finds a bad frame
 * with a commit behind it takes the commit for the proof that the frame was
 * durable, so nothing may be written behind a frame that is not. */
static enum status write_again(struct os_file *file, uint64_t end_bytes)
{
    uint8_t *bytes = malloc(WINDOW_BYTES);
    if (bytes == NULL)
        check_out_of_memory(__FILE__, __LINE__, WINDOW_BYTES);
    enum status status = STATUS_OK;
    for (uint64_t at = 0; at < end_bytes && status == STATUS_OK; at += WINDOW_BYTES) {
        size_t piece_bytes = end_bytes - at < WINDOW_BYTES ? (size_t)(end_bytes - at) : WINDOW_BYTES;
        status = os_file_read(file, at, bytes, piece_bytes);
        if (status == STATUS_OK)
            status = os_file_write(file, at, bytes, piece_bytes);
    }
    free(bytes);
    return status == STATUS_OK ? os_file_sync(file) : status;
}

enum status eventlog_wal_write_again(struct eventlog *log)
{
    struct os_file *file;
    if (log->wal_found_bytes == 0)
        return STATUS_OK;
    STATUS_TRY(open_wal(log, OS_OPEN_WRITE, &file));
    if (file == NULL)
        return STATUS_OK;
    enum status status = write_again(file, log->wal_found_bytes);
    os_file_close(file);
    return status;
}

enum status eventlog_wal_clear(struct eventlog *log)
{
    static const uint8_t zeros[HEADER_BYTES];
    struct os_file *file;
    uint64_t size_bytes;
    STATUS_TRY(open_wal(log, OS_OPEN_WRITE, &file));
    if (file == NULL)
        return STATUS_OK;
    enum status status = os_file_size(file, &size_bytes);
    if (status == STATUS_OK && size_bytes >= sizeof zeros)
        status = os_file_write(file, 0, zeros, sizeof zeros);
    os_file_close(file);
    return status;
}

static enum status write_zeros(struct os_file *file, uint64_t from_bytes, uint64_t to_bytes)
{
    static const uint8_t zeros[1 << 16];
    while (from_bytes < to_bytes) {
        uint64_t piece_bytes = to_bytes - from_bytes < sizeof zeros ? to_bytes - from_bytes : sizeof zeros;
        STATUS_TRY(os_file_write(file, from_bytes, zeros, (size_t)piece_bytes));
        from_bytes += piece_bytes;
    }
    return os_file_sync(file);
}

/* Zeros behind the last frame are no frame: SQLite stops there. */
enum status eventlog_wal_warm(struct eventlog *log)
{
    struct os_file *file;
    STATUS_TRY(open_wal(log, OS_OPEN_WRITE, &file));
    if (file == NULL)
        return STATUS_OK; /* made by the first commit */
    uint64_t size_bytes;
    enum status status = os_file_size(file, &size_bytes);
    if (status == STATUS_OK && size_bytes < log->wal_bytes)
        status = write_zeros(file, size_bytes, log->wal_bytes);
    os_file_close(file);
    return status;
}

enum status eventlog_wal_erase_rest(struct eventlog *log)
{
    struct os_file *file;
    uint64_t size_bytes = 0;
    STATUS_TRY(open_wal(log, OS_OPEN_WRITE, &file));
    if (file == NULL)
        return STATUS_OK;
    uint64_t from_bytes = log->wal_found_bytes > HEADER_BYTES ? log->wal_found_bytes : HEADER_BYTES;
    enum status status = os_file_size(file, &size_bytes);
    if (status == STATUS_OK)
        status = write_zeros(file, from_bytes, size_bytes);
    os_file_close(file);
    return status;
}

enum status eventlog_wal_sync(struct eventlog *log)
{
    if (log->wal_file == NULL)
        STATUS_TRY(open_wal(log, OS_OPEN_WRITE, &log->wal_file));
    return log->wal_file == NULL ? STATUS_OK : os_file_sync(log->wal_file);
}
