#include "space.h"

#include "os/os.h"

uint8_t *space_open_numbered(unsigned number)
{
    static uint8_t *bases[SPACE_COUNT];
    CHECK(number < SPACE_COUNT);
    if (bases[number] == NULL)
        CHECK(os_map_reserve(NOUN_SPACE_BYTES, &bases[number]) == STATUS_OK);
    noun_space_enter(bases[number]);
    return bases[number];
}

uint8_t *space_open(void)
{
    return space_open_numbered(0);
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
