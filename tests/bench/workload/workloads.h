/*
 * The workloads, by the file that holds them. Each returns a checksum that depends on the blocks' contents
 * alone: it is the same with every allocator and in every run.
 */
#ifndef WORKLOAD_WORKLOADS_H
#define WORKLOAD_WORKLOADS_H

#include <stdint.h>

/* batches.c */
uint64_t pairs(double scale);
uint64_t batch_fifo(double scale);
uint64_t batch_lifo(double scale);

/* waves.c */
uint64_t waves(double scale);

/* replace.c */
uint64_t replace_1k(double scale);
uint64_t replace_10k(double scale);
uint64_t replace_100k(double scale);
uint64_t replace_1m(double scale);
uint64_t medium(double scale);
uint64_t large(double scale);
uint64_t threads_64(double scale);

/* bignum.c */
uint64_t bignum(double scale);

/* trees.c */
uint64_t trees(double scale);

/* successors.c */
uint64_t server_successors(double scale);
uint64_t thread_churn(double scale);

/* exchange.c */
uint64_t producer_consumer(double scale);
uint64_t mixed_stress(double scale);
uint64_t turnover(double scale);

/* growth.c */
uint64_t realloc_vectors(double scale);
uint64_t realloc_strings(double scale);

/* sharing.c */
uint64_t false_sharing_active(double scale);
uint64_t false_sharing_passive(double scale);

/* drift.c */
uint64_t drift(double scale);

/* strings.c */
uint64_t strings_sort(double scale);

/* hash_map.c */
uint64_t hash_map(double scale);

/* syntax.c */
uint64_t syntax_trees(double scale);

#endif
