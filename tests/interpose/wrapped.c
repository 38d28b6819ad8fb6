/*
 * Beside another preloaded interposer, wrapper_library.c.
 *
 *   wrapped first|last     where libma stands in the list
 */
#include "expect.h"

#include <pthread.h>
#include <stdbool.h>

static int count(const char *name)
{
    void *symbol = expect_symbol(name);
    EXPECT(symbol != NULL);
    return symbol != NULL ? *(int *)symbol : -1;
}

static void use_all(void)
{
    for (size_t size = 1; size < 2000000; size *= 3) {
        char *text = malloc(size);
        EXPECT(text != NULL && expect_owned(text));
        memset(text, 't', size);
        text = realloc(text, size + 1);
        EXPECT(text != NULL && expect_filled(text, 't', size));
        char *zeros = calloc(size, 2);
        EXPECT(zeros != NULL && expect_filled(zeros, 0, 2 * size));
        free(text);
        free(zeros);
    }
}

/* dlsym() and dlopen() keep their message in allocated memory, one a thread. */
static void *fail_to_find(void *unused)
{
    EXPECT(dlsym(RTLD_DEFAULT, "tests_interpose_no_such_name") == NULL);
    const char *message = dlerror();
    EXPECT(message != NULL && strstr(message, "tests_interpose_no_such_name") != NULL);
    EXPECT(dlopen("/no/such/library.so", RTLD_NOW) == NULL);
    message = dlerror();
    EXPECT(message != NULL && strstr(message, "/no/such/library.so") != NULL);
    EXPECT(dlerror() == NULL);
    return unused;
}

static void threads_fail_to_find(void)
{
    for (int i = 0; i < 10; i++) {
        pthread_t thread;
        EXPECT(pthread_create(&thread, NULL, fail_to_find, NULL) == 0);
        EXPECT(pthread_join(thread, NULL) == 0);
    }
}

int main(int argc, char **argv)
{
    bool is_first = argc > 1 && strcmp(argv[1], "first") == 0;
    expect_libma();
    int mallocs = count("wrapper_mallocs");
    use_all();
    fail_to_find(NULL);
    threads_fail_to_find();
    EXPECT((count("wrapper_mallocs") > mallocs) == !is_first);

    /* What libma does not know goes to whoever comes next. */
    int frees = count("wrapper_frees");
    void *foreign = expect_libc_malloc(1000);
    EXPECT(foreign != NULL && !expect_owned(foreign));
    errno = EDOM;
    free(foreign);
    EXPECT(errno == EDOM || !is_first);
    EXPECT(count("wrapper_frees") == frees + 1);
    EXPECT(expect_heap_check() == 0);
    return expect_status();
}
