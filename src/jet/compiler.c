/* The Hoon compiler's memo jets (ABI page 9.6).
 *
 * The compiler asks for the same types again and again.  These jets compute
 * nothing: they keep the products of the library's own arms in the memo table,
 * under what the arm's product depends on.
 *
 * For a gate of the compiler's door `ut`: the door is the gate's context
 * (axis 7); its battery is at axis 2 of the door, the subject type at 6, and
 * the flag that says whether to check types at 59.  All of these and the parts
 * of the sample make the key, behind a word for the arm.
 *
 * The set of types being computed (axis 28 of the door), which only guards
 * against loops, is not in the key.
 */
#include "jet/chapters.h"
#include "jet/steps.h"

enum { MEMO_KEY };
enum { MEMO_START, MEMO_STORE };

/* [[flag battery type parts] name], or NOUN_NONE if `door` is none.  The keys
 * of %memo hints, [subject formula], cannot meet it: their tail is a cell. */
static noun make_key(struct stack *stack, const char *name, noun door, noun parts)
{
    noun battery = noun_at(door, 2), type = noun_at(door, 6), flag = noun_at(door, 59);
    if (flag == NOUN_NONE || parts == NOUN_NONE)
        return NOUN_NONE;
    noun key = stack_triple(stack, flag, battery, stack_cell(stack, type, parts));
    return stack_cell(stack, key, noun_cord(name));
}

/* Has the formula make the product; then the step is called to store it. */
static enum nock_step memo_compute(struct nock_activation *a, noun key)
{
    a->slot[MEMO_KEY] = key;
    return step_formula(a, MEMO_STORE);
}

/* An arm of the door whose product depends on its whole sample. */
static enum nock_step memo_step(struct nock *machine, struct nock_activation *a, const char *name)
{
    if (a->phase == MEMO_STORE) {
        nock_memo_store(machine, a->slot[MEMO_KEY], a->result);
        return NOCK_STEP_DONE;
    }
    noun key = make_key(nock_stack(machine), name, noun_at(a->core, 7), step_sample(a));
    if (key == NOUN_NONE)
        return NOCK_STEP_PUNT;
    noun product = nock_memo_find(machine, key);
    return product != NOUN_NONE ? step_done(a, product) : memo_compute(a, key);
}

enum nock_step jet_crop(struct nock *machine, struct nock_activation *a)
{
    return memo_step(machine, a, "crop");
}

enum nock_step jet_fish(struct nock *machine, struct nock_activation *a)
{
    return memo_step(machine, a, "fish");
}

enum nock_step jet_fuse(struct nock *machine, struct nock_activation *a)
{
    return memo_step(machine, a, "fuse");
}

enum nock_step jet_mint(struct nock *machine, struct nock_activation *a)
{
    return memo_step(machine, a, "mint");
}

enum nock_step jet_mull(struct nock *machine, struct nock_activation *a)
{
    return memo_step(machine, a, "mull");
}

enum nock_step jet_redo(struct nock *machine, struct nock_activation *a)
{
    return memo_step(machine, a, "redo");
}

enum nock_step jet_rest(struct nock *machine, struct nock_activation *a)
{
    return memo_step(machine, a, "rest");
}

/* ---- nest ---------------------------------------------------------------- *
 *
 * The core is a trap in the core of `nest`'s working arms (axis 3), whose
 * context (axis 7) is the gate of `nest`: [battery [tel ref] door].  It carries
 * the types that were assumed on the way: seg at axis 12 and reg at 26 of the
 * working core.  An answer that may rest on such an assumption is not kept.
 *
 * Where tel is yes, a "no" is a crash that explains itself, so a "no" from the
 * table, which was stored where tel was no, does not answer it.
 */

static enum nock_step nest_store(struct nock *machine, struct nock_activation *a)
{
    noun working = noun_at(a->core, 3);
    noun assumed_subjects = noun_at(working, 12), assumed_references = noun_at(working, 26);
    if (a->result == NOUN_YES ? assumed_references == 0 : a->result == NOUN_NO && assumed_subjects == 0)
        nock_memo_store(machine, a->slot[MEMO_KEY], a->result);
    return NOCK_STEP_DONE;
}

enum nock_step jet_nest_dext(struct nock *machine, struct nock_activation *a)
{
    if (a->phase == MEMO_STORE)
        return nest_store(machine, a);
    noun working = noun_at(a->core, 3);
    noun gate = noun_at(working, 7);
    noun key = make_key(nock_stack(machine), "nest", noun_at(gate, 7), noun_at(gate, 13));
    if (key == NOUN_NONE || noun_at(working, 26) == NOUN_NONE)
        return NOCK_STEP_PUNT;
    noun product = nock_memo_find(machine, key);
    bool answered = product == NOUN_YES || (product == NOUN_NO && noun_at(gate, 12) == NOUN_NO);
    return answered ? step_done(a, product) : memo_compute(a, key);
}
