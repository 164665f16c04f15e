/* Private to zk_tip5*.c: what the permutation is made of. */
#ifndef ZK_TIP5_H
#define ZK_TIP5_H

#include "zk/field.h"

#define ZK_TIP5_ROUNDS 7

#ifdef __x86_64__
#define ZK_TIP5_AVX2
#endif

extern const uint8_t zk_tip5_lookup[256];
extern const uint64_t zk_tip5_constants[ZK_TIP5_ROUNDS * ZK_STATE];

/* The matrix' first column, twice: the coefficient in row i and column j is at
 * 16 + i - j. */
extern const uint32_t zk_tip5_circulant[2 * ZK_STATE];

/* In place, by elements below p; for any processor, and for one that has AVX2. */
void zk_permute_plain(uint64_t state[ZK_STATE]);
#ifdef ZK_TIP5_AVX2
void zk_permute_avx2(uint64_t state[ZK_STATE]);
#endif

#endif
