/* spec_read_linux.c: config.json's `linux` part into the spec; see spec_read.c. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "spec_names.h"

static int namespaces(struct spec *s, const json_t *lx)
{
	json_t *l = NULL;
	if (jget_arr(spec_doc, lx, "linux", "namespaces", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80], *type = NULL, *path = NULL;
		const json_t *o = spec_item(l, i, "linux.namespaces", at);
		if (!o || jget_str(spec_doc, o, at, "type", &type) < 0 || jget_str(spec_doc, o, at, "path", &path) < 0)
			return free(type), free(path), -1;
		int n = 0;
		while (n < NS_COUNT && !str_eq(type, spec_ns_names[n]))
			n++;
		bool twice = n < NS_COUNT && (s->ns_new & 1u << n || s->ns_path[n]);
		if (n == NS_COUNT || twice) {
			jwrong(spec_doc, at, "type", "'%s' %s", type ? type : "",
			    twice ? "is there twice" : "is not a namespace");
			return free(type), free(path), -1;
		}
		free(type);
		if (n == NS_TIME && !(path && *path))
			return free(path), jwrong(spec_doc, at, "type", "a time namespace can be joined, not made");
		if (path && *path)
			s->ns_path[n] = path;
		else
			s->ns_new |= 1u << n, free(path);
	}
	return 0;
}

static int idmaps(const json_t *lx, const char *path, const char *key, struct idmap_entry **v, size_t *n)
{
	json_t *l = NULL;
	if (jget_arr(spec_doc, lx, "linux", key, &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80];
		struct idmap_entry m = {0};
		const json_t *o = spec_item(l, i, path, at);
		if (!o || spec_u32(o, at, "containerID", &m.container) < 0 || spec_u32(o, at, "hostID", &m.host) < 0 ||
		    spec_u32(o, at, "size", &m.size) < 0)
			return -1;
		*v = xrealloc(*v, (*n + 1) * sizeof **v);
		(*v)[(*n)++] = m;
	}
	return 0;
}

static int device(const json_t *o, const char *at, char *type, int64_t *major, int64_t *minor)
{
	char *t = NULL;
	if (jget_str(spec_doc, o, at, "type", &t) < 0 || jget_int(spec_doc, o, at, "major", -1, 1 << 20, major) < 0 ||
	    jget_int(spec_doc, o, at, "minor", -1, 1 << 20, minor) < 0)
		return free(t), -1;
	bool ok = !t || (strlen(t) == 1 && strchr("acbup", t[0]));
	if (t && ok)
		*type = t[0];
	if (!ok)
		jwrong(spec_doc, at, "type", "'%s' is not a, c, b, u or p", t);
	free(t);
	return ok ? 0 : -1;
}

static int devices(struct spec *s, const json_t *lx)
{
	json_t *l = NULL;
	if (jget_arr(spec_doc, lx, "linux", "devices", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80];
		int64_t mode = 0666;
		const json_t *o = spec_item(l, i, "linux.devices", at);
		if (!o)
			return -1;
		struct spec_device *d = SPEC_GROW(s->devices);
		if (jget_str(spec_doc, o, at, "path", &d->path) < 0 ||
		    device(o, at, &d->type, &d->major, &d->minor) < 0 ||
		    jget_int(spec_doc, o, at, "fileMode", 0, UINT32_MAX, &mode) < 0 ||
		    spec_u32(o, at, "uid", &d->uid) < 0 || spec_u32(o, at, "gid", &d->gid) < 0)
			return -1;
		d->mode = (uint32_t)mode & 07777; /* some writers put the type in */
		if (!d->path || d->path[0] != '/' || !d->path[1] || !d->type)
			return jwrong(spec_doc, at, "", "needs an absolute path and a type");
	}
	return 0;
}

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
		    device(o, at, &r.type, &r.major, &r.minor) < 0 || jget_str(spec_doc, o, at, "access", &access) < 0)
			return free(access), -1;
		const char *a = access && *access ? access : "rwm";
		if (strlen(a) > 3 || strspn(a, "rwm") != strlen(a)) {
			jwrong(spec_doc, at, "access", "'%s' is not made of r, w and m", a);
			return free(access), -1;
		}
		device_rule_add(s, r.allow, r.type, r.major, r.minor, a);
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

static int memory(struct spec *s, const json_t *res)
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
		return jwrong(spec_doc, at, "swap", "is memory and swap together, so it must not be below limit");
	if (has_swap && swap)
		set_num(s, "memory.swap.max", swap < 0 ? -1 : swap - max);
	return 0;
}

static int cpu(struct spec *s, const json_t *res)
{
	json_t *m = NULL;
	const char *at = "linux.resources.cpu";
	int64_t shares, quota = -1, period = 100000;
	char *cpus = NULL, *mems = NULL;
	if (jget_obj(spec_doc, res, "linux.resources", "cpu", &m) <= 0)
		return spec_absent(res, "cpu");
	int has_shares = jget_int(spec_doc, m, at, "shares", 0, INT64_MAX, &shares),
	    has_quota = jget_int(spec_doc, m, at, "quota", -1, INT64_MAX, &quota),
	    has_period = jget_int(spec_doc, m, at, "period", 0, INT64_MAX, &period);
	if (has_shares < 0 || has_quota < 0 || has_period < 0 || jget_str(spec_doc, m, at, "cpus", &cpus) < 0 ||
	    jget_str(spec_doc, m, at, "mems", &mems) < 0)
		return free(cpus), -1;
	if (has_shares && shares) {
		set_num(s, "cpu.shares", shares < 2 ? 2 : shares > 262144 ? 262144 : shares);
	}
	if (has_quota && quota > 0)
		strv_addf(&s->resources, "cpu.max=%" PRId64 " %" PRId64, quota, period ? period : 100000);
	else if (has_quota || has_period)
		strv_addf(&s->resources, "cpu.max=max %" PRId64, period ? period : 100000);
	if (cpus && *cpus)
		strv_addf(&s->resources, "cpuset.cpus=%s", cpus);
	if (mems && *mems)
		strv_addf(&s->resources, "cpuset.mems=%s", mems);
	free(cpus);
	free(mems);
	return 0;
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
		strv_addf(&s->resources, "io.max=%" PRId64 ":%" PRId64 " %s=%" PRId64, major, minor, word, rate);
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
		if (r)
			set_num(s, "pids.max", n == 0 ? -1 : n);
	}
	if (io) {
		int r = jget_int(spec_doc, io, "linux.resources.blockIO", "weight", 0, 1000, &n);
		if (r < 0 || throttle(s, io, "throttleReadBpsDevice", "rbps") < 0 ||
		    throttle(s, io, "throttleWriteBpsDevice", "wbps") < 0 ||
		    throttle(s, io, "throttleReadIOPSDevice", "riops") < 0 ||
		    throttle(s, io, "throttleWriteIOPSDevice", "wiops") < 0)
			return -1;
		if (r && n >= 10)
			set_num(s, "io.weight", (int64_t)cgroup_io_of_blkio((uint64_t)n));
	}
	for (size_t i = 0; huge && i < json_array_size(huge); i++) {
		char at[80], *size = NULL;
		const json_t *o = spec_item(huge, i, "linux.resources.hugepageLimits", at);
		if (!o || jget_str(spec_doc, o, at, "pageSize", &size) < 0 ||
		    jget_int(spec_doc, o, at, "limit", 0, INT64_MAX, &n) < 0 || !size)
			return o && !size ? spec_missing(at, "pageSize") : (free(size), -1);
		strv_addf(&s->resources, "hugetlb.%s.max=%" PRId64, size, n);
		free(size);
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

int spec_read_linux(struct spec *s, const json_t *root)
{
	json_t *lx = NULL, *res = NULL, *sec = NULL;
	if (jget_obj(spec_doc, root, "", "linux", &lx) <= 0)
		return spec_absent(root, "linux");
	if (namespaces(s, lx) < 0 || idmaps(lx, "linux.uidMappings", "uidMappings", &s->uid_map.v, &s->uid_map.n) < 0 ||
	    idmaps(lx, "linux.gidMappings", "gidMappings", &s->gid_map.v, &s->gid_map.n) < 0 || devices(s, lx) < 0 ||
	    jget_obj(spec_doc, lx, "linux", "resources", &res) < 0)
		return -1;
	if (res && (device_rules(s, res) < 0 || memory(s, res) < 0 || cpu(s, res) < 0 || other_limits(s, res) < 0 ||
		       unified(s, res) < 0))
		return -1;
	if (jget_str(spec_doc, lx, "linux", "cgroupsPath", &s->cgroups_path) < 0 ||
	    spec_pairs(lx, "linux", "sysctl", &s->sysctl) < 0 || jget_obj(spec_doc, lx, "linux", "seccomp", &sec) < 0 ||
	    jget_str(spec_doc, lx, "linux", "rootfsPropagation", &s->rootfs_propagation) < 0 ||
	    jget_strv(spec_doc, lx, "linux", "maskedPaths", &s->masked_paths) < 0 ||
	    jget_strv(spec_doc, lx, "linux", "readonlyPaths", &s->readonly_paths) < 0)
		return -1;
	for (size_t i = 0; i < s->sysctl.n; i++) { /* a path under /proc/sys, . and / alike: it must not climb */
		char *k = s->sysctl.v[i], *eq = strchr(k, '='), *p = strpbrk(k, "./");
		for (; p && p < eq; p = strpbrk(p + 1, "./"))
			if (p == k || strchr("./=", p[1]))
				return jwrong(spec_doc, "linux", "sysctl", "'%s' is not a key", k);
	}
	if (sec)
		s->seccomp = json_text(sec);
	return 0;
}
