/* pause.c: a container is frozen and goes on; see pause.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "cgroup.h"
#include "clock.h"
#include "container_event.h"
#include "err.h"
#include "file.h"
#include "pause.h"

/* A listing of many looks only at the groups of those that have this mark (record.c), which goes
 * with the folder of the container's state; and only when there is one beside those folders, which
 * stays, and is made first. */
static int mark_paused(const char *name, const char *file)
{
	_cleanup_free_ char *path = record_run_path(name, file);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? fail_tried(path, "create") : 0;
}

/* fail() that it does not run (or is not paused); but first, for a container that runs, whether a
 * group above it is frozen. */
static int not_that(const struct container *c, bool on)
{
	_cleanup_free_ char *above = on || c->status != ST_RUNNING
					 ? NULL
					 : cgroup_frozen_at(container_cgroup(c), true, true);
	if (above && cgroup_freeze(container_cgroup(c), false) < 0)
		return fail_about(c->name);
	return on ? container_not_running(c)
		  : fail("%s: %s, not paused", c->name, status_name(c->status));
}

int pause_container(struct container *c, bool on)
{
	/* With this lock we wait until a ctr-restart has finished, for it is the new life that the
	 * caller means, and keep others from ending the container while it is frozen or thawed. It
	 * may still end by itself and be restarted (--restart): then the loop below tries again. */
	_cleanup_close_ int turn =
	    c->dir < 0 ? -1
		       : openat(c->dir, "exit", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (turn >= 0 && (lock_wait(turn, LOCK_SH) < 0 || container_refresh(c) < 0))
		return fail_about(c->name);
	for (int tries = 0;; tries++) {
		if (c->status != (on ? ST_RUNNING : ST_PAUSED))
			return not_that(c, on);
		if ((!on || (mark_paused(".paused", NULL) == 0 &&
				mark_paused(c->name, "paused") == 0)) &&
		    cgroup_freeze(container_cgroup(c), on) == 0)
			break;
		if ((errno != ENOENT && errno != ENODEV) || tries == 20)
			return fail_about(c->name);
		nap_ms(20);
		if (container_refresh(c) < 0)
			return -1;
	}
	event_container(c, on ? "pause" : "unpause", NULL, NULL);
	return 0;
}
