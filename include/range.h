/* range.h: which container has which range of ids (`--userns auto` of root).
 *
 * $CTR_LIB/ranges holds ids of containers, a range's at the place that its first user id says. One
 * whose container is not in the index (ids.h) is free: nothing is to be given back, however a
 * container ended.
 */
#ifndef CTR_RANGE_H
#define CTR_RANGE_H

#include <stdbool.h>
#include "spec.h"

/* A range that no other container has, into s's maps, for the container `id`, which is about to be
 * made. The lock on it, to be closed when the container is in the index; -1 with fail(). `durable`:
 * it survives a power cut from here on. */
int range_take(const char *id, struct spec *s, bool durable);

#endif
