/* A machine whose state is a list, for the tests of collections. */
#ifndef TEST_HOST_COLLECT_TEST_H
#define TEST_HOST_COLLECT_TEST_H

#include "arena/arena.h"
#include "host_test.h"
#include "recovery/recovery.h"

/* [%fill n]: the state is a list of n new cells.  [%push x]: one more cell, in front.
 * [%run f]: the state is what the formula f makes of it.  A peek gives the state. */
#define FILL "6 [5 [0 12] 0 1983] [10 [6 0 13] 0 31] 9 2 10 [6 [4 0 12] [[0 12] 0 13]] 0 1"
#define PUSH "[6 [5 [1 %push] 0 446] [[1 0] 10 [6 [0 447] 0 30] 0 7] " RUN "]"
#define RUN "[6 [5 [1 %run] 0 446] [[1 0] 10 [6 2 [0 30] 0 447] 0 7] " TEST_POKE "]"
#define POKE "[6 [3 0 223] [6 [5 [1 %fill] 0 446] [[1 0] 8 [1 0 0] 8 [1 " FILL "] 9 2 0 1] " PUSH "] " TEST_POKE "]"
#define KERNEL                                                                                                         \
    "[[1 [" TEST_ARM("[10 [6 0 6] 0 7]") " [0 0] " TEST_ARM("[[1 0] [1 0] 0 30]") " " TEST_ARM(POKE) "] 0 0] 0]"

#define MIB ((uint64_t)1 << 20)

static inline struct host *create(const char *directory, const struct host_options *options)
{
    struct host_kernel kernel = kernel_of(KERNEL);
    struct host *host;
    must(host_create(directory, &kernel, NULL, options, &host));
    free((void *)kernel.bytes);
    return host;
}

static inline void change(struct host *host, const char *cause_text)
{
    if (poke(host, cause_text).answer == HOST_ACCEPTED)
        return;
    printf("Bail out! %s: %s\n", cause_text, status_message());
    exit(1);
}

static inline void fill(struct host *host, unsigned count)
{
    char text[64];
    snprintf(text, sizeof text, "[%%fill %u]", count);
    change(host, text);
}

static inline int64_t length(struct host *host)
{
    return noun_list_length(state_of(host));
}

static inline bool verifies(const char *directory)
{
    struct recovery_report report;
    const struct recovery_listener listener = {0};
    enum status status = recovery_verify(directory, &listener, &report);
    if (status != STATUS_OK)
        tap_note("%s", status_message());
    return status == STATUS_OK;
}

#endif
