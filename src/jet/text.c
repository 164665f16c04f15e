/* Text: tapes, and numbers as text. */
#include "jet/chapters.h"
#include "jet/text.h"
#include "jet/words.h"

#include <gmp.h>
#include <stdlib.h>

noun tape_from_bytes(struct stack *stack, const uint8_t *bytes, size_t size_bytes, noun rest)
{
    struct stack_list tape = stack_list_begin();
    for (size_t i = 0; i < size_bytes; i++)
        stack_list_add(stack, &tape, bytes[i]);
    return stack_list_end(&tape, rest);
}

noun tape_from_string(struct stack *stack, const char *text, noun rest)
{
    return tape_from_bytes(stack, (const uint8_t *)text, strlen(text), rest);
}

noun tape_from_cord(struct stack *stack, noun cord)
{
    uint64_t holder;
    size_t size_bytes;
    const uint8_t *bytes = noun_atom_bytes(cord, &holder, &size_bytes);
    return tape_from_bytes(stack, bytes, size_bytes, 0);
}

noun jet_trip(struct nock *machine, noun cord)
{
    if (!noun_is_atom(cord))
        return NOCK_JET_PUNT;
    struct stack *stack = nock_stack(machine);
    size_t size_bytes = noun_atom_length_bytes(cord);
    if (size_bytes > 1024 && !stack_reserve(stack, 24 * (uint64_t)size_bytes))
        return NOCK_JET_FAIL;
    return tape_from_cord(stack, cord);
}

/* ---- numbers ------------------------------------------------------------- */

static const char digit_characters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-~";

/* Builds from the last digit forward, so that `rest` and the dots fall in place. */
static noun group_digits(struct stack *stack, const uint8_t *digits, size_t count, unsigned group, noun rest)
{
    noun tape = rest;
    for (size_t i = 0; i < count; i++) {
        if (group != 0 && i > 0 && i % group == 0)
            tape = stack_cell(stack, '.', tape);
        tape = stack_cell(stack, (noun)digit_characters[digits[count - 1 - i]], tape);
    }
    return tape;
}

static noun tape_from_word(struct stack *stack, uint64_t word, unsigned base, unsigned group, noun rest)
{
    uint8_t digits[64];
    size_t first = sizeof digits;
    do {
        digits[--first] = (uint8_t)(word % base);
        word /= base;
    } while (word != 0);
    return group_digits(stack, digits + first, sizeof digits - first, group, rest);
}

noun tape_from_number(struct stack *stack, noun atom, unsigned base, unsigned group, noun rest)
{
    if (noun_is_direct(atom))
        return tape_from_word(stack, atom, base, group, rest);
    uint64_t holder;
    struct span source = span_of(atom, &holder);
    size_t limit = mpn_sizeinbase(source.words, (mp_size_t)source.count, (int)base) + 2;
    uint8_t *memory = malloc(8 * source.count + limit);
    if (memory == NULL)
        check_out_of_memory(__FILE__, __LINE__, 8 * source.count + limit);
    uint64_t *copy = (uint64_t *)(void *)memory; /* GMP uses up what it converts */
    uint8_t *digits = memory + 8 * source.count;
    memcpy(copy, source.words, 8 * source.count);
    size_t count = mpn_get_str(digits, (int)base, copy, (mp_size_t)source.count);
    size_t leading = 0;
    while (leading + 1 < count && digits[leading] == 0)
        leading++;
    noun tape = group_digits(stack, digits + leading, count - leading, group, rest);
    free(memory);
    return tape;
}

/* ---- scow: an atom as its aura writes it --------------------------------- */

struct notation {
    char aura;
    const char *prefix;
    unsigned base;
    unsigned group;
};

static const struct notation notations[] = {
    {'b', "0b", 2, 4}, {'i', "0i", 10, 0}, {'x', "0x", 16, 4}, {'v', "0v", 32, 5}, {'w', "0w", 64, 5},
};

/* An unsigned aura that has no notation of its own is written in decimal;
 * only base58 (@uc), which carries a checksum, is left to the Nock. */
static noun scow_unsigned(struct stack *stack, char aura, noun atom)
{
    struct notation notation = {'d', "", 10, 3};
    for (size_t i = 0; i < COUNT_OF(notations); i++) {
        if (notations[i].aura == aura)
            notation = notations[i];
    }
    noun digits = tape_from_number(stack, atom, notation.base, notation.group, 0);
    return tape_from_string(stack, notation.prefix, digits);
}

noun jet_scow(struct nock *machine, noun aura, noun atom)
{
    if (!noun_is_atom(aura) || !noun_is_atom(atom))
        return NOCK_JET_PUNT;
    uint64_t holder;
    uint64_t letters = span_word(span_of(aura, &holder), 0);
    if ((char)letters != 'u' || (char)(letters >> 8) == 'c')
        return NOCK_JET_PUNT;
    struct stack *stack = nock_stack(machine);
    size_t length_bits = noun_atom_length_bits(atom);
    if (length_bits > 1024 && !stack_reserve(stack, 48 * (uint64_t)length_bits))
        return NOCK_JET_FAIL;
    return scow_unsigned(stack, (char)(letters >> 8), atom);
}
