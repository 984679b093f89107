/* list_filter.c: --filter of lists; see list_filter.h. */
#include <string.h>

#include "err.h"
#include "list_filter.h"
#include "pattern.h"

bool filter_true(const char *want)
{
	return str_has_word("true 1", want);
}

static bool listed_holds(const void *one, size_t key, const char *want)
{
	const struct listed *l = one;
	switch (key) {
	case 0:
	case 1:
		return pattern_found(want, l->name);
	case 2:
		return strcmp(l->driver, want) == 0;
	case 3:
		return str_label(l->labels, want);
	case 4:
		return l->dangling == filter_true(want);
	case 5:
		return strcmp(want, "local") == 0;
	default: /* docker's own networks are bridge, host and none */
		return (strcmp(l->name, "bridge") == 0) == (strcmp(want, "builtin") == 0);
	}
}

const struct filter_kind filter_listed = {
    (const char *const[]){"name", "id", "driver", "label", "dangling", NULL}, listed_holds, NULL};
const struct filter_kind filter_network = {
    (const char *const[]){"name", "id", "driver", "label", "dangling", "scope", "type", NULL},
    listed_holds, "custom builtin"};

static const char *value_of(const char *filter, const char *key)
{
	size_t n = strlen(key);
	return strncmp(filter, key, n) == 0 && filter[n] == '=' ? filter + n + 1 : NULL;
}

struct of_kind {
	const struct filter_kind *kind;
	const void *one;
};

static bool of_kind_holds(const void *arg, const char *filter)
{
	const struct of_kind *o = arg;
	const char *want;
	size_t key = 0;
	while (!(want = value_of(filter, o->kind->keys[key])))
		key++;
	return o->kind->holds(o->one, key, want);
}

bool filter_holds(const struct strv *filters, const struct filter_kind *kind, const void *one)
{
	return pattern_all(filters, of_kind_holds, &(struct of_kind){kind, one});
}

int filter_check(const struct strv *filters, const struct filter_kind *kind)
{
	for (size_t i = 0; i < filters->n; i++) {
		const char *f = filters->v[i], *want = NULL;
		size_t key = 0;
		while (kind->keys[key] && !(want = value_of(f, kind->keys[key])))
			key++;
		if (!want) {
			struct buf all = {0};
			for (key = 0; kind->keys[key]; key++)
				buf_printf(&all, "%s%s=", key ? ", " : "", kind->keys[key]);
			fail_usage("--filter: '%s' is not one of %s", f, all.p);
			buf_free(&all);
			return -1;
		}
		if (kind->holds == listed_holds && key < 2 && pattern_check(want) < 0)
			return -1;
		const char *of[][2] = {{"dangling", "true false 1 0"},
		    {"scope", "local swarm global"}, {"type", kind->types}};
		for (size_t k = 0; k < 3; k++)
			if (strcmp(kind->keys[key], of[k][0]) == 0 && !str_has_word(of[k][1], want))
				return fail_usage("--filter: %s is one of %s, not '%s'", of[k][0],
				    of[k][1], want);
	}
	return 0;
}
