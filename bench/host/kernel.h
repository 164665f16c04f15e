/* Kernels for benchmarks, in the text form of nouns; the layout is that of
 * docs/kernel.md: [[load wish peek poke] state context], made by a trap. */
#ifndef BENCH_HOST_KERNEL_H
#define BENCH_HOST_KERNEL_H

#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "host/host.h"
#include "os/os.h"

#define BENCH_ARM(formula) "[[1 " formula "] [1 0] 0 1]"
#define BENCH_KERNEL(poke)                                                                                             \
    "[[1 [" BENCH_ARM("[10 [6 0 6] 0 7]") " [0 0] " BENCH_ARM("[[1 0] [1 0] 1 1]") " " BENCH_ARM(poke) "] 0 0] 0]"

/* Takes any cause, changes nothing. */
#define BENCH_KERNEL_NOOP BENCH_KERNEL("[[1 0] 0 7]")

/* Takes any cause and counts it: [%count n] is its effect. */
#define BENCH_KERNEL_COUNT BENCH_KERNEL("[8 [4 0 30] [[[1 %count] 0 2] 1 0] 10 [6 0 2] 0 15]")

/* A cause n puts a new tree of 2^n - 1 cells in front of the state. */
#define BENCH_TREE "[6 [5 [0 6] 0 7] [1 0] [9 2 10 [6 4 0 6] 0 1] 9 2 10 [6 4 0 6] 0 1]"
#define BENCH_KERNEL_GROW BENCH_KERNEL("[8 [7 [[1 " BENCH_TREE "] [1 0] 0 223] 9 2 0 1] [1 0] 10 [6 [0 2] 0 62] 0 15]")

/* The jam of a kernel's text; free its bytes. */
static inline struct host_kernel bench_kernel_jam(const char *text)
{
    uint8_t *space, *bytes;
    struct stack *stack;
    noun n;
    struct host_kernel kernel;
    CHECK(os_map_reserve(NOUN_SPACE_BYTES, &space) == STATUS_OK);
    noun_space_enter(space);
    CHECK(stack_create(NULL, &stack) == STATUS_OK);
    CHECK(codec_read(stack, "kernel", text, strlen(text), &n) == STATUS_OK);
    CHECK(codec_jam(n, &bytes, &kernel.size_bytes) == STATUS_OK);
    kernel.bytes = bytes;
    stack_destroy(stack);
    os_map_release(space, NOUN_SPACE_BYTES);
    return kernel;
}

#endif
