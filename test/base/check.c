#include "base/base.h"
#include "tap.h"

static void check_false(void *context)
{
    CHECK(context != NULL);
}

static void run_out_of_memory(void *context)
{
    (void)context;
    check_out_of_memory(__FILE__, __LINE__, 42);
}

static void check_debug_false(void *context)
{
    (void)context;
    CHECK_DEBUG(context != NULL);
}

static void check_hostile_false(void *context)
{
    (void)context;
    CHECK_HOSTILE(context != NULL);
}

int main(void)
{
    int something;
    tap_ok(tap_dies(check_false, NULL), "CHECK of something false aborts");
    tap_ok(!tap_dies(check_false, &something), "CHECK of something true does nothing");
    tap_ok(tap_dies(run_out_of_memory, NULL), "no memory for our own bookkeeping aborts");
#ifdef NDEBUG
    bool debug_is_on = false;
#else
    bool debug_is_on = true;
#endif
#ifdef LOAM_HOSTILE
    bool hostile_is_on = true;
#else
    bool hostile_is_on = false;
#endif
    tap_ok(tap_dies(check_debug_false, NULL) == debug_is_on, "CHECK_DEBUG goes with release builds");
    tap_ok(tap_dies(check_hostile_false, NULL) == hostile_is_on, "CHECK_HOSTILE lives in hostile builds");
    return tap_done();
}
