#include "model/tree.h"

#include <stdlib.h>

#include "model/table.h"

#define BLOCK_MIN_BYTES ((size_t)4 << 10)
#define BLOCK_MAX_BYTES ((size_t)1 << 20)

struct block {
    struct block *next;
    size_t used_bytes, size_bytes;
    uint64_t bytes[];
};

struct tree_arena {
    struct block *newest;
};

struct tree_arena *tree_arena_create(void)
{
    struct tree_arena *arena = calloc(1, sizeof *arena);
    CHECK(arena != NULL);
    return arena;
}

/* Frees all blocks but the oldest `keep`. */
static void free_blocks(struct tree_arena *arena, bool keep_oldest)
{
    while (arena->newest != NULL && !(keep_oldest && arena->newest->next == NULL)) {
        struct block *next = arena->newest->next;
        free(arena->newest);
        arena->newest = next;
    }
}

void tree_arena_destroy(struct tree_arena *arena)
{
    free_blocks(arena, false);
    free(arena);
}

void tree_arena_reset(struct tree_arena *arena)
{
    free_blocks(arena, true);
    if (arena->newest != NULL)
        arena->newest->used_bytes = 0;
}

static void *allocate(struct tree_arena *arena, size_t size_bytes)
{
    struct block *block = arena->newest;
    if (block == NULL || block->size_bytes - block->used_bytes < size_bytes) {
        size_t room_bytes = block == NULL ? BLOCK_MIN_BYTES : 2 * block->size_bytes;
        if (room_bytes > BLOCK_MAX_BYTES)
            room_bytes = BLOCK_MAX_BYTES;
        if (room_bytes < size_bytes)
            room_bytes = size_bytes;
        block = malloc(sizeof *block + room_bytes);
        CHECK(block != NULL);
        *block = (struct block){.next = arena->newest, .size_bytes = room_bytes};
        arena->newest = block;
    }
    void *bytes = (uint8_t *)block->bytes + block->used_bytes;
    block->used_bytes += size_bytes;
    return bytes;
}

/* ---- building and reading ------------------------------------------------- */

const struct tree *tree_cell(struct tree_arena *arena, const struct tree *head, const struct tree *tail)
{
    CHECK(head != NULL && tail != NULL);
    struct tree *tree = allocate(arena, sizeof *tree);
    tree->head = head;
    tree->tail = tail;
    tree->count = 0;
    return tree;
}

const struct tree *tree_atom_from_words(struct tree_arena *arena, const uint64_t *words, size_t count)
{
    while (count > 0 && words[count - 1] == 0)
        count--;
    struct tree *tree = allocate(arena, sizeof *tree + count * sizeof *words);
    tree->head = tree->tail = NULL;
    tree->count = count;
    if (count > 0)
        memcpy(tree->words, words, count * sizeof *words);
    return tree;
}

const struct tree *tree_atom(struct tree_arena *arena, uint64_t value)
{
    return tree_atom_from_words(arena, &value, 1);
}

bool tree_is_word(const struct tree *tree, uint64_t value)
{
    return !tree_is_cell(tree) && tree->count == (value != 0) && (value == 0 || tree->words[0] == value);
}

size_t tree_length_bits(const struct tree *atom)
{
    return atom->count == 0 ? 0 : 64 * (atom->count - 1) + bits_length(atom->words[atom->count - 1]);
}

bool tree_bit(const struct tree *atom, size_t index)
{
    return index / 64 < atom->count && (atom->words[index / 64] >> index % 64 & 1) != 0;
}

const struct tree *tree_at(const struct tree *tree, uint64_t axis)
{
    if (axis == 0)
        return NULL;
    for (unsigned bit = bits_length(axis) - 1; bit > 0; bit--) {
        if (!tree_is_cell(tree))
            return NULL;
        tree = axis >> (bit - 1) & 1 ? tree->tail : tree->head;
    }
    return tree;
}

static uint64_t word_of(const struct tree *tree)
{
    return (uint64_t)(uintptr_t)tree;
}

static const struct tree *tree_of(uint64_t word)
{
    return (const struct tree *)(uintptr_t)word;
}

static bool atoms_equal(const struct tree *a, const struct tree *b)
{
    return !tree_is_cell(b) && a->count == b->count &&
           (a->count == 0 || memcmp(a->words, b->words, a->count * sizeof *a->words) == 0);
}

/* ---- equality and size --------------------------------------------------------- */

#define SEEN_FROM_PAIRS 256

/* From some size on, pairs that were met are remembered: shared parts may make
 * a tree far larger than its cells. */
static bool is_seen(struct table **seen, uint64_t pairs, const struct tree *a, const struct tree *b)
{
    if (pairs <= SEEN_FROM_PAIRS)
        return false;
    if (*seen == NULL)
        *seen = table_begin();
    return (*table_reach(*seen, word_of(a), word_of(b)))++ > 0;
}

bool tree_equal(const struct tree *a, const struct tree *b, uint64_t *steps_left)
{
    struct table *seen = NULL;
    struct wordstack pairs;
    wordstack_init(&pairs);
    wordstack_push2(&pairs, word_of(a), word_of(b));
    bool equal = true;
    for (uint64_t count = 0; equal && !wordstack_is_empty(&pairs);) {
        b = tree_of(wordstack_pop(&pairs));
        a = tree_of(wordstack_pop(&pairs));
        if (a == b)
            continue;
        if (*steps_left == 0 || !tree_is_cell(a) || !tree_is_cell(b)) {
            equal = *steps_left != 0 && !tree_is_cell(a) && atoms_equal(a, b);
            continue;
        }
        --*steps_left;
        if (is_seen(&seen, count++, a, b))
            continue;
        wordstack_push2(&pairs, word_of(a->tail), word_of(b->tail));
        wordstack_push2(&pairs, word_of(a->head), word_of(b->head));
    }
    wordstack_finish(&pairs);
    if (seen != NULL)
        table_end(seen);
    return equal;
}

uint64_t tree_size(const struct tree *tree, uint64_t limit)
{
    struct wordstack pending;
    wordstack_init(&pending);
    wordstack_push(&pending, word_of(tree));
    uint64_t size = 0;
    while (size < limit && !wordstack_is_empty(&pending)) {
        tree = tree_of(wordstack_pop(&pending));
        size++;
        if (tree_is_cell(tree))
            wordstack_push2(&pending, word_of(tree->head), word_of(tree->tail));
    }
    wordstack_finish(&pending);
    return size;
}

/* ---- conversion ------------------------------------------------------------ */

/* Will it be a noun that no object stands for? */
static bool is_direct(const struct tree *tree)
{
    return !tree_is_cell(tree) && (tree->count == 0 || (tree->count == 1 && tree->words[0] <= NOUN_DIRECT_MAX));
}

/* Post-order: a cell waits on `pending` under its parts and, once both are on
 * `built`, takes them off.  Its low bit, free in a pointer, says "parts done". */
static noun build(const struct tree_builder *builder, const struct tree *root, struct table *images)
{
    struct wordstack pending, built;
    wordstack_init(&pending);
    wordstack_init(&built);
    wordstack_push(&pending, word_of(root));
    while (!wordstack_is_empty(&pending)) {
        uint64_t word = wordstack_pop(&pending);
        const struct tree *tree = tree_of(word & ~(uint64_t)1);
        uint64_t *image = images == NULL || is_direct(tree) ? NULL : table_reach(images, word_of(tree), 0);
        if (image != NULL && *image != 0) {
            wordstack_push(&built, ~*image);
        } else if (!tree_is_cell(tree)) {
            wordstack_push(&built, builder->atom(builder->context, tree->words, tree->count));
        } else if ((word & 1) == 0) {
            wordstack_push(&pending, word | 1);
            wordstack_push2(&pending, word_of(tree->tail), word_of(tree->head));
            continue;
        } else {
            noun tail = wordstack_pop(&built);
            noun head = wordstack_pop(&built);
            wordstack_push(&built, builder->cell(builder->context, head, tail));
        }
        if (image != NULL)
            *image = ~built.words[built.count - 1]; /* a noun is never ~0 */
    }
    noun result = wordstack_pop(&built);
    wordstack_finish(&pending);
    wordstack_finish(&built);
    return result;
}

noun tree_build(const struct tree_builder *builder, const struct tree *tree)
{
    struct table *images = table_begin();
    noun result = build(builder, tree, images);
    table_end(images);
    return result;
}

static noun stack_builder_atom(void *context, const uint64_t *words, size_t count)
{
    return stack_atom_from_words(context, words, count);
}

static noun stack_builder_cell(void *context, noun head, noun tail)
{
    return stack_cell(context, head, tail);
}

noun tree_to_noun(struct stack *stack, const struct tree *tree)
{
    return tree_build(&(struct tree_builder){stack, stack_builder_atom, stack_builder_cell}, tree);
}

noun tree_to_noun_unshared(struct stack *stack, const struct tree *tree)
{
    return build(&(struct tree_builder){stack, stack_builder_atom, stack_builder_cell}, tree, NULL);
}

static const struct tree *atom_from_noun(struct tree_arena *arena, noun atom)
{
    uint64_t direct;
    size_t count;
    const uint64_t *words = noun_atom_words(atom, &direct, &count);
    return tree_atom_from_words(arena, words, count);
}

/* As build; a cell's second visit is marked by a word of 0 above it. */
const struct tree *tree_from_noun(struct tree_arena *arena, noun root)
{
    struct table *images = table_begin();
    struct wordstack pending, built;
    wordstack_init(&pending);
    wordstack_init(&built);
    wordstack_push2(&pending, root, false);
    while (!wordstack_is_empty(&pending)) {
        bool parts_done = wordstack_pop(&pending) != 0;
        noun n = wordstack_pop(&pending);
        uint64_t *image = noun_is_direct(n) ? NULL : table_reach(images, n, 0);
        const struct tree *tree;
        if (image != NULL && *image != 0) {
            tree = tree_of(*image);
        } else if (noun_is_atom(n)) {
            tree = atom_from_noun(arena, n);
        } else if (!parts_done) {
            wordstack_push2(&pending, n, true);
            wordstack_push2(&pending, noun_tail(n), false);
            wordstack_push2(&pending, noun_head(n), false);
            continue;
        } else {
            const struct tree *tail = tree_of(wordstack_pop(&built));
            const struct tree *head = tree_of(wordstack_pop(&built));
            tree = tree_cell(arena, head, tail);
        }
        if (image != NULL)
            *image = word_of(tree);
        wordstack_push(&built, word_of(tree));
    }
    const struct tree *result = tree_of(wordstack_pop(&built));
    wordstack_finish(&pending);
    wordstack_finish(&built);
    table_end(images);
    return result;
}

static bool atom_matches(const struct tree *tree, noun n)
{
    if (tree_is_cell(tree) || noun_is_cell(n))
        return false;
    uint64_t direct;
    size_t count;
    const uint64_t *words = noun_atom_words(n, &direct, &count);
    return count == tree->count && (count == 0 || memcmp(words, tree->words, count * sizeof *words) == 0);
}

bool tree_matches(const struct tree *tree, noun n)
{
    struct table *seen = table_begin();
    struct wordstack pairs;
    wordstack_init(&pairs);
    wordstack_push2(&pairs, word_of(tree), n);
    bool match = true;
    while (match && !wordstack_is_empty(&pairs)) {
        n = wordstack_pop(&pairs);
        tree = tree_of(wordstack_pop(&pairs));
        if (!tree_is_cell(tree) || !noun_is_cell(n)) {
            match = atom_matches(tree, n);
            continue;
        }
        uint64_t *is_seen_already = table_reach(seen, word_of(tree), n);
        if (*is_seen_already == 0) {
            *is_seen_already = 1;
            wordstack_push2(&pairs, word_of(tree->tail), noun_tail(n));
            wordstack_push2(&pairs, word_of(tree->head), noun_head(n));
        }
    }
    wordstack_finish(&pairs);
    table_end(seen);
    return match;
}
