/* handed.h: how a child in a user namespace reaches what lies in folders that are closed to
 * everybody but their owner: those of ours, and any on the way to them, to the root and to what is
 * mounted from the host.
 */
#ifndef CTR_HANDED_H
#define CTR_HANDED_H

#include "spec.h"

struct handed;

/* Before the clone: the container's directory `dir`, its layers, its root and, with `dir`, the
 * sources of its mounts, as detached mounts, as far as a folder on their way is closed. `home`, the
 * caller's own folder, and `dir` stay valid. NULL where the child needs none (no user namespace, or
 * a user's own: it owns them). */
struct handed *handed_open(const struct spec *s, const char *home, const char *dir);
/* In the child, with the namespaces `ns_new` (struct spec) of its own: a file system in memory
 * covers each closed folder, and in it they lie where they are on the host, so that every path
 * holds. 0, or -1 with fail(). */
int handed_mount(const struct handed *h, unsigned ns_new);
/* The parent's descriptors and memory. */
void handed_close(struct handed *h);

#endif
