/* Building segments in memory.
 *
 * Objects are appended to a buffer that begins with the segment's header, and
 * have their final offsets from the start.  A full buffer is written out beyond
 * the watermark, where nothing can reach it until the commit's superblock is
 * written, and the next segment of the same commit begins.  So a commit of any
 * size needs little memory, and a noun larger than the buffer gets a segment
 * to itself. */
#include "arena/large.h"

#include <stdlib.h>

#define TARGET_WORDS (ARENA_SEGMENT_TARGET_BYTES / 8)

static void buffer_resize(struct arena_writer *writer, uint64_t capacity_words)
{
    if (writer->capacity_words == capacity_words)
        return;
    uint64_t size_bytes = capacity_words * 8 + ARENA_PAGE_BYTES; /* the rest of a page: see page_end */
    uint64_t *words = realloc(writer->builder.words, size_bytes);
    if (words == NULL)
        check_out_of_memory(__FILE__, __LINE__, size_bytes);
    writer->builder.words = words;
    writer->capacity_words = capacity_words;
}

void arena_segment_begin(struct arena_writer *writer)
{
    buffer_resize(writer, TARGET_WORDS);
    writer->builder.start_words = writer->end_bytes / 8;
    writer->builder.count_words = ARENA_HEADER_WORDS;
    writer->builder.limit_words = TARGET_WORDS;
    writer->builder.object_count = 0;
}

static uint64_t objects_checksum(const struct arena_writer *writer)
{
    const uint8_t *bytes = (const uint8_t *)(writer->builder.words + ARENA_HEADER_WORDS);
    uint64_t left_bytes = (writer->builder.count_words - ARENA_HEADER_WORDS) * 8;
    uint64_t checksum = writer->arena->seed;
    while (left_bytes > 0) {
        size_t size_bytes = left_bytes < ARENA_PIECE_BYTES ? (size_t)left_bytes : ARENA_PIECE_BYTES;
        checksum = arena_checksum_piece(checksum, bytes, size_bytes);
        bytes += size_bytes;
        left_bytes -= size_bytes;
    }
    return checksum;
}

static uint64_t header_fill(struct arena_writer *writer, noun root)
{
    struct arena_segment_header header = {
        .magic = ARENA_SEGMENT_MAGIC,
        .offset_bytes = writer->end_bytes,
        .previous_bytes = writer->last_segment_bytes,
        .event_number = writer->event_number,
        .sequence = writer->sequence,
        .size_bytes = writer->builder.count_words * 8,
        .object_count = writer->builder.object_count,
        .root = root,
        .objects_checksum = objects_checksum(writer),
    };
    header.checksum = arena_header_checksum(&header, writer->arena->seed);
    memcpy(writer->builder.words, &header, sizeof header);
    return header.checksum;
}

/* How far to write for a segment of `size_bytes`.  Where it is the first in its last page, to
 * that page's end, with zeros: a part of a page that is not in memory would have to be
 * read first, while somebody waits. */
static uint64_t page_end(const struct arena_writer *writer, uint64_t size_bytes)
{
    uint64_t end_bytes = writer->end_bytes + size_bytes,
             last_page_bytes = end_bytes / ARENA_PAGE_BYTES * ARENA_PAGE_BYTES;
    if (last_page_bytes < writer->end_bytes || last_page_bytes == end_bytes)
        return size_bytes;
    uint64_t rest_bytes = last_page_bytes + ARENA_PAGE_BYTES - end_bytes;
    memset((uint8_t *)writer->builder.words + size_bytes, 0, rest_bytes);
    return size_bytes + rest_bytes;
}

enum status arena_segment_write(struct arena_writer *writer, noun root)
{
    const struct arena_builder *builder = &writer->builder;
    if (builder->count_words == ARENA_HEADER_WORDS)
        return STATUS_OK;
    uint64_t start_bytes = writer->end_bytes, size_bytes = builder->count_words * 8;
    STATUS_TRY(writer->grow(writer, start_bytes + size_bytes));
    uint64_t checksum = header_fill(writer, root);
    STATUS_TRY((writer->is_behind ? arena_write_bytes_behind : arena_write_bytes)(
        writer->arena, start_bytes, builder->words, page_end(writer, size_bytes)));
    writer->end_bytes += size_bytes;
    writer->last_segment_bytes = start_bytes;
    writer->segment_count++;
    writer->object_count += builder->object_count;
    arena_tail_add(&writer->segments, (struct arena_tail_segment){writer->end_bytes, checksum});
    arena_segment_begin(writer);
    return STATUS_OK;
}

/* ---- a commit ---------------------------------------------------------------- */

static enum status grow_for_commit(struct arena_writer *writer, uint64_t end_bytes)
{
    return arena_grow_to(writer->arena, end_bytes);
}

/* Addresses that somebody may still read are not far above the watermark: goes
 * on above them all. */
static enum status move_ahead(struct arena *arena)
{
    os_mutex_lock(arena->pages_mutex);
    uint64_t obstacle_bytes = arena_next_obstacle(arena, arena->newest.watermark_bytes);
    uint64_t top_bytes = arena_top(arena);
    bool is_needed = obstacle_bytes - arena->newest.watermark_bytes < ARENA_ROOM_AHEAD_BYTES &&
                     ARENA_LARGE_START_BYTES - top_bytes > ARENA_ROOM_AHEAD_BYTES && top_bytes > obstacle_bytes;
    enum status status = is_needed ? arena_open_range_move(arena, top_bytes) : STATUS_OK;
    os_mutex_unlock(arena->pages_mutex);
    return status;
}

static enum status begin(struct arena *arena, uint64_t event_number)
{
    STATUS_TRY(arena_prepare_writing(arena));
    STATUS_TRY(move_ahead(arena));
    CHECK(event_number >= arena->newest.event_number);
    struct arena_writer *writer = &arena->writer;
    writer->arena = arena;
    writer->grow = grow_for_commit;
    writer->event_number = event_number;
    writer->sequence = arena->next_sequence;
    writer->end_bytes = arena->newest.watermark_bytes;
    writer->last_segment_bytes = arena->newest.last_segment_bytes;
    writer->segment_count = arena->newest.segment_count;
    writer->object_count = arena->newest.object_count;
    writer->segments.count = 0;
    writer->status = STATUS_OK;
    arena_origins_begin(arena);
    arena->is_building = true;
    return STATUS_OK;
}

enum status arena_commit_begin(struct arena *arena, uint64_t event_number)
{
    STATUS_TRY(arena_refuse_writing(arena));
    CHECK(!arena->is_building);
    os_mutex_lock(arena->mutex);
    enum status status = begin(arena, event_number);
    os_mutex_unlock(arena->mutex);
    if (status == STATUS_OK)
        arena_segment_begin(&arena->writer);
    return status;
}

void arena_commit_abort(struct arena *arena)
{
    if (arena->is_building)
        arena_large_undo(arena);
    os_mutex_lock(arena->mutex);
    arena->is_building = false;
    os_mutex_unlock(arena->mutex);
}

struct arena_builder *arena_builder(struct arena *arena)
{
    return &arena->writer.builder;
}

/* ---- any writer --------------------------------------------------------------- */

enum status arena_build_status(const struct arena_builder *builder)
{
    return ((const struct arena_writer *)(const void *)builder)->status;
}

uint64_t *arena_allocate_slow(struct arena_builder *builder, uint64_t size_words, uint64_t *offset_words)
{
    struct arena_writer *writer = (struct arena_writer *)(void *)builder;
    if (writer->status != STATUS_OK)
        return NULL;
    writer->status = arena_segment_write(writer, NOUN_NONE);
    if (writer->status != STATUS_OK)
        return NULL;
    if (size_words > TARGET_WORDS - ARENA_HEADER_WORDS) {
        CHECK(size_words < NOUN_PERSISTENT_BYTES / 8);
        buffer_resize(writer, size_words + ARENA_HEADER_WORDS);
        builder->limit_words = size_words + ARENA_HEADER_WORDS;
    }
    return arena_allocate(builder, size_words, offset_words);
}

void arena_writer_finish(struct arena_writer *writer)
{
    free(writer->builder.words);
    arena_tail_finish(&writer->segments);
}
