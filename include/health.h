/* health.h: health checks, as docker's: what is asked for, what was found.
 *
 * conf has `health`, docker's Test apart by HEALTH_SEP ("CMD-SHELL", text; "CMD", word, ...), and
 * `health_times`: interval, timeout, start period and start interval in milliseconds, then retries;
 * `health_on_failure`. The results are in the file `health` of its folder in $CTR_RUN while it
 * lives, afterwards in that in $CTR_LIB: status, failing, and up to five log0, log1, ... (oldest
 * first), each "START END CODE" (seconds with nanoseconds) and what was written in further lines.
 */
#ifndef CTR_HEALTH_H
#define CTR_HEALTH_H

#include <stdbool.h>
#include "create_flags.h"
#include "image.h"
#include "kv.h"
#include "record.h"

#define HEALTH_SEP "\x1f"
#define HEALTH_LOGS 5
#define HEALTH_GROUP "health" /* below the container's group: a check and what it has started */

enum {
	HEALTH_INTERVAL,
	HEALTH_TIMEOUT,
	HEALTH_PERIOD,
	HEALTH_START_INTERVAL,
	HEALTH_RETRIES,
	HEALTH_NUMBERS
};

/* conf's health_times. */
void health_numbers(const struct kv *conf, int64_t n[HEALTH_NUMBERS]);
/* The results so far, NULL where it is not checked: caller frees with kv_free(). False where there
 * are none. */
bool health_read(const struct container *c, struct kv *out);
#ifdef CTR_MINIMAL /* checks nothing: the compiler leaves the calls out */
struct monitor;
#define health_record(o, im, conf) ((void)(im), 0)
#define health_status(c) ""
#define health_begin(m) ((void)0)
#define health_due(m) ((void)0)
#define health_ended(m, pid, status, over) ((void)0)
#define health_end(m) ((void)0)
#else
/* What flags ask for and what the image says (NULL: there is none), into conf. 0 or -1 with
 * fail_usage(). */
int health_record(const struct create_flags *o, const struct image *im, struct kv *conf);
/* The states, as docker names them. */
enum { HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY, HEALTH_STATES };
extern const char *const health_names[HEALTH_STATES];
/* One of these names; "" where it is not checked. Static. */
const char *health_status(const struct container *c);

/* --- the monitor's (monitor_parts.h) --- */

struct monitor;
/* A start: checks begin. Warns where they cannot. */
void health_begin(struct monitor *m);
/* It is time for one. */
void health_due(struct monitor *m);
/* A child that is not the container's first process has ended: a check, perhaps. `over`: it came
 * too late. */
void health_ended(struct monitor *m, pid_t pid, int status, bool over);
/* The end: no check goes on, and what was found is kept. */
void health_end(struct monitor *m);

#endif

#endif
