/* cgroup.c: finding hierarchies and groups, and looking at them; see cgroup.h.
 *
 * On v1 a group is a directory in each of up to a dozen hierarchies; on v2 it is a single one. On a
 * hybrid system the v2 side has few controllers or none, but its events, freezing and killing work,
 * so a directory is made there, too.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_parts.h"
#include "err.h"
#include "file.h"
#include "tree.h"

static struct cgroup_hierarchy found[CGROUP_HIERARCHIES];
static size_t n_found;
static bool looked;

/* --- finding them --- */

static const char *const v1_controllers[] = {"cpuset", "cpu", "cpuacct", "blkio", "memory",
    "devices", "freezer", "net_cls", "perf_event", "net_prio", "hugetlb", "pids", "rdma", "misc",
    "debug"};

/* The super options of a v1 mount: its controllers, or name=X. False when there is neither (words
 * such as clone_children or xattr are no controllers). */
static bool v1_options(struct cgroup_hierarchy *h, const char *super)
{
	struct strv words = {0};
	struct buf opts = {0}, ctl = {0};
	strv_split(&words, super, ",\n ");
	for (size_t i = 0; i < words.n; i++) {
		bool c = false;
		for (size_t k = 0; k < sizeof v1_controllers / sizeof v1_controllers[0]; k++)
			c |= strcmp(words.v[i], v1_controllers[k]) == 0;
		if (c)
			buf_printf(&ctl, "%s%s", ctl.n ? "," : "", words.v[i]);
		if (c || str_starts(words.v[i], "name="))
			buf_printf(&opts, "%s%s", opts.n ? "," : "", words.v[i]);
	}
	strv_free(&words);
	h->named = !ctl.n;
	h->controllers = ctl.p ? ctl.p : xstrdup("");
	h->options = opts.p;
	return opts.n > 0;
}

static bool cgroup_line_parse(const char *line, struct cgroup_hierarchy *h)
{
	const char *dash = strstr(line, " - ");
	struct strv f = {0};
	strv_split(&f, line, " ");
	size_t d = 0; /* the optional fields end with a lone "-" (proc(5)) */
	while (d < f.n && !(d >= 6 && strcmp(f.v[d], "-") == 0))
		d++;
	if (!dash || f.n < d + 4) {
		strv_free(&f);
		return false;
	}
	_cleanup_free_ char *at = xstrdup(f.v[4]), *type = xstrdup(f.v[d + 1]),
			    *super = xstrdup(f.v[d + 3]);
	strv_free(&f);
	*h = (struct cgroup_hierarchy){.fd = -1, .v2 = strcmp(type, "cgroup2") == 0};
	if (h->v2) {
		h->options = xstrdup("");
		h->controllers = xstrdup("");
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
			bool cg = strstr(line, " - cgroup") && cgroup_line_parse(line, &out[n]);
			/* Mounted twice: the first one counts. */
			for (size_t i = 0; cg && i < n; i++)
				if (out[i].v2 == out[n].v2 &&
				    strcmp(out[i].options, out[n].options) == 0) {
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

int cgroup_root_fd(struct cgroup_hierarchy *h)
{
	if (h->fd < 0)
		h->fd = dir_open(h->mount);
	return h->fd;
}

static void cgroup_look(void)
{
	if (looked)
		return;
	looked = true;
	_cleanup_free_ char *info = file_read("/proc/self/mountinfo", FILE_ANY, NULL);
	n_found = info ? cgroup_parse_mountinfo(info, found, CGROUP_HIERARCHIES) : 0;
	for (size_t i = 0; i < n_found; i++) {
		if (!found[i].v2 || cgroup_root_fd(&found[i]) < 0)
			continue;
		char *text = file_read_at(found[i].fd, "cgroup.controllers", 4096, NULL);
		if (text) {
			free(found[i].controllers);
			found[i].controllers = text;
		}
	}
}

struct cgroup_hierarchy *cgroup_all(size_t *n)
{
	cgroup_look();
	*n = n_found;
	return found;
}

const struct cgroup_hierarchy *cgroup_hierarchies(size_t *n)
{
	return cgroup_all(n);
}

void cgroup_forget(void)
{
	for (size_t i = 0; i < n_found; i++) {
		if (found[i].fd >= 0)
			close(found[i].fd);
		found[i].fd = -1;
	}
}

enum cgroup_layout cgroup_layout(void)
{
	bool v1 = false, v2 = cgroup_find("") != NULL;
	for (size_t i = 0; i < n_found; i++)
		v1 |= !found[i].v2 && !found[i].named;
	if (v1)
		return v2 ? CGROUP_HYBRID : CGROUP_V1;
	return v2 ? CGROUP_V2 : CGROUP_NONE;
}

struct cgroup_hierarchy *cgroup_find(const char *controller)
{
	cgroup_look();
	for (size_t i = 0; i < n_found; i++)
		if (*controller ? str_has_word(found[i].controllers, controller) : found[i].v2)
			return &found[i];
	return NULL;
}

const struct cgroup_hierarchy *cgroup_with(const char *controller)
{
	return cgroup_find(controller);
}

bool cgroup_is_ours(const struct cgroup_hierarchy *h)
{
	return !h->named;
}

bool cgroup_may_be_ours(const struct cgroup_hierarchy *h)
{
	return !h->named || strcmp(h->options, "name=systemd") == 0;
}

int cgroup_group_fd(struct cgroup_hierarchy *h, const char *path)
{
	int root = cgroup_root_fd(h);
	if (root < 0)
		return -1;
	return openat(root, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

char *cgroup_inner(struct cgroup_hierarchy *h, const char *path)
{
	char *inner = path_join(path, "own");
	if (*path && h->v2 && cgroup_root_fd(h) >= 0 && faccessat(h->fd, inner, F_OK, 0) == 0)
		return inner;
	free(inner);
	return xstrdup(path);
}

int cgroup_open_v2(const char *path)
{
	struct cgroup_hierarchy *h = cgroup_find("");
	_cleanup_free_ char *frozen = h ? cgroup_frozen_at(path, false, true) : NULL;
	if (!h || frozen)
		return errno = h ? EBUSY : ENODEV, -1;
	_cleanup_free_ char *inner = cgroup_inner(h, path);
	return cgroup_group_fd(h, inner);
}

int cgroup_dir(const char *path, const char *controller)
{
	struct cgroup_hierarchy *h = cgroup_find(controller);
	int fd = h ? cgroup_group_fd(h, path) : (errno = ENODEV, -1);
	return fd < 0 ? fail_errno(path) : fd;
}

bool cgroup_exists(const char *path)
{
	cgroup_look();
	for (size_t i = 0; i < n_found; i++)
		if (cgroup_may_be_ours(&found[i]) && cgroup_root_fd(&found[i]) >= 0 &&
		    faccessat(found[i].fd, path, F_OK, 0) == 0)
			return true;
	return false;
}

/* --- looking --- */

static int procs_own(int dir, int (*fn)(pid_t, void *), void *arg)
{
	_cleanup_free_ char *text = file_read_at(dir, "cgroup.procs", FILE_ANY, NULL);
	int r = 0;
	for (char *s = text; s && *s && r == 0; s += strspn(s, "\n")) {
		char *end;
		pid_t pid = (pid_t)strtol(s, &end, 10);
		if (end == s)
			break;
		s = end;
		if (pid > 0) /* 0 stands for a process outside our pid namespace */
			r = fn(pid, arg);
	}
	return r;
}

struct each_proc {
	int (*fn)(pid_t, void *);
	void *arg;
};

static int procs_enter(int fd, void *arg)
{
	struct each_proc *e = arg;
	return procs_own(fd, e->fn, e->arg);
}

static int procs_below(int dir, int (*fn)(pid_t, void *), void *arg)
{
	return tree_walk(dir, ".",
	    &(struct tree_walk){.enter = procs_enter, .entry = cgroup_subgroup},
	    &(struct each_proc){fn, arg});
}

/* The hierarchy that tells which processes are in a group: the v2 side, else the freezer's, else
 * any that we use. */
static struct cgroup_hierarchy *roll(void)
{
	struct cgroup_hierarchy *h = cgroup_find("");
	if (!h)
		h = cgroup_find("freezer");
	for (size_t i = 0; !h && i < n_found; i++)
		if (cgroup_is_ours(&found[i]))
			h = &found[i];
	return h;
}

static int group_of(const char *path)
{
	struct cgroup_hierarchy *h = roll();
	int fd = h ? cgroup_group_fd(h, path) : (errno = ENODEV, -1);
	return fd < 0 ? fail_errno(path) : fd;
}

int cgroup_procs(const char *path, int (*fn)(pid_t pid, void *arg), void *arg)
{
	_cleanup_close_ int fd = group_of(path);
	return fd < 0 ? -1 : procs_below(fd, fn, arg);
}

int cgroup_procs_own(const char *path, int (*fn)(pid_t pid, void *arg), void *arg)
{
	_cleanup_close_ int fd = group_of(path);
	return fd < 0 ? -1 : procs_own(fd, fn, arg);
}

char *cgroup_text(int dir, const char *file)
{
	char *s = dir < 0 ? NULL : file_read_at(dir, file, FILE_ANY, NULL);
	for (size_t n = s ? strlen(s) : 0; n && s[n - 1] == '\n'; n--)
		s[n - 1] = 0;
	return s;
}

bool cgroup_keyed(const char *text, const char *key, uint64_t *out)
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
	_cleanup_close_ int fd = h ? cgroup_group_fd(h, path) : -1;
	uint64_t v;
	if (fd < 0)
		return 0;
	_cleanup_free_ char *ev = h->v2 ? file_read_at(fd, "cgroup.events", 4096, NULL) : NULL;
	if (ev && cgroup_keyed(ev, "populated", &v))
		return v != 0;
	return procs_below(fd, any, NULL);
}

int cgroup_oom_kills(const char *path, uint64_t *n)
{
	struct cgroup_hierarchy *h = cgroup_find("memory");
	_cleanup_close_ int fd = h ? cgroup_group_fd(h, path) : -1;
	*n = 0;
	if (fd < 0)
		return fail("%s: no memory controller", path);
	_cleanup_free_ char *text =
	    file_read_at(fd, h->v2 ? "memory.events" : "memory.oom_control", 4096, NULL);
	return text && cgroup_keyed(text, "oom_kill", n) ? 0 : -1;
}

void cgroup_remove_implied(struct cgroup_hierarchy *h, const char *path)
{
	_cleanup_free_ char *up = xstrdup(path);
	struct stat st;
	for (char *slash; (slash = strrchr(up, '/'));) {
		*slash = 0;
		if (fstatat(h->fd, up, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
			continue; /* a path that exists only in part */
		if (!(st.st_mode & CGROUP_IMPLIED) || unlinkat(h->fd, up, AT_REMOVEDIR) < 0)
			return;
	}
}

int cgroup_claim(const char *path)
{
	size_t n;
	struct stat st;
	struct cgroup_hierarchy *h = cgroup_all(&n);
	for (size_t i = 0; i < n; i++)
		if (cgroup_may_be_ours(&h[i]) &&
		    fstatat(cgroup_root_fd(&h[i]), path, &st, 0) == 0 &&
		    st.st_mode & CGROUP_IMPLIED &&
		    fchmodat(h[i].fd, path, st.st_mode & 0777, 0) < 0)
			return fail("%s: chmod in %s: %m", path, h[i].mount);
	return 0;
}

int cgroup_subgroup(int fd, const char *name, unsigned char type, void *arg)
{
	(void)fd, (void)arg;
	return type == DT_DIR && name[0] != '.';
}

int cgroup_children(const char *parent, struct strv *out)
{
	cgroup_look();
	for (size_t i = 0; i < n_found; i++) {
		if (!cgroup_may_be_ours(&found[i]))
			continue;
		int fd = cgroup_group_fd(&found[i], parent);
		DIR *d = fd < 0 ? NULL : fdopendir(fd);
		struct dirent *e;
		while (d && (e = readdir(d)))
			if (e->d_type == DT_DIR && e->d_name[0] != '.')
				strv_add(out, e->d_name);
		if (d)
			closedir(d);
		else if (fd >= 0)
			close(fd);
	}
	size_t all = out->n; /* each of them once, however many there are */
	strv_sort(out);
	out->n = 0;
	for (size_t i = 0; i < all; i++)
		if (out->n && strcmp(out->v[out->n - 1], out->v[i]) == 0)
			free(out->v[i]);
		else
			out->v[out->n++] = out->v[i];
	if (all)
		out->v[out->n] = NULL;
	return 0;
}

/* --- frozen groups --- */

/* The first byte of a group's file; 0 when it cannot be read. */
static char first_byte(struct cgroup_hierarchy *h, const char *path, const char *file)
{
	_cleanup_free_ char *p = xasprintf("%s%s%s", path, *path ? "/" : "", file);
	_cleanup_close_ int fd =
	    cgroup_root_fd(h) < 0 ? -1 : openat(h->fd, p, O_RDONLY | O_CLOEXEC);
	char c = 0;
	return fd >= 0 && read(fd, &c, 1) == 1 ? c : 0;
}

bool cgroup_frozen(const char *path, bool first)
{
	struct cgroup_hierarchy *v2 = cgroup_find(""), *v1 = cgroup_find("freezer");
	char c = v2 ? first_byte(v2, path, "cgroup.freeze") : 0;
	if (c == '1' || (c && first) || !v1 || v1->v2)
		return c == '1';
	c = first_byte(v1, path, "freezer.state");
	return c == 'F'; /* FROZEN, FREEZING */
}

/* The topmost group on the way down to `path` whose own file says that it is frozen. */
static char *frozen_from(struct cgroup_hierarchy *h, const char *path, const char *file)
{
	for (size_t n = 0;; n++) {
		n += strcspn(path + n, "/");
		_cleanup_free_ char *up = xstrndup(path, n);
		if (first_byte(h, up, file) == '1')
			return xstrdup(up);
		if (!path[n])
			return NULL;
	}
}

char *cgroup_frozen_at(const char *path, bool v1, bool v2)
{
	struct cgroup_hierarchy *h = v2 ? cgroup_find("") : NULL;
	char *s = h ? frozen_from(h, path, "cgroup.freeze") : NULL;
	/* v1's freezer.state also says so where a group above is the frozen one. */
	if (!s && v1 && (h = cgroup_find("freezer")) && !h->v2 &&
	    first_byte(h, path, "freezer.state") == 'F') {
		s = frozen_from(h, path, "freezer.self_freezing");
		if (!s) /* thawed meanwhile, or frozen by a group above our root */
			s = first_byte(h, path, "freezer.state") == 'F' ? xstrdup(path) : NULL;
	}
	return s;
}

int cgroup_say_frozen(const char *path, const char *frozen)
{
	errno = EBUSY;
	if (strcmp(path, frozen) == 0)
		return fail("%s: the group is frozen, and a process that joined it would be, too "
			    "(ctr-cgset --thaw /%s)",
		    path, path);
	return fail(
	    "%s: the group /%s above it is frozen, and a process that joined it would be, too "
	    "(ctr-cgset --thaw /%s)",
	    path, frozen, frozen);
}
