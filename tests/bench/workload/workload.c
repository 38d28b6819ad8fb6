/*
 * Programs in small, each of which uses malloc in its own way, to measure an allocator by.
 *
 *   workload --list
 *   workload NAME [--scale F]
 *
 * The allocator is the C library's, or one that LD_PRELOAD brings. Every run of a workload does the same: seeds
 * are fixed, and what is printed is a checksum of what was read from the blocks. F multiplies the number of
 * operations; at 1, a run takes about a second. Blocks are written as a program would write them.
 *
 * Exit status: 0; 1 when malloc gives NULL; 2 for a wrong command line.
 */
#include "common.h"
#include "workloads.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct workload {
    const char *name;
    int threads;
    const char *description;
    uint64_t (*run)(double scale);
};

static const struct workload workloads[] = {
    {"pairs", 1, "malloc and free at once: 3,000,000 each of 16 to 2,048 bytes in eight sizes",
     pairs},
    {"batch_fifo", 1, "batches of 100, 1,000, 10,000 blocks of 16 to 512 bytes, first freed first",
     batch_fifo},
    {"batch_lifo", 1, "batches of 100, 1,000, 10,000 blocks of 16 to 512 bytes, last freed first",
     batch_lifo},
    {"waves", 1, "up to 1,000 live blocks of 512 bytes to 4 KiB that come and go by up to 500",
     waves},
    {"replace_1k", 1,
     "random replacement among 1,000 objects, most of 16 to 128 bytes, few to 8 KiB", replace_1k},
    {"replace_10k", 1,
     "random replacement among 10,000 objects, most of 16 to 128 bytes, few to 8 KiB", replace_10k},
    {"replace_100k", 1,
     "random replacement among 100,000 objects, most of 16 to 128 bytes, few to 8 KiB",
     replace_100k},
    {"replace_1m", 1,
     "random replacement among 1,000,000 objects, most of 16 to 128 bytes, few to 8 KiB",
     replace_1m},
    {"bignum", 1,
     "numbers of any length: a new result of 16 to 2,000 bytes for each sum and product", bignum},
    {"trees", 1, "binary trees of depth 4 to 16, nodes of 16 bytes; one lives long", trees},
    {"server_successors", 2,
     "2 threads with 1,000 objects of 16 to 512 bytes; each hands on to a new thread",
     server_successors},
    {"producer_consumer", 2,
     "messages of 32 to 512 bytes that the other thread frees, 1,024 at most in between",
     producer_consumer},
    {"mixed_stress", 4,
     "16 bytes to 32 KiB, smaller ones more often; a quarter is freed by other threads",
     mixed_stress},
    {"turnover", 4,
     "100 to 300 of 1,000 blocks of 16 bytes to 16 KiB freed, and as many asked for, in each turn",
     turnover},
    {"medium", 1,
     "random replacement among 1,000 blocks of 1 to 64 KiB, a byte of each page written", medium},
    {"large", 1, "random replacement among 8 blocks of 1 to 32 MiB, a byte of each page written",
     large},
    {"realloc_vectors", 1,
     "64 vectors that grow by half or to twice their size, to 8 to 65,536 integers",
     realloc_vectors},
    {"realloc_strings", 1, "256 strings that grow by 1 to 16 bytes at a time, to 32 bytes to 8 KiB",
     realloc_strings},
    {"thread_churn", 2, "4,000 threads, two at a time, with 50 to 200 objects each", thread_churn},
    {"false_sharing_active", 2,
     "2 threads that allocate objects of 8 to 32 bytes and write them 1,000 times each",
     false_sharing_active},
    {"false_sharing_passive", 2,
     "the same, after they have freed objects that the main thread had allocated side by side",
     false_sharing_passive},
    {"threads_64", 64,
     "64 threads with random replacement among 500 objects, most of 16 to 128 bytes, few to 8 KiB",
     threads_64},
    {"drift", 1, "50,000 objects whose mean size moves from 64 to 300, 1,000, 4,000 bytes and back",
     drift},
    {"strings_sort", 1,
     "1,000,000 strings of 8 to 64 bytes, sorted, then freed in the sorted order", strings_sort},
    {"hash_map", 1,
     "a chained hash table with 110,000 entries: a node, a key, a value of 16 to 256 bytes",
     hash_map},
    {"syntax_trees", 1,
     "16 modules of 10,000 nodes of 16 to 32 bytes, evaluated, replaced one by one", syntax_trees},
};

_Noreturn void out_of_memory(void)
{
    fputs("workload: out of memory\n", stderr);
    _Exit(1);
}

static int usage(void)
{
    fputs("usage: workload --list\n       workload NAME [--scale F]\n", stderr);
    return 2;
}

static int list(void)
{
    for (size_t i = 0; i < sizeof(workloads) / sizeof(*workloads); i++) {
        printf("%s\t%d\t%s\n", workloads[i].name, workloads[i].threads, workloads[i].description);
    }
    return 0;
}

static const struct workload *find(const char *name)
{
    for (size_t i = 0; i < sizeof(workloads) / sizeof(*workloads); i++) {
        if (strcmp(workloads[i].name, name) == 0) {
            return &workloads[i];
        }
    }
    return NULL;
}

/* 0 if `text` is no positive number. */
static double scale_of(const char *text)
{
    char *end;
    double scale = strtod(text, &end);
    return *end == '\0' && scale > 0 && scale < 1e6 ? scale : 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        return list();
    }
    if (argc != 2 && !(argc == 4 && strcmp(argv[2], "--scale") == 0)) {
        return usage();
    }
    const struct workload *workload = find(argv[1]);
    double scale = argc == 4 ? scale_of(argv[3]) : 1;
    if (workload == NULL || scale <= 0) {
        return usage();
    }
    printf("%016" PRIx64 "\n", workload->run(scale));
    return 0;
}
