/* A user whose quota of blocks is used up, while the file $LOAM_QUOTA_USED exists:
 * what needs a new block fails with EDQUOT, what is written into blocks that are
 * there does not.  Preloaded by limits.py; the system's own quotas want a file
 * system, a kernel and a user made for them. */
#undef _FILE_OFFSET_BITS /* both names of each call are ours */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_used_up(void)
{
    const char *path = getenv("LOAM_QUOTA_USED");
    return path != NULL && access(path, F_OK) == 0;
}

static int needs_blocks(int descriptor, off_t end)
{
    struct stat facts;
    return fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode) && end > (off_t)facts.st_blocks * 512;
}

int fallocate(int descriptor, int mode, off_t offset, off_t size)
{
    static int (*real)(int, int, off_t, off_t);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "fallocate");
    if (mode == 0 && is_used_up() && needs_blocks(descriptor, offset + size)) {
        errno = EDQUOT;
        return -1;
    }
    return real(descriptor, mode, offset, size);
}

int fallocate64(int descriptor, int mode, off_t offset, off_t size)
{
    return fallocate(descriptor, mode, offset, size);
}

int posix_fallocate(int descriptor, off_t offset, off_t size)
{
    return fallocate(descriptor, 0, offset, size) == 0 ? 0 : errno;
}

int posix_fallocate64(int descriptor, off_t offset, off_t size)
{
    return posix_fallocate(descriptor, offset, size);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset)
{
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "pwrite");
    if (is_used_up() && needs_blocks(descriptor, offset + (off_t)size)) {
        errno = EDQUOT;
        return -1;
    }
    return real(descriptor, bytes, size, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off_t offset)
{
    return pwrite(descriptor, bytes, size, offset);
}
