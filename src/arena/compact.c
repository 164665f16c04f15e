/* Compaction: in format 1 nothing is ever freed, so none can begin. */
#include "arena/private.h"

struct arena_compaction {
    struct arena_compaction_space space;
    struct arena_builder builder;
};

static enum status refuse(const struct arena *arena)
{
    return status_fail(STATUS_LIMIT, "%s has arena format %u, which frees nothing", os_file_path(arena->file),
                       ARENA_FORMAT_VERSION);
}

enum status arena_compaction_begin(struct arena *arena, uint64_t from_bytes, uint64_t size_bytes_max,
                                   struct arena_compaction **out)
{
    (void)from_bytes, (void)size_bytes_max;
    *out = NULL;
    return refuse(arena);
}

void arena_compaction_space(const struct arena_compaction *compaction, struct arena_compaction_space *space)
{
    *space = compaction->space;
}

struct arena_builder *arena_compaction_builder(struct arena_compaction *compaction)
{
    return &compaction->builder;
}

enum status arena_compaction_sync(struct arena_compaction *compaction)
{
    (void)compaction;
    return STATUS_OK;
}

enum status arena_compaction_publish(struct arena *arena, struct arena_compaction *compaction,
                                     struct arena_commit *commit)
{
    (void)compaction, (void)commit;
    return refuse(arena);
}

void arena_compaction_abort(struct arena *arena, struct arena_compaction *compaction)
{
    (void)arena, (void)compaction;
}
