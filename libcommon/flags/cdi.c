/* cdi.c: --device VENDOR/CLASS=NAME; see cdi.h. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cdi.h"
#include "err.h"
#include "file.h"
#include "json.h"

static const struct jctx *doc;

static const json_t *item(const json_t *list, size_t i, const char *key, const json_t **o)
{
	*o = json_array_get(list, i);
	if (!json_is_object(*o))
		jwrong(doc, "containerEdits", key, "must be a list of objects");
	return json_is_object(*o) ? *o : NULL;
}

/* A device node is described completely, or its numbers are those of the host's node. */
static int cdi_node(struct spec *s, const json_t *o)
{
	_cleanup_free_ char *path = NULL, *host = NULL, *type = NULL, *perm = NULL;
	int64_t n[5] = {-1, -1, -1, 0, 0};
	static const char *const keys[] = {"major", "minor", "fileMode", "uid", "gid"};
	struct stat st = {0};
	const char *at = "deviceNodes";
	if (jget_str(doc, o, at, "path", &path) < 0 ||
	    jget_str(doc, o, at, "hostPath", &host) < 0 ||
	    jget_str(doc, o, at, "type", &type) < 0 ||
	    jget_str(doc, o, at, "permissions", &perm) < 0)
		return -1;
	for (size_t i = 0; i < 5; i++)
		if (jget_int(doc, o, at, keys[i], 0, 0xffffffff, &n[i]) < 0)
			return -1;
	if (!str_below_root(path))
		return jwrong(doc, at, "path", "must be an absolute path below the root");
	const char *from = host ? host : path;
	if (type && (strlen(type) != 1 || !strchr("bcup", *type)))
		return jwrong(doc, at, "type", "'%s' is not b, c or p", type);
	bool fifo = type && *type == 'p', asks = !fifo && (!type || n[0] < 0 || n[1] < 0);
	if (asks && stat(from, &st) < 0)
		return fail_errno(from);
	if (asks && !S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return errno = ENODEV, fail("%s: not a device", from);
	char kind = asks ? "cb"[S_ISBLK(st.st_mode)] : *type;
	if (asks && type && (*type == 'b') != (kind == 'b'))
		return jwrong(doc, at, "type", "%s is no device of type %s", from, type);
	if (str_eq(perm, "none"))
		*perm = 0;
	if (perm && (strspn(perm, "rwm") != strlen(perm) || strlen(perm) > 3))
		return jwrong(doc, at, "permissions", "'%s' is not made of r, w and m", perm);
	if (n[2] < 0)
		n[2] = asks ? st.st_mode : 0666;
	int64_t major_n = n[0] >= 0 ? n[0] : major(st.st_rdev),
		minor_n = n[1] >= 0 ? n[1] : minor(st.st_rdev);
	spec_device_add(
	    s, path, kind, major_n, minor_n, (uint32_t)n[2] & 0777, (uint32_t)n[3], (uint32_t)n[4]);
	if (!s->x_privileged && !fifo && (!perm || *perm))
		device_rule_add(s, true, kind, major_n, minor_n, perm ? perm : "rwm");
	return 0;
}

static int mount_one(struct spec *s, const json_t *o)
{
	_cleanup_free_ char *host = NULL, *to = NULL, *type = NULL;
	_cleanup_strv_ struct strv words = {0};
	struct buf opts = {0};
	const char *at = "mounts";
	if (jget_str(doc, o, at, "hostPath", &host) < 0 ||
	    jget_str(doc, o, at, "containerPath", &to) < 0 ||
	    jget_str(doc, o, at, "type", &type) < 0 || jget_strv(doc, o, at, "options", &words) < 0)
		return -1;
	if (!host || !str_below_root(to))
		return jwrong(
		    doc, at, "", "hostPath or an absolute containerPath below the root is missing");
	bool bind = !type || str_eq(type, "bind") || str_eq(type, "none");
	buf_puts(&opts, bind ? "rbind,nosuid,nodev" : "nosuid,nodev");
	for (size_t i = 0; i < words.n; i++)
		buf_printf(&opts, ",%s", words.v[i]);
	spec_mount_add(s, to, bind ? "bind" : type, host, opts.p);
	buf_free(&opts);
	return 0;
}

static int hook(struct spec *s, const json_t *o)
{
	static const char *const names[HOOK_COUNT] = {"prestart", "createRuntime",
	    "createContainer", "startContainer", "poststart", "poststop"};
	_cleanup_free_ char *name = NULL, *path = NULL;
	struct spec_hook *k;
	const char *at = "hooks";
	int when = 0;
	if (jget_str(doc, o, at, "hookName", &name) < 0 || jget_str(doc, o, at, "path", &path) < 0)
		return -1;
	while (when < HOOK_COUNT && !str_eq(name, names[when]))
		when++;
	if (when == HOOK_COUNT || !path || *path != '/')
		return jwrong(doc, at, "", "no such hook, or no absolute path");
	s->hooks[when].v = xrealloc(s->hooks[when].v, (s->hooks[when].n + 1) * sizeof *k);
	k = &s->hooks[when].v[s->hooks[when].n++];
	*k = (struct spec_hook){.path = xstrdup(path), .own_env = json_object_get(o, "env")};
	if (jget_strv(doc, o, at, "args", &k->args) < 0 ||
	    jget_strv(doc, o, at, "env", &k->env) < 0 ||
	    jget_int(doc, o, at, "timeout", 1, INT32_MAX, &k->timeout) < 0)
		return -1;
	return 0;
}

/* containerEdits (CDI specification, "Container edits"). */
static int edits(struct spec *s, const json_t *o)
{
	static const struct {
		const char *key;
		int (*add)(struct spec *s, const json_t *o);
	} lists[] = {{"deviceNodes", cdi_node}, {"mounts", mount_one}, {"hooks", hook}};
	static const char *const known[] = {
	    "env", "deviceNodes", "mounts", "hooks", "additionalGids", NULL};
	json_t *e = NULL, *l = NULL, *v;
	const char *key;
	const json_t *one;
	_cleanup_strv_ struct strv env = {0};
	if (jget_obj(doc, o, "", "containerEdits", &e) < 0 ||
	    (e && jget_strv(doc, e, "containerEdits", "env", &env) < 0))
		return -1;
	for (size_t i = 0; i < env.n; i++) {
		char *eq = strchr(env.v[i], '=');
		if (!eq || eq == env.v[i])
			return jwrong(doc, "containerEdits", "env", "'%s' is not K=V", env.v[i]);
		*eq = 0;
		strv_setenv(&s->env, env.v[i], eq + 1);
	}
	/* What is not known is refused: that a device lacks what its driver needs would be found
	 * out much later. */
	json_object_foreach(e, key, v)
	{
		size_t k = 0;
		while (known[k] && strcmp(known[k], key) != 0)
			k++;
		if (!known[k])
			return jwrong(doc, "containerEdits", key, "ctr-run has no such thing");
	}
	for (size_t k = 0; e && k < sizeof lists / sizeof lists[0]; k++) {
		l = NULL;
		if (jget_arr(doc, e, "containerEdits", lists[k].key, &l) < 0)
			return -1;
		for (size_t i = 0; l && i < json_array_size(l); i++)
			if (!item(l, i, lists[k].key, &one) || lists[k].add(s, one) < 0)
				return -1;
	}
	l = NULL;
	if (e && jget_arr(doc, e, "containerEdits", "additionalGids", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++)
		if (!json_is_integer(v = json_array_get(l, i)))
			return jwrong(
			    doc, "containerEdits", "additionalGids", "must be a list of numbers");
		else if (json_integer_value(v))
			strv_addf(&s->x_groups, "%lld", (long long)json_integer_value(v));
	return 0;
}

/* What has been applied: devices by their whole names, and files, whose edits for all their devices
 * are made once. */
static struct strv applied;

/* 1 when the file is of this kind and has the device, whose edits are then applied. A file that
 * cannot be read as such is most likely another vendor's, and must not keep anybody from his
 * devices. */
static int from_file(
    struct spec *s, const char *file, const char *kind, const char *name, struct strv *has)
{
	size_t len;
	_cleanup_free_ char *text = file_read(file, 16 << 20, &len);
	_cleanup_json_ json_t *j = text ? json_parse(file, text, len) : NULL;
	struct jctx here = {.what = file, .text = text, .len = len};
	_cleanup_free_ char *its = NULL, *version = NULL;
	json_t *l = NULL;
	doc = &here;
	if (!j || jget_str(doc, j, "", "kind", &its) < 0) {
		warn_fail();
		return 0;
	}
	if (!str_eq(its, kind))
		return 0;
	if (jget_str(doc, j, "", "cdiVersion", &version) < 0 ||
	    jget_arr(doc, j, "", "devices", &l) < 0)
		return -1;
	if (version && !str_starts(version, "0.") && !str_starts(version, "1."))
		return jwrong(doc, "cdiVersion", "", "must be 0.x or 1.x");
	for (size_t i = 0; i < json_array_size(l); i++) {
		_cleanup_free_ char *d = NULL;
		const json_t *o = json_array_get(l, i);
		if (!json_is_object(o) || jget_str(doc, o, "devices", "name", &d) < 0)
			return jwrong(doc, "devices", "", "must be a list of objects with names");
		if (str_eq(d, name)) {
			if (!strv_has(&applied, file) && edits(s, j) < 0)
				return -1;
			strv_add(&applied, file);
			return edits(s, o) < 0 ? -1 : 1;
		}
		if (d)
			strv_add(has, d);
	}
	return 0;
}

/* 1 when a file in the folder has the device, and only one. */
static int from_dir(
    struct spec *s, const char *dir, const char *kind, const char *name, struct strv *has)
{
	int found = 0;
	DIR *d = opendir(dir);
	for (struct dirent *e; d && found >= 0 && (e = readdir(d));) {
		_cleanup_free_ char *file = path_join(dir, e->d_name);
		int n = str_ends(e->d_name, ".json") ? from_file(s, file, kind, name, has) : 0;
		if (n > 0 && found)
			n = fail("%s and another file of %s have it", e->d_name, dir);
		found = n ? n : found;
	}
	if (d)
		closedir(d);
	return found;
}

int cdi_device(struct spec *s, const char *arg)
{
	static const char *const dirs[] = {"/var/run/cdi", "/etc/cdi"};
	const char *eq = strchr(arg, '=');
	_cleanup_free_ char *kind = xstrndup(arg, (size_t)(eq - arg));
	_cleanup_strv_ struct strv has = {0};
	struct buf known = {0};
	int found = strv_has(&applied, arg);
	for (size_t i = 0; i < 2 && found == 0; i++)
		found = from_dir(s, dirs[i], kind, eq + 1, &has);
	strv_add(&applied, arg);
	if (found != 0)
		return found < 0 ? fail_in("--device %s", arg) : 0;
	for (size_t i = 0; i < has.n; i++)
		buf_printf(&known, " %s", has.v[i]);
	errno = ENOENT;
	fail("--device: %s: no such device in /etc/cdi/*.json or /var/run/cdi/*.json%s%s%s", arg,
	    has.n ? " (of its kind:" : "", has.n ? known.p : "", has.n ? ")" : "");
	buf_free(&known);
	return -1;
}
