/* cue: bits as a noun.  jam.c draws the notation.
 *
 * The reader goes through the bits once, with a stack of the cells that are
 * begun.  What a back-reference may name is the first bit of a noun that is
 * complete.  Nouns begin in the order of their first bits, so no table has to
 * be searched: a bit set marks where nouns begin, and the rank of a mark, its
 * number among the marks, is the noun's index in one array.
 *
 *   marks   one bit for each bit of the input, and before each 64 of them how
 *           many marks came earlier; cleared ahead of the reader
 *   gaps    the words of marks that were never cleared, since a long atom is there
 *   nouns   by rank; NOUN_NONE while a cell is begun and not complete, which is
 *           how a reference to itself (a cycle) is told from a good one
 *   frames  for each cell begun: its rank, and its head once that is complete
 *
 * All are written front to back, so nothing here misses the cache except
 * a back-reference that reaches far.  In the worst of inputs ("01" over and
 * over: atoms of two bits) the working memory is 34 bytes a byte of input, or
 * 66 with cells ("0110..."), and it is charged to the limit as it grows.
 *
 * Beyond the end bits are zeros for both readers.  The strict one notices
 * after each item whether it has gone too far.
 */
#include "codec/codec.h"

#include "codec/scratch.h"

/* A look at the input gives at least this many bits. */
#define WINDOW_BITS 57

struct cue_mark {
    uint64_t bits;
    uint64_t before;
};

/* No noun begins in these words of marks. */
struct cue_gap {
    size_t from, to;
};

struct cue_frame {
    uint64_t rank;
    noun head; /* NOUN_NONE until it is complete */
};

struct cue {
    struct stack *stack;
    const uint8_t *bytes;
    size_t size_bytes;
    uint64_t size_bits;
    struct codec_cue_limits limits;
    uint64_t start_words;      /* of the stack, to go back to */
    uint64_t free_limit_words; /* the stack may grow to here */
    uint64_t working_bytes;
    struct scratch_array *arrays; /* of marks, nouns, frames, gaps */
    struct cue_mark *marks;
    size_t marks_count, clear_count; /* there are; and are cleared, but for gaps */
    uint64_t clear_bits;             /* positions below have marks, or are in a gap, and are of the input */
    uint64_t whole_bits;             /* and are not in a gap */
    struct cue_gap *gaps;
    size_t gap_count, gap_capacity;
    noun *nouns;
    size_t count;
    size_t capacity;
    struct cue_frame *frames;
    size_t depth;
    size_t depth_capacity;
};

enum { ARRAY_MARKS, ARRAY_NOUNS, ARRAY_FRAMES, ARRAY_GAPS };

/* ---- limits ---------------------------------------------------------------- */

static enum status fail_limit(const struct cue *cue, uint64_t position)
{
    return status_fail(STATUS_LIMIT,
                       "cue: the noun needs more than the %" PRIu64 " bytes allowed, from bit %" PRIu64 " of %" PRIu64
                       "; allow more memory, or distrust the jam",
                       cue->limits.memory_bytes, position, cue->size_bits);
}

/* Counts `bytes` more of working memory; false if that is too much. */
static bool charge(struct cue *cue, uint64_t bytes)
{
    uint64_t noun_bytes = (cue->stack->free_words - cue->start_words) * 8;
    uint64_t left = cue->limits.memory_bytes - cue->working_bytes;
    if (bytes > left || noun_bytes > left - bytes)
        return false;
    cue->working_bytes += bytes;
    cue->free_limit_words = cue->start_words + (left - bytes) / 8;
    return true;
}

/* Doubles a capacity, counted in items; false if that is too much, or there is
 * no memory.  What the scratch array has anyway is charged all the same, so that
 * the limit means the same each time. */
static bool grow(struct cue *cue, unsigned array, size_t *capacity, size_t item_bytes)
{
    size_t bigger = *capacity == 0 ? 64 : *capacity * 2;
    if (!charge(cue, (bigger - *capacity) * item_bytes) || !scratch_grow(&cue->arrays[array], bigger * item_bytes))
        return false;
    *capacity = bigger;
    return true;
}

static bool grow_nouns(struct cue *cue)
{
    bool grown = grow(cue, ARRAY_NOUNS, &cue->capacity, sizeof *cue->nouns);
    cue->nouns = cue->arrays[ARRAY_NOUNS].items;
    return grown;
}

static bool grow_frames(struct cue *cue)
{
    bool grown = grow(cue, ARRAY_FRAMES, &cue->depth_capacity, sizeof *cue->frames);
    cue->frames = cue->arrays[ARRAY_FRAMES].items;
    return grown;
}

static bool grow_gaps(struct cue *cue)
{
    bool grown = grow(cue, ARRAY_GAPS, &cue->gap_capacity, sizeof *cue->gaps);
    cue->gaps = cue->arrays[ARRAY_GAPS].items;
    return grown;
}

static bool has_room(const struct cue *cue, uint64_t words)
{
    return cue->stack->free_words + words <= cue->free_limit_words;
}

/* ---- bits ------------------------------------------------------------------ */

static uint64_t window_at_end(const struct cue *cue, uint64_t position)
{
    uint64_t word = 0;
    for (uint64_t i = position / 8; i < cue->size_bytes; i++)
        word |= (uint64_t)cue->bytes[i] << (8 * (i - position / 8));
    return word >> position % 8;
}

/* At least WINDOW_BITS bits from `position` on. */
static inline uint64_t window_at(const struct cue *cue, uint64_t position)
{
    if (LIKELY(position / 8 + 8 <= cue->size_bytes))
        return bits_load64(cue->bytes + position / 8) >> position % 8;
    return position >= cue->size_bits ? 0 : window_at_end(cue, position);
}

static inline uint64_t mask_of(unsigned count)
{
    return ((uint64_t)1 << count) - 1;
}

/* `count` bits from `position` on, at most 64. */
static uint64_t bits_at(const struct cue *cue, uint64_t position, unsigned count)
{
    if (count <= 32)
        return window_at(cue, position) & mask_of(count);
    uint64_t high = window_at(cue, position + 32) & mask_of(count - 32);
    return (window_at(cue, position) & mask_of(32)) | high << 32;
}

/* What rub reads: where the value's bits are. */
struct run {
    uint64_t start;
    uint64_t length_bits;
};

/* Lengths from here on reach past the end of any input. */
#define ENDLESS_BITS ((uint64_t)1 << 60)

/* Finds the bits of the value whose length prefix begins at `position`; false
 * if the prefix never ends. */
static bool read_run(const struct cue *cue, uint64_t position, struct run *run)
{
    uint64_t first_one = position;
    uint64_t window;
    while ((window = window_at(cue, first_one) & mask_of(WINDOW_BITS)) == 0) {
        first_one += WINDOW_BITS;
        if (first_one >= cue->size_bits)
            return false;
    }
    first_one += (unsigned)__builtin_ctzll(window);
    uint64_t c = first_one - position;
    *run = (struct run){.start = first_one + c};
    if (c == 0)
        run->start = first_one + 1;
    else if (c > 60)
        run->length_bits = ENDLESS_BITS;
    else
        run->length_bits = (uint64_t)1 << (c - 1) | bits_at(cue, first_one + 1, (unsigned)c - 1);
    return true;
}

/* ---- failures -------------------------------------------------------------- */

static enum status fail_truncated(const struct cue *cue, uint64_t position)
{
    return status_fail(STATUS_INVALID,
                       "cue: truncated: what begins at bit %" PRIu64 " does not end within the %" PRIu64
                       " bits there are; get the whole jam",
                       position, cue->size_bits);
}

static enum status fail_reference(uint64_t position, const char *why)
{
    return status_fail(STATUS_INVALID, "cue: the back-reference at bit %" PRIu64 " %s; this is not a jam", position,
                       why);
}

/* ---- items ----------------------------------------------------------------- */

/* Enough to be cleared at the speed of memory. */
#define CLEAR_AHEAD ((size_t)4096)

/* Clears the marks up to and with the word `at`. */
static void clear_marks(struct cue *cue, size_t at)
{
    size_t end = at / CLEAR_AHEAD * CLEAR_AHEAD + CLEAR_AHEAD;
    if (end > cue->marks_count)
        end = cue->marks_count;
    memset(cue->marks + cue->clear_count, 0, (end - cue->clear_count) * sizeof *cue->marks);
    cue->clear_count = end;
    cue->clear_bits = (uint64_t)end * 64 < cue->size_bits ? (uint64_t)end * 64 : cue->size_bits;
    if (cue->gap_count == 0)
        cue->whole_bits = cue->clear_bits;
}

/* The bits before `position` were those of a long atom: the words of marks for them
 * alone are left as they are.  False if there is no room to note it. */
static bool skip_marks(struct cue *cue, uint64_t position)
{
    size_t to = (size_t)(position / 64);
    if (to > cue->marks_count)
        to = cue->marks_count;
    if (to <= cue->clear_count + CLEAR_AHEAD)
        return true;
    if (cue->gap_count == cue->gap_capacity && !grow_gaps(cue))
        return false;
    cue->gaps[cue->gap_count++] = (struct cue_gap){cue->clear_count, to};
    cue->clear_count = to;
    return true;
}

static bool is_clear(const struct cue *cue, size_t at)
{
    size_t low = 0, high = cue->gap_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cue->gaps[middle].to <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return at < cue->clear_count && (low == cue->gap_count || at < cue->gaps[low].from);
}

/* Notes that a noun begins at `position`: its rank is cue->count.  False if
 * there is no room for it. */
static inline bool mark(struct cue *cue, uint64_t position)
{
    if (UNLIKELY(cue->count == cue->capacity) && !grow_nouns(cue))
        return false;
    struct cue_mark *mark = &cue->marks[position / 64];
    if (mark->bits == 0)
        mark->before = cue->count;
    mark->bits |= (uint64_t)1 << position % 64;
    return true;
}

/* Copies as many whole words as may be read without looking for the end of the
 * input, of the `count` whose bits begin at `position`; how many it were. */
static size_t copy_words(const struct cue *cue, uint64_t position, uint64_t *words, size_t count)
{
    const uint8_t *bytes = cue->bytes + position / 8;
    size_t left_words = (cue->size_bytes - position / 8) / 8;
    unsigned shift = position % 8;
    if (left_words == 0 || count < 2)
        return 0;
    if (count > left_words)
        count = left_words;
    for (size_t i = 0; i < count - 1; i++)
        words[i] = bits_load64(bytes + 8 * i) >> shift | bits_load64(bytes + 8 * i + 8) << 1 << (63 - shift);
    return count - 1;
}

/* The value of an atom of at least one word, of which the input may lack the end. */
static enum status read_words(struct cue *cue, uint64_t position, const struct run *run, noun *atom)
{
    uint64_t left = run->start < cue->size_bits ? cue->size_bits - run->start : 0;
    uint64_t length_bits = run->length_bits < left ? run->length_bits : left;
    size_t count = (size_t)((length_bits + 63) / 64);
    if (!has_room(cue, count + 2))
        return fail_limit(cue, position);
    uint64_t *words = stack_atom_begin(cue->stack, count);
    size_t copied = length_bits == 0 ? 0 : copy_words(cue, run->start, words, count);
    for (size_t i = copied; i < count; i++) {
        uint64_t rest = length_bits - i * 64;
        words[i] = bits_at(cue, run->start + i * 64, rest < 64 ? (unsigned)rest : 64);
    }
    *atom = stack_atom_finish(cue->stack);
    return skip_marks(cue, run->start + length_bits) ? STATUS_OK : fail_limit(cue, position);
}

/* An atom that is not all in one window. */
static enum status read_atom(struct cue *cue, uint64_t position, uint64_t *end, noun *atom)
{
    struct run run;
    if (!read_run(cue, position + 1, &run))
        return fail_truncated(cue, position);
    *end = run.start + run.length_bits;
    if (*end > cue->size_bits && cue->limits.reader == CODEC_CUE_STRICT)
        return fail_truncated(cue, position);
    if (run.length_bits < 64) {
        *atom = bits_at(cue, run.start, (unsigned)run.length_bits);
        return STATUS_OK;
    }
    return read_words(cue, position, &run, atom);
}

static enum status read_reference(struct cue *cue, uint64_t position, uint64_t *end, noun *value)
{
    struct run run;
    if (!read_run(cue, position + 2, &run))
        return fail_truncated(cue, position);
    *end = run.start + run.length_bits;
    if (*end > cue->size_bits && cue->limits.reader == CODEC_CUE_STRICT)
        return fail_truncated(cue, position);
    uint64_t target = run.length_bits > 64 ? UINT64_MAX : bits_at(cue, run.start, (unsigned)run.length_bits);
    if (target >= position)
        return fail_reference(position, "points forward, at itself or past the end");
    size_t at = (size_t)(target / 64);
    const struct cue_mark *mark = &cue->marks[at];
    uint64_t bit = (uint64_t)1 << target % 64;
    if (UNLIKELY(target >= cue->whole_bits && !is_clear(cue, at)) || (mark->bits & bit) == 0)
        return fail_reference(position, "points between nouns");
    *value = cue->nouns[mark->before + (unsigned)__builtin_popcountll(mark->bits & (bit - 1))];
    if (*value == NOUN_NONE)
        return fail_reference(position, "points at a cell that contains it");
    return STATUS_OK;
}

static inline enum status begin_cell(struct cue *cue, uint64_t position)
{
    if (UNLIKELY(cue->depth == cue->depth_capacity) && !grow_frames(cue))
        return fail_limit(cue, position);
    cue->frames[cue->depth++] = (struct cue_frame){cue->count, NOUN_NONE};
    cue->nouns[cue->count++] = NOUN_NONE;
    return STATUS_OK;
}

/* Hands a complete noun to the cells that wait for it.  False if there is no
 * room; cue->depth is 0 when the noun is the root. */
static inline bool complete(struct cue *cue, noun *value)
{
    while (cue->depth > 0) {
        struct cue_frame *frame = &cue->frames[cue->depth - 1];
        if (frame->head == NOUN_NONE) {
            frame->head = *value;
            return true;
        }
        if (UNLIKELY(!has_room(cue, 3)))
            return false;
        *value = stack_cell(cue->stack, frame->head, *value);
        cue->nouns[frame->rank] = *value;
        cue->depth--;
    }
    return true;
}

/* An atom of which the window holds all: the common case. */
static inline bool read_small_atom(uint64_t window, unsigned *size_bits, noun *atom)
{
    uint64_t prefix = window >> 1;
    if (prefix & 1) {
        *size_bits = 2;
        *atom = 0;
        return true;
    }
    unsigned c = prefix == 0 ? 64 : (unsigned)__builtin_ctzll(prefix);
    if (UNLIKELY(c > 6))
        return false;
    unsigned b = 1u << (c - 1) | (unsigned)(prefix >> (c + 1) & mask_of(c - 1));
    *size_bits = 1 + 2 * c + b;
    *atom = prefix >> 2 * c & mask_of(b);
    return *size_bits <= WINDOW_BITS;
}

static enum status read_all(struct cue *cue, noun *out, uint64_t *end)
{
    uint64_t position = 0;
    for (;;) {
        uint64_t window = window_at(cue, position);
        noun value;
        if ((window & 3) == 3) {
            STATUS_TRY(read_reference(cue, position, &position, &value));
        } else {
            if (UNLIKELY(position >= cue->clear_bits)) {
                if (position >= cue->size_bits)
                    return fail_truncated(cue, position);
                clear_marks(cue, (size_t)(position / 64));
            }
            if (UNLIKELY(!mark(cue, position)))
                return fail_limit(cue, position);
            if (window & 1) {
                STATUS_TRY(begin_cell(cue, position));
                position += 2;
                continue;
            }
            unsigned size_bits;
            if (LIKELY(read_small_atom(window, &size_bits, &value)) && position + size_bits <= cue->size_bits)
                position += size_bits;
            else
                STATUS_TRY(read_atom(cue, position, &position, &value));
            cue->nouns[cue->count++] = value;
        }
        if (UNLIKELY(!complete(cue, &value)))
            return fail_limit(cue, position);
        if (cue->depth == 0) {
            *out = value;
            *end = position;
            return STATUS_OK;
        }
    }
}

static enum status check_rest(const struct cue *cue, uint64_t end)
{
    if (cue->limits.reader == CODEC_CUE_GUEST || cue->limits.allow_rest)
        return STATUS_OK;
    for (uint64_t position = end; position < cue->size_bits; position += WINDOW_BITS) {
        uint64_t window = window_at(cue, position) & mask_of(WINDOW_BITS);
        if (window != 0)
            return status_fail(STATUS_INVALID,
                               "cue: the noun ends at bit %" PRIu64 " but bit %" PRIu64 " of %" PRIu64
                               " is set; what follows a jam must be zeros",
                               end, position + (unsigned)__builtin_ctzll(window), cue->size_bits);
    }
    return STATUS_OK;
}

/* ---- the door -------------------------------------------------------------- */

static uint64_t left_under_stack_limit(const struct stack *stack)
{
    uint64_t used = stack_used_bytes(stack);
    return used < stack->options.limit_bytes ? stack->options.limit_bytes - used : 0;
}

static enum status cue_begin(struct cue *cue)
{
    uint64_t left = left_under_stack_limit(cue->stack);
    if (cue->limits.memory_bytes == 0 || cue->limits.memory_bytes > left)
        cue->limits.memory_bytes = left;
    cue->start_words = cue->stack->free_words;
    cue->free_limit_words = cue->start_words;
    cue->marks_count = cue->size_bytes / 8 + 1;
    uint64_t marks_bytes = cue->marks_count * sizeof *cue->marks;
    if (!charge(cue, marks_bytes) || !scratch_grow(&cue->arrays[ARRAY_MARKS], marks_bytes))
        return fail_limit(cue, 0);
    cue->marks = cue->arrays[ARRAY_MARKS].items;
    return STATUS_OK;
}

enum status codec_cue(struct stack *stack, const void *bytes, size_t size_bytes, const struct codec_cue_limits *limits,
                      noun *out)
{
    struct cue cue = {.stack = stack,
                      .bytes = bytes,
                      .size_bytes = size_bytes,
                      .size_bits = (uint64_t)size_bytes * 8,
                      .arrays = scratch_take(UINT64_MAX)};
    if (limits != NULL)
        cue.limits = *limits;
    uint64_t end = 0;
    enum status status = cue_begin(&cue);
    if (status == STATUS_OK)
        status = read_all(&cue, out, &end);
    if (status == STATUS_OK)
        status = check_rest(&cue, end);
    if (status != STATUS_OK)
        stack->free_words = cue.start_words;
    scratch_release(cue.arrays);
    return status;
}
