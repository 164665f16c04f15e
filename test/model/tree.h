/* Nouns as plain trees on malloc'd memory: what the oracles compute on.
 *
 * Good for: being obviously right.  Shares no code with src/noun or src/stack
 * but the two conversions at the end.  Bad for: speed and size.
 *
 * A tree lives until its arena is reset or destroyed; trees of one arena may
 * share parts.  Nothing recurses in C on a tree's depth but tree_parse.  One
 * thread an arena.
 */
#ifndef MODEL_TREE_H
#define MODEL_TREE_H

#include "base/base.h"
#include "noun/noun.h"
#include "stack/stack.h"

struct tree_arena;

struct tree {
    const struct tree *head; /* NULL: an atom */
    const struct tree *tail;
    size_t count; /* of an atom: its words, the last one not 0; the atom 0 has none */
    uint64_t words[];
};

struct tree_arena *tree_arena_create(void);
void tree_arena_destroy(struct tree_arena *arena);
void tree_arena_reset(struct tree_arena *arena); /* every tree of it is gone */

/* ---- building and reading ------------------------------------------------- */

const struct tree *tree_cell(struct tree_arena *arena, const struct tree *head, const struct tree *tail);
const struct tree *tree_atom(struct tree_arena *arena, uint64_t value);
const struct tree *tree_atom_from_words(struct tree_arena *arena, const uint64_t *words, size_t count);
const struct tree *tree_cord(struct tree_arena *arena, const char *text);

/* Text as people write nouns: [1 2 3], 0x1f, 1.000, 'cord', %term, ~ & |.
 * Aborts on anything else: the text is the test's own. */
const struct tree *tree_parse(struct tree_arena *arena, const char *text);

/* The noun whose jam these bytes are; NULL if they are no jam. */
const struct tree *tree_cue(struct tree_arena *arena, const uint8_t *bytes, size_t size_bytes);

static inline bool tree_is_cell(const struct tree *tree)
{
    return tree->head != NULL;
}

bool tree_is_word(const struct tree *tree, uint64_t value); /* an atom of that value */
size_t tree_length_bits(const struct tree *atom);
bool tree_bit(const struct tree *atom, size_t index);

/* The part at `axis`, or NULL. */
const struct tree *tree_at(const struct tree *tree, uint64_t axis);

/* Compares by structure, at most *steps_left pairs of parts; false with
 * *steps_left == 0 means that it gave up. */
bool tree_equal(const struct tree *a, const struct tree *b, uint64_t *steps_left);

/* Cells and atoms counted along every path, or `limit` if there are more. */
uint64_t tree_size(const struct tree *tree, uint64_t limit);

/* The text of at most `limit` parts, the rest as "...".  The caller frees it. */
char *tree_text(const struct tree *tree, uint64_t limit);

/* ---- conversion ------------------------------------------------------------ */

/* Where nouns are built, from the leaves up. */
struct tree_builder {
    void *context;
    noun (*atom)(void *context, const uint64_t *words, size_t count); /* normalized words */
    noun (*cell)(void *context, noun head, noun tail);
};

/* Keeps the sharing. */
noun tree_build(const struct tree_builder *builder, const struct tree *tree);

/* Keeps the sharing, both ways. */
noun tree_to_noun(struct stack *stack, const struct tree *tree);
const struct tree *tree_from_noun(struct tree_arena *arena, noun n);

/* The same value without any sharing: equal parts are separate objects. */
noun tree_to_noun_unshared(struct stack *stack, const struct tree *tree);

/* Whether the noun is this tree; each distinct pair is looked at once. */
bool tree_matches(const struct tree *tree, noun n);

#endif
