/* The C library's heap, for a program that is about to use megabytes of it.
 *
 * A page that a process touches for the first time costs an exception and its
 * clearing, two microseconds in all; of a short run's time that was a quarter.  So the
 * heap gets one stretch of address space at once, of huge pages where the system
 * has them (a fifth of that for the same memory), and keeps what it has got: what was freed
 * is handed out again rather than given back and asked for anew.
 */
#include "os/os.h"

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE_BYTES ((uintptr_t)2 << 20)
#define STRETCH_BYTES (32 << 20)
/* What is larger comes and goes by itself, and grows by moving pages. */
#define ALONE_BYTES (4 << 20)

/* More than the heap has left at the start of a program.  It ends before the
 * stretch begins, of which nothing may be touched before the system knows that
 * huge pages are wanted there. */
#define FIRST_BYTES (144 << 10)
#define BEFORE_BYTES (160 << 10)

static bool set_policy(void)
{
    return mallopt(M_TOP_PAD, STRETCH_BYTES) != 0 && mallopt(M_TRIM_THRESHOLD, 2 * STRETCH_BYTES) != 0 &&
           mallopt(M_MMAP_THRESHOLD, ALONE_BYTES) != 0;
}

void os_heap_prepare(void)
{
    uintptr_t end = (uintptr_t)sbrk(0), stretch = bits_round_up(end + BEFORE_BYTES, HUGE_PAGE_BYTES);
    if (!set_policy() || sbrk((intptr_t)(stretch - BEFORE_BYTES - end)) == (void *)-1)
        return;
    void *volatile first = malloc(FIRST_BYTES); /* volatile, or both are left out */
    free(first);
    end = (uintptr_t)sbrk(0);
    if (end > stretch)
        (void)madvise((void *)stretch, (end - stretch) & ~(HUGE_PAGE_BYTES - 1), MADV_HUGEPAGE);
    (void)mallopt(M_TOP_PAD, ALONE_BYTES);
}
#else
void os_heap_prepare(void)
{
}
#endif
