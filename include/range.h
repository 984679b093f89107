/* range.h: which container has which range of ids (`--userns auto` of root).
 *
 * The file $CTR_LIB/ranges holds the ids of containers, each twice: for its uids and for its gids.
 * The place of an id in it and what stands behind it say which range that container has, whatever
 * /etc/subuid and /etc/subgid say by now. A range whose container is not in the index (ids.h) is
 * free, so nothing has to be given back, however a container ended. One whose user namespace others
 * joined stays taken, too, as long as the config.json of any container has its first number.
 */
#ifndef CTR_RANGE_H
#define CTR_RANGE_H

#include <stdbool.h>
#include "spec.h"

/* Write a range that no other container has into the maps of s, for the container `id`, which is
 * about to be made. Returns the lock on that range, which the caller closes when the container is
 * in the index; -1 with fail(). `durable`: from here on the entry survives a power cut. */
int range_take(const char *id, struct spec *s, bool durable);

/* A container with the maps of s, which are those of the user namespace that it joins, is about to
 * be made. Errors are passed over. */
void range_share(const struct spec *s);

#endif
