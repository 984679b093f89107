/* cgroup_end.c: freezing, killing and removing groups; see cgroup.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_parts.h"
#include "clock.h"
#include "err.h"
#include "file.h"
#include "sysno.h"
#include "tree.h"

/* --- freezing --- */

/* Wait until cgroup.events says `key` is `want`: the kernel signals a change by POLLPRI. -1 with
 * ETIME at `end`. */
static int wait_event(int dir, const char *key, uint64_t want, int64_t end)
{
	_cleanup_close_ int ev = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	char text[256];
	if (ev < 0) /* gone already: systemd removes the groups of a scope that has ended */
		return want ? -1 : 0;
	for (;;) {
		uint64_t v;
		ssize_t n = pread(ev, text, sizeof text - 1, 0);
		if (n < 0 && errno == ENODEV) /* it was removed meanwhile, so it is empty */
			return want ? -1 : 0;
		text[n < 0 ? 0 : n] = 0;
		if (cgroup_keyed(text, key, &v) && v == want)
			return 0;
		struct pollfd p = {.fd = ev, .events = POLLPRI};
		int64_t left = end - now_ms();
		if (left <= 0)
			return errno = ETIME, -1;
		poll(&p, 1, left > 100 ? 100 : (int)left);
	}
}

static int freeze_v1(int dir, bool on)
{
	int64_t end = now_ms() + CGROUP_DEADLINE_MS;
	/* A fork that races with the freezer leaves the state FREEZING: writing again settles it
	 * (cgroup-v1/freezer-subsystem.rst) */
	for (;;) {
		if (file_poke_at(dir, "freezer.state", on ? "FROZEN" : "THAWED") < 0)
			return -1;
		_cleanup_free_ char *s = file_read_at(dir, "freezer.state", 64, NULL);
		if (s && str_starts(s, on ? "FROZEN" : "THAWED"))
			return 0;
		if (now_ms() >= end)
			return errno = ETIME, -1;
		nap_ms(2);
	}
}

static int freeze(const char *path)
{
	struct cgroup_hierarchy *h = cgroup_find(""), *f = cgroup_find("freezer");
	_cleanup_close_ int fd = h ? cgroup_group_fd(h, path) : -1;
	int64_t end = now_ms() + CGROUP_DEADLINE_MS;
	if (fd >= 0 && faccessat(fd, "cgroup.freeze", W_OK, 0) == 0) { /* Linux 5.2 */
		if (file_poke_at(fd, "cgroup.freeze", "1") == 0 &&
		    wait_event(fd, "frozen", 1, end) == 0)
			return 0;
		int why = errno;
		file_poke_at(fd, "cgroup.freeze", "0"); /* do not leave it half frozen */
		return errno = why, fail_tried(path, "freeze");
	}
	_cleanup_close_ int v1 = f ? cgroup_group_fd(f, path) : -1;
	if (v1 < 0)
		return errno = f ? errno : EOPNOTSUPP,
		       fail("%s: %m (no freezer: cgroup v2 of Linux 5.2, or v1's)", path);
	if (freeze_v1(v1, true) == 0)
		return 0;
	int why = errno;
	file_poke_at(v1, "freezer.state", "THAWED");
	return errno = why, fail_tried(path, "freeze");
}

/* A hybrid system can freeze on either side, and somebody may have used the other. */
static int cgroup_end_thaw(const char *path)
{
	struct cgroup_hierarchy *h = cgroup_find(""), *f = cgroup_find("freezer");
	_cleanup_close_ int fd = h ? cgroup_group_fd(h, path) : -1;
	_cleanup_close_ int v1 = f && !f->v2 ? cgroup_group_fd(f, path) : -1;
	bool can = fd >= 0 && faccessat(fd, "cgroup.freeze", W_OK, 0) == 0;
	if (!can && v1 < 0)
		return errno = EOPNOTSUPP,
		       fail("%s: %m (no freezer: cgroup v2 of Linux 5.2, or v1's)", path);
	int r = can ? file_poke_at(fd, "cgroup.freeze", "0") : 0;
	if (r == 0 && v1 >= 0)
		r = file_poke_at(v1, "freezer.state", "THAWED");
	if (r < 0)
		return fail_in("%s: thaw", path);
	_cleanup_free_ char *above = cgroup_frozen_at(path, true, true);
	if (above && strcmp(above, path) != 0)
		return errno = EBUSY,
		       fail("%s: thaw: the group /%s above it is frozen (ctr-cgset --thaw /%s)",
			   path, above, above);
	if (can)
		r = wait_event(fd, "frozen", 0, now_ms() + CGROUP_DEADLINE_MS);
	if (r == 0 && v1 >= 0)
		r = freeze_v1(v1, false);
	return r < 0 ? fail_tried(path, "thaw") : 0;
}

int cgroup_freeze(const char *path, bool on)
{
	if (!cgroup_exists(path))
		return errno = ENOENT,
		       fail("%s: %s: there is no such group (a user's needs a delegated one)", path,
			   on ? "freeze" : "thaw");
	return on ? freeze(path) : cgroup_end_thaw(path);
}

int cgroup_thaw(const char *path)
{
	return cgroup_freeze(path, false) < 0 && errno != ENOENT && errno != ENODEV ? -1 : 0;
}

static int thaw_one(int parent, const char *name, void *arg)
{
	_cleanup_free_ char *file = path_join(name, (const char *)arg);
	file_poke_at(parent, file, strcmp(arg, "cgroup.freeze") == 0 ? "0" : "THAWED");
	return 0;
}

/* The group and all groups below it, from the bottom up: a container may have frozen groups of its
 * own, on either side. */
static void thaw_below(const char *path)
{
	static const struct tree_walk how = {.entry = cgroup_subgroup, .leave = thaw_one};
	struct cgroup_hierarchy *h = cgroup_find(""), *f = cgroup_find("freezer");
	if (f && !f->v2 && cgroup_root_fd(f) >= 0)
		tree_walk(f->fd, path, &how, "freezer.state");
	if (h && cgroup_root_fd(h) >= 0)
		tree_walk(h->fd, path, &how, "cgroup.freeze");
}

void cgroup_thaw_process(pid_t pid)
{
	struct cgroup_hierarchy *f = cgroup_find("freezer");
	_cleanup_free_ char *file = xasprintf("/proc/%d/cgroup", (int)pid),
			    *text = file_read(file, FILE_ANY, NULL);
	char *at = f && !f->v2 && text ? strstr(text, "freezer:/") : NULL;
	if (!at)
		return;
	at += sizeof "freezer:/" - 1;
	at[strcspn(at, "\n")] = 0;
	_cleanup_close_ int fd = cgroup_group_fd(f, at);
	if (fd >= 0)
		file_poke_at(fd, "freezer.state", "THAWED");
}

/* --- killing and removing --- */

static int kill_one(pid_t pid, void *arg)
{
	(void)arg;
	kill(pid, SIGKILL);
	return 0;
}

static int does_not_die(const char *path)
{
	_cleanup_free_ char *above = cgroup_frozen_at(path, true, true);
	errno = EBUSY;
	if (above && strcmp(above, path) != 0)
		return fail(
		    "%s: %m: a process in it does not die: the group /%s above it is frozen", path,
		    above);
	return fail("%s: %m: a process in it does not die (uninterruptible)", path);
}

/* Since Linux 5.14. A frozen v1 freezer keeps its processes from dying, and a process inside may
 * freeze the group again. */
static int kill_v2(int fd, const char *path)
{
	int64_t end = now_ms() + CGROUP_DEADLINE_MS;
	do {
		thaw_below(path);
		int64_t next = now_ms() + 100;
		if (wait_event(fd, "populated", 0, next < end ? next : end) == 0)
			return 0;
	} while (now_ms() < end);
	return does_not_die(path);
}

int cgroup_kill(const char *path)
{
	struct cgroup_hierarchy *v2 = cgroup_find("");
	_cleanup_close_ int fd = v2 ? cgroup_group_fd(v2, path) : -1;
	int64_t end = now_ms() + CGROUP_DEADLINE_MS;
	if (fd >= 0 && !sys_missing("cgroup.kill") && faccessat(fd, "cgroup.kill", W_OK, 0) == 0 &&
	    file_poke_at(fd, "cgroup.kill", "1") == 0)
		return kill_v2(fd, path);
	if (!cgroup_exists(path))
		return 0;
	/* A frozen process cannot fork to escape the signal; when it is thawed, it dies of it. Both
	 * sides are thawed first, because a process that v1's freezer holds already is never
	 * reported as frozen on v2's side. */
	while (cgroup_populated(path) > 0) {
		thaw_below(path);
		freeze(path);
		cgroup_procs(path, kill_one, NULL);
		thaw_below(path);
		if (now_ms() >= end)
			return does_not_die(path);
		nap_ms(2);
	}
	return 0;
}

/* A busy group stays; removing the topmost one then reports it. */
static int cgroup_end_remove_group(int parent, const char *name, void *arg)
{
	(void)arg;
	unlinkat(parent, name, AT_REMOVEDIR);
	return 0;
}

static int remove_below(int root, const char *path)
{
	static const struct tree_walk how = {
	    .entry = cgroup_subgroup, .leave = cgroup_end_remove_group};
	if (unlinkat(root, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if ((errno != EBUSY && errno != ENOTEMPTY) || tree_walk(root, path, &how, NULL) < 0)
		return -1;
	return unlinkat(root, path, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

static int sweep_into(int fd, const char *name, unsigned char type, void *arg)
{
	return !str_starts(name, arg) && cgroup_subgroup(fd, name, type, arg);
}

static int cgroup_end_sweep_one(int parent, const char *name, void *arg)
{
	struct stat st;
	(void)arg;
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mode & CGROUP_IMPLIED)
		unlinkat(parent, name, AT_REMOVEDIR);
	return 0;
}

void cgroup_sweep(const char *top, const char *stay)
{
	static const struct tree_walk how = {.entry = sweep_into, .leave = cgroup_end_sweep_one};
	size_t n;
	struct cgroup_hierarchy *h = cgroup_all(&n);
	_cleanup_free_ char *below = xasprintf("%s/", top);
	for (size_t i = 0; i < n; i++) {
		if (!cgroup_may_be_ours(&h[i]) || cgroup_root_fd(&h[i]) < 0)
			continue;
		tree_walk(h[i].fd, top, &how, (void *)stay);
		cgroup_remove_implied(&h[i], below);
	}
}

/* The last process leaves the group a moment after its parent has reaped it, so EBUSY may pass. */
static int remove_one(struct cgroup_hierarchy *h, const char *path)
{
	int64_t end = now_ms() + 500;
	for (;;) {
		if (remove_below(cgroup_root_fd(h), path) == 0)
			return 0;
		int why = errno;
		if (why != EBUSY || now_ms() >= end || cgroup_populated(path) > 0)
			return errno = why, -1;
		nap_ms(2);
	}
}

int cgroup_remove(const char *path)
{
	size_t n;
	struct cgroup_hierarchy *h = cgroup_all(&n);
	int r = 0;
	for (size_t i = 0; i < n; i++) {
		if (!cgroup_may_be_ours(&h[i]) || cgroup_root_fd(&h[i]) < 0)
			continue;
		if (remove_one(&h[i], path) < 0)
			r = fail("%s: remove from %s: %m%s", path, h[i].mount,
			    errno == EBUSY ? " (processes are in it)" : "");
		else
			cgroup_remove_implied(&h[i], path);
	}
	return r;
}
