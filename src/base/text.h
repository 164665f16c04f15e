/* Text for messages and paths. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdint.h>

/* The word that goes with a count: printf("%" PRIu64 " %s", n, plural(n, "event", "events")). */
static inline const char *plural(uint64_t count, const char *one, const char *more)
{
    return count == 1 ? one : more;
}

/* What printf would print; the caller frees it.  Without memory for it the process ends. */
__attribute__((format(printf, 1, 2))) char *text_format(const char *format, ...);

#endif
