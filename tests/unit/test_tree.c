/*
 * The index of large free blocks, against a plain array; and each way in which it
 * can be corrupted.
 */
#include "core/tree.h"

#include "support/block_pool.h"
#include "support/expect_abort.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { POOL = 1200 };

enum { LEFT = 0, RIGHT = 1 };

/* A node as tree.c lays it out, in order to break it. */
struct node {
    struct mem_block block;
    struct node *child[2];
    struct node *parent;
    uint32_t below[2];
    struct written written;
    size_t dirty;
};

_Static_assert(sizeof(struct node) <= TREE_BLOCK_MIN, "a node fits its place");

static struct tree tree;
static uint64_t random_state;

static int empty_tree(void **state)
{
    (void)state;
    block_pool_start(POOL);
    memset(&tree, 0, sizeof(tree));
    random_state = 1;
    return 0;
}

static struct node *node_at(size_t place)
{
    return (struct node *)block_at(place);
}

static struct mem_block *insert(size_t place, size_t size)
{
    struct mem_block *b = block_at(place);
    mb_set(b, size, MB_PREV_USED);
    tree_insert(&tree, b, written_all(b), 0);
    return b;
}

static bool is_sound(void)
{
    size_t count = 0;
    size_t bytes = 0;
    size_t dirty = 0;
    return tree_check(&tree, &count, &bytes, &dirty);
}

static void assert_sound(size_t count, size_t bytes)
{
    size_t counted = 1000; /* what there is before stays */
    size_t summed = 5;
    size_t dirty = 0;
    assert_true(tree_check(&tree, &counted, &summed, &dirty));
    assert_int_equal(counted - 1000, count);
    assert_int_equal(summed - 5, bytes);
}

/* The longest way down from the root, in nodes. A subtree without nodes counts as 1, as in tree.c. */
static size_t height(void)
{
    const struct node *root = (struct node *)(void *)tree.roots[0];
    return root->below[LEFT] > root->below[RIGHT] ? root->below[LEFT] : root->below[RIGHT];
}

static void an_empty_tree_has_no_fit_and_is_sound(void **state)
{
    (void)state;
    assert_null(tree_best_fit(&tree, 0));
    assert_null(tree_largest(&tree));
    assert_sound(0, 0);
}

static void I4_a_single_block_fits_up_to_its_size(void **state)
{
    (void)state;
    struct mem_block *b = insert(0, 1600);
    assert_ptr_equal(tree_best_fit(&tree, 1584), b);
    assert_ptr_equal(tree_best_fit(&tree, 1600), b);
    assert_null(tree_best_fit(&tree, 1616));
    assert_ptr_equal(tree_largest(&tree), b);
    assert_sound(1, 1600);
    tree_remove(&tree, b);
    assert_null(tree.roots[0]);
}

static void I4_among_equal_sizes_the_lowest_address_is_best(void **state)
{
    (void)state;
    const size_t order[] = {4, 2, 6, 1, 5, 3, 7, 0};
    for (size_t i = 0; i < 8; i++) {
        insert(order[i], 1600);
    }
    for (size_t lowest = 0; lowest < 8; lowest++) {
        assert_ptr_equal(tree_best_fit(&tree, 1600), block_at(lowest));
        assert_ptr_equal(tree_best_fit(&tree, 1), block_at(lowest));
        assert_ptr_equal(tree_largest(&tree), block_at(7));
        tree_remove(&tree, block_at(lowest));
    }
    assert_null(tree_best_fit(&tree, 1600));
}

/* The oracle: sizes by place, 0 for what is not in the tree. */
static struct mem_block *oracle_best(const size_t *sizes, size_t places, size_t size)
{
    size_t best = places;
    for (size_t i = 0; i < places; i++) {
        if (sizes[i] != 0 && sizes[i] >= size && (best == places || sizes[i] < sizes[best])) {
            best = i;
        }
    }
    return best < places ? block_at(best) : NULL;
}

static size_t oracle_largest(const size_t *sizes, size_t places)
{
    size_t largest = 0;
    for (size_t i = 0; i < places; i++) {
        largest = sizes[i] > largest ? sizes[i] : largest;
    }
    return largest;
}

enum { PLACES = 200 };

/* What the tree should hold: a size by place, 0 for what is not in it. */
struct oracle {
    size_t sizes[PLACES];
    size_t count;
    size_t bytes;
};

static void insert_in_both(struct oracle *oracle, size_t place, size_t size)
{
    insert(place, size);
    oracle->sizes[place] = size;
    oracle->count++;
    oracle->bytes += size;
}

static void note_removed(struct oracle *oracle, size_t place)
{
    oracle->count--;
    oracle->bytes -= oracle->sizes[place];
    oracle->sizes[place] = 0;
}

/* Let the block at `place` be one of `size` bytes at `to` from now on, which is free or the same. */
static void replace_in_both(struct oracle *oracle, size_t place, size_t to, size_t size)
{
    tree_remove_for(&tree, block_at(place), block_at(to), size);
    note_removed(oracle, place);
    insert_in_both(oracle, to, size);
}

/* `distinct` sizes: few make many ties. */
static void compare_with_oracle(size_t distinct, int turns)
{
    struct oracle oracle = {0};
    for (int turn = 0; turn < turns; turn++) {
        size_t place = random_below(&random_state, PLACES);
        size_t to = random_below(&random_state, PLACES);
        size_t size = (100 + random_below(&random_state, distinct)) * MA_ALIGNMENT;
        if (oracle.sizes[place] == 0) {
            insert_in_both(&oracle, place, size);
        } else if (turn % 2 == 0) {
            tree_remove(&tree, block_at(place));
            note_removed(&oracle, place);
        } else {
            replace_in_both(&oracle, place, oracle.sizes[to] == 0 ? to : place, size);
        }
        size_t wanted = (99 + random_below(&random_state, distinct + 2)) * MA_ALIGNMENT;
        assert_ptr_equal(tree_best_fit(&tree, wanted), oracle_best(oracle.sizes, PLACES, wanted));
        const struct mem_block *largest = tree_largest(&tree);
        assert_int_equal(largest != NULL ? mb_size(largest) : 0,
                         oracle_largest(oracle.sizes, PLACES));
        assert_sound(oracle.count, oracle.bytes);
    }
}

static void I4_the_best_fit_is_the_one_that_brute_force_finds(void **state)
{
    (void)state;
    compare_with_oracle(10000, 8000);
}

static void I4_the_best_fit_is_exact_among_sizes_that_differ_much(void **state)
{
    (void)state;
    compare_with_oracle((size_t)1 << 24, 8000);
}

static void I4_the_best_fit_is_exact_among_many_ties(void **state)
{
    (void)state;
    compare_with_oracle(5, 8000);
}

static void nothing_is_large_enough_for_what_no_block_can_have(void **state)
{
    (void)state;
    insert(0, MB_SIZE_MAX);
    assert_ptr_equal(tree_best_fit(&tree, MB_SIZE_MAX), block_at(0));
    assert_ptr_equal(tree_largest(&tree), block_at(0));
    assert_null(tree_best_fit(&tree, MB_SIZE_MAX + MA_ALIGNMENT));
    assert_null(tree_best_fit(&tree, PTRDIFF_MAX));
    assert_null(tree_best_fit(&tree, SIZE_MAX));
}

/* It would not be found for its size. */
static void the_check_sees_a_block_of_another_step(void **state)
{
    (void)state;
    insert(0, 3 * MA_BINNED_MAX);
    assert_true(is_sound());
    mb_set_size(block_at(0), 5 * MA_BINNED_MAX);
    assert_false(is_sound());
    mb_set_size(block_at(0), 2 * MA_BINNED_MAX);
    assert_false(is_sound());
}

/* Insert the sizes of `order` (places, ranked), then remove them by rank, checking at each turn. */
static void insert_and_remove(const size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        insert(order[i], 1600 + 16 * order[i]);
        assert_true(is_sound());
    }
    for (size_t rank = 0; rank < count; rank++) {
        assert_ptr_equal(tree_best_fit(&tree, 0), block_at(rank));
        tree_remove(&tree, block_at(rank));
        assert_true(is_sound());
    }
    assert_null(tree.roots[0]);
}

static void swap(size_t *a, size_t *b)
{
    size_t old = *a;
    *a = *b;
    *b = old;
}

/* Each order of order[done..count). */
static void for_each_permutation(size_t *order, size_t done, size_t count,
                                 void (*visit)(const size_t *, size_t))
{
    if (done == count) {
        visit(order, count);
        return;
    }
    for (size_t i = done; i < count; i++) {
        swap(&order[done], &order[i]);
        for_each_permutation(order, done + 1, count, visit);
        swap(&order[done], &order[i]);
    }
}

static void every_order_of_insertion_leaves_a_balanced_tree(void **state)
{
    (void)state;
    size_t order[] = {0, 1, 2, 3, 4, 5, 6};
    for_each_permutation(order, 0, 7, insert_and_remove);
}

/* From one tree that has heirs near and far. */
static void remove_in_order(const size_t *order, size_t count)
{
    for (size_t rank = 0; rank < count; rank++) {
        insert(rank, 1600 + 16 * rank);
    }
    for (size_t i = 0; i < count; i++) {
        tree_remove(&tree, block_at(order[i]));
        assert_true(is_sound());
    }
    assert_null(tree.roots[0]);
}

static void every_order_of_removal_leaves_a_balanced_tree(void **state)
{
    (void)state;
    size_t order[] = {0, 1, 2, 3, 4, 5, 6};
    for_each_permutation(order, 0, 7, remove_in_order);
}

/* 1.44 log2(1200) = 14.7: also where a program frees in the order of addresses. */
static void the_tree_stays_flat_under_sorted_insertion(void **state)
{
    (void)state;
    size_t bytes = 0;
    for (size_t i = 0; i < POOL; i++) {
        insert(i, 1600 + 16 * i);
        bytes += 1600 + 16 * i;
        assert_in_range(height(), 1, 14);
    }
    assert_sound(POOL, bytes);
    for (size_t i = POOL; i > 10; i--) {
        tree_remove(&tree, block_at(i - 1)); /* all from one side */
    }
    assert_true(is_sound());
    assert_in_range(height(), 4, 4); /* 10 nodes: at least 4, at most 1.44 log2 10 = 4.8 */
}

/*
 * Seven nodes, of ranks 0 to 6, each at the place of its rank:
 *
 *             3
 *          1     5
 *         0 2   4 6
 */
static int seven_nodes(void **state)
{
    const size_t order[] = {3, 1, 5, 0, 2, 4, 6};
    empty_tree(state);
    for (size_t i = 0; i < 7; i++) {
        insert(order[i], 1600 + 160 * order[i]);
    }
    return 0;
}

static void seven_nodes_stand_as_the_picture_says(void **state)
{
    (void)state;
    assert_ptr_equal(tree.roots[0], node_at(3));
    assert_ptr_equal(node_at(3)->child[LEFT], node_at(1));
    assert_ptr_equal(node_at(3)->child[RIGHT], node_at(5));
    assert_ptr_equal(node_at(5)->child[RIGHT], node_at(6));
    assert_ptr_equal(node_at(2)->parent, node_at(1));
    assert_int_equal(height(), 3);
    assert_true(is_sound());
}

static void a_block_that_shrinks_or_grows_between_its_neighbours_keeps_its_place(void **state)
{
    (void)state;
    for (size_t place = 0; place < 7; place++) {
        struct node old = *node_at(place);
        size_t size = mb_size(block_at(place));
        for (size_t other = size - 144; other <= size + 144; other += 288) {
            tree_remove_for(&tree, block_at(place), block_at(7), other);
            insert(7, other);
            assert_ptr_equal(node_at(7)->parent, old.parent);
            assert_ptr_equal(node_at(7)->child[LEFT], old.child[LEFT]);
            assert_ptr_equal(node_at(7)->child[RIGHT], old.child[RIGHT]);
            assert_true(is_sound());
            tree_remove_for(&tree, block_at(7), block_at(place), size);
            insert(place, size);
            assert_true(is_sound());
        }
    }
}

/* As large as its neighbour in order: the address tells whether it still belongs there. */
static void a_block_that_becomes_as_large_as_its_neighbour_stands_by_its_address(void **state)
{
    (void)state;
    tree_remove_for(&tree, block_at(2), block_at(2), mb_size(block_at(3)));
    insert(2, mb_size(block_at(3)));
    assert_ptr_equal(tree_best_fit(&tree, mb_size(block_at(3))), block_at(2));
    assert_true(is_sound());
    tree_remove_for(&tree, block_at(4), block_at(4), mb_size(block_at(3)));
    insert(4, mb_size(block_at(3)));
    assert_ptr_equal(tree_best_fit(&tree, mb_size(block_at(3))), block_at(2));
    assert_true(is_sound());
}

static void the_check_sees_a_root_with_a_parent(void **state)
{
    (void)state;
    node_at(3)->parent = node_at(6);
    assert_false(is_sound());
}

static void the_check_sees_a_wrong_parent_of_a_right_child(void **state)
{
    (void)state;
    for (size_t place = 2; place <= 6; place += 4) {
        struct node *parent = node_at(place)->parent;
        node_at(place)->parent = node_at(3);
        assert_false(is_sound());
        node_at(place)->parent = parent;
    }
    assert_true(is_sound());
}

/* A way up from there would leave others out. */
static void the_check_sees_a_wrong_parent_of_a_left_child(void **state)
{
    (void)state;
    for (size_t wrong = 2; wrong < 7; wrong++) {
        node_at(0)->parent = node_at(wrong);
        assert_false(is_sound());
    }
}

static void the_check_sees_a_block_out_of_order(void **state)
{
    (void)state;
    for (size_t place = 0; place < 7; place++) {
        size_t size = mb_size(block_at(place));
        mb_set_size(block_at(place), place < 6 ? 16000 : 160);
        assert_false(is_sound());
        mb_set_size(block_at(place), size);
        assert_true(is_sound());
    }
}

static void the_check_sees_equal_sizes_in_the_wrong_order(void **state)
{
    (void)state;
    empty_tree(state);
    insert(1, 1600);
    insert(0, 1616);
    mb_set_size(block_at(0), 1600);
    assert_false(is_sound());
}

static void the_check_sees_a_wrong_height(void **state)
{
    (void)state;
    for (size_t place = 0; place < 7; place++) {
        for (int side = LEFT; side <= RIGHT; side++) {
            node_at(place)->below[side] += 1;
            assert_false(is_sound());
            node_at(place)->below[side] -= 2;
            assert_false(is_sound());
            node_at(place)->below[side] += 1;
        }
    }
    assert_true(is_sound());
}

/* All heights as they must be, but one side is higher by two. */
static void the_check_sees_a_lost_balance_on_either_side(void **state)
{
    (void)state;
    for (int side = LEFT; side <= RIGHT; side++) {
        seven_nodes(state);
        node_at(3)->child[side] = NULL;
        assert_false(is_sound());
    }
}

static void the_check_sees_a_smashed_header(void **state)
{
    (void)state;
    for (size_t place = 0; place < 7; place++) {
        block_at(place)->head ^= (size_t)1 << 60;
        assert_false(is_sound());
        block_at(place)->head ^= (size_t)1 << 60;
    }
    assert_true(is_sound());
}

static void the_check_sees_a_used_block(void **state)
{
    (void)state;
    mb_set(block_at(2), mb_size(block_at(2)), MB_USED | MB_PREV_USED);
    assert_false(is_sound());
}

/* Whether the check gives an answer, and which, within two seconds. */
static bool is_refused_in_time(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        alarm(2);
        _exit(is_sound() ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE;
}

/* A link upwards: whoever follows it goes round forever. */
static void the_check_sees_a_circle_and_ends(void **state)
{
    (void)state;
    node_at(0)->child[LEFT] = node_at(3);
    assert_true(is_refused_in_time());
    node_at(0)->child[LEFT] = NULL;
    node_at(2)->child[LEFT] = node_at(3);
    assert_true(is_refused_in_time());
    node_at(2)->child[LEFT] = NULL;
    node_at(6)->child[RIGHT] = node_at(3);
    assert_true(is_refused_in_time());
}

static void remove_block(void *b)
{
    tree_remove(&tree, b);
}

static void removing_a_block_that_its_parent_does_not_know_aborts(void **state)
{
    (void)state;
    node_at(6)->parent = node_at(1);
    assert_aborts(remove_block, block_at(6), "free list");
    node_at(6)->parent = NULL;
    assert_aborts(remove_block, block_at(6), "corrupted");
}

static void removing_a_block_that_is_not_in_the_tree_aborts(void **state)
{
    (void)state;
    tree_remove(&tree, block_at(2));
    assert_aborts(remove_block, block_at(2), "corrupted");
}

/*
 * A write to freed memory, of the first 32 bytes of its payload, reaches the links
 * to the children, but not the one to the parent.
 */
static void removing_a_block_with_zeroed_children_aborts(void **state)
{
    (void)state;
    memset(mb_payload(block_at(5)), 0, 32); /* 4 and 6 would be lost in silence */
    assert_aborts(remove_block, block_at(5), "corrupted");
}

static void removing_a_block_whose_child_has_another_parent_aborts(void **state)
{
    (void)state;
    node_at(5)->child[LEFT] = node_at(0);
    assert_aborts(remove_block, block_at(5), "corrupted");
    node_at(5)->child[LEFT] = node_at(4);
    node_at(5)->child[RIGHT] = node_at(0);
    assert_aborts(remove_block, block_at(5), "corrupted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_tree_has_no_fit_and_is_sound, empty_tree),
        cmocka_unit_test_setup(I4_a_single_block_fits_up_to_its_size, empty_tree),
        cmocka_unit_test_setup(I4_among_equal_sizes_the_lowest_address_is_best, empty_tree),
        cmocka_unit_test_setup(I4_the_best_fit_is_the_one_that_brute_force_finds, empty_tree),
        cmocka_unit_test_setup(I4_the_best_fit_is_exact_among_sizes_that_differ_much, empty_tree),
        cmocka_unit_test_setup(I4_the_best_fit_is_exact_among_many_ties, empty_tree),
        cmocka_unit_test_setup(nothing_is_large_enough_for_what_no_block_can_have, empty_tree),
        cmocka_unit_test_setup(the_check_sees_a_block_of_another_step, empty_tree),
        cmocka_unit_test_setup(every_order_of_insertion_leaves_a_balanced_tree, empty_tree),
        cmocka_unit_test_setup(every_order_of_removal_leaves_a_balanced_tree, empty_tree),
        cmocka_unit_test_setup(the_tree_stays_flat_under_sorted_insertion, empty_tree),
        cmocka_unit_test_setup(seven_nodes_stand_as_the_picture_says, seven_nodes),
        cmocka_unit_test_setup(a_block_that_shrinks_or_grows_between_its_neighbours_keeps_its_place,
                               seven_nodes),
        cmocka_unit_test_setup(a_block_that_becomes_as_large_as_its_neighbour_stands_by_its_address,
                               seven_nodes),
        cmocka_unit_test_setup(the_check_sees_a_root_with_a_parent, seven_nodes),
        cmocka_unit_test_setup(the_check_sees_a_wrong_parent_of_a_right_child, seven_nodes),
        cmocka_unit_test_setup(the_check_sees_a_wrong_parent_of_a_left_child, seven_nodes),
        cmocka_unit_test_setup(the_check_sees_a_block_out_of_order, seven_nodes),
        cmocka_unit_test_setup(the_check_sees_equal_sizes_in_the_wrong_order, seven_nodes),
        cmocka_unit_test_setup(the_check_sees_a_wrong_height, seven_nodes),
        cmocka_unit_test_setup(the_check_sees_a_lost_balance_on_either_side, seven_nodes),
        cmocka_unit_test_setup(the_check_sees_a_smashed_header, seven_nodes),
        cmocka_unit_test_setup(the_check_sees_a_used_block, seven_nodes),
        cmocka_unit_test_setup(the_check_sees_a_circle_and_ends, seven_nodes),
        cmocka_unit_test_setup(removing_a_block_that_its_parent_does_not_know_aborts, seven_nodes),
        cmocka_unit_test_setup(removing_a_block_that_is_not_in_the_tree_aborts, seven_nodes),
        cmocka_unit_test_setup(removing_a_block_with_zeroed_children_aborts, seven_nodes),
        cmocka_unit_test_setup(removing_a_block_whose_child_has_another_parent_aborts, seven_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
