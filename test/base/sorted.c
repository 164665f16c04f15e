#include "base/base.h"
#include "tap.h"

struct item {
    uint32_t other;
    uint64_t number;
    uint8_t more;
};

static size_t place(const struct item *items, size_t count, uint64_t key)
{
    return sorted_place(items, count, sizeof *items, offsetof(struct item, number), key);
}

static size_t place_by_looking(const struct item *items, size_t count, uint64_t key)
{
    size_t at = 0;
    while (at < count && items[at].number < key)
        at++;
    return at;
}

int main(void)
{
    struct item items[40] = {0};
    uint64_t seed = tap_seed();
    bool agree = true;
    for (size_t count = 0; count <= COUNT_OF(items); count++) {
        for (size_t i = 0; i < count; i++) /* some of them equal */
            items[i].number = (i == 0 ? 0 : items[i - 1].number) + tap_below(&seed, 3);
        for (uint64_t key = 0; key < 3 * COUNT_OF(items); key++)
            agree = agree && place(items, count, key) == place_by_looking(items, count, key);
    }
    tap_ok(agree, "the first of those that are not less is found, in arrays of 0 to %zu items", COUNT_OF(items));
    items[0].number = items[1].number = UINT64_MAX;
    tap_ok(place(items, 2, UINT64_MAX) == 0 && place(NULL, 0, 7) == 0, "at the ends, too");
    return tap_done();
}
