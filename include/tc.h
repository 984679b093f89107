/* tc.h: limits on an interface's bandwidth (tc-tbf(8)). What the interface sends is delayed; what
 * it receives is led through an interface of kind ifb, which delays it. Rates are bytes a second,
 * bursts are bytes. */
#ifndef CTR_TC_H
#define CTR_TC_H

#include "nl.h"

/* Let the interface of that index send no more than `rate`, after a burst. */
void tc_tbf(struct nl *n, int index, const char *name, uint64_t rate, uint32_t burst);
/* Lead what comes in by `index` through the interface `ifb` first. This appends two messages. */
void tc_redirect(struct nl *n, int index, const char *name, int ifb);
/* Add such an ifb interface, with its alias. */
void tc_ifb_add(struct nl *n, const char *name, int mtu, const char *alias);

/* Does the interface have such a limit? 1 with *rate, 0, or -1 with fail(). */
int tc_tbf_get(struct nl *n, int index, uint64_t *rate);

#endif
