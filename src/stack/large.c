/* Large atoms: born where they stay.
 *
 * An atom of STACK_LARGE_MIN_BYTES or more gets pages of its own from the provider,
 * at an address that neither a collection nor a commit will change.  The stack
 * only remembers which of them nothing but ephemeral nouns can refer to, and
 * gives back those that no root reaches any more.
 *
 *   being filled   writable, known to its maker alone       stack_atom_begin
 *   finished       never changes; its metadata complete     stack_atom_finish
 *
 * Generations are those of the nouns that refer to them: one that was made
 * since the last collection can only be referred to by roots and young nouns. */
#include "stack/private.h"

#include <stdlib.h>

void stack_set_large_provider(struct stack *stack, const struct stack_large_provider *provider)
{
    CHECK(stack->large.count == 0);
    stack->large.provider = *provider;
}

/* The place of the first entry at `offset_words` or above. */
static size_t place_of(const struct stack_large *large, uint64_t offset_words)
{
    return sorted_place(large->atoms, large->count, sizeof *large->atoms,
                        offsetof(struct stack_large_atom, offset_words), offset_words);
}

static void add(struct stack_large *large, struct stack_large_atom atom)
{
    if (large->count == large->capacity) {
        size_t capacity = large->capacity == 0 ? 16 : large->capacity * 2;
        struct stack_large_atom *atoms = realloc(large->atoms, capacity * sizeof *atoms);
        if (atoms == NULL)
            check_out_of_memory(__FILE__, __LINE__, capacity * sizeof *atoms);
        large->atoms = atoms;
        large->capacity = capacity;
    }
    size_t place = place_of(large, atom.offset_words);
    memmove(large->atoms + place + 1, large->atoms + place, (large->count - place) * sizeof *large->atoms);
    large->atoms[place] = atom;
    large->count++;
    large->used_bytes += atom.size_bytes;
    large->young_bytes += atom.size_bytes;
}

static uint64_t object_bytes(uint64_t size_words)
{
    return (size_words + 2) * 8;
}

uint64_t *stack_large_begin(struct stack *stack, uint64_t size_words)
{
    struct stack_large *large = &stack->large;
    uint64_t offset_words;
    if (large->provider.allocate == NULL || !stack_reserve(stack, object_bytes(size_words)) ||
        !large->provider.allocate(large->provider.context, object_bytes(size_words), &offset_words))
        return NULL;
    CHECK(noun_is_large(offset_words | NOUN_TAG_ATOM));
    uint64_t *words = noun_words_at(offset_words);
    words[0] = NOUN_META_ATOM;
    words[1] = size_words;
    stack->building_words = offset_words;
    return words + 2;
}

noun stack_large_finish(struct stack *stack, uint64_t size_words)
{
    struct stack_large *large = &stack->large;
    uint64_t offset_words = stack->building_words;
    uint64_t *words = noun_words_at(offset_words);
    stack->building_words = 0;
    if (object_bytes(size_words) < STACK_LARGE_MIN_BYTES) { /* most of it was zeros */
        noun n = stack_atom_from_words(stack, words + 2, size_words);
        large->provider.release(large->provider.context, offset_words);
        return n;
    }
    words[1] = size_words;
    words[0] = noun_hash_atom(offset_words | NOUN_TAG_ATOM);
    large->provider.finish(large->provider.context, offset_words, object_bytes(size_words));
    add(large, (struct stack_large_atom){
                   .offset_words = offset_words, .size_bytes = object_bytes(size_words), .is_young = true});
    if (large->young_bytes > STACK_LARGE_BUDGET_BYTES)
        stack_interrupt(stack); /* memory that the young budget does not see */
    return offset_words | NOUN_TAG_ATOM;
}

/* ---- collection -------------------------------------------------------------- */

static struct stack_large_atom *find(struct stack_large *large, noun n)
{
    size_t place = place_of(large, noun_offset_words(n));
    return place < large->count && large->atoms[place].offset_words == noun_offset_words(n) ? &large->atoms[place]
                                                                                            : NULL;
}

void stack_large_mark(struct stack_large *large, noun n)
{
    struct stack_large_atom *atom = find(large, n);
    if (atom != NULL) /* else it is persistent: of an earlier event */
        atom->is_marked = true;
}

bool stack_large_is_kept(struct stack_large *large, noun n, enum stack_reach reach)
{
    const struct stack_large_atom *atom = find(large, n);
    return atom == NULL || atom->is_marked || (reach == STACK_YOUNG && !atom->is_young);
}

void stack_large_sweep(struct stack *stack, enum stack_reach reach)
{
    struct stack_large *large = &stack->large;
    size_t kept = 0;
    for (size_t i = 0; i < large->count; i++) {
        struct stack_large_atom atom = large->atoms[i];
        if (atom.is_marked || (reach == STACK_YOUNG && !atom.is_young)) {
            atom.is_marked = atom.is_young = false;
            large->atoms[kept++] = atom;
        } else {
            large->used_bytes -= atom.size_bytes;
            large->provider.release(large->provider.context, atom.offset_words);
        }
    }
    large->count = kept;
    large->young_bytes = 0;
    if (reach == STACK_FULL)
        large->trigger_bytes = 2 * large->used_bytes + STACK_LARGE_BUDGET_BYTES;
}

void stack_large_settle(struct stack_large *large)
{
    for (size_t i = 0; large->young_bytes > 0 && i < large->count; i++)
        large->atoms[i].is_young = false;
    large->young_bytes = 0;
}

void stack_large_clear(struct stack *stack)
{
    struct stack_large *large = &stack->large;
    if (noun_is_large(stack->building_words | NOUN_TAG_ATOM))
        large->provider.release(large->provider.context, stack->building_words);
    for (size_t i = 0; i < large->count; i++)
        large->provider.release(large->provider.context, large->atoms[i].offset_words);
    large->count = 0;
    large->used_bytes = large->young_bytes = 0;
    large->trigger_bytes = STACK_LARGE_BUDGET_BYTES;
}
