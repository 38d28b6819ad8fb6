/*
 * Free a thread-local variable.
 *
 * Expected: free\(ADDRESS\): the address was never allocated
 */
#include "misuse.h"

static _Thread_local _Alignas(16) char variable[64];

int main(void)
{
    smash(variable, sizeof(variable));
    announce(variable + 32);
    free(hide(variable + 32));
    return not_stopped();
}
