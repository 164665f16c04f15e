/* Private to src/jet: reading and making the nouns of the zkvm group, and its
 * jets, by the file that holds them.
 *
 * All of them leave to the Nock whatever is malformed, and so every crash.
 */
#ifndef JET_ZK_H
#define JET_ZK_H

#include "jet/chapters.h"
#include "jet/words.h"
#include "jet/zk_field.h"
#include "nock/nock.h"

#include "base/wordstack.h"

static inline noun zk_loobean(bool answer)
{
    return answer ? NOUN_YES : NOUN_NO;
}

/* An atom of at most 64 bits. */
static inline bool zk_word(noun n, uint64_t *word)
{
    *word = n;
    if (LIKELY(noun_is_direct(n)))
        return true;
    if (!noun_is_indirect(n) || noun_words(n)[1] != 1)
        return false;
    *word = noun_words(n)[2];
    return true;
}

static inline bool zk_belt(noun n, uint64_t *belt)
{
    return zk_word(n, belt) && zk_is_based(*belt);
}

static inline noun zk_atom(struct stack *stack, uint64_t word)
{
    return LIKELY(noun_is_direct(word)) ? word : stack_atom_from_word(stack, word);
}

/* ---- arrays (zk_array.c) --------------------------------------------------- */

/* An array of words in one atom, [length data], is followed there by a one, so
 * that zeros at its end are kept.  Of a mary, [step length data], an item is
 * `step` words. */
struct zk_array {
    uint64_t step;
    uint64_t length; /* items */
    const uint64_t *words;
    size_t count; /* of words: step * length */
};

/* At least one item, and data of the right length. */
bool zk_array_read(noun array, uint64_t step, struct zk_array *out);
bool zk_mary_read(noun mary, struct zk_array *out);

/* The same, with elements of the base field only. */
bool zk_polynomial_read(noun array, uint64_t step, struct zk_array *out);

/* An array of `count` words, zeroed, to be filled; NULL if there is no room.
 * Nothing else may be allocated before zk_data_finish. */
uint64_t *zk_data_begin(struct stack *stack, size_t count);

/* The data as an atom, that is closed by the one. */
noun zk_data_finish(struct stack *stack);

/* [length data] and [step length data]. */
noun zk_array_finish(struct stack *stack, uint64_t length);
noun zk_mary_finish(struct stack *stack, uint64_t step, uint64_t length);

/* Some items as data, closed by a one; NOUN_NONE if there is no room (zk_mary.c). */
noun zk_items(struct stack *stack, const struct zk_array *array, uint64_t from, uint64_t count);

/* An item as the library has it: a lone word without the one. */
noun zk_item(struct stack *stack, const struct zk_array *array, uint64_t index);

/* Up to `capacity` belts of a list; SIZE_MAX if it is longer, or none. */
size_t zk_list_read(noun list, uint64_t *belts, size_t capacity);
noun zk_list_make(struct stack *stack, const uint64_t *words, size_t count);

/* ---- digests (zk_noun_hash.c) ---------------------------------------------- */

bool zk_digest_read(noun n, struct zk_digest *digest);
noun zk_digest_make(struct stack *stack, const struct zk_digest *digest);

/* The hash of a noun; false if some leaf is no belt. */
bool zk_tip(noun n, struct zk_digest *digest);

/* The leaves of a noun, from left to right; false if there are more than
 * `capacity` or some is no belt. */
bool zk_leaves(noun n, uint64_t *belts, size_t capacity, size_t *count);

/* ---- the extension (zk_extension.c) ---------------------------------------- */

bool zk_felt_read(noun n, struct zk_felt *felt);
noun zk_felt_make(struct stack *stack, struct zk_felt felt);
struct zk_felt zk_felt_power(struct zk_felt x, uint64_t n);

/* The inverse that the library finds; false for 0, and where it crashes. */
bool zk_felt_invert(struct zk_felt x, struct zk_felt *inverse);

/* For a jet that gives up: it may have been told to. */
noun zk_punt_or_stop(const struct nock *machine);

/* ---- doors ----------------------------------------------------------------- */

/* The sample of a gate whose door (of hashing, of the extension) has the
 * sample that the jets know. */
static inline noun zk_sample_in_door(noun gate, noun door_sample)
{
    return noun_at(gate, 30) == door_sample ? noun_at(gate, 6) : NOUN_NONE;
}

#define ZK_ROUNDS 7
#define ZK_DEGREE 3

/* zk_base.c */
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

/* zk_extension.c */
noun zk_jet_fadd(struct nock *machine, noun core);
noun zk_jet_fsub(struct nock *machine, noun core);
noun zk_jet_fneg(struct nock *machine, noun core);
noun zk_jet_fmul(struct nock *machine, noun core);
noun zk_jet_finv(struct nock *machine, noun core);
noun zk_jet_fdiv(struct nock *machine, noun core);
noun zk_jet_fpow(struct nock *machine, noun core);

/* zk_polynomial.c */
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

/* zk_transform.c */
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

/* zk_fpoly.c */
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

/* zk_mary.c */
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

/* zk_ops.c */
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

/* zk_multi.c */
noun zk_jet_mpeval(struct nock *machine, noun core);

/* zk_substitute.c */
noun zk_jet_mp_substitute_mega(struct nock *machine, noun core);

/* zk_deep.c */
noun zk_jet_fpdiv(struct nock *machine, noun core);
noun zk_jet_compute_deep(struct nock *machine, noun core);
noun zk_jet_precompute_ntts(struct nock *machine, noun core);

/* zk_verify.c */
noun zk_jet_eval_composition_poly(struct nock *machine, noun core);
noun zk_jet_evaluate_deep(struct nock *machine, noun core);

/* argon2.c */
noun zk_jet_argon2(struct nock *machine, noun core);

/* zk_cheetah.c */
noun zk_jet_ch_scal(struct nock *machine, noun n, noun point);

/* zk_sponge.c */
noun zk_jet_permutation(struct nock *machine, noun core);
noun zk_jet_hash_10(struct nock *machine, noun core);
noun zk_jet_hash_varlen(struct nock *machine, noun core);
noun zk_jet_hash_belts_list(struct nock *machine, noun core);
noun zk_jet_hash_pairs(struct nock *machine, noun core);
noun zk_jet_absorb(struct nock *machine, noun core);
noun zk_jet_squeeze(struct nock *machine, noun core);

/* zk_noun_hash.c */
noun zk_jet_hash_ten_cell(struct nock *machine, noun core);
noun zk_jet_hash_noun_varlen(struct nock *machine, noun core);
noun zk_jet_hash_hashable(struct nock *machine, noun core);
noun zk_jet_digest_to_atom(struct nock *machine, noun a);
noun zk_jet_snag_as_digest(struct nock *machine, noun mary, noun index);
noun zk_jet_num_of_leaves(struct nock *machine, noun a);
noun zk_jet_leaf_sequence(struct nock *machine, noun a);
noun zk_jet_dyck(struct nock *machine, noun a);

/* zk_hashable.c, the last of these too */
noun zk_jet_build_merk_heap(struct nock *machine, noun mary);
noun zk_jet_bp_build_merk_heap(struct nock *machine, noun mary);

/* zk_order.c */
noun zk_jet_gor_tip(struct nock *machine, noun a, noun b);
noun zk_jet_mor_tip(struct nock *machine, noun a, noun b);
noun zk_jet_gor_hip(struct nock *machine, noun a, noun b);
noun zk_jet_mor_hip(struct nock *machine, noun a, noun b);

/* zk_trees.c */
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
