/* Inside os/: the memory limits of control groups. */
#ifndef OS_CGROUP_H
#define OS_CGROUP_H

#include <stdint.h>

/* The lowest memory limit of the control groups listed in `membership` (the
 * text of /proc/self/cgroup) and of all above them, version 1 or 2, under
 * `mount` (/sys/fs/cgroup).  UINT64_MAX: no limit. */
uint64_t os_cgroup_memory_limit_bytes(const char *mount, const char *membership);

#endif
