/* What the interpreter tells when it is compiled to be counted (returns.c). */
#ifndef BENCH_NOCK_RETURNS_H
#define BENCH_NOCK_RETURNS_H

#include "noun/noun.h"

/* A callee's frame was begun. */
void returns_pushed(const uint64_t *callee);
/* It runs (again, if it called in tail position); `next_words` is the next free young word. */
void returns_entered(const uint64_t *frame, uint64_t next_words);
/* It gives `product` to its caller. */
void returns_gives(const uint64_t *frame, noun product);

#define RETURNS_PUSHED(callee) returns_pushed(callee)
#define RETURNS_ENTERED(frame, next) returns_entered(frame, next)
#define RETURNS_GIVES(frame, product) returns_gives(frame, product)

#endif
