/* group.h: the control group that a start needs: made, limited, its device list in force.
 */
#ifndef CTR_GROUP_H
#define CTR_GROUP_H

#include <stdbool.h>
#include "spec.h"

struct group {
	const char *path; /* in: relative to the hierarchies' roots, as given; the caller's */
	/* In: one of that path may be left of an earlier life, and is removed first, with its
	 * processes. */
	bool stale;
	bool named; /* in: in the hierarchy name=systemd, too, as runc does it on cgroup v1: the
		       container is then no part of its caller's service */
	bool made;  /* out: it exists, and the container is put into it */
	bool no_device_list; /* out: a device list is wanted, and is not in force */
};

/* Make it by the spec's resources and device rules. 0; 1 when no group can be had here (a user
 * without delegation, no cgroup file system), with fail() saying why: the container then starts
 * without one; -1 with fail(), nothing made. */
int group_up(struct group *g, const struct spec *s);
/* Kill what is left in it and remove it. 0, or -1 with fail(). */
int group_down(struct group *g);

#endif
