/* A fuzz target: one function of bytes that never fails but by aborting.
 *
 * With -Dfuzz=true (clang) libFuzzer calls it; in every build replay.c calls it
 * with each file of the kept corpus.
 */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

#endif
