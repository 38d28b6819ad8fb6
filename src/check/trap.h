/*
 * Faults that guard pages cause are reported before the process ends.
 */
#ifndef MA_CHECK_TRAP_H
#define MA_CHECK_TRAP_H

/* Handle SIGSEGV, unless the program does already. */
void trap_start(void);

#endif
