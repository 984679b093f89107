/* tc.h: limits on an interface's bandwidth (tc-tbf(8), ifb): what it sends is delayed; what it
 * receives is led through an interface of its own (ifb), which delays it. Rates are bytes a second,
 * bursts bytes.
 */
#ifndef CTR_TC_H
#define CTR_TC_H

#include "nl.h"

/* The interface of that index sends at most `rate`, after a burst. */
void tc_tbf(struct nl *n, int index, const char *name, uint64_t rate, uint32_t burst);
/* What comes in by `index` goes through the interface `ifb` first: two messages. */
void tc_redirect(struct nl *n, int index, const char *name, int ifb);
/* An interface for that, and its alias. */
void tc_ifb_add(struct nl *n, const char *name, int mtu, const char *alias);

/* Has it such a limit? 1 with *rate, 0, or -1 with fail(). */
int tc_tbf_get(struct nl *n, int index, uint64_t *rate);

#endif
