/* Private to src/nock: traces as text. */
#ifndef NOCK_MOOK_H
#define NOCK_MOOK_H

#include "nock/machine.h"

/* The tank of one entry; a core that would have to run reads "mook.mean". */
noun mook_tank(struct stack *stack, noun entry);

/* ~sampel-palnet and a zero byte. */
#define PHONETIC_NAME_BYTES 16

/* A number as Hoon's @p. */
void phonetic_name(uint32_t number, char name[PHONETIC_NAME_BYTES]);

#endif
