/* host_ps.h: what the host's ps(1) says of some processes. */
#ifndef CTR_HOST_PS_H
#define CTR_HOST_PS_H

#include <stdbool.h>
#include <sys/types.h>

/* Run ps with these words (argv[0] is "ps", NULL at the end) and print, with `head`, its first
 * line, and of the others those of the processes for which is() returns true; the column with the
 * title PID tells which process a line is of. What it says on stderr is not shown. 0, or -1 with
 * fail(), and nothing is printed: there is no ps, it did not take these options, or shows no such
 * column. */
int host_ps(char *const *argv, bool head, bool (*is)(pid_t pid, void *arg), void *arg);

#endif
