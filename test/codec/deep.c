/* Ten million levels through everything, on the C stack of any thread. */
#include "codec/codec.h"

#include <stdlib.h>

#include "support/space.h"
#include "support/tap.h"

#define DEPTH 10000000

static struct stack *stack;

/* Cells whose head or tail is the next level; the other part counts to three. */
static noun build(bool to_the_left)
{
    noun n = 0;
    for (uint64_t i = 0; i < DEPTH; i++)
        n = to_the_left ? stack_cell(stack, n, i & 3) : stack_cell(stack, i & 3, n);
    return n;
}

static bool is_whole(noun n, bool to_the_left)
{
    for (uint64_t i = DEPTH; i-- > 0;) {
        if (!noun_is_cell(n) || (to_the_left ? noun_tail(n) : noun_head(n)) != (i & 3))
            return false;
        n = to_the_left ? noun_head(n) : noun_tail(n);
    }
    return n == 0;
}

static void try_bits(noun n, bool to_the_left)
{
    uint8_t *bytes;
    size_t size_bytes;
    noun again = 0;
    CHECK(codec_jam(n, &bytes, &size_bytes) == STATUS_OK);
    stack_clear(stack);
    enum status status = codec_cue(stack, bytes, size_bytes, NULL, &again);
    tap_ok(status == STATUS_OK && is_whole(again, to_the_left), "%zu bytes of jam", size_bytes);
    free(bytes);
}

static void try_text(noun n, bool to_the_left)
{
    char *text;
    size_t size_bytes;
    noun again = 0;
    CHECK(codec_print(n, &(struct codec_text_options){.tapes = true}, &text, &size_bytes) == STATUS_OK);
    stack_clear(stack);
    enum status status = codec_read(stack, "text", text, size_bytes, &again);
    tap_ok(status == STATUS_OK && is_whole(again, to_the_left), "%zu bytes of text", size_bytes);
    free(text);
}

static void try_unfinished(void)
{
    char *bytes = malloc(DEPTH);
    CHECK(bytes != NULL);
    noun n;
    memset(bytes, '[', DEPTH);
    tap_ok(codec_read(stack, "text", bytes, DEPTH, &n) == STATUS_INVALID, "brackets that only open");
    memset(bytes, 0x55, DEPTH / 4);
    tap_ok(codec_cue(stack, bytes, DEPTH / 4, NULL, &n) == STATUS_INVALID, "cells that only begin");
    free(bytes);
}

int main(void)
{
    stack = space_stack();
    for (int to_the_left = 0; to_the_left <= 1; to_the_left++) {
        try_bits(build(to_the_left), to_the_left);
        try_text(build(to_the_left), to_the_left);
        stack_clear(stack);
    }
    try_unfinished();
    return tap_done();
}
