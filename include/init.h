/* init.h: the duties of a PID 1: forwarding signals to the one child that matters, and reaping all
 * others. */
#ifndef CTR_INIT_H
#define CTR_INIT_H

#include <stdbool.h>
#include <sys/types.h>

/* Stand by `child` as PID 1: every signal goes to it, every orphan is reaped.
 * Returns the child's exit code, 128+N for signal N, when it has ended. Allocates nothing.
 * As PID 1 of a `machine`, a signal that asks it to go down is no longer the child's: INIT_OFF or
 * INIT_REBOOT. */
enum { INIT_OFF = -1, INIT_REBOOT = -2 };
int init_loop(pid_t child, bool machine);

#endif
