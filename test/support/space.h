/* A noun space for a test program. */
#ifndef SUPPORT_SPACE_H
#define SUPPORT_SPACE_H

#include "noun/noun.h"
#include "stack/stack.h"

/* Reserves the program's noun space, at the first call, and enters it. */
uint8_t *space_open(void);

/* The same for a program that needs more than one; that one is number 0. */
#define SPACE_COUNT 2
uint8_t *space_open_numbered(unsigned number);

/* The program's one stack, created in that space at the first call. */
struct stack *space_stack(void);

/* Makes [offset_bytes, offset_bytes + size_bytes) of the persistent part plain
 * memory, for tests that lay out persistent nouns by hand. */
uint64_t *space_persistent(uint64_t offset_bytes, uint64_t size_bytes);

#endif
