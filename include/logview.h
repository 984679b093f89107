/* logview.h: showing a container's log: what ctr-logs and ctr-attach share.
 */
#ifndef CTR_LOGVIEW_H
#define CTR_LOGVIEW_H

#include <stdbool.h>
#include <stdint.h>
#include "record.h"

struct logview {
	int64_t tail;  /* so many last lines; -1 all */
	int64_t since; /* nanoseconds since the epoch, 0 from the beginning */
	int64_t until; /* the same, 0 to the end */
	bool stamps, follow;
	bool only_new; /* nothing of what is there already: from where `fd`, an open log, stands */
	int fd;
};

/* Show the log. With `follow` until the container's life ends (its lock is free) and all was shown.
 * 0, or -1 with fail(). */
int logview(struct container *c, const struct logview *v);

#endif
