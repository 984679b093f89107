/* placement.h: how the kernel treats the command apart from its limits: scheduler, priorities,
 * CPUs, memory nodes, personality and security labels (config.md, "Linux Process"; config-linux.md,
 * "Personality", "Memory policy"). */
#ifndef CTR_PLACEMENT_H
#define CTR_PLACEMENT_H

#include <stdbool.h>
#include "spec.h"

/* Apply all that to the calling process, which still has its privileges and is in the container's
 * root. `entering`: it is a further process of a container, for which other CPUs can be named. 0,
 * or -1 with fail(). */
int placement_apply(const struct spec *s, bool entering);
/* To be called before that, while /proc still shows this process: opens the file that a label will
 * be written to. It stays open, close-on-exec. */
void placement_prepare(const struct spec *s);
/* Put the calling process into a time namespace of its own, with the offsets of the spec. 0, or -1
 * with fail(). */
int placement_time(const struct spec *s);

#endif
