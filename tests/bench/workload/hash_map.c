/*
 * A hash table with chains that grows with its entries; each of them has a node, a key and a value.
 */
#include "common.h"
#include "workloads.h"

#include <string.h>

#define KEY_MAX 40
#define ID_COUNT 200000 /* of different keys */

struct entry {
    struct entry *next;
    uint64_t hash;
    char *key;
    void *value;
};

struct map {
    struct entry **buckets;
    size_t bucket_count; /* a power of two */
    size_t entry_count;
};

/* 8 to KEY_MAX - 1 letters, the same ones for the same `id`. */
static size_t make_key(char *key, size_t id)
{
    struct rng rng = {id};
    size_t length = rng_between(&rng, 8, KEY_MAX - 1);
    uint64_t letters = rng_next(&rng);
    for (size_t i = 0; i < length; i++) {
        key[i] = (char)('a' + (letters >> i % 16 * 4) % 16);
    }
    key[length] = '\0';
    return length;
}

/* FNV-1a. */
static uint64_t hash_of(const char *key)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *key != '\0'; key++) {
        hash = (hash ^ (unsigned char)*key) * 0x100000001b3;
    }
    return hash;
}

static void map_start(struct map *map)
{
    map->entry_count = 0;
    map->bucket_count = 16;
    map->buckets = allocate_zeroed(map->bucket_count, sizeof(*map->buckets));
}

/* Where the link to the entry of `key` is, or would be. */
static struct entry **map_find(struct map *map, const char *key, uint64_t hash)
{
    struct entry **link = &map->buckets[hash & (map->bucket_count - 1)];
    while (*link != NULL && ((*link)->hash != hash || strcmp((*link)->key, key) != 0)) {
        link = &(*link)->next;
    }
    return link;
}

static void map_move_chain(struct map *map, struct entry *chain)
{
    while (chain != NULL) {
        struct entry *entry = chain;
        chain = chain->next;
        struct entry **bucket = &map->buckets[entry->hash & (map->bucket_count - 1)];
        entry->next = *bucket;
        *bucket = entry;
    }
}

static void map_grow(struct map *map)
{
    struct map old = *map;
    map->bucket_count *= 2;
    map->buckets = allocate_zeroed(map->bucket_count, sizeof(*map->buckets));
    for (size_t i = 0; i < old.bucket_count; i++) {
        map_move_chain(map, old.buckets[i]);
    }
    free(old.buckets);
}

static struct entry *entry_create(const char *key, size_t length, uint64_t hash, size_t value_size)
{
    struct entry *entry = allocate(sizeof(*entry));
    entry->next = NULL;
    entry->hash = hash;
    entry->key = memcpy(allocate(length + 1), key, length + 1);
    entry->value = allocate_touched(value_size);
    return entry;
}

/* `link` is where map_find() did not find the entry's key. */
static void map_insert(struct map *map, struct entry **link, struct entry *entry)
{
    *link = entry;
    map->entry_count++;
    if (map->entry_count > map->bucket_count) {
        map_grow(map);
    }
}

static void map_delete(struct map *map, struct entry **link)
{
    struct entry *entry = *link;
    *link = entry->next;
    free(entry->key);
    free(entry->value);
    free(entry);
    map->entry_count--;
}

static void map_drop(struct map *map)
{
    for (size_t i = 0; i < map->bucket_count; i++) {
        while (map->buckets[i] != NULL) {
            map_delete(map, &map->buckets[i]);
        }
    }
    free(map->buckets);
}

/* Of 16 operations, nine insert the key and seven delete it; half find that there is nothing to do, and read. */
static uint64_t map_operate(struct map *map, struct rng *rng)
{
    char key[KEY_MAX];
    uint64_t random = rng_next(rng);
    size_t length = make_key(key, rng_scale(random, ID_COUNT));
    uint64_t hash = hash_of(key);
    struct entry **link = map_find(map, key, hash);
    uint64_t value = *link == NULL ? 0 : block_first((*link)->value);
    int inserts = random % 16 < 9;
    if (inserts && *link == NULL) {
        map_insert(map, link, entry_create(key, length, hash, rng_between(rng, 16, 256)));
    } else if (!inserts && *link != NULL) {
        map_delete(map, link);
    }
    return value;
}

uint64_t hash_map(double scale)
{
    struct map map;
    map_start(&map);
    struct rng rng = {1};
    size_t operations = scaled(1500000, scale);
    uint64_t sum = 0;
    for (size_t i = 0; i < operations; i++) {
        sum += map_operate(&map, &rng);
    }
    sum += map.entry_count;
    map_drop(&map);
    return sum;
}
