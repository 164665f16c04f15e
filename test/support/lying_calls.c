/* The C library's calls on descriptors, as they are under the lying disk. */
#include "lying_private.h"
#include "lying_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 4096

/* What a descriptor is of: nothing of ours, or a file. */
static struct {
    bool is_ours;
    bool is_index;
    int file; /* LYING_NO_FILE: something that has no place in the journal */
} descriptors[DESCRIPTORS_MAX];

static bool is_ours(int descriptor)
{
    return descriptor >= 0 && descriptor < DESCRIPTORS_MAX && descriptors[descriptor].is_ours;
}

static bool refuses(enum lying_call call, int descriptor)
{
    return is_ours(descriptor) && lying_refuses(call, descriptors[descriptor].is_index);
}

/* The file of one of ours. */
static struct lying_file *file_of(int descriptor)
{
    int file = descriptors[descriptor].file;
    return file == LYING_NO_FILE ? NULL : &lying.files[file];
}

/* ---- opening ------------------------------------------------------------------ */

void lying_note_open(const char *path, int descriptor, bool may_create)
{
    CHECK(descriptor < DESCRIPTORS_MAX);
    descriptors[descriptor].is_ours = true;
    descriptors[descriptor].is_index = lying_is_index(path);
    descriptors[descriptor].file = LYING_NO_FILE;
    if (descriptors[descriptor].is_index && lying.mode == LYING_RECORDING)
        return;
    int name, file = lying_find(path, &name);
    if (file == LYING_NO_FILE && may_create && name != LYING_NO_NAME) {
        file = lying.now_map[name] = lying_file_add(false);
        if (lying.mode == LYING_RECORDING)
            lying_add_name(LYING_LINK, file, name, name);
    }
    descriptors[descriptor].file = file;
}

int close(int descriptor)
{
    pthread_mutex_lock(&lying.mutex);
    if (descriptor >= 0 && descriptor < DESCRIPTORS_MAX)
        descriptors[descriptor].is_ours = false;
    int result = (int)syscall(SYS_close, descriptor);
    pthread_mutex_unlock(&lying.mutex);
    return result;
}

/* ---- writing ---------------------------------------------------------------------- */

/* Zeros over zeros make no state that there is not without them. */
static bool is_pointless(int descriptor, const uint8_t *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    if (!lying_is_zeros(bytes, size_bytes) || lying_size_of(descriptor) < offset_bytes + size_bytes)
        return false;
    uint8_t *old = lying_allocate(NULL, size_bytes);
    bool were_zeros = syscall(SYS_pread64, descriptor, old, size_bytes, offset_bytes) == (long)size_bytes &&
                      lying_is_zeros(old, size_bytes);
    free(old);
    return were_zeros;
}

/* The file has got longer by zeros.  Steps of the same growth are one. */
static void add_growth(int file, uint64_t size_bytes)
{
    struct lying_operation *last = lying.operation_count == 0 ? NULL : &lying.operations[lying.operation_count - 1];
    if (last != NULL && last->kind == LYING_SIZE && last->file == file && last->offset_bytes < size_bytes)
        last->offset_bytes = size_bytes;
    else
        lying_add(LYING_SIZE, file, size_bytes);
}

static long write_noted(int descriptor, const void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    struct lying_file *file = file_of(descriptor);
    bool is_noted =
        file != NULL && lying.mode == LYING_RECORDING && !is_pointless(descriptor, bytes, size_bytes, offset_bytes);
    bool is_growth = is_noted && offset_bytes >= lying_size_of(descriptor) && lying_is_zeros(bytes, size_bytes);
    long written = syscall(SYS_pwrite64, descriptor, bytes, size_bytes, offset_bytes);
    if (written <= 0 || file == NULL)
        return written;
    if (lying.mode == LYING_PLAYING)
        lying_dirty(file, offset_bytes, offset_bytes + (uint64_t)written);
    if (is_growth) {
        add_growth(descriptors[descriptor].file, offset_bytes + (uint64_t)written);
    } else if (is_noted) {
        struct lying_operation *operation = lying_add(LYING_WRITE, descriptors[descriptor].file, offset_bytes);
        operation->size_bytes = (size_t)written;
        operation->bytes = lying_allocate(NULL, (size_t)written);
        memcpy(operation->bytes, bytes, (size_t)written);
    }
    return written;
}

static long write_lying(int descriptor, const void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    if (!lying_fails(LYING_CALL_WRITE, descriptors[descriptor].is_index))
        return write_noted(descriptor, bytes, size_bytes, offset_bytes);
    if (lying_fault_number() == LYING_SHORT)
        return write_noted(descriptor, bytes, (size_bytes + 1) / 2, offset_bytes);
    /* an error leaves whole sectors: no file system ends in the middle of one */
    uint64_t middle_bytes = (offset_bytes + size_bytes / 2) / LYING_SECTOR_BYTES * LYING_SECTOR_BYTES;
    if (middle_bytes > offset_bytes && lying_fault_number() != EINTR)
        write_noted(descriptor, bytes, (size_t)(middle_bytes - offset_bytes), offset_bytes);
    errno = lying_fault_number();
    return -1;
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size_bytes, off64_t offset_bytes)
{
    if (!is_ours(descriptor))
        return syscall(SYS_pwrite64, descriptor, bytes, size_bytes, offset_bytes);
    pthread_mutex_lock(&lying.mutex);
    long result = write_lying(descriptor, bytes, size_bytes, (uint64_t)offset_bytes);
    pthread_mutex_unlock(&lying.mutex);
    return result;
}

ssize_t write(int descriptor, const void *bytes, size_t size_bytes)
{
    if (!is_ours(descriptor))
        return syscall(SYS_write, descriptor, bytes, size_bytes);
    pthread_mutex_lock(&lying.mutex);
    off_t at = lseek(descriptor, 0, SEEK_CUR);
    long result = write_lying(descriptor, bytes, size_bytes, (uint64_t)at);
    if (result > 0)
        lseek(descriptor, at + result, SEEK_SET);
    pthread_mutex_unlock(&lying.mutex);
    return result;
}

ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off64_t offset_bytes)
{
    if (!is_ours(descriptor))
        return syscall(SYS_pwritev, descriptor, parts, count, offset_bytes, 0);
    /* one of the parts: a caller must cope with that, too */
    int part = 0;
    while (part < count - 1 && parts[part].iov_len == 0)
        part++;
    return pwrite64(descriptor, parts[part].iov_base, parts[part].iov_len, offset_bytes);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
    if (!is_ours(descriptor))
        return syscall(SYS_writev, descriptor, parts, count);
    int part = 0;
    while (part < count - 1 && parts[part].iov_len == 0)
        part++;
    return write(descriptor, parts[part].iov_base, parts[part].iov_len);
}

/* Not for our files: callers fall back to reading and writing. */
ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t size_bytes, unsigned flags)
{
    if (!is_ours(to))
        return syscall(SYS_copy_file_range, from, from_offset, to, to_offset, size_bytes, flags);
    errno = EOPNOTSUPP;
    return -1;
}

/* ---- reading ------------------------------------------------------------------------ */

/* How much of a read is done: all, half, or -1. */
static ssize_t read_size(int descriptor, size_t size_bytes)
{
    if (!is_ours(descriptor))
        return (ssize_t)size_bytes;
    pthread_mutex_lock(&lying.mutex);
    ssize_t size = (ssize_t)size_bytes;
    if (lying_fails(LYING_CALL_READ, descriptors[descriptor].is_index)) {
        size = lying_fault_number() == LYING_SHORT ? (ssize_t)(size_bytes + 1) / 2 : -1;
        errno = lying_fault_number();
    }
    pthread_mutex_unlock(&lying.mutex);
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
    pthread_mutex_lock(&lying.mutex);
    bool is_failing = refuses(LYING_CALL_STAT, descriptor);
    pthread_mutex_unlock(&lying.mutex);
    return is_failing ? -1 : (int)syscall(SYS_fstat, descriptor, facts);
}

/* ---- syncing --------------------------------------------------------------------------- */

static int sync_lying(int descriptor)
{
    if (!is_ours(descriptor))
        return 0;
    pthread_mutex_lock(&lying.mutex);
    bool is_failing = refuses(LYING_CALL_SYNC, descriptor);
    int error_number = errno;
    const struct lying_file *file = file_of(descriptor);
    if (file != NULL && lying.mode == LYING_RECORDING) {
        if (!file->is_directory)
            lying_add(is_failing ? LYING_SYNC_FAILED : LYING_SYNC, descriptors[descriptor].file, 0);
        else if (!is_failing)
            lying_add(LYING_DIRECTORY_SYNC, descriptors[descriptor].file, 0);
    }
    pthread_mutex_unlock(&lying.mutex);
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

/* ---- sizes and blocks --------------------------------------------------------------------- */

static void note_size(int descriptor, uint64_t old_bytes, uint64_t new_bytes)
{
    struct lying_file *file = file_of(descriptor);
    if (file == NULL || old_bytes == new_bytes)
        return;
    if (lying.mode == LYING_RECORDING)
        lying_add(LYING_SIZE, descriptors[descriptor].file, new_bytes);
    else
        lying_dirty(file, old_bytes < new_bytes ? old_bytes : new_bytes, old_bytes < new_bytes ? new_bytes : old_bytes);
}

int ftruncate64(int descriptor, off64_t size_bytes)
{
    pthread_mutex_lock(&lying.mutex);
    int result = -1;
    if (!is_ours(descriptor)) {
        result = (int)syscall(SYS_ftruncate, descriptor, size_bytes);
    } else if (!refuses(LYING_CALL_TRUNCATE, descriptor)) {
        uint64_t old_bytes = lying_size_of(descriptor);
        result = (int)syscall(SYS_ftruncate, descriptor, size_bytes);
        if (result == 0)
            note_size(descriptor, old_bytes, (uint64_t)size_bytes);
    }
    pthread_mutex_unlock(&lying.mutex);
    return result;
}

/* A range that reads as zeros now. */
static void note_zeros(int descriptor, uint64_t from_bytes, uint64_t to_bytes)
{
    struct lying_file *file = file_of(descriptor);
    if (file == NULL || from_bytes >= to_bytes)
        return;
    if (lying.mode == LYING_PLAYING)
        lying_dirty(file, from_bytes, to_bytes);
    else if (lying.mode == LYING_RECORDING)
        lying_add(LYING_ZERO, descriptors[descriptor].file, from_bytes)->size_bytes = to_bytes - from_bytes;
}

static void note_allocation(int descriptor, int how, uint64_t offset_bytes, uint64_t size_bytes, uint64_t old_bytes)
{
    uint64_t end_bytes = offset_bytes + size_bytes;
    CHECK((how & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) == 0);
    if ((how & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0)
        note_zeros(descriptor, offset_bytes, end_bytes < old_bytes ? end_bytes : old_bytes);
    note_size(descriptor, old_bytes, lying_size_of(descriptor));
}

int fallocate64(int descriptor, int how, off64_t offset_bytes, off64_t size_bytes)
{
    pthread_mutex_lock(&lying.mutex);
    int result = -1;
    if (!is_ours(descriptor)) {
        result = (int)syscall(SYS_fallocate, descriptor, how, offset_bytes, size_bytes);
    } else if (!refuses(LYING_CALL_ALLOCATE, descriptor)) {
        uint64_t old_bytes = lying_size_of(descriptor);
        result = (int)syscall(SYS_fallocate, descriptor, how, offset_bytes, size_bytes);
        if (result == 0)
            note_allocation(descriptor, how, (uint64_t)offset_bytes, (uint64_t)size_bytes, old_bytes);
    }
    pthread_mutex_unlock(&lying.mutex);
    return result;
}

/* ---- locks and maps ------------------------------------------------------------------------ */

int flock(int descriptor, int how)
{
    pthread_mutex_lock(&lying.mutex);
    bool is_failing = refuses(LYING_CALL_LOCK, descriptor);
    pthread_mutex_unlock(&lying.mutex);
    return is_failing ? -1 : (int)syscall(SYS_flock, descriptor, how);
}

void *mmap64(void *address, size_t size_bytes, int protection, int flags, int descriptor, off64_t offset_bytes)
{
    pthread_mutex_lock(&lying.mutex);
    bool is_failing = (flags & MAP_ANONYMOUS) == 0 && refuses(LYING_CALL_MAP, descriptor);
    pthread_mutex_unlock(&lying.mutex);
    if (is_failing)
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, address, size_bytes, protection, flags, descriptor, offset_bytes);
}
