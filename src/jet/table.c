/* The table of all jets: what the engine is told of them. */
#include "jet/jet.h"
#include "jet/chapters.h"

/* The layers of the library, each the parent of the next. */
#define ONE "k.138/one"
#define TWO ONE "/two"
#define TRI TWO "/tri"
#define QUA TRI "/qua"
#define PEN QUA "/pen"
#define UT PEN "/ut"

/* Every core here has one arm, whose formula is its whole battery. */
#define JET(parent, name, form, member) .path = parent "/" name, .axis = 1, .kind = NOCK_JET_##form, .run.member
#define PLAIN_1(parent, name) JET(parent, #name, 1, one) = jet_##name
#define PLAIN_2(parent, name) JET(parent, #name, 2, two) = jet_##name
#define PLAIN_3(parent, name) JET(parent, #name, 3, three) = jet_##name
#define STEPS(parent, name) JET(parent, #name, STEP, step) = jet_##name

/* Arms of doors, and traps. */
#define CORE_JET(parent, path, name) JET(parent, path, CORE, core) = jet_##name

/* The inner cores of parsing rules are all labelled `fun`. */
#define INNER_CORE(parent, name) JET(parent, #name "/fun", CORE, core) = jet_##name
#define INNER_STEPS(parent, name) JET(parent, #name "/fun", STEP, step) = jet_##name

const struct nock_jet jet_table[] = {
    /* math.c */
    {PLAIN_2(ONE, add)},
    {PLAIN_1(ONE, dec)},
    {PLAIN_2(ONE, div)},
    {PLAIN_2(ONE, dvr)},
    {PLAIN_2(ONE, gte)},
    {PLAIN_2(ONE, gth)},
    {PLAIN_2(ONE, lte)},
    {PLAIN_2(ONE, lth)},
    {PLAIN_2(ONE, max)},
    {PLAIN_2(ONE, min)},
    {PLAIN_2(ONE, mod)},
    {PLAIN_2(ONE, mul)},
    {PLAIN_2(ONE, sub)},
    {PLAIN_1(ONE, cap)},
    {PLAIN_1(ONE, mas)},
    {PLAIN_2(ONE, peg)},
    /* list.c */
    {PLAIN_1(TWO, flop)},
    {PLAIN_1(TWO, snip)},
    {PLAIN_1(TWO, zing)},
    {PLAIN_2(TWO, weld)},
    {PLAIN_2(TWO, snag)},
    {PLAIN_2(TWO, scag)},
    {PLAIN_2(TWO, reap)},
    {PLAIN_2(TWO, find)},
    {PLAIN_2(TWO, slag)},
    {PLAIN_2(TWO, fand)},
    /* trees.c */
    {CORE_JET(TWO, "in/has", in_has)},
    {CORE_JET(TWO, "in/put", in_put)},
    {JET(TWO, "in/gas", STEP, step) = jet_in_gas},
    {CORE_JET(TWO, "in/del", in_del)},
    {CORE_JET(TWO, "in/uni", in_uni)},
    {CORE_JET(TWO, "by/get", by_get)},
    {CORE_JET(TWO, "by/put", by_put)},
    {JET(TWO, "by/gas", STEP, step) = jet_by_gas},
    {CORE_JET(TWO, "by/del", by_del)},
    {CORE_JET(TWO, "by/uni", by_uni)},
    {CORE_JET(TWO, "in/tap", tap)},
    {CORE_JET(TWO, "in/wyt", wyt)},
    {CORE_JET(TWO, "by/tap", tap)},
    {CORE_JET(TWO, "by/wyt", wyt)},
    {JET(TWO, "by/key", STEP, step) = jet_by_key},
    /* bits.c */
    {PLAIN_1(TWO, bex)},
    {PLAIN_1(TWO, xeb)},
    {PLAIN_2(TWO, met)},
    {PLAIN_2(TWO, end)},
    {PLAIN_2(TWO, rsh)},
    {PLAIN_2(TWO, lsh)},
    {PLAIN_2(TWO, rip)},
    {PLAIN_3(TWO, cut)},
    {PLAIN_2(TWO, can)},
    {PLAIN_2(TWO, rap)},
    {PLAIN_2(TWO, rep)},
    {PLAIN_3(TWO, cat)},
    {PLAIN_3(TWO, sew)},
    {PLAIN_3(TWO, rev)},
    {PLAIN_2(TWO, con)},
    {PLAIN_2(TWO, dis)},
    {PLAIN_2(TWO, mix)},
    /* hash_order.c */
    {PLAIN_1(TWO, mug)},
    {PLAIN_2(TWO, dor)},
    {PLAIN_2(TWO, gor)},
    {PLAIN_2(TWO, mor)},
    {PLAIN_1(TWO, jam)},
    {PLAIN_1(TWO, cue)},
    {PLAIN_1(TWO, mat)},
    {PLAIN_2(TWO, rub)},
    /* sha.c */
    {PLAIN_2(TRI, shas)},
    {PLAIN_1(TRI, shax)},
    {PLAIN_2(TRI, shay)},
    {PLAIN_2(TRI, shal)},
    {PLAIN_2(TRI "/sha", sha1)},
    /* text.c */
    {PLAIN_1(QUA, trip)},
    {PLAIN_2(QUA, scow)},
    /* parse.c */
    {INNER_CORE(QUA, easy)},
    {INNER_CORE(QUA, just)},
    {INNER_CORE(QUA, mask)},
    {INNER_CORE(QUA, shim)},
    {INNER_STEPS(QUA, stew)},
    /* stir.c */
    {INNER_STEPS(QUA, stir)},
    /* virtual.c */
    {STEPS(QUA, mink)},
    {STEPS(QUA, mole)},
    {STEPS(QUA, mule)},
    /* arms.c */
    {PLAIN_2(PEN, look)},
    {PLAIN_2(PEN, loot)},
    /* compiler.c */
    {STEPS(UT, crop)},
    {STEPS(UT, fish)},
    {STEPS(UT, fuse)},
    {STEPS(UT, mint)},
    {STEPS(UT, mull)},
    {STEPS(UT, redo)},
    {STEPS(UT, rest)},
    {JET(UT, "nest/nest-in/nest-dext", STEP, step) = jet_nest_dext},
};

const size_t jet_table_count = COUNT_OF(jet_table);

void jet_install(struct nock *machine)
{
    nock_add_jets(machine, jet_table, jet_table_count);
}
