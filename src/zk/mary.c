/* Arrays of arrays ("mary"): [step length data], lists, and numbers in base 58.
 *
 * The door `ave` has such an array for a sample.
 */
#include "zk/jets.h"

#include <gmp.h>
#include <stdlib.h>
#include <string.h>

static bool read_door(noun gate, struct zk_array *array)
{
    noun mary = noun_at(gate, 30);
    return mary != NOUN_NONE && zk_mary_read(mary, array);
}

noun zk_items(struct stack *stack, const struct zk_array *array, uint64_t from, uint64_t count)
{
    uint64_t *words = zk_data_begin(stack, (size_t)(count * array->step));
    if (words == NULL)
        return NOUN_NONE;
    memcpy(words, array->words + from * array->step, (size_t)(count * array->step) * sizeof *words);
    return zk_data_finish(stack);
}

noun zk_item(struct stack *stack, const struct zk_array *array, uint64_t index)
{
    return array->step == 1 ? zk_atom(stack, array->words[index]) : zk_items(stack, array, index, 1);
}

static noun or_fail(noun n)
{
    return n == NOUN_NONE ? NOCK_JET_FAIL : n;
}

noun zk_jet_ave_snag(struct nock *machine, noun core)
{
    noun index = noun_at(core, 6);
    struct zk_array array;
    if (!read_door(core, &array) || !noun_is_direct(index) || index >= array.length)
        return NOCK_JET_PUNT;
    return or_fail(zk_item(nock_stack(machine), &array, index));
}

noun zk_jet_ave_snag_as_bpoly(struct nock *machine, noun core)
{
    noun index = noun_at(core, 6);
    struct zk_array array;
    if (!read_door(core, &array) || !noun_is_direct(index) || index >= array.length)
        return NOCK_JET_PUNT;
    noun data = zk_items(nock_stack(machine), &array, index, 1);
    return data == NOUN_NONE ? NOCK_JET_FAIL : stack_cell(nock_stack(machine), array.step, data);
}

/* [first count] */
noun zk_jet_ave_swag(struct nock *machine, noun core)
{
    noun from = noun_at(core, 12), count = noun_at(core, 13);
    struct zk_array array;
    if (!read_door(core, &array) || !noun_is_direct(from) || !noun_is_direct(count) || from >= array.length ||
        count == 0)
        return NOCK_JET_PUNT;
    if (count > array.length - from)
        count = array.length - from;
    noun data = zk_items(nock_stack(machine), &array, from, count);
    return data == NOUN_NONE ? NOCK_JET_FAIL : stack_triple(nock_stack(machine), array.step, count, data);
}

/* `array`, and after it `count` more words, zeroed, to be filled. */
static uint64_t *extend(struct stack *stack, const struct zk_array *array, size_t count)
{
    uint64_t *words = zk_data_begin(stack, array->count + count);
    if (words == NULL)
        return NULL;
    memcpy(words, array->words, array->count * sizeof *words);
    return words + array->count;
}

noun zk_jet_ave_zero_extend(struct nock *machine, noun core)
{
    struct stack *stack = nock_stack(machine);
    noun more = noun_at(core, 6);
    struct zk_array array;
    if (!read_door(core, &array) || !noun_is_direct(more) || more >> 32 != 0 || array.step >> 32 != 0)
        return NOCK_JET_PUNT;
    if (extend(stack, &array, (size_t)(more * array.step)) == NULL)
        return NOCK_JET_FAIL;
    return zk_mary_finish(stack, array.step, array.length + more);
}

noun zk_jet_ave_weld(struct nock *machine, noun core)
{
    struct stack *stack = nock_stack(machine);
    noun second = noun_at(core, 6);
    struct zk_array array, other;
    if (!read_door(core, &array) || second == NOUN_NONE || !zk_mary_read(second, &other) || other.step != array.step ||
        !zk_all_based(other.words, other.count))
        return NOCK_JET_PUNT;
    uint64_t *words = extend(stack, &array, other.count);
    if (words == NULL)
        return NOCK_JET_FAIL;
    memcpy(words, other.words, other.count * sizeof *words);
    return zk_mary_finish(stack, array.step, array.length + other.length);
}

/* Columns of `width` words become rows. */
static noun transpose(struct stack *stack, const struct zk_array *array, uint64_t width)
{
    if (width == 0 || array->step % width != 0)
        return NOCK_JET_PUNT;
    uint64_t columns = array->step / width, rows = array->length;
    uint64_t *words = zk_data_begin(stack, array->count);
    if (words == NULL)
        return NOCK_JET_FAIL;
    for (uint64_t i = 0; i < columns; i++)
        for (uint64_t j = 0; j < rows; j++)
            memcpy(words + width * (i * rows + j), array->words + width * (j * columns + i),
                   (size_t)width * sizeof *words);
    return zk_mary_finish(stack, rows * width, columns);
}

noun zk_jet_ave_transpose(struct nock *machine, noun core)
{
    noun width = noun_at(core, 6);
    struct zk_array array;
    if (!read_door(core, &array) || !noun_is_direct(width))
        return NOCK_JET_PUNT;
    return transpose(nock_stack(machine), &array, width);
}

noun zk_jet_transpose_bpolys(struct nock *machine, noun mary)
{
    struct zk_array array;
    return zk_mary_read(mary, &array) ? transpose(nock_stack(machine), &array, 1) : NOCK_JET_PUNT;
}

/* ---- lists --------------------------------------------------------------- */

noun zk_jet_mary_to_list(struct nock *machine, noun mary)
{
    struct stack *stack = nock_stack(machine);
    struct stack_list list = stack_list_begin();
    struct zk_array array;
    if (!zk_mary_read(mary, &array))
        return NOCK_JET_PUNT;
    for (uint64_t i = 0; i < array.length; i++) {
        noun one = zk_item(stack, &array, i);
        if (one == NOUN_NONE)
            return NOCK_JET_FAIL;
        stack_list_add(stack, &list, one);
    }
    return stack_list_end(&list, 0);
}

#define RANGE_MAX ((uint64_t)1 << 32)

/* From 0 or the first to before the last. */
noun zk_jet_range(struct nock *machine, noun a)
{
    struct stack *stack = nock_stack(machine);
    noun from = noun_is_cell(a) ? noun_head(a) : 0, to = noun_is_cell(a) ? noun_tail(a) : a, list = 0;
    if (!noun_is_direct(from) || !noun_is_direct(to) || (noun_is_cell(a) && from >= to) || to - from > RANGE_MAX ||
        !stack_reserve(stack, 24 * (to - from)))
        return NOCK_JET_PUNT;
    while (to > from)
        list = stack_cell(stack, --to, list);
    return list;
}

/* ---- base 58 ------------------------------------------------------------- */

static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* A byte holds more than five bits of a number in base 58. */
static size_t digits_for(size_t words)
{
    return words * 64 / 5 + 1;
}

static noun digits_to_tape(struct stack *stack, const uint8_t *digits, size_t count)
{
    size_t first = 0;
    noun tape = 0;
    while (first < count && digits[first] == 0)
        first++;
    while (count-- > first)
        tape = stack_cell(stack, (noun)alphabet[digits[count]], tape);
    return tape;
}

noun zk_jet_en_base58(struct nock *machine, noun a)
{
    uint64_t holder;
    size_t words_count;
    if (!noun_is_atom(a))
        return NOCK_JET_PUNT;
    const uint64_t *words = noun_atom_words(a, &holder, &words_count);
    if (words_count == 0)
        return 0;
    uint64_t *copy = malloc((words_count + 1) * sizeof *copy);
    uint8_t *digits = malloc(digits_for(words_count) + 1);
    CHECK(copy != NULL && digits != NULL);
    memcpy(copy, words, words_count * sizeof *copy);
    size_t count = mpn_get_str(digits, 58, copy, (mp_size_t)words_count);
    noun tape = digits_to_tape(nock_stack(machine), digits, count);
    free(copy);
    free(digits);
    return tape;
}

/* The digits of a tape; SIZE_MAX if it is none of this alphabet. */
static size_t tape_to_digits(noun tape, uint8_t *digits)
{
    size_t count = 0;
    for (; noun_is_cell(tape); tape = noun_tail(tape)) {
        noun letter = noun_head(tape);
        const char *found =
            noun_is_direct(letter) && letter != 0 && letter < 128 ? strchr(alphabet, (int)letter) : NULL;
        if (found == NULL)
            return SIZE_MAX;
        digits[count++] = (uint8_t)(found - alphabet);
    }
    return tape == 0 && count > 0 ? count : SIZE_MAX;
}

noun zk_jet_de_base58(struct nock *machine, noun tape)
{
    size_t length = 0;
    for (noun rest = tape; noun_is_cell(rest); rest = noun_tail(rest))
        length++;
    uint8_t *digits = malloc(length + 1);
    uint64_t *words = malloc((length / 10 + 2) * sizeof *words); /* ten digits fit a word */
    CHECK(digits != NULL && words != NULL);
    noun number = NOCK_JET_PUNT;
    if (tape_to_digits(tape, digits) == length) {
        mp_size_t count = mpn_set_str(words, digits, length, 58);
        number = stack_atom_from_words(nock_stack(machine), words, (size_t)count);
    }
    free(digits);
    free(words);
    return number;
}
