/* clock.h: time that only moves forward, for deadlines. */
#ifndef CTR_CLOCK_H
#define CTR_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t now_ms(void);

/* Sleep for that long; a signal ends it early. Only where the kernel offers nothing to wait for. */
void nap_ms(long ms);

#endif
