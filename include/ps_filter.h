/* ps_filter.h: `ctr-ps --filter KEY=VALUE`, with docker's keys and meaning (docker-ps(1)): values
 * of one key are alternatives, several keys must all hold.
 */
#ifndef CTR_PS_FILTER_H
#define CTR_PS_FILTER_H

#include "record.h"
#include "str.h"

struct ps_key {
	const char *name;
	bool (*match)(const struct container *c, const char *want);
	int (*check)(const char *want); /* of the value: 0, or -1 with fail(); NULL: any will do */
	bool ended;                     /* containers that have ended are meant */
};
/* The keys that ps_filter_more.c has beside those of ps_filter.c; a row without a name ends it. */
extern const struct ps_key ps_keys_more[];

/* A filter that says nothing would look as if nothing ran: each is looked at before the list. What
 * `before` and `since` name is looked up. 0, or -1 with fail(). */
int ps_filter_check(const struct strv *filters);

/* Is it among those wanted? *by_status says that a status was asked for, so that containers which
 * do not run are meant, too. */
bool ps_filter(const struct strv *filters, const struct container *c, bool *by_status);

#endif
