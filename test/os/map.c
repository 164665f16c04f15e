#include "os/os.h"

#include "tap.h"

#ifdef __SANITIZE_THREAD__ /* its shadow leaves no room for more */
#define SPACE_BYTES ((uint64_t)1 << 36)
#else
#define SPACE_BYTES ((uint64_t)1 << 42)
#endif
#define PAGE_BYTES 4096

static void touch(void *address)
{
    (void)*(volatile uint8_t *)address;
}

static void store(void *address)
{
    *(volatile uint8_t *)address = 1;
}

static void test_reserve(void)
{
    uint8_t *base;
    tap_ok(os_map_reserve(SPACE_BYTES, &base) == STATUS_OK, "%" PRIu64 " GiB of address space are reserved",
           SPACE_BYTES >> 30);
    tap_ok((uintptr_t)base % (2 << 20) == 0, "aligned for huge pages");
    tap_ok(tap_dies(touch, base) && tap_dies(touch, base + SPACE_BYTES - 1), "nothing is behind it");
    os_map_release(base, SPACE_BYTES);
    tap_ok(os_map_reserve((uint64_t)1 << 62, &base) == STATUS_NO_MEMORY && base == NULL, "too much is refused");
}

static void test_memory(uint8_t *base)
{
    tap_ok(os_map_memory(base, 16 * PAGE_BYTES) == STATUS_OK && base[0] == 0 && base[16 * PAGE_BYTES - 1] == 0,
           "memory starts as zeros");
    memset(base, 0xff, 16 * PAGE_BYTES);
    os_map_discard(base + PAGE_BYTES, 2 * PAGE_BYTES);
    tap_ok(base[PAGE_BYTES] == 0 && base[3 * PAGE_BYTES - 1] == 0, "discarded pages are zeros again");
    tap_ok(base[PAGE_BYTES - 1] == 0xff && base[3 * PAGE_BYTES] == 0xff, "their neighbours are not");
    os_map_discard(base, 0);
    for (int advice = OS_ADVICE_NORMAL; advice <= OS_ADVICE_HUGE; advice++)
        os_map_advise(base, 16 * PAGE_BYTES, (enum os_advice)advice);
    tap_ok(base[0] == 0xff, "advice changes no contents");
    tap_ok(os_map_forget(base, PAGE_BYTES) == STATUS_OK && tap_dies(touch, base) && base[PAGE_BYTES * 4] == 0xff,
           "forgotten pages are bare reservation, others are not");
}

static void test_file(uint8_t *base, const char *home)
{
    struct os_file *file;
    CHECK(os_file_open(tap_path(home, "file"), OS_OPEN_CREATE, &file) == STATUS_OK);
    CHECK(os_file_write(file, PAGE_BYTES, "second page", 11) == STATUS_OK);
    tap_ok(os_map_file(base, 8 * PAGE_BYTES, file, PAGE_BYTES) == STATUS_OK && memcmp(base, "second page", 11) == 0,
           "a view begins at its offset");
    tap_ok(tap_dies(store, base), "a view cannot be written through");
    tap_ok(tap_dies(touch, base + 4 * PAGE_BYTES), "beyond the file's end is nothing");
    CHECK(os_file_write(file, 5 * PAGE_BYTES, "fifth", 5) == STATUS_OK);
    tap_ok(memcmp(base + 4 * PAGE_BYTES, "fifth", 5) == 0, "until the file has grown");
    CHECK(os_file_write(file, PAGE_BYTES, "SECOND", 6) == STATUS_OK);
    tap_ok(memcmp(base, "SECOND page", 11) == 0, "what is written to the file is seen in the view");
    os_file_close(file);
    tap_ok(base[0] == 'S', "a view outlives its file");
    tap_ok(os_map_memory(base, PAGE_BYTES) == STATUS_OK && base[0] == 0, "memory may be put over a view");
}

int main(void)
{
    test_reserve();
    uint8_t *base;
    CHECK(os_map_reserve(64 << 20, &base) == STATUS_OK);
    test_memory(base);
    test_file(base, tap_scratch());
    os_map_release(base, 64 << 20);
    return tap_done();
}
