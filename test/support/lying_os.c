#include "lying_os.h"

#include <errno.h>
#include <stdlib.h>

/* What the linker calls the real ones, and us. */
enum status __real_os_file_open(const char *path, enum os_open mode, struct os_file **out);
enum status __real_os_file_size(struct os_file *file, uint64_t *size_bytes);
enum status __real_os_file_read(struct os_file *file, uint64_t offset_bytes, void *bytes, size_t size_bytes);
enum status __real_os_file_write(struct os_file *file, uint64_t offset_bytes, const void *bytes, size_t size_bytes);
enum status __real_os_file_allocate(struct os_file *file, uint64_t offset_bytes, uint64_t size_bytes);
enum status __real_os_file_truncate(struct os_file *file, uint64_t size_bytes);
enum status __real_os_file_lock(struct os_file *file, bool exclusive);
enum status __real_os_map_file(uint8_t *address, uint64_t size_bytes, struct os_file *file, uint64_t offset_bytes);
enum status __real_os_rename(const char *from, const char *to);
enum status __real_os_remove(const char *path);

enum status __wrap_os_file_open(const char *path, enum os_open mode, struct os_file **out);
enum status __wrap_os_file_size(struct os_file *file, uint64_t *size_bytes);
enum status __wrap_os_file_read(struct os_file *file, uint64_t offset_bytes, void *bytes, size_t size_bytes);
enum status __wrap_os_file_write(struct os_file *file, uint64_t offset_bytes, const void *bytes, size_t size_bytes);
enum status __wrap_os_file_sync(struct os_file *file);
enum status __wrap_os_file_allocate(struct os_file *file, uint64_t offset_bytes, uint64_t size_bytes);
enum status __wrap_os_file_truncate(struct os_file *file, uint64_t size_bytes);
enum status __wrap_os_file_lock(struct os_file *file, bool exclusive);
enum status __wrap_os_map_file(uint8_t *address, uint64_t size_bytes, struct os_file *file, uint64_t offset_bytes);
enum status __wrap_os_rename(const char *from, const char *to);
enum status __wrap_os_remove(const char *path);

/* ---- the journal ----------------------------------------------------------- */

static struct {
    char path[4096];
    uint8_t *start; /* owned: what the file held at first */
    size_t start_bytes;
    struct lying_operation *operations; /* owned, with their bytes */
    size_t count;
    size_t capacity;
} journal;

static void *allocate_or_die(void *old, size_t size_bytes)
{
    void *memory = realloc(old, size_bytes == 0 ? 1 : size_bytes);
    CHECK(memory != NULL);
    return memory;
}

void lying_watch(const char *path)
{
    for (size_t i = 0; i < journal.count; i++)
        free(journal.operations[i].bytes);
    free(journal.start);
    journal.count = 0;
    CHECK(strlen(path) < sizeof journal.path);
    strcpy(journal.path, path);
    CHECK(os_read_whole(path, SIZE_MAX, &journal.start, &journal.start_bytes) == STATUS_OK);
}

static struct lying_operation *add(enum lying_kind kind, uint64_t offset_bytes)
{
    if (journal.count == journal.capacity) {
        journal.capacity = journal.capacity == 0 ? 256 : journal.capacity * 2;
        journal.operations = allocate_or_die(journal.operations, journal.capacity * sizeof *journal.operations);
    }
    struct lying_operation *operation = &journal.operations[journal.count++];
    *operation = (struct lying_operation){.kind = kind, .offset_bytes = offset_bytes};
    return operation;
}

static bool is_watched(const struct os_file *file)
{
    return strcmp(os_file_path(file), journal.path) == 0;
}

void lying_note(uint64_t note)
{
    add(LYING_NOTE, note);
}

size_t lying_count(void)
{
    return journal.count;
}

const struct lying_operation *lying_operation(size_t index)
{
    CHECK(index < journal.count);
    return &journal.operations[index];
}

/* ---- crash states ---------------------------------------------------------- */

/* A pending operation is one that changes the file and was not made durable:
 * after the last sync that worked, or doubtful. */
size_t lying_pending(size_t point, size_t *pending)
{
    CHECK(point <= journal.count);
    size_t count = 0, doubtful_count = 0;
    for (size_t i = 0; i < point; i++) {
        switch (journal.operations[i].kind) {
        case LYING_WRITE:
        case LYING_SIZE:
            pending[count++] = i;
            break;
        case LYING_SYNC:
            count = doubtful_count;
            break;
        case LYING_SYNC_FAILED:
            doubtful_count = count;
            break;
        case LYING_NOTE:
            break;
        }
    }
    return count;
}

struct image {
    uint8_t *bytes; /* owned */
    size_t size_bytes;
    size_t capacity_bytes;
};

static void image_resize(struct image *image, size_t size_bytes)
{
    if (size_bytes > image->capacity_bytes) {
        image->bytes = allocate_or_die(image->bytes, size_bytes);
        image->capacity_bytes = size_bytes;
    }
    if (size_bytes > image->size_bytes)
        memset(image->bytes + image->size_bytes, 0, size_bytes - image->size_bytes);
    image->size_bytes = size_bytes;
}

/* Copies part of a write, as far as the file reaches. */
static void apply_part(struct image *image, const struct lying_operation *operation, size_t from, size_t to)
{
    uint64_t start_bytes = operation->offset_bytes + from, end_bytes = operation->offset_bytes + to;
    if (end_bytes > image->size_bytes)
        end_bytes = image->size_bytes;
    if (start_bytes < end_bytes)
        memcpy(image->bytes + start_bytes, operation->bytes + from, end_bytes - start_bytes);
}

static void apply_size(struct image *image, const struct lying_operation *operation)
{
    if (operation->is_truncate || operation->offset_bytes > image->size_bytes)
        image_resize(image, operation->offset_bytes);
}

static void apply_whole(struct image *image, const struct lying_operation *operation)
{
    if (operation->kind == LYING_SIZE)
        apply_size(image, operation);
    else if (operation->kind == LYING_WRITE)
        apply_part(image, operation, 0, operation->size_bytes);
}

static void apply_kept(struct image *image, const struct lying_operation *operation, size_t index, lying_keep *keep,
                       void *context)
{
    if (operation->kind == LYING_SIZE) {
        if (keep(context, index, 0))
            apply_size(image, operation);
        return;
    }
    size_t skew = operation->offset_bytes % LYING_SECTOR_BYTES;
    for (size_t from = 0, sector = 0; from < operation->size_bytes; sector++) {
        size_t to = (sector + 1) * LYING_SECTOR_BYTES - skew;
        if (to > operation->size_bytes)
            to = operation->size_bytes;
        if (keep(context, index, sector))
            apply_part(image, operation, from, to);
        from = to;
    }
}

const uint8_t *lying_image(size_t point, const size_t *pending, size_t count, lying_keep *keep, void *context,
                           size_t *size_bytes)
{
    static struct image image;
    image.size_bytes = 0;
    image_resize(&image, journal.start_bytes);
    memcpy(image.bytes, journal.start, journal.start_bytes);
    size_t next = 0;
    for (size_t i = 0; i < point; i++) {
        if (next < count && pending[next] == i) {
            apply_kept(&image, &journal.operations[i], next, keep, context);
            next++;
        } else {
            apply_whole(&image, &journal.operations[i]);
        }
    }
    *size_bytes = image.size_bytes;
    return image.bytes;
}

/* ---- failing calls --------------------------------------------------------- */

const char *const lying_call_names[LYING_CALL_COUNT] = {
    "open", "size", "read", "write", "sync", "allocate", "truncate", "lock", "map", "rename", "remove",
};

static struct {
    uint32_t call_mask;
    uint64_t nth;
    int error_number;
    bool for_good;
    uint64_t calls;
    uint64_t failures;
} fault;

void lying_fail(uint32_t call_mask, uint64_t nth, int error_number, bool for_good)
{
    fault.call_mask = call_mask;
    fault.nth = nth;
    fault.error_number = error_number;
    fault.for_good = for_good;
    fault.calls = fault.failures = 0;
}

void lying_pause(void)
{
    fault.call_mask = 0;
}

uint64_t lying_failures(void)
{
    return fault.failures;
}

static bool fails(enum lying_call call)
{
    if ((fault.call_mask >> call & 1) == 0)
        return false;
    uint64_t number = fault.calls++;
    bool is_failing = number == fault.nth || (fault.for_good && number > fault.nth);
    fault.failures += is_failing;
    return is_failing;
}

static enum status fail(enum lying_call call, const char *path)
{
    return status_fail_errno(fault.error_number, "cannot %s %s (a lie)", lying_call_names[call], path);
}

/* ---- the calls ------------------------------------------------------------- */

enum status __wrap_os_file_open(const char *path, enum os_open mode, struct os_file **out)
{
    *out = NULL;
    return fails(LYING_CALL_OPEN) ? fail(LYING_CALL_OPEN, path) : __real_os_file_open(path, mode, out);
}

enum status __wrap_os_file_size(struct os_file *file, uint64_t *size_bytes)
{
    return fails(LYING_CALL_SIZE) ? fail(LYING_CALL_SIZE, os_file_path(file)) : __real_os_file_size(file, size_bytes);
}

enum status __wrap_os_file_read(struct os_file *file, uint64_t offset_bytes, void *bytes, size_t size_bytes)
{
    if (fails(LYING_CALL_READ))
        return fail(LYING_CALL_READ, os_file_path(file));
    return __real_os_file_read(file, offset_bytes, bytes, size_bytes);
}

static bool is_zeros(const uint8_t *bytes, size_t size_bytes)
{
    return size_bytes == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size_bytes - 1) == 0);
}

/* Zeros over zeros make no state that there is not without them. */
static bool is_pointless(struct os_file *file, uint64_t offset_bytes, const uint8_t *bytes, size_t size_bytes)
{
    if (!is_zeros(bytes, size_bytes))
        return false;
    uint8_t *old = allocate_or_die(NULL, size_bytes);
    bool were_zeros =
        __real_os_file_read(file, offset_bytes, old, size_bytes) == STATUS_OK && is_zeros(old, size_bytes);
    free(old);
    return were_zeros;
}

static enum status write_recorded(struct os_file *file, uint64_t offset_bytes, const void *bytes, size_t size_bytes)
{
    if (!is_watched(file) || is_pointless(file, offset_bytes, bytes, size_bytes))
        return __real_os_file_write(file, offset_bytes, bytes, size_bytes);
    STATUS_TRY(__real_os_file_write(file, offset_bytes, bytes, size_bytes));
    struct lying_operation *operation = add(LYING_WRITE, offset_bytes);
    operation->size_bytes = size_bytes;
    operation->bytes = allocate_or_die(NULL, size_bytes);
    memcpy(operation->bytes, bytes, size_bytes);
    return STATUS_OK;
}

enum status __wrap_os_file_write(struct os_file *file, uint64_t offset_bytes, const void *bytes, size_t size_bytes)
{
    if (!fails(LYING_CALL_WRITE))
        return write_recorded(file, offset_bytes, bytes, size_bytes);
    STATUS_TRY(write_recorded(file, offset_bytes, bytes, size_bytes / 2));
    return fail(LYING_CALL_WRITE, os_file_path(file));
}

enum status __wrap_os_file_sync(struct os_file *file)
{
    bool is_failing = fails(LYING_CALL_SYNC);
    if (is_watched(file))
        add(is_failing ? LYING_SYNC_FAILED : LYING_SYNC, 0);
    return is_failing ? fail(LYING_CALL_SYNC, os_file_path(file)) : STATUS_OK;
}

enum status __wrap_os_file_allocate(struct os_file *file, uint64_t offset_bytes, uint64_t size_bytes)
{
    if (fails(LYING_CALL_ALLOCATE))
        return fail(LYING_CALL_ALLOCATE, os_file_path(file));
    STATUS_TRY(__real_os_file_allocate(file, offset_bytes, size_bytes));
    if (is_watched(file))
        add(LYING_SIZE, offset_bytes + size_bytes);
    return STATUS_OK;
}

enum status __wrap_os_file_truncate(struct os_file *file, uint64_t size_bytes)
{
    if (fails(LYING_CALL_TRUNCATE))
        return fail(LYING_CALL_TRUNCATE, os_file_path(file));
    STATUS_TRY(__real_os_file_truncate(file, size_bytes));
    if (is_watched(file))
        add(LYING_SIZE, size_bytes)->is_truncate = true;
    return STATUS_OK;
}

enum status __wrap_os_file_lock(struct os_file *file, bool exclusive)
{
    return fails(LYING_CALL_LOCK) ? fail(LYING_CALL_LOCK, os_file_path(file)) : __real_os_file_lock(file, exclusive);
}

enum status __wrap_os_map_file(uint8_t *address, uint64_t size_bytes, struct os_file *file, uint64_t offset_bytes)
{
    if (fails(LYING_CALL_MAP))
        return fail(LYING_CALL_MAP, os_file_path(file));
    return __real_os_map_file(address, size_bytes, file, offset_bytes);
}

enum status __wrap_os_rename(const char *from, const char *to)
{
    return fails(LYING_CALL_RENAME) ? fail(LYING_CALL_RENAME, from) : __real_os_rename(from, to);
}

enum status __wrap_os_remove(const char *path)
{
    return fails(LYING_CALL_REMOVE) ? fail(LYING_CALL_REMOVE, path) : __real_os_remove(path);
}
