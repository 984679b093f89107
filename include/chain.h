/* chain.h: the end of every CHAIN applet: become the rest of the command line.
 */
#ifndef CTR_CHAIN_H
#define CTR_CHAIN_H

#include <sys/types.h>

/* Call this before anything changes what /proc/self/exe or PATH refer to: from then on chain_run()
 * finds our own applets, even where the new root has none. */
void chain_ready(void);
/* Become argv, searched along PATH; an empty argv stands for $SHELL, or /bin/sh. The bare name of
 * one of our applets is run from our own file. Exits with 126 or 127 when it cannot be executed. */
_Noreturn void chain_run(char **argv);
/* Stand by a child that becomes the command: forward every signal to it, and stop when it stops.
 * Returns its exit code, 128+N for signal N. */
int chain_stay(pid_t child);

#endif
