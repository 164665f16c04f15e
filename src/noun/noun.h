/* The noun model: layout and reading, never allocation.
 *
 * One address space holds every noun, ephemeral and persistent.  A noun is one
 * word; a noun that is not a direct atom is a tag and a word offset from the
 * base of that space, so the same word means the same noun wherever the space
 * is mapped, and in the file behind its persistent part.
 *
 *   bit 63                                              bit 0
 *   0 vvv...v                  direct atom, 63 bits
 *   1 0 0 ooo...o              indirect atom, word offset
 *   1 1 0 ooo...o              cell, word offset
 *   1 1 1 ooo...o              forwarding: only in the metadata word of an
 *                              ephemeral object, while something copies it
 *
 * `word << 3` drops the tag and scales to bytes at once, so a dereference is a
 * shift and an indexed load.
 *
 *   cell            | metadata | head | tail |
 *   indirect atom   | metadata | size in words | data, little-endian ... |
 *
 * Indirect atoms are normalized: the last data word is not zero, and the value
 * does not fit a direct atom.
 *
 * Metadata of a persistent object (below NOUN_PERSISTENT_BYTES): complete when
 * written, never changed.
 *
 *   63            31 30       0
 *   | hash2: 33 bits | mug: 31 |
 *
 * Metadata of an ephemeral object: bits 30..0 hold the mug, or 0 while unknown;
 * bit 31 says atom (so that ephemeral memory can be walked object by object);
 * bits 60..32 belong to the engine; bits 63..61 are never all set, since a
 * metadata word with tag 111 is a forwarding.
 */
#ifndef NOUN_NOUN_H
#define NOUN_NOUN_H

#include "base/base.h"

typedef uint64_t noun;

/* ---- the address space --------------------------------------------------- */

/* The space, in bytes from its base:
 *   [0, NOUN_PERSISTENT_BYTES)                   the arena's file, read-only; from
 *                                                NOUN_LARGE_START_BYTES on: large atoms
 *   [NOUN_PERSISTENT_BYTES, NOUN_SPACE_BYTES)    the ephemeral stack
 */
#if defined(LOAM_SMALL_SPACE) /* valgrind has no room for more */
#define NOUN_PERSISTENT_BYTES ((uint64_t)1 << 33)
#elif defined(__SANITIZE_THREAD__) /* its shadow leaves no room for more */
#define NOUN_PERSISTENT_BYTES ((uint64_t)1 << 37)
#else
#define NOUN_PERSISTENT_BYTES ((uint64_t)1 << 41)
#endif
#define NOUN_SPACE_BYTES (2 * NOUN_PERSISTENT_BYTES)

/* For a shared library's sake all code can be loaded anywhere, and would find a
 * thread's variables by a call; these are read with every noun.  So they are where
 * a thread's start has put them, which a library that is loaded late only
 * gets if all of its variables of threads are small (test/api). */
#define NOUN_THREAD_MODEL __attribute__((tls_model("initial-exec")))

/* The base of the space in which the calling thread reads nouns.  A thread
 * enters a space before it touches a noun; several spaces may live in one
 * process, and several threads in one space. */
extern _Thread_local uint8_t *noun_base NOUN_THREAD_MODEL;

static inline void noun_space_enter(uint8_t *base)
{
    noun_base = base;
}

/* ---- the word ------------------------------------------------------------ */

#define NOUN_DIRECT_MAX ((noun)INT64_MAX)
#define NOUN_TAG_ATOM ((noun)4 << 61)
#define NOUN_TAG_CELL ((noun)6 << 61)
#define NOUN_TAG_FORWARD ((noun)7 << 61)
#define NOUN_OFFSET_MASK (((noun)1 << 61) - 1)

/* Not a noun: "nothing here" in out-pointers and tables. */
#define NOUN_NONE (~(noun)0)

#define NOUN_YES ((noun)0)
#define NOUN_NO ((noun)1)

static inline bool noun_is_direct(noun n)
{
    return (int64_t)n >= 0;
}

static inline bool noun_is_cell(noun n)
{
    return n >> 61 == 6;
}

static inline bool noun_is_atom(noun n)
{
    return n >> 62 != 3;
}

static inline bool noun_is_indirect(noun n)
{
    return n >> 61 == 4;
}

static inline uint64_t noun_offset_words(noun n)
{
    return n & NOUN_OFFSET_MASK;
}

static inline uint64_t *noun_words_at(uint64_t offset_words)
{
    return (uint64_t *)(void *)(noun_base + (offset_words << 3));
}

/* The object behind an indirect atom or cell. */
static inline uint64_t *noun_words(noun n)
{
    return (uint64_t *)(void *)(noun_base + (n << 3));
}

/* Large atoms (stack/stack.h) have their final address from birth, so one may be
 * there that no commit has taken over yet; it is complete and final all the same. */
#define NOUN_LARGE_START_BYTES (NOUN_PERSISTENT_BYTES / 2)

static inline bool noun_is_large(noun n)
{
    return !noun_is_direct(n) && (n << 3) - NOUN_LARGE_START_BYTES < NOUN_PERSISTENT_BYTES - NOUN_LARGE_START_BYTES;
}

/* The large atoms whose words the calling thread has read, for whoever wants to
 * know which ones are used: each once, the first NOUN_USES_MAX since it was emptied.
 * NULL, as at first: nobody wants to. */
#define NOUN_USES_MAX 32
struct noun_uses {
    noun atoms[NOUN_USES_MAX];
    size_t count;
};
extern _Thread_local struct noun_uses *noun_uses NOUN_THREAD_MODEL;
void noun_note_use(noun atom); /* noun/atom.c */

/* Direct atoms are persistent: they refer to nothing. */
static inline bool noun_is_persistent(noun n)
{
    return noun_is_direct(n) || (n << 3) < NOUN_PERSISTENT_BYTES;
}

static inline noun noun_head(noun cell)
{
    CHECK_DEBUG(noun_is_cell(cell));
    return noun_words(cell)[1];
}

static inline noun noun_tail(noun cell)
{
    CHECK_DEBUG(noun_is_cell(cell));
    return noun_words(cell)[2];
}

/* ---- metadata ------------------------------------------------------------ */

#define NOUN_META_MUG_MASK ((uint64_t)0x7fffffff)
#define NOUN_META_ATOM ((uint64_t)1 << 31)
#define NOUN_META_ENGINE_SHIFT 32
#define NOUN_META_ENGINE_BITS 29
#define NOUN_META_ENGINE_MASK ((((uint64_t)1 << NOUN_META_ENGINE_BITS) - 1) << NOUN_META_ENGINE_SHIFT)
#define NOUN_META_HASH2_SHIFT 31

/* ---- atoms (noun/atom.c) ------------------------------------------------- */

/* Data words of an atom.  A direct atom's value is stored through `direct`,
 * which must outlive the result.  *count is 0 for the atom 0. */
static inline const uint64_t *noun_atom_words(noun atom, uint64_t *direct, size_t *count)
{
    if (noun_is_direct(atom)) {
        *direct = atom;
        *count = atom != 0;
        return direct;
    }
    if (UNLIKELY(noun_is_large(atom)))
        noun_note_use(atom);
    const uint64_t *words = noun_words(atom);
    *count = (size_t)words[1];
    return words + 2;
}

size_t noun_atom_length_bits(noun atom);
size_t noun_atom_length_bytes(noun atom); /* without leading zeros; 0 for 0 */

/* Little-endian bytes of the atom; as noun_atom_words. */
static inline const uint8_t *noun_atom_bytes(noun atom, uint64_t *direct, size_t *size_bytes)
{
    size_t count;
    const uint64_t *words = noun_atom_words(atom, direct, &count);
    *size_bytes = noun_atom_length_bytes(atom);
    return (const uint8_t *)words;
}

/* Less, equal, greater as -1, 0, 1. */
int noun_atom_compare(noun a, noun b);

/* A cord of at most 7 bytes as a direct atom: noun_cord("poke"). */
static inline noun noun_cord(const char *text)
{
    noun atom = 0;
    for (unsigned i = 0; text[i] != 0; i++) {
        CHECK_DEBUG(i < 8);
        atom |= (noun)(uint8_t)text[i] << (8 * i);
    }
    CHECK_DEBUG(noun_is_direct(atom));
    return atom;
}

bool noun_atom_equals_cord(noun atom, const char *text);

/* ---- axes (noun/axis.c) -------------------------------------------------- */

/* The part at `axis`, or NOUN_NONE if the path leaves the tree or axis is 0. */
noun noun_at_far(noun n, uint64_t axis);

static inline noun noun_at(noun n, uint64_t axis)
{
    if (!__builtin_constant_p(axis) || axis == 0)
        return noun_at_far(n, axis);
    for (unsigned steps = 63 - (unsigned)__builtin_clzll(axis); steps-- > 0;) { /* is unrolled */
        if (!noun_is_cell(n))
            return NOUN_NONE;
        n = noun_words(n)[1 + (axis >> steps & 1)];
    }
    return n;
}

/* The same for an axis that is any atom. */
noun noun_at_atom(noun n, noun axis);

/* ---- equality (noun/equal.c) --------------------------------------------- */

/* Structural equality, by identity and hashes first.  Never recurses; nouns
 * with heavy sharing cost time in their distinct cells, not in their paths.
 * `noun_equal` unifies: below two equal ephemeral nouns the younger object's
 * fields come to point at the older's parts; so only the thread that owns the
 * ephemeral stack may call it on ephemeral nouns.  `noun_equal_pure` never writes. */
bool noun_equal_slow(noun a, noun b, bool unify);

static inline bool noun_equal(noun a, noun b)
{
    if (a == b)
        return true;
    if (noun_is_direct(a) || noun_is_direct(b))
        return false;
    return noun_equal_slow(a, b, true);
}

static inline bool noun_equal_pure(noun a, noun b)
{
    if (a == b)
        return true;
    if (noun_is_direct(a) || noun_is_direct(b))
        return false;
    return noun_equal_slow(a, b, false);
}

/* ---- hashes (noun/mug.c) -------------------------------------------------- */

/* The 31-bit mug: observable by guests, exact (ABI page 7.4).  Cached in the
 * metadata of ephemeral objects, so the same rule on threads as noun_equal. */
uint32_t noun_mug_slow(noun n);
uint32_t noun_mug_atom(noun atom);
uint32_t noun_mug_pair(uint32_t head_mug, uint32_t tail_mug);

static inline uint32_t noun_mug(noun n)
{
    if (!noun_is_direct(n)) {
        uint32_t mug = (uint32_t)(noun_words(n)[0] & NOUN_META_MUG_MASK);
        if (mug != 0)
            return mug;
    }
    return noun_mug_slow(n);
}

/* The metadata word of a persistent atom (direct ones have one too, unstored)
 * and of a cell of persistent nouns: mug and second hash, 64 bits in all. */
uint64_t noun_hash_atom(noun atom);
uint64_t noun_hash_pair(uint64_t head_hash, uint64_t tail_hash);

/* The 64-bit structural hash of a persistent noun, in constant time. */
static inline uint64_t noun_hash_persistent(noun n)
{
    CHECK_DEBUG(noun_is_persistent(n));
    return noun_is_direct(n) ? noun_hash_atom(n) : noun_words(n)[0];
}

/* ---- orders (noun/order.c) ----------------------------------------------- */

/* The guest's orders (ABI page 7.5). */
bool noun_dor(noun a, noun b);
bool noun_gor(noun a, noun b);
bool noun_mor(noun a, noun b);

/* ---- lists ----------------------------------------------------------------*/

/* Length of a null-terminated list, or -1 if it is improper. */
int64_t noun_list_length(noun list);

#endif
