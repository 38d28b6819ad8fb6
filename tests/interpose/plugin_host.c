/*
 * A host in C that loads a plugin in C++: the C++ library comes with the plugin, out of the host's sight, and where memory is out
 * std::bad_alloc is thrown all the same.
 *
 *   plugin_host PLUGIN
 */
#include "expect.h"

int main(int argc, char **argv)
{
    void *plugin = dlopen(argc > 1 ? argv[1] : "", RTLD_NOW | RTLD_LOCAL);
    EXPECT(plugin != NULL);
    if (plugin == NULL) {
        return expect_status();
    }
    int (*throws)(void) = (int (*)(void))dlsym(plugin, "plugin_throws");
    int (*gives_null)(void) = (int (*)(void))dlsym(plugin, "plugin_gives_null");
    EXPECT(throws());
    EXPECT(gives_null());
    return expect_status();
}
