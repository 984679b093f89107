/* cgroup_set.c: applying settings to a group, all or none; see cgroup.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_parts.h"
#include "err.h"
#include "file.h"

struct change {
	int fd; /* the group's directory in its hierarchy */
	bool v2, swap;
	struct cgroup_write w;
	char *old;
};

struct changes {
	struct change *v;
	size_t n;
};

/* --- why something cannot be set --- */

static int no_controller(const char *key, const char *c)
{
	_cleanup_free_ char *all = file_read("/proc/cgroups", 65536, NULL);
	bool known = false, on = false;
	const char *name = strcmp(c, "io") == 0 ? "blkio" : c, *config = cgroup_config(key, true);
	for (char *l = all; l && *l; l += strcspn(l, "\n"), l += *l == '\n') {
		size_t n = strlen(name), len = strcspn(l, "\n");
		/* The fields are name, hierarchy, number of groups, enabled. */
		if (strncmp(l, name, n) == 0 && (l[n] == '\t' || l[n] == ' ')) {
			known = true;
			on = l[len - 1] == '1';
		}
	}
	errno = EOPNOTSUPP;
	if (known && on)
		return fail(
		    "%s: the '%s' controller is not mounted here, nor given to us on the v2 side",
		    key, c);
	if (known)
		return fail("%s: the '%s' controller is switched off (kernel parameters: without "
			    "cgroup_disable=%s, or with cgroup_enable=%s)",
		    key, c, name, name);
	return fail("%s: this kernel has no '%s' controller%s%s%s", key, c,
	    config ? " (CONFIG_" : "", config ? config : "", config ? ")" : "");
}

static bool word_in(int dir, const char *file, const char *word)
{
	_cleanup_free_ char *s = file_read_at(dir, file, 4096, NULL);
	return s && str_has_word(s, word);
}

/* The group above that keeps a v2 controller from this one, searched from the root down; NULL when
 * there is none. Caller frees. */
static char *held_back(const char *path, const char *c)
{
	for (size_t n = 0;; n += strcspn(path + n, "/") + 1) { /* "", "a", "a/b" in turn */
		_cleanup_free_ char *up = xstrndup(path, n ? n - 1 : 0);
		_cleanup_close_ int dir = cgroup_dir(up, "");
		if (dir < 0 || n > strlen(path))
			return NULL;
		const char *name = *up ? up : "/";
		if (!word_in(dir, "cgroup.controllers", c))
			return xasprintf("%s has not been given it: not delegated", name);
		if (word_in(dir, "cgroup.subtree_control", c))
			continue;
		_cleanup_free_ char *procs = file_read_at(dir, "cgroup.procs", FILE_ANY, NULL);
		const char *more = faccessat(dir, "cgroup.subtree_control", W_OK, 0) < 0
				       ? ", which is not ours: not delegated"
				       : "";
		if (procs && *procs && faccessat(dir, "cgroup.type", F_OK, 0) == 0)
			more = ", which has processes: move them into a group of their own";
		return xasprintf("it is not in cgroup.subtree_control of %s%s", name, more);
	}
}

char *cgroup_online(const char *file)
{
	_cleanup_free_ char *s = file_read(strstr(file, "mems") ? "/sys/devices/system/node/online"
								: "/sys/devices/system/cpu/online",
	    4096, NULL);
	return s ? xasprintf("this machine has %.*s", (int)strcspn(s, "\n"), s) : NULL;
}

/* Why a write to a group's file failed. */
static int cgroup_set_explain(const char *path, const struct change *ch)
{
	/* "Result not representable", "Value too large for data type": of a list of numbers */
	int why = errno == ERANGE || errno == EOVERFLOW ? EINVAL : errno;
	const char *c = ch->w.controller, *config = cgroup_config(ch->w.file, false), *hint = "";
	_cleanup_free_ char *more = why == ENOENT && ch->v2 ? held_back(path, c) : NULL;
	if (why == ENOENT && !more)
		more = config ? xasprintf("this kernel has no such setting: CONFIG_%s", config)
			      : xasprintf("invalid configuration: cgroup v%d of this kernel has no "
					  "such setting",
				    1 + ch->v2);
	else if (why == EACCES || why == EPERM)
		hint = "the group is not ours: run as root, or have it delegated";
	else if (why == EROFS)
		hint = "the cgroup file system is mounted read-only";
	else if (why == EBUSY)
		hint = "it is in use: memory above the new limit, or child groups";
	else if (why == EINVAL && strcmp(c, "cpuset") == 0)
		more = cgroup_online(ch->w.file);
	else if (why == EINVAL)
		hint = "not a value the kernel takes here";
	else if (why == ENODEV)
		hint = "no such disk";
	if (more)
		hint = more;
	errno = why;
	return fail("%s: %s=%s: controller %s: %m%s%s%s", path, ch->w.file, ch->w.value, c,
	    *hint ? " (" : "", hint, *hint ? ")" : "");
}

/* --- planning --- */

static void cgroup_set_add(struct changes *c, int fd, bool v2, bool swap, struct cgroup_write w)
{
	c->v = xrealloc(c->v, (c->n + 1) * sizeof *c->v);
	c->v[c->n++] = (struct change){fcntl(fd, F_DUPFD_CLOEXEC, 0), v2, swap, w, NULL};
}

static struct change *cgroup_set_find(const struct changes *c, const char *file)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i].w.file, file) == 0)
			return &c->v[i];
	return NULL;
}

/* The weight of a disk, "[MAJ:MIN ]N", has another file where another I/O scheduler applies it. */
static void weight_file(int fd, struct cgroup_write *w)
{
	bool bfq = strcmp(w->file, "io.bfq.weight") == 0;
	const char *other = bfq ? "io.weight" : "io.bfq.weight", *n = strchr(w->value, ' ');
	if (faccessat(fd, w->file, F_OK, 0) == 0)
		return;
	if (str_starts(w->file, "blkio.bfq.")) {
		char *plain = xasprintf("blkio%s", w->file + 9);
		free(w->file);
		w->file = plain;
	} else if ((bfq || strcmp(w->file, "io.weight") == 0) &&
		   faccessat(fd, other, F_OK, 0) == 0) {
		n = n ? n + 1 : w->value;
		uint64_t v = strtoull(n, NULL, 10);
		char *value = xasprintf("%.*s%" PRIu64, (int)(n - w->value), w->value,
		    bfq ? cgroup_io_of_blkio(v) : cgroup_blkio_of_io(v));
		free(w->file);
		free(w->value);
		w->file = xstrdup(other);
		w->value = value;
	}
}

static int plan_one(const char *path, const char *setting, struct changes *c)
{
	const char *eq = strchr(setting, '=');
	if (!eq || eq == setting)
		return errno = EINVAL, fail("'%s' is not KEY=VALUE", setting);
	_cleanup_free_ char *key = xstrndup(setting, (size_t)(eq - setting));
	const char *ctl = cgroup_controller(key, false);
	if (!ctl)
		return errno = EINVAL, fail("'%s' is not a setting (CONTROLLER.KEY)", key);
	const struct cgroup_hierarchy *h = cgroup_with(strcmp(ctl, "cgroup") == 0 ? "" : ctl);
	if (!h && strcmp(ctl, "blkio") == 0)
		h = cgroup_with(ctl = "io");
	if (!h)
		return no_controller(key, cgroup_controller(key, true));
	struct cgroup_write w[CGROUP_WRITES];
	int n = cgroup_translate(key, eq + 1, h->v2, w);
	if (n < 0)
		return -1;
	_cleanup_close_ int fd = cgroup_dir(path, h->v2 ? "" : ctl);
	int r = fd < 0 ? -1 : 0;
	for (int i = 0; i < n; i++) {
		const struct change *had = cgroup_set_find(c, w[i].file);
		weight_file(fd, &w[i]);
		if (had && r == 0 && str_starts(key, "memory.") &&
		    strcmp(had->w.value, w[i].value) != 0)
			r = (errno = EINVAL, fail("%s: %s is set to %s by another setting here",
						 key, w[i].file, had->w.value));
		cgroup_set_add(c, fd, h->v2, strcmp(key, "memory.swap.max") == 0, w[i]);
	}
	return r;
}

/* --- v1's memory and swap, which are one limit: memsw --- */

static uint64_t limit_of(const char *s)
{
	uint64_t n = !s || *s == '-' ? UINT64_MAX : strtoull(s, NULL, 10);
	return n > CGROUP_UNLIMITED ? UINT64_MAX : n;
}

/* memsw is the sum of memory.swap.max and memory.max. It must never be below memory.limit_in_bytes,
 * so the order of the two writes depends on whether the limit rises or falls. */
static int memsw(const char *path, struct changes *c)
{
	static const char L[] = "memory.limit_in_bytes", M[] = "memory.memsw.limit_in_bytes";
	struct change *l = cgroup_set_find(c, L), *m = cgroup_set_find(c, M);
	if (!l && !m)
		return 0;
	int fd = (l ? l : m)->fd;
	_cleanup_free_ char *limit_now = cgroup_text(fd, L), *memsw_now = cgroup_text(fd, M);
	uint64_t old = limit_of(limit_now), old_sw = limit_of(memsw_now),
		 max = l ? limit_of(l->w.value) : old, sw;
	if (!m && old_sw == UINT64_MAX)
		return 0;
	if (!m) { /* the amount of swap stays what it was */
		cgroup_set_add(c, fd, false, true,
		    (struct cgroup_write){
			xstrdup("memory"), xstrdup(M), xasprintf("%" PRIu64, old_sw - old)});
		l = cgroup_set_find(c, L); /* cgroup_set_add() has moved it */
		m = &c->v[c->n - 1];
		if (max == UINT64_MAX) {
			free(m->w.value);
			m->w.value = xstrdup("-1");
		}
	}
	if (m->swap && m->w.value[0] != '-') {
		if (max == UINT64_MAX)
			return errno = EINVAL, fail("%s: memory.swap.max: cgroup v1 limits memory "
						    "and swap together, so it needs a "
						    "memory.max too",
						   path);
		sw = max + strtoull(m->w.value, NULL, 10);
		free(m->w.value);
		m->w.value = xasprintf("%" PRIu64, sw);
	}
	sw = limit_of(m->w.value);
	if (l && (sw >= old) != (m < l)) {
		struct change t = *l;
		*l = *m;
		*m = t;
	}
	return 0;
}

/* --- doing --- */

/* What to write to restore a file's present value. In files with lines "MAJ:MIN ..." one line is
 * for one disk, and an empty cpuset takes an empty line. */
static char *old_value(const struct change *ch)
{
	_cleanup_free_ char *now = cgroup_text(ch->fd, ch->w.file);
	size_t dev = strcspn(ch->w.value, " ");
	if (!now)
		return NULL;
	if (!memchr(ch->w.value, ':', dev))
		return *now ? xstrndup(now, strcspn(now, "\n")) : xstrdup("\n");
	for (const char *l = now; *l; l += strcspn(l, "\n"), l += *l == '\n')
		if (strncmp(l, ch->w.value, dev + 1) == 0)
			return xstrndup(l, strcspn(l, "\n"));
	const char *none = strstr(ch->w.file, "weight") ? "default" : "0";
	if (strcmp(ch->w.file, "io.max") == 0)
		none = "rbps=max wbps=max riops=max wiops=max";
	return xasprintf("%.*s %s", (int)dev, ch->w.value, none);
}

/* Is there any swap? (proc(5): a line for each under the heading) */
static bool swap_on(void)
{
	_cleanup_free_ char *s = file_read("/proc/swaps", 1 << 16, NULL);
	return s && s[strcspn(s, "\n")] && s[strcspn(s, "\n") + 1];
}

/* After a file could not be written (errno): is what it would limit limited without it? A kernel
 * that does not account for swap needs no limit of swap where the machine has none. Huge pages that
 * are reserved have a limit of their own (.rsvd) since Linux 5.7 only; before, the limit of those
 * in use has to do.
 */
static bool needless(const struct change *ch)
{
	const char *rsvd = strstr(ch->w.file, ".rsvd");
	if (errno != ENOENT || !rsvd)
		return errno == ENOENT && ch->swap && !swap_on();
	_cleanup_free_ char *used =
	    xasprintf("%.*s%s", (int)(rsvd - ch->w.file), ch->w.file, rsvd + 5);
	return faccessat(ch->fd, used, F_OK, 0) == 0;
}

/* Some settings bound each other (a period and its runtime, a quota and its burst): which one must
 * be written first depends on what they were. */
static bool other_first(struct changes *c, size_t i, size_t *tried)
{
	if (errno != EINVAL || i + 1 >= c->n || *tried == i + 1 ||
	    strcmp(c->v[i].w.controller, c->v[i + 1].w.controller) != 0)
		return false;
	struct change t = c->v[i];
	free(t.old);
	t.old = NULL;
	c->v[i] = c->v[i + 1];
	c->v[i + 1] = t;
	*tried = i + 1;
	return true;
}

static int cgroup_set_apply(const char *path, struct changes *c)
{
	size_t tried = 0;
	for (size_t i = 0; i < c->n; i++) {
		struct change *ch = &c->v[i];
		ch->old = old_value(ch);
		if (file_poke_at(ch->fd, ch->w.file, ch->w.value) == 0)
			continue;
		if (needless(ch))
			continue;
		if (other_first(c, i, &tried)) {
			i--;
			continue;
		}
		int why = errno;
		for (size_t j = i; j > 0; j--)
			if (c->v[j - 1].old)
				file_poke_at(c->v[j - 1].fd, c->v[j - 1].w.file, c->v[j - 1].old);
		errno = why;
		return cgroup_set_explain(path, ch);
	}
	return 0;
}

static void changes_free(struct changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].fd >= 0)
			close(c->v[i].fd);
		free(c->v[i].w.controller);
		free(c->v[i].w.file);
		free(c->v[i].w.value);
		free(c->v[i].old);
	}
	free(c->v);
}

int cgroup_set(const char *path, const struct strv *settings)
{
	struct changes c = {0};
	int r = 0;
	if (!settings->n)
		return 0;
	for (size_t i = 0; i < settings->n && r == 0; i++)
		r = plan_one(path, settings->v[i], &c);
	if (r == 0) {
		r = memsw(path, &c);
		if (r == 0)
			r = cgroup_set_apply(path, &c);
	}
	int saved = errno;
	changes_free(&c);
	errno = saved;
	return r;
}
