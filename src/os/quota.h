/*
 * What a control group (cgroup v2) leaves its processes of the processors and the memory.
 */
#ifndef MA_OS_QUOTA_H
#define MA_OS_QUOTA_H

#include <stddef.h>

/*
 * How many processors' time the group that `membership_file` names (/proc/self/cgroup), and all
 * groups above it up to `root` (/sys/fs/cgroup), leave: the least of their cpu.max, rounded up.
 *
 * @return at least 1; SIZE_MAX where there is no quota, or nothing could be read.
 */
size_t quota_cpu_count(const char *membership_file, const char *root);

/* The same for memory, by memory.max; where `membership_file` is NULL, that of `root` alone, as a container sees its own
 * group. Bytes; SIZE_MAX where there is no limit, or nothing could be read. */
size_t quota_memory_bytes(const char *membership_file, const char *root);

#endif
