/* spec_read.c: config.json into the spec; see spec.h. The text may be hostile: every type and range is checked. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "caps.h"
#include "err.h"
#include "json.h"
#include "spec_names.h"

#define GROW(vec)                                                                                                      \
	((vec).v = xrealloc((vec).v, ((vec).n + 1) * sizeof *(vec).v), memset(&(vec).v[(vec).n], 0, sizeof *(vec).v),  \
	    &(vec).v[(vec).n++])

static const struct jctx *c; /* the document that is read; one at a time */

static int missing(const char *path)
{
	errno = EINVAL;
	return fail("%s: %s is missing", c->what, path);
}

/* After jget_obj() gave nothing: 0 when there is nothing, -1 when it had the wrong type (the message stands). */
static int absent(const json_t *o, const char *key)
{
	return !json_object_get(o, key) || json_is_null(json_object_get(o, key)) ? 0 : -1;
}

/* Item i of an array as an object; its path in `at`. */
static const json_t *item(const json_t *arr, size_t i, const char *path, char at[80])
{
	const json_t *o = json_array_get(arr, i);
	snprintf(at, 80, "%s[%zu]", path, i);
	if (json_is_object(o))
		return o;
	errno = EINVAL;
	fail("%s: %s: must be an object", c->what, at);
	return NULL;
}

static int get_u32(const json_t *o, const char *path, const char *key, uint32_t *out)
{
	int64_t n;
	int r = jget_int(c, o, path, key, 0, 0xffffffff, &n);
	if (r == 1)
		*out = (uint32_t)n;
	return r;
}

/* An object of strings as "key=value". */
static int get_pairs(const json_t *o, const char *path, const char *key, struct strv *out)
{
	json_t *m = NULL, *v;
	const char *k;
	int r = jget_obj(c, o, path, key, &m);
	if (r <= 0)
		return r;
	json_object_foreach(m, k, v)
	{
		char *val = NULL;
		if (strchr(k, '=') || !*k)
			return errno = EINVAL, fail("%s: %s.%s: '%s' is not a name", c->what, path, key, k);
		if (jget_str(c, m, key, k, &val) < 0)
			return -1;
		if (val)
			strv_addf(out, "%s=%s", k, val);
		free(val);
	}
	return 1;
}

/* --- process --- */

static int user(struct spec *s, const json_t *p)
{
	json_t *u = NULL, *g = NULL;
	if (jget_obj(c, p, "process", "user", &u) <= 0)
		return absent(p, "user") < 0 ? -1 : missing("process.user");
	if (get_u32(u, "process.user", "uid", &s->uid) < 0 || get_u32(u, "process.user", "gid", &s->gid) < 0 ||
	    jget_int(c, u, "process.user", "umask", 0, 0777, &s->umask) < 0 ||
	    jget_arr(c, u, "process.user", "additionalGids", &g) < 0)
		return -1;
	for (size_t i = 0; g && i < json_array_size(g); i++) {
		const json_t *n = json_array_get(g, i);
		if (!json_is_integer(n) || json_integer_value(n) < 0 || json_integer_value(n) > 0xfffffffe)
			return errno = EINVAL,
			       fail("%s: process.user.additionalGids[%zu]: must be a group id", c->what, i);
		*GROW(s->gids) = (uint32_t)json_integer_value(n);
	}
	return 0;
}

static int cap_set(const json_t *caps, const char *key, uint64_t *out)
{
	struct strv l = {0};
	int r = jget_strv(c, caps, "process.capabilities", key, &l);
	for (size_t i = 0; r == 1 && i < l.n; i++) {
		uint64_t bit;
		if (!str_starts(l.v[i], "CAP_") || caps_from_name(l.v[i], &bit) < 0)
			warn("%s: process.capabilities.%s: %s is not known", c->what, key,
			    l.v[i]); /* a newer one: ignored, as runc does */
		else
			*out |= bit;
	}
	strv_free(&l);
	return r;
}

static int capabilities(struct spec *s, const json_t *p)
{
	json_t *k = NULL;
	if (jget_obj(c, p, "process", "capabilities", &k) <= 0)
		return absent(p, "capabilities");
	return cap_set(k, "bounding", &s->caps.bounding) < 0 || cap_set(k, "effective", &s->caps.effective) < 0 ||
		       cap_set(k, "permitted", &s->caps.permitted) < 0 ||
		       cap_set(k, "inheritable", &s->caps.inheritable) < 0 ||
		       cap_set(k, "ambient", &s->caps.ambient) < 0
		   ? -1
		   : 0;
}

/* docker's 2^64-1 for RLIM_INFINITY is more than jansson takes: the largest it takes, padded, stands in for it. (In a
 * string the key would read \"soft\".) */
static void infinite_limits(char *text)
{
	for (char *p = text; (p = strstr(p, "18446744073709551615")); p += 20) {
		char *k = p;
		while (k > text && strchr(" \t\r\n:", k[-1]))
			k--;
		if (k - text >= 6 && (!strncmp(k - 6, "\"soft\"", 6) || !strncmp(k - 6, "\"hard\"", 6)))
			memcpy(p, "9223372036854775807 ", 20);
	}
}

static int limit(const json_t *o, const char *at, const char *key, uint64_t *out)
{
	int64_t n;
	int r = jget_int(c, o, at, key, -1, INT64_MAX, &n);
	if (r == 1)
		*out = n < 0 || n == INT64_MAX ? ~0ull : (uint64_t)n;
	return r;
}

static int rlimits(struct spec *s, const json_t *p)
{
	json_t *l = NULL;
	if (jget_arr(c, p, "process", "rlimits", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80], *type = NULL;
		uint64_t soft = 0, hard = 0;
		const json_t *o = item(l, i, "process.rlimits", at);
		if (!o || jget_str(c, o, at, "type", &type) < 0 || limit(o, at, "soft", &soft) < 0 ||
		    limit(o, at, "hard", &hard) < 0)
			return free(type), -1;
		if (!type)
			return missing("process.rlimits[].type");
		if (!str_starts(type, "RLIMIT_") || strspn(type, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != strlen(type))
			return free(type), errno = EINVAL, fail("%s: %s.type: is not a limit", c->what, at);
		spec_rlimit_set(s, type, soft, hard);
		free(type);
	}
	return 0;
}

static int check_env(const struct spec *s)
{
	for (size_t i = 0; i < s->env.n; i++)
		if (s->env.v[i][0] == '=' || !strchr(s->env.v[i], '='))
			return errno = EINVAL,
			       fail("%s: process.env[%zu]: '%s' is not NAME=VALUE", c->what, i, s->env.v[i]);
	return 0;
}

static int process(struct spec *s, const json_t *root)
{
	json_t *p = NULL, *size = NULL;
	int64_t rows = 0, cols = 0;
	if (jget_obj(c, root, "", "process", &p) <= 0)
		return absent(root, "process") < 0 ? -1 : missing("process");
	if (jget_bool(c, p, "process", "terminal", &s->terminal) < 0 ||
	    jget_obj(c, p, "process", "consoleSize", &size) < 0 || user(s, p) < 0 ||
	    jget_strv(c, p, "process", "args", &s->args) < 0 || jget_strv(c, p, "process", "env", &s->env) < 0 ||
	    jget_str(c, p, "process", "cwd", &s->cwd) < 0 || capabilities(s, p) < 0 || rlimits(s, p) < 0 ||
	    jget_bool(c, p, "process", "noNewPrivileges", &s->no_new_privileges) < 0)
		return -1;
	if (size && (jget_int(c, size, "process.consoleSize", "height", 0, 65535, &rows) < 0 ||
			jget_int(c, size, "process.consoleSize", "width", 0, 65535, &cols) < 0))
		return -1;
	s->rows = (unsigned short)rows;
	s->cols = (unsigned short)cols;
	int r = jget_int(c, p, "process", "oomScoreAdj", -1000, 1000, &s->oom_score_adj);
	s->has_oom_score_adj = r == 1;
	if (r < 0 || check_env(s) < 0)
		return -1;
	if (!s->args.n)
		return missing("process.args");
	if (!s->cwd)
		return missing("process.cwd");
	return s->cwd[0] == '/' ? 0 : (errno = EINVAL, fail("%s: process.cwd: '%s' is not absolute", c->what, s->cwd));
}

/* --- mounts and hooks --- */

static int mounts(struct spec *s, const json_t *root)
{
	json_t *l = NULL;
	if (jget_arr(c, root, "", "mounts", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80];
		const json_t *o = item(l, i, "mounts", at);
		if (!o)
			return -1;
		struct spec_mount *m = GROW(s->mounts);
		if (jget_str(c, o, at, "destination", &m->dest) < 0 || jget_str(c, o, at, "type", &m->type) < 0 ||
		    jget_str(c, o, at, "source", &m->source) < 0 || jget_strv(c, o, at, "options", &m->options) < 0)
			return -1;
		if (!m->dest || !*m->dest)
			return missing("mounts[].destination");
		if (m->dest[0] != '/') { /* allowed by old versions of the spec */
			char *abs = xasprintf("/%s", m->dest);
			free(m->dest);
			m->dest = abs;
		}
		bool bind = strv_has(&m->options, "bind") || strv_has(&m->options, "rbind");
		if (!m->type)
			m->type = xstrdup(bind ? "bind" : "none");
		if ((bind || strcmp(m->type, "bind") == 0) && !m->source)
			return missing("mounts[].source");
	}
	return 0;
}

static int hooks(struct spec *s, const json_t *root)
{
	json_t *h = NULL, *l;
	if (jget_obj(c, root, "", "hooks", &h) <= 0)
		return absent(root, "hooks");
	for (int w = 0; w < HOOK_COUNT; w++) {
		l = NULL;
		if (jget_arr(c, h, "hooks", spec_hook_names[w], &l) < 0)
			return -1;
		for (size_t i = 0; l && i < json_array_size(l); i++) {
			char at[80];
			const json_t *o = item(l, i, spec_hook_names[w], at);
			if (!o)
				return -1;
			struct spec_hook *k = GROW(s->hooks[w]);
			if (jget_str(c, o, at, "path", &k->path) < 0 || jget_strv(c, o, at, "args", &k->args) < 0 ||
			    jget_strv(c, o, at, "env", &k->env) < 0 ||
			    jget_int(c, o, at, "timeout", 1, 86400, &k->timeout) < 0)
				return -1;
			if (!k->path || k->path[0] != '/')
				return errno = EINVAL, fail("%s: %s.path: must be an absolute path", c->what, at);
		}
	}
	return 0;
}

/* --- linux --- */

static int namespaces(struct spec *s, const json_t *lx)
{
	json_t *l = NULL;
	if (jget_arr(c, lx, "linux", "namespaces", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80], *type = NULL, *path = NULL;
		const json_t *o = item(l, i, "linux.namespaces", at);
		if (!o || jget_str(c, o, at, "type", &type) < 0 || jget_str(c, o, at, "path", &path) < 0)
			return free(type), free(path), -1;
		int n = 0;
		while (n < NS_COUNT && !str_eq(type, spec_ns_names[n]))
			n++;
		bool twice = n < NS_COUNT && (s->ns_new & 1u << n || s->ns_path[n]);
		if (n == NS_COUNT || twice) {
			errno = EINVAL;
			fail("%s: %s.type: '%s' %s", c->what, at, type ? type : "",
			    twice ? "is there twice" : "is not a namespace");
			return free(type), free(path), -1;
		}
		free(type);
		if (path && *path)
			s->ns_path[n] = path;
		else
			s->ns_new |= 1u << n, free(path);
	}
	return 0;
}

static int idmaps(const json_t *lx, const char *key, struct spec_idmap **v, size_t *n)
{
	json_t *l = NULL;
	if (jget_arr(c, lx, "linux", key, &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80];
		struct spec_idmap m = {0};
		const json_t *o = item(l, i, key, at);
		if (!o || get_u32(o, at, "containerID", &m.container) < 0 || get_u32(o, at, "hostID", &m.host) < 0 ||
		    get_u32(o, at, "size", &m.size) < 0)
			return -1;
		*v = xrealloc(*v, (*n + 1) * sizeof **v);
		(*v)[(*n)++] = m;
	}
	return 0;
}

static int device(const json_t *o, const char *at, char *type, int64_t *major, int64_t *minor)
{
	char *t = NULL;
	if (jget_str(c, o, at, "type", &t) < 0 || jget_int(c, o, at, "major", -1, 1 << 20, major) < 0 ||
	    jget_int(c, o, at, "minor", -1, 1 << 20, minor) < 0)
		return free(t), -1;
	bool ok = !t || (strlen(t) == 1 && strchr("acbup", t[0]));
	if (t && ok)
		*type = t[0];
	if (!ok)
		fail("%s: %s.type: '%s' is not a, c, b, u or p", c->what, at, t);
	free(t);
	return ok ? 0 : -1;
}

static int devices(struct spec *s, const json_t *lx)
{
	json_t *l = NULL;
	if (jget_arr(c, lx, "linux", "devices", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80];
		int64_t mode = 0666;
		const json_t *o = item(l, i, "linux.devices", at);
		if (!o)
			return -1;
		struct spec_device *d = GROW(s->devices);
		if (jget_str(c, o, at, "path", &d->path) < 0 || device(o, at, &d->type, &d->major, &d->minor) < 0 ||
		    jget_int(c, o, at, "fileMode", 0, UINT32_MAX, &mode) < 0 || get_u32(o, at, "uid", &d->uid) < 0 ||
		    get_u32(o, at, "gid", &d->gid) < 0)
			return -1;
		d->mode = (uint32_t)mode & 07777; /* some writers put the type in */
		if (!d->path || d->path[0] != '/' || !d->path[1] || !d->type)
			return errno = EINVAL, fail("%s: %s: needs an absolute path and a type", c->what, at);
	}
	return 0;
}

static int device_rules(struct spec *s, const json_t *res)
{
	json_t *l = NULL;
	if (jget_arr(c, res, "linux.resources", "devices", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80], *access = NULL;
		struct spec_device_rule r = {.type = 'a', .major = -1, .minor = -1};
		const json_t *o = item(l, i, "linux.resources.devices", at);
		if (!o || jget_bool(c, o, at, "allow", &r.allow) < 0 ||
		    device(o, at, &r.type, &r.major, &r.minor) < 0 || jget_str(c, o, at, "access", &access) < 0)
			return free(access), -1;
		const char *a = access && *access ? access : "rwm";
		if (strlen(a) > 3 || strspn(a, "rwm") != strlen(a)) {
			fail("%s: %s.access: '%s' is not made of r, w and m", c->what, at, a);
			return free(access), -1;
		}
		spec_device_rule_add(s, r.allow, r.type, r.major, r.minor, a);
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
	if (jget_obj(c, res, "linux.resources", "memory", &m) <= 0)
		return absent(res, "memory");
	int has_max = jget_int(c, m, at, "limit", -1, INT64_MAX, &max),
	    has_low = jget_int(c, m, at, "reservation", -1, INT64_MAX, &low),
	    has_swap = jget_int(c, m, at, "swap", -1, INT64_MAX, &swap);
	if (has_max < 0 || has_low < 0 || has_swap < 0)
		return -1;
	if (max) /* 0: not set, as in runc */
		set_num(s, "memory.max", max);
	if (has_low && low >= 0)
		set_num(s, "memory.low", low);
	if (has_swap && swap > 0 && (max <= 0 || swap < max))
		return errno = EINVAL,
		       fail("%s: %s.swap: is memory and swap together, so it must not be below limit", c->what, at);
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
	if (jget_obj(c, res, "linux.resources", "cpu", &m) <= 0)
		return absent(res, "cpu");
	int has_shares = jget_int(c, m, at, "shares", 0, INT64_MAX, &shares),
	    has_quota = jget_int(c, m, at, "quota", -1, INT64_MAX, &quota),
	    has_period = jget_int(c, m, at, "period", 0, INT64_MAX, &period);
	if (has_shares < 0 || has_quota < 0 || has_period < 0 || jget_str(c, m, at, "cpus", &cpus) < 0 ||
	    jget_str(c, m, at, "mems", &mems) < 0)
		return free(cpus), -1;
	if (has_shares && shares) {
		shares = shares < 2 ? 2 : shares > 262144 ? 262144 : shares;
		set_num(s, "cpu.weight", 1 + (shares - 2) * 9999 / 262142);
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
	if (jget_arr(c, io, "linux.resources.blockIO", key, &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80];
		int64_t major = 0, minor = 0, rate = 0;
		const json_t *o = item(l, i, key, at);
		if (!o || jget_int(c, o, at, "major", 0, 1 << 20, &major) < 0 ||
		    jget_int(c, o, at, "minor", 0, 1 << 20, &minor) < 0 ||
		    jget_int(c, o, at, "rate", 0, INT64_MAX, &rate) < 0)
			return -1;
		strv_addf(&s->resources, "io.max=%" PRId64 ":%" PRId64 " %s=%" PRId64, major, minor, word, rate);
	}
	return 0;
}

static int other_limits(struct spec *s, const json_t *res)
{
	json_t *p = NULL, *io = NULL, *huge = NULL;
	int64_t n;
	if (jget_obj(c, res, "linux.resources", "pids", &p) < 0 ||
	    jget_obj(c, res, "linux.resources", "blockIO", &io) < 0 ||
	    jget_arr(c, res, "linux.resources", "hugepageLimits", &huge) < 0)
		return -1;
	if (p) {
		int r = jget_int(c, p, "linux.resources.pids", "limit", -1, 4194304, &n);
		if (r < 0)
			return -1;
		if (r)
			set_num(s, "pids.max", n == 0 ? -1 : n);
	}
	if (io) {
		int r = jget_int(c, io, "linux.resources.blockIO", "weight", 0, 1000, &n);
		if (r < 0 || throttle(s, io, "throttleReadBpsDevice", "rbps") < 0 ||
		    throttle(s, io, "throttleWriteBpsDevice", "wbps") < 0 ||
		    throttle(s, io, "throttleReadIOPSDevice", "riops") < 0 ||
		    throttle(s, io, "throttleWriteIOPSDevice", "wiops") < 0)
			return -1;
		if (r && n >= 10)
			set_num(s, "io.weight", 1 + (n - 10) * 9999 / 990);
	}
	for (size_t i = 0; huge && i < json_array_size(huge); i++) {
		char at[80], *size = NULL;
		const json_t *o = item(huge, i, "linux.resources.hugepageLimits", at);
		if (!o || jget_str(c, o, at, "pageSize", &size) < 0 ||
		    jget_int(c, o, at, "limit", 0, INT64_MAX, &n) < 0 || !size)
			return o && !size ? missing("linux.resources.hugepageLimits[].pageSize") : (free(size), -1);
		strv_addf(&s->resources, "hugetlb.%s.max=%" PRId64, size, n);
		free(size);
	}
	return 0;
}

/* `unified` as it stands; a value of several lines is a setting for each. */
static int unified(struct spec *s, const json_t *res)
{
	struct strv l = {0};
	if (get_pairs(res, "linux.resources", "unified", &l) < 0)
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

static int linux_part(struct spec *s, const json_t *root)
{
	json_t *lx = NULL, *res = NULL, *sec = NULL;
	if (jget_obj(c, root, "", "linux", &lx) <= 0)
		return absent(root, "linux");
	if (namespaces(s, lx) < 0 || idmaps(lx, "uidMappings", &s->uid_map.v, &s->uid_map.n) < 0 ||
	    idmaps(lx, "gidMappings", &s->gid_map.v, &s->gid_map.n) < 0 || devices(s, lx) < 0 ||
	    jget_obj(c, lx, "linux", "resources", &res) < 0)
		return -1;
	if (res && (device_rules(s, res) < 0 || memory(s, res) < 0 || cpu(s, res) < 0 || other_limits(s, res) < 0 ||
		       unified(s, res) < 0))
		return -1;
	if (jget_str(c, lx, "linux", "cgroupsPath", &s->cgroups_path) < 0 ||
	    get_pairs(lx, "linux", "sysctl", &s->sysctl) < 0 || jget_obj(c, lx, "linux", "seccomp", &sec) < 0 ||
	    jget_str(c, lx, "linux", "rootfsPropagation", &s->rootfs_propagation) < 0 ||
	    jget_strv(c, lx, "linux", "maskedPaths", &s->masked_paths) < 0 ||
	    jget_strv(c, lx, "linux", "readonlyPaths", &s->readonly_paths) < 0)
		return -1;
	for (size_t i = 0; i < s->sysctl.n; i++) { /* a path under /proc/sys, . and / alike: it must not climb */
		char *k = s->sysctl.v[i], *eq = strchr(k, '='), *p = strpbrk(k, "./");
		for (; p && p < eq; p = strpbrk(p + 1, "./"))
			if (p == k || strchr("./=", p[1]))
				return errno = EINVAL, fail("%s: linux.sysctl: '%s' is not a key", c->what, k);
	}
	if (sec)
		s->seccomp = json_text(sec);
	return 0;
}

/* --- annotations: what is ours goes back where it came from --- */

static int list_note(struct strv *out, const char *text)
{
	_cleanup_json_ json_t *a = json_parse("annotations", text, strlen(text));
	if (!a || !json_is_array(a))
		return a ? fail("%s: annotations: not a list", c->what) : -1;
	for (size_t i = 0; i < json_array_size(a); i++)
		if (json_is_string(json_array_get(a, i)))
			strv_add(out, json_string_value(json_array_get(a, i)));
	return 0;
}

static int note(struct spec *s, const char *kv)
{
	const struct {
		const char *name;
		bool *flag;
		char **text;
		struct strv *list;
	} ours[] = {{"ctrbox.init=", &s->x_init, NULL, NULL}, {"ctrbox.privileged=", &s->x_privileged, NULL, NULL},
	    {"ctrbox.no_pivot=", &s->x_no_pivot, NULL, NULL}, {"ctrbox.keep_id=", &s->x_keep_id, NULL, NULL},
	    {"ctrbox.user=", NULL, &s->x_user, NULL}, {"ctrbox.image_file=", NULL, &s->x_image_file, NULL},
	    {"ctrbox.seccomp=", NULL, &s->seccomp, NULL}, {"ctrbox.groups=", NULL, NULL, &s->x_groups},
	    {"ctrbox.lower=", NULL, NULL, &s->x_lower}};
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
		if (!str_starts(kv, ours[i].name))
			continue;
		const char *v = kv + strlen(ours[i].name);
		if (ours[i].flag)
			*ours[i].flag = strcmp(v, "1") == 0;
		else if (ours[i].list)
			return list_note(ours[i].list, v);
		else if (!*ours[i].text)
			*ours[i].text = xstrdup(v);
		return 0;
	}
	strv_add(&s->annotations, kv);
	return 0;
}

static int annotations(struct spec *s, const json_t *root)
{
	struct strv l = {0};
	int r = get_pairs(root, "", "annotations", &l);
	for (size_t i = 0; r >= 0 && i < l.n; i++)
		r = note(s, l.v[i]);
	strv_free(&l);
	return r < 0 ? -1 : 0;
}

static int whole(struct spec *s, const json_t *j)
{
	json_t *r = NULL;
	if (!json_is_object(j))
		return errno = EINVAL, fail("%s: must be an object", c->what);
	if (jget_str(c, j, "", "ociVersion", &s->version) < 0)
		return -1;
	if (!s->version)
		return missing("ociVersion");
	if (!str_starts(s->version, "1."))
		return errno = EINVAL, fail("%s: ociVersion: %s is not supported (1.x is)", c->what, s->version);
	if (process(s, j) < 0 || jget_obj(c, j, "", "root", &r) < 0)
		return -1;
	if (!r)
		return missing("root");
	if (jget_str(c, r, "root", "path", &s->root_path) < 0 ||
	    jget_bool(c, r, "root", "readonly", &s->root_readonly) < 0)
		return -1;
	if (!s->root_path || !*s->root_path)
		return missing("root.path");
	if (jget_str(c, j, "", "hostname", &s->hostname) < 0 || jget_str(c, j, "", "domainname", &s->domainname) < 0 ||
	    mounts(s, j) < 0 || hooks(s, j) < 0 || linux_part(s, j) < 0)
		return -1;
	return annotations(s, j);
}

int spec_parse(struct spec *s, const char *what, const char *text, size_t len)
{
	_cleanup_free_ char *copy = xstrndup(text, len);
	infinite_limits(copy);
	struct jctx ctx = {what, copy, strlen(copy)};
	memset(s, 0, sizeof *s);
	s->umask = -1;
	_cleanup_json_ json_t *j =
	    json_parse(what, strlen(copy) == len ? copy : text, len); /* a NUL is its to refuse */
	if (!j)
		return -1;
	c = &ctx;
	int r = whole(s, j);
	c = NULL;
	if (r < 0) {
		int saved = errno;
		spec_free(s);
		errno = saved;
	}
	return r;
}
