/* From arena pages to file pages.
 *
 * Every offset in the arena's own structures and in nouns is an arena address;
 * only this file knows where in the file that lies.  The map is the identity;
 * a page directory can take its place without anybody else noticing, so
 * nobody may assume that two neighbouring arena pages are neighbours in the
 * file, nor that one mapping covers both. */
#ifndef ARENA_PAGE_MAP_H
#define ARENA_PAGE_MAP_H

#include "base/base.h"
#include "noun/noun.h"
#include "os/os.h"

/* Where an arena address lies in the file, and how many bytes from there are
 * consecutive in both (never less than the rest of the page). */
static inline uint64_t page_map_file_offset(uint64_t arena_bytes, uint64_t *run_bytes)
{
    CHECK_DEBUG(arena_bytes < NOUN_PERSISTENT_BYTES);
    *run_bytes = NOUN_PERSISTENT_BYTES - arena_bytes;
    return arena_bytes;
}

/* Puts the file's pages under their arena addresses in the space at `base`.
 * One view, far past the end of the file, so that the file grows under it and
 * nothing mapped ever moves. */
static inline enum status page_map_attach(struct os_file *file, uint8_t *base)
{
    return os_map_file(base, NOUN_PERSISTENT_BYTES, file, 0);
}

static inline enum status page_map_detach(uint8_t *base)
{
    return os_map_forget(base, NOUN_PERSISTENT_BYTES);
}

#endif
