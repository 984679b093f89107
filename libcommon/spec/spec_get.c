/* spec_get.c: what the readers of config.json share: members of every kind, checked; see
 * spec_names.h. */
#include <string.h>

#include "spec_names.h"

const struct jctx *spec_doc;

int spec_missing(const char *path, const char *key)
{
	return jwrong(spec_doc, path, key, "is missing");
}

int spec_absent(const json_t *o, const char *key)
{
	return json_member(o, key) ? -1 : 0;
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

int spec_word(
    const json_t *o, const char *path, const char *key, const struct spec_word *words, long *out)
{
	_cleanup_free_ char *w = NULL;
	int r = jget_str(spec_doc, o, path, key, &w);
	for (; r == 1 && words->name; words++)
		if (strcmp(words->name, w) == 0)
			return *out = words->value, 1;
	return r == 1 ? jwrong(spec_doc, path, key, "'%s' is not known", w) : r;
}

int spec_words(const json_t *o, const char *path, const char *key, const struct spec_word *words,
    unsigned long *out)
{
	struct strv l = {0};
	int r = jget_strv(spec_doc, o, path, key, &l);
	for (size_t i = 0; r == 1 && i < l.n; i++) {
		const struct spec_word *w = words;
		while (w->name && strcmp(w->name, l.v[i]) != 0)
			w++;
		if (!w->name)
			r = jwrong(spec_doc, path, key, "'%s' is not known", l.v[i]);
		else
			*out |= (unsigned long)w->value;
	}
	strv_free(&l);
	return r;
}

int spec_idmaps(
    const json_t *o, const char *path, const char *key, struct idmap_entry **v, size_t *n)
{
	json_t *l = NULL;
	char list[96];
	size_t dot = strlen(path) - strlen(key);
	snprintf(list, sizeof list, "%.*s", dot ? (int)dot - 1 : 0, path);
	if (jget_arr(spec_doc, o, list, key, &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80];
		struct idmap_entry m = {0};
		const json_t *e = spec_item(l, i, path, at);
		int a, b, c;
		if (!e || (a = spec_u32(e, at, "containerID", &m.container)) < 0 ||
		    (b = spec_u32(e, at, "hostID", &m.host)) < 0 ||
		    (c = spec_u32(e, at, "size", &m.size)) < 0)
			return -1;
		if (!a || !b)
			return spec_missing(at, a ? "hostID" : "containerID");
		if (!c)
			return spec_missing(at, "size");
		*v = xrealloc(*v, (*n + 1) * sizeof **v);
		(*v)[(*n)++] = m;
	}
	return 0;
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

/* --- mounts and hooks --- */

int spec_device(const json_t *o, const char *at, char *type, int64_t *major, int64_t *minor)
{
	char *t = NULL;
	if (jget_str(spec_doc, o, at, "type", &t) < 0 ||
	    jget_int(spec_doc, o, at, "major", -1, 1 << 20, major) < 0 ||
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
