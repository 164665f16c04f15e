/* Private to test/zk: samples for the gates of the zkvm libraries. */
#ifndef TEST_ZK_SAMPLES_H
#define TEST_ZK_SAMPLES_H

#include "nock/nock.h"

/* The name that zk-probe.hoon has for a jet's path: its last label, with the
 * door before it where that alone is not clear. */
const char *zk_sample_name(const char *path);

/* False if there are no samples for it. */
bool zk_sample_is_made(const char *name);

/* The core to kick: `gate` with a sample, or a trap in a door with one. */
noun zk_sample_core(struct nock *machine, const char *name, noun gate, uint64_t *state);

/* An element of the base field: any, small, or at an edge. */
uint64_t zk_sample_belt(uint64_t *state);

#endif
