/* Private to src/zk: its jets, by the file that holds them.
 *
 * All of them leave to the Nock whatever is malformed, and so every crash.
 */
#ifndef ZK_JETS_H
#define ZK_JETS_H

#include "zk/nouns.h"

/* base.c */
noun zk_jet_based(struct nock *machine, noun a);
noun zk_jet_based_noun(struct nock *machine, noun a);
noun zk_jet_badd(struct nock *machine, noun a, noun b);
noun zk_jet_bsub(struct nock *machine, noun a, noun b);
noun zk_jet_bneg(struct nock *machine, noun a);
noun zk_jet_bmul(struct nock *machine, noun a, noun b);
noun zk_jet_binv(struct nock *machine, noun a);
noun zk_jet_bpow(struct nock *machine, noun a, noun b);
noun zk_jet_mont_reduction(struct nock *machine, noun a);
noun zk_jet_montiply(struct nock *machine, noun a, noun b);
noun zk_jet_montify(struct nock *machine, noun a);
noun zk_jet_ordered_root(struct nock *machine, noun a);

/* extension.c */
noun zk_jet_fadd(struct nock *machine, noun core);
noun zk_jet_fsub(struct nock *machine, noun core);
noun zk_jet_fneg(struct nock *machine, noun core);
noun zk_jet_fmul(struct nock *machine, noun core);
noun zk_jet_finv(struct nock *machine, noun core);
noun zk_jet_fdiv(struct nock *machine, noun core);
noun zk_jet_fpow(struct nock *machine, noun core);

/* polynomial.c */
noun zk_jet_init_bpoly(struct nock *machine, noun a);
noun zk_jet_bpoly_to_list(struct nock *machine, noun a);
noun zk_jet_bp_is_zero(struct nock *machine, noun a);
noun zk_jet_bpadd(struct nock *machine, noun a, noun b);
noun zk_jet_bpsub(struct nock *machine, noun a, noun b);
noun zk_jet_bpneg(struct nock *machine, noun a);
noun zk_jet_bpscal(struct nock *machine, noun a, noun b);
noun zk_jet_bpmul(struct nock *machine, noun a, noun b);
noun zk_jet_bp_hadamard(struct nock *machine, noun a, noun b);
noun zk_jet_bpdvr(struct nock *machine, noun a, noun b);
noun zk_jet_bpeval(struct nock *machine, noun a, noun b);
noun zk_jet_bp_shift(struct nock *machine, noun a, noun b);
noun zk_jet_bpeval_lift(struct nock *machine, noun core);

/* transform.c */
noun zk_jet_bp_ntt(struct nock *machine, noun core);
noun zk_jet_fp_ntt(struct nock *machine, noun core);
noun zk_jet_bp_fft(struct nock *machine, noun core);
noun zk_jet_bp_ifft(struct nock *machine, noun core);
noun zk_jet_fp_fft(struct nock *machine, noun core);
noun zk_jet_ifft(struct nock *machine, noun core);
noun zk_jet_bp_coseword(struct nock *machine, noun core);
noun zk_jet_coseword(struct nock *machine, noun core);
noun zk_jet_bp_intercosate(struct nock *machine, noun core);
noun zk_jet_intercosate(struct nock *machine, noun core);

/* fpoly.c */
noun zk_jet_fpadd(struct nock *machine, noun core);
noun zk_jet_fpsub(struct nock *machine, noun core);
noun zk_jet_fpneg(struct nock *machine, noun core);
noun zk_jet_fpscal(struct nock *machine, noun core);
noun zk_jet_shift(struct nock *machine, noun core);
noun zk_jet_fpmul(struct nock *machine, noun core);
noun zk_jet_fpeval(struct nock *machine, noun core);
noun zk_jet_init_fpoly(struct nock *machine, noun core);
noun zk_jet_lift_to_fpoly(struct nock *machine, noun core);
noun zk_jet_bpoly_to_fpoly(struct nock *machine, noun core);

/* mary.c */
noun zk_jet_ave_snag(struct nock *machine, noun core);
noun zk_jet_ave_snag_as_bpoly(struct nock *machine, noun core);
noun zk_jet_ave_swag(struct nock *machine, noun core);
noun zk_jet_ave_zero_extend(struct nock *machine, noun core);
noun zk_jet_ave_weld(struct nock *machine, noun core);
noun zk_jet_ave_transpose(struct nock *machine, noun core);
noun zk_jet_mary_to_list(struct nock *machine, noun a);
noun zk_jet_range(struct nock *machine, noun a);
noun zk_jet_transpose_bpolys(struct nock *machine, noun a);
noun zk_jet_en_base58(struct nock *machine, noun a);
noun zk_jet_de_base58(struct nock *machine, noun a);

/* ops.c */
noun zk_jet_ops_snag(struct nock *machine, noun core);
noun zk_jet_ops_scag(struct nock *machine, noun core);
noun zk_jet_ops_slag(struct nock *machine, noun core);
noun zk_jet_ops_swag(struct nock *machine, noun core);
noun zk_jet_ops_weld(struct nock *machine, noun core);
noun zk_jet_do_init_mary(struct nock *machine, noun step, noun list);
noun zk_jet_fet(struct nock *machine, noun core);
noun zk_jet_lift_elt(struct nock *machine, noun core);
noun zk_jet_ave_change_step(struct nock *machine, noun core);
noun zk_jet_ave_weld_step(struct nock *machine, noun core);
noun zk_jet_frep(struct nock *machine, noun core);

/* multi.c */
noun zk_jet_mpeval(struct nock *machine, noun core);

/* substitute.c */
noun zk_jet_mp_substitute_mega(struct nock *machine, noun core);

/* deep.c */
noun zk_jet_fpdiv(struct nock *machine, noun core);
noun zk_jet_compute_deep(struct nock *machine, noun core);
noun zk_jet_precompute_ntts(struct nock *machine, noun core);

/* verify.c */
noun zk_jet_eval_composition_poly(struct nock *machine, noun core);
noun zk_jet_evaluate_deep(struct nock *machine, noun core);

/* argon2.c */
noun zk_jet_argon2(struct nock *machine, noun core);

/* cheetah.c */
noun zk_jet_ch_scal(struct nock *machine, noun n, noun point);

/* sponge.c */
noun zk_jet_permutation(struct nock *machine, noun core);
noun zk_jet_hash_10(struct nock *machine, noun core);
noun zk_jet_hash_varlen(struct nock *machine, noun core);
noun zk_jet_hash_belts_list(struct nock *machine, noun core);
noun zk_jet_hash_pairs(struct nock *machine, noun core);
noun zk_jet_absorb(struct nock *machine, noun core);
noun zk_jet_squeeze(struct nock *machine, noun core);

/* noun_hash.c */
noun zk_jet_hash_ten_cell(struct nock *machine, noun core);
noun zk_jet_hash_noun_varlen(struct nock *machine, noun core);
noun zk_jet_hash_hashable(struct nock *machine, noun core);
noun zk_jet_digest_to_atom(struct nock *machine, noun a);
noun zk_jet_snag_as_digest(struct nock *machine, noun mary, noun index);
noun zk_jet_num_of_leaves(struct nock *machine, noun a);
noun zk_jet_leaf_sequence(struct nock *machine, noun a);
noun zk_jet_dyck(struct nock *machine, noun a);

/* hashable.c, the last of these too */
noun zk_jet_build_merk_heap(struct nock *machine, noun mary);
noun zk_jet_bp_build_merk_heap(struct nock *machine, noun mary);

/* order.c */
noun zk_jet_gor_tip(struct nock *machine, noun a, noun b);
noun zk_jet_mor_tip(struct nock *machine, noun a, noun b);
noun zk_jet_gor_hip(struct nock *machine, noun a, noun b);
noun zk_jet_mor_hip(struct nock *machine, noun a, noun b);

/* trees.c */
noun zk_jet_z_in_has(struct nock *machine, noun core);
noun zk_jet_z_in_put(struct nock *machine, noun core);
noun zk_jet_z_in_gas(struct nock *machine, noun core);
noun zk_jet_z_in_del(struct nock *machine, noun core);
noun zk_jet_z_in_bif(struct nock *machine, noun core);
noun zk_jet_z_in_dif(struct nock *machine, noun core);
noun zk_jet_z_in_dig(struct nock *machine, noun core);
noun zk_jet_z_in_int(struct nock *machine, noun core);
noun zk_jet_z_in_uni(struct nock *machine, noun core);
noun zk_jet_z_by_put(struct nock *machine, noun core);
noun zk_jet_z_by_gas(struct nock *machine, noun core);
noun zk_jet_z_by_del(struct nock *machine, noun core);
noun zk_jet_z_by_get(struct nock *machine, noun core);
noun zk_jet_z_by_bif(struct nock *machine, noun core);
noun zk_jet_z_by_dif(struct nock *machine, noun core);
noun zk_jet_z_by_dig(struct nock *machine, noun core);
noun zk_jet_z_by_int(struct nock *machine, noun core);
noun zk_jet_z_by_uni(struct nock *machine, noun core);
noun zk_jet_h_in_has(struct nock *machine, noun core);
noun zk_jet_h_in_put(struct nock *machine, noun core);
noun zk_jet_h_in_gas(struct nock *machine, noun core);
noun zk_jet_h_in_del(struct nock *machine, noun core);
noun zk_jet_h_in_bif(struct nock *machine, noun core);
noun zk_jet_h_in_dif(struct nock *machine, noun core);
noun zk_jet_h_in_int(struct nock *machine, noun core);
noun zk_jet_h_in_uni(struct nock *machine, noun core);
noun zk_jet_h_by_put(struct nock *machine, noun core);
noun zk_jet_h_by_gas(struct nock *machine, noun core);
noun zk_jet_h_by_del(struct nock *machine, noun core);
noun zk_jet_h_by_get(struct nock *machine, noun core);
noun zk_jet_h_by_bif(struct nock *machine, noun core);
noun zk_jet_h_by_dif(struct nock *machine, noun core);
noun zk_jet_h_by_int(struct nock *machine, noun core);
noun zk_jet_h_by_uni(struct nock *machine, noun core);

#endif
