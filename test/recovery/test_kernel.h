/* A kernel small enough to be read, for the tests of recovery and above.
 *
 * Its state is a number.  Causes:
 *
 *   %inc          adds one; effect [%count n]
 *   [%do effects] adds one; those effects
 *   [%set n]      the state is n; no effects
 *   %spin         never ends
 *   %mute         crashes, and so does the notice of that crash
 *   others        crash; the notice of that changes nothing
 *
 * A peek, at any path, gives [~ ~ state]; at 0 it crashes.
 *
 * A kernel core is [[load wish peek poke] state context]; a gate that an arm
 * makes is [formula sample core].  In a gate the core is at axis 7, its state at
 * 30, a job's cause at 223, its wire's head at 52, a notice's cause at 447.
 */
#ifndef TEST_RECOVERY_TEST_KERNEL_H
#define TEST_RECOVERY_TEST_KERNEL_H

#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "os/os.h"
#include "recovery/recovery.h"

#define TEST_ARM(formula) "[[1 " formula "] [1 0] 0 1]"

#define TEST_POKE                                                                                                      \
    "[6 [5 [1 0] 0 52] [6 [5 [1 %mute] 0 447] [0 0] [1 0] 0 7]"                                                        \
    " 6 [5 [1 %inc] 0 223] [8 [4 0 30] [[[1 %count] 0 2] 1 0] 10 [6 0 2] 0 15]"                                        \
    " 6 [5 [1 %spin] 0 223] [7 [1 [9 2 0 1] 0] 9 2 0 1]"                                                               \
    " 6 [5 [1 %do] 0 446] [8 [4 0 30] [0 959] 10 [6 0 2] 0 15]"                                                        \
    " 6 [5 [1 %set] 0 446] [[1 0] 10 [6 0 447] 0 7]"                                                                   \
    " 0 0]"

#define TEST_KERNEL_WITH_LOAD(load)                                                                                    \
    "[[1 [" TEST_ARM(load) " [0 0] " TEST_ARM("[6 [5 [1 0] 0 6] [0 0] [1 0] [1 0] 0 30]") " " TEST_ARM(                \
        TEST_POKE) "]"                                                                                                 \
                   " 0 0] 0]"

#define TEST_KERNEL TEST_KERNEL_WITH_LOAD("[10 [6 0 6] 0 7]")

/* The same with a load arm that adds three: an upgrade that migrates. */
#define TEST_KERNEL_NEXT TEST_KERNEL_WITH_LOAD("[10 [6 4 4 4 0 6] 0 7]")

/* The same with a load arm that crashes. */
#define TEST_KERNEL_BAD TEST_KERNEL_WITH_LOAD("[0 0]")

/* The jam of a kernel's text, made in a space of its own; free its bytes. */
static inline struct recovery_kernel test_kernel_jam(const char *text)
{
    uint8_t *space, *bytes;
    struct stack *stack;
    noun n;
    struct recovery_kernel kernel;
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
