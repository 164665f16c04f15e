#include "lying_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILES_MAX 1024
#define NAMES_MAX 512
#define NAME_BYTES 192
#define DESCRIPTORS_MAX 4096
#define NO_FILE (-1)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static char root[4096];
static size_t root_bytes;
static enum { OFF, RECORDING, PLAYING } mode;

static void *allocate_or_die(void *old, size_t size_bytes)
{
    void *memory = realloc(old, size_bytes == 0 ? 1 : size_bytes);
    CHECK(memory != NULL);
    return memory;
}

/* ---- files and names ------------------------------------------------------- */

struct span {
    uint64_t from_bytes, to_bytes;
};

struct bytes {
    uint8_t *bytes; /* owned */
    size_t size_bytes, capacity_bytes;
};

struct file {
    bool is_directory;
    struct bytes start; /* when it was first watched */

    /* While states are tried: */
    struct bytes base;      /* what is durable */
    uint64_t base_sum;      /* of the hashes of its sectors */
    int descriptor;         /* of the real file, ours; -1 while it is not there */
    uint64_t state_bytes;   /* its size in the state at hand */
    uint64_t state_sum;     /* of the hashes of its sectors in it */
    uint32_t *change_of;    /* by sector: 0, or 1 + the change */
    size_t sector_capacity; /* of change_of */
    struct span *touched;   /* by whoever played: owned */
    size_t touched_count, touched_capacity;
};

static struct file files[FILES_MAX];
static int file_count;
static char names[NAMES_MAX][NAME_BYTES];
static int name_count;
static int start_names[NAMES_MAX]; /* the file of each name, or NO_FILE */
static int live_names[NAMES_MAX];  /* now; while recording */

static struct lying_operation *operations;
static size_t operation_count, operation_capacity;

static void bytes_resize(struct bytes *bytes, size_t size_bytes)
{
    if (size_bytes > bytes->capacity_bytes) {
        bytes->capacity_bytes = size_bytes + size_bytes / 2;
        bytes->bytes = allocate_or_die(bytes->bytes, bytes->capacity_bytes);
    }
    if (size_bytes > bytes->size_bytes)
        memset(bytes->bytes + bytes->size_bytes, 0, size_bytes - bytes->size_bytes);
    bytes->size_bytes = size_bytes;
}

static void bytes_write(struct bytes *bytes, uint64_t offset_bytes, const uint8_t *from, size_t size_bytes)
{
    if (size_bytes == 0)
        return;
    if (offset_bytes + size_bytes > bytes->size_bytes)
        bytes_resize(bytes, offset_bytes + size_bytes);
    memcpy(bytes->bytes + offset_bytes, from, size_bytes);
}

static int file_add(bool is_directory)
{
    CHECK(file_count < FILES_MAX);
    files[file_count] = (struct file){.is_directory = is_directory, .descriptor = -1};
    return file_count++;
}

static int name_of(const char *path)
{
    for (int i = 0; i < name_count; i++)
        if (strcmp(names[i], path) == 0)
            return i;
    CHECK(name_count < NAMES_MAX && strlen(path) < NAME_BYTES);
    strcpy(names[name_count], path);
    start_names[name_count] = live_names[name_count] = NO_FILE;
    return name_count++;
}

const char *lying_disk_name(int name)
{
    return names[name];
}

static bool is_index(const char *path)
{
    size_t length = strlen(path);
    return length > 4 && strcmp(path + length - 4, "-shm") == 0;
}

/* Relative to the root; NULL if it is not below it. */
static const char *relative(const char *path)
{
    if (mode == OFF || strncmp(path, root, root_bytes) != 0 || (path[root_bytes] != '/' && path[root_bytes] != 0))
        return NULL;
    path += root_bytes;
    return *path == '/' ? path + 1 : path;
}

static int parent_of(int name)
{
    char path[NAME_BYTES];
    strcpy(path, names[name]);
    char *slash = strrchr(path, '/');
    *(slash == NULL ? path : slash) = 0;
    return name_of(path);
}

/* ---- the journal ----------------------------------------------------------- */

static struct lying_operation *add(enum lying_kind kind, int file, uint64_t offset_bytes)
{
    if (operation_count == operation_capacity) {
        operation_capacity = operation_capacity == 0 ? 1024 : operation_capacity * 2;
        operations = allocate_or_die(operations, operation_capacity * sizeof *operations);
    }
    struct lying_operation *operation = &operations[operation_count++];
    *operation = (struct lying_operation){.kind = kind, .file = file, .offset_bytes = offset_bytes};
    return operation;
}

static void add_name(enum lying_kind kind, int file, int name, int other_name)
{
    struct lying_operation *operation = add(kind, file, 0);
    operation->name = name;
    operation->other_name = other_name;
}

void lying_disk_note(uint64_t note)
{
    pthread_mutex_lock(&mutex);
    if (mode == RECORDING)
        add(LYING_NOTE, NO_FILE, note);
    pthread_mutex_unlock(&mutex);
}

size_t lying_disk_count(void)
{
    return operation_count;
}

const struct lying_operation *lying_disk_operation(size_t index)
{
    CHECK(index < operation_count);
    return &operations[index];
}

static void full_path(char path[8192], const char *name)
{
    CHECK(snprintf(path, 8192, "%s%s%s", root, name[0] == 0 ? "" : "/", name) < 8192);
}

static int open_really(const char *name, int flags)
{
    char path[8192];
    full_path(path, name);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0640);
}

static uint64_t size_of(int descriptor)
{
    struct stat facts;
    return syscall(SYS_fstat, descriptor, &facts) == 0 ? (uint64_t)facts.st_size : 0;
}

static void scan_file(const char *name)
{
    int file = file_add(false);
    int descriptor = open_really(name, O_RDONLY);
    CHECK(descriptor >= 0);
    size_t size_bytes = size_of(descriptor);
    bytes_resize(&files[file].start, size_bytes);
    CHECK(syscall(SYS_pread64, descriptor, files[file].start.bytes, size_bytes, 0) == (long)size_bytes);
    syscall(SYS_close, descriptor);
    start_names[name_of(name)] = file;
}

static void scan_directory(const char *name, unsigned depth)
{
    char path[8192];
    CHECK(depth < 4);
    full_path(path, name);
    start_names[name_of(name)] = file_add(true);
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char inner[NAME_BYTES];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || is_index(entry->d_name))
            continue;
        CHECK(snprintf(inner, sizeof inner, "%s%s%s", name, name[0] == 0 ? "" : "/", entry->d_name) < NAME_BYTES);
        if (entry->d_type == DT_DIR)
            scan_directory(inner, depth + 1);
        else
            scan_file(inner);
    }
    closedir(directory);
}

/* ---- what a power cut may take ---------------------------------------------- */

static struct {
    size_t point;
    size_t *pending; /* owned */
    size_t count;
    size_t capacity;
    int names[NAMES_MAX]; /* in the state at hand */
} cut;

static bool is_doubtful[1 << 20]; /* by operation: a failed sync was about it */

static void drop_pending(int file, int directory)
{
    size_t kept = 0;
    for (size_t i = 0; i < cut.count; i++) {
        const struct lying_operation *operation = &operations[cut.pending[i]];
        bool is_data = operation->kind == LYING_WRITE || operation->kind == LYING_SIZE;
        bool is_durable = is_data ? file != NO_FILE && operation->file == file
                                  : directory >= 0 && parent_of(operation->name) == directory;
        if (!is_durable || is_doubtful[cut.pending[i]])
            cut.pending[kept++] = cut.pending[i];
    }
    cut.count = kept;
}

static void doubt_pending(int file)
{
    for (size_t i = 0; i < cut.count; i++)
        if (operations[cut.pending[i]].file == file)
            is_doubtful[cut.pending[i]] = true;
}

static void add_pending(size_t index)
{
    if (cut.count == cut.capacity) {
        cut.capacity = cut.capacity == 0 ? 256 : 2 * cut.capacity;
        cut.pending = allocate_or_die(cut.pending, cut.capacity * sizeof *cut.pending);
    }
    cut.pending[cut.count++] = index;
}

static void find_pending(size_t point)
{
    cut.point = point;
    cut.count = 0;
    CHECK(operation_count <= COUNT_OF(is_doubtful));
    memset(is_doubtful, 0, operation_count);
    for (size_t i = 0; i < point; i++) {
        switch (operations[i].kind) {
        case LYING_WRITE:
        case LYING_SIZE:
        case LYING_LINK:
        case LYING_UNLINK:
        case LYING_RENAME:
            add_pending(i);
            break;
        case LYING_SYNC:
            drop_pending(operations[i].file, NO_FILE);
            break;
        case LYING_SYNC_FAILED:
            doubt_pending(operations[i].file);
            break;
        case LYING_DIRECTORY_SYNC:
            drop_pending(NO_FILE, operations[i].name);
            break;
        case LYING_NOTE:
            break;
        }
    }
}

static void apply_name(int map[NAMES_MAX], const struct lying_operation *operation)
{
    if (operation->kind == LYING_LINK)
        map[operation->name] = operation->file;
    else if (operation->kind == LYING_UNLINK)
        map[operation->name] = NO_FILE;
    else if (operation->kind == LYING_RENAME) {
        map[operation->name] = NO_FILE;
        map[operation->other_name] = operation->file;
    }
}

/* ---- sectors ---------------------------------------------------------------- */

/* What the state at hand has other than the base. */
static struct change {
    int file;
    uint32_t sector;
    uint8_t bytes[LYING_SECTOR_BYTES];
} * changes;
static size_t change_count, change_capacity;

static uint64_t sector_hash(const uint8_t *bytes, size_t size_bytes, uint64_t sector)
{
    static const uint8_t zeros[LYING_SECTOR_BYTES];
    if (memcmp(bytes, zeros, size_bytes) == 0)
        return 0;
    return hash_xxh3_64_seeded(bytes, size_bytes, sector + 1);
}

static void base_sector(const struct file *file, uint64_t sector, uint8_t out[LYING_SECTOR_BYTES])
{
    uint64_t at = sector * LYING_SECTOR_BYTES;
    memset(out, 0, LYING_SECTOR_BYTES);
    if (at < file->base.size_bytes) {
        size_t rest = file->base.size_bytes - at;
        memcpy(out, file->base.bytes + at, rest < LYING_SECTOR_BYTES ? rest : LYING_SECTOR_BYTES);
    }
}

static void sum_base(struct file *file)
{
    uint8_t bytes[LYING_SECTOR_BYTES];
    file->base_sum = 0;
    for (uint64_t sector = 0; sector * LYING_SECTOR_BYTES < file->base.size_bytes; sector++) {
        base_sector(file, sector, bytes);
        file->base_sum += sector_hash(bytes, sizeof bytes, sector);
    }
}

static uint8_t *changed_sector(int number, uint64_t sector)
{
    struct file *file = &files[number];
    if (sector >= file->sector_capacity) {
        size_t capacity = sector * 2 + 64;
        file->change_of = allocate_or_die(file->change_of, capacity * sizeof *file->change_of);
        memset(file->change_of + file->sector_capacity, 0, (capacity - file->sector_capacity) * sizeof(uint32_t));
        file->sector_capacity = capacity;
    }
    if (file->change_of[sector] == 0) {
        if (change_count == change_capacity) {
            change_capacity = change_capacity == 0 ? 4096 : 2 * change_capacity;
            changes = allocate_or_die(changes, change_capacity * sizeof *changes);
        }
        struct change *change = &changes[change_count++];
        change->file = number;
        change->sector = (uint32_t)sector;
        base_sector(file, sector, change->bytes);
        file->change_of[sector] = (uint32_t)change_count;
    }
    return changes[file->change_of[sector] - 1].bytes;
}

/* Writes into the state at hand; `from` NULL: zeros. */
static void change(int file, uint64_t from_bytes, uint64_t to_bytes, const uint8_t *from)
{
    for (uint64_t at = from_bytes; at < to_bytes;) {
        uint64_t end = (at / LYING_SECTOR_BYTES + 1) * LYING_SECTOR_BYTES;
        end = end < to_bytes ? end : to_bytes;
        uint8_t *to = changed_sector(file, at / LYING_SECTOR_BYTES) + at % LYING_SECTOR_BYTES;
        if (from == NULL)
            memset(to, 0, end - at);
        else
            memcpy(to, from + (at - from_bytes), end - at);
        at = end;
    }
    if (from != NULL && to_bytes > files[file].state_bytes)
        files[file].state_bytes = to_bytes;
}

static void change_size(int file, uint64_t size_bytes)
{
    if (size_bytes < files[file].state_bytes)
        change(file, size_bytes, files[file].state_bytes, NULL);
    files[file].state_bytes = size_bytes;
}

static uint64_t sector_end(const struct lying_operation *operation, size_t sector)
{
    uint64_t end = (operation->offset_bytes / LYING_SECTOR_BYTES + sector + 1) * LYING_SECTOR_BYTES;
    uint64_t limit = operation->offset_bytes + operation->size_bytes;
    return end < limit ? end : limit;
}

static size_t sectors_of(const struct lying_operation *operation)
{
    if (operation->kind != LYING_WRITE)
        return 1;
    uint64_t first = operation->offset_bytes / LYING_SECTOR_BYTES;
    return (size_t)((operation->offset_bytes + operation->size_bytes - 1) / LYING_SECTOR_BYTES - first + 1);
}

size_t lying_disk_sectors(size_t index)
{
    CHECK(index < cut.count);
    return sectors_of(&operations[cut.pending[index]]);
}

/* ---- states ------------------------------------------------------------------ */

static struct {
    bool is_there;        /* the directory has the names below */
    int names[NAMES_MAX]; /* and what its files have beside their base is touched */
} real;

void lying_disk_freeze(const char *directory)
{
    CHECK(strlen(directory) < sizeof root);
    strcpy(root, directory);
    root_bytes = strlen(root);
    mode = PLAYING;
    real.is_there = false;
}

static void apply_durable(size_t index)
{
    const struct lying_operation *operation = &operations[index];
    if (operation->kind == LYING_WRITE)
        bytes_write(&files[operation->file].base, operation->offset_bytes, operation->bytes, operation->size_bytes);
    else if (operation->kind == LYING_SIZE)
        bytes_resize(&files[operation->file].base, operation->offset_bytes);
}

size_t lying_disk_base(size_t point, const size_t **pending)
{
    CHECK(mode == PLAYING && point <= operation_count);
    find_pending(point);
    for (int i = 0; i < file_count; i++) {
        files[i].base.size_bytes = 0;
        bytes_write(&files[i].base, 0, files[i].start.bytes, files[i].start.size_bytes);
    }
    for (size_t i = 0, next = 0; i < point; i++) {
        if (next < cut.count && cut.pending[next] == i)
            next++;
        else
            apply_durable(i);
    }
    for (int i = 0; i < file_count; i++)
        sum_base(&files[i]);
    real.is_there = false;
    *pending = cut.pending;
    return cut.count;
}

static void forget_changes(void)
{
    for (size_t i = 0; i < change_count; i++)
        files[changes[i].file].change_of[changes[i].sector] = 0;
    change_count = 0;
    for (int i = 0; i < file_count; i++) {
        files[i].state_bytes = files[i].base.size_bytes;
        files[i].state_sum = files[i].base_sum;
    }
}

static void apply_kept(const struct lying_operation *operation, size_t index, lying_disk_keep *keep, void *context)
{
    if (operation->kind != LYING_WRITE) {
        if (!keep(context, index, 0))
            return;
        if (operation->kind == LYING_SIZE)
            change_size(operation->file, operation->offset_bytes);
        else
            apply_name(cut.names, operation);
        return;
    }
    uint64_t from = operation->offset_bytes;
    for (size_t sector = 0; from < operation->offset_bytes + operation->size_bytes; sector++) {
        uint64_t to = sector_end(operation, sector);
        if (keep(context, index, sector))
            change(operation->file, from, to, operation->bytes + (from - operation->offset_bytes));
        from = to;
    }
}

/* What is durable although it came after something pending: the base has it,
 * and it goes over what the pending one wrote. */
static void apply_again(const struct lying_operation *operation)
{
    if (operation->kind == LYING_WRITE)
        change(operation->file, operation->offset_bytes, operation->offset_bytes + operation->size_bytes,
               operation->bytes);
    else if (operation->kind == LYING_SIZE)
        change_size(operation->file, operation->offset_bytes);
}

static bool has_earlier_pending(size_t next, int file)
{
    for (size_t i = 0; i < next; i++)
        if (operations[cut.pending[i]].file == file && operations[cut.pending[i]].kind <= LYING_SIZE)
            return true;
    return false;
}

static uint64_t hash_state(void)
{
    for (size_t i = 0; i < change_count; i++) {
        uint8_t old[LYING_SECTOR_BYTES];
        struct file *file = &files[changes[i].file];
        base_sector(file, changes[i].sector, old);
        file->state_sum += sector_hash(changes[i].bytes, sizeof old, changes[i].sector) -
                           sector_hash(old, sizeof old, changes[i].sector);
    }
    uint64_t hash = 0;
    for (int name = 0; name < name_count; name++) {
        if (cut.names[name] == NO_FILE)
            continue;
        const struct file *file = &files[cut.names[name]];
        const uint64_t facts[3] = {hash_xxh3_64_seeded(names[name], strlen(names[name]), 1), file->state_sum,
                                   file->state_bytes};
        hash += hash_xxh3_64_seeded(facts, sizeof facts, 2);
    }
    return hash;
}

uint64_t lying_disk_state(lying_disk_keep *keep, void *context)
{
    forget_changes();
    memcpy(cut.names, start_names, sizeof cut.names);
    size_t first = cut.count == 0 ? cut.point : cut.pending[0];
    for (size_t i = 0; i < first; i++)
        apply_name(cut.names, &operations[i]);
    for (size_t i = first, next = 0; i < cut.point; i++) {
        if (next < cut.count && cut.pending[next] == i) {
            apply_kept(&operations[i], next, keep, context);
            next++;
        } else {
            apply_name(cut.names, &operations[i]);
            if (operations[i].kind <= LYING_SIZE && has_earlier_pending(next, operations[i].file))
                apply_again(&operations[i]);
        }
    }
    return hash_state();
}

/* ---- making the directory so --------------------------------------------------- */

static void remove_below(const char *path)
{
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char inner[8192 + 256];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (entry->d_type == DT_DIR)
            remove_below(inner);
        syscall(SYS_unlinkat, AT_FDCWD, inner, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
    }
    closedir(directory);
}

static void write_really(const struct file *file, const uint8_t *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    CHECK(syscall(SYS_pwrite64, file->descriptor, bytes, size_bytes, offset_bytes) == (long)size_bytes);
}

static bool has_parent(int name)
{
    int parent = parent_of(name);
    return cut.names[parent] != NO_FILE && files[cut.names[parent]].is_directory;
}

/* Parents have shorter names. */
static void make_names(size_t length)
{
    for (int name = 0; name < name_count; name++) {
        if (cut.names[name] == NO_FILE || strlen(names[name]) != length || length == 0 || !has_parent(name))
            continue;
        struct file *file = &files[cut.names[name]];
        char path[8192];
        full_path(path, names[name]);
        if (file->is_directory) {
            CHECK(syscall(SYS_mkdirat, AT_FDCWD, path, 0750) == 0);
            continue;
        }
        file->descriptor = open_really(names[name], O_RDWR | O_CREAT | O_TRUNC);
        CHECK(file->descriptor >= 0);
        write_really(file, file->base.bytes, file->base.size_bytes, 0);
        file->touched_count = 0;
    }
}

static void rebuild(void)
{
    for (int i = 0; i < file_count; i++) {
        if (files[i].descriptor >= 0)
            syscall(SYS_close, files[i].descriptor);
        files[i].descriptor = -1;
    }
    remove_below(root);
    for (size_t length = 1; length < NAME_BYTES; length++)
        make_names(length);
    memcpy(real.names, cut.names, sizeof real.names);
    real.is_there = true;
}

static void touch(struct file *file, uint64_t from_bytes, uint64_t to_bytes)
{
    struct span *last = file->touched_count == 0 ? NULL : &file->touched[file->touched_count - 1];
    if (last != NULL && last->to_bytes == from_bytes) {
        last->to_bytes = to_bytes;
        return;
    }
    if (file->touched_count == file->touched_capacity) {
        file->touched_capacity = file->touched_capacity == 0 ? 64 : 2 * file->touched_capacity;
        file->touched = allocate_or_die(file->touched, file->touched_capacity * sizeof *file->touched);
    }
    file->touched[file->touched_count++] = (struct span){from_bytes, to_bytes};
}

/* Back to the base, but for its size, which is the state's. */
static void restore(struct file *file)
{
    for (size_t i = 0; i < file->touched_count; i++) {
        struct span span = file->touched[i];
        if (span.to_bytes > file->base.size_bytes)
            span.to_bytes = file->base.size_bytes;
        if (span.from_bytes < span.to_bytes)
            write_really(file, file->base.bytes + span.from_bytes, span.to_bytes - span.from_bytes, span.from_bytes);
    }
    file->touched_count = 0;
    /* what lies beyond the base is zeros in the base, whatever was there */
    if (size_of(file->descriptor) != file->base.size_bytes)
        CHECK(syscall(SYS_ftruncate, file->descriptor, file->base.size_bytes) == 0);
    if (file->state_bytes != file->base.size_bytes)
        CHECK(syscall(SYS_ftruncate, file->descriptor, file->state_bytes) == 0);
    if (file->state_bytes < file->base.size_bytes)
        touch(file, file->state_bytes, file->base.size_bytes);
}

static void write_changes(void)
{
    for (size_t i = 0; i < change_count; i++) {
        struct file *file = &files[changes[i].file];
        uint64_t at = (uint64_t)changes[i].sector * LYING_SECTOR_BYTES;
        if (file->descriptor < 0 || at >= file->state_bytes)
            continue;
        uint64_t rest = file->state_bytes - at;
        size_t size_bytes = rest < LYING_SECTOR_BYTES ? rest : LYING_SECTOR_BYTES;
        write_really(file, changes[i].bytes, size_bytes, at);
        touch(file, at, at + size_bytes);
    }
}

static void remove_indexes(void)
{
    for (int name = 0; name < name_count; name++) {
        char path[8192];
        size_t length = strlen(names[name]);
        if (length < 4 || strcmp(names[name] + length - 4, "-wal") != 0)
            continue;
        full_path(path, names[name]);
        strcpy(path + strlen(path) - 4, "-shm");
        syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    }
}

void lying_disk_make(void)
{
    CHECK(mode == PLAYING);
    mode = OFF;
    if (!real.is_there || memcmp(real.names, cut.names, (size_t)name_count * sizeof *real.names) != 0)
        rebuild();
    for (int i = 0; i < file_count; i++)
        if (files[i].descriptor >= 0)
            restore(&files[i]);
    write_changes();
    remove_indexes();
    mode = PLAYING;
}

/* ---- beginning ------------------------------------------------------------ */

static void forget_everything(void)
{
    for (size_t i = 0; i < operation_count; i++)
        free(operations[i].bytes);
    operation_count = 0;
    for (int i = 0; i < file_count; i++) {
        free(files[i].start.bytes);
        free(files[i].base.bytes);
        free(files[i].change_of);
        free(files[i].touched);
        if (files[i].descriptor >= 0)
            syscall(SYS_close, files[i].descriptor);
    }
    file_count = name_count = 0;
    change_count = cut.count = 0;
    real.is_there = false;
}

void lying_disk_watch(const char *directory)
{
    forget_everything();
    CHECK(strlen(directory) < sizeof root);
    strcpy(root, directory);
    root_bytes = strlen(root);
    scan_directory("", 0);
    memcpy(live_names, start_names, sizeof live_names);
    mode = RECORDING;
}

/* ---- failing calls ----------------------------------------------------------- */

const char *const lying_disk_call_names[LYING_CALL_COUNT] = {
    "open", "stat", "read", "write", "sync", "allocate", "truncate", "lock", "map", "rename", "unlink", "mkdir",
};

static struct {
    uint32_t call_mask;
    uint64_t nth;
    int error_number;
    bool for_good;
    uint64_t calls;
    uint64_t failures;
} fault;

void lying_disk_fail(uint32_t call_mask, uint64_t nth, int error_number, bool for_good)
{
    pthread_mutex_lock(&mutex);
    fault.call_mask = call_mask;
    fault.nth = nth;
    fault.error_number = error_number;
    fault.for_good = for_good;
    fault.calls = fault.failures = 0;
    pthread_mutex_unlock(&mutex);
}

uint64_t lying_disk_pause(void)
{
    pthread_mutex_lock(&mutex);
    fault.call_mask = 0;
    uint64_t failures = fault.failures;
    pthread_mutex_unlock(&mutex);
    return failures;
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

/* ---- the calls ----------------------------------------------------------------- */

/* What a descriptor is of: nothing of ours, a file of the journal, or something
 * below the root that has no place in it (an index, or a file made in play). */
enum { OF_NOTHING = 0, OF_OTHER = 1, OF_FILE = 2 };
static struct {
    int kind;
    int file;
    int name; /* of a directory */
} descriptors[DESCRIPTORS_MAX];

static bool is_ours(int descriptor)
{
    return descriptor >= 0 && descriptor < DESCRIPTORS_MAX && descriptors[descriptor].kind != OF_NOTHING;
}

static int file_of(int descriptor)
{
    return descriptors[descriptor].kind == OF_FILE ? descriptors[descriptor].file : NO_FILE;
}

/* Is it a failing call?  errno is set then. */
static bool lies(enum lying_call call)
{
    if (!fails(call) || fault.error_number == LYING_SHORT)
        return false;
    errno = fault.error_number;
    return true;
}

static int find_live(const char *path)
{
    for (int i = 0; i < name_count; i++)
        if (strcmp(names[i], path) == 0)
            return mode == PLAYING ? real.names[i] : live_names[i];
    return NO_FILE;
}

static void note_open(const char *path, int descriptor, int flags)
{
    CHECK(descriptor < DESCRIPTORS_MAX);
    descriptors[descriptor].kind = OF_OTHER;
    if (is_index(path))
        return;
    int file = find_live(path);
    if (file == NO_FILE && (flags & O_CREAT) == 0)
        return;
    if (file == NO_FILE && mode == PLAYING) {
        real.is_there = false;
        return;
    }
    int name = name_of(path);
    if (file == NO_FILE) {
        file = live_names[name] = file_add(false);
        add_name(LYING_LINK, file, name, name);
    }
    descriptors[descriptor].kind = OF_FILE;
    descriptors[descriptor].file = file;
    descriptors[descriptor].name = name;
}

static int open_lying(const char *path, int flags, mode_t file_mode)
{
    pthread_mutex_lock(&mutex);
    const char *inner = relative(path);
    int descriptor = -1;
    if (inner == NULL || !lies(LYING_CALL_OPEN))
        descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, flags, file_mode);
    if (descriptor >= 0 && inner != NULL)
        note_open(inner, descriptor, flags);
    pthread_mutex_unlock(&mutex);
    return descriptor;
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t file_mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_lying(path, flags, file_mode);
}

int close(int descriptor)
{
    pthread_mutex_lock(&mutex);
    if (descriptor >= 0 && descriptor < DESCRIPTORS_MAX)
        descriptors[descriptor].kind = OF_NOTHING;
    int result = (int)syscall(SYS_close, descriptor);
    pthread_mutex_unlock(&mutex);
    return result;
}

static bool is_zeros(const uint8_t *bytes, size_t size_bytes)
{
    return size_bytes == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size_bytes - 1) == 0);
}

/* Zeros over zeros make no state that there is not without them. */
static bool is_pointless(int descriptor, const uint8_t *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    if (!is_zeros(bytes, size_bytes) || size_of(descriptor) < offset_bytes + size_bytes)
        return false;
    uint8_t *old = allocate_or_die(NULL, size_bytes);
    bool were_zeros = syscall(SYS_pread64, descriptor, old, size_bytes, offset_bytes) == (long)size_bytes &&
                      is_zeros(old, size_bytes);
    free(old);
    return were_zeros;
}

/* The file has got longer by zeros.  Steps of the same growth are one. */
static void add_growth(int file, uint64_t size_bytes)
{
    struct lying_operation *last = operation_count == 0 ? NULL : &operations[operation_count - 1];
    if (last != NULL && last->kind == LYING_SIZE && last->file == file && last->offset_bytes < size_bytes)
        last->offset_bytes = size_bytes;
    else
        add(LYING_SIZE, file, size_bytes);
}

static long write_noted(int descriptor, const void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    int file = file_of(descriptor);
    bool is_noted = file != NO_FILE && mode == RECORDING && !is_pointless(descriptor, bytes, size_bytes, offset_bytes);
    bool is_growth = is_noted && offset_bytes >= size_of(descriptor) && is_zeros(bytes, size_bytes);
    long written = syscall(SYS_pwrite64, descriptor, bytes, size_bytes, offset_bytes);
    if (written <= 0 || file == NO_FILE)
        return written;
    if (mode == PLAYING)
        touch(&files[file], offset_bytes, offset_bytes + (uint64_t)written);
    if (is_growth)
        add_growth(file, offset_bytes + (uint64_t)written);
    else if (is_noted) {
        struct lying_operation *operation = add(LYING_WRITE, file, offset_bytes);
        operation->size_bytes = (size_t)written;
        operation->bytes = allocate_or_die(NULL, (size_t)written);
        memcpy(operation->bytes, bytes, (size_t)written);
    }
    return written;
}

static long write_lying(int descriptor, const void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    if (!fails(LYING_CALL_WRITE))
        return write_noted(descriptor, bytes, size_bytes, offset_bytes);
    if (fault.error_number == EINTR) {
        errno = EINTR;
        return -1;
    }
    if (fault.error_number == LYING_SHORT)
        return write_noted(descriptor, bytes, (size_bytes + 1) / 2, offset_bytes);
    /* an error leaves whole sectors: no file system ends in the middle of one */
    uint64_t middle_bytes = (offset_bytes + size_bytes / 2) / LYING_SECTOR_BYTES * LYING_SECTOR_BYTES;
    if (middle_bytes > offset_bytes)
        write_noted(descriptor, bytes, (size_t)(middle_bytes - offset_bytes), offset_bytes);
    errno = fault.error_number;
    return -1;
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size_bytes, off64_t offset_bytes)
{
    if (!is_ours(descriptor))
        return syscall(SYS_pwrite64, descriptor, bytes, size_bytes, offset_bytes);
    pthread_mutex_lock(&mutex);
    long result = write_lying(descriptor, bytes, size_bytes, (uint64_t)offset_bytes);
    pthread_mutex_unlock(&mutex);
    return result;
}

ssize_t write(int descriptor, const void *bytes, size_t size_bytes)
{
    if (!is_ours(descriptor))
        return syscall(SYS_write, descriptor, bytes, size_bytes);
    pthread_mutex_lock(&mutex);
    off_t at = lseek(descriptor, 0, SEEK_CUR);
    long result = write_lying(descriptor, bytes, size_bytes, (uint64_t)at);
    if (result > 0)
        lseek(descriptor, at + result, SEEK_SET);
    pthread_mutex_unlock(&mutex);
    return result;
}

/* How much of a read is done: all, half, or -1. */
static ssize_t read_size(int descriptor, size_t size_bytes)
{
    if (!is_ours(descriptor))
        return (ssize_t)size_bytes;
    pthread_mutex_lock(&mutex);
    ssize_t size = (ssize_t)size_bytes;
    if (fails(LYING_CALL_READ)) {
        size = fault.error_number == LYING_SHORT ? (ssize_t)(size_bytes + 1) / 2 : -1;
        errno = fault.error_number;
    }
    pthread_mutex_unlock(&mutex);
    return size;
}

ssize_t pread64(int descriptor, void *bytes, size_t size_bytes, off64_t offset_bytes)
{
    ssize_t size = read_size(descriptor, size_bytes);
    return size < 0 ? -1 : syscall(SYS_pread64, descriptor, bytes, size, offset_bytes);
}

ssize_t read(int descriptor, void *bytes, size_t size_bytes)
{
    ssize_t size = read_size(descriptor, size_bytes);
    return size < 0 ? -1 : syscall(SYS_read, descriptor, bytes, size);
}

int fstat64(int descriptor, struct stat64 *facts)
{
    pthread_mutex_lock(&mutex);
    bool is_failing = is_ours(descriptor) && lies(LYING_CALL_STAT);
    pthread_mutex_unlock(&mutex);
    return is_failing ? -1 : (int)syscall(SYS_fstat, descriptor, facts);
}

static int sync_lying(int descriptor)
{
    if (!is_ours(descriptor))
        return 0;
    pthread_mutex_lock(&mutex);
    bool is_failing = lies(LYING_CALL_SYNC);
    int error_number = errno, file = file_of(descriptor);
    if (file != NO_FILE && mode == RECORDING) {
        if (!files[file].is_directory)
            add(is_failing ? LYING_SYNC_FAILED : LYING_SYNC, file, 0);
        else if (!is_failing)
            add_name(LYING_DIRECTORY_SYNC, file, descriptors[descriptor].name, 0);
    }
    pthread_mutex_unlock(&mutex);
    errno = error_number;
    return is_failing ? -1 : 0;
}

int fsync(int descriptor)
{
    return sync_lying(descriptor);
}

int fdatasync(int descriptor)
{
    return sync_lying(descriptor);
}

static void note_size(int descriptor, uint64_t old_bytes, uint64_t new_bytes)
{
    int file = file_of(descriptor);
    if (file == NO_FILE || old_bytes == new_bytes)
        return;
    if (mode == RECORDING)
        add(LYING_SIZE, file, new_bytes);
    else if (mode == PLAYING)
        touch(&files[file], old_bytes < new_bytes ? old_bytes : new_bytes,
              old_bytes < new_bytes ? new_bytes : old_bytes);
}

int ftruncate64(int descriptor, off64_t size_bytes)
{
    pthread_mutex_lock(&mutex);
    int result = -1;
    if (!is_ours(descriptor))
        result = (int)syscall(SYS_ftruncate, descriptor, size_bytes);
    else if (!lies(LYING_CALL_TRUNCATE)) {
        uint64_t old_bytes = size_of(descriptor);
        result = (int)syscall(SYS_ftruncate, descriptor, size_bytes);
        if (result == 0)
            note_size(descriptor, old_bytes, (uint64_t)size_bytes);
    }
    pthread_mutex_unlock(&mutex);
    return result;
}

int fallocate64(int descriptor, int how, off64_t offset_bytes, off64_t size_bytes)
{
    pthread_mutex_lock(&mutex);
    int result = -1;
    if (!is_ours(descriptor))
        result = (int)syscall(SYS_fallocate, descriptor, how, offset_bytes, size_bytes);
    else if (!lies(LYING_CALL_ALLOCATE)) {
        uint64_t old_bytes = size_of(descriptor);
        result = (int)syscall(SYS_fallocate, descriptor, how, offset_bytes, size_bytes);
        if (result == 0)
            note_size(descriptor, old_bytes, size_of(descriptor));
    }
    pthread_mutex_unlock(&mutex);
    return result;
}

int flock(int descriptor, int how)
{
    pthread_mutex_lock(&mutex);
    bool is_failing = is_ours(descriptor) && lies(LYING_CALL_LOCK);
    pthread_mutex_unlock(&mutex);
    return is_failing ? -1 : (int)syscall(SYS_flock, descriptor, how);
}

void *mmap64(void *address, size_t size_bytes, int protection, int flags, int descriptor, off64_t offset_bytes)
{
    pthread_mutex_lock(&mutex);
    bool is_failing = (flags & MAP_ANONYMOUS) == 0 && is_ours(descriptor) && lies(LYING_CALL_MAP);
    pthread_mutex_unlock(&mutex);
    if (is_failing)
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, address, size_bytes, protection, flags, descriptor, offset_bytes);
}

/* ---- the calls on names ---------------------------------------------------------- */

static void note_unlink(const char *path)
{
    if (is_index(path))
        return;
    int file = find_live(path);
    if (mode == PLAYING)
        real.is_there = false;
    if (mode != RECORDING || file == NO_FILE)
        return;
    int name = name_of(path);
    live_names[name] = NO_FILE;
    add_name(LYING_UNLINK, file, name, name);
}

static int unlink_lying(const char *path, int flags)
{
    pthread_mutex_lock(&mutex);
    const char *inner = relative(path);
    int result = -1;
    if (inner == NULL || !lies(LYING_CALL_UNLINK))
        result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, flags);
    if (result == 0 && inner != NULL)
        note_unlink(inner);
    pthread_mutex_unlock(&mutex);
    return result;
}

int unlink(const char *path)
{
    return unlink_lying(path, 0);
}

int rmdir(const char *path)
{
    return unlink_lying(path, AT_REMOVEDIR);
}

int remove(const char *path)
{
    struct stat facts;
    bool is_directory = lstat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
    return unlink_lying(path, is_directory ? AT_REMOVEDIR : 0);
}

static void note_rename(const char *from, const char *to)
{
    int file = find_live(from);
    if (mode == PLAYING)
        real.is_there = false;
    if (mode != RECORDING || file == NO_FILE)
        return;
    int name = name_of(from), other_name = name_of(to);
    live_names[name] = NO_FILE;
    live_names[other_name] = file;
    add_name(LYING_RENAME, file, name, other_name);
}

int rename(const char *from, const char *to)
{
    pthread_mutex_lock(&mutex);
    const char *inner_from = relative(from), *inner_to = relative(to);
    int result = -1;
    if (inner_from == NULL || !lies(LYING_CALL_RENAME))
        result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (result == 0 && inner_from != NULL && inner_to != NULL)
        note_rename(inner_from, inner_to);
    pthread_mutex_unlock(&mutex);
    return result;
}

static void note_mkdir(const char *path)
{
    if (mode == PLAYING)
        real.is_there = false;
    if (mode != RECORDING)
        return;
    int name = name_of(path);
    int file = live_names[name] = file_add(true);
    add_name(LYING_LINK, file, name, name);
}

int mkdir(const char *path, mode_t file_mode)
{
    pthread_mutex_lock(&mutex);
    const char *inner = relative(path);
    int result = -1;
    if (inner == NULL || !lies(LYING_CALL_MKDIR))
        result = (int)syscall(SYS_mkdirat, AT_FDCWD, path, file_mode);
    if (result == 0 && inner != NULL)
        note_mkdir(inner);
    pthread_mutex_unlock(&mutex);
    return result;
}
