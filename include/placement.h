/* placement.h: how the kernel treats the command apart from its limits: scheduler, priorities,
 * CPUs, memory nodes, personality and security labels (config.md, "Linux Process"; config-linux.md,
 * "Personality", "Memory policy"). */
#ifndef CTR_PLACEMENT_H
#define CTR_PLACEMENT_H

#include <stdbool.h>
#include <sys/types.h>
#include "spec.h"

/* Apply all that to the calling process, which still has its privileges and is in the container's
 * root. `entering`: it is a further process of a container, for which other CPUs can be named.
 * `forks`: its child becomes the command, and the scheduler, which a child may not inherit, is for
 * placement_scheduler(). 0, or -1 with fail(). */
int placement_apply(const struct spec *s, bool entering, bool forks);
/* A list of CPUs such as "0-3,7" as the calling process's affinity, and as a mask. 0, or -1 with
 * fail(). */
int placement_cpus(const char *list, unsigned long mask[16]);
/* The spec's scheduler for a process (0: this one). 0, also when the process has ended, or -1. */
int placement_scheduler(const struct spec *s, pid_t pid);
/* To be called before that, while /proc still shows this process: opens the file that a label will
 * be written to. It stays open, close-on-exec. */
void placement_prepare(const struct spec *s);
/* Put the calling process into a time namespace of its own, with the offsets of the spec. 0, or -1
 * with fail(). */
int placement_time(const struct spec *s);

#endif
