/* Native equivalents of the arms of the zkvm group's libraries, those of
 * Nockchain's kernels: fields, polynomials, transforms, hashes, curves, sets.
 *
 * The same rules hold as for those of the standard library (jet/jet.h), on
 * which these libraries rest: docs/jets.md lists every one.
 */
#ifndef ZK_ZK_H
#define ZK_ZK_H

#include "nock/nock.h"

/* Constant, sorted by file; lives as long as the program. */
extern const struct nock_jet zk_table[];
extern const size_t zk_table_count;

/* Adds the table to `machine`: once, before its first run. */
void zk_install(struct nock *machine);

#endif
