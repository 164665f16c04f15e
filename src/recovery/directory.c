/* The machine directory: its names, its lock, its mark.
 *
 * The mark is written last when a machine is made, so a directory without it
 * is no machine: either another program's, which is never touched, or what a
 * creation that was killed has left, which holds nothing that anybody was ever
 * promised and may be made anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/private.h"

#define LOCK_PATIENCE_MS 300
#define KERNEL_SIZE_MAX_BYTES ((uint64_t)1 << 36)

static const char mark_text[] = "loam machine, format 1\n"
                                "\n"
                                "This directory belongs to the program loam (see loam(1)).\n"
                                "  events.sqlite   every accepted event: the authority on history\n"
                                "  arena.loam      the state, ready to run; it can be made again from the events\n"
                                "  kernels         the kernels that the machine has had, by their BLAKE3 hash\n"
                                "  lock            held while a process runs the machine\n"
                                "To copy a machine, stop it first and copy the whole directory.\n";

char *recovery_path(const char *directory, const char *name)
{
    return text_format("%s/%s", directory, name);
}

static enum status kind_of(const char *directory, const char *name, enum os_kind *kind)
{
    char *path = recovery_path(directory, name);
    enum status status = os_kind_of(path, kind);
    free(path);
    return status;
}

/* ---- is it a machine? ---------------------------------------------------------- */

static enum status check_mark(const char *directory)
{
    char *path = recovery_path(directory, RECOVERY_MARK_NAME);
    uint8_t *bytes;
    size_t size_bytes;
    enum status status = os_read_whole(path, 65536, &bytes, &size_bytes);
    free(path);
    if (status != STATUS_OK)
        return status;
    size_t line_bytes = strcspn(mark_text, "\n");
    bool is_ours = size_bytes > line_bytes && memcmp(bytes, mark_text, line_bytes + 1) == 0;
    free(bytes);
    if (is_ours)
        return STATUS_OK;
    return status_fail(STATUS_FORMAT,
                       "%s/%s is of a format that this version of loam does not know: use the version that made it",
                       directory, RECOVERY_MARK_NAME);
}

static enum status check_repair(const char *directory)
{
    enum os_kind kind;
    STATUS_TRY(kind_of(directory, RECOVERY_MARK_NAME ".repair", &kind));
    if (kind != OS_KIND_FILE)
        return STATUS_OK;
    return status_fail(STATUS_CORRUPT, "a repair of %s was interrupted: `loam doctor %s --repair` finishes it",
                       directory, directory);
}

enum status recovery_check(const char *directory)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(directory, &kind));
    if (kind == OS_KIND_ABSENT)
        return status_fail(STATUS_NOT_FOUND,
                           "there is no directory %s: make a machine with `loam new %s --kernel FILE`", directory,
                           directory);
    if (kind != OS_KIND_DIRECTORY)
        return status_fail(STATUS_FORMAT, "%s is not a directory, so it is no machine of loam's", directory);
    STATUS_TRY(kind_of(directory, RECOVERY_MARK_NAME, &kind));
    if (kind != OS_KIND_FILE)
        STATUS_TRY(check_repair(directory));
    if (kind != OS_KIND_FILE)
        return status_fail(STATUS_FORMAT,
                           "%s is no machine of loam's (it has no file %s): name another directory, or make a machine "
                           "with `loam new`",
                           directory, RECOVERY_MARK_NAME);
    return check_mark(directory);
}

/* ---- the lock -------------------------------------------------------------------- */

static enum status lock_patiently(struct os_file *lock, const char *directory)
{
    uint64_t deadline_ns = os_clock_ns() + LOCK_PATIENCE_MS * (uint64_t)1000000;
    enum status status;
    while ((status = os_file_lock(lock, true)) == STATUS_BUSY && os_clock_ns() < deadline_ns)
        os_sleep_ms(10);
    if (status == STATUS_BUSY)
        return status_fail(STATUS_BUSY,
                           "another process runs the machine in %s: stop it first, or look with `loam peek` and `loam "
                           "status`, which work beside it",
                           directory);
    return status;
}

static enum status open_lock(struct node *node, enum os_open mode)
{
    char *path = recovery_path(node->directory, RECOVERY_LOCK_NAME);
    enum status status = os_file_open(path, mode, &node->lock);
    free(path);
    return status;
}

enum status recovery_lock(struct node *node)
{
    STATUS_TRY(open_lock(node, OS_OPEN_WRITE));
    return lock_patiently(node->lock, node->directory);
}

enum status recovery_lock_to_read(const char *directory, struct os_file **lock)
{
    char *path = recovery_path(directory, RECOVERY_LOCK_NAME);
    enum status status = os_file_open(path, OS_OPEN_READ, lock);
    free(path);
    if (status != STATUS_OK)
        return status;
    status = os_file_lock(*lock, false);
    if (status == STATUS_OK)
        return STATUS_OK;
    os_file_close(*lock);
    *lock = NULL;
    return status == STATUS_BUSY
               ? status_fail(STATUS_BUSY, "a process runs the machine in %s: stop it first", directory)
               : status;
}

enum status recovery_is_running(const char *directory, bool *is_running)
{
    struct os_file *lock;
    STATUS_TRY(recovery_check(directory));
    enum status status = recovery_lock_to_read(directory, &lock);
    *is_running = status == STATUS_BUSY;
    if (status == STATUS_OK)
        os_file_close(lock);
    return status == STATUS_BUSY ? STATUS_OK : status;
}

/* ---- making one ------------------------------------------------------------------- */

static const char *const own_names[] = {
    RECOVERY_LOCK_NAME,
    ARENA_FILE_NAME,
    RECOVERY_LOG_NAME,
    RECOVERY_LOG_NAME "-wal",
    RECOVERY_LOG_NAME "-shm",
    RECOVERY_KERNELS_NAME,
    RECOVERY_REBUILD_NAME,
    RECOVERY_DAMAGED_NAME,
    RECOVERY_LOG_NAME "-journal",
    RECOVERY_LOG_NAME "-unflushed",
    SNAPSHOT_FOLDER_NAME,
};

static bool is_own_name(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(own_names); i++)
        if (strcmp(name, own_names[i]) == 0)
            return true;
    return false;
}

/* Files pass through a name ending in .new before they have their own. */
static bool is_passing_name(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".new") == 0 &&
           (strcmp(name, ARENA_FILE_NAME ".new") == 0 ||
            strncmp(name, RECOVERY_MARK_NAME ".", strlen(RECOVERY_MARK_NAME) + 1) == 0);
}

/* For os_directory_list: anything that no killed creation can have left. */
static enum status refuse_entry(void *context, const char *name)
{
    const char *directory = context;
    if (strcmp(name, RECOVERY_MARK_NAME) == 0)
        return status_fail(STATUS_EXISTS,
                           "%s is a machine already: run it with `loam run %s`, or name another directory", directory,
                           directory);
    if (is_own_name(name) || is_passing_name(name) || strcmp(name, "lost+found") == 0)
        return STATUS_OK;
    return status_fail(STATUS_EXISTS, "%s is not empty (it holds %s): name an empty or a new directory", directory,
                       name);
}

/* For os_directory_list: the remains of a killed creation always have a lock. */
static enum status note_lock(void *context, const char *name)
{
    bool *has_lock = context;
    *has_lock = *has_lock || strcmp(name, RECOVERY_LOCK_NAME) == 0;
    return STATUS_OK;
}

static enum status remove_tree_entry(void *context, const char *name)
{
    char *path = recovery_path(context, name);
    enum status status = os_remove(path);
    free(path);
    return status;
}

/* Removes what there is of `name`, and says nothing about what is not there. */
static void remove_own(const char *directory, const char *name)
{
    char *path = recovery_path(directory, name);
    enum os_kind kind;
    enum status status = os_kind_of(path, &kind);
    if (status == STATUS_OK && kind == OS_KIND_DIRECTORY)
        status = os_directory_list(path, remove_tree_entry, path);
    if (status == STATUS_OK && kind != OS_KIND_ABSENT)
        status = os_remove(path);
    (void)status; /* what cannot be removed is met again, and named, by the next creation */
    free(path);
}

/* For os_directory_list. */
static enum status remove_passing(void *context, const char *name)
{
    if (is_passing_name(name))
        remove_own(context, name);
    return STATUS_OK;
}

static void remove_contents(char *directory)
{
    enum status status = os_directory_list(directory, remove_passing, directory);
    (void)status; /* as in remove_own */
    for (size_t i = 1; i < COUNT_OF(own_names); i++)
        remove_own(directory, own_names[i]);
}

static enum status claim_existing(struct node *node)
{
    bool has_lock = false;
    STATUS_TRY(os_directory_list(node->directory, refuse_entry, node->directory));
    STATUS_TRY(os_directory_list(node->directory, note_lock, &has_lock));
    STATUS_TRY(open_lock(node, has_lock ? OS_OPEN_WRITE : OS_OPEN_CREATE));
    STATUS_TRY(lock_patiently(node->lock, node->directory));
    /* Whoever held the lock meanwhile may have finished a machine. */
    enum status status = os_directory_list(node->directory, refuse_entry, node->directory);
    if (status != STATUS_OK) {
        os_file_close(node->lock);
        node->lock = NULL;
        return status;
    }
    remove_contents(node->directory);
    return STATUS_OK;
}

enum status recovery_claim(struct node *node, bool *is_created)
{
    enum os_kind kind;
    *is_created = false;
    STATUS_TRY(os_kind_of(node->directory, &kind));
    if (kind == OS_KIND_DIRECTORY)
        return claim_existing(node);
    if (kind != OS_KIND_ABSENT)
        return status_fail(STATUS_EXISTS, "%s is there and is not a directory: name another", node->directory);
    STATUS_TRY(os_directory_create(node->directory, false));
    *is_created = true;
    STATUS_TRY(open_lock(node, OS_OPEN_CREATE));
    return lock_patiently(node->lock, node->directory);
}

enum status recovery_mark(const struct node *node)
{
    char *path = recovery_path(node->directory, RECOVERY_MARK_NAME);
    enum status status = os_replace_whole(path, mark_text, sizeof mark_text - 1);
    free(path);
    return status;
}

enum status recovery_unclaim(struct node *node, enum status failure, bool is_created)
{
    if (node->lock == NULL && !is_created)
        return failure;
    char message[STATUS_MESSAGE_SIZE_BYTES];
    snprintf(message, sizeof message, "%s", status_message());
    remove_own(node->directory, RECOVERY_MARK_NAME); /* first: what is left is no machine */
    remove_contents(node->directory);
    remove_own(node->directory, RECOVERY_LOCK_NAME);
    if (is_created && os_remove(node->directory) != STATUS_OK)
        node_warn(node, "%s", status_message());
    return status_fail(failure, "%s", message);
}

/* ---- the log's side files ---------------------------------------------------- */

static enum status note_file(const struct node *node, const char *name, bool *is_there, uint64_t *size_bytes)
{
    enum os_kind kind;
    STATUS_TRY(kind_of(node->directory, name, &kind));
    *is_there = kind != OS_KIND_ABSENT;
    *size_bytes = 0;
    if (kind != OS_KIND_FILE)
        return STATUS_OK;
    char *path = recovery_path(node->directory, name);
    struct os_file *file;
    enum status status = os_file_open(path, OS_OPEN_READ, &file);
    if (status == STATUS_OK) {
        status = os_file_size(file, size_bytes);
        os_file_close(file);
    }
    free(path);
    return status;
}

enum status recovery_log_files_note(const struct node *node, struct recovery_log_files *files)
{
    uint64_t index_bytes;
    STATUS_TRY(note_file(node, RECOVERY_LOG_NAME "-wal", &files->has_wal, &files->wal_bytes));
    return note_file(node, RECOVERY_LOG_NAME "-shm", &files->has_index, &index_bytes);
}

/* Nothing was appended, so what the WAL has grown by is the zeros that it was
 * warmed with. */
static enum status shrink_wal(const struct node *node, const struct recovery_log_files *files)
{
    char *path = recovery_path(node->directory, RECOVERY_LOG_NAME "-wal");
    struct os_file *file;
    uint64_t size_bytes;
    enum status status = os_file_open(path, OS_OPEN_WRITE, &file);
    if (status == STATUS_OK) {
        status = os_file_size(file, &size_bytes);
        if (status == STATUS_OK && size_bytes > files->wal_bytes)
            status = os_file_truncate(file, files->wal_bytes);
        os_file_close(file);
    }
    free(path);
    return status;
}

void recovery_log_files_tidy(const struct node *node, const struct recovery_log_files *files)
{
    if (!files->has_wal)
        remove_own(node->directory, RECOVERY_LOG_NAME "-wal");
    else if (shrink_wal(node, files) != STATUS_OK)
        node_warn(node, "%s", status_message());
    if (!files->has_index)
        remove_own(node->directory, RECOVERY_LOG_NAME "-shm");
}

/* ---- kernels ------------------------------------------------------------------------ */

static char *kernel_path(const struct node *node, const uint8_t hash[HASH_BLAKE3_SIZE_BYTES])
{
    char name[sizeof RECOVERY_KERNELS_NAME + 1 + 2 * HASH_BLAKE3_SIZE_BYTES + 4];
    size_t length = (size_t)snprintf(name, sizeof name, "%s/", RECOVERY_KERNELS_NAME);
    for (size_t i = 0; i < HASH_BLAKE3_SIZE_BYTES; i++)
        length += (size_t)snprintf(name + length, sizeof name - length, "%02x", hash[i]);
    snprintf(name + length, sizeof name - length, ".jam");
    return recovery_path(node->directory, name);
}

enum status recovery_kernel_keep(const struct node *node, const struct recovery_kernel *kernel,
                                 const uint8_t hash[HASH_BLAKE3_SIZE_BYTES])
{
    char *folder = recovery_path(node->directory, RECOVERY_KERNELS_NAME);
    enum status status = os_directory_create(folder, true);
    free(folder);
    if (status != STATUS_OK)
        return status;
    char *path = kernel_path(node, hash);
    status = os_replace_whole(path, kernel->bytes, kernel->size_bytes);
    free(path);
    return status;
}

enum status recovery_kernel_read(const struct node *node, const uint8_t hash[HASH_BLAKE3_SIZE_BYTES], uint8_t **bytes,
                                 size_t *size_bytes)
{
    char *path = kernel_path(node, hash);
    enum status status = os_read_whole(path, KERNEL_SIZE_MAX_BYTES, bytes, size_bytes);
    if (status == STATUS_OK) {
        uint8_t digest[HASH_BLAKE3_SIZE_BYTES];
        hash_blake3(*bytes, *size_bytes, digest);
        if (memcmp(digest, hash, sizeof digest) != 0) {
            free(*bytes);
            status =
                status_fail(STATUS_CORRUPT, "%s is not the kernel that its name says: put the right file there", path);
        }
    }
    free(path);
    return status;
}

const char *recovery_hash_text(const uint8_t hash[HASH_BLAKE3_SIZE_BYTES])
{
    static _Thread_local char texts[4][13];
    static _Thread_local unsigned next;
    char *text = texts[next++ % 4];
    for (unsigned i = 0; i < 6; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    return text;
}
