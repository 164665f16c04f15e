/* The ephemeral stack: where an event's nouns are born, live and die.
 *
 * Good for: allocation by a bump, in memory that stays in the cache; dropping
 * everything at once when the event is over.  Bad for: nouns that outlive the
 * event (the collector copies those to the arena).
 *
 * Under the hood: two stretches of one address space.
 *
 *   | tenured (one of two halves) | ... | young ->            |
 *
 * New objects go to the young stretch, always at the same addresses.  When it
 * has outgrown its budget (about an L2 cache), the engine, at its next safe
 * point, has it compacted alone: what its registers reach is copied, depth
 * first, to the end of the tenured stretch, and the young one starts again
 * from its beginning.  That is sound without a barrier or a remembered set
 * because nouns are immutable: nothing older points at anything newer.  When
 * the tenured stretch has outgrown a multiple of what was live in it, it is
 * copied as a whole to its other half.
 *
 * While nearly everything that is born survives, a copy of it gains nothing:
 * then the young stretch lies at the end of the tenured one for a while, and
 * becomes part of it where it is (stack/place.c).
 *
 * The budget is soft: a jet or a reader never sees a collection, it allocates
 * past the budget, into address space that is there for it.  The limit is
 * checked at safe points and by `stack_reserve`; whoever is about to allocate
 * much more than the size of its input reserves first.
 *
 * Where the memory comes from: anonymous memory, or, for events that need more
 * than the machine has, a nameless file (`backing_directory`).  Then only the
 * first part of each stretch is anonymous, and the rest of the tenured halves
 * are pages of the file: the system writes them out when memory is short.  The
 * young stretch is always anonymous, so what a single jet allocates before the
 * next safe point must fit in memory.
 *
 * One thread, except `stack_interrupt`.
 */
#ifndef STACK_STACK_H
#define STACK_STACK_H

#include <stdatomic.h>

#include "base/base.h"
#include "noun/noun.h"

/* Where the stack lives in the space; NOUN_PERSISTENT_BYTES and up. */
#define STACK_HALF_BYTES (NOUN_PERSISTENT_BYTES / 4)
#define STACK_YOUNG_OFFSET_WORDS ((NOUN_PERSISTENT_BYTES + 2 * STACK_HALF_BYTES) / 8)

struct stack_options {
    size_t young_budget_bytes;     /* 0: a default */
    size_t limit_bytes;            /* of all ephemeral memory; 0: three quarters of the machine's */
    const char *backing_directory; /* for a file behind the tenured halves; NULL: none.  Used by stack_create only */
};

struct stack_statistics {
    uint64_t young_collections;
    uint64_t full_collections;
    uint64_t promoted_bytes;  /* copied out of the young stretch */
    uint64_t settled_bytes;   /* became tenured in place */
    uint64_t moved_bytes;     /* copied between the halves */
    uint64_t allocated_bytes; /* by all, up to the last collection or clear */
    uint64_t collection_ns;
    uint64_t peak_bytes; /* highest sum of the stretches in use */
};

/* ---- large atoms (stack/large.c) ------------------------------------------- */

/* Where atoms of STACK_LARGE_MIN_BYTES or more, as objects, are born: in pages
 * of their own at large addresses (noun_is_large), which neither a collection
 * nor a commit will ever copy.  Without a provider they are as all others. */
struct stack_large_provider {
    void *context;
    /* Zeroed, writable room for an object; false: there is none, and the atom is an ordinary one. */
    bool (*allocate)(void *context, uint64_t size_bytes, uint64_t *offset_words);
    /* The object is complete, metadata included, and may be shorter than it was
     * asked for; it never changes from now on. */
    void (*finish)(void *context, uint64_t offset_words, uint64_t size_bytes);
    /* No ephemeral noun refers to it.  (One that a commit has taken over stays, of course.) */
    void (*release)(void *context, uint64_t offset_words);
};

#ifdef LOAM_HOSTILE
#define STACK_LARGE_MIN_BYTES ((uint64_t)4 << 10)
#else
#define STACK_LARGE_MIN_BYTES ((uint64_t)1 << 20) /* docs/benchmarks.md */
#endif

struct stack_large_atom {
    uint64_t offset_words;
    uint64_t size_bytes;
    bool is_young;  /* made since the last collection */
    bool is_marked; /* reached by the collection in hand */
};

struct stack_large {
    struct stack_large_provider provider;
    struct stack_large_atom *atoms; /* owned, by ascending offset */
    size_t count;
    size_t capacity;
    uint64_t used_bytes;
    uint64_t young_bytes;
    uint64_t trigger_bytes; /* full collection beyond it */
};

/* What has been touched of a stretch, and what of it is the file's. */
struct stack_stretch {
    uint64_t start_words;
    uint64_t high_words;   /* touched up to here since the last release */
    uint64_t backed_words; /* the file's from the end of the warm part up to here; never below that */
    uint64_t ready_words;  /* of a tenured half: pages are there up to here, or were asked for */
};

/* For how much longer the young stretch is at the end of the tenured one. */
struct stack_place {
    uint64_t left_bytes;
    uint64_t last_bytes; /* what the last such time began with; 0: none since survivors were few */
    unsigned streak;     /* of collections that most survived */
};

/* Fields are read and written by the inline functions below and by the
 * engine's loop; all offsets are words from noun_base. */
struct stack {
    uint64_t free_words;               /* next young word */
    uint64_t young_start_words;        /* STACK_YOUNG_OFFSET_WORDS, or, in place, the end of the tenured stretch */
    _Atomic uint64_t soft_limit_words; /* young budget's end; 0 to ask for a safe point */
    uint64_t tenured_start_words;
    uint64_t tenured_free_words;
    uint64_t tenured_trigger_words; /* full collection beyond this offset */
    uint64_t building_words;        /* start of the atom being built, or 0 */
    struct stack_statistics statistics;
    struct stack_options options;
    struct stack_stretch young; /* at STACK_YOUNG_OFFSET_WORDS */
    struct stack_stretch halves[2];
    struct stack_place place;
    uint64_t warm_bytes;        /* what a release leaves of each stretch */
    struct os_scratch *scratch; /* owned; NULL: all memory is anonymous */
    struct stack_large large;
    bool is_short;            /* the file could not grow: nothing more is to be allocated */
    struct wordstack pending; /* of the copier */
};

/* Maps the ephemeral part of the space that the thread has entered; the range
 * must have been reserved.  Release with stack_destroy. */
enum status stack_create(const struct stack_options *options, struct stack **out) MUST_USE;
void stack_destroy(struct stack *stack);

/* Drops every ephemeral noun.  Memory is kept warm up to a budget and given
 * back beyond it. */
void stack_clear(struct stack *stack);

/* Before any large atom is made.  What it points to is copied, the context is
 * the caller's and must outlive the stack. */
void stack_set_large_provider(struct stack *stack, const struct stack_large_provider *provider);

static inline uint64_t stack_used_bytes(const struct stack *stack)
{
    return 8 * (stack->free_words - stack->young_start_words + stack->tenured_free_words - stack->tenured_start_words) +
           stack->large.used_bytes;
}

/* True if more is in use than there may be: the run is to end. */
static inline bool stack_is_over(const struct stack *stack)
{
    return stack->is_short || stack_used_bytes(stack) > stack->options.limit_bytes;
}

/* True if `bytes` more fit under the limit. */
bool stack_reserve(struct stack *stack, uint64_t bytes) MUST_USE;

/* Asks whoever runs on this stack to come to a safe point.  Any thread, any
 * signal handler. */
void stack_interrupt(struct stack *stack);

/* Takes back stack_interrupt.  True if the budget is not used up, so that there
 * is nothing to collect.  Whoever resumes looks after it at what others wanted
 * of the safe point. */
bool stack_resume(struct stack *stack) MUST_USE;

/* ---- building ------------------------------------------------------------ */

static inline noun stack_cell(struct stack *stack, noun head, noun tail)
{
    CHECK_DEBUG(stack->building_words == 0);
    uint64_t offset_words = stack->free_words;
    uint64_t *words = noun_words_at(offset_words);
    words[0] = 0;
    words[1] = head;
    words[2] = tail;
    stack->free_words = offset_words + 3;
    return offset_words | NOUN_TAG_CELL;
}

/* Starts an atom of `size_words` data words, zeroed, and returns them to be
 * filled.  Nothing else may be allocated before stack_atom_finish, which
 * normalizes and returns the atom (a direct one gives the space back). */
uint64_t *stack_atom_begin(struct stack *stack, size_t size_words);
noun stack_atom_finish(struct stack *stack);

noun stack_atom_from_word(struct stack *stack, uint64_t word);
noun stack_atom_from_words(struct stack *stack, const uint64_t *words, size_t count);
noun stack_atom_from_bytes(struct stack *stack, const void *bytes, size_t size_bytes);
noun stack_cord(struct stack *stack, const char *text);

static inline noun stack_triple(struct stack *stack, noun first, noun second, noun third)
{
    return stack_cell(stack, first, stack_cell(stack, second, third));
}

/* A list being built front to back.  `stack_list_add` extends it;
 * `stack_list_end` closes it with `terminator` and returns the whole. */
struct stack_list {
    noun first; /* NOUN_NONE while empty */
    uint64_t *last_tail;
};

static inline struct stack_list stack_list_begin(void)
{
    return (struct stack_list){NOUN_NONE, NULL};
}

static inline void stack_list_add(struct stack *stack, struct stack_list *list, noun item)
{
    noun cell = stack_cell(stack, item, 0);
    if (list->first == NOUN_NONE)
        list->first = cell;
    else
        *list->last_tail = cell;
    list->last_tail = &noun_words(cell)[2];
}

static inline noun stack_list_end(struct stack_list *list, noun terminator)
{
    if (list->first == NOUN_NONE)
        return terminator;
    *list->last_tail = terminator;
    return list->first;
}

/* ---- collection (stack/collect.c) ---------------------------------------- */

enum stack_reach { STACK_YOUNG, STACK_FULL };

struct stack_visitor;

/* Presents one root: the noun in *slot is kept alive and *slot follows it. */
void stack_visit(struct stack_visitor *visitor, noun *slot);

/* True if the noun in a weak slot was kept; then *slot follows it. Only valid
 * after all strong roots were presented and traced, from a weak callback. */
bool stack_visit_weak(struct stack_visitor *visitor, noun *slot);

struct stack_roots {
    void *context;
    /* Presents every slot that can hold a noun of the stretch that is
     * collected.  For STACK_YOUNG, slots known to hold only older nouns may be
     * left out. */
    void (*visit)(void *context, struct stack_visitor *visitor, enum stack_reach reach);
    /* May be NULL.  Called when everything strong has been copied. */
    void (*visit_weak)(void *context, struct stack_visitor *visitor, enum stack_reach reach);
};

/* True when the budget is used up: time to collect at a safe point. */
static inline bool stack_is_due(const struct stack *stack)
{
    return stack->free_words > atomic_load_explicit(&stack->soft_limit_words, memory_order_relaxed);
}

/* Collects the young stretch, and the whole if that has become worth it.  True:
 * nouns have moved, and every one that was not presented is gone.  False:
 * nothing happened but that all are tenured now; no root was asked for. */
bool stack_collect(struct stack *stack, const struct stack_roots *roots);
void stack_collect_full(struct stack *stack, const struct stack_roots *roots);

#endif
