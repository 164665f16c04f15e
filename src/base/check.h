/* Our own mistakes: a check that fails aborts the process with its place.
 *
 * Three prices.  CHECK is cheap and stays in every build.  CHECK_DEBUG is for
 * hot paths and goes with release builds (NDEBUG).  CHECK_HOSTILE may cost as
 * much as the work it checks and lives in the hostile build only.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

_Noreturn void check_failed(const char *file, int line, const char *condition);

/* The process has no memory left for its own bookkeeping; nothing can go on. */
_Noreturn void check_out_of_memory(const char *file, int line, unsigned long size_bytes);

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))

#ifdef NDEBUG
#define CHECK_DEBUG(condition) ((void)sizeof(condition))
#else
#define CHECK_DEBUG(condition) CHECK(condition)
#endif

#ifdef LOAM_HOSTILE
#define CHECK_HOSTILE(condition) CHECK(condition)
#else
#define CHECK_HOSTILE(condition) ((void)sizeof(condition))
#endif

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#endif
