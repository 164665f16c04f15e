/* Files, names and the journal; the beginning and the end of recording. */
#include "lying_private.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEPTH_MAX 8

struct lying_disk lying = {.mutex = PTHREAD_MUTEX_INITIALIZER};

void *lying_allocate(void *old, size_t size_bytes)
{
    void *memory = realloc(old, size_bytes == 0 ? 1 : size_bytes);
    CHECK(memory != NULL);
    return memory;
}

bool lying_is_zeros(const uint8_t *bytes, size_t size_bytes)
{
    return size_bytes == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size_bytes - 1) == 0);
}

/* ---- bytes ------------------------------------------------------------------ */

void lying_bytes_resize(struct lying_bytes *bytes, size_t size_bytes)
{
    if (size_bytes > bytes->capacity_bytes) {
        bytes->capacity_bytes = size_bytes + size_bytes / 2;
        bytes->bytes = lying_allocate(bytes->bytes, bytes->capacity_bytes);
    }
    if (size_bytes > bytes->size_bytes)
        memset(bytes->bytes + bytes->size_bytes, 0, size_bytes - bytes->size_bytes);
    bytes->size_bytes = size_bytes;
}

void lying_bytes_write(struct lying_bytes *bytes, uint64_t offset_bytes, const uint8_t *from, size_t size_bytes)
{
    if (size_bytes == 0)
        return;
    if (offset_bytes + size_bytes > bytes->size_bytes)
        lying_bytes_resize(bytes, offset_bytes + size_bytes);
    memcpy(bytes->bytes + offset_bytes, from, size_bytes);
}

/* ---- files and names ---------------------------------------------------------- */

int lying_file_add(bool is_directory)
{
    CHECK(lying.file_count < LYING_FILES_MAX);
    lying.files[lying.file_count] = (struct lying_file){.is_directory = is_directory, .store = -1};
    return lying.file_count++;
}

int lying_name_of(int parent, const char *leaf)
{
    for (int i = 0; i < lying.name_count; i++)
        if (lying.names[i].parent == parent && strcmp(lying.names[i].leaf, leaf) == 0)
            return i;
    CHECK(lying.name_count < LYING_NAMES_MAX && strlen(leaf) < LYING_LEAF_BYTES);
    struct lying_name *name = &lying.names[lying.name_count];
    name->parent = parent;
    strcpy(name->leaf, leaf);
    lying.start_map[lying.name_count] = lying.now_map[lying.name_count] = LYING_NO_FILE;
    return lying.name_count++;
}

int lying_find(const char *path, int *name)
{
    int file = LYING_ROOT, found = LYING_NO_NAME;
    while (*path == '/')
        path++;
    while (*path != 0) {
        char leaf[LYING_LEAF_BYTES];
        size_t length = strcspn(path, "/");
        if (file == LYING_NO_FILE || !lying.files[file].is_directory) {
            found = LYING_NO_NAME;
            file = LYING_NO_FILE;
            break;
        }
        CHECK(length < sizeof leaf);
        memcpy(leaf, path, length);
        leaf[length] = 0;
        found = lying_name_of(file, leaf);
        file = lying.now_map[found];
        path += length;
        while (*path == '/')
            path++;
    }
    if (name != NULL)
        *name = found;
    return file;
}

/* The name of a directory, which has but one. */
static int name_of_directory(const int *map, int directory)
{
    for (int i = 0; i < lying.name_count; i++)
        if (map[i] == directory)
            return i;
    return LYING_NO_NAME;
}

void lying_path(const int *map, int name, char path[LYING_PATH_BYTES])
{
    char below[LYING_PATH_BYTES] = "";
    for (unsigned depth = 0; name != LYING_NO_NAME; depth++) {
        char longer[LYING_PATH_BYTES];
        CHECK(depth < DEPTH_MAX);
        CHECK(snprintf(longer, sizeof longer, "/%s%s", lying.names[name].leaf, below) < (int)sizeof longer);
        strcpy(below, longer);
        int parent = lying.names[name].parent;
        name = parent == LYING_ROOT ? LYING_NO_NAME : name_of_directory(map, parent);
        CHECK(parent == LYING_ROOT || name != LYING_NO_NAME);
    }
    CHECK(snprintf(path, LYING_PATH_BYTES, "%s%s", lying.root, below) < LYING_PATH_BYTES);
}

const char *lying_relative(const char *path)
{
    if (lying.mode == LYING_OFF || strncmp(path, lying.root, lying.root_bytes) != 0 ||
        (path[lying.root_bytes] != '/' && path[lying.root_bytes] != 0))
        return NULL;
    return path + lying.root_bytes;
}

bool lying_is_index(const char *path)
{
    size_t length = strlen(path);
    return length > 4 && strcmp(path + length - 4, "-shm") == 0;
}

/* ---- the journal ------------------------------------------------------------- */

struct lying_operation *lying_add(enum lying_kind kind, int file, uint64_t offset_bytes)
{
    if (lying.operation_count == lying.operation_capacity) {
        lying.operation_capacity = lying.operation_capacity == 0 ? 1024 : lying.operation_capacity * 2;
        lying.operations = lying_allocate(lying.operations, lying.operation_capacity * sizeof *lying.operations);
    }
    struct lying_operation *operation = &lying.operations[lying.operation_count++];
    *operation = (struct lying_operation){.kind = kind, .file = file, .offset_bytes = offset_bytes};
    return operation;
}

void lying_add_name(enum lying_kind kind, int file, int name, int other_name)
{
    struct lying_operation *operation = lying_add(kind, file, 0);
    operation->name = name;
    operation->other_name = other_name;
}

void lying_disk_note(uint64_t note)
{
    pthread_mutex_lock(&lying.mutex);
    if (lying.mode == LYING_RECORDING)
        lying_add(LYING_NOTE, LYING_NO_FILE, note);
    pthread_mutex_unlock(&lying.mutex);
}

size_t lying_disk_count(void)
{
    return lying.operation_count;
}

const struct lying_operation *lying_disk_operation(size_t index)
{
    CHECK(index < lying.operation_count);
    return &lying.operations[index];
}

const char *lying_disk_leaf(int file)
{
    for (int i = 0; i < lying.name_count; i++)
        if (lying.start_map[i] == file)
            return lying.names[i].leaf;
    for (size_t i = lying.operation_count; i-- > 0;) {
        const struct lying_operation *operation = &lying.operations[i];
        if ((operation->kind == LYING_LINK || operation->kind == LYING_RENAME) && operation->file == file)
            return lying.names[operation->other_name].leaf;
    }
    return "?";
}

/* ---- the beginning --------------------------------------------------------------- */

uint64_t lying_size_of(int descriptor)
{
    struct stat facts;
    return syscall(SYS_fstat, descriptor, &facts) == 0 ? (uint64_t)facts.st_size : 0;
}

static void read_really(const char *path, struct lying_bytes *out)
{
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    CHECK(descriptor >= 0);
    size_t size_bytes = lying_size_of(descriptor);
    lying_bytes_resize(out, size_bytes);
    CHECK(syscall(SYS_pread64, descriptor, out->bytes, size_bytes, 0) == (long)size_bytes);
    syscall(SYS_close, descriptor);
}

/* Calls `each` with the entries of a directory that are files or directories. */
static void list_really(const char *path, void (*each)(const char *path, const char *leaf, bool is_directory, int file),
                        int file)
{
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char inner[LYING_PATH_BYTES];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || lying_is_index(entry->d_name) ||
            (entry->d_type != DT_DIR && entry->d_type != DT_REG))
            continue;
        CHECK(snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name) < (int)sizeof inner);
        each(inner, entry->d_name, entry->d_type == DT_DIR, file);
    }
    closedir(directory);
}

static void scan(const char *path, const char *leaf, bool is_directory, int parent)
{
    int file = lying_file_add(is_directory);
    lying.start_map[lying_name_of(parent, leaf)] = file;
    if (is_directory)
        list_really(path, scan, file);
    else
        read_really(path, &lying.files[file].start);
}

static void forget_everything(void)
{
    lying_make_forget();
    lying_cut_forget();
    for (size_t i = 0; i < lying.operation_count; i++)
        free(lying.operations[i].bytes);
    lying.operation_count = 0;
    for (int i = 0; i < lying.file_count; i++) {
        free(lying.files[i].start.bytes);
        free(lying.files[i].base.bytes);
        free(lying.files[i].change_of);
        free(lying.files[i].dirtied);
    }
    lying.file_count = lying.name_count = 0;
    lying_state.count = 0;
}

void lying_disk_watch(const char *directory)
{
    lying.mode = LYING_OFF;
    forget_everything();
    CHECK(strlen(directory) < sizeof lying.root);
    strcpy(lying.root, directory);
    lying.root_bytes = strlen(directory);
    CHECK(lying_file_add(true) == LYING_ROOT);
    list_really(directory, scan, LYING_ROOT);
    memcpy(lying.now_map, lying.start_map, sizeof lying.now_map);
    lying.mode = LYING_RECORDING;
}

/* ---- is it complete? ----------------------------------------------------------------- */

static struct {
    struct lying_bytes *contents; /* by file */
    char *where;
    bool is_complete;
    int found; /* names that are there */
} audit;

static void audit_fail(const char *path, const char *what, uint64_t at)
{
    if (audit.is_complete)
        snprintf(audit.where, 256, "%.180s: %s %" PRIu64, path, what, at);
    audit.is_complete = false;
}

static void audit_contents(const char *path, const struct lying_bytes *wanted)
{
    struct lying_bytes real = {0};
    size_t at = 0;
    read_really(path, &real);
    while (at < real.size_bytes && at < wanted->size_bytes && real.bytes[at] == wanted->bytes[at])
        at++;
    if (at < real.size_bytes || at < wanted->size_bytes)
        audit_fail(path, "differs from the journal at byte", at);
    free(real.bytes);
}

static void audit_entry(const char *path, const char *leaf, bool is_directory, int parent)
{
    int file = lying.now_map[lying_name_of(parent, leaf)];
    audit.found++;
    if (file == LYING_NO_FILE || lying.files[file].is_directory != is_directory)
        audit_fail(path, "is not in the journal; file", (uint64_t)file);
    else if (is_directory)
        list_really(path, audit_entry, file);
    else
        audit_contents(path, &audit.contents[file]);
}

static void audit_apply(const struct lying_operation *operation)
{
    struct lying_bytes *bytes = operation->file == LYING_NO_FILE ? NULL : &audit.contents[operation->file];
    switch (operation->kind) {
    case LYING_WRITE:
        lying_bytes_write(bytes, operation->offset_bytes, operation->bytes, operation->size_bytes);
        break;
    case LYING_ZERO:
        memset(bytes->bytes + operation->offset_bytes, 0, operation->size_bytes);
        break;
    case LYING_SIZE:
        lying_bytes_resize(bytes, operation->offset_bytes);
        break;
    default:
        break;
    }
}

bool lying_disk_is_complete(char where[256])
{
    CHECK(lying.mode == LYING_RECORDING);
    audit.contents = lying_allocate(NULL, (size_t)lying.file_count * sizeof *audit.contents);
    audit.where = where;
    audit.is_complete = true;
    audit.found = 0;
    for (int i = 0; i < lying.file_count; i++) {
        audit.contents[i] = (struct lying_bytes){0};
        lying_bytes_write(&audit.contents[i], 0, lying.files[i].start.bytes, lying.files[i].start.size_bytes);
    }
    for (size_t i = 0; i < lying.operation_count; i++)
        audit_apply(&lying.operations[i]);
    list_really(lying.root, audit_entry, LYING_ROOT);
    int expected = 0;
    for (int i = 0; i < lying.name_count; i++)
        expected += lying.now_map[i] != LYING_NO_FILE;
    if (expected != audit.found)
        audit_fail(lying.root, "has another number of names than the journal, which has", (uint64_t)expected);
    for (int i = 0; i < lying.file_count; i++)
        free(audit.contents[i].bytes);
    free(audit.contents);
    return audit.is_complete;
}
