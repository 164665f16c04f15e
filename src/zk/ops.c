/* Making arrays, and the door `ops`: arrays whose step is the sample of the door
 * around (`array-op`), as `ave` has it in the array.
 */
#include "zk/jets.h"

#include <string.h>

/* ---- the door ops ------------------------------------------------------------- */

/* The array is the door's sample, and its step that of the door around. */
static bool read_ops(noun gate, struct zk_array *array)
{
    noun step = noun_at(gate, 126), data = noun_at(gate, 30);
    return step != NOUN_NONE && noun_is_direct(step) && zk_array_read(data, step, array);
}

/* The sample, if it is a number that counts items. */
static bool read_count(noun gate, uint64_t axis, uint64_t *count)
{
    *count = noun_at(gate, axis);
    return noun_is_direct(*count);
}

static noun slice(struct nock *machine, const struct zk_array *array, uint64_t from, uint64_t count)
{
    noun data = zk_items(nock_stack(machine), array, from, count);
    return data == NOUN_NONE ? NOCK_JET_FAIL : stack_cell(nock_stack(machine), count, data);
}

noun zk_jet_ops_snag(struct nock *machine, noun core)
{
    struct zk_array array;
    uint64_t index;
    if (!read_ops(core, &array) || !read_count(core, 6, &index) || index >= array.length)
        return NOCK_JET_PUNT;
    noun item = zk_item(nock_stack(machine), &array, index);
    return item == NOUN_NONE ? NOCK_JET_FAIL : item;
}

noun zk_jet_ops_scag(struct nock *machine, noun core)
{
    struct zk_array array;
    uint64_t count;
    if (!read_ops(core, &array) || !read_count(core, 6, &count) || count == 0)
        return NOCK_JET_PUNT;
    return count >= array.length ? noun_at(core, 30) : slice(machine, &array, 0, count);
}

noun zk_jet_ops_slag(struct nock *machine, noun core)
{
    struct zk_array array;
    uint64_t from;
    if (!read_ops(core, &array) || !read_count(core, 6, &from) || from >= array.length)
        return NOCK_JET_PUNT;
    return slice(machine, &array, from, array.length - from);
}

noun zk_jet_ops_swag(struct nock *machine, noun core)
{
    struct zk_array array;
    uint64_t from, count;
    if (!read_ops(core, &array) || !read_count(core, 12, &from) || !read_count(core, 13, &count) ||
        from >= array.length || count == 0)
        return NOCK_JET_PUNT;
    return slice(machine, &array, from, count > array.length - from ? array.length - from : count);
}

/* The other's elements must be of the field. */
noun zk_jet_ops_weld(struct nock *machine, noun core)
{
    struct zk_array array, other;
    noun second = noun_at(core, 6);
    if (!read_ops(core, &array) || second == NOUN_NONE || !zk_polynomial_read(second, array.step, &other))
        return NOCK_JET_PUNT;
    uint64_t *words = zk_data_begin(nock_stack(machine), array.count + other.count);
    if (words == NULL)
        return NOCK_JET_FAIL;
    memcpy(words, array.words, array.count * sizeof *words);
    memcpy(words + array.count, other.words, other.count * sizeof *words);
    return zk_array_finish(nock_stack(machine), array.length + other.length);
}

/* ---- elements --------------------------------------------------------------------- */

/* An element of an array: a belt, or `step` belts and a one. */
static bool element_read(noun n, uint64_t step, const uint64_t **words, uint64_t *holder)
{
    *words = holder;
    if (step == 1)
        return zk_belt(n, holder);
    if (!noun_is_indirect(n))
        return false;
    *words = noun_words(n) + 2;
    return noun_words(n)[1] == step + 1 && (*words)[step] == 1 && zk_all_based(*words, (size_t)step);
}

/* [step list] of one element at least. */
noun zk_jet_do_init_mary(struct nock *machine, noun step, noun list)
{
    uint64_t length = 0, holder, count;
    const uint64_t *words;
    if (!noun_is_direct(step) || step == 0 || step >> 32 != 0)
        return NOCK_JET_PUNT;
    noun rest = list;
    for (; noun_is_cell(rest); rest = noun_tail(rest), length++)
        if (!element_read(noun_head(rest), step, &words, &holder))
            return NOCK_JET_PUNT;
    if (rest != 0 || length == 0 || __builtin_mul_overflow(length, step, &count))
        return NOCK_JET_PUNT;
    uint64_t *to = zk_data_begin(nock_stack(machine), (size_t)count);
    if (to == NULL)
        return NOCK_JET_FAIL;
    for (; noun_is_cell(list); list = noun_tail(list), to += step) {
        (void)element_read(noun_head(list), step, &words, &holder);
        memcpy(to, words, (size_t)step * sizeof *to);
    }
    return zk_mary_finish(nock_stack(machine), step, length);
}

/* Whether the atom is an element for the door's step: so many belts, or one
 * more word, which may be any belt. */
noun zk_jet_fet(struct nock *machine, noun core)
{
    (void)machine;
    noun step = noun_at(core, 30), a = noun_at(core, 6);
    uint64_t holder;
    size_t count;
    if (step == NOUN_NONE || !noun_is_direct(step) || step == UINT64_MAX || a == NOUN_NONE || !noun_is_atom(a))
        return NOCK_JET_PUNT;
    const uint64_t *words = noun_atom_words(a, &holder, &count);
    uint64_t length = count == 0 ? 1 : count;
    return zk_loobean(((length == 1 && step == 1) || length == step + 1) && zk_all_based(words, count));
}

noun zk_jet_lift_elt(struct nock *machine, noun core)
{
    noun step = noun_at(core, 30), a = noun_at(core, 6);
    uint64_t word;
    if (step == NOUN_NONE || !noun_is_direct(step) || step == 0 || step >> 32 != 0 || a == NOUN_NONE ||
        !zk_word(a, &word))
        return NOCK_JET_PUNT;
    if (step == 1)
        return a;
    uint64_t *words = zk_data_begin(nock_stack(machine), (size_t)step);
    if (words == NULL)
        return NOCK_JET_FAIL;
    words[0] = word;
    return zk_data_finish(nock_stack(machine));
}

/* ---- the steps of arrays ------------------------------------------------------------- */

noun zk_jet_ave_change_step(struct nock *machine, noun core)
{
    noun step = noun_at(core, 6), mary = noun_at(core, 30);
    struct zk_array array;
    if (mary == NOUN_NONE || step == NOUN_NONE || !noun_is_direct(step) || !zk_mary_read(mary, &array) ||
        (step != array.step && (step == 0 || array.count % step != 0)))
        return NOCK_JET_PUNT;
    if (step == array.step)
        return mary;
    noun data = noun_tail(noun_tail(mary));
    return stack_triple(nock_stack(machine), step, array.count / step, data);
}

/* Rows of one array continued by those of another, which the library can do only
 * if those are longer than a word. */
noun zk_jet_ave_weld_step(struct nock *machine, noun core)
{
    noun first = noun_at(core, 30), second = noun_at(core, 6);
    struct zk_array a, b;
    if (first == NOUN_NONE || second == NOUN_NONE || !zk_mary_read(first, &a) || !zk_mary_read(second, &b) ||
        a.length != b.length || b.step == 1 || !zk_all_based(a.words, a.count) || !zk_all_based(b.words, b.count))
        return NOCK_JET_PUNT;
    uint64_t *words = zk_data_begin(nock_stack(machine), a.count + b.count);
    if (words == NULL)
        return NOCK_JET_FAIL;
    for (uint64_t i = 0; i < a.length; i++) {
        memcpy(words, a.words + i * a.step, (size_t)a.step * sizeof *words);
        memcpy(words + a.step, b.words + i * b.step, (size_t)b.step * sizeof *words);
        words += a.step + b.step;
    }
    return zk_mary_finish(nock_stack(machine), a.step + b.step, a.length);
}

/* ---- an element of the extension from a list -------------------------------------------- */

noun zk_jet_frep(struct nock *machine, noun core)
{
    noun list = zk_sample_in_door(core, ZK_DEGREE);
    uint64_t belts[ZK_DEGREE];
    if (list == NOUN_NONE || zk_list_read(list, belts, ZK_DEGREE) != ZK_DEGREE)
        return NOCK_JET_PUNT;
    return zk_felt_make(nock_stack(machine), (struct zk_felt){{belts[0], belts[1], belts[2]}});
}
