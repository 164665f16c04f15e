/* Directories and names.  A name is durable when its directory is synced, so
 * whatever changes a name here syncs the directory before it returns. */
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum status os_kind_of(const char *path, enum os_kind *kind)
{
    struct stat facts;
    *kind = OS_KIND_ABSENT;
    if (stat(path, &facts) != 0)
        return errno == ENOENT || errno == ENOTDIR ? STATUS_OK : status_fail_errno(errno, "cannot look at %s", path);
    *kind = S_ISREG(facts.st_mode) ? OS_KIND_FILE : S_ISDIR(facts.st_mode) ? OS_KIND_DIRECTORY : OS_KIND_OTHER;
    return STATUS_OK;
}

enum status os_directory_sync(const char *path)
{
    int descriptor;
    do
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0)
        return status_fail_errno(errno, "cannot open the directory %s", path);
    /* EINVAL: a file system that has nothing to sync in a directory. */
    int error_number = fsync(descriptor) == 0 || errno == EINVAL ? 0 : errno;
    close(descriptor);
    return error_number == 0 ? STATUS_OK : status_fail_errno(error_number, "cannot sync the directory %s", path);
}

/* The directory that holds `path`; the caller frees it. */
static char *parent_of(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    while (length > 1 && path[length - 1] == '/')
        length--;
    char *parent = length == 0 ? strdup(".") : strndup(path, length);
    if (parent == NULL)
        check_out_of_memory(__FILE__, __LINE__, length + 1);
    return parent;
}

enum status os_parent_sync(const char *path)
{
    char *parent = parent_of(path);
    enum status status = os_directory_sync(parent);
    free(parent);
    return status;
}

static enum status create_one(const char *path, bool may_exist)
{
    if (mkdir(path, 0750) == 0)
        return os_parent_sync(path);
    int error_number = errno;
    enum os_kind kind;
    if (error_number == EEXIST && may_exist && os_kind_of(path, &kind) == STATUS_OK && kind == OS_KIND_DIRECTORY)
        return STATUS_OK;
    return status_fail_errno(error_number, "cannot create the directory %s", path);
}

enum status os_directory_create(const char *path, bool parents)
{
    if (!parents)
        return create_one(path, false);
    char *prefix = strdup(path);
    if (prefix == NULL)
        check_out_of_memory(__FILE__, __LINE__, strlen(path));
    enum status status = STATUS_OK;
    for (char *slash = prefix + 1; status == STATUS_OK && prefix[0] != 0 && (slash = strchr(slash, '/')) != NULL;) {
        *slash = 0;
        status = create_one(prefix, true);
        *slash++ = '/';
    }
    free(prefix);
    return status == STATUS_OK ? create_one(path, true) : status;
}

enum status os_rename(const char *from, const char *to)
{
    if (rename(from, to) != 0)
        return status_fail_errno(errno, "cannot rename %s to %s", from, to);
    STATUS_TRY(os_parent_sync(from));
    return os_parent_sync(to);
}

enum status os_file_rename(struct os_file *file, const char *to)
{
    STATUS_TRY(os_rename(file->path, to));
    char *path = strdup(to);
    if (path == NULL)
        check_out_of_memory(__FILE__, __LINE__, strlen(to));
    free(file->path);
    file->path = path;
    return STATUS_OK;
}

enum status os_remove(const char *path)
{
    if (remove(path) != 0)
        return status_fail_errno(errno, "cannot remove %s", path);
    return os_parent_sync(path);
}

/* ---- listing --------------------------------------------------------------- */

struct names {
    char **names; /* owned, each */
    size_t count;
    size_t capacity;
};

static void names_finish(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
}

static void names_add(struct names *names, const char *name)
{
    if (names->count == names->capacity) {
        names->capacity = names->capacity == 0 ? 32 : names->capacity * 2;
        names->names = realloc(names->names, names->capacity * sizeof *names->names);
        if (names->names == NULL)
            check_out_of_memory(__FILE__, __LINE__, names->capacity * sizeof *names->names);
    }
    names->names[names->count] = strdup(name);
    if (names->names[names->count] == NULL)
        check_out_of_memory(__FILE__, __LINE__, strlen(name));
    names->count++;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum status read_names(const char *path, struct names *names)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        return status_fail_errno(errno, "cannot list the directory %s", path);
    struct dirent *entry;
    while (errno = 0, (entry = readdir(directory)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            names_add(names, entry->d_name);
    int error_number = errno;
    closedir(directory);
    return error_number == 0 ? STATUS_OK : status_fail_errno(error_number, "cannot list the directory %s", path);
}

enum status os_directory_list(const char *path, enum status (*each)(void *context, const char *name), void *context)
{
    struct names names = {0};
    enum status status = read_names(path, &names);
    if (names.count > 0)
        qsort(names.names, names.count, sizeof *names.names, compare_names);
    for (size_t i = 0; i < names.count && status == STATUS_OK; i++)
        status = each(context, names.names[i]);
    names_finish(&names);
    return status;
}

enum status os_space_available(const char *path, uint64_t *size_bytes)
{
    struct statvfs facts;
    int result;
    do
        result = statvfs(path, &facts);
    while (result != 0 && errno == EINTR);
    if (result != 0)
        return status_fail_errno(errno, "cannot ask for the free space at %s", path);
    *size_bytes = (uint64_t)facts.f_bavail * facts.f_frsize;
    return STATUS_OK;
}
