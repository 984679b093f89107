/* spec_read_resources.c: linux.resources into settings in cgroup v2's vocabulary (cgroup.h), or
 * under a v1 file's own name where v2 has none; see spec_read.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "err.h"
#include "spec_names.h"

static int device_rules(struct spec *s, const json_t *res)
{
	json_t *l = NULL;
	if (jget_arr(spec_doc, res, "linux.resources", "devices", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80], *access = NULL;
		struct device_rule r = {.type = 'a', .major = -1, .minor = -1};
		const json_t *o = spec_item(l, i, "linux.resources.devices", at);
		if (!o || jget_bool(spec_doc, o, at, "allow", &r.allow) < 0 ||
		    spec_device(o, at, &r.type, &r.major, &r.minor) < 0 ||
		    jget_str(spec_doc, o, at, "access", &access) < 0)
			return free(access), -1;
		const char *a = access && *access ? access : "rwm";
		if (r.type == 'a' &&
		    strchr(a, 'a')) /* for a rule about all devices v1 does not read the access, and
				       neither does runc; else 'a' is none of the letters */
			a = "rwm";
		if (strlen(a) > 3 || strspn(a, "rwma") != strlen(a)) {
			jwrong(spec_doc, at, "access", "'%s' is not made of r, w and m", a);
			return free(access), -1;
		}
		char of[4] = "";
		for (; *a; a++)
			if (*a != 'a')
				of[strlen(of)] = *a;
		device_rule_add(s, r.allow, r.type, r.major, r.minor, of);
		free(access);
	}
	return 0;
}

static void set_num(struct spec *s, const char *key, int64_t n)
{
	if (n < 0)
		strv_addf(&s->resources, "%s=max", key);
	else
		strv_addf(&s->resources, "%s=%" PRId64, key, n);
}

static int memory_more(struct spec *s, const json_t *m);

static int spec_read_resources_memory(struct spec *s, const json_t *res)
{
	json_t *m = NULL;
	const char *at = "linux.resources.memory";
	int64_t max = 0, low, swap;
	if (jget_obj(spec_doc, res, "linux.resources", "memory", &m) <= 0)
		return spec_absent(res, "memory");
	int has_max = jget_int(spec_doc, m, at, "limit", -1, INT64_MAX, &max),
	    has_low = jget_int(spec_doc, m, at, "reservation", -1, INT64_MAX, &low),
	    has_swap = jget_int(spec_doc, m, at, "swap", -1, INT64_MAX, &swap);
	if (has_max < 0 || has_low < 0 || has_swap < 0)
		return -1;
	if (max) /* 0: not set, as in runc */
		set_num(s, "memory.max", max);
	if (has_low && low >= 0)
		set_num(s, "memory.low", low);
	if (has_swap && swap > 0 && (max <= 0 || swap < max))
		return jwrong(spec_doc, at, "swap",
		    "is memory and swap together, so it must not be below limit");
	if (has_swap && swap)
		set_num(s, "memory.swap.max", swap < 0 ? -1 : swap - max);
	return memory_more(s, m);
}

/* A key of one hierarchy's own, as it stands there: the other refuses it with its name. With `min`
 * above 0, 0 and -1 say that it is not set, as in runc. 0, or -1 with fail(). */
static int raw(struct spec *s, const json_t *o, const char *at, const char *key, int64_t min,
    int64_t max, const char *file)
{
	int64_t n;
	int r = jget_int(spec_doc, o, at, key, min > 0 ? -1 : min, max, &n);
	if (r == 1 && n >= min)
		strv_addf(&s->resources, "%s=%" PRId64, file, n);
	return r < 0 ? -1 : 0;
}

static int memory_more(struct spec *s, const json_t *m)
{
	const char *at = "linux.resources.memory";
	bool no_killer = false, hierarchy = true;
	int64_t kernel = -1;
	if (raw(s, m, at, "swappiness", 0, 100, "memory.swappiness") < 0 ||
	    raw(s, m, at, "kernelTCP", 1, INT64_MAX, "memory.kmem.tcp.limit_in_bytes") < 0 ||
	    jget_int(spec_doc, m, at, "kernel", -1, INT64_MAX, &kernel) < 0 ||
	    jget_bool(spec_doc, m, at, "disableOOMKiller", &no_killer) < 0 ||
	    jget_bool(spec_doc, m, at, "useHierarchy", &hierarchy) < 0 ||
	    jget_bool(spec_doc, m, at, "checkBeforeUpdate", &s->check_before_update) < 0)
		return -1;
	/* Kernels since 5.16 have no limit of kernel memory alone, and since 5.11 none lets
	 * use_hierarchy be switched off. */
	if (kernel > 0 || !hierarchy)
		warn("%s: %s.%s: not in effect: kernel memory and child groups count to limit",
		    spec_doc->what, at, hierarchy ? "kernel" : "useHierarchy");
	if (no_killer)
		strv_add(&s->resources, "memory.oom_control=1");
	return 0;
}

static int cpu_more(struct spec *s, const json_t *m, int64_t quota)
{
	const char *at = "linux.resources.cpu";
	/* The period is set before the runtime, because the kernel refuses a runtime that is
	 * longer. */
	return raw(s, m, at, "burst", 0, quota, "cpu.max.burst") < 0 ||
		       raw(s, m, at, "realtimePeriod", 1, INT64_MAX, "cpu.rt_period_us") < 0 ||
		       raw(s, m, at, "realtimeRuntime", -1, INT64_MAX, "cpu.rt_runtime_us") < 0 ||
		       raw(s, m, at, "idle", 0, 1, "cpu.idle") < 0
		   ? -1
		   : 0;
}

static int spec_read_resources_cpu(struct spec *s, const json_t *res)
{
	json_t *m = NULL;
	const char *at = "linux.resources.cpu";
	int64_t shares, quota = -1, period = 100000;
	_cleanup_free_ char *cpus = NULL, *mems = NULL;
	if (jget_obj(spec_doc, res, "linux.resources", "cpu", &m) <= 0)
		return spec_absent(res, "cpu");
	int has_shares = jget_int(spec_doc, m, at, "shares", 0, INT64_MAX, &shares),
	    has_quota = jget_int(spec_doc, m, at, "quota", -1, INT64_MAX, &quota),
	    has_period = jget_int(spec_doc, m, at, "period", 0, INT64_MAX, &period);
	if (has_shares < 0 || has_quota < 0 || has_period < 0 ||
	    jget_str(spec_doc, m, at, "cpus", &cpus) < 0 ||
	    jget_str(spec_doc, m, at, "mems", &mems) < 0)
		return -1;
	if (has_shares && shares) {
		int64_t least = shares < 2 ? 2 : shares;
		set_num(s, "cpu.shares", least > 262144 ? 262144 : least);
	}
	s->cpu_quota = has_quota && quota;
	s->cpu_period = has_period && period;
	if (has_quota && quota > 0)
		strv_addf(
		    &s->resources, "cpu.max=%" PRId64 " %" PRId64, quota, period ? period : 100000);
	else if (s->cpu_quota || s->cpu_period)
		strv_addf(&s->resources, "cpu.max=max %" PRId64, period ? period : 100000);
	if (cpus && *cpus)
		strv_addf(&s->resources, "cpuset.cpus=%s", cpus);
	if (mems && *mems)
		strv_addf(&s->resources, "cpuset.mems=%s", mems);
	return cpu_more(s, m, has_quota == 1 && quota > 0 ? quota : INT64_MAX);
}

static int throttle(struct spec *s, const json_t *io, const char *key, const char *word)
{
	json_t *l = NULL;
	char list[64];
	snprintf(list, sizeof list, "linux.resources.blockIO.%s", key);
	if (jget_arr(spec_doc, io, "linux.resources.blockIO", key, &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80];
		int64_t major = 0, minor = 0, rate = 0;
		const json_t *o = spec_item(l, i, list, at);
		if (!o || jget_int(spec_doc, o, at, "major", 0, 1 << 20, &major) < 0 ||
		    jget_int(spec_doc, o, at, "minor", 0, 1 << 20, &minor) < 0 ||
		    jget_int(spec_doc, o, at, "rate", 0, INT64_MAX, &rate) < 0)
			return -1;
		strv_addf(&s->resources, "io.max=%" PRId64 ":%" PRId64 " %s=%" PRId64, major, minor,
		    word, rate);
	}
	return 0;
}

static int weight_devices(struct spec *s, const json_t *io)
{
	json_t *l = NULL;
	if (jget_arr(spec_doc, io, "linux.resources.blockIO", "weightDevice", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80];
		int64_t major = 0, minor = 0, n[2] = {0, 0};
		const json_t *o = spec_item(l, i, "linux.resources.blockIO.weightDevice", at);
		if (!o || jget_int(spec_doc, o, at, "major", 0, 1 << 20, &major) < 0 ||
		    jget_int(spec_doc, o, at, "minor", 0, 1 << 20, &minor) < 0 ||
		    jget_int(spec_doc, o, at, "weight", 0, 1000, &n[0]) < 0 ||
		    jget_int(spec_doc, o, at, "leafWeight", 0, 1000, &n[1]) < 0)
			return -1;
		if (!json_member(o, "weight") && !json_member(o, "leafWeight"))
			return spec_missing(at, "weight");
		if (n[0])
			strv_addf(&s->resources, "io.bfq.weight=%" PRId64 ":%" PRId64 " %" PRId64,
			    major, minor, n[0]);
		if (n[1])
			strv_addf(&s->resources,
			    "blkio.leaf_weight_device=%" PRId64 ":%" PRId64 " %" PRId64, major,
			    minor, n[1]);
	}
	return 0;
}

static int network(struct spec *s, const json_t *res)
{
	json_t *o = NULL, *l = NULL;
	if (jget_obj(spec_doc, res, "linux.resources", "network", &o) <= 0)
		return spec_absent(res, "network");
	if (raw(s, o, "linux.resources.network", "classID", 0, UINT32_MAX, "net_cls.classid") < 0 ||
	    jget_arr(spec_doc, o, "linux.resources.network", "priorities", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80];
		_cleanup_free_ char *name = NULL;
		uint32_t n = 0;
		const json_t *p = spec_item(l, i, "linux.resources.network.priorities", at);
		if (!p || jget_str(spec_doc, p, at, "name", &name) < 0 ||
		    spec_u32(p, at, "priority", &n) < 0)
			return -1;
		if (!name || !*name || strpbrk(name, " \n"))
			return spec_missing(at, "name");
		strv_addf(&s->resources, "net_prio.ifpriomap=%s %u", name, n);
	}
	return 0;
}

static int rdma(struct spec *s, const json_t *res)
{
	json_t *all = NULL, *o;
	const char *dev;
	if (jget_obj(spec_doc, res, "linux.resources", "rdma", &all) < 0)
		return -1;
	json_object_foreach(all, dev, o)
	{
		uint32_t n[2];
		const char *at = "linux.resources.rdma";
		if (!json_is_object(o) || !*dev || strpbrk(dev, " \n="))
			return jwrong(spec_doc, at, dev, "must be a device with an object");
		int handles = spec_u32(o, at, "hcaHandles", &n[0]),
		    objects = spec_u32(o, at, "hcaObjects", &n[1]);
		if (handles < 0 || objects < 0)
			return -1;
		if (!handles && !objects)
			return jwrong(spec_doc, at, dev, "needs hcaHandles or hcaObjects");
		struct buf b = {0};
		buf_printf(&b, "rdma.max=%s", dev);
		if (handles)
			buf_printf(&b, " hca_handle=%u", n[0]);
		if (objects)
			buf_printf(&b, " hca_object=%u", n[1]);
		strv_take(&s->resources, b.p);
	}
	return 0;
}

static int other_limits(struct spec *s, const json_t *res)
{
	json_t *p = NULL, *io = NULL, *huge = NULL;
	int64_t n;
	if (jget_obj(spec_doc, res, "linux.resources", "pids", &p) < 0 ||
	    jget_obj(spec_doc, res, "linux.resources", "blockIO", &io) < 0 ||
	    jget_arr(spec_doc, res, "linux.resources", "hugepageLimits", &huge) < 0)
		return -1;
	if (p) {
		int r = jget_int(spec_doc, p, "linux.resources.pids", "limit", -1, 4194304, &n);
		if (r < 0)
			return -1;
		/* 0 meant no limit up to version 1.2. Since 1.3 it is a limit under which nothing
		 * forks, as with 1; but into a group with 1 a process can be cloned. What an update
		 * brings has no version. */
		if (r && n == 0)
			n = s->version && atoi(s->version + 2) >= 3 ? 1 : -1;
		if (r)
			set_num(s, "pids.max", n);
	}
	if (io) {
		int r = jget_int(spec_doc, io, "linux.resources.blockIO", "weight", 0, 1000, &n);
		if (r == 1 && n) /* before those of single disks, which it would set back */
			set_num(s, "io.bfq.weight", n);
		if (r < 0 || weight_devices(s, io) < 0 ||
		    raw(s, io, "linux.resources.blockIO", "leafWeight", 1, 1000,
			"blkio.leaf_weight") < 0 ||
		    throttle(s, io, "throttleReadBpsDevice", "rbps") < 0 ||
		    throttle(s, io, "throttleWriteBpsDevice", "wbps") < 0 ||
		    throttle(s, io, "throttleReadIOPSDevice", "riops") < 0 ||
		    throttle(s, io, "throttleWriteIOPSDevice", "wiops") < 0)
			return -1;
	}
	for (size_t i = 0; huge && i < json_array_size(huge); i++) {
		char at[80];
		_cleanup_free_ char *size = NULL;
		const json_t *o = spec_item(huge, i, "linux.resources.hugepageLimits", at);
		int r = o ? jget_int(spec_doc, o, at, "limit", -1, INT64_MAX, &n) : -1;
		if (r < 0 || jget_str(spec_doc, o, at, "pageSize", &size) < 0)
			return -1;
		if (!size || r == 0)
			return spec_missing(at, size ? "limit" : "pageSize");
		if (!*size || strpbrk(size, "./="))
			return jwrong(spec_doc, at, "pageSize", "'%s' is not a size", size);
		/* Reserved pages (.rsvd) are limited, too, where the kernel counts them. */
		for (int rsvd = 0; rsvd < 2; rsvd++) {
			_cleanup_free_ char *key =
			    xasprintf("hugetlb.%s%s.max", size, rsvd ? ".rsvd" : "");
			set_num(s, key, n);
		}
	}
	return 0;
}

/* `unified` as it stands; a value of several lines is a setting for each. */
static int unified(struct spec *s, const json_t *res)
{
	struct strv l = {0};
	if (spec_pairs(res, "linux.resources", "unified", &l) < 0)
		return strv_free(&l), -1;
	for (size_t i = 0; i < l.n; i++) {
		const char *eq = strchr(l.v[i], '=');
		struct strv lines = {0};
		strv_split(&lines, eq + 1, "\n");
		for (size_t j = 0; j < lines.n; j++)
			strv_addf(&s->resources, "%.*s=%s", (int)(eq - l.v[i]), l.v[i], lines.v[j]);
		strv_free(&lines);
	}
	strv_free(&l);
	return 0;
}

int spec_read_resources(struct spec *s, const json_t *res)
{
	return device_rules(s, res) < 0 || spec_read_resources_memory(s, res) < 0 ||
		       spec_read_resources_cpu(s, res) < 0 || other_limits(s, res) < 0 ||
		       network(s, res) < 0 || rdma(s, res) < 0 || unified(s, res) < 0
		   ? -1
		   : 0;
}
