/* cgroup_make.c: making groups and joining them; see cgroup.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_parts.h"
#include "err.h"
#include "file.h"

/* --- making --- */

static bool cgroup_make_blank(int group, const char *file)
{
	_cleanup_free_ char *s = cgroup_text(group, file);
	return s && !s[strspn(s, " \n")];
}

/* A new v1 cpuset accepts no process until its cpus and mems are set: they are copied from the
 * parent, from the top down. Below our own first level the kernel copies them
 * (cgroup.clone_children). */
static void cpuset_copy(int parent, int group)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
	for (size_t i = 0; i < 2; i++) {
		_cleanup_free_ char *up = cgroup_text(parent, files[i]);
		if (up && cgroup_make_blank(group, files[i]) &&
		    file_poke_at(group, files[i], up) < 0)
			return; /* the error is reported when a process is to join */
	}
	file_poke_at(group, "cgroup.clone_children", "1");
}

/* Copy the two settings from the top down to the group, wherever they are still empty. That is so
 * in the first level below the top, and in a group that was made before another start had prepared
 * its parent. */
static void cpuset_ready(int root, const char *path)
{
	_cleanup_close_ int group = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (group < 0 ||
	    (!cgroup_make_blank(group, "cpuset.cpus") && !cgroup_make_blank(group, "cpuset.mems")))
		return;
	int up = dup(root);
	for (const char *s = path; up >= 0;) {
		size_t n = strcspn(s, "/");
		_cleanup_free_ char *name = xstrndup(s, n);
		int at = openat(up, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (at >= 0)
			cpuset_copy(up, at);
		close(up);
		up = at;
		if (!s[n])
			break;
		s += n + 1;
	}
	if (up >= 0)
		close(up);
}

/* Give the children of a v2 group every controller that it has: all at once, or one by one where
 * that is refused. A group that has processes in it cannot do so (EBUSY); whoever needs a
 * controller then gets an error. (The threaded controllers, cpu and pids, could be enabled, but
 * then no process could enter the children.) */
static void v2_enable(int group)
{
	_cleanup_free_ char *have = file_read_at(group, "cgroup.controllers", 4096, NULL);
	_cleanup_free_ char *on = file_read_at(group, "cgroup.subtree_control", 4096, NULL);
	struct strv c = {0};
	struct buf all = {0};
	if (!have || !on)
		return;
	strv_split(&c, have, " \n");
	for (size_t i = 0; i < c.n; i++)
		if (!str_has_word(on, c.v[i]))
			buf_printf(&all, "%s+%s", all.n ? " " : "", c.v[i]);
	if (all.n && file_poke_at(group, "cgroup.subtree_control", all.p) < 0 && errno != EBUSY)
		for (size_t i = 0; i < c.n; i++) {
			char one[40];
			snprintf(one, sizeof one, "+%s", c.v[i]);
			file_poke_at(group, "cgroup.subtree_control", one);
		}
	buf_free(&all);
	strv_free(&c);
}

/* mkdir -p of the parents; each new level is prepared for its children. */
static int make_parents(struct cgroup_hierarchy *h, const char *path)
{
	bool cpuset = !h->v2 && str_has_word(h->controllers, "cpuset");
	int at = cgroup_root_fd(h), up;
	const char *s = path;
	if (at < 0 || (at = dup(at)) < 0)
		return -1;
	for (;;) {
		size_t n = strcspn(s, "/");
		if (h->v2)
			v2_enable(at);
		if (!s[n])
			break;
		_cleanup_free_ char *name = xstrndup(s, n);
		bool made = mkdirat(at, name, 0755 | CGROUP_IMPLIED) == 0;
		up = at;
		at = made || errno == EEXIST ? openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
					     : -1;
		int saved = errno;
		if (at >= 0 && cpuset && made)
			cpuset_copy(up, at);
		close(up);
		errno = saved;
		if (at < 0)
			return -1;
		s += n + 1;
	}
	close(at);
	return 0;
}

/* A parent that existed before may not pass its controllers on to its children. */
static void v2_ready(struct cgroup_hierarchy *h, const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *up = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	_cleanup_close_ int dir = openat(h->fd, up, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *have = file_read_at(dir, "cgroup.controllers", 4096, NULL),
			    *give = file_read_at(dir, "cgroup.subtree_control", 4096, NULL);
	if (!str_eq(have, give))
		make_parents(h, path);
	/* Another start may have given it them this very moment: the kernel shows that before the
	 * files are there. Any write waits for its lock. */
	_cleanup_close_ int own = openat(h->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	file_poke_at(own, "cgroup.subtree_control", "\n");
}

/* 1: made; 0: it existed; -1 with errno. */
static int make_one(struct cgroup_hierarchy *h, const char *path)
{
	int root = cgroup_root_fd(h);
	if (root < 0)
		return -1;
	if (mkdirat(root, path, 0755) < 0) {
		if (errno == EEXIST)
			return 0;
		bool made = false;
		for (int i = 0; !made && errno == ENOENT && i < 10;
		     i++) /* another container's end may remove the parent again */
			made = make_parents(h, path) == 0 &&
			       (mkdirat(root, path, 0755) == 0 || errno == EEXIST);
		if (!made)
			return -1;
	}
	if (h->v2)
		v2_ready(h, path);
	else if (str_has_word(h->controllers, "cpuset"))
		cpuset_ready(root, path);
	return 1;
}

static int make_failed(const struct cgroup_hierarchy *h, const char *path)
{
	const char *hint = "";
	if (errno == EROFS)
		hint = ": mounted read-only; inside a container, it needs a writable cgroup mount";
	else if (errno == EACCES || errno == EPERM)
		hint =
		    ": not ours; run as root, or have a group delegated and CTR_CGROUP set to it";
	return fail("%s: make the group in %s: %m%s", path, h->mount, hint);
}

int cgroup_make(const char *path, const struct strv *settings, unsigned flags)
{
	size_t n;
	struct cgroup_hierarchy *h = cgroup_all(&n);
	bool made[CGROUP_HIERARCHIES] = {0};
	if (cgroup_layout() == CGROUP_NONE)
		return errno = ENODEV, fail("%s: no cgroup file system is mounted (%s)", path,
					   access("/proc/cgroups", F_OK) == 0
					       ? "ctr-cgset --mount does it"
					       : "and this kernel has none: CONFIG_CGROUPS");
	int r = 0;
	for (size_t i = 0; i < n && r >= 0; i++) {
		if (!cgroup_is_ours(&h[i]) &&
		    !(flags & (CGROUP_SYSTEMD | CGROUP_NAMED) && cgroup_may_be_ours(&h[i])))
			continue;
		r = make_one(&h[i], path);
		made[i] = r != 0; /* -1: some of its parents may have been made */
		if (r < 0)
			make_failed(&h[i], path);
		else if (r == 0 && !(flags & CGROUP_REUSE))
			r = (errno = EEXIST, fail("%s: the group is there already", path));
	}
	if (r >= 0)
		r = cgroup_set(path, settings);
	struct cgroup_hierarchy *v2 = flags & CGROUP_SYSTEMD ? cgroup_find("") : NULL;
	_cleanup_free_ char *inner = v2 && r >= 0 ? path_join(path, "own") : NULL;
	if (inner && (r = make_one(v2, inner)) < 0)
		make_failed(v2, inner);
	if (r >= 0)
		return 0;
	int saved = errno;
	for (size_t i = 0; i < n; i++)
		if (made[i]) {
			unlinkat(cgroup_root_fd(&h[i]), path, AT_REMOVEDIR);
			cgroup_remove_implied(&h[i], path);
		}
	errno = saved;
	return -1;
}

void cgroup_give(const char *path, uid_t uid, gid_t gid)
{
	static const char *const files[] = {
	    ".", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control", "tasks"};
	size_t n;
	struct cgroup_hierarchy *h = cgroup_all(&n);
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *inner = cgroup_inner(&h[i], path);
		_cleanup_close_ int fd = h[i].v2 || (h[i].named && cgroup_may_be_ours(&h[i]))
					     ? cgroup_group_fd(&h[i], inner)
					     : -1;
		for (size_t k = 0; fd >= 0 && k < sizeof files / sizeof files[0]; k++)
			if (fchownat(fd, files[k], uid, gid, 0) < 0)
				continue; /* v1 and v2 have different controllers */
	}
}

/* --- joining --- */

/* Move it into the v2 group of the process with this /proc directory. An init that has made groups
 * below its own and enabled controllers for them is in one of those, and its first group no longer
 * accepts processes. */
static int join_beside(const struct cgroup_hierarchy *h, int procdir)
{
	_cleanup_free_ char *text =
	    procdir < 0 ? NULL : file_read_at(procdir, "cgroup", 65536, NULL);
	const char *s = text ? text : "";
	while (*s && !str_starts(s, "0::/"))
		s += strcspn(s, "\n"), s += *s == '\n';
	if (!*s)
		return errno = EBUSY, -1;
	s += strlen("0::/");
	int n = (int)strcspn(s, "\n");
	_cleanup_free_ char *file = xasprintf("%.*s%scgroup.procs", n, s, n ? "/" : "");
	return file_poke_at(h->fd, file, "0");
}

static int write_pid(struct cgroup_hierarchy *h, const char *path, pid_t pid)
{
	char num[16];
	snprintf(num, sizeof num, "%d", (int)pid);
	/* A thread that moves only itself, through v1's `tasks`, takes no lock over all processes
	 * (cgroup.h). */
	const char *name = pid || h->v2 ? "cgroup.procs" : "tasks";
	/* A hierarchy that is not open yet is not opened for this one file. */
	const char *top = h->fd >= 0 ? "." : h->mount;
	_cleanup_free_ char *file = xasprintf("%s/%s/%s", top, path, name);
	return file_poke_at(h->fd, file, num);
}

/* Lines of "ID:CONTROLLERS:PATH"; v2's is "0::PATH" (cgroups(7)). */
int cgroup_return(pid_t pid, const char *was)
{
	struct strv lines = {0};
	struct buf not = {0};
	size_t known = 0;
	strv_split(&lines, was, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		size_t n;
		struct cgroup_hierarchy *h = cgroup_all(&n);
		char *ctl = strchr(lines.v[i], ':'), *at = ctl ? strchr(ctl + 1, ':') : NULL;
		if (!at || at[1] != '/')
			continue;
		*at = 0;
		for (size_t k = 0; k < n; k++)
			if (cgroup_is_ours(&h[k]) && strcmp(h[k].options, ctl + 1) == 0 &&
			    ++known && write_pid(&h[k], at + 2, pid) < 0)
				buf_printf(&not, "%s%s:/%s: %s", not .n ? ", " : "", ctl + 1,
				    at + 2, strerror(errno));
	}
	strv_free(&lines);
	int r = known ? 0 : (errno = EINVAL, fail("it names no group of a hierarchy here"));
	if (not .n)
		r = fail("not back in %s", not .p);
	buf_free(&not );
	return r;
}

char *cgroup_of_self(bool v2_only)
{
	_cleanup_free_ char *text = file_read("/proc/self/cgroup", 65536, NULL);
	if (!text)
		return NULL;
	const char *v2 = str_starts(text, "0::/") ? text : strstr(text, "\n0::/"),
		   *from = v2 || v2_only ? v2 : text, *at = from ? strchr(from, '/') : NULL;
	size_t n = at ? strcspn(++at, "\n") : 0;
	return n ? xstrndup(at, n) : NULL;
}

static int join_one(struct cgroup_hierarchy *h, const char *path, pid_t pid, int procdir)
{
	_cleanup_free_ char *inner = cgroup_inner(h, path);
	if (write_pid(h, inner, pid) == 0 ||
	    (errno == EBUSY && h->v2 && join_beside(h, procdir) == 0))
		return 0;
	const char *hint = "";
	if (errno == EBUSY && h->v2)
		hint = " (controllers are on for its child groups, and then a v2 group holds no "
		       "processes: use a child)";
	else if (errno == EOPNOTSUPP)
		hint = " (the group is threaded)";
	else if (errno == ENOSPC)
		hint = " (its cpuset.cpus or cpuset.mems is empty)";
	else if (errno == EINVAL)
		hint = " (who joins is real-time, and the group has no time for that: chrt -o 0)";
	else if (errno == EACCES || errno == EPERM)
		hint = " (not ours)";
	else if (errno == EROFS)
		hint = " (the cgroup file system is mounted read-only)";
	return fail("%s: join in %s: %m%s", path, h->mount, hint);
}

bool cgroup_into_frozen;

/* Does a process that joins the group go into this hierarchy, too? Into name=systemd it does where
 * the group is there, which means that it was made with CGROUP_SYSTEMD. This asks by the path,
 * because the caller may be a child that shares our memory but not our descriptors. */
static bool goes_into(const struct cgroup_hierarchy *h, const char *path)
{
	_cleanup_free_ char *at = h->named ? path_join(h->mount, path) : NULL;
	return cgroup_is_ours(h) || (cgroup_may_be_ours(h) && *path && access(at, F_OK) == 0);
}

/* The v2 side is the one that may refuse, so it comes first. */
static int cgroup_make_join(const char *path, pid_t pid, bool v1_only, int procdir)
{
	size_t n;
	struct cgroup_hierarchy *h = cgroup_all(&n);
	_cleanup_free_ char *frozen =
	    cgroup_into_frozen ? NULL : cgroup_frozen_at(path, true, !v1_only);
	if (frozen)
		return cgroup_say_frozen(path, frozen);
	for (int v2 = !v1_only; v2 >= 0; v2--)
		for (size_t i = 0; i < n; i++)
			if (goes_into(&h[i], path) && h[i].v2 == v2 &&
			    join_one(&h[i], path, pid, procdir) < 0 && cgroup_root_fd(&h[i]) >= 0)
				return -1;
	return 0;
}

int cgroup_join(const char *path, pid_t pid)
{
	return cgroup_make_join(path, pid, false, -1);
}

int cgroup_enter(const char *path, bool v1_only, int procdir)
{
	return cgroup_make_join(path, 0, v1_only, procdir);
}
