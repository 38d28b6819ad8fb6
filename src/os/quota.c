/*
 * Reads a limit of a control group and of those above it. Nothing in here allocates.
 */
#include "os/quota.h"

#include "os/os.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 1024, LINE_BYTES = 4096 };

/* The beginning of a file, as a string; false where it cannot be read. */
static bool read_text(const char *path, char *text, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    ssize_t length = read(file, text, size - 1);
    close(file);
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
    char *line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
    if (line == NULL) {
        return NULL;
    }
    char *path = strchr(line, '/');
    path[strcspn(path, "\n")] = '\0';
    return path;
}

/* "1073741824", bytes, or "max". */
static size_t bytes_of(const char *memory_max)
{
    bool is_number = *memory_max >= '0' && *memory_max <= '9';
    return is_number ? read_number(&memory_max) : SIZE_MAX;
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
        int length = snprintf(path, sizeof(path), "%s%s/%s", root, group, name);
        if (length > 0 && (size_t)length < sizeof(path) && read_text(path, limit, sizeof(limit))) {
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
    return least_of(membership_file, root, "cpu.max", count_of);
}

size_t quota_memory_bytes(const char *membership_file, const char *root)
{
    return least_of(membership_file, root, "memory.max", bytes_of);
}
