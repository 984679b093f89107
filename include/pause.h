/* pause.h: freezing containers, for ctr-pause and ctr-unpause. */
#ifndef CTR_PAUSE_H
#define CTR_PAUSE_H

#include "record.h"

/* Freeze a running container, or let a paused one go on. -1 with fail(). */
int pause_container(struct container *c, bool on);

#endif
