/*
 * A block cache by itself.
 */
#include "medium_fixture.h"

struct medium medium;

int medium_setup(void **state)
{
    (void)state;
    medium = (struct medium){0};
    medium_init(&medium);
    return 0;
}

int medium_teardown(void **state)
{
    medium_flush(&medium);
    return front_teardown(state);
}

void *block_of(size_t size)
{
    return cores_alloc(medium_round(size));
}

void add(void *payload)
{
    medium_add(&medium, mb_of_payload(payload), block_size(payload),
               medium_bin(block_size(payload)));
}

size_t block_size(const void *payload)
{
    return mb_size(mb_of_payload(payload));
}

void *take_or_ask(size_t size)
{
    void *cached = front_take(size);
    return cached != NULL ? cached : block_of(size);
}

void keep_or_release(void *payload)
{
    if (!front_keep(mb_of_payload(payload))) {
        release(payload);
    }
}

void fill_with_sizes(size_t count)
{
    bool has_room = true;
    while (has_room) {
        has_room = false;
        for (size_t i = 0; i < count; i++) {
            void *payload = block_of(1100 + 700 * i);
            if (medium_has_room(&medium, medium_bin(block_size(payload)))) {
                add(payload);
                has_room = true;
            } else {
                release(payload);
            }
        }
    }
}

size_t most_in_a_bin(void)
{
    size_t most = 0;
    for (size_t bin = 0; bin < MEDIUM_BIN_COUNT; bin++) {
        most = medium.counts[bin] > most ? medium.counts[bin] : most;
    }
    return most;
}
