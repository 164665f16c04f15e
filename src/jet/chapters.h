/* Private to src/jet: every jet, by the file that holds it.
 *
 * A jet is named after its label; docs/jets.md has the samples and the edges.
 */
#ifndef JET_CHAPTERS_H
#define JET_CHAPTERS_H

#include "nock/nock.h"

/* math.c */
noun jet_add(struct nock *machine, noun a, noun b);
noun jet_dec(struct nock *machine, noun a);
noun jet_div(struct nock *machine, noun a, noun b);
noun jet_dvr(struct nock *machine, noun a, noun b);
noun jet_gte(struct nock *machine, noun a, noun b);
noun jet_gth(struct nock *machine, noun a, noun b);
noun jet_lte(struct nock *machine, noun a, noun b);
noun jet_lth(struct nock *machine, noun a, noun b);
noun jet_max(struct nock *machine, noun a, noun b);
noun jet_min(struct nock *machine, noun a, noun b);
noun jet_mod(struct nock *machine, noun a, noun b);
noun jet_mul(struct nock *machine, noun a, noun b);
noun jet_sub(struct nock *machine, noun a, noun b);
noun jet_cap(struct nock *machine, noun a);
noun jet_mas(struct nock *machine, noun a);
noun jet_peg(struct nock *machine, noun a, noun b);

/* list.c */
noun jet_flop(struct nock *machine, noun a);
noun jet_snip(struct nock *machine, noun a);
noun jet_zing(struct nock *machine, noun a);
noun jet_weld(struct nock *machine, noun a, noun b);
noun jet_snag(struct nock *machine, noun a, noun b);
noun jet_scag(struct nock *machine, noun a, noun b);
noun jet_reap(struct nock *machine, noun a, noun b);
noun jet_find(struct nock *machine, noun a, noun b);
noun jet_slag(struct nock *machine, noun a, noun b);
noun jet_fand(struct nock *machine, noun a, noun b);

/* trees.c */
noun jet_in_has(struct nock *machine, noun core);
noun jet_in_put(struct nock *machine, noun core);
enum nock_step jet_in_gas(struct nock *machine, struct nock_activation *a);
noun jet_in_del(struct nock *machine, noun core);
noun jet_in_uni(struct nock *machine, noun core);
noun jet_by_get(struct nock *machine, noun core);
noun jet_by_put(struct nock *machine, noun core);
enum nock_step jet_by_gas(struct nock *machine, struct nock_activation *a);
noun jet_by_del(struct nock *machine, noun core);
noun jet_by_uni(struct nock *machine, noun core);
noun jet_tap(struct nock *machine, noun trap);
noun jet_wyt(struct nock *machine, noun trap);
enum nock_step jet_by_key(struct nock *machine, struct nock_activation *a);

/* bits.c */
noun jet_bex(struct nock *machine, noun a);
noun jet_xeb(struct nock *machine, noun a);
noun jet_met(struct nock *machine, noun a, noun b);
noun jet_end(struct nock *machine, noun a, noun b);
noun jet_rsh(struct nock *machine, noun a, noun b);
noun jet_lsh(struct nock *machine, noun a, noun b);
noun jet_rip(struct nock *machine, noun a, noun b);
noun jet_cut(struct nock *machine, noun a, noun b, noun c);
noun jet_can(struct nock *machine, noun a, noun b);
noun jet_rap(struct nock *machine, noun a, noun b);
noun jet_rep(struct nock *machine, noun a, noun b);
noun jet_cat(struct nock *machine, noun a, noun b, noun c);
noun jet_sew(struct nock *machine, noun a, noun b, noun c);
noun jet_rev(struct nock *machine, noun a, noun b, noun c);
noun jet_con(struct nock *machine, noun a, noun b);
noun jet_dis(struct nock *machine, noun a, noun b);
noun jet_mix(struct nock *machine, noun a, noun b);

/* hash_order.c */
noun jet_mug(struct nock *machine, noun a);
noun jet_dor(struct nock *machine, noun a, noun b);
noun jet_gor(struct nock *machine, noun a, noun b);
noun jet_mor(struct nock *machine, noun a, noun b);
noun jet_jam(struct nock *machine, noun a);
noun jet_cue(struct nock *machine, noun a);
noun jet_mat(struct nock *machine, noun a);
noun jet_rub(struct nock *machine, noun a, noun b);

/* sha.c */
noun jet_shas(struct nock *machine, noun a, noun b);
noun jet_shax(struct nock *machine, noun a);
noun jet_shay(struct nock *machine, noun a, noun b);
noun jet_shal(struct nock *machine, noun a, noun b);
noun jet_sha1(struct nock *machine, noun a, noun b);

/* text.c */
noun jet_trip(struct nock *machine, noun a);
noun jet_scow(struct nock *machine, noun a, noun b);

/* parse.c */
noun jet_easy(struct nock *machine, noun core);
noun jet_just(struct nock *machine, noun core);
noun jet_mask(struct nock *machine, noun core);
noun jet_shim(struct nock *machine, noun core);
enum nock_step jet_stew(struct nock *machine, struct nock_activation *a);

/* stir.c */
enum nock_step jet_stir(struct nock *machine, struct nock_activation *a);

/* virtual.c */
enum nock_step jet_mink(struct nock *machine, struct nock_activation *a);
enum nock_step jet_mole(struct nock *machine, struct nock_activation *a);
enum nock_step jet_mule(struct nock *machine, struct nock_activation *a);

/* arms.c */
noun jet_look(struct nock *machine, noun name, noun chapter);
noun jet_loot(struct nock *machine, noun name, noun core);

/* compiler.c */
enum nock_step jet_crop(struct nock *machine, struct nock_activation *a);
enum nock_step jet_fish(struct nock *machine, struct nock_activation *a);
enum nock_step jet_fuse(struct nock *machine, struct nock_activation *a);
enum nock_step jet_mint(struct nock *machine, struct nock_activation *a);
enum nock_step jet_mull(struct nock *machine, struct nock_activation *a);
enum nock_step jet_redo(struct nock *machine, struct nock_activation *a);
enum nock_step jet_rest(struct nock *machine, struct nock_activation *a);
enum nock_step jet_nest_dext(struct nock *machine, struct nock_activation *a);

#endif
