/* What a power cut at a point may take, and what is durable then.
 *
 * Points are visited upwards, so both follow the journal: an operation is
 * pending until a sync of its file, or of its name's directory, settles it.  What
 * a failed sync was about is doubtful: nothing ever settles it.
 */
#include "lying_private.h"

#include <stdlib.h>

struct lying_cut lying_cut;

void lying_cut_forget(void)
{
    lying_cut.count = lying_cut.point = 0;
}

void lying_map_apply(int *map, const struct lying_operation *operation)
{
    switch (operation->kind) {
    case LYING_LINK:
        map[operation->name] = operation->file;
        break;
    case LYING_UNLINK:
        map[operation->name] = LYING_NO_FILE;
        break;
    case LYING_RENAME:
        map[operation->name] = LYING_NO_FILE;
        map[operation->other_name] = operation->file;
        break;
    default:
        break;
    }
}

static bool is_data(enum lying_kind kind)
{
    return kind == LYING_WRITE || kind == LYING_ZERO || kind == LYING_SIZE;
}

static bool is_naming(enum lying_kind kind)
{
    return kind == LYING_LINK || kind == LYING_UNLINK || kind == LYING_RENAME;
}

/* ---- the base ------------------------------------------------------------------ */

static uint64_t sum_of(const struct lying_file *file, uint64_t from_bytes, uint64_t to_bytes)
{
    uint8_t bytes[LYING_SECTOR_BYTES];
    uint64_t sum = 0;
    for (uint64_t sector = from_bytes / LYING_SECTOR_BYTES;
         sector * LYING_SECTOR_BYTES < to_bytes && sector * LYING_SECTOR_BYTES < file->base.size_bytes; sector++) {
        lying_base_sector(file, sector, bytes);
        sum += lying_sector_hash(bytes, sector);
    }
    return sum;
}

/* The bytes that an operation may change, of a base of this size. */
static struct lying_span span_of(const struct lying_operation *operation, uint64_t size_bytes)
{
    uint64_t at = operation->offset_bytes;
    if (operation->kind != LYING_SIZE)
        return (struct lying_span){at, at + operation->size_bytes};
    return at < size_bytes ? (struct lying_span){at, size_bytes} : (struct lying_span){size_bytes, at};
}

static void make_durable(const struct lying_operation *operation)
{
    if (!is_data(operation->kind))
        return;
    struct lying_file *file = &lying.files[operation->file];
    struct lying_span span = span_of(operation, file->base.size_bytes);
    file->base_sum -= sum_of(file, span.from_bytes, span.to_bytes);
    if (operation->kind == LYING_WRITE)
        lying_bytes_write(&file->base, operation->offset_bytes, operation->bytes, operation->size_bytes);
    else if (operation->kind == LYING_SIZE)
        lying_bytes_resize(&file->base, operation->offset_bytes);
    else if (span.from_bytes < file->base.size_bytes)
        memset(file->base.bytes + span.from_bytes, 0,
               (span.to_bytes < file->base.size_bytes ? span.to_bytes : file->base.size_bytes) - span.from_bytes);
    file->base_sum += sum_of(file, span.from_bytes, span.to_bytes);
    lying_dirty(file, span.from_bytes, span.to_bytes);
}

static void begin_base(void)
{
    lying_cut.count = lying_cut.point = 0;
    for (size_t i = 0; i < lying.operation_count; i++)
        lying.operations[i].is_doubtful = false;
    for (int i = 0; i < lying.journal_file_count; i++) {
        struct lying_file *file = &lying.files[i];
        uint64_t old_bytes = file->base.size_bytes;
        file->base.size_bytes = 0;
        lying_bytes_write(&file->base, 0, file->start.bytes, file->start.size_bytes);
        file->base_sum = sum_of(file, 0, file->base.size_bytes);
        lying_dirty(file, 0, old_bytes < file->base.size_bytes ? file->base.size_bytes : old_bytes);
    }
}

/* ---- following the journal --------------------------------------------------------- */

static void add_pending(size_t index)
{
    if (lying_cut.count == lying_cut.capacity) {
        lying_cut.capacity = lying_cut.capacity == 0 ? 256 : 2 * lying_cut.capacity;
        lying_cut.pending = lying_allocate(lying_cut.pending, lying_cut.capacity * sizeof *lying_cut.pending);
    }
    lying_cut.pending[lying_cut.count++] = index;
}

/* A rename is durable with the directory that has the new name. */
static int directory_of(const struct lying_operation *operation)
{
    return lying.names[operation->kind == LYING_RENAME ? operation->other_name : operation->name].parent;
}

/* A sync of a file, or of a directory. */
static void settle(int file, bool is_directory)
{
    size_t kept = 0;
    for (size_t i = 0; i < lying_cut.count; i++) {
        const struct lying_operation *operation = &lying.operations[lying_cut.pending[i]];
        bool is_meant = is_directory ? is_naming(operation->kind) && directory_of(operation) == file
                                     : is_data(operation->kind) && operation->file == file;
        if (is_meant && !operation->is_doubtful)
            make_durable(operation);
        else
            lying_cut.pending[kept++] = lying_cut.pending[i];
    }
    lying_cut.count = kept;
}

static void doubt(int file)
{
    for (size_t i = 0; i < lying_cut.count; i++) {
        struct lying_operation *operation = &lying.operations[lying_cut.pending[i]];
        if (is_data(operation->kind) && operation->file == file)
            operation->is_doubtful = true;
    }
}

static void follow(size_t index)
{
    const struct lying_operation *operation = &lying.operations[index];
    if (is_data(operation->kind) || is_naming(operation->kind))
        add_pending(index);
    else if (operation->kind == LYING_SYNC)
        settle(operation->file, false);
    else if (operation->kind == LYING_DIRECTORY_SYNC)
        settle(operation->file, true);
    else if (operation->kind == LYING_SYNC_FAILED)
        doubt(operation->file);
}

/* ---- from the base to a state -------------------------------------------------------- */

static void add_step(size_t operation, size_t pending)
{
    if (lying_cut.step_count == lying_cut.step_capacity) {
        lying_cut.step_capacity = lying_cut.step_capacity == 0 ? 256 : 2 * lying_cut.step_capacity;
        lying_cut.steps = lying_allocate(lying_cut.steps, lying_cut.step_capacity * sizeof *lying_cut.steps);
    }
    lying_cut.steps[lying_cut.step_count++] = (struct lying_step){operation, pending};
}

/* Is there something doubtful in the file that this one goes over? */
static bool follows_doubtful(size_t next, int file)
{
    for (size_t i = 0; i < next; i++) {
        const struct lying_operation *operation = &lying.operations[lying_cut.pending[i]];
        if (operation->is_doubtful && operation->file == file)
            return true;
    }
    return false;
}

/* Names are applied from the first pending one on, with the durable ones between. */
static void plan_steps(void)
{
    bool has_pending_name = false;
    lying_cut.step_count = 0;
    memcpy(lying_cut.base_map, lying.start_map, sizeof lying_cut.base_map);
    for (size_t i = 0, next = 0; i < lying_cut.point; i++) {
        const struct lying_operation *operation = &lying.operations[i];
        if (next < lying_cut.count && lying_cut.pending[next] == i) {
            has_pending_name = has_pending_name || is_naming(operation->kind);
            add_step(i, next++);
        } else if (is_naming(operation->kind)) {
            if (has_pending_name)
                add_step(i, SIZE_MAX);
            else
                lying_map_apply(lying_cut.base_map, operation);
        } else if (is_data(operation->kind) && follows_doubtful(next, operation->file)) {
            add_step(i, SIZE_MAX);
        }
    }
}

size_t lying_disk_base(size_t point, const size_t **pending)
{
    CHECK(lying.mode == LYING_PLAYING && point <= lying.operation_count);
    if (point < lying_cut.point || lying_cut.point == 0)
        begin_base();
    for (size_t i = lying_cut.point; i < point; i++)
        follow(i);
    lying_cut.point = point;
    plan_steps();
    *pending = lying_cut.pending;
    return lying_cut.count;
}
