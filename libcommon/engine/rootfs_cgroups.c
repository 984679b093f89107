/* rootfs_cgroups.c: the cgroups as the container sees them; see rootfs.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cgroup.h"
#include "err.h"
#include "file.h"
#include "rootfs_parts.h"
#include "str.h"
#include "sys.h"

static int cgroup_one(
    const char *at, const char *on, const char *type, const char *data, unsigned long flags)
{
	if (mount(type, on, type, flags, data) == 0)
		return 0;
	return errno == EBUSY || errno == EPERM ? 1 : fail("%s: mount %s: %m", at, type);
}

/* Without a namespace: the container's own group of each hierarchy, as runc shows it on v1. */
static int cgroup_own(const char *group, const char *at, const char *on, unsigned long flags)
{
	if (access(group, F_OK) < 0)
		return 0; /* a hierarchy that cannot hold it */
	if (mount(group, on, NULL, MS_BIND, NULL) < 0)
		return fail("%s: bind %s: %m", at, group);
	return mount(NULL, on, NULL, MS_BIND | MS_REMOUNT | flags, NULL) < 0
		   ? fail_tried(at, "remount")
		   : 0;
}

static int cgroup_tree(struct rootfs *r, const struct spec_mount *m, unsigned long flags)
{
	size_t n;
	const struct cgroup_hierarchy *h = cgroup_hierarchies(&n);
	bool own = !(r->spec->ns_new & 1u << NS_CGROUP);
	if (n == 0)
		return 0; /* no cgroup file system is mounted here: nothing to show */
	_cleanup_close_ int at = path_make_in_root(r->fd, m->dest, true, 0755);
	if (at < 0)
		return fail_errno(m->dest);
	if (n == 1 && h[0].v2)
		return cgroup_one(m->dest, FD_PATH(at), "cgroup2", NULL,
			   flags & ~(r->spec->x_systemd ? (unsigned long)MS_RDONLY : 0)) < 0
			   ? -1
			   : 0;
	if (mount("tmpfs", FD_PATH(at), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		"mode=755,size=64k") < 0)
		return fail_tried(m->dest, "mount tmpfs");
	/* A file system that was made just now and that nobody else can see: names in it are
	 * safe. */
	_cleanup_close_ int top =
	    path_open_in_root(r->fd, m->dest, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	for (size_t i = 0; i < n; i++) {
		char on[300];
		unsigned long its = flags;
		_cleanup_free_ char *group = path_join(h[i].mount, r->cgroup ? r->cgroup : "?");
		/* Where the container is in no group of this hierarchy, it would see the host's. */
		if (h[i].named && access(group, F_OK) < 0 &&
		    !(r->spec->x_systemd && strcmp(h[i].options, "name=systemd") == 0))
			continue;
		if (r->spec->x_systemd && (h[i].v2 || h[i].named))
			its &= ~(unsigned long)MS_RDONLY;
		snprintf(on, sizeof on, "/proc/self/fd/%d/%.255s", top, h[i].name);
		if (mkdirat(top, h[i].name, 0755) < 0)
			return fail("%s/%s: %m", m->dest, h[i].name);
		const char *type = h[i].v2 ? "cgroup2" : "cgroup";
		const char *options = h[i].v2 ? NULL : h[i].options;
		if (own ? cgroup_own(group, m->dest, on, flags) < 0
			: cgroup_one(m->dest, on, type, options, its) < 0)
			return -1;
	}
	return flags & MS_RDONLY ? rootfs_remount(r, m->dest,
				       MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, 0, false)
				 : 0;
}

static bool is_cgroup(const struct spec_mount *m)
{
	return str_eq(m->type, "cgroup") || str_eq(m->type, "cgroup2");
}

bool rootfs_waits(const struct spec_mount *first, const struct spec_mount *m)
{
	bool waits = false;
	for (; first <= m; first++) {
		size_t n = strlen(first->dest);
		bool at =
		    first == m || (strncmp(m->dest, first->dest, n) == 0 && m->dest[n] == '/');
		waits |= at && is_cgroup(first);
	}
	return waits;
}

int rootfs_cgroups(struct rootfs *r)
{
	const struct spec *s = r->spec;
	for (size_t i = 0; i < s->mounts.n; i++) {
		const struct spec_mount *m = &s->mounts.v[i];
		struct mountopts o;
		if (!rootfs_waits(s->mounts.v, m))
			continue;
		if (!is_cgroup(m)) {
			if (rootfs_mount(r, m) < 0)
				return -1;
			continue;
		}
		if (mountopts_parse(&o, &m->options) < 0)
			return fail_about(m->dest);
		unsigned long flags =
		    (o.flags & ~(unsigned long)MS_REC) | MS_NOSUID | MS_NODEV | MS_NOEXEC;
		mountopts_free(&o);
		if (s->ns_new & 1u << NS_CGROUP || (r->cgroup && cgroup_layout() != CGROUP_V2)) {
			if (cgroup_tree(r, m, flags) < 0)
				return -1;
		} else {
			struct spec_mount b = {
			    .dest = m->dest, .type = "bind", .source = "/sys/fs/cgroup"};
			struct mountopts bo = {
			    .flags = MS_BIND | MS_REC | flags, .rec_flags = true};
			if (access("/sys/fs/cgroup", F_OK) == 0 && rootfs_bind(r, &b, &bo, 0) < 0)
				return -1;
		}
	}
	return r->nodev ? rootfs_nodev(r) : 0;
}
