/* Bit arithmetic: atoms as rows of blocks (the library's second layer).
 *
 * A block has 2^bloq bits.  A bite is a bloq, or a pair of a bloq and a count
 * of blocks.  Sizes are counted in bits and saturate at BITS_MANY, which no
 * atom reaches; so cutting at absurd positions gives what arithmetic gives,
 * and only making an absurdly large atom fails.
 *
 * can, rap, rep and rev differ only in how far apart their parts lie, and
 * share one builder, which first measures and then fills.
 */
#include "jet/chapters.h"
#include "jet/words.h"

static inline bool both_direct(noun a, noun b)
{
    return noun_is_direct(a) && noun_is_direct(b);
}

static inline bool both_atoms(noun a, noun b)
{
    return noun_is_atom(a) && noun_is_atom(b);
}

/* ---- sizes --------------------------------------------------------------- */

/* Bits in `step` blocks, both atoms. */
static inline uint64_t blocks_bits(noun bloq, noun step)
{
    if (step == 0)
        return 0;
    if (!both_direct(bloq, step) || bloq >= 64 || step > BITS_MANY >> bloq)
        return BITS_MANY;
    return step << bloq;
}

/* Blocks that `bits` bits need. */
static inline uint64_t bits_blocks(noun bloq, uint64_t bits)
{
    if (bits == 0)
        return 0;
    if (!noun_is_direct(bloq) || bloq >= 64)
        return 1;
    return ((bits - 1) >> bloq) + 1;
}

/* The size of a bite; false if it is not one. */
static inline bool bite_bits(noun bite, uint64_t *bits)
{
    noun bloq = bite, step = 1;
    if (!noun_is_atom(bite)) {
        bloq = noun_head(bite);
        step = noun_tail(bite);
        if (!both_atoms(bloq, step))
            return false;
    }
    *bits = blocks_bits(bloq, step);
    return true;
}

/* ---- powers and lengths -------------------------------------------------- */

noun jet_bex(struct nock *machine, noun a)
{
    if (!noun_is_atom(a))
        return NOCK_JET_PUNT;
    if (LIKELY(noun_is_direct(a) && a < 63))
        return (noun)1 << a;
    if (!noun_is_direct(a))
        return NOCK_JET_FAIL;
    struct stack *stack = nock_stack(machine);
    uint64_t *words = words_begin(stack, a + 1);
    if (words == NULL)
        return NOCK_JET_FAIL;
    words[a / 64] = (uint64_t)1 << a % 64;
    return stack_atom_finish(stack);
}

noun jet_xeb(struct nock *machine, noun a)
{
    (void)machine;
    return noun_is_atom(a) ? noun_atom_length_bits(a) : NOCK_JET_PUNT;
}

noun jet_met(struct nock *machine, noun bloq, noun a)
{
    (void)machine;
    if (!both_atoms(bloq, a))
        return NOCK_JET_PUNT;
    return bits_blocks(bloq, noun_atom_length_bits(a));
}

/* ---- cutting and shifting ------------------------------------------------ */

/* Bits [from, from + count_bits) of an atom. */
static noun cut_bits(struct nock *machine, noun a, uint64_t from, uint64_t count_bits)
{
    if (LIKELY(noun_is_direct(a))) {
        if (from >= 64)
            return 0;
        return a >> from & bits_mask(count_bits < 64 ? (unsigned)count_bits : 64);
    }
    if (from == 0 && count_bits >= noun_atom_length_bits(a))
        return a;
    return words_slice(nock_stack(machine), a, from, count_bits);
}

noun jet_end(struct nock *machine, noun bite, noun a)
{
    uint64_t bits;
    if (!noun_is_atom(a) || !bite_bits(bite, &bits))
        return NOCK_JET_PUNT;
    return cut_bits(machine, a, 0, bits);
}

noun jet_rsh(struct nock *machine, noun bite, noun a)
{
    uint64_t bits;
    if (!noun_is_atom(a) || !bite_bits(bite, &bits))
        return NOCK_JET_PUNT;
    return cut_bits(machine, a, bits, BITS_MANY);
}

noun jet_cut(struct nock *machine, noun bloq, noun range, noun a)
{
    if (!both_atoms(bloq, a) || !noun_is_cell(range))
        return NOCK_JET_PUNT;
    noun start = noun_head(range), run = noun_tail(range);
    if (!both_atoms(start, run))
        return NOCK_JET_PUNT;
    return cut_bits(machine, a, blocks_bits(bloq, start), blocks_bits(bloq, run));
}

static noun shift_left(struct nock *machine, noun a, uint64_t bits)
{
    uint64_t holder;
    struct span source = span_of(a, &holder);
    uint64_t length_bits = span_length_bits(source);
    struct stack *stack = nock_stack(machine);
    uint64_t *words = words_begin(stack, bits_add_saturated(length_bits, bits));
    if (words == NULL)
        return NOCK_JET_FAIL;
    span_copy(words, bits, source, 0, length_bits);
    return stack_atom_finish(stack);
}

noun jet_lsh(struct nock *machine, noun bite, noun a)
{
    uint64_t bits;
    if (!noun_is_atom(a) || !bite_bits(bite, &bits))
        return NOCK_JET_PUNT;
    if (a == 0 || bits == 0)
        return a;
    if (LIKELY(noun_is_direct(a) && bits < 63 && bits_length(a) + bits < 64))
        return a << bits;
    return shift_left(machine, a, bits);
}

/* ---- taking apart -------------------------------------------------------- */

noun jet_rip(struct nock *machine, noun bite, noun a)
{
    uint64_t bits;
    if (!noun_is_atom(a) || !bite_bits(bite, &bits))
        return NOCK_JET_PUNT;
    if (a == 0)
        return 0;
    if (bits == 0)
        return NOCK_JET_FAIL; /* the Nock makes a list without end */
    struct stack *stack = nock_stack(machine);
    uint64_t length_bits = noun_atom_length_bits(a);
    uint64_t count = (length_bits - 1) / bits + 1;
    if (count > 1024 && !stack_reserve(stack, 24 * count + length_bits))
        return NOCK_JET_FAIL;
    struct stack_list list = stack_list_begin();
    for (uint64_t i = 0; i < count; i++)
        stack_list_add(stack, &list, cut_bits(machine, a, i * bits, bits));
    return stack_list_end(&list, 0);
}

/* ---- putting together ---------------------------------------------------- */

/* One atom to be made of parts.  Measuring and filling walk the same parts. */
struct assembly {
    uint64_t *words;      /* NULL while measuring */
    uint64_t position;    /* where the next part goes */
    uint64_t length_bits; /* up to the highest bit so far */
};

/* Puts the low `width_bits` of `part` here and goes on `step_bits`. */
static void assembly_add(struct assembly *assembly, noun part, uint64_t width_bits, uint64_t step_bits)
{
    uint64_t holder;
    struct span source = span_of(part, &holder);
    uint64_t bits = span_length_bits(source);
    if (bits > width_bits)
        bits = width_bits;
    if (bits > 0 && assembly->words != NULL)
        span_copy(assembly->words, assembly->position, source, 0, bits);
    if (bits > 0)
        assembly->length_bits = bits_add_saturated(assembly->position, bits);
    assembly->position = bits_add_saturated(assembly->position, step_bits);
}

/* Adds every part of a list; false if the list is not one of such parts. */
typedef bool assembly_walk(struct assembly *assembly, noun size, noun list);

static noun assemble(struct nock *machine, assembly_walk *walk, noun size, noun list)
{
    struct assembly assembly = {0};
    if (!walk(&assembly, size, list))
        return NOCK_JET_PUNT;
    struct stack *stack = nock_stack(machine);
    uint64_t *words = words_begin(stack, assembly.length_bits);
    if (words == NULL)
        return NOCK_JET_FAIL;
    assembly = (struct assembly){.words = words};
    walk(&assembly, size, list);
    return stack_atom_finish(stack);
}

static bool walk_can(struct assembly *assembly, noun bloq, noun list)
{
    for (; noun_is_cell(list); list = noun_tail(list)) {
        noun part = noun_head(list);
        if (!noun_is_cell(part) || !both_atoms(noun_head(part), noun_tail(part)))
            return false;
        uint64_t bits = blocks_bits(bloq, noun_head(part));
        assembly_add(assembly, noun_tail(part), bits, bits);
    }
    return list == 0;
}

noun jet_can(struct nock *machine, noun bloq, noun list)
{
    return noun_is_atom(bloq) ? assemble(machine, walk_can, bloq, list) : NOCK_JET_PUNT;
}

static bool walk_rap(struct assembly *assembly, noun bloq, noun list)
{
    for (; noun_is_cell(list); list = noun_tail(list)) {
        noun part = noun_head(list);
        if (!noun_is_atom(part))
            return false;
        uint64_t blocks = bits_blocks(bloq, noun_atom_length_bits(part));
        assembly_add(assembly, part, BITS_MANY, blocks_bits(bloq, blocks));
    }
    return list == 0;
}

noun jet_rap(struct nock *machine, noun bloq, noun list)
{
    return noun_is_atom(bloq) ? assemble(machine, walk_rap, bloq, list) : NOCK_JET_PUNT;
}

static bool walk_rep(struct assembly *assembly, noun bite, noun list)
{
    uint64_t bits;
    if (!bite_bits(bite, &bits))
        return false;
    for (; noun_is_cell(list); list = noun_tail(list)) {
        if (!noun_is_atom(noun_head(list)))
            return false;
        assembly_add(assembly, noun_head(list), bits, bits);
    }
    return list == 0;
}

noun jet_rep(struct nock *machine, noun bite, noun list)
{
    return assemble(machine, walk_rep, bite, list);
}

noun jet_cat(struct nock *machine, noun bloq, noun a, noun b)
{
    if (!noun_is_atom(bloq) || !both_atoms(a, b))
        return NOCK_JET_PUNT;
    if (b == 0)
        return a;
    uint64_t low_bits = blocks_bits(bloq, bits_blocks(bloq, noun_atom_length_bits(a)));
    struct stack *stack = nock_stack(machine);
    uint64_t *words = words_begin(stack, bits_add_saturated(low_bits, noun_atom_length_bits(b)));
    if (words == NULL)
        return NOCK_JET_FAIL;
    struct assembly assembly = {.words = words};
    assembly_add(&assembly, a, BITS_MANY, low_bits);
    assembly_add(&assembly, b, BITS_MANY, 0);
    return stack_atom_finish(stack);
}

/* Adds what lies from `from` on. */
static void assembly_add_rest(struct assembly *assembly, noun part, uint64_t from)
{
    uint64_t holder;
    struct span source = span_of(part, &holder);
    uint64_t bits = span_length_bits(source);
    if (bits > from)
        span_copy(assembly->words, from, source, from, bits - from);
}

/* Blocks [offset, offset + step) of `a` become those of `donor`. */
noun jet_sew(struct nock *machine, noun bloq, noun patch, noun a)
{
    if (!both_atoms(bloq, a) || !noun_is_cell(patch) || !noun_is_cell(noun_tail(patch)))
        return NOCK_JET_PUNT;
    noun offset = noun_head(patch), step = noun_head(noun_tail(patch)), donor = noun_tail(noun_tail(patch));
    if (!both_atoms(offset, step) || !noun_is_atom(donor))
        return NOCK_JET_PUNT;
    uint64_t offset_bits = blocks_bits(bloq, offset), step_bits = blocks_bits(bloq, step);
    if (step_bits == 0)
        return a;
    uint64_t donor_bits = noun_atom_length_bits(donor), length_bits = noun_atom_length_bits(a);
    uint64_t patched_bits = donor_bits < step_bits ? donor_bits : step_bits;
    if (patched_bits > 0 && bits_add_saturated(offset_bits, patched_bits) > length_bits)
        length_bits = bits_add_saturated(offset_bits, patched_bits);
    struct stack *stack = nock_stack(machine);
    uint64_t *words = words_begin(stack, length_bits);
    if (words == NULL)
        return NOCK_JET_FAIL;
    struct assembly assembly = {.words = words};
    assembly_add(&assembly, a, offset_bits, offset_bits);
    assembly_add(&assembly, donor, step_bits, step_bits);
    assembly_add_rest(&assembly, a, bits_add_saturated(offset_bits, step_bits));
    return stack_atom_finish(stack);
}

/* ---- reversal ------------------------------------------------------------ */

static void reverse_bytes(uint8_t *target, uint64_t count, const uint8_t *source, uint64_t source_count)
{
    for (uint64_t i = 0; i < source_count && i < count; i++)
        target[count - 1 - i] = source[i];
}

noun jet_rev(struct nock *machine, noun bloq, noun length, noun a)
{
    if (!noun_is_atom(bloq) || !both_atoms(length, a))
        return NOCK_JET_PUNT;
    uint64_t total_bits = blocks_bits(bloq, length);
    a = cut_bits(machine, a, 0, total_bits);
    if (a == 0 || length == 1)
        return a;
    uint64_t holder;
    struct span source = span_of(a, &holder);
    struct stack *stack = nock_stack(machine);
    uint64_t *words = words_begin(stack, total_bits);
    if (words == NULL)
        return NOCK_JET_FAIL;
    if (bloq == 3) {
        reverse_bytes((uint8_t *)words, length, (const uint8_t *)source.words, 8 * (uint64_t)source.count);
        return stack_atom_finish(stack);
    }
    uint64_t block_bits = blocks_bits(bloq, 1), blocks = bits_blocks(bloq, span_length_bits(source));
    for (uint64_t i = 0; i < blocks; i++)
        span_copy(words, (length - 1 - i) * block_bits, source, i * block_bits, block_bits);
    return stack_atom_finish(stack);
}

/* ---- logic --------------------------------------------------------------- */

enum logic { LOGIC_OR, LOGIC_AND, LOGIC_XOR };

static inline uint64_t combine(enum logic logic, uint64_t a, uint64_t b)
{
    return logic == LOGIC_OR ? a | b : logic == LOGIC_AND ? a & b : a ^ b;
}

static inline noun combine_atoms(struct nock *machine, enum logic logic, noun a, noun b)
{
    if (LIKELY(both_direct(a, b)))
        return combine(logic, a, b);
    if (!both_atoms(a, b))
        return NOCK_JET_PUNT;
    uint64_t holder_a, holder_b;
    struct span first = span_of(a, &holder_a), second = span_of(b, &holder_b);
    size_t count = first.count > second.count ? first.count : second.count;
    struct stack *stack = nock_stack(machine);
    uint64_t *words = stack_atom_begin(stack, count);
    for (size_t i = 0; i < count; i++)
        words[i] = combine(logic, span_word(first, 64 * i), span_word(second, 64 * i));
    return stack_atom_finish(stack);
}

noun jet_con(struct nock *machine, noun a, noun b)
{
    return combine_atoms(machine, LOGIC_OR, a, b);
}

noun jet_dis(struct nock *machine, noun a, noun b)
{
    return combine_atoms(machine, LOGIC_AND, a, b);
}

noun jet_mix(struct nock *machine, noun a, noun b)
{
    return combine_atoms(machine, LOGIC_XOR, a, b);
}
