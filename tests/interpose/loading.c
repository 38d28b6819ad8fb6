/*
 * dlopen() in its varieties: RTLD_DEEPBIND, RUNPATH, again and again, into a namespace of its own.
 *
 *   loading PLUGIN INNER strip|through     INNER: a file name without a directory, found by PLUGIN's RUNPATH
 */
#include "expect.h"

#include <malloc.h>
#include <stdbool.h>

struct plugin {
    void *handle;
    void *(*allocate)(size_t size);
    void (*release)(void *payload);
    void *(*open)(const char *file);
    char *(*copy)(const char *text);
};

static struct plugin plugin_of(void *handle)
{
    EXPECT(handle != NULL);
    if (handle == NULL) {
        dprintf(STDERR_FILENO, "%s\n", dlerror());
        _exit(1);
    }
    return (struct plugin){
        .handle = handle,
        .allocate = (void *(*)(size_t))dlsym(handle, "loaded_allocate"),
        .release = (void (*)(void *))dlsym(handle, "loaded_release"),
        .open = (void *(*)(const char *))dlsym(handle, "loaded_open"),
        .copy = (char *(*)(const char *))dlsym(handle, "loaded_copy"),
    };
}

/* A library that was opened with RTLD_DEEPBIND must have the same malloc as everyone, unless the option lets it have libc's. */
static void deepbind_shares_the_heap(void *handle, bool is_stripped)
{
    struct plugin plugin = plugin_of(handle);
    for (size_t size = 0; size < 1000000; size = size * 3 + 1) {
        void *payload = plugin.allocate(size);
        EXPECT(payload != NULL && (expect_owned(payload) != 0) == is_stripped);
        EXPECT(malloc_usable_size(payload) >= size);
        free(payload);
        free(plugin.copy("text"));
        plugin.release(plugin.allocate(size));
        if (is_stripped) {
            plugin.release(malloc(size));
        }
    }
    EXPECT(dlclose(plugin.handle) == 0);
}

/* A library that only its caller's RUNPATH leads to is found by that caller, and by no other. */
static void runpath_of_the_caller_is_searched(const char *path, const char *inner)
{
    struct plugin plugin = plugin_of(dlopen(path, RTLD_NOW));
    EXPECT(dlopen(inner, RTLD_NOW) == NULL);
    EXPECT(dlerror() != NULL);
    void *handle = plugin.open(inner);
    EXPECT(handle != NULL);
    if (handle != NULL) {
        struct plugin found = plugin_of(handle);
        EXPECT(found.allocate != plugin.allocate);
        found.release(plugin.allocate(100));
        EXPECT(dlclose(handle) == 0);
    }
    EXPECT(dlclose(plugin.handle) == 0);
}

static void opening_and_closing_leaks_nothing(const char *path)
{
    size_t used = 0;
    for (int i = 0; i < 200; i++) {
        struct plugin plugin = plugin_of(dlopen(path, RTLD_NOW | (i % 2 == 0 ? RTLD_DEEPBIND : 0)));
        plugin.release(plugin.allocate(10000));
        EXPECT(dlclose(plugin.handle) == 0);
        used = i == 100 ? mallinfo2().uordblks : used;
    }
    EXPECT(mallinfo2().uordblks <= used + 1000);
}

/* There the library has a libc of its own, and no preload. */
static void a_new_namespace_survives(const char *path)
{
    struct plugin plugin = plugin_of(dlmopen(LM_ID_NEWLM, path, RTLD_NOW));
    for (size_t size = 1; size < 1000000; size *= 3) {
        char *theirs = plugin.allocate(size);
        char *ours = malloc(size);
        EXPECT(theirs != NULL && !expect_owned(theirs));
        EXPECT(ours != NULL && expect_owned(ours));
        memset(theirs, 't', size);
        memset(ours, 'o', size);
        EXPECT(expect_filled(theirs, 't', size));
        plugin.release(theirs);
        free(ours);
    }
    free(plugin.allocate(24)); /* libc lets it pass */
    EXPECT(dlclose(plugin.handle) == 0);
}

int main(int argc, char **argv)
{
    expect_libma();
    if (argc < 4) {
        return 2;
    }
    bool is_stripped = strcmp(argv[3], "strip") == 0;
    int mode = RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND;
    deepbind_shares_the_heap(dlopen(argv[1], mode), is_stripped);
    deepbind_shares_the_heap(dlmopen(LM_ID_BASE, argv[1], mode), is_stripped);
    runpath_of_the_caller_is_searched(argv[1], argv[2]);
    opening_and_closing_leaks_nothing(argv[1]);
    a_new_namespace_survives(argv[1]);
    void *self = dlopen(NULL, RTLD_NOW);
    EXPECT(self != NULL && dlclose(self) == 0);
    EXPECT(expect_heap_check() == 0);
    return expect_status();
}
