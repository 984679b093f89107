/* cgroup_keys.c: cgroup v2's keys in terms of a v1 hierarchy, and the kernel option that each
 * needs; see cgroup.h. The conversions are those of runc and crun. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "err.h"

/* The binary logarithm of x >= 1, bit by bit: libm's would add several KiB. */
static double lg(double x)
{
	double l = 0, bit = 1;
	for (; x >= 2; x /= 2)
		l++;
	for (int i = 0; i < 45; i++) {
		x *= x;
		bit /= 2;
		if (x >= 2) {
			x /= 2;
			l += bit;
		}
	}
	return l;
}

static uint64_t clamp(uint64_t n, uint64_t least, uint64_t most)
{
	if (n < least)
		return least;
	return n > most ? most : n;
}

/* v1's cpu.shares are 2..262144 (default 1024) and v2's cpu.weight 1..10000 (default 100): runc 1.4
 * and crun 1.23 fit a curve through both ends and the default, ceil(10^((l*l + 125*l)/612 - 7/34))
 * where l = log2(shares). (Earlier versions used a line through the ends, which turned the default
 * of 1024 shares into a weight of 39.) */
uint64_t cgroup_weight_of_shares(uint64_t shares)
{
	shares = clamp(shares, 2, 262144);
	double l = lg((double)shares),
	       want = ((l * l + 125 * l) / 612 - 7.0 / 34) * 3.3219280948873623;
	uint64_t lo = 1, hi = 10000;
	while (lo < hi) {
		uint64_t mid = (lo + hi) / 2;
		if (lg((double)mid) >= want - 1e-9)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* The largest number of shares that has this weight. */
uint64_t cgroup_shares_of_weight(uint64_t weight)
{
	uint64_t lo = 2, hi = 262144;
	while (lo < hi) {
		uint64_t mid = (lo + hi + 1) / 2;
		if (cgroup_weight_of_shares(mid) <= weight)
			lo = mid;
		else
			hi = mid - 1;
	}
	return lo;
}

/* v1's blkio weights are 10..1000 and v2's io.weight is 1..10000: a linear conversion. */
uint64_t cgroup_io_of_blkio(uint64_t weight)
{
	weight = clamp(weight, 10, 1000);
	return 1 + (weight - 10) * 9999 / 990;
}

uint64_t cgroup_blkio_of_io(uint64_t weight)
{
	weight = clamp(weight, 1, 10000);
	return 10 + ((weight - 1) * 990 + 9998) / 9999;
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

const char *cgroup_config(const char *file, bool whole)
{
	static const char *const t[][2] = {{"cpu.max", "CFS_BANDWIDTH"},
	    {"cpu.cfs", "CFS_BANDWIDTH"}, {"cpu.pressure", "PSI"}, {"cpu.", "FAIR_GROUP_SCHED"},
	    {"cpuset.", "CPUSETS"}, {"cpuacct.", "CGROUP_CPUACCT"}, {"memory.swap", "SWAP"},
	    {"memory.memsw", "SWAP, and swapaccount=1"}, {"memory.", "MEMCG"},
	    {"pids.", "CGROUP_PIDS"},
	    {"io.weight", "BLK_CGROUP_IOCOST or CONFIG_BFQ_GROUP_IOSCHED"},
	    {"blkio.bfq", "BFQ_GROUP_IOSCHED"}, {"blkio.weight", "BFQ_GROUP_IOSCHED"},
	    {"io.max", "BLK_DEV_THROTTLING"}, {"blkio.throttle", "BLK_DEV_THROTTLING"},
	    {"io.", "BLK_CGROUP"}, {"blkio.", "BLK_CGROUP"}, {"hugetlb.", "CGROUP_HUGETLB"},
	    {"devices.", "CGROUP_DEVICE"}, {"freezer.", "CGROUP_FREEZER"}, {"rdma.", "CGROUP_RDMA"},
	    {"misc.", "CGROUP_MISC"}};
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (str_starts(file, t[i][0]))
			return whole || strcspn(t[i][0], ".") + 1 < strlen(t[i][0]) ? t[i][1]
										    : NULL;
	return NULL;
}

static int cgroup_keys_add(
    struct cgroup_write *w, const char *controller, const char *file, char *value)
{
	*w = (struct cgroup_write){xstrdup(controller), xstrdup(file), value};
	return 1;
}

static char *cgroup_keys_text(uint64_t n)
{
	return xasprintf("%" PRIu64, n);
}

/* "max" or a size; *max says which it is. */
static int cgroup_keys_amount(const char *key, const char *value, uint64_t *n, bool *max)
{
	*max = strcmp(value, "max") == 0;
	*n = UINT64_MAX;
	return *max ? 0 : size_parse(key, value, n);
}

static bool is_size(const char *key)
{
	static const char *const ends[] = {".max", ".high", ".low", ".min"};
	if (!str_starts(key, "memory.") && !str_starts(key, "hugetlb."))
		return false;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (str_ends(key, ends[i]))
			return true;
	return false;
}

static int size(const char *key, const char *value, bool v2, struct cgroup_write *out)
{
	static const char *const renamed[][2] = {{"memory.max", "memory.limit_in_bytes"},
	    {"memory.high", "memory.soft_limit_in_bytes"},
	    {"memory.low", "memory.soft_limit_in_bytes"},
	    {"memory.swap.max", "memory.memsw.limit_in_bytes"}};
	const char *c = cgroup_controller(key, v2), *file = key;
	_cleanup_free_ char *huge = NULL;
	uint64_t n;
	bool max;
	if (cgroup_keys_amount(key, value, &n, &max) < 0)
		return -1;
	for (size_t i = 0; !v2 && i < sizeof renamed / sizeof renamed[0]; i++)
		if (strcmp(key, renamed[i][0]) == 0)
			file = renamed[i][1];
	if (!v2 && *key == 'h')
		file = huge = xasprintf("%.*s.limit_in_bytes", (int)(strlen(key) - 4), key);
	const char *most = v2 ? "max" : "-1";
	return cgroup_keys_add(out, c, file, max ? xstrdup(most) : cgroup_keys_text(n));
}

/* cpu.max: "QUOTA|max [PERIOD]". */
static int cpu_max(const char *value, bool v2, struct cgroup_write *out)
{
	struct strv f = {0};
	int64_t quota = -1, period = 100000;
	strv_split(&f, value, " ");
	int r = f.n < 1 || f.n > 2 ? fail("cpu.max: '%s' is not QUOTA|max [PERIOD]", value) : 0;
	if (r == 0 && strcmp(f.v[0], "max") != 0)
		r = num_parse("cpu.max", f.v[0], 1000, INT64_MAX / 1000, &quota);
	if (r == 0 && f.n == 2)
		r = num_parse("cpu.max", f.v[1], 1000, 1000000, &period);
	strv_free(&f);
	if (r < 0)
		return -1;
	if (v2)
		return cgroup_keys_add(out, "cpu", "cpu.max",
		    quota < 0 ? xasprintf("max %" PRId64, period)
			      : xasprintf("%" PRId64 " %" PRId64, quota, period));
	/* With the quota switched off for a moment, no order of old and new quota and period is
	 * refused. */
	cgroup_keys_add(&out[0], "cpu", "cpu.cfs_quota_us", xstrdup("-1"));
	cgroup_keys_add(&out[1], "cpu", "cpu.cfs_period_us", xasprintf("%" PRId64, period));
	return 2 +
	       cgroup_keys_add(&out[2], "cpu", "cpu.cfs_quota_us", xasprintf("%" PRId64, quota));
}

static int cpu_share(const char *key, const char *value, bool v2, struct cgroup_write *out)
{
	bool weight = strcmp(key, "cpu.weight") == 0;
	int64_t n;
	if (num_parse(key, value, weight ? 1 : 2, weight ? 10000 : 262144, &n) < 0)
		return -1;
	uint64_t u = (uint64_t)n;
	if (weight != v2)
		u = weight ? cgroup_shares_of_weight(u) : cgroup_weight_of_shares(u);
	return cgroup_keys_add(out, "cpu", v2 ? "cpu.weight" : "cpu.shares", cgroup_keys_text(u));
}

/* "[default] N" or "MAJ:MIN N". io.bfq.weight has v1's range. */
static int io_weight(const char *key, const char *value, bool v2, struct cgroup_write *out)
{
	struct strv f = {0};
	int64_t n;
	bool bfq = key[3] == 'b';
	int64_t most = bfq ? 1000 : 10000;
	strv_split(&f, value, " ");
	const char *dev = f.n == 2 && strcmp(f.v[0], "default") != 0 ? f.v[0] : NULL;
	int r = f.n < 1 || f.n > 2 || (dev && !strchr(dev, ':'))
		    ? fail("%s: '%s' is not [default|MAJOR:MINOR] WEIGHT", key, value)
		    : num_parse(key, f.v[f.n - 1], 1, most, &n);
	if (r == 0) {
		uint64_t w = v2 || bfq ? (uint64_t)n : cgroup_blkio_of_io((uint64_t)n);
		const char *v1 = dev ? "blkio.bfq.weight_device" : "blkio.bfq.weight";
		cgroup_keys_add(out, cgroup_controller(key, v2), v2 ? key : v1,
		    dev ? xasprintf("%s %" PRIu64, dev, w) : cgroup_keys_text(w));
	}
	strv_free(&f);
	return r < 0 ? r : 1;
}

/* "MAJ:MIN rbps=N wbps=max riops=.. wiops=..": one line on v2, one blkio.throttle file for each of
 * them on v1. */
static int cgroup_keys_io_max(const char *value, bool v2, struct cgroup_write *out)
{
	static const char *const files[][2] = {{"rbps=", "blkio.throttle.read_bps_device"},
	    {"wbps=", "blkio.throttle.write_bps_device"},
	    {"riops=", "blkio.throttle.read_iops_device"},
	    {"wiops=", "blkio.throttle.write_iops_device"}};
	struct strv f = {0};
	struct buf line = {0};
	strv_split(&f, value, " ");
	int n = 0;
	if (f.n < 2 || f.n > 5 || !strchr(f.v[0], ':'))
		n = fail(
		    "io.max: '%s' is not MAJOR:MINOR and some of rbps= wbps= riops= wiops=", value);
	else
		buf_puts(&line, f.v[0]);
	for (size_t i = 1; n >= 0 && i < f.n; i++) {
		size_t k = 0;
		uint64_t rate;
		bool max;
		while (k < 4 && !str_starts(f.v[i], files[k][0]))
			k++;
		if (k == 4 ||
		    cgroup_keys_amount("io.max", f.v[i] + strlen(files[k][0]), &rate, &max) < 0)
			n = k == 4
				? fail("io.max: '%s' is not rbps=, wbps=, riops= or wiops=", f.v[i])
				: -1;
		else if (!v2)
			n += cgroup_keys_add(&out[n], "blkio", files[k][1],
			    xasprintf("%s %" PRIu64, f.v[0], max ? 0 : rate));
		else if (max)
			buf_printf(&line, " %smax", files[k][0]);
		else
			buf_printf(&line, " %s%" PRIu64, files[k][0], rate);
	}
	if (n >= 0 && v2)
		n = cgroup_keys_add(out, "io", "io.max", xstrdup(line.p));
	buf_free(&line);
	strv_free(&f);
	return n;
}

static int translate(const char *key, const char *value, bool v2, struct cgroup_write *out)
{
	int64_t n;
	if (is_size(key))
		return size(key, value, v2, out);
	if (strcmp(key, "cpu.max") == 0)
		return cpu_max(value, v2, out);
	if (strcmp(key, "cpu.weight") == 0 || strcmp(key, "cpu.shares") == 0)
		return cpu_share(key, value, v2, out);
	if (strcmp(key, "io.weight") == 0 || strcmp(key, "io.bfq.weight") == 0)
		return io_weight(key, value, v2, out);
	if (strcmp(key, "io.max") == 0)
		return cgroup_keys_io_max(value, v2, out);
	if (strcmp(key, "pids.max") == 0 && strcmp(value, "max") != 0 &&
	    num_parse(key, value, 0, 4194304, &n) < 0)
		return -1;
	return cgroup_keys_add(out, cgroup_controller(key, v2),
	    !v2 && strcmp(key, "cpu.max.burst") == 0 ? "cpu.cfs_burst_us" : key,
	    xstrdup(value)); /* cpuset.*, pids.max, and v1's own names */
}

int cgroup_translate(
    const char *key, const char *value, bool v2, struct cgroup_write out[CGROUP_WRITES])
{
	memset(out, 0, CGROUP_WRITES * sizeof *out);
	if (!cgroup_controller(key, v2) || strchr(key, '/') || strpbrk(value, "\n") || !*value) {
		errno = EINVAL;
		return fail("'%s=%s' is not CONTROLLER.KEY=VALUE", key, value);
	}
	int n = translate(key, value, v2, out);
	if (n < 0) {
		for (int i = 0; i < CGROUP_WRITES; i++) {
			free(out[i].controller);
			free(out[i].file);
			free(out[i].value);
		}
		errno = EINVAL;
	}
	return n;
}
