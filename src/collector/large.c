/* The arena as the provider of the stack's large atoms.
 *
 * The atom is at its persistent address from birth, in memory that belongs to
 * nobody's file; the commit that first reaches it writes its bytes, once, and
 * puts the file's pages in the place of the memory (arena/large.c). */
#include "collector/collector.h"

/* Not before the arena has a commit to be added to. */
static bool allocate(void *context, uint64_t size_bytes, uint64_t *offset_words)
{
    if (arena_current(context)->sequence == 0)
        return false;
    return arena_large_reserve(context, size_bytes, offset_words) == STATUS_OK;
}

static void finish(void *context, uint64_t offset_words, uint64_t size_bytes)
{
    arena_large_finish(context, offset_words, size_bytes);
}

static void release(void *context, uint64_t offset_words)
{
    arena_large_release(context, offset_words);
}

void collector_large_provider(struct arena *arena, struct stack_large_provider *provider)
{
    *provider = (struct stack_large_provider){
        .context = arena,
        .allocate = allocate,
        .finish = finish,
        .release = release,
    };
}

/* ---- when they are worth a collection ------------------------------------------------ */

/* Only a full one can tell which large atoms are dead.  It is worth its cost when
 * as many bytes of them have come since the last as a part of what lives; as
 * most new ones take the place of something older, so much may be dead.  The cost is
 * that of copying the segments. */
#define LARGE_LEAST_BYTES ((uint64_t)16 << 20)
#define LARGE_PARTS 16
#define SEGMENT_PARTS 4

bool collector_large_is_due(const struct collector_large_facts *facts, uint64_t segment_bytes)
{
    uint64_t fresh_bytes = facts->large_bytes > facts->kept_bytes ? facts->large_bytes - facts->kept_bytes : 0;
    return fresh_bytes >= LARGE_LEAST_BYTES && fresh_bytes >= facts->kept_bytes / LARGE_PARTS &&
           fresh_bytes >= segment_bytes / SEGMENT_PARTS;
}
