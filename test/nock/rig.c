#include "rig.h"

#include "os/os.h"
#include "support/space.h"
#include "support/tap.h"

#include <stdio.h>
#include <stdlib.h>

static void on_slog(void *context, uint64_t priority, noun tank)
{
    struct rig *rig = context;
    const struct tree *slog = tree_cell(rig->arena, tree_atom(rig->arena, priority), tree_from_noun(rig->arena, tank));
    rig->slogs = tree_cell(rig->arena, slog, rig->slogs);
}

void rig_open(struct rig *rig, const struct rig_options *options)
{
    *rig = (struct rig){
        .arena = tree_arena_create(), .base = space_open_numbered(options->space), .space = options->space};
    rig->slogs = tree_atom(rig->arena, 0);
    const struct stack_options stack_options = {.young_budget_bytes = options->young_budget_bytes,
                                                .limit_bytes = options->limit_bytes};
    CHECK(stack_create(&stack_options, &rig->stack) == STATUS_OK);
    const struct nock_options nock_options = {.engine = options->engine,
                                              .native_after = options->native_after,
                                              .depth_limit_bytes = options->depth_limit_bytes,
                                              .slog = on_slog,
                                              .slog_context = rig,
                                              .check_jets = options->check_jets};
    CHECK(nock_create(rig->stack, &nock_options, &rig->machine) == STATUS_OK);
}

void rig_enter(const struct rig *rig)
{
    noun_space_enter(rig->base);
}

void rig_close(struct rig *rig)
{
    rig_enter(rig);
    nock_destroy(rig->machine);
    stack_destroy(rig->stack);
    tree_arena_destroy(rig->arena);
}

void rig_clear(struct rig *rig)
{
    nock_forget_ephemeral(rig->machine, NULL);
    stack_clear(rig->stack);
}

/* ---- persistent nouns ------------------------------------------------------------ */

/* Two halves, of which one is in use. */
#define PERSISTENT_BYTES ((uint64_t)64 << 20)
#define PERSISTENT_HALF_WORDS (PERSISTENT_BYTES / 16)
#define PERSISTENT_START_WORDS 8

/* The next object's words; noun_base is where `persistent` is. */
static uint64_t *persistent_take(struct rig *rig, size_t count)
{
    CHECK(rig->persistent_words % PERSISTENT_HALF_WORDS + count <= PERSISTENT_HALF_WORDS);
    uint64_t *words = rig->persistent + rig->persistent_words;
    rig->persistent_words += count;
    return words;
}

static noun persistent_atom(void *context, const uint64_t *words, size_t count)
{
    struct rig *rig = context;
    if (count == 0 || (count == 1 && words[0] <= NOUN_DIRECT_MAX))
        return count == 0 ? 0 : words[0];
    noun atom = rig->persistent_words | NOUN_TAG_ATOM;
    uint64_t *object = persistent_take(rig, count + 2);
    object[0] = 0; /* no mug is known yet */
    object[1] = count;
    memcpy(object + 2, words, count * sizeof *words);
    object[0] = noun_hash_atom(atom);
    return atom;
}

static noun persistent_cell(void *context, noun head, noun tail)
{
    struct rig *rig = context;
    noun cell = rig->persistent_words | NOUN_TAG_CELL;
    uint64_t *object = persistent_take(rig, 3);
    object[0] = noun_hash_pair(noun_hash_persistent(head), noun_hash_persistent(tail));
    object[1] = head;
    object[2] = tail;
    return cell;
}

/* The space's persistent part is plain memory from now on; what an earlier rig
 * left there, nobody will see. */
static void make_persistent(struct rig *rig)
{
    static uint8_t *made[SPACE_COUNT];
    if (rig->persistent != NULL)
        return;
    if (made[rig->space] == NULL)
        CHECK(os_map_memory(rig->base, PERSISTENT_BYTES) == STATUS_OK);
    made[rig->space] = rig->base;
    rig->persistent = (uint64_t *)(void *)rig->base;
    rig->persistent_words = PERSISTENT_START_WORDS;
}

noun rig_persistent(struct rig *rig, const struct tree *tree)
{
    make_persistent(rig);
    return tree_build(&(struct tree_builder){rig, persistent_atom, persistent_cell}, tree);
}

/* ---- moving them ------------------------------------------------------------------- */

/* A stretch of the space whose objects go to persistent memory. */
struct leaving {
    uint64_t start_words, end_words;
    noun *copies; /* complemented, by the word from the start; 0: not copied yet */
};

/* Copies each object of the stretches once; other nouns stay where they are. */
struct mover {
    struct rig *rig;
    struct leaving leaving[2];
    unsigned kept_of_four;
};

/* The room for what is noted is kept from one move to the next. */
static void set_leaving(struct mover *mover, unsigned which, uint64_t start_words, uint64_t end_words)
{
    static struct {
        noun *words;
        size_t count;
    } rooms[COUNT_OF(mover->leaving)];
    size_t count = end_words - start_words;
    if (rooms[which].count < count || rooms[which].count == 0) {
        rooms[which].count = 2 * count + 1;
        rooms[which].words = realloc(rooms[which].words, rooms[which].count * sizeof(noun));
        CHECK(rooms[which].words != NULL);
    }
    memset(rooms[which].words, 0, count * sizeof(noun));
    mover->leaving[which] = (struct leaving){start_words, end_words, rooms[which].words};
}

/* Where the copy of `n` is noted, or NULL if it stays. */
static noun *copy_of(const struct mover *mover, noun n)
{
    uint64_t offset = noun_offset_words(n);
    for (size_t i = 0; !noun_is_direct(n) && i < COUNT_OF(mover->leaving); i++)
        if (offset >= mover->leaving[i].start_words && offset < mover->leaving[i].end_words)
            return &mover->leaving[i].copies[offset - mover->leaving[i].start_words];
    return NULL;
}

/* NOUN_NONE: it has none yet. */
static noun after_move(const struct mover *mover, noun n)
{
    const noun *copy = copy_of(mover, n);
    return copy == NULL ? n : ~*copy;
}

static noun move(struct mover *mover, noun root)
{
    struct wordstack *pending = wordstack_take();
    wordstack_push(pending, root);
    while (!wordstack_is_empty(pending)) {
        noun n = wordstack_pop(pending);
        if (after_move(mover, n) != NOUN_NONE)
            continue;
        if (noun_is_atom(n)) {
            const uint64_t *words = noun_words(n);
            *copy_of(mover, n) = ~persistent_atom(mover->rig, words + 2, words[1]);
            continue;
        }
        noun head = after_move(mover, noun_head(n)), tail = after_move(mover, noun_tail(n));
        if (head != NOUN_NONE && tail != NOUN_NONE) {
            *copy_of(mover, n) = ~persistent_cell(mover->rig, head, tail);
            continue;
        }
        wordstack_push(pending, n);
        wordstack_push2(pending, noun_tail(n), noun_head(n));
    }
    wordstack_give_back(pending);
    return after_move(mover, root);
}

/* By the mug, so that equal nouns fare alike. */
static noun move_some(void *context, noun old)
{
    struct mover *mover = context;
    CHECK(copy_of(mover, old) != NULL); /* a word that has not gone stale */
    return noun_mug(old) % 4 >= mover->kept_of_four ? NOUN_NONE : move(mover, old);
}

static struct mover *clearing;

static noun moved(noun old)
{
    return move_some(clearing, old);
}

void rig_clear_moving(struct rig *rig, unsigned kept_of_four)
{
    make_persistent(rig);
    struct mover mover = {.rig = rig, .kept_of_four = kept_of_four};
    set_leaving(&mover, 0, rig->stack->young_start_words, rig->stack->free_words);
    set_leaving(&mover, 1, rig->stack->tenured_start_words, rig->stack->tenured_free_words);
    clearing = &mover;
    nock_forget_ephemeral(rig->machine, moved);
    stack_clear(rig->stack);
}

void rig_collect_persistent(struct rig *rig, unsigned kept_of_four)
{
    if (rig->persistent == NULL)
        return;
    uint64_t end_words = rig->persistent_words, half = end_words / PERSISTENT_HALF_WORDS;
    uint64_t start_words = half * PERSISTENT_HALF_WORDS;
    struct mover mover = {.rig = rig, .kept_of_four = kept_of_four};
    set_leaving(&mover, 0, start_words, end_words);
    rig->persistent_words = (1 - half) * PERSISTENT_HALF_WORDS + PERSISTENT_START_WORDS;
    nock_translate(rig->machine, move_some, &mover);
    stack_clear(rig->stack);
    memset(rig->persistent + start_words, 0xdb, (end_words - start_words) * 8);
}

/* ---- guests ------------------------------------------------------------------- */

static enum nock_step mink_step(struct nock *machine, struct nock_activation *activation)
{
    (void)machine;
    if (activation->phase == 1)
        return NOCK_STEP_DONE; /* result is the tone */
    noun sample = noun_at(activation->core, 6);
    if (noun_at(sample, 4) == NOUN_NONE)
        return NOCK_STEP_EXIT;
    activation->subject = noun_at(sample, 4);
    activation->formula = noun_at(sample, 5);
    activation->scry = noun_at(sample, 3);
    activation->phase = 1;
    return NOCK_STEP_VIRTUAL;
}

static noun increment_jet(struct nock *machine, noun sample)
{
    (void)machine;
    if (noun_is_cell(sample))
        return NOCK_JET_EXIT;
    return sample < NOUN_DIRECT_MAX ? sample + 1 : NOCK_JET_PUNT;
}

static noun swap_jet(struct nock *machine, noun a, noun b)
{
    return stack_cell(nock_stack(machine), b, a);
}

static const struct nock_jet rig_jets[] = {
    {"k.138/mink", 1, NOCK_JET_STEP, {.step = mink_step}},
    {"k.138/lib/inc", 1, NOCK_JET_1, {.one = increment_jet}},
    {"k.138/lib/swap", 1, NOCK_JET_2, {.two = swap_jet}},
};

#define MINK_BATTERY "[0 0 1]"
#define ROOT "[%root 138]"
#define LIBRARY                                                                                                        \
    "[[[7 [8 [1 0] [1 4 0 6] 0 1] 11 [%fast 1 %inc [0 7] 0] 0 1] "                                                     \
    "7 [8 [1 0 0] [1 [0 13] 0 12] 0 1] 11 [%fast 1 %swap [0 7] 0] 0 1] " ROOT "]"

static void register_core(struct rig *rig, const char *core, const char *hint)
{
    struct nock_result result;
    rig_run(rig, core, hint, &result);
    CHECK(result.outcome == NOCK_DONE);
}

void rig_add_jets(struct rig *rig)
{
    if (rig->mink_battery == NULL)
        nock_add_jets(rig->machine, rig_jets, COUNT_OF(rig_jets));
    register_core(rig, ROOT, "[11 [%fast 1 [%k 138] [1 0] 0] 0 1]");
    register_core(rig, "[" MINK_BATTERY " 0 " ROOT "]", "[11 [%fast 1 %mink [0 7] 0] 0 1]");
    register_core(rig, LIBRARY, "[11 [%fast 1 %lib [0 3] 0] 0 1]");
    rig_set_guests(rig);
}

void rig_set_guests(struct rig *rig)
{
    rig->mink_battery = tree_parse(rig->arena, MINK_BATTERY);
    rig->mink_root = tree_parse(rig->arena, ROOT);
    rig->library = tree_parse(rig->arena, LIBRARY);
}

/* ---- texts -------------------------------------------------------------------- */

noun rig_noun(struct rig *rig, const char *text)
{
    return tree_to_noun(rig->stack, tree_parse(rig->arena, text));
}

void rig_run(struct rig *rig, const char *subject, const char *formula, struct nock_result *result)
{
    noun subject_noun = rig_noun(rig, subject);
    nock_run(rig->machine, subject_noun, rig_noun(rig, formula), result);
}

bool rig_is(struct rig *rig, noun n, const char *text)
{
    return tree_matches(tree_parse(rig->arena, text), n);
}

static void say_outcome(struct rig *rig, const struct nock_result *result)
{
    static const char *const names[] = {"done", "crashed", "failed"};
    char *text = tree_text(tree_from_noun(rig->arena, result->product), 100);
    tap_note("%s: %s", names[result->outcome], text);
    free(text);
}

/* Runs one case and compares outcome and product. */
static bool expect(struct rig *rig, const char *subject, const char *formula, enum nock_outcome outcome,
                   const char *product, const char *name)
{
    struct nock_result result;
    rig_run(rig, subject, formula, &result);
    bool right = result.outcome == outcome && (product == NULL || rig_is(rig, result.product, product));
    if (outcome == NOCK_CRASHED)
        right = right && result.mote == noun_cord("exit");
    if (!right)
        say_outcome(rig, &result);
    return tap_ok(right, "%s", name);
}

bool rig_expect(struct rig *rig, const char *subject, const char *formula, const char *product)
{
    char name[512];
    snprintf(name, sizeof name, "%.200s gives %.200s", formula, product);
    return expect(rig, subject, formula, NOCK_DONE, product, name);
}

bool rig_expect_crash(struct rig *rig, const char *subject, const char *formula, const char *trace)
{
    char name[512];
    snprintf(name, sizeof name, "%.200s crashes with trace %.200s", formula, trace);
    return expect(rig, subject, formula, NOCK_CRASHED, trace, name);
}

bool rig_expect_failure(struct rig *rig, const char *subject, const char *formula, const char *mote)
{
    struct nock_result result;
    rig_run(rig, subject, formula, &result);
    bool right = result.outcome == NOCK_FAILED && result.mote == noun_cord(mote);
    if (!right)
        say_outcome(rig, &result);
    return tap_ok(right, "%.200s fails with %%%s", formula, mote);
}
