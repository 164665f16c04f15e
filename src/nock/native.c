/* When machine code is made, where it lies, and when it is forgotten. */
#include "nock/machine.h"

#include "os/os.h"

/* A kernel as large as the Hoon compiler takes about 4 MiB. */
#define MEMORY_BYTES ((size_t)64 << 20)
#define MEMORY_KEPT_BYTES (MEMORY_BYTES / 4 * 3)

/* What protection goes by: the largest page that Linux has anywhere. */
#define PAGE_BYTES ((size_t)64 << 10)

/* Processors other than x86-64 may hold old bytes where they fetch instructions. */
static void make_visible(uint8_t *at, size_t size_bytes)
{
    __builtin___clear_cache((char *)at, (char *)at + size_bytes);
}

/* Pages are made in steps ahead of the code: a call of the system each step, not
 * an exception each page.  (Huge pages would be split at the first change of
 * protection, and most runs need less than one.) */
static void make_ready(struct native *native)
{
    if (native->used_bytes + PAGE_BYTES / 2 <= native->ready_bytes)
        return;
    size_t start_bytes = native->used_bytes > native->ready_bytes ? native->used_bytes : native->ready_bytes;
    start_bytes &= ~(size_t)(PAGE_BYTES - 1);
    native->ready_bytes = start_bytes + PAGE_BYTES;
    if (native->ready_bytes <= native->size_bytes)
        os_map_populate(native->memory + start_bytes, PAGE_BYTES);
}

void native_init(struct nock *machine)
{
    struct native *native = &machine->native;
    if (!native_is_possible() || machine->options.engine == NOCK_ENGINE_INTERPRETER)
        return;
    if (os_map_reserve(MEMORY_BYTES, &native->memory) != STATUS_OK)
        return;
    native->size_bytes = MEMORY_BYTES;
    if (os_map_memory(native->memory, MEMORY_BYTES) != STATUS_OK) {
        native_finish(machine);
        return;
    }
    native->stubs_bytes = bits_round_up(native_write_stubs(machine, native->memory, MEMORY_BYTES), 16);
    native->used_bytes = native->stubs_bytes;
    native->code_bytes = bits_round_up(native->used_bytes, PAGE_BYTES);
    if (os_map_make_code(native->memory, native->code_bytes) != STATUS_OK)
        native_finish(machine); /* a system that wants none: the interpreter does */
    else
        make_visible(native->memory, native->stubs_bytes);
}

void native_finish(struct nock *machine)
{
    struct native *native = &machine->native;
    if (native->memory != NULL)
        os_map_release(native->memory, native->size_bytes);
    *native = (struct native){0};
}

void native_prepare(const struct nock *machine, struct code *code)
{
    code->native_entry = machine->native.leave_enter;
    code->native_body = NULL;
    code->entries = 0;
    for (uint32_t i = 0; i < code->slots_count;) {
        enum operation operation = slot_operation(&machine->codes, &code->slots[i]);
        i += operation_slots(operation);
        if (operation_has_landing(operation))
            code->slots[i - LANDING_SLOTS + LANDING_NATIVE].handler = machine->native.leave_land;
    }
}

void native_open(struct nock *machine)
{
    struct native *native = &machine->native;
    if (native->memory == NULL)
        return;
    size_t kept_bytes = native->used_bytes & ~(size_t)(PAGE_BYTES - 1);
    native->is_open = kept_bytes == native->code_bytes ||
                      os_map_make_writable(native->memory + kept_bytes, native->code_bytes - kept_bytes) == STATUS_OK;
    if (native->is_open)
        native->code_bytes = kept_bytes;
}

void native_close(struct nock *machine)
{
    struct native *native = &machine->native;
    if (!native->is_open)
        return;
    native->is_open = false;
    size_t end_bytes = bits_round_up(native->used_bytes, PAGE_BYTES);
    enum status status = os_map_make_code(native->memory + native->code_bytes, end_bytes - native->code_bytes);
    CHECK(status == STATUS_OK); /* it was before */
    native->code_bytes = end_bytes;
}

static void translate(struct nock *machine, struct code *code, size_t room_bytes)
{
    struct native *native = &machine->native;
    uint8_t *at = native->memory + native->used_bytes;
    make_ready(native);
    size_t written_bytes = native_write_code(machine, code, at, room_bytes);
    CHECK(written_bytes > 0); /* no template is longer than that */
    native->used_bytes += bits_round_up(written_bytes, 16);
    make_visible(at, written_bytes);
    machine->codes.has_news = true;
    machine->statistics.native_bytes = native->used_bytes;
}

void native_compile(struct nock *machine, struct code *code)
{
    struct native *native = &machine->native;
    bool was_open = native->is_open;
    size_t room_bytes = native_room_bytes(code);
    if (native->memory == NULL || room_bytes > native->size_bytes - native->used_bytes)
        return;
    if (!was_open)
        native_open(machine);
    if (native->is_open)
        translate(machine, code, room_bytes);
    if (!was_open)
        native_close(machine);
}

/* ---- several at once ------------------------------------------------------------- */

/* A code waits for others until it has been entered so many times more. */
#define WAIT_ENTRIES 32

/* Who asks for machine code at the first entries does not mean to wait. */
#define BATCHED_FROM_ENTRIES 8

static void translate_wanted(struct nock *machine)
{
    struct native *native = &machine->native;
    native_open(machine);
    for (size_t i = 0; i < native->wanted_count; i++)
        if (native->wanted[i]->native_body == NULL)
            native_compile(machine, native->wanted[i]);
    native_close(machine);
    native->wanted_count = 0;
}

void native_want(struct nock *machine, struct code *code)
{
    struct native *native = &machine->native;
    uint32_t enough = machine->options.native_after;
    if (native->memory == NULL || (code->entries != enough && code->entries != enough + WAIT_ENTRIES))
        return;
    if (code->entries == enough)
        native->wanted[native->wanted_count++] = code;
    if (native->wanted_count == NATIVE_WANTED_MAX || enough < BATCHED_FROM_ENTRIES || code->entries != enough)
        translate_wanted(machine);
}

void native_unwant(struct nock *machine, const struct code *code)
{
    struct native *native = &machine->native;
    size_t kept = 0;
    for (size_t i = 0; i < native->wanted_count; i++)
        if (native->wanted[i] != code)
            native->wanted[kept++] = native->wanted[i];
    native->wanted_count = kept;
}

void native_trim(struct nock *machine)
{
    struct native *native = &machine->native;
    if (native->used_bytes <= MEMORY_KEPT_BYTES)
        return;
    for (size_t i = 0; i < machine->codes.count; i++)
        native_prepare(machine, machine->codes.all[i]);
    native->wanted_count = 0;
    native->used_bytes = native->stubs_bytes;
}
