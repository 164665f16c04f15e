/* exit: the kernel ends the process. */
#include "driver/driver.h"

/* A code that no int holds counts as failure. */
static int code_of(noun code)
{
    return noun_is_direct(code) && code <= INT32_MAX ? (int)code : 1;
}

/* After it nothing happens any more. */
static bool is_exit(void *context, noun effect)
{
    (void)context;
    return noun_is_cell(effect) && noun_head(effect) == noun_cord("exit") && noun_is_atom(noun_tail(effect));
}

static void on_effect(struct host *host, void *context, noun effect)
{
    if (is_exit(context, effect))
        host_stop(host, code_of(noun_tail(effect)));
}

const struct host_driver driver_exit = {.name = "exit", .effect = on_effect, .is_barrier = is_exit};
