/* Persistent nouns without an arena: plain memory in the lower part of the
 * space, where what a benchmark is given lies as an event finds its state. */
#include "bench.h"

#include "os/os.h"

#define MEMORY_BYTES ((uint64_t)1 << 30)

static uint64_t free_words = 512; /* nothing is ever given back */

static uint64_t *take(size_t count)
{
    if (free_words == 512)
        bench_must(os_map_memory(noun_base, MEMORY_BYTES));
    CHECK(free_words + count <= MEMORY_BYTES / 8);
    uint64_t *words = noun_words_at(free_words);
    free_words += count;
    return words;
}

/* NOUN_NONE: it has no copy yet.  A copied one's first word says where it went. */
static noun copy_of(noun n)
{
    if (noun_is_persistent(n))
        return n;
    uint64_t first = noun_words(n)[0];
    return first >> 61 == 7 ? (n & ~NOUN_OFFSET_MASK) | noun_offset_words(first) : NOUN_NONE;
}

static noun copy(noun n, const uint64_t *words, size_t count)
{
    noun made = free_words | (n & ~NOUN_OFFSET_MASK);
    uint64_t *to = take(count);
    memcpy(to + 1, words + 1, (count - 1) * sizeof *to);
    to[0] = noun_is_cell(n) ? noun_hash_pair(noun_hash_persistent(to[1]), noun_hash_persistent(to[2]))
                            : noun_hash_atom(made);
    noun_words(n)[0] = NOUN_TAG_FORWARD | noun_offset_words(made);
    return made;
}

static void copy_cell(struct wordstack *pending, noun n)
{
    noun head = copy_of(noun_head(n)), tail = copy_of(noun_tail(n));
    if (head != NOUN_NONE && tail != NOUN_NONE) {
        copy(n, (const uint64_t[]){0, head, tail}, 3);
        return;
    }
    wordstack_push(pending, n);
    if (tail == NOUN_NONE)
        wordstack_push(pending, noun_tail(n));
    if (head == NOUN_NONE)
        wordstack_push(pending, noun_head(n));
}

static noun persist(noun root)
{
    struct wordstack *pending = wordstack_take();
    wordstack_push(pending, root);
    while (!wordstack_is_empty(pending)) {
        noun n = wordstack_pop(pending);
        if (copy_of(n) != NOUN_NONE)
            continue;
        if (noun_is_cell(n))
            copy_cell(pending, n);
        else
            copy(n, noun_words(n), noun_words(n)[1] + 2);
    }
    wordstack_give_back(pending);
    return copy_of(root);
}

void bench_persist(noun **slots, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (*slots[i] != NOUN_NONE)
            *slots[i] = persist(*slots[i]);
    nock_forget_ephemeral(bench_machine, copy_of);
    stack_clear(bench_stack);
}
