/*
 * The quota of a control group: files as the kernel writes them, and as it would not, in a directory
 * of the test's own.
 */
#include "os/quota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64]; /* plays /sys/fs/cgroup; `membership` lies there, too */
static char membership[80];

static int make_root(void **state)
{
    (void)state;
    strcpy(root, "/tmp/ma_test_quota_XXXXXX");
    if (mkdtemp(root) == NULL) {
        return -1;
    }
    snprintf(membership, sizeof(membership), "%s/membership", root);
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static int remove_root(void **state)
{
    (void)state;
    return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* The group `path` ("" is the root, "/a" or "/a/b"; those above it exist) has this cpu.max. */
static void have_group(const char *path, const char *cpu_max)
{
    char name[256];
    snprintf(name, sizeof(name), "%s%s", root, path);
    mkdir(name, 0700);
    snprintf(name, sizeof(name), "%s%s/cpu.max", root, path);
    write_file(name, cpu_max);
}

/* What is left to a process whose /proc/self/cgroup has this text. */
static size_t count_of_member(const char *text)
{
    write_file(membership, text);
    return quota_cpu_count(membership, root);
}

static void the_quota_of_the_group_counts(void **state)
{
    (void)state;
    have_group("/a", "400000 100000\n");
    assert_int_equal(count_of_member("0::/a\n"), 4);
    assert_int_equal(count_of_member("0::/a"), 4);
}

static void the_quota_of_a_group_above_counts(void **state)
{
    (void)state;
    have_group("/a", "300000 100000\n");
    have_group("/a/b", "max 100000\n");
    assert_int_equal(count_of_member("0::/a/b\n"), 3);
    assert_int_equal(count_of_member("0::/a/b/has_no_file\n"), 3);
}

static void the_least_quota_counts(void **state)
{
    (void)state;
    have_group("/a", "300000 100000\n");
    have_group("/a/more", "500000 100000\n");
    have_group("/a/less", "200000 100000\n");
    assert_int_equal(count_of_member("0::/a/more\n"), 3);
    assert_int_equal(count_of_member("0::/a/less\n"), 2);
}

/* In a container the root of what is seen may have a quota. */
static void the_quota_of_the_root_counts(void **state)
{
    (void)state;
    have_group("", "200000 100000\n");
    have_group("/a", "300000 100000\n");
    assert_int_equal(count_of_member("0::/\n"), 2);
    assert_int_equal(count_of_member("0::/a\n"), 2);
}

static void a_part_of_a_processor_counts_as_one(void **state)
{
    (void)state;
    const struct {
        const char *cpu_max;
        size_t count;
    } cases[] = {{"150000 100000\n", 2}, {"200000 100000\n", 2}, {"200001 100000\n", 3},
                 {"1000 100000\n", 1},   {"1 1000000\n", 1},     {"25000 10000\n", 3}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        have_group("/a", cases[i].cpu_max);
        assert_int_equal(count_of_member("0::/a\n"), cases[i].count);
    }
}

static size_t memory_of_member(const char *text)
{
    write_file(membership, text);
    return quota_memory_bytes(membership, root);
}

static void have_memory(const char *path, const char *memory_max)
{
    char name[256];
    have_group(path, "max 100000\n");
    snprintf(name, sizeof(name), "%s%s/memory.max", root, path);
    write_file(name, memory_max);
}

static void the_least_memory_of_the_groups_counts(void **state)
{
    (void)state;
    have_memory("", "max\n");
    have_memory("/a", "1073741824\n");
    have_memory("/a/more", "8589934592\n");
    have_memory("/a/less", "268435456\n");
    assert_int_equal(memory_of_member("0::/\n"), SIZE_MAX);
    assert_int_equal(memory_of_member("0::/a/more\n"), (size_t)1 << 30);
    assert_int_equal(memory_of_member("0::/a/less\n"), (size_t)1 << 28);
    assert_int_equal(memory_of_member("0::/no_such_group\n"), SIZE_MAX);
    assert_int_equal(memory_of_member("12:memory:/a\n"), SIZE_MAX);
}

static void a_container_sees_its_memory_at_the_root(void **state)
{
    (void)state;
    assert_int_equal(quota_memory_bytes(NULL, root), SIZE_MAX);
    have_memory("", "0\n");
    assert_int_equal(quota_memory_bytes(NULL, root), 0);
    have_memory("", "536870912\n");
    assert_int_equal(quota_memory_bytes(NULL, root), (size_t)1 << 29);
}

static void max_is_no_quota(void **state)
{
    (void)state;
    have_group("/a", "max 100000\n");
    assert_int_equal(count_of_member("0::/a\n"), SIZE_MAX);
}

/* The largest that the kernel takes, and more than that. */
static void a_huge_quota_leaves_all_processors(void **state)
{
    (void)state;
    have_group("/a", "18446744073709551 1000000\n");
    assert_true(count_of_member("0::/a\n") > 4096);
    have_group("/a", "99999999999999999999 100000\n");
    assert_true(count_of_member("0::/a\n") > 4096);
}

static void what_cannot_be_read_is_no_quota(void **state)
{
    (void)state;
    assert_int_equal(quota_cpu_count(membership, root), SIZE_MAX);
    assert_int_equal(count_of_member("0::/nowhere\n"), SIZE_MAX);
    assert_int_equal(count_of_member(""), SIZE_MAX);
}

static void a_malformed_file_is_no_quota(void **state)
{
    (void)state;
    const char *const malformed[] = {"",         "\n",        "max",       "200000",
                                     "200000\n", "200000 \n", "200000 0",  "0 100000",
                                     "-1 10000", "two one",   " 200000 1", "200000,100000"};
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        have_group("/a", "700000 100000\n");
        have_group("/a/b", malformed[i]);
        assert_int_equal(count_of_member("0::/a/b\n"), 7); /* the one above still counts */
        have_group("/a", malformed[i]);
        assert_int_equal(count_of_member("0::/a/b\n"), SIZE_MAX);
    }
}

/* Their quotas are in other files. */
static void groups_of_version_1_do_not_count(void **state)
{
    (void)state;
    have_group("/a", "200000 100000\n");
    assert_int_equal(count_of_member("12:cpu,cpuacct:/a\n1:name=systemd:/a\n"), SIZE_MAX);
    assert_int_equal(count_of_member("10::/a\n20::/a\n"), SIZE_MAX);
}

static void the_line_of_version_2_may_stand_anywhere(void **state)
{
    (void)state;
    have_group("/a", "200000 100000\n");
    have_group("/b", "300000 100000\n");
    assert_int_equal(count_of_member("4:cpu:/b\n1:name=systemd:/b\n0::/a\n"), 2);
    assert_int_equal(count_of_member("4:cpu:/b\n0::/a\n1:name=systemd:/b\n"), 2);
    assert_int_equal(count_of_member("0::/a\n4:cpu:/b\n"), 2);
}

/* What does not fit is left out; the groups above it are not. */
static void a_very_long_path_does_not_hide_the_groups_above(void **state)
{
    (void)state;
    const size_t lengths[] = {900, 1000, 1024, 1100, 2000, 4095, 4096, 4097, 9000};
    char text[9001];
    have_group("/a", "200000 100000\n");
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        memset(text, 'n', lengths[i]);
        for (size_t j = 200; j < lengths[i]; j += 200) {
            text[j] = '/';
        }
        memcpy(text, "0::/a/", 6);
        text[lengths[i] - 1] = '\n';
        text[lengths[i]] = '\0';
        assert_int_equal(count_of_member(text), 2);
    }
}

#define QUOTA_TEST(function) cmocka_unit_test_setup_teardown(function, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUOTA_TEST(the_quota_of_the_group_counts),
        QUOTA_TEST(the_quota_of_a_group_above_counts),
        QUOTA_TEST(the_least_quota_counts),
        QUOTA_TEST(the_quota_of_the_root_counts),
        QUOTA_TEST(a_part_of_a_processor_counts_as_one),
        QUOTA_TEST(the_least_memory_of_the_groups_counts),
        QUOTA_TEST(a_container_sees_its_memory_at_the_root),
        QUOTA_TEST(max_is_no_quota),
        QUOTA_TEST(a_huge_quota_leaves_all_processors),
        QUOTA_TEST(what_cannot_be_read_is_no_quota),
        QUOTA_TEST(a_malformed_file_is_no_quota),
        QUOTA_TEST(groups_of_version_1_do_not_count),
        QUOTA_TEST(the_line_of_version_2_may_stand_anywhere),
        QUOTA_TEST(a_very_long_path_does_not_hide_the_groups_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
