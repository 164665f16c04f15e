/* Hashes of descriptions ("hashables") and of arrays, and merkle heaps.
 *
 * A description is
 *
 *     [%hash digest]    stands for itself
 *     [%leaf noun]      that noun's hash
 *     [%list hs]        the hash of the list of their hashes
 *     [%mary mary]      three hashes in a tree: of the step, of the length, of
 *                       all the words
 *     [left right]      the hash of both together
 */
#include "zk/jets.h"

/* ---- arrays -------------------------------------------------------------- */

static struct zk_digest hash_word(uint64_t word)
{
    const uint64_t noun_of_one_leaf[2] = {1, word};
    return zk_hash_belts(noun_of_one_leaf, COUNT_OF(noun_of_one_leaf));
}

/* The hashes of an array's step and length, alike for all arrays of a form. */
struct array_form {
    struct zk_digest step, length;
};

static struct array_form form_of(uint64_t step, uint64_t length)
{
    return (struct array_form){hash_word(step), hash_word(length)};
}

/* As the description [%mary step length words]. */
static struct zk_digest hash_array(const struct array_form *form, const uint64_t *words, size_t count)
{
    struct zk_digest words_hash = zk_hash_belts(words, count);
    struct zk_digest tail = zk_hash_pair(&form->length, &words_hash);
    return zk_hash_pair(&form->step, &tail);
}

static bool hash_mary(noun mary, struct zk_digest *digest)
{
    struct zk_array array;
    if (!zk_mary_read(mary, &array) || !zk_all_based(array.words, array.count))
        return false;
    struct array_form form = form_of(array.step, array.length);
    *digest = hash_array(&form, array.words, array.count);
    return true;
}

/* ---- descriptions ---------------------------------------------------------- */

enum task { TASK_HASH, TASK_JOIN, TASK_LIST };

/* Work to do, last in first out, as pairs of a task and a noun or number; and
 * the hashes made so far. */
struct hasher {
    struct wordstack tasks;
    struct wordstack hashes;
};

static void push_hash(struct hasher *hasher, const struct zk_digest *digest)
{
    for (unsigned i = 0; i < ZK_DIGEST; i++)
        wordstack_push(&hasher->hashes, digest->at[i]);
}

static struct zk_digest pop_hash(struct hasher *hasher)
{
    struct zk_digest digest;
    for (unsigned i = ZK_DIGEST; i-- > 0;)
        digest.at[i] = wordstack_pop(&hasher->hashes);
    return digest;
}

static void push_task(struct hasher *hasher, enum task task, uint64_t operand)
{
    wordstack_push2(&hasher->tasks, operand, (uint64_t)task);
}

static void join(struct hasher *hasher)
{
    struct zk_digest right = pop_hash(hasher), left = pop_hash(hasher);
    struct zk_digest both = zk_hash_pair(&left, &right);
    push_hash(hasher, &both);
}

/* The last `count` hashes as a list of tuples: a noun of 5 * count + 1 leaves. */
static void join_list(struct hasher *hasher, uint64_t count)
{
    static const uint64_t item_shape[] = {0, 0, 1, 0, 1, 0, 1, 0, 1, 1};
    size_t leaves = (size_t)count * ZK_DIGEST;
    const uint64_t *first = hasher->hashes.words + (hasher->hashes.count - leaves);
    struct zk_absorber absorber;
    zk_absorb_begin(&absorber);
    zk_absorb(&absorber, leaves + 1);
    for (size_t i = 0; i < leaves; i++)
        zk_absorb(&absorber, first[i]);
    zk_absorb(&absorber, 0);
    for (uint64_t i = 0; i < count; i++)
        for (size_t j = 0; j < COUNT_OF(item_shape); j++)
            zk_absorb(&absorber, item_shape[j]);
    zk_absorb_end(&absorber);
    struct zk_digest digest = zk_squeeze(&absorber);
    hasher->hashes.count -= leaves;
    push_hash(hasher, &digest);
}

/* Items are hashed from the last to the first, so that the first must be
 * pushed first. */
static bool begin_list(struct hasher *hasher, noun list)
{
    size_t mark = hasher->tasks.count;
    uint64_t count = 0;
    push_task(hasher, TASK_LIST, 0);
    size_t first = hasher->tasks.count;
    for (; noun_is_cell(list); list = noun_tail(list), count++)
        push_task(hasher, TASK_HASH, noun_head(list));
    hasher->tasks.words[mark] = count;
    for (size_t i = 0; i < count / 2; i++) {
        uint64_t *one = hasher->tasks.words + first + 2 * i;
        uint64_t *other = hasher->tasks.words + first + 2 * (count - 1 - i), swap = *one;
        *one = *other;
        *other = swap;
    }
    return list == 0;
}

static bool hash_one(struct hasher *hasher, noun n)
{
    struct zk_digest digest;
    if (!noun_is_cell(n))
        return false;
    noun tag = noun_head(n), rest = noun_tail(n);
    if (tag == noun_cord("list"))
        return begin_list(hasher, rest);
    if (noun_is_cell(tag)) {
        push_task(hasher, TASK_JOIN, 0);
        push_task(hasher, TASK_HASH, rest);
        push_task(hasher, TASK_HASH, tag);
        return true;
    }
    bool done = tag == noun_cord("hash")   ? zk_digest_read(rest, &digest)
                : tag == noun_cord("leaf") ? zk_tip(rest, &digest)
                                           : tag == noun_cord("mary") && hash_mary(rest, &digest);
    if (done)
        push_hash(hasher, &digest);
    return done;
}

static bool hash_all(const struct nock *machine, struct hasher *hasher, noun n)
{
    bool good = true;
    push_task(hasher, TASK_HASH, n);
    while (good && !wordstack_is_empty(&hasher->tasks) && !nock_is_stopping(machine)) {
        enum task task = (enum task)wordstack_pop(&hasher->tasks);
        uint64_t operand = wordstack_pop(&hasher->tasks);
        if (task == TASK_HASH)
            good = hash_one(hasher, operand);
        else if (task == TASK_JOIN)
            join(hasher);
        else
            join_list(hasher, operand);
    }
    return good;
}

noun zk_jet_hash_hashable(struct nock *machine, noun core)
{
    noun sample = zk_sample_in_door(core, ZK_ROUNDS);
    struct hasher hasher = {0};
    struct zk_digest digest = {{0}};
    if (sample == NOUN_NONE)
        return NOCK_JET_PUNT;
    bool good = hash_all(machine, &hasher, sample) && !nock_is_stopping(machine);
    if (good)
        digest = pop_hash(&hasher);
    wordstack_finish(&hasher.tasks);
    wordstack_finish(&hasher.hashes);
    return good ? zk_digest_make(nock_stack(machine), &digest) : zk_punt_or_stop(machine);
}

/* ---- merkle heaps ---------------------------------------------------------- */

/* Fills in the nodes above the leaves: a heap with the root first, where the
 * children of node i are 2i + 1 and 2i + 2. */
static void fill_heap(struct zk_digest *heap, size_t leaves)
{
    for (size_t i = leaves - 1; i-- > 0;)
        heap[i] = zk_hash_pair(&heap[2 * i + 1], &heap[2 * i + 2]);
}

/* [depth root [5 size nodes]] over the items of a mary as arrays of `step`. */
static noun merkle_heap(struct nock *machine, noun mary, uint64_t step)
{
    struct stack *stack = nock_stack(machine);
    struct zk_array array;
    if (!zk_mary_read(mary, &array) || array.step < step || (array.length & (array.length - 1)) != 0 ||
        !zk_all_based(array.words, array.count))
        return NOCK_JET_PUNT;
    size_t size = 2 * (size_t)array.length - 1;
    uint64_t *words = zk_data_begin(stack, ZK_DIGEST * size);
    if (words == NULL)
        return NOCK_JET_FAIL;
    struct zk_digest *heap = (struct zk_digest *)(void *)words;
    struct array_form form = form_of(step, array.step / step);
    bool stop = false;
    for (size_t i = 0; i < array.length && !stop; i++) {
        heap[array.length - 1 + i] = hash_array(&form, array.words + i * array.step, (size_t)array.step);
        stop = nock_is_stopping(machine);
    }
    if (!stop)
        fill_heap(heap, (size_t)array.length);
    struct zk_digest root = heap[0];
    noun nodes = zk_mary_finish(stack, ZK_DIGEST, size);
    noun digest = zk_digest_make(stack, &root);
    return stop ? NOCK_JET_FAIL : stack_triple(stack, bits_length(array.length), digest, nodes);
}

noun zk_jet_build_merk_heap(struct nock *machine, noun mary)
{
    return merkle_heap(machine, mary, ZK_DEGREE);
}

noun zk_jet_bp_build_merk_heap(struct nock *machine, noun mary)
{
    return merkle_heap(machine, mary, 1);
}
