/* spec_write.c: the spec as config.json; see spec.h. Written straight into a buffer: it is on the start path. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "caps.h"
#include "spec_names.h"

const char *const spec_ns_names[NS_COUNT] = {[NS_MNT] = "mount",
    [NS_PID] = "pid",
    [NS_NET] = "network",
    [NS_IPC] = "ipc",
    [NS_UTS] = "uts",
    [NS_CGROUP] = "cgroup",
    [NS_USER] = "user",
    [NS_TIME] = "time"};
const char *const spec_hook_names[HOOK_COUNT] = {
    "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"};

/* `,"key":` or, as the first of its object, `"key":`. */
static void key(struct buf *b, const char *k)
{
	char last = b->n ? b->p[b->n - 1] : '{';
	buf_puts(b, last == '{' || last == '[' ? "\"" : ",\"");
	buf_puts(b, k);
	buf_puts(b, "\":");
}

static void comma(struct buf *b)
{
	if (b->p[b->n - 1] != '[' && b->p[b->n - 1] != '{')
		buf_puts(b, ",");
}

static void str(struct buf *b, const char *k, const char *v)
{
	if (!v)
		return;
	key(b, k);
	buf_json(b, v);
}

static void num(struct buf *b, const char *k, int64_t v)
{
	key(b, k);
	buf_printf(b, "%" PRId64, v);
}

static void flag(struct buf *b, const char *k, bool v)
{
	if (!v)
		return;
	key(b, k);
	buf_puts(b, "true");
}

static void list(struct buf *b, const char *k, const struct strv *l)
{
	if (!l->n)
		return;
	key(b, k);
	buf_puts(b, "[");
	for (size_t i = 0; i < l->n; i++) {
		comma(b);
		buf_json(b, l->v[i]);
	}
	buf_puts(b, "]");
}

/* "key=value" lists as an object. */
static void pairs(struct buf *b, const char *k, const struct strv *l)
{
	if (!l->n)
		return;
	key(b, k);
	buf_puts(b, "{");
	for (size_t i = 0; i < l->n; i++) {
		const char *eq = strchr(l->v[i], '=');
		_cleanup_free_ char *name = xstrndup(l->v[i], (size_t)(eq - l->v[i]));
		comma(b);
		buf_json(b, name);
		buf_puts(b, ":");
		buf_json(b, eq + 1);
	}
	buf_puts(b, "}");
}

static void open_obj(struct buf *b, const char *k)
{
	key(b, k);
	buf_puts(b, "{");
}

static void cap_set(struct buf *b, const char *k, uint64_t bits)
{
	key(b, k);
	buf_puts(b, "[");
	for (int i = 0; i < 64; i++)
		if (bits & 1ull << i) {
			comma(b);
			buf_json(b, caps_name(i));
		}
	buf_puts(b, "]");
}

static void process(struct buf *b, const struct spec *s)
{
	open_obj(b, "process");
	flag(b, "terminal", s->terminal);
	if (s->rows)
		buf_printf(b, "%s\"consoleSize\":{\"height\":%u,\"width\":%u}", b->p[b->n - 1] == '{' ? "" : ",",
		    s->rows, s->cols);
	open_obj(b, "user");
	num(b, "uid", s->uid);
	num(b, "gid", s->gid);
	if (s->umask >= 0)
		num(b, "umask", s->umask);
	if (s->gids.n) {
		key(b, "additionalGids");
		for (size_t i = 0; i < s->gids.n; i++)
			buf_printf(b, "%c%u", i ? ',' : '[', s->gids.v[i]);
		buf_puts(b, "]");
	}
	buf_puts(b, "}");
	list(b, "args", &s->args);
	list(b, "env", &s->env);
	str(b, "cwd", s->cwd ? s->cwd : "/");
	open_obj(b, "capabilities");
	cap_set(b, "bounding", s->caps.bounding);
	cap_set(b, "effective", s->caps.effective);
	cap_set(b, "permitted", s->caps.permitted);
	cap_set(b, "inheritable", s->caps.inheritable);
	cap_set(b, "ambient", s->caps.ambient);
	buf_puts(b, "}");
	if (s->rlimits.n) {
		key(b, "rlimits");
		for (size_t i = 0; i < s->rlimits.n; i++)
			buf_printf(b, "%c{\"type\":\"%s\",\"hard\":%" PRIu64 ",\"soft\":%" PRIu64 "}", i ? ',' : '[',
			    s->rlimits.v[i].type, s->rlimits.v[i].hard > INT64_MAX ? INT64_MAX : s->rlimits.v[i].hard,
			    s->rlimits.v[i].soft > INT64_MAX ? INT64_MAX : s->rlimits.v[i].soft);
		buf_puts(b, "]");
	}
	flag(b, "noNewPrivileges", s->no_new_privileges);
	if (s->has_oom_score_adj)
		num(b, "oomScoreAdj", s->oom_score_adj);
	buf_puts(b, "}");
}

static void mounts(struct buf *b, const struct spec *s)
{
	key(b, "mounts");
	buf_puts(b, "[");
	for (size_t i = 0; i < s->mounts.n; i++) {
		const struct spec_mount *m = &s->mounts.v[i];
		comma(b);
		buf_puts(b, "{");
		str(b, "destination", m->dest);
		str(b, "type", m->type);
		str(b, "source", m->source);
		list(b, "options", &m->options);
		buf_puts(b, "}");
	}
	buf_puts(b, "]");
}

static void hooks(struct buf *b, const struct spec *s)
{
	bool any = false;
	for (int w = 0; w < HOOK_COUNT; w++)
		any |= s->hooks[w].n > 0;
	if (!any)
		return;
	open_obj(b, "hooks");
	for (int w = 0; w < HOOK_COUNT; w++) {
		if (!s->hooks[w].n)
			continue;
		key(b, spec_hook_names[w]);
		buf_puts(b, "[");
		for (size_t i = 0; i < s->hooks[w].n; i++) {
			const struct spec_hook *h = &s->hooks[w].v[i];
			comma(b);
			buf_puts(b, "{");
			str(b, "path", h->path);
			list(b, "args", &h->args);
			list(b, "env", &h->env);
			if (h->timeout)
				num(b, "timeout", h->timeout);
			buf_puts(b, "}");
		}
		buf_puts(b, "]");
	}
	buf_puts(b, "}");
}

static void idmaps(struct buf *b, const char *k, const struct idmap_entry *v, size_t n)
{
	if (!n)
		return;
	key(b, k);
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%c{\"containerID\":%u,\"hostID\":%u,\"size\":%u}", i ? ',' : '[', v[i].container,
		    v[i].host, v[i].size);
	buf_puts(b, "]");
}

static void namespaces(struct buf *b, const struct spec *s)
{
	key(b, "namespaces");
	buf_puts(b, "[");
	for (int i = 0; i < NS_COUNT; i++) {
		if (!(s->ns_new & 1u << i) && !s->ns_path[i])
			continue;
		comma(b);
		buf_puts(b, "{");
		str(b, "type", spec_ns_names[i]);
		str(b, "path", s->ns_path[i]);
		buf_puts(b, "}");
	}
	buf_puts(b, "]");
}

static void devices(struct buf *b, const struct spec *s)
{
	if (!s->devices.n)
		return;
	key(b, "devices");
	buf_puts(b, "[");
	for (size_t i = 0; i < s->devices.n; i++) {
		const struct spec_device *d = &s->devices.v[i];
		comma(b);
		buf_puts(b, "{");
		str(b, "path", d->path);
		str(b, "type", (char[]){d->type, 0});
		buf_printf(b, ",\"major\":%" PRId64 ",\"minor\":%" PRId64 ",\"fileMode\":%u,\"uid\":%u,\"gid\":%u}",
		    d->major, d->minor, d->mode, d->uid, d->gid);
	}
	buf_puts(b, "]");
}

/* All limits but cpu.shares go into `unified`, which holds cgroup v2 names as they stand. */
static void resources(struct buf *b, const struct spec *s)
{
	open_obj(b, "resources");
	if (s->device_rules.n) {
		key(b, "devices");
		buf_puts(b, "[");
		for (size_t i = 0; i < s->device_rules.n; i++) {
			const struct device_rule *r = &s->device_rules.v[i];
			comma(b);
			buf_printf(b, "{\"allow\":%s", r->allow ? "true" : "false");
			str(b, "type", (char[]){r->type, 0});
			if (r->major >= 0)
				num(b, "major", r->major);
			if (r->minor >= 0)
				num(b, "minor", r->minor);
			str(b, "access", r->access);
			buf_puts(b, "}");
		}
		buf_puts(b, "]");
	}
	const char *shares = strv_getenv(&s->resources, "cpu.shares");
	if (shares) {
		open_obj(b, "cpu");
		num(b, "shares", atoll(shares));
		buf_puts(b, "}");
	}
	/* A key may come more than once (a line for each disk): an object cannot hold that, so they are put in one
	 * text. */
	struct strv merged = {0};
	for (size_t i = 0; i < s->resources.n; i++) {
		const char *eq = strchr(s->resources.v[i], '=');
		_cleanup_free_ char *name = xstrndup(s->resources.v[i], (size_t)(eq - s->resources.v[i]));
		if (strcmp(name, "cpu.shares") == 0)
			continue;
		const char *had = strv_getenv(&merged, name);
		_cleanup_free_ char *both = had ? xasprintf("%s\n%s", had, eq + 1) : xstrdup(eq + 1);
		strv_setenv(&merged, name, both);
	}
	pairs(b, "unified", &merged);
	strv_free(&merged);
	buf_puts(b, "}");
}

static void linux_part(struct buf *b, const struct spec *s)
{
	open_obj(b, "linux");
	namespaces(b, s);
	idmaps(b, "uidMappings", s->uid_map.v, s->uid_map.n);
	idmaps(b, "gidMappings", s->gid_map.v, s->gid_map.n);
	devices(b, s);
	resources(b, s);
	str(b, "cgroupsPath", s->cgroups_path);
	pairs(b, "sysctl", &s->sysctl);
	if (s->seccomp && s->seccomp[0] == '{') {
		key(b, "seccomp");
		buf_puts(b, s->seccomp);
	}
	str(b, "rootfsPropagation", s->rootfs_propagation);
	list(b, "maskedPaths", &s->masked_paths);
	list(b, "readonlyPaths", &s->readonly_paths);
	buf_puts(b, "}");
}

static void list_note(struct strv *notes, const char *name, const struct strv *l)
{
	struct buf b = {0};
	if (!l->n)
		return;
	buf_puts(&b, "[");
	for (size_t i = 0; i < l->n; i++) {
		comma(&b);
		buf_json(&b, l->v[i]);
	}
	buf_puts(&b, "]");
	strv_addf(notes, "ctrbox.%s=%s", name, b.p);
	buf_free(&b);
}

static void annotations(struct buf *b, const struct spec *s)
{
	struct strv notes = {0};
	strv_addall(&notes, &s->annotations);
	if (s->x_user)
		strv_addf(&notes, "ctrbox.user=%s", s->x_user);
	if (s->x_image_file)
		strv_addf(&notes, "ctrbox.image_file=%s", s->x_image_file);
	if (s->seccomp && s->seccomp[0] != '{')
		strv_addf(&notes, "ctrbox.seccomp=%s", s->seccomp);
	list_note(&notes, "groups", &s->x_groups);
	list_note(&notes, "lower", &s->x_lower);
	const struct {
		const char *name;
		bool on;
	} flags[] = {{"init", s->x_init}, {"privileged", s->x_privileged}, {"no_pivot", s->x_no_pivot},
	    {"keep_id", s->x_keep_id}};
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (flags[i].on)
			strv_addf(&notes, "ctrbox.%s=1", flags[i].name);
	pairs(b, "annotations", &notes);
	strv_free(&notes);
}

char *spec_quoted(const char *s)
{
	struct buf b = {0};
	buf_json(&b, s);
	return b.p;
}

char *spec_text(const struct spec *s)
{
	struct buf b = {.p = xmalloc(8192), .room = 8192}; /* most fit */
	buf_puts(&b, "{");
	str(&b, "ociVersion", s->version ? s->version : "1.2.0");
	process(&b, s);
	open_obj(&b, "root");
	str(&b, "path", s->root_path ? s->root_path : "rootfs");
	flag(&b, "readonly", s->root_readonly);
	buf_puts(&b, "}");
	str(&b, "hostname", s->hostname);
	str(&b, "domainname", s->domainname);
	mounts(&b, s);
	hooks(&b, s);
	linux_part(&b, s);
	annotations(&b, s);
	buf_puts(&b, "}\n");
	return b.p;
}
