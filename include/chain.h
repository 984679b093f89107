/* chain.h: the end of every CHAIN applet: become the rest of the command line.
 */
#ifndef CTR_CHAIN_H
#define CTR_CHAIN_H

#include <sys/types.h>

/* Call before anything changes what /proc/self/exe or PATH lead to: from then on chain_run() finds
 * our own applets, also where the new root has none. */
void chain_ready(void);
/* Become argv, along PATH; an empty one is $SHELL, or /bin/sh. One that is an applet of ours by its
 * bare name is run from our own file. Exits with 126 or 127 when it cannot be. */
_Noreturn void chain_run(char **argv);
/* Stand by a child that is to be the command: forward every signal to it, stop when it stops.
 * Returns its exit code, 128+N for signal N. */
int chain_stay(pid_t child);

#endif
