/* Readers in other processes pin commits by locks on the arena's file: a shared
 * lock on the byte READERS_OFFSET + sequence, far beyond any file's end, says
 * that somebody reads the commit with that sequence.
 *
 * So a reader needs no right to write anything, its pin goes when it dies, and
 * there is no table to keep.  It first claims every commit (sequence 0), then
 * reads the ring and chooses, then claims its choice and lets go of the rest. */
#include "arena/private.h"

#define READERS_OFFSET ((uint64_t)1 << 62)

static uint64_t offset_of(uint64_t sequence)
{
    return READERS_OFFSET + sequence % READERS_OFFSET;
}

enum status arena_readers_pin(struct arena *arena, uint64_t sequence)
{
    if (arena->has_claimed && arena->claimed_sequence == sequence)
        return STATUS_OK;
    STATUS_TRY(os_file_lock_byte(arena->file, offset_of(sequence)));
    if (arena->has_claimed)
        STATUS_TRY(os_file_unlock_byte(arena->file, offset_of(arena->claimed_sequence)));
    arena->has_claimed = true;
    arena->claimed_sequence = sequence;
    return STATUS_OK;
}

/* What cannot be asked may be anything. */
uint64_t arena_readers_lowest(struct arena *arena, uint64_t sequence)
{
    bool is_locked = true;
    uint64_t found;
    while (sequence > 0 && is_locked) {
        if (os_file_find_lock(arena->file, READERS_OFFSET, offset_of(sequence), &is_locked, &found) != STATUS_OK)
            return 0;
        if (is_locked)
            sequence = found <= READERS_OFFSET ? 0 : found - READERS_OFFSET;
    }
    return sequence;
}
