#include "collector/forward.h"

#include "os/os.h"

#ifdef LOAM_HOSTILE
#define STEP_BYTES ((uint64_t)1 << 16)
#define NARROW_WORDS_MAX ((uint64_t)1 << 16) /* so that both widths are tried */
#else
#define STEP_BYTES ((uint64_t)64 << 20)
#define NARROW_WORDS_MAX ((uint64_t)UINT32_MAX)
#endif

static bool needs_wide(uint64_t to_size_words)
{
    return to_size_words > NARROW_WORDS_MAX;
}

static uint64_t table_bytes(uint64_t words, bool is_wide)
{
    return (words / 3 + 1) * (is_wide ? 8 : 4);
}

uint64_t forward_size_bytes(uint64_t from_bytes, uint64_t to_size_bytes)
{
    return table_bytes(from_bytes / 8, needs_wide(to_size_bytes / 8));
}

enum status forward_init(struct forward *forward, uint64_t from_words, uint64_t limit_words, uint64_t to_words,
                         uint64_t to_size_words)
{
    *forward = (struct forward){
        .from_words = from_words,
        .limit_words = limit_words,
        .to_words = to_words,
        .is_wide = needs_wide(to_size_words),
    };
    forward->reserved_bytes = bits_round_up(table_bytes(limit_words - from_words, forward->is_wide), STEP_BYTES);
    enum status status = os_map_reserve(forward->reserved_bytes, &forward->table);
    if (status != STATUS_OK)
        forward->reserved_bytes = 0;
    return status;
}

enum status forward_extend(struct forward *forward, uint64_t end_words)
{
    CHECK(end_words >= forward->from_words && end_words <= forward->limit_words);
    uint64_t needed_bytes = bits_round_up(table_bytes(end_words - forward->from_words, forward->is_wide), STEP_BYTES);
    if (needed_bytes <= forward->mapped_bytes)
        return STATUS_OK;
    uint8_t *start = forward->table + forward->mapped_bytes;
    STATUS_TRY(os_map_memory(start, needed_bytes - forward->mapped_bytes));
    os_map_advise(start, needed_bytes - forward->mapped_bytes, OS_ADVICE_HUGE);
    forward->mapped_bytes = needed_bytes;
    return STATUS_OK;
}

void forward_finish(struct forward *forward)
{
    if (forward->reserved_bytes > 0)
        os_map_release(forward->table, forward->reserved_bytes);
    *forward = (struct forward){0};
}
