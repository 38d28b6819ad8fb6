/*
 * operator new in a program without a C++ library, where memory is out.
 *
 * Expected: _Znwm: memory is out, and there is no C\+\+ library to throw bad_alloc
 */
#include "misuse.h"

/* operator new(size_t) */
void *_Znwm(size_t size) __attribute__((weak));

int main(void)
{
    require(_Znwm != NULL, "there is no operator new");
    char *p = hide(_Znwm(40));
    announce(p);
    p = hide(_Znwm(SIZE_MAX));
    require(p == NULL, "memory without end");
    return not_stopped();
}
