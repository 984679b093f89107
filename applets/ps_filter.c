/* ps_filter.c: which containers ctr-ps shows; see ps_filter.h. */
#include <stdlib.h>
#include <string.h>

#include "create.h"
#include "err.h"
#include "file.h"
#include "ps_filter.h"
#include "spec.h"

typedef bool match_fn(const struct container *c, const char *want);

static const char *conf(const struct container *c, const char *key)
{
	const char *s = kv_get(&c->conf, key);
	return s ? s : "";
}

/* A part of the name, or with docker's ^ and $ its beginning and its end. */
static bool by_name(const struct container *c, const char *want)
{
	bool whole = *want == '^';
	want += whole + (want[whole] == '/'); /* docker's own names begin with a slash */
	size_t n = strlen(want);
	bool end = n && want[n - 1] == '$';
	_cleanup_free_ char *w = xstrndup(want, n - end);
	size_t len = strlen(c->name);
	n -= end;
	if (whole && !str_starts(c->name, w))
		return false;
	if (end && (len < n || strcmp(c->name + len - n, w) != 0))
		return false;
	return (!whole || !end || len == n) && strstr(c->name, w);
}

static bool by_id(const struct container *c, const char *want)
{
	return str_starts(c->id, want);
}

static bool by_status(const struct container *c, const char *want)
{
	return strcmp(status_name(c->status), want) == 0;
}

static bool by_image(const struct container *c, const char *want)
{
	const char *image = conf(c, "image");
	size_t n = strlen(want);
	return strcmp(image, want) == 0 ||
	       (str_starts(image, want) && str_eq(image + n, ":latest"));
}

static bool by_restart(const struct container *c, const char *want)
{
	const char *p = kv_get(&c->conf, "restart");
	return strcmp(p ? p : "no", want) == 0;
}

static bool by_label(const struct container *c, const char *want)
{
	_cleanup_strv_ struct strv l = {0};
	strv_split(&l, conf(c, "label"), "\n");
	size_t n = strlen(want);
	for (size_t i = 0; i < l.n; i++)
		if (strcmp(l.v[i], want) == 0 ||
		    (!strchr(want, '=') && str_starts(l.v[i], want) && l.v[i][n] == '='))
			return true;
	return false;
}

static bool by_exited(const struct container *c, const char *want)
{
	return c->has_exit && !c->pid && c->exit_code == atoi(want);
}

static bool by_network(const struct container *c, const char *want)
{
	_cleanup_strv_ struct strv l = {0};
	_cleanup_free_ char *more =
	    c->dir < 0 ? NULL : file_read_at(c->dir, "networks", 1 << 20, NULL);
	strv_split(&l, more ? more : "", "\n");
	bool hit = false, off = false;
	for (size_t i = 0; i < l.n; i++) {
		off |= strcmp(l.v[i], "-") == 0;
		hit |= strncmp(l.v[i], want, strcspn(l.v[i], " ")) == 0 &&
		       strcspn(l.v[i], " ") == strlen(want);
	}
	return hit || (!off && strcmp(conf(c, "net"), want) == 0);
}

static bool by_volume(const struct container *c, const char *want)
{
	struct spec s;
	bool hit = false;
	if (c->dir < 0 || create_reload(c, &s) < 0)
		return false;
	_cleanup_free_ char *named = xasprintf("/volumes/%s", want);
	for (size_t i = 0; i < s.mounts.n; i++) {
		const struct spec_mount *m = &s.mounts.v[i];
		size_t n = m->source ? strlen(m->source) : 0, k = strlen(named);
		hit |= strcmp(m->dest, want) == 0 ||
		       (*want != '/' && n > k && strcmp(m->source + n - k, named) == 0) ||
		       (m->source && *want == '/' && strcmp(m->source, want) == 0);
	}
	spec_free(&s);
	return hit;
}

static char *limit[2]; /* when those that `before` and `since` name were made */

static bool by_before(const struct container *c, const char *want)
{
	(void)want;
	return limit[0] && strcmp(conf(c, "created"), limit[0]) < 0;
}

static bool by_since(const struct container *c, const char *want)
{
	(void)want;
	return limit[1] && strcmp(conf(c, "created"), limit[1]) > 0;
}

static const struct key {
	const char *name;
	match_fn *match;
} keys[] = {{"name", by_name}, {"id", by_id}, {"status", by_status}, {"label", by_label},
    {"ancestor", by_image}, {"image", by_image}, {"exited", by_exited}, {"network", by_network},
    {"volume", by_volume}, {"restart", by_restart}, {"before", by_before}, {"since", by_since}};
#define N_KEYS (sizeof keys / sizeof keys[0])

/* The row of a filter's key, and its value. */
static const struct key *key_of(const char *f, const char **value)
{
	const char *eq = strchr(f, '=');
	for (size_t i = 0; eq && i < N_KEYS; i++)
		if (strncmp(f, keys[i].name, (size_t)(eq - f)) == 0 && !keys[i].name[eq - f]) {
			*value = eq + 1;
			return &keys[i];
		}
	return NULL;
}

static int status_check(const char *want)
{
	for (int s = 0; s <= ST_CORRUPT; s++)
		if (strcmp(status_name((enum status)s), want) == 0)
			return 0;
	return fail("--filter: '%s' is no status (created, running, paused, restarting, exited, "
		    "lost, orphaned or corrupt)",
	    want);
}

static int limit_find(char **out, const char *name)
{
	struct container c;
	if (container_open(&c, name) < 0)
		return fail_in("--filter");
	free(*out);
	*out = xstrdup(conf(&c, "created"));
	container_close(&c);
	return 0;
}

int ps_filter_check(const struct strv *filters)
{
	for (size_t i = 0; i < filters->n; i++) {
		const char *f = filters->v[i], *value;
		int64_t n;
		if (!strchr(f, '='))
			return fail("--filter: '%s' is not K=V", f);
		const struct key *k = key_of(f, &value);
		if (!k)
			return fail("--filter: no key '%.*s' (name, id, status, label, ancestor, "
				    "exited, network, volume, restart, before or since)",
			    (int)strcspn(f, "="), f);
		if ((k->match == by_status && status_check(value) < 0) ||
		    (k->match == by_exited &&
			num_parse("--filter: exited", value, 0, 255, &n) < 0) ||
		    (k->match == by_before && limit_find(&limit[0], value) < 0) ||
		    (k->match == by_since && limit_find(&limit[1], value) < 0))
			return -1;
	}
	return 0;
}

bool ps_filter(const struct strv *filters, const struct container *c, bool *by)
{
	*by = false;
	for (size_t i = 0; i < N_KEYS; i++) {
		bool asked = false, hit = false;
		for (size_t k = 0; k < filters->n; k++) {
			const char *value;
			if (key_of(filters->v[k], &value) != &keys[i])
				continue;
			asked = true;
			hit = hit || keys[i].match(c, value);
		}
		*by |= asked && (keys[i].match == by_status || keys[i].match == by_exited);
		if (asked && !hit)
			return false;
	}
	return true;
}
