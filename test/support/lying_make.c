/* The real directory becomes the state at hand.
 *
 * The contents of each file are kept in a store beside the directory, and get
 * their names in it by hard links: from one state to the next only what differs is
 * written, whatever was done to names and contents in between.
 */
#include "lying_private.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_known; /* now_map says what is in the directory */

static void store_path(int file, char path[LYING_PATH_BYTES])
{
    CHECK(snprintf(path, LYING_PATH_BYTES, "%s.store/%d", lying.root, file) < LYING_PATH_BYTES);
}

/* ---- removing ------------------------------------------------------------------ */

static void remove_below(const char *path)
{
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char inner[LYING_PATH_BYTES];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        CHECK(snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name) < (int)sizeof inner);
        if (entry->d_type == DT_DIR)
            remove_below(inner);
        syscall(SYS_unlinkat, AT_FDCWD, inner, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
    }
    closedir(directory);
}

void lying_make_forget(void)
{
    char path[LYING_PATH_BYTES];
    for (int i = 0; i < lying.file_count; i++) {
        if (lying.files[i].store >= 0)
            syscall(SYS_close, lying.files[i].store);
        lying.files[i].store = -1;
    }
    if (lying.root_bytes == 0)
        return;
    snprintf(path, sizeof path, "%s.store", lying.root);
    if (access(path, F_OK) == 0) {
        remove_below(path);
        syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
    }
}

void lying_disk_freeze(const char *directory)
{
    char path[LYING_PATH_BYTES];
    CHECK(strlen(directory) < sizeof lying.root);
    strcpy(lying.root, directory);
    lying.root_bytes = strlen(directory);
    lying.journal_file_count = lying.file_count;
    lying.journal_name_count = lying.name_count;
    lying_cut_forget();
    snprintf(path, sizeof path, "%s.store", lying.root);
    CHECK(syscall(SYS_mkdirat, AT_FDCWD, path, 0700) == 0);
    is_known = false;
    lying.mode = LYING_PLAYING;
}

void lying_disk_leave(void)
{
    lying.mode = LYING_OFF;
}

/* ---- contents ---------------------------------------------------------------------- */

void lying_dirty(struct lying_file *file, uint64_t from_bytes, uint64_t to_bytes)
{
    if (file->store < 0 || from_bytes >= to_bytes)
        return;
    struct lying_span *last = file->dirtied_count == 0 ? NULL : &file->dirtied[file->dirtied_count - 1];
    if (last != NULL && last->to_bytes == from_bytes) {
        last->to_bytes = to_bytes;
        return;
    }
    if (file->dirtied_count == file->dirtied_capacity) {
        file->dirtied_capacity = file->dirtied_capacity == 0 ? 64 : 2 * file->dirtied_capacity;
        file->dirtied = lying_allocate(file->dirtied, file->dirtied_capacity * sizeof *file->dirtied);
    }
    file->dirtied[file->dirtied_count++] = (struct lying_span){from_bytes, to_bytes};
}

static void write_really(const struct lying_file *file, const uint8_t *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    CHECK(syscall(SYS_pwrite64, file->store, bytes, size_bytes, offset_bytes) == (long)size_bytes);
}

static void resize_really(const struct lying_file *file, uint64_t size_bytes)
{
    CHECK(syscall(SYS_ftruncate, file->store, size_bytes) == 0);
}

static void open_store(int number)
{
    struct lying_file *file = &lying.files[number];
    char path[LYING_PATH_BYTES];
    store_path(number, path);
    file->store = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    CHECK(file->store >= 0);
    file->dirtied_count = 0;
    lying_dirty(file, 0, file->base.size_bytes);
}

/* Back to the base, but for its size, which is the state's. */
static void restore(struct lying_file *file)
{
    for (size_t i = 0; i < file->dirtied_count; i++) {
        struct lying_span span = file->dirtied[i];
        if (span.to_bytes > file->base.size_bytes)
            span.to_bytes = file->base.size_bytes;
        if (span.from_bytes < span.to_bytes)
            write_really(file, file->base.bytes + span.from_bytes, span.to_bytes - span.from_bytes, span.from_bytes);
    }
    file->dirtied_count = 0;
    /* what lies beyond the base is zeros in the base, whatever was there */
    if (lying_size_of(file->store) != file->base.size_bytes)
        resize_really(file, file->base.size_bytes);
    if (file->state_bytes != file->base.size_bytes)
        resize_really(file, file->state_bytes);
    if (file->state_bytes < file->base.size_bytes)
        lying_dirty(file, file->state_bytes, file->base.size_bytes);
}

static void write_changes(void)
{
    for (size_t i = 0; i < lying_state.count; i++) {
        const struct lying_change *change = &lying_state.changes[i];
        struct lying_file *file = &lying.files[change->file];
        uint64_t at = (uint64_t)change->sector * LYING_SECTOR_BYTES;
        if (file->store < 0 || at >= file->state_bytes)
            continue;
        uint64_t rest = file->state_bytes - at;
        size_t size_bytes = rest < LYING_SECTOR_BYTES ? rest : LYING_SECTOR_BYTES;
        write_really(file, change->bytes, size_bytes, at);
        lying_dirty(file, at, at + size_bytes);
    }
}

/* ---- names ------------------------------------------------------------------------- */

/* The names of directories in a map, by file. */
static int directory_names[LYING_FILES_MAX];

static void find_directory_names(const int *map)
{
    for (int i = 0; i < lying.file_count; i++)
        directory_names[i] = LYING_NO_NAME;
    for (int i = 0; i < lying.name_count; i++)
        if (map[i] != LYING_NO_FILE && lying.files[map[i]].is_directory)
            directory_names[map[i]] = i;
}

static bool is_reachable(int name)
{
    int parent = lying.names[name].parent;
    while (parent != LYING_ROOT && directory_names[parent] != LYING_NO_NAME)
        parent = lying.names[directory_names[parent]].parent;
    return parent == LYING_ROOT;
}

static void remove_really(int name)
{
    char path[LYING_PATH_BYTES];
    int file = lying.now_map[name];
    bool is_directory = lying.files[file].is_directory;
    lying_path(lying.now_map, name, path);
    if (is_directory)
        remove_below(path);
    syscall(SYS_unlinkat, AT_FDCWD, path, is_directory ? AT_REMOVEDIR : 0);
    lying.now_map[name] = LYING_NO_FILE;
}

/* What was in directories that are gone is gone. */
static void forget_orphans(void)
{
    for (bool has_changed = true; has_changed;) {
        has_changed = false;
        find_directory_names(lying.now_map);
        for (int i = 0; i < lying.name_count; i++) {
            if (lying.now_map[i] == LYING_NO_FILE || is_reachable(i))
                continue;
            lying.now_map[i] = LYING_NO_FILE;
            has_changed = true;
        }
    }
}

static void create_really(int name, int file)
{
    char path[LYING_PATH_BYTES], store[LYING_PATH_BYTES];
    lying_path(lying.now_map, name, path);
    if (lying.files[file].is_directory) {
        CHECK(syscall(SYS_mkdirat, AT_FDCWD, path, 0750) == 0);
    } else {
        if (lying.files[file].store < 0)
            open_store(file);
        store_path(file, store);
        CHECK(syscall(SYS_linkat, AT_FDCWD, store, AT_FDCWD, path, 0) == 0);
    }
    lying.now_map[name] = file;
}

/* Parents first: a name whose directory is not there yet waits for the next round. */
static void create_missing(const int *wanted)
{
    for (bool has_changed = true; has_changed;) {
        has_changed = false;
        find_directory_names(lying.now_map);
        for (int i = 0; i < lying.name_count; i++) {
            if (wanted[i] == LYING_NO_FILE || lying.now_map[i] != LYING_NO_FILE || !is_reachable(i))
                continue;
            create_really(i, wanted[i]);
            has_changed = has_changed || lying.files[wanted[i]].is_directory;
        }
    }
}

static void make_names(void)
{
    static int wanted[LYING_NAMES_MAX];
    bool differs = false;
    find_directory_names(lying_state.map);
    for (int i = 0; i < lying.name_count; i++) {
        bool is_there = i < lying.journal_name_count && lying_state.map[i] != LYING_NO_FILE && is_reachable(i);
        wanted[i] = is_there ? lying_state.map[i] : LYING_NO_FILE;
        differs = differs || wanted[i] != lying.now_map[i];
    }
    if (differs) {
        for (int i = 0; i < lying.name_count; i++)
            if (lying.now_map[i] != LYING_NO_FILE && lying.now_map[i] != wanted[i]) {
                remove_really(i);
                forget_orphans();
            }
        create_missing(wanted);
    }
    lying.file_count = lying.journal_file_count;
    lying.name_count = lying.journal_name_count;
}

void lying_disk_make(void)
{
    CHECK(lying.mode == LYING_PLAYING);
    lying.mode = LYING_OFF;
    if (!is_known) {
        remove_below(lying.root);
        for (int i = 0; i < lying.name_count; i++)
            lying.now_map[i] = LYING_NO_FILE;
        is_known = true;
    }
    make_names();
    for (int i = 0; i < lying.file_count; i++)
        if (lying.files[i].store >= 0)
            restore(&lying.files[i]);
    write_changes();
    lying.mode = LYING_PLAYING;
}
