/* idmounts.h: a container of root that is in a user namespace sees layers and volumes with the
 * owners that are on disk: their mounts are id-mapped (mount_setattr(2), Linux 5.12; overlayfs on
 * them 5.19), and nothing is chowned.
 */
#ifndef CTR_IDMOUNTS_H
#define CTR_IDMOUNTS_H

#include <stdbool.h>
#include "spec.h"

/* Detached mounts into *out: of the container's directory, then of each x_lower, then of each of
 * mounts with the option "idmap" (else -1), mapped already where it has maps of its own; and file
 * systems with a node "d" each for those of a bundle's devices that are to be made. Before the
 * clone: the child inherits them. NULL where they are not wanted or cannot be had; without `dir`
 * (a bundle, whose mounts are as they say) -1 with fail() where they cannot. A mount of what
 * lies in the root itself, where earlier mounts must be, is IDMOUNTS_LATE(what idmounts_late()
 * takes). */
int idmounts_open(const struct spec *s, const char *dir, int **out);
#define IDMOUNTS_LATE(fd) (-2 - (fd)) /* and back */
/* The detached mount of `m`, mapped by its own maps: those of `userns`, which is closed, or -1. -1
 * with fail(). */
int idmounts_mount(const struct spec_mount *m, int userns);
/* For a mount of s whose source is there only later: what the child needs. Without a user namespace
 * that is one with the mount's maps; with one, the socket of a process outside that makes the
 * mount. -1 with fail(). */
int idmounts_later(const struct spec *s, const struct spec_mount *m);
/* The same as idmounts_mount() in the child, for an IDMOUNTS_LATE(fd); `fd` is closed. */
int idmounts_late(const struct spec *s, const struct spec_mount *m, int fd);
/* Map them by this user namespace, whose maps are written; `image` (or -1), too. 1: they are
 * mapped. 0: they cannot be, and the container starts as without them; volumes, whose files it then
 * does not own, are warned of. -1 with fail(): a bundle's mount cannot be mapped. */
int idmounts_map(const struct spec *s, const int *v, int image, int userns);
void idmounts_close(const struct spec *s, int *v);

#endif
