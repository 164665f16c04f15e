/* What has made the arena grow: a table in each superblock.
 *
 *   | label, 24 bytes | bytes ever | fresh bytes |     15 times
 *
 * A commit says, while it is built, for whom it appends; its superblock, which is
 * written anyway, counts that, so the table is as true as the commit and costs
 * nothing.  *Fresh* is what was appended since the last compaction was published;
 * what is older than that has been copied together and is nobody's any more, so
 *
 *   segments in the ranges = what compactions have left + all fresh bytes
 *
 * There are more labels than places.  A new one takes the place of the one that has
 * the least fresh bytes, whose counts go to "other": what appends much stays, and
 * no byte is lost. */
#include "arena/large.h"

static const char other_label[ARENA_LABEL_SIZE_BYTES] = "other";
static const char collector_label[ARENA_LABEL_SIZE_BYTES] = "collector";

/* Both are padded with zeros. */
static inline bool is_same(const char a[ARENA_LABEL_SIZE_BYTES], const char b[ARENA_LABEL_SIZE_BYTES])
{
    return memcmp(a, b, ARENA_LABEL_SIZE_BYTES) == 0;
}

void arena_label_set(char label[ARENA_LABEL_SIZE_BYTES], const char *text)
{
    memset(label, 0, ARENA_LABEL_SIZE_BYTES);
    for (size_t i = 0; i + 1 < ARENA_LABEL_SIZE_BYTES && text[i] != 0; i++)
        label[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '.';
}

bool arena_label_is_sane(const char label[ARENA_LABEL_SIZE_BYTES])
{
    size_t length = 0;
    while (length < ARENA_LABEL_SIZE_BYTES && label[length] >= ' ' && label[length] <= '~')
        length++;
    for (size_t i = length; i < ARENA_LABEL_SIZE_BYTES; i++)
        if (label[i] != 0)
            return false;
    return length < ARENA_LABEL_SIZE_BYTES;
}

bool arena_origins_are_sane(const struct arena_superblock *superblock)
{
    for (size_t i = 0; i < ARENA_ORIGINS_MAX; i++)
        if (!arena_label_is_sane(superblock->origins[i].label))
            return false;
    return true;
}

/* ---- while a commit is built --------------------------------------------------- */

void arena_origins_begin(struct arena *arena)
{
    struct arena_growths *growths = &arena->growths;
    *growths = (struct arena_growths){.count = 1, .from_bytes = arena->writer.end_bytes};
    memcpy(growths->growths[0].label, other_label, sizeof other_label);
}

/* A header without an object is not there. */
static uint64_t position(const struct arena_writer *writer)
{
    bool is_empty = writer->builder.count_words == ARENA_HEADER_WORDS;
    return writer->end_bytes + (is_empty ? 0 : writer->builder.count_words * 8);
}

static size_t place_of(struct arena_growths *growths, const char label[ARENA_LABEL_SIZE_BYTES])
{
    for (size_t i = 0; i < growths->count; i++)
        if (is_same(growths->growths[i].label, label))
            return i;
    if (growths->count == ARENA_GROWTHS_MAX)
        return 0;
    memcpy(growths->growths[growths->count].label, label, ARENA_LABEL_SIZE_BYTES);
    return growths->count++;
}

void arena_origin_set(struct arena *arena, const char *label)
{
    struct arena_growths *growths = &arena->growths;
    char clean[ARENA_LABEL_SIZE_BYTES];
    CHECK(arena->is_building);
    uint64_t now_bytes = position(&arena->writer);
    growths->growths[growths->now].segment_bytes += now_bytes - growths->from_bytes;
    growths->from_bytes = now_bytes;
    arena_label_set(clean, label[0] == 0 ? other_label : label);
    growths->now = place_of(growths, clean);
}

const char *arena_origin_large(struct arena *arena, uint64_t size_bytes)
{
    struct arena_growth *growth = &arena->growths.growths[arena->growths.now];
    growth->large_bytes += size_bytes;
    return growth->label;
}

/* ---- in a superblock ------------------------------------------------------------- */

/* Where a label without a place goes: a free one, or that of the least. */
static struct arena_origin *make_place(struct arena_superblock *superblock, const char label[ARENA_LABEL_SIZE_BYTES])
{
    struct arena_origin *least = NULL, *other = NULL;
    for (size_t i = 0; i < ARENA_ORIGINS_MAX; i++) {
        struct arena_origin *origin = &superblock->origins[i];
        if (origin->label[0] == 0)
            least = origin;
        else if (other == NULL && is_same(origin->label, other_label))
            other = origin;
        else if (least == NULL || (least->label[0] != 0 && origin->fresh_bytes < least->fresh_bytes))
            least = origin;
    }
    if (least->label[0] != 0 && other != NULL) {
        other->bytes += least->bytes;
        other->fresh_bytes += least->fresh_bytes;
    }
    *least = (struct arena_origin){0};
    memcpy(least->label, label, ARENA_LABEL_SIZE_BYTES);
    return least;
}

static struct arena_origin *find(struct arena_superblock *superblock, const char label[ARENA_LABEL_SIZE_BYTES])
{
    for (size_t i = 0; i < ARENA_ORIGINS_MAX; i++)
        if (is_same(superblock->origins[i].label, label))
            return &superblock->origins[i];
    return make_place(superblock, label);
}

void arena_origins_add(const struct arena *arena, struct arena_superblock *superblock)
{
    const struct arena_growths *growths = &arena->growths;
    (void)find(superblock, other_label); /* before all places are taken */
    for (size_t i = 0; i < growths->count; i++) {
        const struct arena_growth *growth = &growths->growths[i];
        uint64_t segment_bytes = growth->segment_bytes;
        if (i == growths->now)
            segment_bytes += arena->writer.end_bytes - growths->from_bytes;
        if (segment_bytes + growth->large_bytes == 0)
            continue;
        struct arena_origin *origin = find(superblock, growth->label);
        origin->bytes += segment_bytes + growth->large_bytes;
        origin->fresh_bytes += segment_bytes;
    }
}

void arena_origins_collected(struct arena_superblock *superblock, uint64_t written_bytes)
{
    (void)find(superblock, other_label);
    for (size_t i = 0; i < ARENA_ORIGINS_MAX; i++)
        superblock->origins[i].fresh_bytes = 0;
    find(superblock, collector_label)->bytes += written_bytes;
}
