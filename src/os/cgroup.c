/* Control groups.  Each line of /proc/self/cgroup names one hierarchy and our
 * place in it: "0::/a/b" in version 2, "9:memory:/a/b" in version 1.  A limit
 * may stand at any level.  In a container the place is either "/" (it sees
 * its own root) or the host's name for it (while the mount shows only the
 * container's own part): so each level down to the mount itself is tried, and
 * what is not there does not limit. */
#include "os/cgroup.h"

#include <stdio.h>
#include <string.h>

#include "os/os.h"

static uint64_t limit_in_file(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return UINT64_MAX;
    uint64_t limit_bytes = UINT64_MAX;
    if (fscanf(file, "%" SCNu64, &limit_bytes) != 1)
        limit_bytes = UINT64_MAX; /* "max" */
    fclose(file);
    return limit_bytes;
}

/* The lowest limit in `root`/place/`name` and every level above. */
static uint64_t limit_along(const char *root, const char *place, const char *name)
{
    char level[4096], path[8192];
    uint64_t lowest_bytes = UINT64_MAX;
    if (snprintf(level, sizeof level, "%s", place) >= (int)sizeof level)
        return lowest_bytes;
    for (;;) {
        snprintf(path, sizeof path, "%s%s/%s", root, level, name);
        uint64_t limit_bytes = limit_in_file(path);
        if (limit_bytes < lowest_bytes)
            lowest_bytes = limit_bytes;
        char *slash = strrchr(level, '/');
        if (slash == NULL)
            return lowest_bytes;
        *slash = 0;
    }
}

static bool controls_memory(const char *controllers)
{
    for (const char *at = controllers; (at = strstr(at, "memory")) != NULL; at += 6)
        if ((at == controllers || at[-1] == ',') && (at[6] == 0 || at[6] == ','))
            return true;
    return false;
}

static uint64_t limit_of_line(const char *mount, char *line)
{
    char *controllers = strchr(line, ':');
    char *place = controllers == NULL ? NULL : strchr(controllers + 1, ':');
    if (place == NULL)
        return UINT64_MAX;
    *place++ = 0;
    controllers++;
    char root[1024];
    if (controllers[0] == 0) {
        snprintf(root, sizeof root, "%s/unified", mount);
        uint64_t hybrid_bytes = limit_along(root, place, "memory.max");
        uint64_t limit_bytes = limit_along(mount, place, "memory.max");
        return limit_bytes < hybrid_bytes ? limit_bytes : hybrid_bytes;
    }
    if (!controls_memory(controllers))
        return UINT64_MAX;
    snprintf(root, sizeof root, "%s/memory", mount);
    return limit_along(root, place, "memory.limit_in_bytes");
}

uint64_t os_cgroup_memory_limit_bytes(const char *mount, const char *membership)
{
    uint64_t lowest_bytes = UINT64_MAX;
    while (*membership != 0) {
        size_t length = strcspn(membership, "\n");
        char line[4096];
        if (length < sizeof line) {
            memcpy(line, membership, length);
            line[length] = 0;
            uint64_t limit_bytes = limit_of_line(mount, line);
            if (limit_bytes < lowest_bytes)
                lowest_bytes = limit_bytes;
        }
        membership += length + (membership[length] != 0);
    }
    return lowest_bytes;
}
