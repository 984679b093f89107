/* remove.c: removing containers: everything that bears the id, then the record; see record.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "container_event.h"
#include "container_net.h"
#include "err.h"
#include "userns.h"
#include "file.h"
#include "ids.h"
#include "quota.h"
#include "record.h"

/* The files of a container that wrote nothing, innermost first (names that end with a slash are
 * folders), so that removing it need not read a folder. Anything else stays, and is found by
 * reading. */
static void erase_known(int dir)
{
	static const char known[] =
	    "work/work/incompat/volatile/dirty\0work/work/incompat/volatile/\0"
	    "work/work/incompat/\0work/work/\0work/\0upper/\0exit\0started\0config.json\0"
	    "conf\0";
	for (const char *s = known; *s; s += strlen(s) + 1)
		if (unlinkat(dir, s, s[strlen(s) - 1] == '/' ? AT_REMOVEDIR : 0) < 0 &&
		    errno != ENOENT)
			return;
}

int container_erase(const struct container *c)
{
	_cleanup_free_ char *tmp = xasprintf(".new-%s", c->id);
	_cleanup_close_ int parent = record_dir();
	if (parent < 0)
		return fail("%s/containers: %m", ctr_lib());
	if (kv_get(&c->conf, "storage_opt") && c->dir >= 0)
		quota_drop(c->dir);
	/* Renamed first: when the removal is interrupted, it no longer belongs to a container, and
	 * ctr-gc finishes it. */
	const char *now = renameat(parent, c->name, parent, tmp) == 0 ? tmp : c->name;
	if (now == tmp)
		event_container(c, "destroy", NULL, NULL);
	if (now == tmp && c->dir >= 0)
		erase_known(c->dir);
	if (userns_tree_remove(parent, now) < 0)
		return fail_about(c->name);
	if (!container_passing(c) && !c->unsynced)
		file_sync(parent, NULL);
	return ids_drop(c->id); /* last: as long as anything of it exists, it is in the index */
}

int container_destroy(struct container *c)
{
	_cleanup_free_ char *run = record_run_path(c->name, NULL);
	const char *group = container_cgroup(c);
	if (cgroup_remove(group) < 0 && (cgroup_kill(group) < 0 || cgroup_remove(group) < 0))
		return fail_about(c->name);
	/* Its state still exists: the monitor did not live to take its networks down. */
	if (container_net_clear(c) < 0)
		return fail_about(c->name);
	return userns_tree_remove(AT_FDCWD, run) < 0 ? fail_about(c->name) : container_erase(c);
}
