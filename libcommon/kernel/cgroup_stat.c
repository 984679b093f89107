/* cgroup_stat.c: reading what the kernel counts, under cgroup v2's names; see cgroup.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "err.h"
#include "file.h"

static char *slurp(int dir, const char *file)
{
	char *s = dir < 0 ? NULL : file_read_at(dir, file, 1 << 20, NULL);
	for (size_t n = s ? strlen(s) : 0; n && s[n - 1] == '\n'; n--)
		s[n - 1] = 0;
	return s;
}

static void one(struct kv *out, int dir, const char *file, const char *key)
{
	_cleanup_free_ char *s = slurp(dir, file);
	if (s && *s)
		kv_set(out, key, s);
}

/* v1's "no limit" is the largest number of pages. */
static void one_limit(struct kv *out, int dir, const char *file, const char *key)
{
	_cleanup_free_ char *s = slurp(dir, file);
	if (s && *s)
		kv_set(out, key, strtoull(s, NULL, 10) > 0x7fffffffffff0000ull ? "max" : s);
}

/* "PREFIX.KEY" for each "KEY VALUE" line. */
static void flat(struct kv *out, int dir, const char *file, const char *prefix, const char *only)
{
	_cleanup_free_ char *s = slurp(dir, file);
	struct strv lines = {0};
	strv_split(&lines, s ? s : "", "\n");
	for (size_t i = 0; i < lines.n; i++) {
		char *sp = strchr(lines.v[i], ' ');
		if (!sp)
			continue;
		*sp = 0;
		char word[80];
		snprintf(word, sizeof word, " %s ", lines.v[i]);
		if (only && !strstr(only, word))
			continue;
		_cleanup_free_ char *key = xasprintf("%s%s", prefix, lines.v[i]);
		kv_set(out, key, sp + 1);
	}
	strv_free(&lines);
}

/* Sums over the disks: v2 "8:0 rbytes=1 wbytes=2 ...", v1 "8:0 Read 1". */
static void io(struct kv *out, int v2, int v1)
{
	_cleanup_free_ char *s = v2 >= 0 ? slurp(v2, "io.stat") : slurp(v1, "blkio.throttle.io_service_bytes");
	uint64_t r = 0, w = 0;
	for (char *l = s; l && *l; l += strcspn(l, "\n"), l += *l == '\n') {
		char *p;
		size_t len = strcspn(l, "\n");
		_cleanup_free_ char *line = xstrndup(l, len);
		if ((p = strstr(line, "rbytes=")))
			r += strtoull(p + 7, NULL, 10);
		if ((p = strstr(line, "wbytes=")))
			w += strtoull(p + 7, NULL, 10);
		if ((p = strstr(line, " Read ")))
			r += strtoull(p + 6, NULL, 10);
		if ((p = strstr(line, " Write ")))
			w += strtoull(p + 7, NULL, 10);
	}
	if (!s)
		return;
	kv_setf(out, "io.rbytes", "%" PRIu64, r);
	kv_setf(out, "io.wbytes", "%" PRIu64, w);
}

static int dir_of(const char *path, const char *controller)
{
	return cgroup_dir(path, controller);
}

static void memory_v1(struct kv *out, int d)
{
	one(out, d, "memory.usage_in_bytes", "memory.current");
	one(out, d, "memory.max_usage_in_bytes", "memory.peak");
	one_limit(out, d, "memory.limit_in_bytes", "memory.max");
	flat(out, d, "memory.oom_control", "memory.events.", " oom_kill ");
	flat(out, d, "memory.stat", "memory.stat.", " cache rss swap mapped_file inactive_file active_file ");
}

static void memory_v2(struct kv *out, int d)
{
	one(out, d, "memory.current", "memory.current");
	one(out, d, "memory.peak", "memory.peak");
	one(out, d, "memory.max", "memory.max");
	one(out, d, "memory.swap.current", "memory.swap.current");
	flat(out, d, "memory.events", "memory.events.", NULL);
	flat(out, d, "memory.stat", "memory.stat.", " anon file kernel slab inactive_file active_file file_mapped ");
}

static void cpu_v1(struct kv *out, const char *path)
{
	_cleanup_close_ int acct = dir_of(path, "cpuacct"), cpu = dir_of(path, "cpu");
	_cleanup_free_ char *ns = slurp(acct, "cpuacct.usage");
	if (ns)
		kv_setf(out, "cpu.usage_usec", "%llu", strtoull(ns, NULL, 10) / 1000);
	flat(out, cpu, "cpu.stat", "cpu.", " nr_periods nr_throttled ");
}

int cgroup_stat(const char *path, struct kv *out)
{
	if (!cgroup_exists(path))
		return errno = ENOENT, fail("%s: no such group", path);
	size_t n;
	const struct cgroup_hierarchy *h = cgroup_hierarchies(&n);
	bool v1_mem = false, v1_cpu = false, v1_io = false, v1_pids = false;
	for (size_t i = 0; i < n; i++)
		if (!h[i].v2) {
			v1_mem |= strstr(h[i].controllers, ",memory,") != NULL;
			v1_cpu |= strstr(h[i].controllers, ",cpu,") != NULL;
			v1_io |= strstr(h[i].controllers, ",blkio,") != NULL;
			v1_pids |= strstr(h[i].controllers, ",pids,") != NULL;
		}
	_cleanup_close_ int v2 = dir_of(path, ""), mem = dir_of(path, "memory"),
			    blk = v1_io ? dir_of(path, "blkio") : -1, pids = v1_pids ? dir_of(path, "pids") : -1;
	v1_mem ? memory_v1(out, mem) : memory_v2(out, v2);
	if (v1_cpu)
		cpu_v1(out, path);
	else
		flat(out, v2, "cpu.stat", "cpu.", NULL);
	io(out, v1_io ? -1 : v2, blk);
	one(out, v1_pids ? pids : v2, "pids.current", "pids.current");
	one(out, v1_pids ? pids : v2, "pids.max", "pids.max");
	static const char *const pressure[] = {"cpu.pressure", "memory.pressure", "io.pressure"};
	for (size_t i = 0; i < 3; i++) {
		_cleanup_free_ char *prefix = xasprintf("%s.", pressure[i]);
		flat(out, v2, pressure[i], prefix, NULL);
	}
	flat(out, v2, "cgroup.events", "cgroup.", NULL);
	return 0;
}

/* A v1 file's value under its v2 key, for reading back. */
static char *v1_as_v2(const char *path, const char *key)
{
	static const char *const same[][2] = {{"memory.max", "memory.limit_in_bytes"},
	    {"memory.low", "memory.soft_limit_in_bytes"}, {"memory.high", "memory.soft_limit_in_bytes"},
	    {"memory.current", "memory.usage_in_bytes"}, {"memory.peak", "memory.max_usage_in_bytes"}};
	_cleanup_close_ int d = dir_of(path, cgroup_controller(key, false));
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		if (strcmp(key, same[i][0]) != 0)
			continue;
		char *s = slurp(d, same[i][1]);
		if (s && strtoull(s, NULL, 10) > 0x7fffffffffff0000ull) {
			free(s);
			return xstrdup("max");
		}
		return s;
	}
	if (strcmp(key, "memory.swap.max") == 0) {
		_cleanup_free_ char *sw = slurp(d, "memory.memsw.limit_in_bytes"),
				    *m = slurp(d, "memory.limit_in_bytes");
		if (!sw || !m)
			return NULL;
		uint64_t a = strtoull(sw, NULL, 10), b = strtoull(m, NULL, 10);
		return a > 0x7fffffffffff0000ull ? xstrdup("max") : xasprintf("%" PRIu64, a - b);
	}
	if (strcmp(key, "cpu.weight") == 0) {
		_cleanup_free_ char *s = slurp(d, "cpu.shares");
		/* rounded up, so that a weight that was set comes back as it was */
		return s ? xasprintf("%" PRIu64, cgroup_weight_of_shares(strtoull(s, NULL, 10) + 26)) : NULL;
	}
	if (strcmp(key, "cpu.max") == 0) {
		_cleanup_free_ char *q = slurp(d, "cpu.cfs_quota_us"), *p = slurp(d, "cpu.cfs_period_us");
		return q && p ? xasprintf("%s %s", q[0] == '-' ? "max" : q, p) : NULL;
	}
	if (str_starts(key, "hugetlb.") && str_ends(key, ".max")) {
		_cleanup_free_ char *f = xasprintf("%.*s.limit_in_bytes", (int)(strlen(key) - 4), key);
		return slurp(d, f);
	}
	if (strcmp(key, "io.weight") == 0) {
		char *s = slurp(d, "blkio.bfq.weight");
		return s ? s : slurp(d, "blkio.weight");
	}
	return slurp(d, key);
}

char *cgroup_get(const char *path, const char *key)
{
	const char *c = cgroup_controller(key, false);
	if (!c || strchr(key, '/')) {
		errno = EINVAL;
		fail("'%s' is not a key (CONTROLLER.KEY)", key);
		return NULL;
	}
	size_t n;
	const struct cgroup_hierarchy *h = cgroup_hierarchies(&n);
	char word[40], *s = NULL;
	snprintf(word, sizeof word, ",%s,", c);
	bool v1 = false;
	for (size_t i = 0; i < n; i++)
		v1 |= !h[i].v2 && strstr(h[i].controllers, word);
	if (!cgroup_exists(path)) {
		errno = ENOENT;
		fail("%s: no such group", path);
		return NULL;
	}
	if (v1)
		s = v1_as_v2(path, key);
	if (!s) {
		_cleanup_close_ int d = dir_of(path, "");
		s = slurp(d, key);
	}
	if (!s)
		fail("%s: %s: no such setting here", path, key);
	return s;
}
