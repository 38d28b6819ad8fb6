/*
 * MA_OPTIONS=thp=...: which parts of the heap the system is asked to back with huge pages. By /proc/self/smaps, where "hg"
 * among the flags of a mapping says that they are wanted and "nh" that they are not.
 *
 *   huge_pages SMALL LARGE    the flags expected of a small payload's mapping and of a large one's; "-" for none
 */
#include "expect.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((size_t)1 << 20)

/* The flag of the mapping that `address` lies in: "hg", "nh", or "-". */
static const char *flag_of(const void *address)
{
    char line[4096];
    const char *flag = NULL;
    int is_here = 0;
    FILE *smaps = fopen("/proc/self/smaps", "r");
    while (smaps != NULL && flag == NULL && fgets(line, sizeof(line), smaps) != NULL) {
        unsigned long start, end;
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
            is_here = (uintptr_t)address >= start && (uintptr_t)address < end;
        } else if (is_here && strncmp(line, "VmFlags:", 8) == 0) {
            flag = strstr(line, " hg") != NULL ? "hg" : strstr(line, " nh") != NULL ? "nh" : "-";
        }
    }
    fclose(smaps);
    return flag != NULL ? flag : "nowhere";
}

int main(int argc, char **argv)
{
    EXPECT(argc == 3);
    char *small = malloc(100);
    char *large = malloc(16 * MIB);
    char *grown = realloc(malloc(3 * MIB), 20 * MIB);
    char *wall = malloc(100);
    memset(large, 1, 16 * MIB);
    EXPECT(strcmp(flag_of(small), argv[1]) == 0);
    EXPECT(strcmp(flag_of(large + 8 * MIB), argv[2]) == 0);
    EXPECT(strcmp(flag_of(grown + 8 * MIB), argv[2]) == 0);
    free(large);
    if (strcmp(argv[1], argv[2]) != 0) { /* it is no large payload any more */
        EXPECT(strcmp(flag_of(large + 8 * MIB), "nh") == 0);
    }
    char *moved = realloc(grown, 64 * MIB); /* from several mappings */
    EXPECT(moved != NULL);
    free(moved);
    free(small);
    free(wall);
    return expect_status();
}
