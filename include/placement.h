/* placement.h: how the kernel treats the command beside its limits: scheduler, priorities, CPUs,
 * memory nodes, personality, labels (config.md, "Linux Process"; config-linux.md, "Personality",
 * "Memory policy").
 */
#ifndef CTR_PLACEMENT_H
#define CTR_PLACEMENT_H

#include <stdbool.h>
#include "spec.h"

/* For the calling process, while it has its privileges, in the container's root. `entering`: a
 * further process, which has CPUs of its own. 0, or -1 with fail(). */
int placement_apply(const struct spec *s, bool entering);
/* Before, where /proc is still one that has this process: what a label will be written to. Kept
 * open, close-on-exec. */
void placement_prepare(const struct spec *s);
/* A time namespace of its own, with the spec's offsets, for the calling process. 0, or -1 with
 * fail(). */
int placement_time(const struct spec *s);

#endif
