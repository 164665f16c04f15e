/* What the other files of the arena ask of large objects. */
#ifndef ARENA_LARGE_H
#define ARENA_LARGE_H

#include "arena/private.h"

/* When a commit was written: those that it has taken over are its. */
void arena_large_keep_persisted(struct arena *arena);

/* When a commit is given up: those that it had begun to take over are gone. */
void arena_large_undo(struct arena *arena);

void arena_large_finish_all(struct arena *arena);

/* ---- spare.c ---- */

/* Zeroed, writable memory at `address`. */
enum status arena_spare_memory(struct arena *arena, uint8_t *address, uint64_t count) MUST_USE;

/* What lies there will be mapped over: keeps its memory for the next one, if it
 * is worth that.  What is read there until then is anything. */
void arena_spare_keep(struct arena *arena, uint8_t *address, uint64_t count);
void arena_spares_finish(struct arena *arena);

/* ---- large.c ---- */

/* The address above the last one. */
uint64_t arena_large_end(const struct tree *large);

/* Apart, of possible sizes, and all of their pages mapped. */
bool arena_large_records_are_sane(const struct arena_layout *layout);

/* Against its checksum; `piece` has ARENA_PIECE_BYTES. */
enum status arena_large_check(struct arena *arena, const struct arena_layout *layout, const struct tree_record *record,
                              uint8_t *piece) MUST_USE;

/* Checks, or writes again, those that a commit after `sequence` has made. */
enum status arena_large_check_since(struct arena *arena, const struct arena_layout *layout, uint64_t sequence) MUST_USE;
enum status arena_large_rewrite_since(struct arena *arena, uint64_t sequence) MUST_USE;

/* ---- allocations.c: what is known of them beside ------------------------------ */

/* Each record is of a large object of the layout, and of a part that there is. */
bool arena_allocations_are_sane(const struct arena_layout *layout);

/* Under the pages' mutex: of the large object at `page`. */
void arena_allocation_put(struct arena *arena, uint64_t page, uint64_t event, const char *label);
void arena_allocation_remove(struct arena *arena, uint64_t page);
void arena_allocation_find(const struct arena *arena, uint64_t page, struct arena_large_object *object);

/* Under the pages' mutex: the stamps become records, which the next superblock writes; false if
 * there were none. */
bool arena_uses_take(struct arena *arena);

/* ---- origins.c ------------------------------------------------------------------ */

bool arena_origins_are_sane(const struct arena_superblock *superblock);

/* A commit begins. */
void arena_origins_begin(struct arena *arena);

/* The commit's growth, as far as the writer has come, is counted in its superblock. */
void arena_origins_add(const struct arena *arena, struct arena_superblock *superblock);

/* A compaction has written so many bytes. */
void arena_origins_collected(struct arena_superblock *superblock, uint64_t written_bytes);

/* The commit takes over a large object; the label that it gets. */
const char *arena_origin_large(struct arena *arena, uint64_t size_bytes);

bool arena_label_is_sane(const char label[ARENA_LABEL_SIZE_BYTES]);
void arena_label_set(char label[ARENA_LABEL_SIZE_BYTES], const char *text);

/* A set of pages. */
struct arena_marks {
    uint64_t *pages; /* owned: an open-addressing set, 0 is empty */
    size_t capacity;
    size_t count;
};

void arena_marks_add(struct arena_marks *marks, uint64_t page);
bool arena_marks_has(const struct arena_marks *marks, uint64_t page);
void arena_marks_finish(struct arena_marks *marks);

/* Under both mutexes: frees those that a commit up to `sequence` has made and that are not marked. */
void arena_large_free_unmarked(struct arena *arena, const struct arena_marks *marks, uint64_t sequence);

#endif
