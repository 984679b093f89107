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
	/* dirs[0] is its writable layer, then the layers below, topmost first; or only the first:
	 * its root is a copy. */
	int *dirs;
	size_t n;
	bool shifted; /* what container_files_root() opened shows the host's ids of its user
			 namespace (spec's maps) */
};
/* A container by name or id, running or not, and its spec. */
int container_files_open(struct ctree *t, const char *name);
/* Fill in dirs. A container that runs directly on a directory (--direct) has no layers: -1 with
 * fail(). A squashfs or erofs file below is mounted, detached. */
int container_files_layers(struct ctree *t);

/* Keep a running container unchanged while its files are read: freezes it and pushes thawing it on
 * the undo stack; container_still_end() thaws it. What a kill -9 leaves is an unlocked file `still`
 * in its run directory: container_still_clear() (ctr-gc, and the next call here) thaws the
 * container. One that is paused already stays so. 0, or -1 with fail(). */
int container_still(struct container *c);
void container_still_end(void);
/* Thaw what a dead commit left frozen. 1 when it did, 0 when there was nothing, 2 when a living one
 * is at work, -1 with fail(). */
int container_still_clear(const struct container *c);

/* Open the root of a container as an O_PATH descriptor: of a running one its own view,
 * /proc/PID/root; of another a view built in a mount namespace of this process (its lock is held,
 * so it cannot start meanwhile). *uid and *gid are the host's ids of its root. */
int container_files_root(struct ctree *t, uid_t *uid, gid_t *gid);

#endif
