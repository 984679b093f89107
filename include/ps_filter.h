/* ps_filter.h: `ctr-ps --filter KEY=VALUE`, with docker's keys and meaning (docker-ps(1)): values
 * of one key are alternatives (of labels only those of one label), several keys must all hold.
 */
#ifndef CTR_PS_FILTER_H
#define CTR_PS_FILTER_H

#include "record.h"
#include "str.h"

struct ps_key {
	const char *name;
	bool (*match)(const struct container *c, const char *want);
	int (*check)(
	    const char *want); /* is it a possible value? 0, or -1 with fail(); NULL: any is */
	bool ended;            /* asking for it includes containers that have ended */
};
/* The keys that ps_filter_more.c adds to those of ps_filter.c; the table ends with a row without a
 * name. */
extern const struct ps_key ps_keys_more[];

/* Is that its image? */
bool ps_by_image(const struct container *c, const char *want);

/* With a mistyped filter it would look as if nothing ran, so each one is checked before the list is
 * made. What `before` and `since` name is looked up. 0, or -1 with fail(). */
int ps_filter_check(const struct strv *filters);

/* Do the filters let this container through? *by_status says that a status was asked for, so that
 * containers which do not run are included, too. */
bool ps_filter(const struct strv *filters, const struct container *c, bool *by_status);

/* What it has written and all it sees, "12K (virtual 2.1M)", as docker has it; `words` is
 * a template: the sizes too. Of "json" two numbers: 12288,"virtual":2140435. Caller frees. */
char *ps_size(const struct container *c, const char *words);

#endif
