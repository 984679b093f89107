/* ps_filter.c: the containers that ctr-ps shows; see ps_filter.h. */
#include <string.h>

#include "err.h"
#include "pattern.h"
#include "ps_filter.h"

static const char *conf(const struct container *c, const char *key)
{
	const char *s = kv_get(&c->conf, key);
	return s ? s : "";
}

static bool by_name(const struct container *c, const char *want)
{
	_cleanup_free_ char *docker = xasprintf("/%s", c->name); /* docker's own begin so */
	return pattern_found(want, c->name) || pattern_found(want, docker);
}

static bool by_id(const struct container *c, const char *want)
{
	return pattern_found(want, c->id);
}

static bool by_status(const struct container *c, const char *want)
{
	if (strcmp(want, "dead") == 0) /* docker's word */
		return c->status == ST_LOST || c->status == ST_CORRUPT;
	return strcmp(status_name(c->status), want) == 0; /* docker's `removing` is none of ours */
}

static bool by_restart(const struct container *c, const char *want)
{
	const char *p = kv_get(&c->conf, "restart");
	return strcmp(p ? p : "no", want) == 0;
}

static bool by_label(const struct container *c, const char *want)
{
	return str_label(conf(c, "label"), want);
}

static int status_check(const char *want)
{
	for (int s = 0; s <= ST_CORRUPT; s++)
		if (strcmp(status_name((enum status)s), want) == 0)
			return 0;
	if (str_has_word("dead removing", want))
		return 0;
	return fail("--filter: '%s' is not a status (created, running, paused, restarting, exited, "
		    "dead, lost, orphaned or corrupt)",
	    want);
}

static const struct ps_key keys[] = {{"name", by_name, pattern_check, false},
    {"id", by_id, pattern_check, false}, {"status", by_status, status_check, true},
    {"label", by_label, NULL, false}, {"restart", by_restart, NULL, false}};
#define N_KEYS (sizeof keys / sizeof keys[0])

/* The keys of this file, then the further ones; NULL at the end. */
static const struct ps_key *key_at(size_t i)
{
	const struct ps_key *k = i < N_KEYS ? &keys[i] : &ps_keys_more[i - N_KEYS];
	return k->name ? k : NULL;
}

/* The row of a filter's key, and its value. */
static const struct ps_key *key_of(const char *f, const char **value)
{
	const struct ps_key *k;
	const char *eq = strchr(f, '=');
	for (size_t i = 0; eq && (k = key_at(i)); i++)
		if (strncmp(f, k->name, (size_t)(eq - f)) == 0 && !k->name[eq - f]) {
			*value = eq + 1;
			return k;
		}
	return NULL;
}

int ps_filter_check(const struct strv *filters)
{
	for (size_t i = 0; i < filters->n; i++) {
		const char *f = filters->v[i], *value;
		if (!strchr(f, '='))
			return fail("--filter: '%s' is not K=V", f);
		const struct ps_key *k = key_of(f, &value);
		if (!k)
			return fail(
			    "--filter: no key '%.*s' (name, id, status, label, ancestor, ... "
			    "see ctr-ps(1))",
			    (int)strcspn(f, "="), f);
		if (k->check && k->check(value) < 0)
			return -1;
	}
	return 0;
}

static bool ps_holds(const void *c, const char *filter)
{
	const char *want;
	return key_of(filter, &want)->match(c, want);
}

bool ps_filter(const struct strv *filters, const struct container *c, bool *by)
{
	const char *want;
	*by = false;
	for (size_t i = 0; i < filters->n; i++)
		*by |= key_of(filters->v[i], &want)->ended;
	return pattern_all(filters, ps_holds, c);
}
