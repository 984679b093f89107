/* cgroup.c: finding the hierarchies, making, setting, joining, killing and removing groups; see cgroup.h.
 *
 * On v1 a group is a directory in each of up to a dozen hierarchies; on v2 it is one. On a hybrid system the v2 side
 * has few controllers or none, but its events, kill and freeze work, so a directory is made there too.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "err.h"
#include "file.h"
#include "sysno.h"

#define MAX_HIERARCHIES 32
#define DEADLINE_MS 5000
#define DEEPEST 64 /* levels of groups that are walked */

static struct cgroup_hierarchy found[MAX_HIERARCHIES];
static size_t n_found;
static bool looked;

/* --- finding them --- */

static const char *const v1_controllers[] = {"cpuset", "cpu", "cpuacct", "blkio", "memory", "devices", "freezer",
    "net_cls", "perf_event", "net_prio", "hugetlb", "pids", "rdma", "misc", "debug"};

/* The super options of a v1 mount: its controllers, or name=X. False when there is neither (clone_children, xattr, ...
 * are no controllers). */
static bool v1_options(struct cgroup_hierarchy *h, const char *super)
{
	struct strv words = {0};
	struct buf opts = {0}, ctl = {0};
	strv_split(&words, super, ",\n ");
	buf_puts(&ctl, ",");
	for (size_t i = 0; i < words.n; i++) {
		bool c = false;
		for (size_t k = 0; k < sizeof v1_controllers / sizeof v1_controllers[0]; k++)
			c |= strcmp(words.v[i], v1_controllers[k]) == 0;
		if (c)
			buf_printf(&ctl, "%s,", words.v[i]);
		if (c || str_starts(words.v[i], "name="))
			buf_printf(&opts, "%s%s", opts.n ? "," : "", words.v[i]);
	}
	strv_free(&words);
	h->named = ctl.n == 1;
	h->controllers = ctl.p;
	h->options = opts.p;
	return opts.n > 0;
}

static bool line_parse(const char *line, struct cgroup_hierarchy *h)
{
	const char *dash = strstr(line, " - ");
	struct strv f = {0};
	strv_split(&f, line, " ");
	size_t d = 0; /* the optional fields end in a lone "-" (proc(5)) */
	while (d < f.n && !(d >= 6 && strcmp(f.v[d], "-") == 0))
		d++;
	if (!dash || f.n < d + 4) {
		strv_free(&f);
		return false;
	}
	_cleanup_free_ char *at = xstrdup(f.v[4]), *type = xstrdup(f.v[d + 1]), *super = xstrdup(f.v[d + 3]);
	strv_free(&f);
	*h = (struct cgroup_hierarchy){.fd = -1, .v2 = strcmp(type, "cgroup2") == 0};
	if (h->v2) {
		h->options = xstrdup("");
		h->controllers = xstrdup(",");
	} else if (strcmp(type, "cgroup") != 0) {
		return false;
	} else if (!v1_options(h, super)) {
		free(h->controllers);
		free(h->options);
		return false;
	}
	h->mount = xstrdup(at);
	const char *slash = strrchr(at, '/');
	h->name = xstrdup(slash ? slash + 1 : at);
	return true;
}

size_t cgroup_parse_mountinfo(const char *text, struct cgroup_hierarchy *out, size_t max)
{
	size_t n = 0;
	for (const char *l = text; *l && n < max;) {
		size_t len = strcspn(l, "\n");
		if (len < 4096) {
			_cleanup_free_ char *line = xstrndup(l, len);
			bool cg = strstr(line, " - cgroup") && line_parse(line, &out[n]);
			for (size_t i = 0; cg && i < n; i++) /* mounted twice: the first counts */
				if (out[i].v2 == out[n].v2 && strcmp(out[i].options, out[n].options) == 0) {
					free(out[n].mount);
					free(out[n].name);
					free(out[n].options);
					free(out[n].controllers);
					cg = false;
				}
			n += cg;
		}
		l += len + (l[len] == '\n');
	}
	return n;
}

static int root_fd(struct cgroup_hierarchy *h)
{
	if (h->fd < 0)
		h->fd = openat(AT_FDCWD, h->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return h->fd;
}

static void look(void)
{
	if (looked)
		return;
	looked = true;
	_cleanup_free_ char *text = file_read("/proc/self/mountinfo", 4 << 20, NULL);
	n_found = text ? cgroup_parse_mountinfo(text, found, MAX_HIERARCHIES) : 0;
	for (size_t i = 0; i < n_found; i++) {
		if (!found[i].v2 || root_fd(&found[i]) < 0)
			continue;
		_cleanup_free_ char *ctl = file_read_at(found[i].fd, "cgroup.controllers", 4096, NULL);
		for (char *p = ctl; p && *p; p++)
			*p = *p == ' ' || *p == '\n' ? ',' : *p;
		free(found[i].controllers);
		found[i].controllers = xasprintf(",%s,", ctl ? ctl : "");
	}
}

const struct cgroup_hierarchy *cgroup_hierarchies(size_t *n)
{
	look();
	*n = n_found;
	return found;
}

void cgroup_forget(void)
{
	for (size_t i = 0; i < n_found; i++) {
		if (found[i].fd >= 0)
			close(found[i].fd);
		found[i].fd = -1;
	}
}

static struct cgroup_hierarchy *v2_side(void)
{
	look();
	for (size_t i = 0; i < n_found; i++)
		if (found[i].v2)
			return &found[i];
	return NULL;
}

enum cgroup_layout cgroup_layout(void)
{
	bool v1 = false, v2 = v2_side() != NULL;
	for (size_t i = 0; i < n_found; i++)
		v1 |= !found[i].v2 && !found[i].named;
	return v1 && v2 ? CGROUP_HYBRID : v1 ? CGROUP_V1 : v2 ? CGROUP_V2 : CGROUP_NONE;
}

static struct cgroup_hierarchy *with_controller(const char *c)
{
	char word[40];
	snprintf(word, sizeof word, ",%s,", c);
	look();
	for (size_t i = 0; i < n_found; i++)
		if (strstr(found[i].controllers, word))
			return &found[i];
	return NULL;
}

const struct cgroup_hierarchy *cgroup_with(const char *controller)
{
	return *controller ? with_controller(controller) : v2_side();
}

/* Groups are made in every hierarchy with a controller and on the v2 side; named ones are other people's. */
static bool ours(const struct cgroup_hierarchy *h)
{
	return !h->named;
}

static int group_fd(struct cgroup_hierarchy *h, const char *path)
{
	int root = root_fd(h);
	return root < 0 ? -1 : openat(root, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int cgroup_open_v2(const char *path)
{
	struct cgroup_hierarchy *h = v2_side();
	return h ? group_fd(h, path) : (errno = ENODEV, -1);
}

int cgroup_dir(const char *path, const char *controller)
{
	struct cgroup_hierarchy *h = *controller ? with_controller(controller) : v2_side();
	int fd = h ? group_fd(h, path) : (errno = ENODEV, -1);
	return fd < 0 ? fail("%s: %m", path) : fd;
}

bool cgroup_exists(const char *path)
{
	look();
	for (size_t i = 0; i < n_found; i++)
		if (ours(&found[i]) && root_fd(&found[i]) >= 0 && faccessat(found[i].fd, path, F_OK, 0) == 0)
			return true;
	return false;
}

/* --- making --- */

/* A new v1 cpuset takes no process until it has cpus and mems: they are the parent's, from the top down; below our own
 * first level the kernel copies them (cgroup.clone_children). */
static int cpuset_copy(int parent, int group)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
	for (size_t i = 0; i < 2; i++) {
		_cleanup_free_ char *have = file_read_at(group, files[i], 65536, NULL);
		_cleanup_free_ char *up = file_read_at(parent, files[i], 65536, NULL);
		if (have && strspn(have, " \n") == strlen(have) && up && file_poke_at(group, files[i], up) < 0)
			return -1;
	}
	file_poke_at(group, "cgroup.clone_children", "1");
	return 0;
}

static bool blank(int group, const char *file)
{
	_cleanup_free_ char *s = file_read_at(group, file, 65536, NULL);
	return s && strspn(s, " \n") == strlen(s);
}

/* From the top down to the group, where it has none yet: it is the first at the top, or was made before another start
 * had its parent ready. */
static void cpuset_ready(int root, const char *path)
{
	_cleanup_close_ int group = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (group < 0 || (!blank(group, "cpuset.cpus") && !blank(group, "cpuset.mems")))
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

/* Give the children of a v2 group every controller it has: one by one, where all at once is refused. A group with
 * processes in it cannot (EBUSY): whoever needs a controller then hears of it. (Those that know threads, cpu and pids,
 * it could, but then no process may enter the children.) */
static void v2_enable(int group)
{
	_cleanup_free_ char *have = file_read_at(group, "cgroup.controllers", 4096, NULL);
	_cleanup_free_ char *on = file_read_at(group, "cgroup.subtree_control", 4096, NULL);
	struct strv c = {0}, is = {0};
	struct buf all = {0};
	if (!have || !on)
		return;
	strv_split(&c, have, " \n");
	strv_split(&is, on, " \n");
	for (size_t i = 0; i < c.n; i++)
		if (!strv_has(&is, c.v[i]))
			buf_printf(&all, "%s+%s", all.n ? " " : "", c.v[i]);
	if (all.n && file_poke_at(group, "cgroup.subtree_control", all.p) < 0 && errno != EBUSY)
		for (size_t i = 0; i < c.n; i++) {
			char one[40];
			snprintf(one, sizeof one, "+%s", c.v[i]);
			file_poke_at(group, "cgroup.subtree_control", one);
		}
	buf_free(&all);
	strv_free(&c);
	strv_free(&is);
}

/* mkdir -p of the parents; each new level is made ready for its children. */
static int make_parents(struct cgroup_hierarchy *h, const char *path)
{
	bool cpuset = !h->v2 && strstr(h->controllers, ",cpuset,");
	int at = root_fd(h), up;
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
		bool made = mkdirat(at, name, 0755) == 0;
		up = at;
		at = made || errno == EEXIST ? openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
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

/* A parent that was there already may not give its children what it has. */
static void v2_ready(struct cgroup_hierarchy *h, const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *up = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	_cleanup_close_ int dir = openat(h->fd, up, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *have = file_read_at(dir, "cgroup.controllers", 4096, NULL),
			    *give = file_read_at(dir, "cgroup.subtree_control", 4096, NULL);
	if (!str_eq(have, give))
		make_parents(h, path);
}

/* 1 made, 0 was there, -1 with errno. */
static int make_one(struct cgroup_hierarchy *h, const char *path)
{
	int root = root_fd(h);
	if (root < 0)
		return -1;
	if (mkdirat(root, path, 0755) < 0) {
		if (errno == EEXIST)
			return 0;
		bool made = false;
		for (int i = 0; !made && errno == ENOENT && i < 10;
		     i++) /* another's end may take the parent away again */
			made = make_parents(h, path) == 0 && (mkdirat(root, path, 0755) == 0 || errno == EEXIST);
		if (!made)
			return -1;
	}
	if (h->v2)
		v2_ready(h, path);
	else if (strstr(h->controllers, ",cpuset,"))
		cpuset_ready(root, path);
	return 1;
}

/* A parent that is empty now is not left behind; a start that meets this makes it again. */
static void remove_parent(struct cgroup_hierarchy *h, const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash || slash == path)
		return;
	_cleanup_free_ char *up = xstrndup(path, (size_t)(slash - path));
	unlinkat(h->fd, up, AT_REMOVEDIR);
}

static int make_failed(const struct cgroup_hierarchy *h, const char *path)
{
	const char *hint = "";
	if (errno == EROFS)
		hint = ": mounted read-only; inside a container, it needs a writable cgroup mount";
	else if (errno == EACCES || errno == EPERM)
		hint = ": not ours; run as root, or have a group delegated and CTR_CGROUP set to it";
	return fail("%s: make the group in %s: %m%s", path, h->mount, hint);
}

int cgroup_make(const char *path, const struct strv *settings, unsigned flags)
{
	bool made[MAX_HIERARCHIES] = {0};
	look();
	if (cgroup_layout() == CGROUP_NONE)
		return errno = ENODEV, fail("%s: no cgroup file system is mounted (ctr-cgset --mount does it)", path);
	int r = 0;
	for (size_t i = 0; i < n_found && r >= 0; i++) {
		if (!ours(&found[i]))
			continue;
		r = make_one(&found[i], path);
		made[i] = r != 0; /* -1: its parents, maybe */
		if (r < 0)
			make_failed(&found[i], path);
		else if (r == 0 && !(flags & CGROUP_REUSE))
			r = (errno = EEXIST, fail("%s: the group is there already", path));
	}
	if (r >= 0)
		r = cgroup_set(path, settings);
	if (r >= 0)
		return 0;
	int saved = errno;
	for (size_t i = 0; i < n_found; i++)
		if (made[i]) {
			unlinkat(root_fd(&found[i]), path, AT_REMOVEDIR);
			remove_parent(&found[i], path);
		}
	errno = saved;
	return -1;
}

/* --- joining --- */

/* Into the v2 group of the process whose /proc directory it is: an init that has made groups below its own and enabled
 * controllers for them is in one of those, and its own takes no process any more. */
static int join_beside(const struct cgroup_hierarchy *h, int procdir)
{
	_cleanup_free_ char *text = procdir < 0 ? NULL : file_read_at(procdir, "cgroup", 65536, NULL);
	const char *s = text && str_starts(text, "0::/") ? text : text ? strstr(text, "\n0::/") : NULL;
	if (!s)
		return errno = EBUSY, -1;
	s += *s == '\n' ? 5 : 4;
	int n = (int)strcspn(s, "\n");
	_cleanup_free_ char *file = xasprintf("%.*s%scgroup.procs", n, s, n ? "/" : "");
	return file_poke_at(h->fd, file, "0");
}

static int write_pid(struct cgroup_hierarchy *h, const char *path, pid_t pid)
{
	char num[16];
	snprintf(num, sizeof num, "%d", (int)pid);
	/* A thread that moves itself by v1's `tasks` takes no lock over all processes (cgroup.h). */
	_cleanup_free_ char *file = xasprintf("%s/%s", *path ? path : ".", pid || h->v2 ? "cgroup.procs" : "tasks");
	return root_fd(h) < 0 ? -1 : file_poke_at(h->fd, file, num);
}

/* Lines of "ID:CONTROLLERS:PATH"; v2's is "0::PATH" (cgroups(7)). */
void cgroup_return(pid_t pid, const char *was)
{
	struct strv lines = {0};
	strv_split(&lines, was, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		char *ctl = strchr(lines.v[i], ':'), *at = ctl ? strchr(ctl + 1, ':') : NULL;
		if (!at || at[1] != '/')
			continue;
		*at = 0;
		for (size_t k = 0; k < n_found; k++)
			if (ours(&found[k]) && strcmp(found[k].options, ctl + 1) == 0)
				write_pid(&found[k], at + 2, pid);
	}
	strv_free(&lines);
}

static int join_one(struct cgroup_hierarchy *h, const char *path, pid_t pid, int procdir)
{
	if (write_pid(h, path, pid) == 0 || (errno == EBUSY && h->v2 && join_beside(h, procdir) == 0))
		return 0;
	const char *hint = "";
	if (errno == EBUSY && h->v2)
		hint =
		    " (controllers are on for its child groups, and then a v2 group holds no processes: use a child)";
	else if (errno == EOPNOTSUPP)
		hint = " (the group is threaded)";
	else if (errno == ENOSPC)
		hint = " (its cpuset.cpus or cpuset.mems is empty)";
	else if (errno == EACCES || errno == EPERM)
		hint = " (not ours)";
	else if (errno == EROFS)
		hint = " (the cgroup file system is mounted read-only)";
	return fail("%s: join in %s: %m%s", path, h->mount, hint);
}

/* The v2 side is the one that may refuse, so it comes first. */
static int join(const char *path, pid_t pid, bool v1_only, int procdir)
{
	look();
	for (int v2 = !v1_only; v2 >= 0; v2--)
		for (size_t i = 0; i < n_found; i++)
			if (ours(&found[i]) && found[i].v2 == v2 && root_fd(&found[i]) >= 0 &&
			    join_one(&found[i], path, pid, procdir) < 0)
				return -1;
	return 0;
}

int cgroup_join(const char *path, pid_t pid)
{
	return join(path, pid, false, -1);
}

int cgroup_enter(const char *path, bool v1_only, int procdir)
{
	return join(path, 0, v1_only, procdir);
}

/* --- looking --- */

static int procs_below(int dir, int (*fn)(pid_t, void *), void *arg, int depth)
{
	_cleanup_free_ char *text = file_read_at(dir, "cgroup.procs", 16 << 20, NULL);
	int r = 0;
	for (char *s = text; s && *s && r == 0; s += strspn(s, "\n")) {
		char *end;
		pid_t pid = (pid_t)strtol(s, &end, 10);
		if (end == s)
			break;
		s = end;
		if (pid > 0) /* 0: a process outside our pid namespace */
			r = fn(pid, arg);
	}
	DIR *d = depth < DEEPEST ? fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) : NULL;
	struct dirent *e;
	while (d && r == 0 && (e = readdir(d))) {
		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		_cleanup_close_ int sub = openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (sub >= 0)
			r = procs_below(sub, fn, arg, depth + 1);
	}
	if (d)
		closedir(d);
	return r;
}

/* The hierarchy that is asked who is in a group: the v2 side, else the freezer's, else any of ours. */
static struct cgroup_hierarchy *roll(void)
{
	struct cgroup_hierarchy *h = v2_side();
	if (!h)
		h = with_controller("freezer");
	for (size_t i = 0; !h && i < n_found; i++)
		if (ours(&found[i]))
			h = &found[i];
	return h;
}

static int procs_from(const char *path, int (*fn)(pid_t, void *), void *arg, int depth)
{
	struct cgroup_hierarchy *h = roll();
	_cleanup_close_ int fd = h ? group_fd(h, path) : -1;
	if (fd < 0)
		return errno = h ? errno : ENODEV, fail("%s: %m", path);
	return procs_below(fd, fn, arg, depth);
}

int cgroup_procs(const char *path, int (*fn)(pid_t pid, void *arg), void *arg)
{
	return procs_from(path, fn, arg, 0);
}

int cgroup_procs_own(const char *path, int (*fn)(pid_t pid, void *arg), void *arg)
{
	return procs_from(path, fn, arg, DEEPEST);
}

/* One word of a flat-keyed file: "populated 1". */
static bool keyed(const char *text, const char *key, uint64_t *out)
{
	size_t n = strlen(key);
	for (const char *l = text; l && *l; l += strcspn(l, "\n"), l += *l == '\n')
		if (strncmp(l, key, n) == 0 && l[n] == ' ') {
			*out = strtoull(l + n + 1, NULL, 10);
			return true;
		}
	return false;
}

static int any(pid_t pid, void *arg)
{
	(void)pid;
	(void)arg;
	return 1;
}

int cgroup_populated(const char *path)
{
	struct cgroup_hierarchy *h = roll();
	_cleanup_close_ int fd = h ? group_fd(h, path) : -1;
	uint64_t v;
	if (fd < 0)
		return 0;
	_cleanup_free_ char *ev = h->v2 ? file_read_at(fd, "cgroup.events", 4096, NULL) : NULL;
	if (ev && keyed(ev, "populated", &v))
		return v != 0;
	return procs_below(fd, any, NULL, 0);
}

int cgroup_oom_kills(const char *path, uint64_t *n)
{
	struct cgroup_hierarchy *h = with_controller("memory");
	_cleanup_close_ int fd = h ? group_fd(h, path) : -1;
	*n = 0;
	if (fd < 0)
		return fail("%s: no memory controller", path);
	_cleanup_free_ char *text = file_read_at(fd, h->v2 ? "memory.events" : "memory.oom_control", 4096, NULL);
	return text && keyed(text, "oom_kill", n) ? 0 : -1;
}

/* --- freezing --- */

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void nap(void)
{
	struct timespec ms = {0, 2000000};
	nanosleep(&ms, NULL);
}

/* Wait until cgroup.events says `key` is `want`: the kernel signals a change by POLLPRI. */
static int wait_event(int dir, const char *key, uint64_t want)
{
	_cleanup_close_ int ev = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t end = now_ms() + DEADLINE_MS;
	char text[256];
	if (ev < 0)
		return -1;
	for (;;) {
		uint64_t v;
		ssize_t n = pread(ev, text, sizeof text - 1, 0);
		if (n < 0 && errno == ENODEV) /* removed meanwhile: nothing is in it */
			return want ? -1 : 0;
		text[n < 0 ? 0 : n] = 0;
		if (keyed(text, key, &v) && v == want)
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
	int64_t end = now_ms() + DEADLINE_MS;
	for (;;) { /* a fork that races the freezer leaves FREEZING: writing again catches it
		      (cgroup-v1/freezer-subsystem.rst) */
		if (file_poke_at(dir, "freezer.state", on ? "FROZEN" : "THAWED") < 0)
			return -1;
		_cleanup_free_ char *s = file_read_at(dir, "freezer.state", 64, NULL);
		if (s && str_starts(s, on ? "FROZEN" : "THAWED"))
			return 0;
		if (now_ms() >= end)
			return errno = ETIME, -1;
		nap();
	}
}

int cgroup_freeze(const char *path, bool on)
{
	if (!cgroup_exists(path))
		return errno = ENOENT, fail("%s: %s: there is no such group (a user's needs one that is delegated)",
					   path, on ? "freeze" : "thaw");
	struct cgroup_hierarchy *h = v2_side();
	_cleanup_close_ int fd = h ? group_fd(h, path) : -1;
	if (fd >= 0 && faccessat(fd, "cgroup.freeze", W_OK, 0) == 0) { /* Linux 5.2 */
		if (file_poke_at(fd, "cgroup.freeze", on ? "1" : "0") == 0 && wait_event(fd, "frozen", on) == 0)
			return 0;
		fail("%s: %s: %m", path, on ? "freeze" : "thaw");
		if (on) /* half frozen is no state to leave it in */
			file_poke_at(fd, "cgroup.freeze", "0");
		return -1;
	}
	struct cgroup_hierarchy *f = with_controller("freezer");
	_cleanup_close_ int v1 = f ? group_fd(f, path) : -1;
	if (v1 < 0)
		return errno = f ? errno : EOPNOTSUPP,
		       fail("%s: freeze: %m (no freezer: cgroup v2 of Linux 5.2, or v1's)", path);
	if (freeze_v1(v1, on) == 0)
		return 0;
	fail("%s: %s: %m", path, on ? "freeze" : "thaw");
	if (on)
		file_poke_at(v1, "freezer.state", "THAWED");
	return -1;
}

bool cgroup_frozen(const char *path)
{
	struct cgroup_hierarchy *h = v2_side();
	char text[16] = "", file[600];
	snprintf(file, sizeof file, "%s/cgroup.freeze", path);
	int fd = h && root_fd(h) >= 0 ? openat(h->fd, file, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0 && (h = with_controller("freezer")) && root_fd(h) >= 0) {
		snprintf(file, sizeof file, "%s/freezer.state", path);
		fd = openat(h->fd, file, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return false;
	bool yes = read(fd, text, sizeof text - 1) > 0 && (text[0] == '1' || text[0] == 'F');
	close(fd);
	return yes;
}

/* --- killing and removing --- */

static int kill_one(pid_t pid, void *arg)
{
	(void)arg;
	kill(pid, SIGKILL);
	return 0;
}

int cgroup_kill(const char *path)
{
	struct cgroup_hierarchy *v2 = v2_side(), *h = roll();
	_cleanup_close_ int fd = v2 ? group_fd(v2, path) : -1;
	int64_t end = now_ms() + DEADLINE_MS;
	if (fd >= 0 && !sys_missing("cgroup.kill") && faccessat(fd, "cgroup.kill", W_OK, 0) == 0 &&
	    file_poke_at(fd, "cgroup.kill", "1") == 0) {
		cgroup_freeze(path, false); /* a v1 freezer would keep them from dying */
		if (wait_event(fd, "populated", 0) == 0)
			return 0;
		return fail("%s: a process in it does not die (uninterruptible)", path);
	}
	if (!h || !cgroup_exists(path))
		return 0;
	/* Frozen, no process can fork away from the signal; thawed, it dies of it. */
	while (cgroup_populated(path) > 0) {
		bool frozen = cgroup_freeze(path, true) == 0;
		cgroup_procs(path, kill_one, NULL);
		if (frozen)
			cgroup_freeze(path, false);
		if (now_ms() >= end)
			return errno = ETIME, fail("%s: a process in it does not die (uninterruptible)", path);
		nap();
	}
	return 0;
}

static int remove_below(int parent, const char *name)
{
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return -1;
	_cleanup_close_ int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(dup(fd));
	struct dirent *e;
	while (d && (e = readdir(d)))
		if (e->d_type == DT_DIR && e->d_name[0] != '.')
			remove_below(fd, e->d_name);
	if (d)
		closedir(d);
	return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

/* The last process is gone from the group a moment after its parent has waited for it: busy may pass. */
static int remove_one(struct cgroup_hierarchy *h, const char *path)
{
	int64_t end = now_ms() + 500;
	for (;;) {
		if (remove_below(root_fd(h), path) == 0)
			return 0;
		if (errno != EBUSY || now_ms() >= end || cgroup_populated(path) > 0)
			return -1;
		nap();
	}
}

int cgroup_remove(const char *path)
{
	int r = 0;
	look();
	for (size_t i = 0; i < n_found; i++) {
		if (!ours(&found[i]) || root_fd(&found[i]) < 0)
			continue;
		if (remove_one(&found[i], path) < 0)
			r = fail("%s: remove from %s: %m%s", path, found[i].mount,
			    errno == EBUSY ? " (processes are in it)" : "");
		else
			remove_parent(&found[i], path);
	}
	return r;
}

int cgroup_children(const char *parent, struct strv *out)
{
	look();
	for (size_t i = 0; i < n_found; i++) {
		if (!ours(&found[i]))
			continue;
		int fd = group_fd(&found[i], parent);
		DIR *d = fd < 0 ? NULL : fdopendir(fd);
		struct dirent *e;
		while (d && (e = readdir(d)))
			if (e->d_type == DT_DIR && e->d_name[0] != '.' && !strv_has(out, e->d_name))
				strv_add(out, e->d_name);
		if (d)
			closedir(d);
		else if (fd >= 0)
			close(fd);
	}
	return 0;
}

/* --- devices --- */

static int devices_v1(int dir, const struct device_rule *rules, size_t n)
{
	_cleanup_close_ int allow = openat(dir, "devices.allow", O_WRONLY | O_CLOEXEC),
			    deny = openat(dir, "devices.deny", O_WRONLY | O_CLOEXEC);
	for (size_t i = 0; i < n; i++) {
		const struct device_rule *r = &rules[i];
		char line[64], major[24] = "*", minor[24] = "*";
		if (r->major >= 0)
			snprintf(major, sizeof major, "%" PRId64, r->major);
		if (r->minor >= 0)
			snprintf(minor, sizeof minor, "%" PRId64, r->minor);
		if (r->type == 'a')
			snprintf(line, sizeof line, "a");
		else
			snprintf(line, sizeof line, "%c %s:%s %s", r->type, major, minor, r->access);
		if (write(r->allow ? allow : deny, line, strlen(line)) < 0)
			return -1;
	}
	return 0;
}

static int devices_v2(int dir, const struct device_rule *rules, size_t n)
{
	union bpf_attr a;
	size_t len;
	_cleanup_free_ struct bpf_insn *prog = cgroup_device_program(rules, n, &len);
	memset(&a, 0, sizeof a);
	a.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	a.insns = (uint64_t)(uintptr_t)prog;
	a.insn_cnt = (uint32_t)len;
	a.license = (uint64_t)(uintptr_t) "GPL";
	_cleanup_close_ int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof a);
	if (fd < 0)
		return -1;
	memset(&a, 0, sizeof a);
	a.target_fd = (uint32_t)dir;
	a.attach_bpf_fd = (uint32_t)fd;
	a.attach_type = BPF_CGROUP_DEVICE;
	a.attach_flags = BPF_F_ALLOW_MULTI;
	return (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &a, sizeof a);
}

int cgroup_devices(const char *path, const struct device_rule *rules, size_t n)
{
	struct cgroup_hierarchy *v1 = with_controller("devices"), *h = v1 ? v1 : v2_side();
	_cleanup_close_ int fd = h ? group_fd(h, path) : -1;
	if (fd < 0)
		return fail("%s: device list: %m", path);
	if ((v1 ? devices_v1(fd, rules, n) : devices_v2(fd, rules, n)) < 0)
		return fail("%s: device list: %m%s", path,
		    v1               ? ""
		    : errno == EPERM ? " (bpf is for root)"
				     : " (CONFIG_CGROUP_BPF)");
	return 0;
}
