/* list_filter.h: --filter of lists, with docker's meaning: values of one key are alternatives
 * (of labels only those of one label), several keys must all hold. */
#ifndef CTR_LIST_FILTER_H
#define CTR_LIST_FILTER_H

#include <stdbool.h>
#include "str.h"

/* The keys of one kind of list. `dangling` is true, false, 1 or 0, and `scope` local, swarm or
 * global. */
struct filter_kind {
	const char *const *keys; /* ends with NULL */
	/* Whether `want`, the value of keys[key], holds for one of the list. */
	bool (*holds)(const void *one, size_t key, const char *want);
	const char *types; /* the values of a key `type`, apart by blanks; NULL: there is none */
};

/* Do these filters ("KEY=VALUE", checked) hold for one of the list? */
bool filter_holds(const struct strv *filters, const struct filter_kind *kind, const void *one);
/* Check filters as they were given. 0, or -1 with fail_usage(): no such key, no such value. */
int filter_check(const struct strv *filters, const struct filter_kind *kind);
/* What the value of `dangling` asks for. */
bool filter_true(const char *want);

/* Rows of options (opt.h) for an applet that lists and inspects; `ls` is what stands before their
 * help, and the variables are the applet's own. */
#define LIST_ROWS(ls)                                                                              \
	{0, "json", NULL, ls "an object a line", OPT_FLAG, &as_json},                              \
	    {'n', "no-header", NULL, ls "leave the header line out", OPT_FLAG, &no_header},        \
	{                                                                                          \
		'q', "quiet", NULL, ls "print names only", OPT_FLAG, &quiet                        \
	}
#define INSPECT_ROWS                                                                               \
	{'f', "format", "TEMPLATE", "docker's", OPT_STR, &format},                                 \
	{                                                                                          \
		0, "json", NULL, "our own shape, an object a line", OPT_FLAG, &as_json             \
	}

/* What may be asked of a network or a volume. */
struct listed {
	const char *name, *driver, *labels;
	bool dangling; /* nothing uses it */
};

/* The keys of those: name and id (pattern.h), driver, label, dangling. */
extern const struct filter_kind filter_listed; /* of struct listed */
/* Those, and docker's scope (local) and type (custom, builtin). */
extern const struct filter_kind filter_network;

#endif
