/* What every test of a host does. */
#ifndef TEST_HOST_HOST_TEST_H
#define TEST_HOST_HOST_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "host/host.h"
#include "os/os.h"
#include "support/tap.h"
#include "test_kernel.h"

static inline void must(enum status status)
{
    if (status == STATUS_OK)
        return;
    printf("Bail out! %s\n", status_message());
    exit(1);
}

/* Free its bytes. */
static inline struct host_kernel kernel_of(const char *text)
{
    struct recovery_kernel kernel = test_kernel_jam(text);
    return (struct host_kernel){kernel.bytes, kernel.size_bytes};
}

/* On the host's stack. */
static inline noun read_cause(struct host *host, const char *text)
{
    noun cause;
    must(codec_read(host_stack(host), "cause", text, strlen(text), &cause));
    return cause;
}

static inline struct host_event poke(struct host *host, const char *cause_text)
{
    struct host_event event;
    host_reset(host);
    must(host_poke(host, host_wire(host, "sys", NULL), read_cause(host, cause_text), &event));
    return event;
}

/* The state of a kernel that answers peeks with it. */
static inline noun state_of(struct host *host)
{
    noun product;
    host_reset(host);
    must(host_peek(host, stack_cell(host_stack(host), noun_cord("x"), 0), &product));
    return noun_at(product, 7);
}

static inline struct host_status facts_of(struct host *host)
{
    struct host_status facts;
    must(host_status_read(host, &facts));
    return facts;
}

#endif
