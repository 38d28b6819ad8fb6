/*
 * Reads a limit of a control group and of those above it. Nothing in here allocates.
 */
#include "os/quota.h"

#include "os/os.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_BYTES = 1024, LINE_BYTES = 4096 };

/* Not constants, which lie in pages that a program which starts would not touch otherwise. */
static char group_mark[] = "\n0::/";
static char line_end[] = "\n";
static char separator[] = "/";
static char cpu_file[] = "cpu.max";
static char memory_file[] = "memory.max";

/* The beginning of a file, as a string; false where it cannot be read. The system calls as they are: libc's functions lie in
 * pages that a program which starts would not touch otherwise. */
static bool read_text(const char *path, char *text, size_t size)
{
    long file = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    ssize_t length = syscall(SYS_read, file, text, size - 1);
    syscall(SYS_close, file);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* A number in decimal, of which `*text` is advanced to the end; 0 where there is none. Where it is very
 * large, a smaller one that is still large. */
static uint64_t read_number(const char **text)
{
    uint64_t value = 0;
    for (; **text >= '0' && **text <= '9'; ++*text) {
        value = value < UINT64_MAX / 100 ? value * 10 + (uint64_t)(**text - '0') : value;
    }
    return value;
}

/* "150000 100000", microseconds in each period, or "max 100000". */
static size_t count_of(const char *cpu_max)
{
    uint64_t quota = read_number(&cpu_max);
    cpu_max += *cpu_max == ' ';
    uint64_t period = read_number(&cpu_max);
    return quota > 0 && period > 0 ? (size_t)((quota + period - 1) / period) : SIZE_MAX;
}

/* The line "0::/path" of `text` is that of cgroup v2: its path, ended; NULL if there is none. */
static char *path_of_group(char *text)
{
    const char *mark = group_mark + 1;
    char *line = strncmp(text, mark, strlen(mark)) == 0 ? text : strstr(text, group_mark);
    if (line == NULL) {
        return NULL;
    }
    char *path = strchr(line, '/');
    path[strcspn(path, line_end)] = '\0';
    return path;
}

/* "1073741824", bytes, or "max". */
static size_t bytes_of(const char *memory_max)
{
    bool is_number = *memory_max >= '0' && *memory_max <= '9';
    return is_number ? read_number(&memory_max) : SIZE_MAX;
}

/* Append a string to that which ends at `end`; NULL where it has no room, or had none before. */
static char *append(char *end, const char *limit, const char *text)
{
    size_t length = strlen(text);
    if (end == NULL || length >= (size_t)(limit - end)) {
        return NULL;
    }
    memcpy(end, text, length + 1);
    return end + length;
}

/* `path`, of PATH_BYTES, becomes that of a group's file; false where it has no room. */
static bool join_path(char *path, const char *root, const char *group, const char *name)
{
    const char *limit = path + PATH_BYTES;
    char *end = append(path, limit, root);
    end = append(end, limit, group);
    end = append(end, limit, separator);
    return append(end, limit, name) != NULL;
}

/* The least that `read` finds in the file `name` of a group and of those above it; SIZE_MAX where nothing can be read. */
static size_t least_of(const char *membership_file, const char *root, const char *name,
                       size_t (*read)(const char *text))
{
    char text[LINE_BYTES];
    char path[PATH_BYTES];
    char limit[64];
    size_t least = SIZE_MAX;
    char *group = text;
    text[0] = '\0';
    if (membership_file != NULL) {
        group = read_text(membership_file, text, sizeof(text)) ? path_of_group(text) : NULL;
    }
    while (group != NULL) {
        if (join_path(path, root, group, name) && read_text(path, limit, sizeof(limit))) {
            size_t found = read(limit);
            least = found < least ? found : least;
        }
        char *last = strrchr(group, '/');
        if (last == NULL) {
            break;
        }
        *last = '\0';
    }
    return least;
}

size_t quota_cpu_count(const char *membership_file, const char *root)
{
    return least_of(membership_file, root, cpu_file, count_of);
}

size_t quota_memory_bytes(const char *membership_file, const char *root)
{
    return least_of(membership_file, root, memory_file, bytes_of);
}
