/* spec_read.c: config.json into the spec; see spec.h. The text may be hostile: every type and range is checked. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "caps.h"
#include "err.h"
#include "json.h"
#include "spec_names.h"

const struct jctx *spec_doc;

int spec_missing(const char *path, const char *key)
{
	return jwrong(spec_doc, path, key, "is missing");
}

int spec_absent(const json_t *o, const char *key)
{
	return !json_object_get(o, key) || json_is_null(json_object_get(o, key)) ? 0 : -1;
}

const json_t *spec_item(const json_t *arr, size_t i, const char *path, char at[80])
{
	const json_t *o = json_array_get(arr, i);
	snprintf(at, 80, "%s[%zu]", path, i);
	if (json_is_object(o))
		return o;
	jwrong(spec_doc, at, "", "must be an object");
	return NULL;
}

int spec_u32(const json_t *o, const char *path, const char *key, uint32_t *out)
{
	int64_t n;
	int r = jget_int(spec_doc, o, path, key, 0, 0xffffffff, &n);
	if (r == 1)
		*out = (uint32_t)n;
	return r;
}

int spec_pairs(const json_t *o, const char *path, const char *key, struct strv *out)
{
	json_t *m = NULL, *v;
	const char *k;
	char at[80];
	int r = jget_obj(spec_doc, o, path, key, &m);
	if (r <= 0)
		return r;
	snprintf(at, sizeof at, "%s%s%s", path, *path ? "." : "", key);
	json_object_foreach(m, k, v)
	{
		char *val = NULL;
		if (strchr(k, '=') || !*k)
			return jwrong(spec_doc, path, key, "'%s' is not a name", k);
		if (jget_str(spec_doc, m, at, k, &val) < 0)
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
	if (jget_obj(spec_doc, p, "process", "user", &u) <= 0)
		return spec_absent(p, "user") < 0 ? -1 : spec_missing("process", "user");
	if (spec_u32(u, "process.user", "uid", &s->uid) < 0 || spec_u32(u, "process.user", "gid", &s->gid) < 0 ||
	    jget_int(spec_doc, u, "process.user", "umask", 0, 0777, &s->umask) < 0 ||
	    jget_arr(spec_doc, u, "process.user", "additionalGids", &g) < 0)
		return -1;
	for (size_t i = 0; g && i < json_array_size(g); i++) {
		const json_t *n = json_array_get(g, i);
		if (!json_is_integer(n) || json_integer_value(n) < 0 || json_integer_value(n) > 0xfffffffe)
			return jwrong(spec_doc, "process.user", "additionalGids", "item %zu must be a group id", i);
		*SPEC_GROW(s->gids) = (uint32_t)json_integer_value(n);
	}
	return 0;
}

static int cap_set(const json_t *caps, const char *key, uint64_t *out)
{
	struct strv l = {0};
	int r = jget_strv(spec_doc, caps, "process.capabilities", key, &l);
	for (size_t i = 0; r == 1 && i < l.n; i++) {
		uint64_t bit;
		if (!str_starts(l.v[i], "CAP_") || caps_from_name(l.v[i], &bit) < 0)
			warn("%s: process.capabilities.%s: %s is not known", spec_doc->what, key,
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
	if (jget_obj(spec_doc, p, "process", "capabilities", &k) <= 0)
		return spec_absent(p, "capabilities");
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
	int r = jget_int(spec_doc, o, at, key, -1, INT64_MAX, &n);
	if (r == 1)
		*out = n < 0 || n == INT64_MAX ? ~0ull : (uint64_t)n;
	return r;
}

static int rlimits(struct spec *s, const json_t *p)
{
	json_t *l = NULL;
	if (jget_arr(spec_doc, p, "process", "rlimits", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80], *type = NULL;
		uint64_t soft = 0, hard = 0;
		const json_t *o = spec_item(l, i, "process.rlimits", at);
		if (!o || jget_str(spec_doc, o, at, "type", &type) < 0 || limit(o, at, "soft", &soft) < 0 ||
		    limit(o, at, "hard", &hard) < 0)
			return free(type), -1;
		if (!type)
			return spec_missing(at, "type");
		if (!str_starts(type, "RLIMIT_") || strspn(type, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != strlen(type))
			return free(type), jwrong(spec_doc, at, "type", "is not a limit");
		spec_rlimit_set(s, type, soft, hard);
		free(type);
	}
	return 0;
}

static int check_env(const struct spec *s)
{
	for (size_t i = 0; i < s->env.n; i++)
		if (s->env.v[i][0] == '=' || !strchr(s->env.v[i], '='))
			return jwrong(spec_doc, "process", "env", "'%s' is not NAME=VALUE", s->env.v[i]);
	return 0;
}

static int process(struct spec *s, const json_t *root)
{
	json_t *p = NULL, *size = NULL;
	int64_t rows = 0, cols = 0;
	if (jget_obj(spec_doc, root, "", "process", &p) <= 0)
		return spec_absent(root, "process") < 0 ? -1 : spec_missing("", "process");
	if (jget_bool(spec_doc, p, "process", "terminal", &s->terminal) < 0 ||
	    jget_obj(spec_doc, p, "process", "consoleSize", &size) < 0 || user(s, p) < 0 ||
	    jget_strv(spec_doc, p, "process", "args", &s->args) < 0 ||
	    jget_strv(spec_doc, p, "process", "env", &s->env) < 0 ||
	    jget_str(spec_doc, p, "process", "cwd", &s->cwd) < 0 || capabilities(s, p) < 0 || rlimits(s, p) < 0 ||
	    jget_bool(spec_doc, p, "process", "noNewPrivileges", &s->no_new_privileges) < 0)
		return -1;
	if (size && (jget_int(spec_doc, size, "process.consoleSize", "height", 0, 65535, &rows) < 0 ||
			jget_int(spec_doc, size, "process.consoleSize", "width", 0, 65535, &cols) < 0))
		return -1;
	s->rows = (unsigned short)rows;
	s->cols = (unsigned short)cols;
	int r = jget_int(spec_doc, p, "process", "oomScoreAdj", -1000, 1000, &s->oom_score_adj);
	s->has_oom_score_adj = r == 1;
	if (r < 0 || check_env(s) < 0)
		return -1;
	if (!s->args.n)
		return spec_missing("process", "args");
	if (!s->cwd)
		return spec_missing("process", "cwd");
	return s->cwd[0] == '/' ? 0 : jwrong(spec_doc, "process", "cwd", "'%s' is not absolute", s->cwd);
}

/* --- mounts and hooks --- */

static int mounts(struct spec *s, const json_t *root)
{
	json_t *l = NULL;
	if (jget_arr(spec_doc, root, "", "mounts", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80];
		const json_t *o = spec_item(l, i, "mounts", at);
		if (!o)
			return -1;
		struct spec_mount *m = SPEC_GROW(s->mounts);
		if (jget_str(spec_doc, o, at, "destination", &m->dest) < 0 ||
		    jget_str(spec_doc, o, at, "type", &m->type) < 0 ||
		    jget_str(spec_doc, o, at, "source", &m->source) < 0 ||
		    jget_strv(spec_doc, o, at, "options", &m->options) < 0)
			return -1;
		if (!m->dest || !*m->dest)
			return spec_missing(at, "destination");
		if (json_array_size(json_object_get(o, "uidMappings")))
			return jwrong(spec_doc, at, "uidMappings", "is not supported");
		if (m->dest[0] != '/') { /* allowed by old versions of the spec */
			char *abs = xasprintf("/%s", m->dest);
			free(m->dest);
			m->dest = abs;
		}
		bool bind = strv_has(&m->options, "bind") || strv_has(&m->options, "rbind");
		if (!m->type)
			m->type = xstrdup(bind ? "bind" : "none");
		if ((bind || strcmp(m->type, "bind") == 0) && !m->source)
			return spec_missing(at, "source");
	}
	return 0;
}

static int hooks(struct spec *s, const json_t *root)
{
	json_t *h = NULL, *l;
	if (jget_obj(spec_doc, root, "", "hooks", &h) <= 0)
		return spec_absent(root, "hooks");
	for (int w = 0; w < HOOK_COUNT; w++) {
		char list[40];
		snprintf(list, sizeof list, "hooks.%s", spec_hook_names[w]);
		l = NULL;
		if (jget_arr(spec_doc, h, "hooks", spec_hook_names[w], &l) < 0)
			return -1;
		for (size_t i = 0; l && i < json_array_size(l); i++) {
			char at[80];
			const json_t *o = spec_item(l, i, list, at);
			if (!o)
				return -1;
			struct spec_hook *k = SPEC_GROW(s->hooks[w]);
			if (jget_str(spec_doc, o, at, "path", &k->path) < 0 ||
			    jget_strv(spec_doc, o, at, "args", &k->args) < 0 ||
			    jget_strv(spec_doc, o, at, "env", &k->env) < 0 ||
			    jget_int(spec_doc, o, at, "timeout", 1, 86400, &k->timeout) < 0)
				return -1;
			if (!k->path || k->path[0] != '/')
				return jwrong(spec_doc, at, "path", "must be an absolute path");
		}
	}
	return 0;
}

/* --- annotations: what is ours goes back where it came from --- */

static int list_note(struct strv *out, const char *name, const char *text)
{
	_cleanup_json_ json_t *a = json_parse(name, text, strlen(text));
	if (!json_is_array(a))
		return jwrong(spec_doc, "", "annotations", "%s must be a list", name);
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
			return list_note(ours[i].list, ours[i].name, v);
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
	int r = spec_pairs(root, "", "annotations", &l);
	for (size_t i = 0; r >= 0 && i < l.n; i++)
		r = note(s, l.v[i]);
	strv_free(&l);
	return r < 0 ? -1 : 0;
}

/* Limits, isolation and settings of the spec that we cannot give: to run without would be to pretend. A value that asks
 * for nothing is none. */
static int unsupported(const json_t *root)
{
	static const char keys[] = "process.apparmorProfile\0process.selinuxLabel\0process.scheduler\0"
				   "process.ioPriority\0process.execCPUAffinity\0linux.mountLabel\0linux.intelRdt\0"
				   "linux.timeOffsets\0linux.personality\0linux.netDevices\0linux.memoryPolicy\0"
				   "linux.resources.network\0linux.resources.rdma\0linux.resources.memory.kernel\0"
				   "linux.resources.memory.kernelTCP\0linux.resources.memory.swappiness\0"
				   "linux.resources.memory.disableOOMKiller\0linux.resources.cpu.realtimeRuntime\0"
				   "linux.resources.cpu.realtimePeriod\0linux.resources.cpu.burst\0"
				   "linux.resources.cpu.idle\0linux.resources.blockIO.leafWeight\0"
				   "linux.resources.blockIO.weightDevice\0";
	for (const char *k = keys; *k; k += strlen(k) + 1) {
		char path[64] = "", word[32];
		const json_t *v = root;
		for (const char *p = k; v; p += strcspn(p, ".") + 1) {
			snprintf(word, sizeof word, "%.*s", (int)strcspn(p, "."), p);
			v = json_object_get(v, word);
			if (!p[strcspn(p, ".")])
				break;
			snprintf(path, sizeof path, "%.*s", (int)(p + strcspn(p, ".") - k), k);
		}
		if (v && !json_is_null(v) && !json_is_false(v) && json_object_size(v) + json_array_size(v) == 0 &&
		    !json_is_true(v) && json_integer_value(v) <= 0 && !json_string_length(v))
			continue;
		if (v && !json_is_null(v) && !json_is_false(v))
			return jwrong(spec_doc, path, word, "is not supported");
	}
	return 0;
}

static int whole(struct spec *s, const json_t *j)
{
	json_t *r = NULL;
	if (!json_is_object(j))
		return jwrong(spec_doc, "", "", "must be an object");
	if (jget_str(spec_doc, j, "", "ociVersion", &s->version) < 0)
		return -1;
	if (!s->version)
		return spec_missing("", "ociVersion");
	if (!str_starts(s->version, "1."))
		return jwrong(spec_doc, "", "ociVersion", "%s is not supported (1.x is)", s->version);
	if (process(s, j) < 0 || jget_obj(spec_doc, j, "", "root", &r) < 0)
		return -1;
	if (!r)
		return spec_missing("", "root");
	if (jget_str(spec_doc, r, "root", "path", &s->root_path) < 0 ||
	    jget_bool(spec_doc, r, "root", "readonly", &s->root_readonly) < 0)
		return -1;
	if (!s->root_path || !*s->root_path)
		return spec_missing("root", "path");
	if (jget_str(spec_doc, j, "", "hostname", &s->hostname) < 0 ||
	    jget_str(spec_doc, j, "", "domainname", &s->domainname) < 0 || mounts(s, j) < 0 || hooks(s, j) < 0 ||
	    spec_read_linux(s, j) < 0)
		return -1;
	return unsupported(j) < 0 ? -1 : annotations(s, j);
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
	spec_doc = &ctx;
	int r = whole(s, j);
	spec_doc = NULL;
	if (r < 0) {
		int saved = errno;
		spec_free(s);
		errno = saved;
	}
	return r;
}
