/* Address space: one reservation, and what is put over parts of it. */
#include "os/file.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* Huge pages need it, and it costs only address space. */
#define RESERVATION_ALIGNMENT_BYTES ((uint64_t)2 << 20)

static enum status fail(const char *what, uint64_t size_bytes)
{
    return status_fail_errno(errno, "cannot %s %" PRIu64 " bytes of address space (see ulimit -v and vm.max_map_count)",
                             what, size_bytes);
}

static void *map_nothing(void *address, uint64_t size_bytes, int flags)
{
    return mmap(address, size_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
}

enum status os_map_reserve(uint64_t size_bytes, uint8_t **base)
{
    long page_bytes = sysconf(_SC_PAGESIZE);
    if (page_bytes > OS_MAP_PAGE_BYTES) {
        *base = NULL;
        return status_fail(STATUS_LIMIT,
                           "this kernel maps memory in pages of %ld bytes, and a state has pages of %d: run a kernel "
                           "with pages of %d",
                           page_bytes, OS_MAP_PAGE_BYTES, OS_MAP_PAGE_BYTES);
    }
    uint64_t wide_bytes = size_bytes + RESERVATION_ALIGNMENT_BYTES;
    uint8_t *wide = map_nothing(NULL, wide_bytes, 0);
    if (wide == MAP_FAILED) {
        *base = NULL;
        return fail("reserve", size_bytes);
    }
    uint64_t skipped_bytes = bits_round_up((uintptr_t)wide, RESERVATION_ALIGNMENT_BYTES) - (uintptr_t)wide;
    *base = wide + skipped_bytes;
    if (skipped_bytes > 0)
        os_map_release(wide, skipped_bytes);
    if (skipped_bytes < RESERVATION_ALIGNMENT_BYTES)
        os_map_release(*base + bits_round_up(size_bytes, OS_MAP_PAGE_BYTES),
                       wide_bytes - skipped_bytes - bits_round_up(size_bytes, OS_MAP_PAGE_BYTES));
    return STATUS_OK;
}

enum status os_map_memory(uint8_t *address, uint64_t size_bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
    if (mmap(address, size_bytes, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED)
        return fail("put memory over", size_bytes);
    return STATUS_OK;
}

enum status os_map_file(uint8_t *address, uint64_t size_bytes, struct os_file *file, uint64_t offset_bytes)
{
    if (mmap(address, size_bytes, PROT_READ, MAP_SHARED | MAP_FIXED, file->descriptor, (off_t)offset_bytes) ==
        MAP_FAILED)
        return status_add_context(fail("map a file over", size_bytes), "%s", file->path);
    return STATUS_OK;
}

enum status os_map_move(uint8_t *from, uint8_t *to, uint64_t size_bytes)
{
#ifdef MREMAP_DONTUNMAP
    if (mremap(from, size_bytes, size_bytes, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to) != MAP_FAILED)
        return STATUS_OK;
    return fail("move", size_bytes);
#else
    (void)from, (void)to;
    return status_fail(STATUS_INVALID, "memory cannot be moved on this system (%" PRIu64 " bytes)", size_bytes);
#endif
}

void os_map_populate(uint8_t *address, uint64_t size_bytes)
{
#ifdef MADV_POPULATE_WRITE
    (void)madvise(address, size_bytes, MADV_POPULATE_WRITE);
#else
    (void)address, (void)size_bytes;
#endif
}

enum status os_map_protect(uint8_t *address, uint64_t size_bytes)
{
    return mprotect(address, size_bytes, PROT_READ) != 0 ? fail("protect", size_bytes) : STATUS_OK;
}

enum status os_map_forget(uint8_t *address, uint64_t size_bytes)
{
    return map_nothing(address, size_bytes, MAP_FIXED) == MAP_FAILED ? fail("clear", size_bytes) : STATUS_OK;
}

enum status os_map_make_code(uint8_t *address, uint64_t size_bytes)
{
    return mprotect(address, size_bytes, PROT_READ | PROT_EXEC) != 0 ? fail("make code of", size_bytes) : STATUS_OK;
}

enum status os_map_make_writable(uint8_t *address, uint64_t size_bytes)
{
    return mprotect(address, size_bytes, PROT_READ | PROT_WRITE) != 0 ? fail("write to", size_bytes) : STATUS_OK;
}

void os_map_release(uint8_t *address, uint64_t size_bytes)
{
    CHECK(size_bytes == 0 || munmap(address, size_bytes) == 0);
}

void os_map_discard(uint8_t *address, uint64_t size_bytes)
{
    /* Locked memory (mlockall) cannot be given back, but it can be zeroed. */
    if (size_bytes > 0 && madvise(address, size_bytes, MADV_DONTNEED) != 0)
        memset(address, 0, size_bytes);
}

static int advice_number(enum os_advice advice)
{
    switch (advice) {
    case OS_ADVICE_NORMAL:
        return MADV_NORMAL;
    case OS_ADVICE_RANDOM:
        return MADV_RANDOM;
    case OS_ADVICE_WILL_NEED:
        return MADV_WILLNEED;
    case OS_ADVICE_HUGE:
    case OS_ADVICE_HUGE_IF_CHEAP:
        return MADV_HUGEPAGE;
    }
    return MADV_NORMAL;
}

static bool is_sensible(enum os_advice advice)
{
    enum os_huge huge = os_huge_pages();
    return advice == OS_ADVICE_HUGE ? huge != OS_HUGE_DEAR : advice != OS_ADVICE_HUGE_IF_CHEAP || huge == OS_HUGE_CHEAP;
}

/* Advice that a kernel does not know is advice not taken. */
void os_map_advise(uint8_t *address, uint64_t size_bytes, enum os_advice advice)
{
    if (size_bytes > 0 && is_sensible(advice))
        (void)madvise(address, size_bytes, advice_number(advice));
}
