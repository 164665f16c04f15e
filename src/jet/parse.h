/* Private to src/jet: what the parsing files share. */
#ifndef JET_PARSE_H
#define JET_PARSE_H

#include "jet/steps.h"

/* The later of two hairs, the second if they are at one place; NOUN_NONE if
 * one of them is none. */
noun parse_later_hair(noun first, noun second);

#endif
