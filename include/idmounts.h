/* idmounts.h: a root's container in a user namespace sees layers and volumes with the owners that
 * are on disk: their mounts are id-mapped (mount_setattr(2), Linux 5.12; overlayfs on them 5.19),
 * nothing is chowned.
 */
#ifndef CTR_IDMOUNTS_H
#define CTR_IDMOUNTS_H

#include <stdbool.h>
#include "spec.h"

/* Detached mounts: of the container's directory, then of each x_lower, then of each mount with the
 * option "idmap" (otherwise -1). Made before the clone: the child inherits them. NULL when they are
 * not wanted or not possible. */
int *idmounts_open(const struct spec *s, const char *dir);
/* Map them by this user namespace, whose maps have been written. False: the start has to do
 * without; warns of volumes, whose files the container then cannot own. `image` (or -1) is mapped,
 * too. */
bool idmounts_map(const struct spec *s, const int *v, int image, int userns);
void idmounts_close(const struct spec *s, int *v);

#endif
