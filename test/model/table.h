/* From a pair of words to a word, by open addressing.
 *
 * The program has one such table, which is emptied by counting up: what would
 * be a table for each formula, grown from nothing, were a third of a long
 * random test.  Nobody may begin while another has not ended.  A first key of 0
 * is no key.  One thread.
 */
#ifndef MODEL_TABLE_H
#define MODEL_TABLE_H

#include "base/base.h"

struct table;

/* Empties the table and lends it until table_end. */
struct table *table_begin(void);
void table_end(struct table *table);

/* The value of the key, 0 if it is new.  Valid until the next call. */
uint64_t *table_reach(struct table *table, uint64_t first, uint64_t second);

#endif
