/* Private to src/jet: text as tapes (lists of bytes). */
#ifndef JET_TEXT_H
#define JET_TEXT_H

#include "nock/nock.h"

/* The tape of `size_bytes` bytes, then `rest`. */
noun tape_from_bytes(struct stack *stack, const uint8_t *bytes, size_t size_bytes, noun rest);

/* The tape of a C string. */
noun tape_from_string(struct stack *stack, const char *text, noun rest);

/* The bytes of an atom, the lowest first. */
noun tape_from_cord(struct stack *stack, noun cord);

/* An atom's digits in a base of 2 to 64, the highest first, with a dot after
 * every `group` digits counted from the last; 0 for none.  "0" for 0. */
noun tape_from_number(struct stack *stack, noun atom, unsigned base, unsigned group, noun rest);

#endif
