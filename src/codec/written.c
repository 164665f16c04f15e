#include "codec/written.h"

/* A part of a cell that is searched for. */
struct part {
    noun noun;
    uint64_t reference;
    uint32_t parent; /* the cell in which it was new, if its sibling is the same; or WRITTEN_NONE */
};

bool written_init(struct written *written, struct scratch_array arrays[WRITTEN_ARRAYS])
{
    return identity_init(&written->identity, arrays) && hash_index_init(&written->cells, arrays + IDENTITY_ARRAYS) &&
           atoms_init(&written->atoms, arrays + IDENTITY_ARRAYS + HASH_INDEX_ARRAYS);
}

static struct part cell_part(struct written *written, noun cell, uint64_t sibling)
{
    const struct identity *identity = &written->identity;
    uint32_t index = identity_index(&written->identity, cell);
    uint64_t value = identity->values[index];
    struct part part = {cell, written_reference(value), WRITTEN_NONE};
    if (UNLIKELY(((value ^ sibling) & VALUE_SIBLING) == 0)) {
        if ((value & VALUE_COPY) != 0)
            index = identity->parents[index];
        part.parent = identity->parents[index];
    }
    return part;
}

static struct part atom_part(struct written *written, noun atom, uint64_t sibling)
{
    struct part part = {atom, atom, WRITTEN_NONE};
    const struct atom_entry *entry = atoms_find(&written->atoms, atom);
    if (entry != NULL) {
        if (noun_is_indirect(atom))
            part.reference = WRITTEN_REFERENCE | entry->position;
        if (entry->sibling == sibling)
            part.parent = entry->parent;
    }
    return part;
}

static struct part part_of(struct written *written, noun part, uint64_t sibling)
{
    return noun_is_cell(part) ? cell_part(written, part, sibling) : atom_part(written, part, sibling);
}

/* Is a part of a cell that was written equal to this one? */
static bool is_same_part(struct identity *identity, noun written, const struct part *part)
{
    if (written == part->noun)
        return true;
    if (noun_is_cell(written) && noun_is_cell(part->noun))
        return written_reference(identity->values[identity_index(identity, written)]) == part->reference;
    return noun_is_indirect(written) && noun_is_indirect(part->noun) && noun_atom_compare(written, part->noun) == 0;
}

static bool is_equal(struct written *written, uint32_t index, const struct part *head, const struct part *tail)
{
    noun cell = written_cell(&written->identity, index);
    return is_same_part(&written->identity, noun_head(cell), head) &&
           is_same_part(&written->identity, noun_tail(cell), tail);
}

static uint32_t find_by_hash(struct written *written, uint64_t hash, const struct part *head, const struct part *tail)
{
    size_t at = hash_index_search(&written->cells, hash);
    uint32_t found;
    while ((found = hash_index_next(&written->cells, hash, &at)) != HASH_INDEX_NONE)
        if (is_equal(written, found, head, tail))
            break;
    return found;
}

uint32_t written_find_or_add(struct written *written, noun cell, uint32_t index)
{
    noun head_noun = noun_head(cell), tail_noun = noun_tail(cell);
    const struct part head = part_of(written, head_noun, written_sibling_of_head(tail_noun));
    uint64_t known_of_head = noun_is_indirect(head_noun) ? WRITTEN_REFERENCE : head.reference;
    const struct part tail = part_of(written, tail_noun, written_sibling_of_tail(known_of_head));
    if (head.parent != WRITTEN_NONE && is_equal(written, head.parent, &head, &tail))
        return head.parent;
    if (tail.parent != WRITTEN_NONE && is_equal(written, tail.parent, &head, &tail))
        return tail.parent;
    uint64_t hash = hash_index_hash(&written->cells, head.reference, tail.reference);
    uint32_t found =
        hash_index_may_have(&written->cells, hash) ? find_by_hash(written, hash, &head, &tail) : WRITTEN_NONE;
    if (found == WRITTEN_NONE)
        hash_index_add(&written->cells, hash, index);
    return found;
}
