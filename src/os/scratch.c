/* Memory with the blocks of a nameless file behind it.
 *
 * The file has no name from the start (or loses it at once, where the file
 * system knows no nameless files), so whatever ends the process leaves nothing.
 * Nobody ever syncs it: the system writes its pages out only when memory is
 * short, and a later touch reads them back.  Blocks are allocated before a range
 * is mapped, because a store into a hole of a full file system is a SIGBUS. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/file.h"

struct os_scratch {
    struct os_file *file; /* its path is the directory's, for messages */
};

static int open_named(const char *directory)
{
    char path[4096];
    uint32_t chance;
    os_random(&chance, sizeof chance);
    if (snprintf(path, sizeof path, "%s/scratch.%08" PRIx32, directory, chance) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor >= 0)
        (void)unlink(path);
    return descriptor;
}

enum status os_scratch_open(const char *directory, struct os_scratch **out)
{
    *out = NULL;
    int descriptor = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT))
        descriptor = open_named(directory);
    if (descriptor < 0)
        return status_fail_errno(errno, "cannot make a scratch file in %s", directory);
    struct os_scratch *scratch = calloc(1, sizeof *scratch);
    struct os_file *file = calloc(1, sizeof *file);
    char *path = strdup(directory);
    if (scratch == NULL || file == NULL || path == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *scratch + sizeof *file);
    *file = (struct os_file){.descriptor = descriptor, .path = path};
    scratch->file = file;
    *out = scratch;
    return STATUS_OK;
}

void os_scratch_close(struct os_scratch *scratch)
{
    if (scratch == NULL)
        return;
    os_file_close(scratch->file);
    free(scratch);
}

enum status os_scratch_map(struct os_scratch *scratch, uint8_t *address, uint64_t size_bytes, uint64_t offset_bytes)
{
    STATUS_TRY(os_file_allocate(scratch->file, offset_bytes, size_bytes));
    if (mmap(address, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, scratch->file->descriptor,
             (off_t)offset_bytes) != MAP_FAILED)
        return STATUS_OK;
    return status_fail_errno(errno, "cannot map %" PRIu64 " bytes of a scratch file in %s (see vm.max_map_count)",
                             size_bytes, scratch->file->path);
}

enum status os_scratch_unmap(struct os_scratch *scratch, uint8_t *address, uint64_t size_bytes, uint64_t offset_bytes)
{
    STATUS_TRY(os_map_memory(address, size_bytes));
    /* A file system that cannot give blocks back keeps them until the file is closed. */
    (void)fallocate(scratch->file->descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset_bytes,
                    (off_t)size_bytes);
    return STATUS_OK;
}
