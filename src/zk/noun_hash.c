/* Hashes of nouns.
 *
 * A noun's hash is that of the list
 *
 *     number of leaves, leaves from left to right, the shape
 *
 * where the shape is a Dyck word: a cell is 0, the shape of its head, 1, the
 * shape of its tail, and an atom is nothing.
 */
#include "zk/jets.h"

/* ---- digests ------------------------------------------------------------- */

/* A tuple of five belts. */
bool zk_digest_read(noun n, struct zk_digest *digest)
{
    for (unsigned i = 0; i < ZK_DIGEST - 1; i++, n = noun_tail(n))
        if (!noun_is_cell(n) || !zk_belt(noun_head(n), &digest->at[i]))
            return false;
    return zk_belt(n, &digest->at[ZK_DIGEST - 1]);
}

noun zk_digest_make(struct stack *stack, const struct zk_digest *digest)
{
    noun tuple = zk_atom(stack, digest->at[ZK_DIGEST - 1]);
    for (unsigned i = ZK_DIGEST - 1; i-- > 0;) {
        noun item = zk_atom(stack, digest->at[i]);
        tuple = stack_cell(stack, item, tuple);
    }
    return tuple;
}

/* sum of at[i] * p^i, by Horner. */
noun zk_jet_digest_to_atom(struct nock *machine, noun a)
{
    struct zk_digest digest;
    if (!zk_digest_read(a, &digest))
        return NOCK_JET_PUNT;
    uint64_t number[ZK_DIGEST] = {0};
    for (unsigned i = ZK_DIGEST; i-- > 0;) {
        unsigned __int128 carry = digest.at[i];
        for (unsigned j = 0; j < ZK_DIGEST; j++) {
            carry += (unsigned __int128)number[j] * ZK_P;
            number[j] = (uint64_t)carry;
            carry >>= 64;
        }
    }
    return stack_atom_from_words(nock_stack(machine), number, ZK_DIGEST);
}

noun zk_jet_snag_as_digest(struct nock *machine, noun mary, noun index)
{
    struct zk_array array;
    struct zk_digest digest;
    if (!zk_mary_read(mary, &array) || array.step != ZK_DIGEST || !noun_is_direct(index) || index >= array.length)
        return NOCK_JET_PUNT;
    for (unsigned i = 0; i < ZK_DIGEST; i++)
        digest.at[i] = array.words[ZK_DIGEST * index + i];
    return zk_digest_make(nock_stack(machine), &digest);
}

/* ---- leaves and shape ---------------------------------------------------- */

/* Leaves from left to right, by an explicit stack of the parts to come. */
struct walk {
    struct wordstack pending;
};

static void walk_begin(struct walk *walk, noun n)
{
    wordstack_init(&walk->pending);
    wordstack_push(&walk->pending, n);
}

static void walk_end(struct walk *walk)
{
    wordstack_finish(&walk->pending);
}

static bool walk_next(struct walk *walk, noun *leaf)
{
    if (wordstack_is_empty(&walk->pending))
        return false;
    noun n = wordstack_pop(&walk->pending);
    for (; noun_is_cell(n); n = noun_head(n))
        wordstack_push(&walk->pending, noun_tail(n));
    *leaf = n;
    return true;
}

bool zk_leaves(noun n, uint64_t *belts, size_t capacity, size_t *count)
{
    struct walk walk;
    noun leaf;
    bool fits = true;
    *count = 0;
    walk_begin(&walk, n);
    while (fits && walk_next(&walk, &leaf)) {
        fits = *count < capacity && zk_belt(leaf, &belts[*count]);
        (*count)++;
    }
    walk_end(&walk);
    return fits;
}

/* A shape with its leaves, being put together: the shape as its ones and zeros
 * in words, one each. */
struct shaped {
    struct wordstack leaves;
    struct wordstack word;
    struct wordstack pending;
};

/* Some tenths of a second.  Larger nouns are left to the Nock, which asks in
 * between whether it is to stop. */
#define LEAVES_MAX ((size_t)1 << 20)

/* Adds `n`; false if some leaf is no belt. */
static bool shaped_add(struct shaped *shaped, noun n)
{
    size_t floor = shaped->pending.count;
    for (;;) {
        for (; noun_is_cell(n); n = noun_head(n)) {
            wordstack_push(&shaped->word, 0);
            wordstack_push(&shaped->pending, noun_tail(n));
        }
        uint64_t belt;
        if (!zk_belt(n, &belt) || shaped->leaves.count == LEAVES_MAX)
            return false;
        wordstack_push(&shaped->leaves, belt);
        if (shaped->pending.count == floor)
            return true;
        wordstack_push(&shaped->word, 1);
        n = wordstack_pop(&shaped->pending);
    }
}

static struct zk_digest shaped_hash(const struct shaped *shaped)
{
    struct zk_absorber absorber;
    zk_absorb_begin(&absorber);
    zk_absorb(&absorber, shaped->leaves.count);
    for (size_t i = 0; i < shaped->leaves.count; i++)
        zk_absorb(&absorber, shaped->leaves.words[i]);
    for (size_t i = 0; i < shaped->word.count; i++)
        zk_absorb(&absorber, shaped->word.words[i]);
    zk_absorb_end(&absorber);
    return zk_squeeze(&absorber);
}

static void shaped_finish(struct shaped *shaped)
{
    wordstack_finish(&shaped->leaves);
    wordstack_finish(&shaped->word);
    wordstack_finish(&shaped->pending);
}

bool zk_tip(noun n, struct zk_digest *digest)
{
    struct shaped shaped = {0};
    bool based = shaped_add(&shaped, n);
    if (based)
        *digest = shaped_hash(&shaped);
    shaped_finish(&shaped);
    return based;
}

noun zk_jet_hash_noun_varlen(struct nock *machine, noun core)
{
    noun sample = zk_sample_in_door(core, ZK_ROUNDS);
    struct zk_digest digest;
    if (sample == NOUN_NONE || !zk_tip(sample, &digest))
        return NOCK_JET_PUNT;
    return zk_digest_make(nock_stack(machine), &digest);
}

/* Any noun of ten leaves. */
noun zk_jet_hash_ten_cell(struct nock *machine, noun core)
{
    noun sample = zk_sample_in_door(core, ZK_ROUNDS);
    uint64_t belts[ZK_RATE];
    size_t count;
    if (sample == NOUN_NONE || !zk_leaves(sample, belts, ZK_RATE, &count) || count != ZK_RATE)
        return NOCK_JET_PUNT;
    struct zk_digest digest = zk_hash_10(belts);
    return zk_digest_make(nock_stack(machine), &digest);
}

/* ---- asking whether to go on ---------------------------------------------- */

/* A noun whose parts are shared may have any number of leaves. */
static bool is_to_ask(uint64_t count)
{
    return count % 65536 == 0;
}

static bool may_go_on(struct nock *machine)
{
    return !nock_is_stopping(machine) && stack_reserve(nock_stack(machine), 0);
}

/* ---- shapes as nouns ------------------------------------------------------- */

noun zk_jet_num_of_leaves(struct nock *machine, noun a)
{
    struct walk walk;
    noun leaf;
    uint64_t count = 0;
    walk_begin(&walk, a);
    while (walk_next(&walk, &leaf))
        if (is_to_ask(++count) && nock_is_stopping(machine))
            break;
    walk_end(&walk);
    return nock_is_stopping(machine) ? NOCK_JET_FAIL : zk_atom(nock_stack(machine), count);
}

noun zk_jet_leaf_sequence(struct nock *machine, noun a)
{
    struct stack *stack = nock_stack(machine);
    struct stack_list leaves = stack_list_begin();
    struct walk walk;
    noun leaf;
    walk_begin(&walk, a);
    bool go_on = true;
    for (uint64_t count = 1; go_on && walk_next(&walk, &leaf); count++) {
        stack_list_add(stack, &leaves, leaf);
        go_on = !is_to_ask(count) || may_go_on(machine);
    }
    walk_end(&walk);
    return go_on ? stack_list_end(&leaves, 0) : NOCK_JET_FAIL;
}

noun zk_jet_dyck(struct nock *machine, noun a)
{
    struct stack *stack = nock_stack(machine);
    struct stack_list word = stack_list_begin();
    struct wordstack pending;
    wordstack_init(&pending);
    bool go_on = true;
    uint64_t count = 0;
    for (noun n = a; go_on;) {
        for (; noun_is_cell(n); n = noun_head(n)) {
            stack_list_add(stack, &word, 0);
            wordstack_push(&pending, noun_tail(n));
        }
        if (wordstack_is_empty(&pending))
            break;
        go_on = !is_to_ask(++count) || may_go_on(machine);
        stack_list_add(stack, &word, 1);
        n = wordstack_pop(&pending);
    }
    wordstack_finish(&pending);
    return go_on ? stack_list_end(&word, 0) : NOCK_JET_FAIL;
}
