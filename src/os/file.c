/* Files: positioned reads and writes, durability, blocks, locks.
 *
 * Each call either does all that it was asked or fails with a message.  EINTR
 * and short transfers are this file's business and nobody else's.
 */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define ZERO_BLOCK_BYTES ((size_t)1 << 16)
#define TRANSFER_BYTES_MAX ((size_t)1 << 30)

static const char *cure(int error_number)
{
    switch (error_number) {
    case ENOSPC:
        return "; free some space on this file system and try again";
    case EDQUOT:
        return "; raise the quota or free some space and try again";
    case EFBIG:
        return "; raise the file size limit (ulimit -f) or use another file system";
    case EACCES:
    case EPERM:
        return "; check the owner and the mode of the path";
    case EROFS:
        return "; this file system is mounted read-only";
    case EMFILE:
    case ENFILE:
        return "; raise the limit of open files (ulimit -n)";
    case EIO:
        return "; the device failed: check it (dmesg) before anything else";
    default:
        return "";
    }
}

static enum status fail(const struct os_file *file, const char *what)
{
    int error_number = errno;
    enum status status = status_fail_errno(error_number, "cannot %s %s", what, file->path);
    return cure(error_number)[0] == 0 ? status : status_fail(status, "%s%s", status_message(), cure(error_number));
}

/* ---- opening --------------------------------------------------------------- */

static int open_flags(enum os_open mode)
{
    switch (mode) {
    case OS_OPEN_READ:
        return O_RDONLY;
    case OS_OPEN_WRITE:
        return O_RDWR;
    case OS_OPEN_CREATE:
        return O_RDWR | O_CREAT | O_EXCL;
    }
    return O_RDONLY;
}

static struct os_file *file_new(const char *path)
{
    struct os_file *file = calloc(1, sizeof *file);
    char *copy = strdup(path);
    if (file == NULL || copy == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *file + strlen(path));
    file->path = copy;
    file->descriptor = -1;
    return file;
}

static int open_retrying(const char *path, int flags, mode_t mode)
{
    int descriptor;
    do
        descriptor = open(path, flags | O_CLOEXEC, mode);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

enum status os_file_open(const char *path, enum os_open mode, struct os_file **out)
{
    *out = NULL;
    struct os_file *file = file_new(path);
    file->descriptor = open_retrying(path, open_flags(mode), 0640);
    if (file->descriptor < 0) {
        enum status status = fail(file, mode == OS_OPEN_CREATE ? "create" : "open");
        os_file_close(file);
        return status;
    }
    *out = file;
    return STATUS_OK;
}

void os_file_close(struct os_file *file)
{
    if (file == NULL)
        return;
    if (file->descriptor >= 0)
        close(file->descriptor);
    free(file->path);
    free(file);
}

const char *os_file_path(const struct os_file *file)
{
    return file->path;
}

enum status os_file_size(struct os_file *file, uint64_t *size_bytes)
{
    struct stat facts;
    if (fstat(file->descriptor, &facts) != 0)
        return fail(file, "ask for the size of");
    *size_bytes = (uint64_t)facts.st_size;
    return STATUS_OK;
}

/* ---- reading and writing --------------------------------------------------- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

enum status os_file_read(struct os_file *file, uint64_t offset_bytes, void *bytes, size_t size_bytes)
{
    size_t done = 0;
    while (done < size_bytes) {
        ssize_t count = pread(file->descriptor, (uint8_t *)bytes + done, smaller(size_bytes - done, TRANSFER_BYTES_MAX),
                              (off_t)(offset_bytes + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail(file, "read from");
        if (count == 0)
            return status_fail(STATUS_CORRUPT,
                               "%s ends at byte %" PRIu64 ", but %" PRIu64 " bytes are needed: the file was cut short",
                               file->path, offset_bytes + done, offset_bytes + size_bytes);
        done += (size_t)count;
    }
    return STATUS_OK;
}

static enum status refuse_broken(const struct os_file *file)
{
    if (!atomic_load(&file->is_broken))
        return STATUS_OK;
    return status_fail(STATUS_IO,
                       "%s failed to sync earlier, so nothing more is written to it: restart, and what the device "
                       "really holds will be checked",
                       file->path);
}

enum status os_file_write(struct os_file *file, uint64_t offset_bytes, const void *bytes, size_t size_bytes)
{
    STATUS_TRY(refuse_broken(file));
    size_t done = 0;
    while (done < size_bytes) {
        ssize_t count = pwrite(file->descriptor, (const uint8_t *)bytes + done,
                               smaller(size_bytes - done, TRANSFER_BYTES_MAX), (off_t)(offset_bytes + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail(file, "write to");
        done += (size_t)count;
    }
    return STATUS_OK;
}

enum status os_file_sync(struct os_file *file)
{
    STATUS_TRY(refuse_broken(file));
    int result;
    do
        result = fdatasync(file->descriptor);
    while (result != 0 && errno == EINTR);
    if (result == 0)
        return STATUS_OK;
    atomic_store(&file->is_broken, true);
    return fail(file, "sync");
}

enum status os_file_write_out(struct os_file *file, uint64_t offset_bytes, uint64_t size_bytes)
{
    const unsigned flags = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    int result;
    do
        result = sync_file_range(file->descriptor, (off_t)offset_bytes, (off_t)size_bytes, flags);
    while (result != 0 && errno == EINTR);
    if (result == 0 || errno == ENOSYS || errno == EINVAL || errno == ESPIPE)
        return STATUS_OK;
    enum status status = fail(file, "write out");
    atomic_store(&file->is_broken, true); /* the failure has been told once and may not be told again */
    return status;
}

void os_file_drop_cache(struct os_file *file)
{
    (void)posix_fadvise(file->descriptor, 0, 0, POSIX_FADV_DONTNEED);
}

/* ---- blocks ---------------------------------------------------------------- */

/* For file systems without fallocate: what lies beyond the end gets zeros.
 * What lies before it was allocated like this, too. */
static enum status append_zeros(struct os_file *file, uint64_t old_end_bytes, uint64_t new_end_bytes)
{
    uint8_t *zeros = calloc(1, ZERO_BLOCK_BYTES);
    if (zeros == NULL)
        check_out_of_memory(__FILE__, __LINE__, ZERO_BLOCK_BYTES);
    enum status status = STATUS_OK;
    for (uint64_t at = old_end_bytes; at < new_end_bytes && status == STATUS_OK; at += ZERO_BLOCK_BYTES)
        status = os_file_write(file, at, zeros, smaller(new_end_bytes - at, ZERO_BLOCK_BYTES));
    free(zeros);
    return status;
}

static enum status allocate(struct os_file *file, uint64_t offset_bytes, uint64_t size_bytes, uint64_t old_end_bytes)
{
    int result;
    do
        result = fallocate(file->descriptor, 0, (off_t)offset_bytes, (off_t)size_bytes);
    while (result != 0 && errno == EINTR);
    if (result == 0)
        return STATUS_OK;
    if (errno == EOPNOTSUPP || errno == ENOSYS)
        return append_zeros(file, old_end_bytes, offset_bytes + size_bytes);
    return fail(file, "allocate disk blocks for");
}

enum status os_file_allocate(struct os_file *file, uint64_t offset_bytes, uint64_t size_bytes)
{
    STATUS_TRY(refuse_broken(file));
    if (size_bytes == 0)
        return STATUS_OK;
    if (offset_bytes > INT64_MAX || size_bytes > INT64_MAX - offset_bytes)
        return status_fail(STATUS_INVALID,
                           "cannot allocate disk blocks for %s: %" PRIu64 " bytes at %" PRIu64
                           " reach beyond the largest file",
                           file->path, size_bytes, offset_bytes);
    uint64_t old_end_bytes;
    STATUS_TRY(os_file_size(file, &old_end_bytes));
    enum status status = allocate(file, offset_bytes, size_bytes, old_end_bytes);
    if (status != STATUS_OK && ftruncate(file->descriptor, (off_t)old_end_bytes) != 0)
        return status_add_context(status, "%s could not be cut back to its old size either", file->path);
    return status;
}

enum status os_file_truncate(struct os_file *file, uint64_t size_bytes)
{
    STATUS_TRY(refuse_broken(file));
    int result;
    do
        result = ftruncate(file->descriptor, (off_t)size_bytes);
    while (result != 0 && errno == EINTR);
    return result == 0 ? STATUS_OK : fail(file, "change the size of");
}

/* ---- locks ----------------------------------------------------------------- */

/* The process that holds a lock on the file, from /proc/locks, or 0. */
static long lock_holder(const struct os_file *file)
{
    struct stat facts;
    FILE *locks = fopen("/proc/locks", "re");
    if (locks == NULL || fstat(file->descriptor, &facts) != 0) {
        if (locks != NULL)
            fclose(locks);
        return 0;
    }
    char line[256];
    long holder = 0;
    while (holder == 0 && fgets(line, sizeof line, locks) != NULL) {
        long process;
        unsigned major_number, minor_number;
        unsigned long inode;
        if (sscanf(line, "%*d: FLOCK %*s %*s %ld %x:%x:%lu", &process, &major_number, &minor_number, &inode) == 4 &&
            makedev(major_number, minor_number) == facts.st_dev && inode == facts.st_ino)
            holder = process;
    }
    fclose(locks);
    return holder;
}

static enum status fail_busy(const struct os_file *file)
{
    long holder = lock_holder(file);
    if (holder > 0)
        return status_fail(STATUS_BUSY, "%s is in use by process %ld: stop that one first", file->path, holder);
    return status_fail(STATUS_BUSY, "%s is in use by another process: stop that one first", file->path);
}

/* flock, not fcntl: it belongs to the open file, so a second open in the same
 * process is refused as well, and closing some other descriptor drops nothing. */
enum status os_file_lock(struct os_file *file, bool exclusive)
{
    int result;
    do
        result = flock(file->descriptor, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB);
    while (result != 0 && errno == EINTR);
    if (result == 0)
        return STATUS_OK;
    return errno == EWOULDBLOCK ? fail_busy(file) : fail(file, "lock");
}

static enum status control(struct os_file *file, int command, struct flock *lock)
{
    int result;
    do
        result = fcntl(file->descriptor, command, lock);
    while (result != 0 && errno == EINTR);
    return result == 0 ? STATUS_OK : fail(file, "lock part of");
}

enum status os_file_lock_byte(struct os_file *file, uint64_t offset_bytes)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = (off_t)offset_bytes, .l_len = 1};
    return control(file, F_OFD_SETLK, &lock);
}

enum status os_file_unlock_byte(struct os_file *file, uint64_t offset_bytes)
{
    struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = (off_t)offset_bytes, .l_len = 1};
    return control(file, F_OFD_SETLK, &lock);
}

enum status os_file_find_lock(struct os_file *file, uint64_t start_bytes, uint64_t end_bytes, bool *is_locked,
                              uint64_t *offset_bytes)
{
    struct flock lock = {.l_type = F_WRLCK,
                         .l_whence = SEEK_SET,
                         .l_start = (off_t)start_bytes,
                         .l_len = (off_t)(end_bytes - start_bytes)};
    *is_locked = false;
    STATUS_TRY(control(file, F_OFD_GETLK, &lock));
    *is_locked = lock.l_type != F_UNLCK;
    *offset_bytes = (uint64_t)lock.l_start;
    return STATUS_OK;
}

/* ---- whole files ----------------------------------------------------------- */

struct growing {
    uint8_t *bytes;
    size_t size_bytes;
    size_t capacity_bytes;
};

static enum status make_room(struct growing *growing, size_t capacity_bytes, const char *path)
{
    uint8_t *bytes = realloc(growing->bytes, capacity_bytes);
    if (bytes == NULL)
        return status_fail(STATUS_NO_MEMORY, "cannot read %s: no memory for its %zu bytes", path, capacity_bytes);
    growing->bytes = bytes;
    growing->capacity_bytes = capacity_bytes;
    return STATUS_OK;
}

/* Reads to the end, whatever the size was said to be: pipes and /proc say 0. */
static enum status read_to_end(struct os_file *file, uint64_t limit_bytes, struct growing *growing)
{
    for (;;) {
        if (growing->size_bytes > limit_bytes)
            return status_fail(STATUS_LIMIT, "%s is larger than the limit of %" PRIu64 " bytes", file->path,
                               limit_bytes);
        if (growing->size_bytes == growing->capacity_bytes)
            STATUS_TRY(make_room(growing, growing->capacity_bytes * 2, file->path));
        size_t room = smaller(growing->capacity_bytes - growing->size_bytes, TRANSFER_BYTES_MAX);
        ssize_t count = read(file->descriptor, growing->bytes + growing->size_bytes, room);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail(file, "read");
        if (count == 0)
            return STATUS_OK;
        growing->size_bytes += (size_t)count;
    }
}

static enum status read_whole(struct os_file *file, uint64_t limit_bytes, struct growing *growing)
{
    uint64_t expected_bytes;
    STATUS_TRY(os_file_size(file, &expected_bytes));
    if (expected_bytes > limit_bytes)
        return status_fail(STATUS_LIMIT, "%s has %" PRIu64 " bytes, over the limit of %" PRIu64, file->path,
                           expected_bytes, limit_bytes);
    STATUS_TRY(make_room(growing, expected_bytes < 4096 ? 4096 : expected_bytes + 1, file->path));
    return read_to_end(file, limit_bytes, growing);
}

enum status os_read_whole(const char *path, uint64_t limit_bytes, uint8_t **bytes, size_t *size_bytes)
{
    *bytes = NULL;
    *size_bytes = 0;
    struct os_file *file;
    STATUS_TRY(os_file_open(path, OS_OPEN_READ, &file));
    struct growing growing = {0};
    enum status status = read_whole(file, limit_bytes, &growing);
    os_file_close(file);
    if (status != STATUS_OK) {
        free(growing.bytes);
        return status;
    }
    *bytes = growing.bytes;
    *size_bytes = growing.size_bytes;
    return STATUS_OK;
}

/* A new file beside `path`, of a name that is nobody else's, with the mode of
 * the file it will replace. */
static enum status open_beside(const char *path, struct os_file **out)
{
    struct stat old;
    mode_t mode = stat(path, &old) == 0 ? old.st_mode & 07777 : 0644;
    for (unsigned attempt = 0;; attempt++) {
        char name[4096];
        uint32_t chance;
        os_random(&chance, sizeof chance);
        if (snprintf(name, sizeof name, "%s.%08" PRIx32 ".new", path, chance) >= (int)sizeof name)
            return status_fail(STATUS_INVALID, "cannot write %s: the path is too long", path);
        struct os_file *file = file_new(name);
        file->descriptor = open_retrying(name, O_RDWR | O_CREAT | O_EXCL, mode);
        if (file->descriptor >= 0) {
            *out = file;
            return STATUS_OK;
        }
        enum status status = fail(file, "create");
        os_file_close(file);
        if (status != STATUS_EXISTS || attempt == 16)
            return status;
    }
}

/* A device or a pipe is written to; in its place a file would do harm. */
static enum status write_to_device(const char *path, const uint8_t *bytes, size_t size_bytes)
{
    int descriptor = open_retrying(path, O_WRONLY, 0);
    int error_number = descriptor < 0 ? errno : 0;
    while (error_number == 0 && size_bytes > 0) {
        ssize_t written = write(descriptor, bytes, size_bytes);
        if (written < 0 && errno != EINTR)
            error_number = errno;
        bytes += written > 0 ? written : 0;
        size_bytes -= written > 0 ? (size_t)written : 0;
    }
    if (descriptor >= 0)
        close(descriptor);
    return error_number == 0 ? STATUS_OK : status_fail_errno(error_number, "cannot write to %s", path);
}

enum status os_replace_whole(const char *path, const void *bytes, size_t size_bytes)
{
    struct os_file *file;
    struct stat facts;
    if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode))
        return write_to_device(path, bytes, size_bytes);
    STATUS_TRY(open_beside(path, &file));
    enum status status = os_file_write(file, 0, bytes, size_bytes);
    if (status == STATUS_OK)
        status = os_file_sync(file);
    if (status == STATUS_OK && rename(file->path, path) != 0)
        status = status_fail_errno(errno, "cannot put %s in its place", path);
    if (status != STATUS_OK)
        unlink(file->path);
    os_file_close(file);
    return status != STATUS_OK ? status : os_parent_sync(path);
}
