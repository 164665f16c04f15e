/* The table of the zkvm group's jets.
 *
 * Its libraries import each other, each the context of the next, so the paths
 * are long: a core is known by the labels of all cores around it.
 */
#include "zk/zk.h"
#include "zk/jets.h"

#define PEN "k.138/one/two/tri/qua/pen"
#define ZEKE PEN "/zeke"
#define EXTENSION ZEKE "/ext-field"
#define MISC EXTENSION "/misc-lib"
#define TIP5 MISC "/tip5-lib"
#define SPONGE TIP5 "/sponge"
#define SHAPE MISC "/shape"
#define MERKLE MISC "/merkle"
#define MEGA EXTENSION "/mp-to-mega"
#define CHEETAH MISC "/cheetah"
#define STARK MISC "/proof-lib/utils/fri/table-lib/stark-core"
#define ENGINE STARK "/fock-core/pow/stark-engine"
#define VERIFIER ENGINE "/stark-verifier/verify-door"
#define ZOON ENGINE "/zoon"
#define H_ZOON ENGINE "/h-zoon"

#define JET(parent, name, form, member) .path = parent "/" name, .axis = 1, .kind = NOCK_JET_##form, .run.member
#define PLAIN_1(parent, name, jet) JET(parent, name, 1, one) = zk_jet_##jet
#define PLAIN_2(parent, name, jet) JET(parent, name, 2, two) = zk_jet_##jet
#define CORE(parent, name, jet) JET(parent, name, CORE, core) = zk_jet_##jet

const struct nock_jet zk_table[] = {
    /* base.c */
    {PLAIN_1(ZEKE, "based", based)},
    {PLAIN_1(ZEKE, "based-noun", based_noun)},
    {PLAIN_2(ZEKE, "badd", badd)},
    {PLAIN_2(ZEKE, "bsub", bsub)},
    {PLAIN_1(ZEKE, "bneg", bneg)},
    {PLAIN_2(ZEKE, "bmul", bmul)},
    {PLAIN_1(ZEKE, "binv", binv)},
    {PLAIN_2(ZEKE, "bpow", bpow)},
    {PLAIN_1(ZEKE, "mont-reduction", mont_reduction)},
    {PLAIN_2(ZEKE, "montiply", montiply)},
    {PLAIN_1(ZEKE, "montify", montify)},
    {PLAIN_1(ZEKE, "ordered-root", ordered_root)},
    /* extension.c */
    {CORE(EXTENSION, "fadd", fadd)},
    {CORE(EXTENSION, "fsub", fsub)},
    {CORE(EXTENSION, "fneg", fneg)},
    {CORE(EXTENSION, "fmul", fmul)},
    {CORE(EXTENSION, "finv", finv)},
    {CORE(EXTENSION, "fdiv", fdiv)},
    {CORE(EXTENSION, "fpow", fpow)},
    /* polynomial.c */
    {PLAIN_1(ZEKE, "init-bpoly", init_bpoly)},
    {PLAIN_1(ZEKE, "bpoly-to-list", bpoly_to_list)},
    {PLAIN_1(ZEKE, "bp-is-zero", bp_is_zero)},
    {PLAIN_2(ZEKE, "bpadd", bpadd)},
    {PLAIN_2(ZEKE, "bpsub", bpsub)},
    {PLAIN_1(ZEKE, "bpneg", bpneg)},
    {PLAIN_2(ZEKE, "bpscal", bpscal)},
    {PLAIN_2(ZEKE, "bpmul", bpmul)},
    {PLAIN_2(ZEKE, "bp-hadamard", bp_hadamard)},
    {PLAIN_2(ZEKE, "bpdvr", bpdvr)},
    {PLAIN_2(ZEKE, "bpeval", bpeval)},
    {PLAIN_2(EXTENSION, "bp-shift", bp_shift)},
    {CORE(EXTENSION, "bpeval-lift", bpeval_lift)},
    /* transform.c */
    {CORE(EXTENSION, "bp-ntt", bp_ntt)},
    {CORE(EXTENSION, "fp-ntt", fp_ntt)},
    {CORE(EXTENSION, "bp-fft", bp_fft)},
    {CORE(EXTENSION, "bp-ifft", bp_ifft)},
    {CORE(EXTENSION, "fp-fft", fp_fft)},
    {CORE(EXTENSION, "ifft", ifft)},
    {CORE(EXTENSION, "bp-coseword", bp_coseword)},
    {CORE(EXTENSION, "coseword", coseword)},
    {CORE(EXTENSION, "bp-intercosate", bp_intercosate)},
    {CORE(EXTENSION, "intercosate", intercosate)},
    /* fpoly.c */
    {CORE(EXTENSION, "fpadd", fpadd)},
    {CORE(EXTENSION, "fpsub", fpsub)},
    {CORE(EXTENSION, "fpneg", fpneg)},
    {CORE(EXTENSION, "fpscal", fpscal)},
    {CORE(EXTENSION, "shift", shift)},
    {CORE(EXTENSION, "fpmul", fpmul)},
    {CORE(EXTENSION, "fpeval", fpeval)},
    {CORE(EXTENSION, "init-fpoly", init_fpoly)},
    {CORE(EXTENSION, "lift-to-fpoly", lift_to_fpoly)},
    {CORE(EXTENSION, "bpoly-to-fpoly", bpoly_to_fpoly)},
    /* mary.c */
    {CORE(ZEKE, "ave/snag", ave_snag)},
    {CORE(ZEKE, "ave/snag-as-bpoly", ave_snag_as_bpoly)},
    {CORE(ZEKE, "ave/swag", ave_swag)},
    {CORE(ZEKE, "ave/zero-extend", ave_zero_extend)},
    {CORE(ZEKE, "ave/weld", ave_weld)},
    {CORE(ZEKE, "ave/transpose", ave_transpose)},
    {PLAIN_1(ZEKE, "mary-to-list", mary_to_list)},
    {PLAIN_1(ZEKE, "range", range)},
    {PLAIN_1(ZEKE, "transpose-bpolys", transpose_bpolys)},
    {PLAIN_1(ZEKE, "en-base58", en_base58)},
    {PLAIN_1(ZEKE, "de-base58", de_base58)},
    /* ops.c */
    {CORE(ZEKE, "array-op/ops/snag", ops_snag)},
    {CORE(ZEKE, "array-op/ops/scag", ops_scag)},
    {CORE(ZEKE, "array-op/ops/slag", ops_slag)},
    {CORE(ZEKE, "array-op/ops/swag", ops_swag)},
    {CORE(ZEKE, "array-op/ops/weld", ops_weld)},
    {PLAIN_2(ZEKE, "do-init-mary", do_init_mary)},
    {CORE(ZEKE, "mary-utils/fet", fet)},
    {CORE(ZEKE, "mary-utils/lift-elt", lift_elt)},
    {CORE(ZEKE, "ave/change-step", ave_change_step)},
    {CORE(ZEKE, "ave/weld-step", ave_weld_step)},
    {CORE(EXTENSION, "frep", frep)},
    /* multi.c */
    {CORE(MEGA, "mpeval", mpeval)},
    /* substitute.c */
    {CORE(EXTENSION, "mp-substitute-mega", mp_substitute_mega)},
    /* deep.c */
    {CORE(EXTENSION, "fpdiv", fpdiv)},
    {CORE(STARK, "compute-deep", compute_deep)},
    {CORE(STARK, "precompute-ntts", precompute_ntts)},
    /* verify.c */
    {CORE(VERIFIER, "eval-composition-poly", eval_composition_poly)},
    {CORE(VERIFIER, "evaluate-deep", evaluate_deep)},
    /* argon2.c */
    {CORE(ENGINE "/zose/argon", "argon2", argon2)},
    /* cheetah.c */
    {PLAIN_2(CHEETAH "/curve/affine", "ch-scal", ch_scal)},
    /* sponge.c */
    {CORE(TIP5, "permutation", permutation)},
    {CORE(TIP5, "hash-10", hash_10)},
    {CORE(TIP5, "hash-varlen", hash_varlen)},
    {CORE(TIP5, "hash-belts-list", hash_belts_list)},
    {CORE(TIP5, "hash-pairs", hash_pairs)},
    {CORE(SPONGE, "absorb", absorb)},
    {CORE(SPONGE, "squeeze", squeeze)},
    /* noun_hash.c */
    {CORE(TIP5, "hash-ten-cell", hash_ten_cell)},
    {CORE(TIP5, "hash-noun-varlen", hash_noun_varlen)},
    {PLAIN_1(TIP5, "digest-to-atom", digest_to_atom)},
    {PLAIN_2(TIP5, "snag-as-digest", snag_as_digest)},
    {PLAIN_1(SHAPE, "num-of-leaves", num_of_leaves)},
    {PLAIN_1(SHAPE, "leaf-sequence", leaf_sequence)},
    {PLAIN_1(SHAPE, "dyck", dyck)},
    /* hashable.c */
    {CORE(TIP5, "hash-hashable", hash_hashable)},
    {PLAIN_1(MERKLE, "build-merk-heap", build_merk_heap)},
    {PLAIN_1(MERKLE, "bp-build-merk-heap", bp_build_merk_heap)},
    /* order.c */
    {PLAIN_2(ZOON, "gor-tip", gor_tip)},
    {PLAIN_2(ZOON, "mor-tip", mor_tip)},
    {PLAIN_2(H_ZOON, "gor-hip", gor_hip)},
    {PLAIN_2(H_ZOON, "mor-hip", mor_hip)},
    /* trees.c */
    {CORE(ZOON, "z-in/has", z_in_has)},
    {CORE(ZOON, "z-in/put", z_in_put)},
    {CORE(ZOON, "z-in/gas", z_in_gas)},
    {CORE(ZOON, "z-in/del", z_in_del)},
    {CORE(ZOON, "z-by/put", z_by_put)},
    {CORE(ZOON, "z-by/gas", z_by_gas)},
    {CORE(ZOON, "z-by/del", z_by_del)},
    {CORE(ZOON, "z-by/get", z_by_get)},
    {CORE(H_ZOON, "h-in/has", h_in_has)},
    {CORE(H_ZOON, "h-in/put", h_in_put)},
    {CORE(H_ZOON, "h-in/gas", h_in_gas)},
    {CORE(H_ZOON, "h-in/del", h_in_del)},
    {CORE(H_ZOON, "h-by/put", h_by_put)},
    {CORE(H_ZOON, "h-by/gas", h_by_gas)},
    {CORE(H_ZOON, "h-by/del", h_by_del)},
    {CORE(H_ZOON, "h-by/get", h_by_get)},
    /* tree_sets.c */
    {CORE(ZOON, "z-in/bif", z_in_bif)},
    {CORE(ZOON, "z-in/dif", z_in_dif)},
    {CORE(ZOON, "z-in/dig", z_in_dig)},
    {CORE(ZOON, "z-in/int", z_in_int)},
    {CORE(ZOON, "z-in/uni", z_in_uni)},
    {CORE(ZOON, "z-by/bif", z_by_bif)},
    {CORE(ZOON, "z-by/dif", z_by_dif)},
    {CORE(ZOON, "z-by/dig", z_by_dig)},
    {CORE(ZOON, "z-by/int", z_by_int)},
    {CORE(ZOON, "z-by/uni", z_by_uni)},
    {CORE(H_ZOON, "h-in/bif", h_in_bif)},
    {CORE(H_ZOON, "h-in/dif", h_in_dif)},
    {CORE(H_ZOON, "h-in/int", h_in_int)},
    {CORE(H_ZOON, "h-in/uni", h_in_uni)},
    {CORE(H_ZOON, "h-by/bif", h_by_bif)},
    {CORE(H_ZOON, "h-by/dif", h_by_dif)},
    {CORE(H_ZOON, "h-by/int", h_by_int)},
    {CORE(H_ZOON, "h-by/uni", h_by_uni)},
};

const size_t zk_table_count = COUNT_OF(zk_table);

void zk_install(struct nock *machine)
{
    nock_add_jets(machine, zk_table, zk_table_count);
}
