/* The C library's heap, for a program that is about to use megabytes of it.
 *
 * A page that a process touches for the first time costs an exception and its
 * clearing, two microseconds in all; of a short run's time that was a quarter.  So the
 * heap gets one stretch of address space at once, of huge pages where the system
 * has them (a fifth of that for the same memory), and keeps what it has got: what was freed
 * is handed out again rather than given back and asked for anew.
 *
 * But a virtual machine may have to get a huge page from its host first, having
 * told the host that its memory was free, and that takes up to ten times as long as
 * small pages, which it mostly still has.  So the first huge page is timed;
 * if it was dear the process does without them.  The next ones may be dear all the
 * same, so who asks for many looks at each (os_map_populate_huge).
 */
#include "os/os.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "os/file.h"

static _Atomic enum os_huge huge = OS_HUGE_UNKNOWN;

enum os_huge os_huge_pages(void)
{
    return atomic_load_explicit(&huge, memory_order_relaxed);
}

#define HUGE_PAGE_BYTES ((uintptr_t)2 << 20)
#define DEAR_NS 1500000 /* small pages for half a huge one take a third of that */

/* Who has asked for huge pages gets small ones there. */
static void do_without(uint8_t *address, uint64_t size_bytes)
{
#ifdef MADV_NOHUGEPAGE
    (void)madvise(address, size_bytes, MADV_NOHUGEPAGE);
#else
    (void)address, (void)size_bytes;
#endif
}

void os_map_populate_huge(uint8_t *address, uint64_t size_bytes, uint64_t ahead_bytes)
{
    uint64_t started_ns = os_clock_cpu_ns();
    os_map_populate(address, size_bytes);
    if (os_clock_cpu_ns() - started_ns < DEAR_NS)
        return;
    uintptr_t next = bits_round_up((uintptr_t)address + size_bytes, HUGE_PAGE_BYTES);
    do_without((uint8_t *)next, ahead_bytes);
}

#ifdef __GLIBC__
#include <malloc.h>
#include <unistd.h>

#define STRETCH_BYTES (32 << 20)
/* What is larger comes and goes by itself, and grows by moving pages. */
#define ALONE_BYTES (4 << 20)
#define ALONE_DEFAULT_BYTES (128 << 10)
#define PAD_DEFAULT_BYTES (128 << 10)

/* More than the heap has left at the start of a program.  It ends before the
 * stretch begins, of which nothing may be touched before the system knows that
 * huge pages are wanted there. */
#define FIRST_BYTES (144 << 10)
#define BEFORE_BYTES (160 << 10)

static void set_policy(int pad_bytes, int kept_bytes, int alone_bytes)
{
    (void)mallopt(M_TOP_PAD, pad_bytes);
    (void)mallopt(M_TRIM_THRESHOLD, kept_bytes);
    (void)mallopt(M_MMAP_THRESHOLD, alone_bytes);
}

/* The heap grows up to, and by, a stretch; its address, or 0. */
static uintptr_t make_stretch(uintptr_t *end)
{
    uintptr_t at = (uintptr_t)sbrk(0), stretch = bits_round_up(at + BEFORE_BYTES, HUGE_PAGE_BYTES);
    set_policy(STRETCH_BYTES, 2 * STRETCH_BYTES, ALONE_BYTES);
    if (sbrk((intptr_t)(stretch - BEFORE_BYTES - at)) == (void *)-1)
        return 0;
    void *volatile first = malloc(FIRST_BYTES); /* volatile, or both are left out */
    free(first);
    *end = (uintptr_t)sbrk(0) & ~(HUGE_PAGE_BYTES - 1);
    return *end > stretch ? stretch : 0;
}

static bool is_cheap(uintptr_t page)
{
    uint64_t started_ns = os_clock_cpu_ns();
    *(volatile uint8_t *)page = 0;
    return os_clock_cpu_ns() - started_ns < DEAR_NS;
}

void os_heap_prepare(void)
{
    uintptr_t end = 0, stretch = make_stretch(&end);
    bool is_huge = stretch != 0 && madvise((void *)stretch, end - stretch, MADV_HUGEPAGE) == 0;
    if (is_huge && is_cheap(stretch)) {
        set_policy(ALONE_BYTES, 2 * STRETCH_BYTES, ALONE_BYTES);
        atomic_store_explicit(&huge, OS_HUGE_CHEAP, memory_order_relaxed);
        return;
    }
    set_policy(PAD_DEFAULT_BYTES, 2 * STRETCH_BYTES, ALONE_DEFAULT_BYTES);
    if (is_huge) {
        do_without((uint8_t *)stretch, end - stretch);
        atomic_store_explicit(&huge, OS_HUGE_DEAR, memory_order_relaxed);
    }
}
#else
void os_heap_prepare(void)
{
}
#endif
