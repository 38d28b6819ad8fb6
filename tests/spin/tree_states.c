/*
 * Two trees that hold the same blocks in the same shape are the same, to the byte: what is removed is cleared.
 */
#include "spin/tree_states.h"

#include "spin/expect.h"
#include "support/block_pool.h"

#include <string.h>

static const size_t sizes[TREE_SIZES] = {1600, 1616}; /* bytes; both are of the first tree */

struct states_limits states_limits;
struct tree states_tree;
void *states_pool;

void states_start(bool has_sizes)
{
    block_pool_start(TREE_PLACES);
    states_pool = block_at(0);
    memset(states_pool, 0, STATES_POOL);
    memset(&states_tree, 0, sizeof(states_tree));
    states_limits = has_sizes ? (struct states_limits){TREE_PLACES_OF_SIZES, TREE_SIZES}
                              : (struct states_limits){TREE_PLACES, 1};
}

bool states_has_block(size_t place)
{
    return place < states_limits.places && mb_size(block_at(place)) != 0;
}

bool states_has_room(size_t place, size_t size_number)
{
    return place < states_limits.places && size_number < states_limits.sizes &&
           !states_has_block(place);
}

bool states_has_other_size(size_t place, size_t size_number)
{
    return states_has_block(place) && size_number < states_limits.sizes &&
           mb_size(block_at(place)) != sizes[size_number];
}

bool states_can_move(size_t place, size_t to)
{
    return states_has_block(place) && states_has_room(to, 0);
}

/* ---- What must hold ---- */

/* The best fit, by a look at all: the lowest of the smallest that are large enough; NULL where there is none. */
static const struct mem_block *best_of_all(size_t size)
{
    const struct mem_block *best = NULL;
    for (size_t place = 0; place < states_limits.places; place++) {
        const struct mem_block *b = block_at(place);
        if (mb_size(b) >= size && (best == NULL || mb_size(b) < mb_size(best))) {
            best = b;
        }
    }
    return best;
}

static bool all_holds(void)
{
    size_t count = 0;
    size_t bytes = 0;
    size_t counted = 0;
    size_t summed = 0;
    size_t dirty = 0;
    for (size_t place = 0; place < states_limits.places; place++) {
        count += states_has_block(place);
        bytes += mb_size(block_at(place));
    }
    bool holds = expect(tree_check(&states_tree, &counted, &summed, &dirty),
                        "I4: order, balance, links or headers");
    holds = expect(counted == count && summed == bytes && dirty == 0, "a block is lost") && holds;
    for (size_t i = 0; i < TREE_SIZES; i++) {
        holds = expect(tree_best_fit(&states_tree, sizes[i]) == best_of_all(sizes[i]),
                       "not the best fit") &&
                holds;
    }
    const struct mem_block *largest = tree_largest(&states_tree);
    size_t most = largest != NULL ? mb_size(largest) : 0;
    return expect(best_of_all(most + 1) == NULL && (largest != NULL) == (count > 0),
                  "not the largest") &&
           holds;
}

/* ---- The steps ---- */

static void insert(struct mem_block *b, size_t size)
{
    mb_set(b, size, MB_PREV_USED);
    tree_insert(&states_tree, b, written_all(b), 0);
}

bool states_insert(size_t place, size_t size_number)
{
    insert(block_at(place), sizes[size_number]);
    return all_holds();
}

bool states_remove(size_t place)
{
    tree_remove(&states_tree, block_at(place));
    memset(block_at(place), 0, TREE_BLOCK_MIN);
    return all_holds();
}

/* What tree_remove_for() kept is of no use afterwards. */
static void forget_kept(void)
{
    states_tree.kept = (struct tree_place){0};
    states_tree.kept_link = NULL;
}

/* A block gives way to another, for which its place may be kept. */
static bool exchange(size_t place, size_t to, size_t size)
{
    tree_remove_for(&states_tree, block_at(place), block_at(to), size);
    memset(block_at(place), 0, TREE_BLOCK_MIN);
    insert(block_at(to), size);
    forget_kept();
    return all_holds();
}

bool states_resize(size_t place, size_t size_number)
{
    return exchange(place, place, sizes[size_number]);
}

bool states_move(size_t place, size_t to)
{
    return exchange(place, to, mb_size(block_at(place)));
}
