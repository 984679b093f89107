/* spec_read.c: config.json into the spec; see spec.h. The text may be hostile: every type and range
 * is checked. The process is read by spec_read_process.c, `linux` by spec_read_linux.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "json.h"
#include "spec_names.h"

/* A mount's uidMappings and gidMappings; config.md wants both or neither. */
static int mount_idmaps(struct spec_mount *m, const json_t *o, const char *at)
{
	char u[96], g[96];
	snprintf(u, sizeof u, "%s.uidMappings", at);
	snprintf(g, sizeof g, "%s.gidMappings", at);
	if (spec_idmaps(o, u, "uidMappings", &m->uid_map, &m->n_uid_map) < 0 ||
	    spec_idmaps(o, g, "gidMappings", &m->gid_map, &m->n_gid_map) < 0)
		return -1;
	if (!m->n_uid_map != !m->n_gid_map)
		return spec_missing(at, m->n_uid_map ? "gidMappings" : "uidMappings");
	return 0;
}

static int spec_read_mounts(struct spec *s, const json_t *root)
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
		if (mount_idmaps(m, o, at) < 0)
			return -1;
		if (m->dest[0] != '/') { /* allowed by old versions of the spec */
			char *abs = path_join("", m->dest);
			free(m->dest);
			m->dest = abs;
		}
		bool bind = spec_mount_binds(m);
		if (!m->type)
			m->type = xstrdup(bind ? "bind" : "none");
		if (bind && !m->source)
			return spec_missing(at, "source");
	}
	return 0;
}

static int spec_read_hooks(struct spec *s, const json_t *root)
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
			k->own_env = json_member(o, "env");
			if (!k->path || k->path[0] != '/')
				return jwrong(spec_doc, at, "path", "must be an absolute path");
		}
	}
	return 0;
}

/* --- annotations: what is ours goes back where it came from --- */

static int spec_read_list_note(struct strv *out, const char *name, const char *text)
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
	} ours[] = {{"ctrbox.init=", &s->x_init, NULL, NULL},
	    {"ctrbox.privileged=", &s->x_privileged, NULL, NULL},
	    {"ctrbox.no_pivot=", &s->x_no_pivot, NULL, NULL},
	    {"ctrbox.keep_id=", &s->x_keep_id, NULL, NULL},
	    {"ctrbox.systemd=", &s->x_systemd, NULL, NULL},
	    {"ctrbox.user=", NULL, &s->x_user, NULL},
	    {"ctrbox.image_file=", NULL, &s->x_image_file, NULL},
	    {"ctrbox.upper_size=", NULL, &s->x_upper_size, NULL},
	    {"ctrbox.seccomp=", NULL, &s->seccomp, NULL},
	    {"ctrbox.groups=", NULL, NULL, &s->x_groups},
	    {"ctrbox.lower=", NULL, NULL, &s->x_lower}};
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
		if (!str_starts(kv, ours[i].name))
			continue;
		const char *v = kv + strlen(ours[i].name);
		if (ours[i].flag)
			*ours[i].flag = strcmp(v, "1") == 0;
		else if (ours[i].list)
			return spec_read_list_note(ours[i].list, ours[i].name, v);
		else if (!*ours[i].text)
			*ours[i].text = xstrdup(v);
		return 0;
	}
	strv_add(&s->annotations, kv);
	return 0;
}

static int spec_read_annotations(struct spec *s, const json_t *root)
{
	struct strv l = {0};
	int r = spec_pairs(root, "", "annotations", &l);
	for (size_t i = 0; r >= 0 && i < l.n; i++)
		r = note(s, l.v[i]);
	strv_free(&l);
	return r < 0 ? -1 : 0;
}

static int spec_read_whole(struct spec *s, const json_t *j)
{
	json_t *r = NULL;
	if (jget_str(spec_doc, j, "", "ociVersion", &s->version) < 0)
		return -1;
	if (!s->version)
		return spec_missing("", "ociVersion");
	if (!str_starts(s->version, "1."))
		return jwrong(
		    spec_doc, "", "ociVersion", "%s is not supported (1.x is)", s->version);
	json_t *p = NULL;
	if (jget_obj(spec_doc, j, "", "process", &p) < 0)
		return -1;
	if (!p)
		return spec_missing("", "process");
	if (spec_read_process(s, p) < 0 || jget_obj(spec_doc, j, "", "root", &r) < 0)
		return -1;
	if (!r)
		return spec_missing("", "root");
	if (jget_str(spec_doc, r, "root", "path", &s->root_path) < 0 ||
	    jget_bool(spec_doc, r, "root", "readonly", &s->root_readonly) < 0)
		return -1;
	if (!s->root_path || !*s->root_path)
		return spec_missing("root", "path");
	if (jget_str(spec_doc, j, "", "hostname", &s->hostname) < 0 ||
	    jget_str(spec_doc, j, "", "domainname", &s->domainname) < 0 ||
	    spec_read_mounts(s, j) < 0 || spec_read_hooks(s, j) < 0 || spec_read_linux(s, j) < 0)
		return -1;
	return spec_read_annotations(s, j);
}

/* An image's labels and annotations become a bundle's (podman, umoci), so those that say to us what
 * the specification has no word for would let an image choose its user, groups and layers. */
static int spec_read_foreign(struct spec *s, const json_t *j)
{
	json_t *notes = json_object_get(j, "annotations"), *v;
	const char *key;
	json_object_foreach(notes, key, v)
	{
		if (str_starts(key, "ctrbox."))
			return jwrong(spec_doc, "annotations", key, "is ctrbox's own");
	}
	return spec_read_whole(s, j);
}

/* jansson does not take numbers from 2^63 on: they are replaced by what their 64 bits mean as a
 * signed number. A reader of an unsigned one casts it back, and for docker's RLIM_INFINITY -1 is a
 * known way to say it. The text keeps its length, so that the columns in messages stay true. */
static void wide_numbers(char *text)
{
	for (char *p = text; *p;) {
		size_t n = strspn(p, "0123456789");
		if (*p == '"') {
			for (p++; *p && *p != '"'; p++)
				p += *p == '\\' && p[1];
			p += *p == '"';
		} else if (n >= 19 && n <= 20 && p > text && p[-1] != '-' && p[-1] != '.' &&
			   !strchr(".eE", p[n])) {
			errno = 0;
			uint64_t u = strtoull(p, NULL, 10);
			char num[24];
			int len = snprintf(num, sizeof num, "%" PRId64, (int64_t)u);
			if (errno == 0 && u > INT64_MAX && (size_t)len <= n) {
				memset(p, ' ', n);
				memcpy(p, num, (size_t)len);
			}
			p += n;
		} else {
			p += n ? n : 1;
		}
	}
}

typedef int spec_reader(struct spec *s, const json_t *j);

static int spec_read_parse(struct spec *s, const char *what, const char *text, size_t len,
    const char *inside, spec_reader *fn)
{
	_cleanup_free_ char *copy = xstrndup(text, len);
	wide_numbers(copy);
	struct jctx ctx = {what, copy, strlen(copy), inside, NULL};
	/* a text with a NUL in it is refused by json_parse() */
	_cleanup_json_ json_t *j = json_parse(what, strlen(copy) == len ? copy : text, len);
	if (!j)
		return -1;
	spec_doc = &ctx;
	int r = json_is_object(j) ? fn(s, j) : jwrong(spec_doc, "", "", "must be an object");
	spec_doc = NULL;
	return r;
}

static int parse_anew(
    struct spec *s, const char *what, const char *text, size_t len, spec_reader *fn)
{
	memset(s, 0, sizeof *s);
	s->umask = -1;
	int r = spec_read_parse(s, what, text, len, NULL, fn);
	if (r < 0) {
		int saved = errno;
		spec_free(s);
		errno = saved;
	}
	return r;
}

int spec_parse(struct spec *s, const char *what, const char *text, size_t len)
{
	return parse_anew(s, what, text, len, spec_read_whole);
}

int spec_parse_bundle(struct spec *s, const char *what, const char *text, size_t len)
{
	return parse_anew(s, what, text, len, spec_read_foreign);
}

int spec_parse_process(struct spec *s, const char *what, const char *text, size_t len)
{
	spec_free_process(s);
	return spec_read_parse(s, what, text, len, "process", spec_read_process);
}

int spec_parse_resources(struct spec *s, const char *what, const char *text, size_t len)
{
	return spec_read_parse(s, what, text, len, "linux.resources", spec_read_resources);
}
