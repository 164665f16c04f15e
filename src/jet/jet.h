/* Native equivalents of the standard library's arms: the hot state.
 *
 * Each jet gives exactly the product of the Nock it stands for, crashes only
 * where that would crash, and otherwise leaves the call to the Nock (a punt).
 * A jet takes a call only where its whole effect is known; docs/jets.md lists
 * every one with its sample and the cases that it leaves.
 *
 * One file a chapter of the library; the engine finds a jet by the path under
 * which the program itself registers the core (%fast), so a jet for a label
 * that no program registers costs nothing.
 */
#ifndef JET_JET_H
#define JET_JET_H

#include "nock/nock.h"

/* Constant, sorted by chapter; lives as long as the program. */
extern const struct nock_jet jet_table[];
extern const size_t jet_table_count;

/* Adds the table to `machine`: once, before its first run. */
void jet_install(struct nock *machine);

/* What a map of the library has under a key; NOUN_NONE if nothing, or if it is
 * no map (trees.c). */
noun jet_map_got(noun map, noun key);

#endif
