/* Private to src/zk: reading and making the nouns of the zkvm group. */
#ifndef ZK_NOUNS_H
#define ZK_NOUNS_H

#include "base/wordstack.h"
#include "nock/nock.h"
#include "noun/noun.h"
#include "stack/stack.h"
#include "zk/field.h"

static inline noun zk_loobean(bool answer)
{
    return answer ? NOUN_YES : NOUN_NO;
}

/* An atom of at most 64 bits. */
static inline bool zk_word(noun n, uint64_t *word)
{
    *word = n;
    if (LIKELY(noun_is_direct(n)))
        return true;
    if (!noun_is_indirect(n) || noun_words(n)[1] != 1)
        return false;
    *word = noun_words(n)[2];
    return true;
}

static inline bool zk_belt(noun n, uint64_t *belt)
{
    return zk_word(n, belt) && zk_is_based(*belt);
}

static inline noun zk_atom(struct stack *stack, uint64_t word)
{
    return LIKELY(noun_is_direct(word)) ? word : stack_atom_from_word(stack, word);
}

/* ---- arrays (array.c) --------------------------------------------------- */

/* An array of words in one atom, [length data], is followed there by a one, so
 * that zeros at its end are kept.  Of a mary, [step length data], an item is
 * `step` words. */
struct zk_array {
    uint64_t step;
    uint64_t length; /* items */
    const uint64_t *words;
    size_t count; /* of words: step * length */
};

/* At least one item, and data of the right length. */
bool zk_array_read(noun array, uint64_t step, struct zk_array *out);
bool zk_mary_read(noun mary, struct zk_array *out);

/* The same, with elements of the base field only. */
bool zk_polynomial_read(noun array, uint64_t step, struct zk_array *out);

/* An array of `count` words, zeroed, to be filled; NULL if there is no room.
 * Nothing else may be allocated before zk_data_finish. */
uint64_t *zk_data_begin(struct stack *stack, size_t count);

/* The data as an atom, that is closed by the one. */
noun zk_data_finish(struct stack *stack);

/* [length data] and [step length data]. */
noun zk_array_finish(struct stack *stack, uint64_t length);
noun zk_mary_finish(struct stack *stack, uint64_t step, uint64_t length);

/* Some items as data, closed by a one; NOUN_NONE if there is no room (mary.c). */
noun zk_items(struct stack *stack, const struct zk_array *array, uint64_t from, uint64_t count);

/* An item as the library has it: a lone word without the one. */
noun zk_item(struct stack *stack, const struct zk_array *array, uint64_t index);

/* Up to `capacity` belts of a list; SIZE_MAX if it is longer, or none. */
size_t zk_list_read(noun list, uint64_t *belts, size_t capacity);
noun zk_list_make(struct stack *stack, const uint64_t *words, size_t count);

/* ---- digests (noun_hash.c) ---------------------------------------------- */

bool zk_digest_read(noun n, struct zk_digest *digest);
noun zk_digest_make(struct stack *stack, const struct zk_digest *digest);

/* The hash of a noun; false if some leaf is no belt. */
bool zk_tip(noun n, struct zk_digest *digest);

/* The leaves of a noun, from left to right; false if there are more than
 * `capacity` or some is no belt. */
bool zk_leaves(noun n, uint64_t *belts, size_t capacity, size_t *count);

/* ---- the extension (extension.c) ---------------------------------------- */

bool zk_felt_read(noun n, struct zk_felt *felt);
noun zk_felt_make(struct stack *stack, struct zk_felt felt);
struct zk_felt zk_felt_power(struct zk_felt x, uint64_t n);

/* The inverse that the library finds; false for 0, and where it crashes. */
bool zk_felt_invert(struct zk_felt x, struct zk_felt *inverse);

/* For a jet that gives up: it may have been told to. */
noun zk_punt_or_stop(const struct nock *machine);

/* ---- doors ----------------------------------------------------------------- */

/* The sample of a gate whose door (of hashing, of the extension) has the
 * sample that the jets know. */
static inline noun zk_sample_in_door(noun gate, noun door_sample)
{
    return noun_at(gate, 30) == door_sample ? noun_at(gate, 6) : NOUN_NONE;
}

#define ZK_ROUNDS 7
#define ZK_DEGREE 3

#endif
