/* limit_flags.c: docker run's limit flags as cgroup v2 settings; see limit_flags.h. The conversions
 * are runc's. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cgroup.h"
#include "err.h"
#include "limit_flags.h"

static int limit_flags_memory(const struct resource_flags *f, struct strv *out)
{
	uint64_t max = 0, total, low;
	if (f->memory) {
		if (size_parse("--memory", f->memory, &max) < 0)
			return -1;
		if (max < (f->change ? 1 << 18 : 4096))
			return errno = ERANGE,
			       fail("--memory: %s is less than %s: is %.*sm meant?", f->memory,
				   max < 4096 ? "a page" : "a process needs",
				   (int)strspn(f->memory, "0123456789."), f->memory);
		strv_addf(out, "memory.max=%" PRIu64, max);
	}
	if (f->memory_reservation) {
		if (size_parse("--memory-reservation", f->memory_reservation, &low) < 0)
			return -1;
		if (max && low > max)
			return errno = ERANGE, fail("--memory-reservation: %s is above --memory",
						   f->memory_reservation);
		strv_addf(out, "memory.low=%" PRIu64, low);
	}
	if (!f->memory_swap) {
		if (f->memory && !f->change && !strv_getenv(&f->raw, "memory.swap.max"))
			strv_addf(out, "memory.swap.max=%" PRIu64,
			    max); /* as docker: the same amount of swap again */
		return 0;
	}
	if (strcmp(f->memory_swap, "-1") == 0)
		return strv_add(out, "memory.swap.max=max"), 0;
	if (size_parse("--memory-swap", f->memory_swap, &total) < 0)
		return -1;
	if (!max || total < max)
		return errno = EINVAL, fail("--memory-swap: %s is memory and swap together, so it "
					    "needs --memory below it",
					   f->memory_swap);
	strv_addf(out, "memory.swap.max=%" PRIu64, total - max);
	return 0;
}

/* "1.5" processors are 150000 out of every 100000 microseconds. */
static int cpus(const char *s, int64_t period, struct strv *out)
{
	int64_t quota = 0, place = period, digits = 0;
	const char *p = s;
	for (; *p >= '0' && *p <= '9' && quota <= 8192 * period; p++, digits++)
		quota = quota * 10 + (*p - '0') * period;
	p += *p == '.';
	for (; *p >= '0' && *p <= '9'; p++, digits++)
		quota += (*p - '0') * (place /= 10);
	if (!*p && digits && !quota) /* 0.0 */
		return 0;
	if (*p || !digits || quota < period / 100 || quota > 8192 * period)
		return errno = EINVAL,
		       fail("--cpus: '%s' is not a number of processors (0.01 to 8192)", s);
	strv_addf(out, "cpu.max=%" PRId64 " %" PRId64, quota, period);
	return 0;
}

#ifdef CTR_MINIMAL /* there the start tells */
#define cpuset_check(key, list) 0
#else
/* A list as 0-2,5; the kernel refuses what else is wrong with it. */
static int cpuset_check(const char *key, const char *list)
{
	char *end;
	_cleanup_free_ char *have = cgroup_online(key);
	size_t n = have ? strlen(have) : 0; /* what it ends with is the highest */
	while (n && have[n - 1] >= '0')
		n--;
	for (const char *p = list; have && *p; p = end + (*end == '-' || *end == ','))
		if (strtoul(p, &end, 10) > strtoul(have + n, NULL, 10) || end == p)
			return errno = EINVAL, fail("%s=%s: %m (%s)", key, list, have);
	return 0;
}
#endif

static int cpuset(const char *key, const char *list, struct strv *out)
{
	if (!list || !*list)
		return 0;
	strv_addf(out, "%s=%s", key, list);
	return cpuset_check(key, list);
}

static int limit_flags_cpu(const struct resource_flags *f, struct strv *out)
{
	int64_t period = 100000, quota, n;
	if (f->cpu_period && num_parse("--cpu-period", f->cpu_period, 1000, 1000000, &period) < 0)
		return -1;
	if (f->cpus && f->cpu_quota)
		return errno = EINVAL, fail("--cpus and --cpu-quota say the same: give one");
	if (f->cpus && cpus(f->cpus, period, out) < 0)
		return -1;
	if (f->cpu_quota) {
		if (num_parse("--cpu-quota", f->cpu_quota, -1, INT64_MAX, &quota) < 0)
			return -1;
		if (quota >= 0 && quota < 1000)
			return errno = ERANGE, fail("--cpu-quota: at least 1000 microseconds");
		if (quota < 0)
			strv_addf(out, "cpu.max=max %" PRId64, period);
		else
			strv_addf(out, "cpu.max=%" PRId64 " %" PRId64, quota, period);
	} else if (f->cpu_period && !f->cpus) {
		strv_addf(out, "cpu.max=max %" PRId64, period);
	}
	if (f->cpu_shares) {
		if (num_parse("--cpu-shares", f->cpu_shares, 2, 262144, &n) < 0)
			return -1;
		strv_addf(out, "cpu.shares=%" PRId64,
		    n); /* v1's own number: exact on v1, converted on v2 */
	}
	return cpuset("cpuset.cpus", f->cpuset_cpus, out) < 0
		   ? -1
		   : cpuset("cpuset.mems", f->cpuset_mems, out);
}

/* "/dev/sda:1m" as "io.max=8:0 rbps=1048576". */
static int rates(const char *flag, const char *key, const struct strv *l, struct strv *out)
{
	for (size_t i = 0; i < l->n; i++) {
		const char *colon = strrchr(l->v[i], ':');
		struct stat st;
		uint64_t rate;
		if (!colon || colon == l->v[i])
			return errno = EINVAL,
			       fail("--%s: '%s' is not DEV:RATE (/dev/sda:1m, say)", flag, l->v[i]);
		_cleanup_free_ char *dev = xstrndup(l->v[i], (size_t)(colon - l->v[i]));
		if (stat(dev, &st) < 0)
			return fail("--%s: %s: %m", flag, dev);
		if (!S_ISBLK(st.st_mode))
			return errno = ENOTBLK, fail("--%s: %s: %m", flag, dev);
		if (size_parse(flag, colon + 1, &rate) < 0)
			return -1;
		strv_addf(out, "io.max=%u:%u %s=%" PRIu64, major(st.st_rdev), minor(st.st_rdev),
		    key, rate);
	}
	return 0;
}

int resources_from_flags(const struct resource_flags *given, struct strv *out)
{
	struct resource_flags own = *given, *f = &own;
	/* 0 of these is no limit; `out` lifts one where there may be one. */
	const char **none[] = {&own.memory, &own.cpus, &own.memory_swap, &own.cpu_shares,
	    &own.cpu_period, &own.cpu_quota, &own.blkio_weight};
	static const char *const lifted[] = {"memory.max=max", "cpu.max=max"};
	int64_t n;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		if (!str_eq(*none[i], "0"))
			continue;
		*none[i] = NULL;
		if (f->change && i < 2)
			strv_add(out, lifted[i]);
	}
	if (limit_flags_memory(f, out) < 0 || limit_flags_cpu(f, out) < 0)
		return -1;
	if (f->pids_limit) {
		if (num_parse("--pids-limit", f->pids_limit, -1, 4194304, &n) < 0)
			return -1;
		if (n > 0)
			strv_addf(out, "pids.max=%" PRId64, n);
		else
			strv_add(out, "pids.max=max");
	}
	if (f->blkio_weight) {
		if (num_parse("--blkio-weight", f->blkio_weight, 10, 1000, &n) < 0)
			return -1;
		strv_addf(out, "io.bfq.weight=%" PRId64, n);
	}
	if (rates("device-read-bps", "rbps", &f->read_bps, out) < 0 ||
	    rates("device-write-bps", "wbps", &f->write_bps, out) < 0 ||
	    rates("device-read-iops", "riops", &f->read_iops, out) < 0 ||
	    rates("device-write-iops", "wiops", &f->write_iops, out) < 0)
		return -1;
	for (size_t i = 0; i < f->raw.n; i++) {
		const char *eq = strchr(f->raw.v[i], '=');
		if (!eq || eq == f->raw.v[i])
			return errno = EINVAL, fail("--cgroup: '%s' is not KEY=VALUE", f->raw.v[i]);
		strv_add(out, f->raw.v[i]);
	}
	return 0;
}
