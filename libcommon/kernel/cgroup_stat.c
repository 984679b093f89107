/* cgroup_stat.c: reading the kernel's counters under their cgroup v2 names; see cgroup.h. */
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

static void cgroup_stat_one(struct kv *out, int dir, const char *file, const char *key)
{
	_cleanup_free_ char *s = cgroup_text(dir, file);
	if (s && *s)
		kv_set(out, key, s);
}

/* The limit in a v1 file, in v2's notation. */
static char *cgroup_stat_limit(int dir, const char *file)
{
	char *s = cgroup_text(dir, file);
	if (s && strtoull(s, NULL, 10) > CGROUP_UNLIMITED) {
		free(s);
		s = xstrdup("max");
	}
	return s;
}

static void micro(struct kv *out, const char *key, const char *nanoseconds)
{
	if (nanoseconds)
		kv_setf(out, key, "%llu", strtoull(nanoseconds, NULL, 10) / 1000);
}

/* "PREFIX.KEY" for each line "KEY VALUE". */
static void flat(struct kv *out, int dir, const char *file, const char *prefix, const char *only)
{
	_cleanup_free_ char *s = cgroup_text(dir, file);
	struct strv lines = {0};
	strv_split(&lines, s ? s : "", "\n");
	for (size_t i = 0; i < lines.n; i++) {
		char *sp = strchr(lines.v[i], ' ');
		if (!sp)
			continue;
		*sp = 0;
		if (only && !str_has_word(only, lines.v[i]))
			continue;
		_cleanup_free_ char *key = xasprintf("%s%s", prefix, lines.v[i]);
		kv_set(out, key, sp + 1);
	}
	strv_free(&lines);
}

/* Sums over all disks: v2 has "8:0 rbytes=1 wbytes=2 ...", v1 "8:0 Read 1". */
static void io(struct kv *out, int v2, int v1)
{
	char *s = v2 >= 0 ? cgroup_text(v2, "io.stat")
			  : cgroup_text(v1, "blkio.throttle.io_service_bytes_recursive");
	if (!s && v2 < 0)
		s = cgroup_text(v1, "blkio.throttle.io_service_bytes");
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
	if (s) {
		kv_setf(out, "io.rbytes", "%" PRIu64, r);
		kv_setf(out, "io.wbytes", "%" PRIu64, w);
	}
	free(s);
}

/* The group's directory in the v1 hierarchy of a controller; -1 when v1 does not have it. */
static int v1_dir(const char *path, const char *controller)
{
	const struct cgroup_hierarchy *h = cgroup_with(controller);
	return h && !h->v2 ? cgroup_dir(path, controller) : -1;
}

static void memory_v1(struct kv *out, int d)
{
	static const char *const stat[][2] = {{"total_rss", "anon"}, {"total_cache", "file"},
	    {"total_mapped_file", "file_mapped"}, {"total_inactive_file", "inactive_file"},
	    {"total_active_file", "active_file"}};
	struct kv all = {0};
	cgroup_stat_one(out, d, "memory.usage_in_bytes", "memory.current");
	cgroup_stat_one(out, d, "memory.max_usage_in_bytes", "memory.peak");
	_cleanup_free_ char *max = cgroup_stat_limit(d, "memory.limit_in_bytes");
	if (max)
		kv_set(out, "memory.max", max);
	flat(out, d, "memory.oom_control", "memory.events.", "oom_kill");
	flat(&all, d, "memory.stat", "", NULL);
	for (size_t i = 0; i < sizeof stat / sizeof stat[0]; i++) {
		const char *v = kv_get(&all, stat[i][0]);
		_cleanup_free_ char *key = xasprintf("memory.stat.%s", stat[i][1]);
		if (v)
			kv_set(out, key, v);
	}
	const char *swap = kv_get(&all, "total_swap");
	if (swap)
		kv_set(out, "memory.swap.current", swap);
	kv_free(&all);
}

static void memory_v2(struct kv *out, int d)
{
	cgroup_stat_one(out, d, "memory.current", "memory.current");
	cgroup_stat_one(out, d, "memory.peak", "memory.peak");
	cgroup_stat_one(out, d, "memory.max", "memory.max");
	cgroup_stat_one(out, d, "memory.swap.current", "memory.swap.current");
	flat(out, d, "memory.events", "memory.events.", NULL);
	flat(out, d, "memory.stat", "memory.stat.",
	    "anon file kernel slab inactive_file active_file file_mapped");
}

static void cpu_v1(struct kv *out, const char *path)
{
	static const char *const times[][2] = {{"cpuacct.usage", "cpu.usage_usec"},
	    {"cpuacct.usage_user", "cpu.user_usec"}, {"cpuacct.usage_sys", "cpu.system_usec"}};
	_cleanup_close_ int acct = v1_dir(path, "cpuacct"), cpu = v1_dir(path, "cpu");
	struct kv throttled = {0};
	for (size_t i = 0; i < 3; i++) {
		_cleanup_free_ char *ns = cgroup_text(acct, times[i][0]);
		micro(out, times[i][1], ns);
	}
	flat(out, cpu, "cpu.stat", "cpu.", "nr_periods nr_throttled");
	flat(&throttled, cpu, "cpu.stat", "", "throttled_time");
	micro(out, "cpu.throttled_usec", kv_get(&throttled, "throttled_time"));
	kv_free(&throttled);
}

int cgroup_stat(const char *path, struct kv *out)
{
	if (!cgroup_exists(path))
		return errno = ENOENT, fail("%s: no such group", path);
	_cleanup_close_ int v2 = cgroup_dir(path, ""), mem = v1_dir(path, "memory"),
			    blk = v1_dir(path, "blkio"), pids = v1_dir(path, "pids"),
			    cpu = v1_dir(path, "cpu");
	mem >= 0 ? memory_v1(out, mem) : memory_v2(out, v2);
	if (cpu >= 0)
		cpu_v1(out, path);
	else
		flat(out, v2, "cpu.stat", "cpu.", NULL);
	io(out, blk >= 0 ? -1 : v2, blk);
	cgroup_stat_one(out, pids >= 0 ? pids : v2, "pids.current", "pids.current");
	cgroup_stat_one(out, pids >= 0 ? pids : v2, "pids.max", "pids.max");
	static const char *const pressure[] = {"cpu.pressure", "memory.pressure", "io.pressure"};
	for (size_t i = 0; i < 3; i++) {
		_cleanup_free_ char *prefix = xasprintf("%s.", pressure[i]);
		flat(out, v2, pressure[i], prefix, NULL);
	}
	flat(out, v2, "cgroup.events", "cgroup.", NULL);
	return 0;
}

/* v1 has one file for each of the four rates: put together as the lines of io.max. */
static char *cgroup_stat_io_max(int d)
{
	static const char *const f[][2] = {{"rbps", "blkio.throttle.read_bps_device"},
	    {"wbps", "blkio.throttle.write_bps_device"},
	    {"riops", "blkio.throttle.read_iops_device"},
	    {"wiops", "blkio.throttle.write_iops_device"}};
	struct kv rate[4] = {0};
	struct strv disks = {0};
	struct buf b = {0};
	for (size_t k = 0; k < 4; k++) {
		flat(&rate[k], d, f[k][1], "", NULL);
		for (size_t i = 0; i < rate[k].keys.n; i++)
			if (!strv_has(&disks, rate[k].keys.v[i]))
				strv_add(&disks, rate[k].keys.v[i]);
	}
	for (size_t i = 0; i < disks.n; i++) {
		buf_printf(&b, "%s%s", i ? "\n" : "", disks.v[i]);
		for (size_t k = 0; k < 4; k++) {
			const char *v = kv_get(&rate[k], disks.v[i]);
			buf_printf(&b, " %s=%s", f[k][0], v ? v : "max");
		}
	}
	for (size_t k = 0; k < 4; k++)
		kv_free(&rate[k]);
	strv_free(&disks);
	return b.p ? b.p : xstrdup("");
}

/* The number in a file, converted. */
static char *weight(int d, const char *file, uint64_t (*convert)(uint64_t))
{
	_cleanup_free_ char *s = cgroup_text(d, file);
	const char *n = s && str_starts(s, "default ") ? s + 8 : s;
	return n && *n ? xasprintf("%" PRIu64, convert(strtoull(n, NULL, 10))) : NULL;
}

/* The value of a v1 file under its v2 key, for reading back. */
static char *v1_as_v2(int d, const char *key)
{
	static const char *const same[][2] = {{"memory.max", "memory.limit_in_bytes"},
	    {"memory.high", "memory.soft_limit_in_bytes"},
	    {"memory.current", "memory.usage_in_bytes"},
	    {"memory.peak", "memory.max_usage_in_bytes"}, {"cpu.max.burst", "cpu.cfs_burst_us"},
	    {"io.bfq.weight", "blkio.bfq.weight"}};
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		if (strcmp(key, same[i][0]) == 0)
			return cgroup_stat_limit(d, same[i][1]);
	/* No soft limit means no protection, which v2 shows as 0. */
	if (strcmp(key, "memory.low") == 0) {
		char *soft = cgroup_stat_limit(d, "memory.soft_limit_in_bytes");
		return str_eq(soft, "max") ? free(soft), xstrdup("0") : soft;
	}
	if (strcmp(key, "memory.swap.max") == 0) {
		_cleanup_free_ char *sw = cgroup_text(d, "memory.memsw.limit_in_bytes"),
				    *m = cgroup_text(d, "memory.limit_in_bytes");
		if (!sw || !m)
			return NULL;
		uint64_t a = strtoull(sw, NULL, 10), b = strtoull(m, NULL, 10);
		return a > CGROUP_UNLIMITED ? xstrdup("max") : xasprintf("%" PRIu64, a - b);
	}
	if (strcmp(key, "cpu.weight") == 0)
		return weight(d, "cpu.shares", cgroup_weight_of_shares);
	if (strcmp(key, "cpu.max") == 0) {
		_cleanup_free_ char *q = cgroup_text(d, "cpu.cfs_quota_us"),
				    *p = cgroup_text(d, "cpu.cfs_period_us");
		if (!q || !p)
			return NULL;
		return xasprintf("%s %s", q[0] == '-' ? "max" : q, p);
	}
	if (str_starts(key, "hugetlb.") && str_ends(key, ".max")) {
		_cleanup_free_ char *f =
		    xasprintf("%.*s.limit_in_bytes", (int)(strlen(key) - 4), key);
		return cgroup_stat_limit(d, f);
	}
	if (strcmp(key, "io.weight") == 0) {
		char *s = weight(d, "blkio.bfq.weight", cgroup_io_of_blkio);
		return s ? s : weight(d, "blkio.weight", cgroup_io_of_blkio);
	}
	return strcmp(key, "io.max") == 0 ? cgroup_stat_io_max(d) : cgroup_text(d, key);
}

char *cgroup_get(const char *path, const char *key)
{
	const char *c = cgroup_controller(key, false);
	if (!c || strchr(key, '/')) {
		errno = EINVAL;
		fail("'%s' is not a key (CONTROLLER.KEY)", key);
		return NULL;
	}
	if (!cgroup_exists(path)) {
		errno = ENOENT;
		fail("%s: no such group", path);
		return NULL;
	}
	_cleanup_close_ int d = v1_dir(path, c), v2 = cgroup_dir(path, "");
	char *s = d >= 0 ? v1_as_v2(d, key) : NULL;
	if (!s)
		s = cgroup_stat_limit(v2, key);
	if (!s && strcmp(key, "io.weight") == 0)
		s = weight(v2, "io.bfq.weight", cgroup_io_of_blkio);
	if (!s && strcmp(key, "cpu.shares") == 0)
		s = weight(v2, "cpu.weight", cgroup_shares_of_weight);
	if (!s) {
		const char *config = cgroup_config(key, true);
		fail("%s: %s: no such setting here%s%s%s", path, key, config ? " (CONFIG_" : "",
		    config ? config : "", config ? ")" : "");
	}
	return s;
}
