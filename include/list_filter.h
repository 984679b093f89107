/* list_filter.h: --filter of the lists of networks and volumes, docker's keys and meaning. */
#ifndef CTR_LIST_FILTER_H
#define CTR_LIST_FILTER_H

#include <stdbool.h>
#include "str.h"

/* What may be asked of one of a list. */
struct listed {
	const char *name, *driver, *labels;
	bool dangling; /* nothing uses it */
};

/* name (a part of it), id (its beginning), driver, label, dangling: values of one key are
 * alternatives, several keys must all hold. */
bool list_filter(const struct strv *filters, const struct listed *l);
/* 0, or -1 with fail_usage(): no such key, no such value. */
int list_filter_check(const struct strv *filters);

#endif
