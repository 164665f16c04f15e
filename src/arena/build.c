/* Building segments in memory.
 *
 * Objects are appended to a buffer that begins with the segment's header, and
 * have their final offsets from the start.  A full buffer is written out beyond
 * the watermark, where nothing can reach it until the commit's superblock is
 * written, and the next segment of the same commit begins.  So a commit of any
 * size needs little memory, and a noun larger than the buffer gets a segment
 * to itself. */
#include "arena/private.h"

#include <stdlib.h>

#define TARGET_WORDS (ARENA_SEGMENT_TARGET_BYTES / 8)

static void buffer_resize(struct arena *arena, uint64_t capacity_words)
{
    struct arena_builder *builder = &arena->builder;
    if (arena->builder_capacity_words == capacity_words)
        return;
    uint64_t *words = realloc(builder->words, capacity_words * 8);
    if (words == NULL)
        check_out_of_memory(__FILE__, __LINE__, capacity_words * 8);
    builder->words = words;
    arena->builder_capacity_words = capacity_words;
}

static void segment_begin(struct arena *arena)
{
    buffer_resize(arena, TARGET_WORDS);
    arena->builder.start_words = arena->building.end_bytes / 8;
    arena->builder.count_words = ARENA_HEADER_WORDS;
    arena->builder.limit_words = TARGET_WORDS;
    arena->builder.object_count = 0;
}

static uint64_t objects_checksum(const struct arena *arena)
{
    const uint8_t *bytes = (const uint8_t *)(arena->builder.words + ARENA_HEADER_WORDS);
    uint64_t left_bytes = (arena->builder.count_words - ARENA_HEADER_WORDS) * 8;
    uint64_t checksum = arena->seed;
    while (left_bytes > 0) {
        size_t size_bytes = left_bytes < ARENA_PIECE_BYTES ? (size_t)left_bytes : ARENA_PIECE_BYTES;
        checksum = arena_checksum_piece(checksum, bytes, size_bytes);
        bytes += size_bytes;
        left_bytes -= size_bytes;
    }
    return checksum;
}

static uint64_t header_fill(struct arena *arena, noun root)
{
    const struct arena_building *building = &arena->building;
    struct arena_segment_header header = {
        .magic = ARENA_SEGMENT_MAGIC,
        .offset_bytes = building->end_bytes,
        .previous_bytes = building->last_segment_bytes,
        .event_number = building->event_number,
        .sequence = building->sequence,
        .size_bytes = arena->builder.count_words * 8,
        .object_count = arena->builder.object_count,
        .root = root,
        .objects_checksum = objects_checksum(arena),
    };
    header.checksum = arena_header_checksum(&header, arena->seed);
    memcpy(arena->builder.words, &header, sizeof header);
    return header.checksum;
}

enum status arena_segment_write(struct arena *arena, noun root)
{
    struct arena_building *building = &arena->building;
    const struct arena_builder *builder = &arena->builder;
    if (builder->count_words == ARENA_HEADER_WORDS)
        return STATUS_OK;
    uint64_t start_bytes = building->end_bytes, size_bytes = builder->count_words * 8;
    STATUS_TRY(arena_grow_to(arena, start_bytes + size_bytes));
    uint64_t checksum = header_fill(arena, root);
    STATUS_TRY(arena_write_bytes(arena, start_bytes, builder->words, size_bytes));
    building->end_bytes += size_bytes;
    building->last_segment_bytes = start_bytes;
    building->segment_count++;
    building->object_count += builder->object_count;
    arena_tail_add(&building->segments, (struct arena_tail_segment){building->end_bytes, checksum});
    segment_begin(arena);
    return STATUS_OK;
}

/* ---- the door -------------------------------------------------------------- */

static enum status begin(struct arena *arena, uint64_t event_number)
{
    STATUS_TRY(arena_prepare_writing(arena));
    CHECK(event_number >= arena->newest.event_number);
    struct arena_tail segments = arena->building.segments;
    segments.count = 0;
    arena->building = (struct arena_building){
        .is_active = true,
        .event_number = event_number,
        .sequence = arena->next_sequence,
        .end_bytes = arena->newest.watermark_bytes,
        .last_segment_bytes = arena->newest.last_segment_bytes,
        .segment_count = arena->newest.segment_count,
        .object_count = arena->newest.object_count,
        .segments = segments,
    };
    return STATUS_OK;
}

enum status arena_commit_begin(struct arena *arena, uint64_t event_number)
{
    STATUS_TRY(arena_refuse_writing(arena));
    CHECK(!arena->building.is_active);
    os_mutex_lock(arena->mutex);
    enum status status = begin(arena, event_number);
    os_mutex_unlock(arena->mutex);
    if (status == STATUS_OK)
        segment_begin(arena);
    return status;
}

void arena_commit_abort(struct arena *arena)
{
    os_mutex_lock(arena->mutex);
    arena->building.is_active = false;
    os_mutex_unlock(arena->mutex);
}

struct arena_builder *arena_builder(struct arena *arena)
{
    return &arena->builder;
}

enum status arena_build_status(const struct arena_builder *builder)
{
    return ((const struct arena *)(const void *)builder)->building.status;
}

uint64_t *arena_allocate_slow(struct arena_builder *builder, uint64_t size_words, uint64_t *offset_words)
{
    struct arena *arena = (struct arena *)(void *)builder;
    CHECK(arena->building.is_active);
    if (arena->building.status != STATUS_OK)
        return NULL;
    arena->building.status = arena_segment_write(arena, NOUN_NONE);
    if (arena->building.status != STATUS_OK)
        return NULL;
    if (size_words > TARGET_WORDS - ARENA_HEADER_WORDS) {
        CHECK(size_words < NOUN_PERSISTENT_BYTES / 8);
        buffer_resize(arena, size_words + ARENA_HEADER_WORDS);
        builder->limit_words = size_words + ARENA_HEADER_WORDS;
    }
    return arena_allocate(builder, size_words, offset_words);
}

void arena_builder_finish(struct arena *arena)
{
    free(arena->builder.words);
    arena_tail_finish(&arena->building.segments);
}
