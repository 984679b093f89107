/* container_files.h: a container's files, for commands that read or copy them: commit, diff, cp.
 */
#ifndef CTR_CONTAINER_FILES_H
#define CTR_CONTAINER_FILES_H

#include <stdbool.h>
#include "spec.h"
#include "record.h"

struct ctree {
	struct container c;
	struct spec spec;
	int *dirs; /* dirs[0] is its writable layer, then what lies beneath, top-most first; alone:
		      its root is a copy */
	size_t n;
	bool shifted; /* what container_files_root() opened shows the host's ids of its user
			 namespace (spec's maps) */
};
/* A container by name or id, running or not, and its spec. */
int container_files_open(struct ctree *t, const char *name);
/* Fill in dirs. One that runs on a directory itself (--direct) has no layers: -1 with fail(). A
 * squashfs or erofs file beneath is mounted, detached. */
int container_files_layers(struct ctree *t);
void container_files_close(struct ctree *t);

/* Keep a running container still while its files are read: freezes it and pushes the thawing on the
 * undo stack. What a kill -9 leaves is a file `still` in its run directory that nobody has locked:
 * container_still_clear() (ctr-gc, and the next call here) thaws it. A container that is paused
 * already stays so. 0, or -1 with fail(). */
int container_still(struct container *c);
void container_still_end(void);
/* Thaw what a dead commit left frozen. 1 when it did, 0 when there was nothing, 2 when a living one
 * is at work, -1 with fail(). */
int container_still_clear(const struct container *c);

/* Open the root of a container as an O_PATH descriptor: a running one's own view by its
 * /proc/PID/root; of another a view built in a mount namespace of this process's own (its lock is
 * taken, so it cannot start meanwhile). *uid, *gid are the host's ids of its root. */
int container_files_root(struct ctree *t, uid_t *uid, gid_t *gid);

#endif
