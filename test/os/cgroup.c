#include "os/cgroup.h"

#include "os/os.h"
#include "tap.h"

/* Writes `text` to root/level/name, making the level. */
static void put(const char *root, const char *level, const char *name, const char *text)
{
    const char *directory = tap_path(root, level);
    CHECK(os_directory_create(directory, true) == STATUS_OK);
    CHECK(os_replace_whole(tap_path(directory, name), text, strlen(text)) == STATUS_OK);
}

static void test_version_2(void)
{
    const char *mount = tap_scratch();
    put(mount, "a", "memory.max", "5000000\n");
    put(mount, "a/b", "memory.max", "max\n");
    put(mount, "a/c", "memory.max", "7000000\n");
    put(mount, "a/d", "memory.max", "3000000\n");
    tap_ok(os_cgroup_memory_limit_bytes(mount, "0::/a/d\n") == 3000000, "version 2: the group's own limit");
    tap_ok(os_cgroup_memory_limit_bytes(mount, "0::/a/b\n") == 5000000, "a limit above counts where there is none");
    tap_ok(os_cgroup_memory_limit_bytes(mount, "0::/a/c\n") == 5000000, "and where it is lower");
    tap_ok(os_cgroup_memory_limit_bytes(mount, "0::/") == UINT64_MAX, "the root has no limit");
}

static void test_container(void)
{
    const char *mount = tap_scratch();
    put(mount, ".", "memory.max", "123456\n");
    tap_ok(os_cgroup_memory_limit_bytes(mount, "0::/\n") == 123456, "in a container the root has one");
    tap_ok(os_cgroup_memory_limit_bytes(mount, "0::/docker/0123abcd\n") == 123456,
           "also where the place is named as the host sees it");
}

static void test_version_1(void)
{
    const char *mount = tap_scratch();
    put(mount, "memory/x/y", "memory.limit_in_bytes", "9223372036854771712\n");
    put(mount, "memory/x", "memory.limit_in_bytes", "400000\n");
    const char *membership = "12:cpu,cpuacct:/x\n11:memory:/x/y\n1:name=systemd:/x\n";
    tap_ok(os_cgroup_memory_limit_bytes(mount, membership) == 400000, "version 1: the lowest of the hierarchy");
    tap_ok(os_cgroup_memory_limit_bytes(mount, "3:cpu,memory:/x/y\n") == 400000, "among several controllers");
    tap_ok(os_cgroup_memory_limit_bytes(mount, "3:memoryless:/x/y\n") == UINT64_MAX, "but not among others");
    put(mount, "unified/x", "memory.max", "300000\n");
    tap_ok(os_cgroup_memory_limit_bytes(mount, "11:memory:/x/y\n0::/x\n") == 300000, "both versions at once");
}

static void test_nonsense(void)
{
    const char *mount = tap_scratch();
    tap_ok(os_cgroup_memory_limit_bytes(mount, "") == UINT64_MAX, "no groups, no limit");
    tap_ok(os_cgroup_memory_limit_bytes(mount, "\n\nx\n::\n0:\n") == UINT64_MAX, "nonsense, no limit");
    char line[9000];
    memset(line, 'x', sizeof line);
    memcpy(line, "0::/", 4);
    line[sizeof line - 1] = 0;
    tap_ok(os_cgroup_memory_limit_bytes(mount, line) == UINT64_MAX, "a line too long is passed over");
}

int main(void)
{
    test_version_2();
    test_container();
    test_version_1();
    test_nonsense();
    return tap_done();
}
