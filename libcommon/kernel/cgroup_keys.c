/* cgroup_keys.c: cgroup v2's keys in a v1 hierarchy's terms; see cgroup.h. The conversions are runc's and crun's. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "err.h"

/* OCI's cpu.shares 2..262144 and v2's cpu.weight 1..10000, one to one at the ends (runtime-spec, config-linux.md). */
uint64_t cgroup_weight_of_shares(uint64_t shares)
{
	shares = shares < 2 ? 2 : shares > 262144 ? 262144 : shares;
	return 1 + (shares - 2) * 9999 / 262142;
}

uint64_t cgroup_shares_of_weight(uint64_t weight)
{
	weight = weight < 1 ? 1 : weight > 10000 ? 10000 : weight;
	return 2 + (weight - 1) * 262142 / 9999;
}

const char *cgroup_controller(const char *key, bool v2)
{
	static char name[32];
	size_t n = strcspn(key, ".");
	if (!key[n] || n == 0 || n >= sizeof name)
		return NULL;
	snprintf(name, sizeof name, "%.*s", (int)n, key);
	if (!v2 && strcmp(name, "io") == 0)
		return "blkio";
	return name;
}

static int add(struct cgroup_write *w, const char *controller, const char *file, char *value)
{
	*w = (struct cgroup_write){xstrdup(controller), xstrdup(file), value};
	return 1;
}

/* "max" or a size; *max says which. */
static int amount(const char *key, const char *value, uint64_t *n, bool *max)
{
	*max = strcmp(value, "max") == 0;
	*n = UINT64_MAX;
	return *max ? 0 : size_parse(key, value, n);
}

static bool is_size(const char *key)
{
	return (str_starts(key, "memory.") || str_starts(key, "hugetlb.")) && !strstr(key, "oom.group") &&
	       !strstr(key, "swappiness");
}

/* cpu.max: "QUOTA|max [PERIOD]". */
static int cpu_max(const char *value, int64_t *quota, int64_t *period)
{
	struct strv f = {0};
	strv_split(&f, value, " ");
	*period = 100000;
	int r = f.n < 1 || f.n > 2 ? fail("cpu.max: '%s' is not QUOTA|max [PERIOD]", value) : 0;
	*quota = -1;
	if (r == 0 && strcmp(f.v[0], "max") != 0)
		r = num_parse("cpu.max", f.v[0], 1000, INT64_MAX, quota);
	if (r == 0 && f.n == 2)
		r = num_parse("cpu.max", f.v[1], 1000, 1000000, period);
	strv_free(&f);
	return r;
}

/* "MAJ:MIN rbps=N wbps=max riops=.. wiops=.." as one blkio.throttle file: a write for the first of them; further ones
 * are further settings, which the caller splits. */
static int io_max(const char *value, struct cgroup_write out[3])
{
	static const char *const files[][2] = {{"rbps=", "blkio.throttle.read_bps_device"},
	    {"wbps=", "blkio.throttle.write_bps_device"}, {"riops=", "blkio.throttle.read_iops_device"},
	    {"wiops=", "blkio.throttle.write_iops_device"}};
	struct strv f = {0};
	strv_split(&f, value, " ");
	int n = 0;
	if (f.n < 2 || f.n > 4 || !strchr(f.v[0], ':'))
		n = fail("io.max: '%s' is not MAJOR:MINOR and one to three of rbps= wbps= riops= wiops=", value);
	for (size_t i = 1; n >= 0 && i < f.n; i++) {
		size_t k = 0;
		uint64_t rate;
		bool max;
		while (k < 4 && !str_starts(f.v[i], files[k][0]))
			k++;
		if (k == 4 || amount("io.max", f.v[i] + strlen(files[k][0]), &rate, &max) < 0)
			n = k == 4 ? fail("io.max: '%s' is not rbps=, wbps=, riops= or wiops=", f.v[i]) : -1;
		else
			n += add(&out[n], "blkio", files[k][1], xasprintf("%s %" PRIu64, f.v[0], max ? 0 : rate));
	}
	strv_free(&f);
	return n;
}

static int to_v1(const char *key, const char *value, struct cgroup_write out[3])
{
	static const char *const renamed[][2] = {{"memory.max", "memory.limit_in_bytes"},
	    {"memory.high", "memory.soft_limit_in_bytes"}, {"memory.low", "memory.soft_limit_in_bytes"},
	    {"memory.swap.max", "memory.memsw.limit_in_bytes"}};
	uint64_t n;
	int64_t q, p;
	bool max;
	for (size_t i = 0; i < sizeof renamed / sizeof renamed[0]; i++) {
		if (strcmp(key, renamed[i][0]) != 0)
			continue;
		if (amount(key, value, &n, &max) < 0)
			return -1;
		return add(out, "memory", renamed[i][1], max ? xstrdup("-1") : xasprintf("%" PRIu64, n));
	}
	if (strcmp(key, "cpu.weight") == 0) {
		if (num_parse(key, value, 1, 10000, &q) < 0)
			return -1;
		return add(out, "cpu", "cpu.shares", xasprintf("%" PRIu64, cgroup_shares_of_weight((uint64_t)q)));
	}
	if (strcmp(key, "cpu.max") == 0) {
		if (cpu_max(value, &q, &p) < 0)
			return -1;
		/* Period first where the quota shrinks: both orders are legal at every moment once the quota is off. */
		add(&out[0], "cpu", "cpu.cfs_quota_us", xstrdup("-1"));
		add(&out[1], "cpu", "cpu.cfs_period_us", xasprintf("%" PRId64, p));
		return 2 + add(&out[2], "cpu", "cpu.cfs_quota_us", xasprintf("%" PRId64, q));
	}
	if (strcmp(key, "io.weight") == 0) {
		const char *w = str_starts(value, "default ") ? value + 8 : value;
		if (num_parse(key, w, 1, 10000, &q) < 0)
			return -1;
		return add(
		    out, "blkio", "blkio.bfq.weight", xasprintf("%" PRId64, q > 1000 ? 1 + (q - 1) * 999 / 9999 : q));
	}
	if (strcmp(key, "io.max") == 0)
		return io_max(value, out);
	if (str_starts(key, "hugetlb.") && str_ends(key, ".max")) {
		if (amount(key, value, &n, &max) < 0)
			return -1;
		_cleanup_free_ char *file = xasprintf("%.*s.limit_in_bytes", (int)(strlen(key) - 4), key);
		return add(out, "hugetlb", file, max ? xstrdup("-1") : xasprintf("%" PRIu64, n));
	}
	const char *c = cgroup_controller(key, false);
	return add(out, c, key, xstrdup(value)); /* cpuset.*, pids.max, and v1's own names */
}

static int to_v2(const char *key, const char *value, struct cgroup_write out[3])
{
	uint64_t n;
	int64_t q, p;
	bool max;
	if (is_size(key) && value[0] >= '0' && value[0] <= '9') {
		if (amount(key, value, &n, &max) < 0)
			return -1;
		return add(out, cgroup_controller(key, true), key, xasprintf("%" PRIu64, n));
	}
	if (strcmp(key, "cpu.max") == 0) {
		if (cpu_max(value, &q, &p) < 0)
			return -1;
		return add(
		    out, "cpu", key, q < 0 ? xasprintf("max %" PRId64, p) : xasprintf("%" PRId64 " %" PRId64, q, p));
	}
	return add(out, cgroup_controller(key, true), key, xstrdup(value));
}

int cgroup_translate(const char *key, const char *value, bool v2, struct cgroup_write out[3])
{
	memset(out, 0, 3 * sizeof *out);
	if (!cgroup_controller(key, v2) || strchr(key, '/') || strpbrk(value, "\n") || !*value) {
		errno = EINVAL;
		return fail("'%s=%s' is not CONTROLLER.KEY=VALUE", key, value);
	}
	int n = v2 ? to_v2(key, value, out) : to_v1(key, value, out);
	if (n < 0) {
		for (int i = 0; i < 3; i++) {
			free(out[i].controller);
			free(out[i].file);
			free(out[i].value);
		}
		errno = EINVAL;
	}
	return n;
}
