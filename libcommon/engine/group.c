/* group.c: a container's control group, from its spec; see group.h. */
#include <errno.h>
#include <unistd.h>

#include "cgroup.h"
#include "group.h"
#include "idmap.h"
#include "userns.h"
#include "trace.h"

int group_up(struct group *g, const struct spec *s)
{
	g->made = false;
	g->no_device_list = !s->x_privileged && s->device_rules.n > 0;
	/* A group left by a start whose monitor was killed: it may still have processes, and a
	 * group that cgroup.kill was once written to kills what is cloned into it from outside
	 * (seen on Linux 6.18). */
	if (g->stale && cgroup_exists(g->path) &&
	    (cgroup_kill(g->path) < 0 || cgroup_remove(g->path) < 0))
		return -1;
	unsigned flags = (s->x_systemd ? CGROUP_SYSTEMD : 0) | (g->named ? CGROUP_NAMED : 0);
	if (cgroup_make(g->path, &s->resources, CGROUP_REUSE | flags) < 0) {
		/* Where no group can be made (a user without delegation, a container around us), a
		 * container without limits starts all the same; a user's container does so with
		 * limits, too. */
		bool cannot = errno == EROFS || errno == EACCES || errno == EPERM ||
			      errno == ENOENT || errno == ENODEV;
		return !cannot || (s->resources.n && geteuid() == 0) ? -1 : 1;
	}
	g->made = true;
	uid_t uid;
	gid_t gid;
	if (s->x_systemd && idmap_outside(s->uid_map.v, s->uid_map.n, 0, &uid) &&
	    idmap_outside(s->gid_map.v, s->gid_map.n, 0, &gid))
		cgroup_give(g->path, uid, gid);
	TRACE("control group %s, with %zu settings: what it may use is counted and limited",
	    g->path, s->resources.n);
	if (!g->no_device_list)
		return 0;
	if (cgroup_devices(g->path, s->device_rules.v, s->device_rules.n) == 0) {
		g->no_device_list = false;
		return 0;
	}
	if (errno == ENOTSUP) /* a list that cannot be kept on v1 */
		return -1;
	/* In a user namespace no device node can be created anyway. */
	if (geteuid() != 0 || spec_has_ns(s, NS_USER) || userns_nested())
		return 0;
	/* Without a device list the container still starts, with fewer rights (engine.h). Half a
	 * list, which would keep it even from /dev/null, is removed again. */
	static const struct device_rule all = {
	    .allow = true, .type = 'a', .major = -1, .minor = -1, .access = "rwm"};
	cgroup_devices(g->path, &all, 1);
	return 0;
}

int group_down(struct group *g)
{
	if (!g->made)
		return 0;
	/* With --pid host, or after an exec, processes may be left. */
	g->made =
	    cgroup_remove(g->path) < 0 && (cgroup_kill(g->path) < 0 || cgroup_remove(g->path) < 0);
	return g->made ? -1 : 0;
}
