/* The word that goes with a count: printf("%" PRIu64 " %s", n, plural(n, "event", "events")). */
#ifndef BASE_PLURAL_H
#define BASE_PLURAL_H

#include <stdint.h>

static inline const char *plural(uint64_t count, const char *one, const char *more)
{
    return count == 1 ? one : more;
}

#endif
