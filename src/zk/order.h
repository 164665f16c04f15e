/* Private to src/zk: the orders of the sets and maps of the zkvm group. */
#ifndef ZK_ORDER_H
#define ZK_ORDER_H

#include "zk/nouns.h"

/* True for a key of an h-map or h-set: one digest, or a list of two or more. */
bool zk_is_hashed(noun key);

/* Of such keys: from left to right, and from the root down. */
bool zk_gor_hip(noun a, noun b);
bool zk_mor_hip(noun a, noun b);

#endif
