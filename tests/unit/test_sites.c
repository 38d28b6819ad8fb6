/*
 * Call sites: what is live is counted by where it was allocated, and told.
 */
#include "check/sites.h"

#include "check/stack.h"
#include "support/expect_abort.h"
#include "support/fake_os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static char text[20000];

static void report(void *unused)
{
    (void)unused;
    sites_report(2);
}

static const char *told(void)
{
    capture_stderr(report, NULL, text, sizeof(text));
    return text;
}

static int setup(void **state)
{
    (void)state;
    fake_os_reset();
    stack_start();
    sites_start();
    return 0;
}

static __attribute__((noinline)) uint32_t here(size_t size)
{
    uint32_t site = sites_add(size);
    __asm__("");
    return site;
}

static __attribute__((noinline)) uint32_t there(size_t size)
{
    uint32_t site = sites_add(size);
    __asm__("" : "+r"(site));
    return site;
}

static void what_is_live_is_told_by_site(void **state)
{
    (void)state;
    uint32_t sites[10];
    for (volatile size_t i = 0; i < 10; i++) { /* volatile, or a compiler makes ten calls of it */
        sites[i] = here(100);
    }
    uint32_t other = there(5000);
    assert_int_equal(sites[0], sites[9]);
    assert_int_not_equal(sites[0], other);
    for (size_t i = 0; i < 4; i++) {
        sites_remove(sites[i], 100);
    }
    const char *all = told();
    assert_non_null(strstr(all, "leaks: 5600 bytes in 7 blocks are live at the exit of process "));
    const char *first = strstr(all, "leak: 5000 bytes in 1 blocks");
    const char *second = strstr(all, "leak: 600 bytes in 6 blocks");
    assert_non_null(first);
    assert_true(second > first); /* the most bytes come first */
    sites_remove(other, 5000);
    for (size_t i = 4; i < 10; i++) {
        sites_remove(sites[i], 100);
    }
    assert_non_null(strstr(told(), "leaks: 0 bytes in 0 blocks"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_live_is_told_by_site)};
    return cmocka_run_group_tests(tests, setup, NULL);
}
