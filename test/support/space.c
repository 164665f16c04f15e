#include "space.h"

#include "os/os.h"

uint8_t *space_open(void)
{
    static uint8_t *base;
    if (base == NULL)
        CHECK(os_map_reserve(NOUN_SPACE_BYTES, &base) == STATUS_OK);
    noun_space_enter(base);
    return base;
}

struct stack *space_stack(void)
{
    static struct stack *stack;
    space_open();
    if (stack == NULL)
        CHECK(stack_create(NULL, &stack) == STATUS_OK);
    return stack;
}

uint64_t *space_persistent(uint64_t offset_bytes, uint64_t size_bytes)
{
    CHECK(offset_bytes + size_bytes <= NOUN_PERSISTENT_BYTES);
    uint8_t *address = space_open() + offset_bytes;
    CHECK(os_map_memory(address, size_bytes) == STATUS_OK);
    return (uint64_t *)(void *)address;
}
