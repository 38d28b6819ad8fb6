/*
 * The program break, by way of libc's sbrk(): libc keeps a copy of the break's
 * position, and a raw system call would leave that copy wrong for everyone else in
 * the process who uses it.
 */
#include "os/os.h"

#include <unistd.h>

/* Where the system call is forbidden, sbrk(0) may hand out its error number as an
 * address: the last page holds no break. */
static char *valid_break(void *answer)
{
    return (uintptr_t)answer > (uintptr_t)-4096 ? NULL : answer;
}

char *os_break(void)
{
    return valid_break(sbrk(0));
}

char *os_break_move(intptr_t increment)
{
    return valid_break(sbrk(increment));
}
