/* The files that the Hoon compiler is sent (ABI page 6.4).
 *
 * The walk follows symbolic links, because that is how packages are installed;
 * a link back to a directory that is being walked is an error and not a hang.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/hoonc.h"
#include "os/os.h"

#define FILE_MAX_BYTES ((uint64_t)1 << 32)

static const char *const skipped_names[] = {"packages", "node_modules", ".git", "target"};
static const char *const endings[] = {".jock", ".hoon", ".txt", ".jam", ".html", ".css", ".js", ".jpg", ".png", ".gif"};

struct walk {
    enum status (*file)(struct walk *walk, const char *path);
    size_t prefix_length; /* of the directory, in every path */
    struct stack *stack;
    noun files;
};

/* A directory that is being walked, and those it lies in. */
struct level {
    struct walk *walk;
    const struct level *above;
    const char *path;
    char *real; /* owned */
};

static bool is_skipped(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(skipped_names); i++)
        if (strcmp(name, skipped_names[i]) == 0)
            return true;
    return false;
}

static bool is_wanted(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        size_t ending = strlen(endings[i]);
        if (length >= ending && strcmp(name + length - ending, endings[i]) == 0)
            return true;
    }
    return false;
}

static bool is_walked(const struct level *above, const char *real)
{
    for (; above != NULL; above = above->above)
        if (strcmp(above->real, real) == 0)
            return true;
    return false;
}

static enum status walk_directory(struct walk *walk, const struct level *above, const char *path);

static enum status walk_path(const struct level *level, const char *name, const char *path)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    if (kind == OS_KIND_DIRECTORY)
        return is_skipped(name) ? STATUS_OK : walk_directory(level->walk, level, path);
    return kind == OS_KIND_FILE && is_wanted(name) ? level->walk->file(level->walk, path) : STATUS_OK;
}

static enum status walk_entry(void *context, const char *name)
{
    const struct level *level = context;
    char *path = text_format("%s/%s", level->path, name);
    enum status status = walk_path(level, name, path);
    free(path);
    return status;
}

static enum status walk_directory(struct walk *walk, const struct level *above, const char *path)
{
    struct level level = {.walk = walk, .above = above, .path = path, .real = realpath(path, NULL)};
    if (level.real == NULL)
        return status_fail(STATUS_NOT_FOUND, "there is no directory %s", path);
    enum status status;
    if (is_walked(above, level.real))
        status = status_fail(STATUS_INVALID, "%s links back to a directory that it lies in: remove the link", path);
    else
        status = os_directory_list(path, walk_entry, &level);
    free(level.real);
    return status;
}

static enum status walk_all(struct walk *walk, const char *directory)
{
    char *real = realpath(directory, NULL);
    if (real == NULL)
        return status_fail(STATUS_NOT_FOUND, "there is no directory %s", directory);
    walk->prefix_length = strcmp(real, "/") == 0 ? 0 : strlen(real);
    enum status status = walk_directory(walk, NULL, real);
    free(real);
    return status;
}

/* ---- names --------------------------------------------------------------------------------- */

static bool is_path_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || strchr("-.~_/", byte) != NULL;
}

static enum status check_name(struct walk *walk, const char *path)
{
    for (const char *at = path + walk->prefix_length; *at != 0; at++)
        if (!is_path_byte(*at))
            return status_fail(STATUS_INVALID,
                               "the compiler does not take the name %s: in its directory only lower-case letters, "
                               "digits and - . ~ _ may be in names; rename the file or move it elsewhere",
                               path);
    return STATUS_OK;
}

enum status hoonc_check_directory(const char *directory)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(directory, &kind));
    if (kind != OS_KIND_DIRECTORY)
        return status_fail(STATUS_NOT_FOUND, "there is no directory %s for imports: name one after the entry",
                           directory);
    struct walk walk = {.file = check_name};
    return walk_all(&walk, directory);
}

/* ---- contents ------------------------------------------------------------------------------- */

static enum status read_file(struct walk *walk, const char *path)
{
    uint8_t *bytes;
    size_t size_bytes;
    STATUS_TRY(os_read_whole(path, FILE_MAX_BYTES, &bytes, &size_bytes));
    enum status status = STATUS_OK;
    if (stack_reserve(walk->stack, size_bytes + 4096)) {
        noun contents = stack_atom_from_bytes(walk->stack, bytes, size_bytes);
        noun name = stack_cord(walk->stack, path + walk->prefix_length);
        walk->files = stack_cell(walk->stack, stack_cell(walk->stack, name, contents), walk->files);
    } else {
        status = status_fail(STATUS_LIMIT, "the files do not fit into memory: %s", path);
    }
    free(bytes);
    return status;
}

enum status hoonc_read_directory(struct stack *stack, const char *directory, noun *files)
{
    struct walk walk = {.file = read_file, .stack = stack, .files = 0};
    STATUS_TRY(walk_all(&walk, directory));
    *files = walk.files;
    return STATUS_OK;
}
