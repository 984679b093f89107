/* list_filter.c: --filter of the lists of networks and volumes; see list_filter.h. */
#include <string.h>

#include "err.h"
#include "list_filter.h"

static const char *const keys[] = {"name", "id", "driver", "label", "dangling"};
#define N_KEYS (sizeof keys / sizeof keys[0])

static bool holds(const struct listed *l, size_t key, const char *want)
{
	switch (key) {
	case 0:
		return strstr(l->name, want);
	case 1:
		return str_starts(l->name, want);
	case 2:
		return strcmp(l->driver, want) == 0;
	case 3:
		return str_label(l->labels, want);
	default:
		return l->dangling == (strcmp(want, "true") == 0 || strcmp(want, "1") == 0);
	}
}

static const char *value_of(const char *filter, size_t key)
{
	size_t n = strlen(keys[key]);
	return strncmp(filter, keys[key], n) == 0 && filter[n] == '=' ? filter + n + 1 : NULL;
}

bool list_filter(const struct strv *filters, const struct listed *l)
{
	for (size_t key = 0; key < N_KEYS; key++) {
		bool asked = false, hit = false;
		for (size_t i = 0; i < filters->n; i++) {
			const char *want = value_of(filters->v[i], key);
			asked |= want != NULL;
			hit |= want && holds(l, key, want);
		}
		if (asked && !hit)
			return false;
	}
	return true;
}

int list_filter_check(const struct strv *filters)
{
	static const char *const bools[] = {"true", "false", "1", "0"};
	for (size_t i = 0; i < filters->n; i++) {
		const char *f = filters->v[i], *want = NULL;
		size_t key = 0, b = 0;
		while (key < N_KEYS && !(want = value_of(f, key)))
			key++;
		if (!want)
			return fail_usage(
			    "--filter: '%s' is not name=, id=, driver=, label= or dangling=", f);
		while (key == 4 && b < 4 && strcmp(bools[b], want))
			b++;
		if (b == 4)
			return fail_usage("--filter: dangling is true or false, not '%s'", want);
	}
	return 0;
}
