/*
 * A server for days: what it holds goes up and down in cycles that are all alike, so what is resident at the end of one
 * must be what it was at the end of another. Single ones differ by half, as it depends on the threads' turns what shares a page
 * with what: so it is a drift only when many cycles one after the other end with more.
 *
 *   steady SECONDS
 *
 * Two threads work, free half of what the other allocates, and now and then make place for new threads. Status 1: memory has drifted.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PLACES = 20000, THREADS = 2, OPERATIONS = 2000000, SETTLED = 20, PATIENCE = 20 };

/* How much may be resident, after the most that was so in the first cycles: when pages go back depends on the clock. KiB. */
static size_t bound(size_t settled)
{
    return settled + settled / 4 + 2048;
}

static _Atomic(void *) places[PLACES];

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Most are small; few have up to 64 KiB. */
static size_t random_size(uint64_t random)
{
    unsigned power = (unsigned)__builtin_ctzll(random | 1 << 10);
    return 1 + (random >> 32) % ((size_t)64 << power);
}

static void put(size_t place, void *block)
{
    free(atomic_exchange(&places[place], block));
}

static void *work(void *seed)
{
    uint64_t state = (uintptr_t)seed * 2 + 88172645463325252U;
    for (int i = 0; i < OPERATIONS / THREADS; i++) {
        uint64_t random = next_random(&state);
        size_t size = random_size(random);
        char *block = malloc(size);
        if (block == NULL) {
            abort();
        }
        memset(block, 1, size < 64 ? size : 64);
        if (random % 16 == 0) {
            block = realloc(block, size * 2);
        }
        put(random % PLACES, block);
    }
    return NULL;
}

static size_t resident_kib(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*s %zu", &pages) != 1) {
        abort();
    }
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

/* Up, and down to a tenth. */
static void cycle(uintptr_t number)
{
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, work, (void *)(number * THREADS + i));
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < PLACES; i++) {
        if (i % 10 != 0) {
            put(i, NULL);
        }
    }
}

int main(int argc, char **argv)
{
    time_t end = time(NULL) + (argc > 1 ? strtol(argv[1], NULL, 10) : 60);
    size_t settled = 0;
    size_t last = 0;
    size_t over = 0; /* cycles since one ended within the bound */
    uintptr_t number = 0;
    for (; (time(NULL) < end || number <= SETTLED) && over < PATIENCE; number++) {
        cycle(number);
        last = resident_kib();
        settled = number < SETTLED && last > settled ? last : settled;
        over = number >= SETTLED && last > bound(settled) ? over + 1 : 0;
    }
    printf("%zu cycles of %d operations: %zu KiB resident after the first, %zu after the last\n",
           (size_t)number, OPERATIONS, settled, last);
    return over == PATIENCE ? 1 : 0;
}
