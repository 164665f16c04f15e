/* The C library's calls on names, as they are under the lying disk. */
#include "lying_private.h"
#include "lying_calls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool refuses(enum lying_call call, const char *inner)
{
    return inner != NULL && lying_refuses(call, lying_is_index(inner));
}

/* ---- opening ---------------------------------------------------------------------- */

static int open_lying(const char *path, int flags, mode_t file_mode)
{
    pthread_mutex_lock(&lying.mutex);
    const char *inner = lying_relative(path);
    int descriptor = -1;
    if (!refuses(LYING_CALL_OPEN, inner))
        descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, flags, file_mode);
    if (descriptor >= 0 && inner != NULL)
        lying_note_open(inner, descriptor, (flags & O_CREAT) != 0);
    pthread_mutex_unlock(&lying.mutex);
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

/* ---- looking ------------------------------------------------------------------------ */

static bool refuses_locked(enum lying_call call, const char *path)
{
    pthread_mutex_lock(&lying.mutex);
    bool is_failing = refuses(call, lying_relative(path));
    pthread_mutex_unlock(&lying.mutex);
    return is_failing;
}

int stat64(const char *path, struct stat64 *facts)
{
    return refuses_locked(LYING_CALL_STAT, path) ? -1 : (int)syscall(SYS_newfstatat, AT_FDCWD, path, facts, 0);
}

int lstat64(const char *path, struct stat64 *facts)
{
    return refuses_locked(LYING_CALL_STAT, path)
               ? -1
               : (int)syscall(SYS_newfstatat, AT_FDCWD, path, facts, AT_SYMLINK_NOFOLLOW);
}

/* Entries are read by the C library: only the beginning can fail. */
DIR *opendir(const char *path)
{
    if (refuses_locked(LYING_CALL_LIST, path))
        return NULL;
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    return descriptor < 0 ? NULL : fdopendir(descriptor);
}

/* ---- removing --------------------------------------------------------------------------- */

static void note_unlink(const char *path)
{
    int name, file = lying_find(path, &name);
    if (file == LYING_NO_FILE)
        return;
    lying.now_map[name] = LYING_NO_FILE;
    if (lying.mode == LYING_RECORDING)
        lying_add_name(LYING_UNLINK, file, name, name);
}

static int unlink_lying(const char *path, int flags)
{
    pthread_mutex_lock(&lying.mutex);
    const char *inner = lying_relative(path);
    int result = -1;
    if (!refuses(LYING_CALL_UNLINK, inner))
        result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, flags);
    if (result == 0 && inner != NULL)
        note_unlink(inner);
    pthread_mutex_unlock(&lying.mutex);
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
    bool is_directory =
        syscall(SYS_newfstatat, AT_FDCWD, path, &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(facts.st_mode);
    return unlink_lying(path, is_directory ? AT_REMOVEDIR : 0);
}

/* ---- renaming and making -------------------------------------------------------------------- */

static void note_rename(const char *from, const char *to)
{
    int name, other_name, file = lying_find(from, &name);
    lying_find(to, &other_name);
    CHECK(other_name != LYING_NO_NAME);
    if (file == LYING_NO_FILE)
        return;
    lying.now_map[name] = LYING_NO_FILE;
    lying.now_map[other_name] = file;
    if (lying.mode == LYING_RECORDING)
        lying_add_name(LYING_RENAME, file, name, other_name);
}

int rename(const char *from, const char *to)
{
    pthread_mutex_lock(&lying.mutex);
    const char *inner_from = lying_relative(from), *inner_to = lying_relative(to);
    int result = -1;
    CHECK((inner_from == NULL) == (inner_to == NULL)); /* in and out of the root is not thought of */
    if (!refuses(LYING_CALL_RENAME, inner_from))
        result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (result == 0 && inner_from != NULL)
        note_rename(inner_from, inner_to);
    pthread_mutex_unlock(&lying.mutex);
    return result;
}

/* A second name for the same file. */
int link(const char *from, const char *to)
{
    pthread_mutex_lock(&lying.mutex);
    const char *inner_from = lying_relative(from), *inner_to = lying_relative(to);
    int result = -1;
    CHECK((inner_from == NULL) == (inner_to == NULL));
    if (!refuses(LYING_CALL_RENAME, inner_from))
        result = (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (result == 0 && inner_from != NULL) {
        int name, file = lying_find(inner_from, NULL);
        lying_find(inner_to, &name);
        CHECK(name != LYING_NO_NAME && file != LYING_NO_FILE);
        lying.now_map[name] = file;
        if (lying.mode == LYING_RECORDING)
            lying_add_name(LYING_LINK, file, name, name);
    }
    pthread_mutex_unlock(&lying.mutex);
    return result;
}

static void note_mkdir(const char *path)
{
    int name;
    lying_find(path, &name);
    CHECK(name != LYING_NO_NAME);
    int file = lying.now_map[name] = lying_file_add(true);
    if (lying.mode == LYING_RECORDING)
        lying_add_name(LYING_LINK, file, name, name);
}

int mkdir(const char *path, mode_t file_mode)
{
    pthread_mutex_lock(&lying.mutex);
    const char *inner = lying_relative(path);
    int result = -1;
    if (!refuses(LYING_CALL_MKDIR, inner))
        result = (int)syscall(SYS_mkdirat, AT_FDCWD, path, file_mode);
    if (result == 0 && inner != NULL)
        note_mkdir(inner);
    pthread_mutex_unlock(&lying.mutex);
    return result;
}
