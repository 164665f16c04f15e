#include <threads.h>

#include "base/base.h"
#include "tap.h"

#define MANY 1000000

static void test_order(void)
{
    struct wordstack stack;
    wordstack_init(&stack);
    tap_ok(wordstack_is_empty(&stack), "a new stack is empty");
    for (uint64_t i = 0; i < MANY; i++)
        wordstack_push(&stack, i);
    bool in_order = stack.count == MANY;
    for (uint64_t i = MANY; i-- > 0;)
        in_order = in_order && wordstack_pop(&stack) == i;
    tap_ok(in_order && wordstack_is_empty(&stack), "words come back in reverse");
    wordstack_finish(&stack);
    tap_ok(stack.words == NULL && wordstack_is_empty(&stack), "a finished stack is a new one");
}

/* Pairs at odd counts cross every capacity that the stack grows through. */
static void test_pairs(void)
{
    struct wordstack stack;
    wordstack_init(&stack);
    wordstack_push(&stack, 7);
    for (uint64_t i = 0; i < MANY; i++)
        wordstack_push2(&stack, i, ~i);
    bool in_order = true;
    for (uint64_t i = MANY; i-- > 0;)
        in_order = in_order && wordstack_pop(&stack) == ~i && wordstack_pop(&stack) == i;
    tap_ok(in_order && wordstack_pop(&stack) == 7, "pairs come back second first");
    wordstack_finish(&stack);
}

static void test_grow(void)
{
    struct wordstack stack;
    wordstack_init(&stack);
    wordstack_push(&stack, 1);
    wordstack_grow(&stack, 100000);
    uint64_t *words = stack.words;
    for (uint64_t i = 0; i < 100000; i++)
        wordstack_push(&stack, i);
    tap_ok(stack.words == words && stack.words[0] == 1, "room that was made is there without moving");
    wordstack_finish(&stack);
}

static void take_twice(void *context)
{
    (void)context;
    wordstack_take();
    wordstack_take();
}

/* The leak checker sees whether a thread's goes with it. */
static int take_in_a_thread(void *other)
{
    struct wordstack *stack = wordstack_take();
    wordstack_push(stack, 7);
    bool is_own = stack != other && wordstack_pop(stack) == 7;
    wordstack_give_back(stack);
    return is_own;
}

static void test_taken(void)
{
    struct wordstack *stack = wordstack_take();
    wordstack_push(stack, 1);
    uint64_t *words = stack->words;
    wordstack_give_back(stack);
    stack = wordstack_take();
    tap_ok(stack->words == words && wordstack_is_empty(stack), "a thread's own stack comes back empty and warm");
    thrd_t thread;
    int is_own = 0;
    CHECK(thrd_create(&thread, take_in_a_thread, stack) == thrd_success && thrd_join(thread, &is_own) == thrd_success);
    tap_ok(is_own, "another thread has another");
    wordstack_grow(stack, MANY);
    wordstack_give_back(stack);
    tap_ok(stack->words == NULL, "a large one is not kept");
    tap_ok(tap_dies(take_twice, NULL), "two traversals may not take it at once");
}

int main(void)
{
    test_taken();
    test_order();
    test_pairs();
    test_grow();
    return tap_done();
}
