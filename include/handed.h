/* handed.h: how a child in a user namespace reaches what lies in a folder that is closed to
 * everybody but its owner: the caller's `home` (engine.h).
 */
#ifndef CTR_HANDED_H
#define CTR_HANDED_H

#include "spec.h"

struct handed;

/* Before the clone: the container's directory `dir`, its layers and those of its mounts that lie in
 * `home`, which stays valid, as detached mounts. NULL where the child needs none (no home, no user
 * namespace, or a user's own: it owns them). */
struct handed *handed_open(const struct spec *s, const char *home, const char *dir);
/* In the child, with the namespaces `ns_new` (struct spec) of its own: a file system in memory
 * covers the folder, and in it they lie where they are on the host, so that every path holds. 0, or
 * -1 with fail(). */
int handed_mount(const struct handed *h, unsigned ns_new);
/* The parent's descriptors and memory. */
void handed_close(struct handed *h);

#endif
