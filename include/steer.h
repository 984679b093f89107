/* steer.h: ending containers: what ctr-stop, ctr-kill, ctr-rm -f and ctr-restart share.
 */
#ifndef CTR_STEER_H
#define CTR_STEER_H

#include <stdio.h>
#include "record.h"

/* Say that the end is deliberate (no restart), thaw it, and send `sig` to PID 1 (a restarting one:
 * end its monitor). 0 when done or when it does not run; -1 with fail(). */
int steer_signal(struct container *c, int sig, bool deliberate);
/* Wait up to `ms` for its end; then SIGKILL to everything in it, and wait 5 s more. 0, or -1 with
 * fail() saying that something does not die. */
int steer_end(struct container *c, int ms);
/* SIGKILL to everything in it, now; its first process is gone afterwards (its monitor perhaps not
 * yet). */
int steer_kill(struct container *c);
/* Look at all of these before any is ended, so that a typing mistake ends none: 0, or -1 when one
 * is no container (it was said). */
int steer_look(const struct strv *names);
/* fn() on each of these containers, opened; named on stdout when it returned 0, else what fails is
 * said. 0, or 1 when any failed. */
int steer_each(const struct strv *names, int (*fn)(struct container *c, void *arg), void *arg);
/* Freeze one that runs, or let one that is paused go on. -1 with fail(). */
int steer_freeze(struct container *c, bool on);
/* Each container's own time: its --stop-timeout, or 10. */
#define STEER_OWN 2000000
int64_t steer_patience(const struct container *c, int64_t seconds);
/* --time's value, NULL for STEER_OWN: seconds, -1 meaning a very long time. -1 with
 * fail_usage(). */
int64_t steer_seconds(const char *given);
/* The signal that stops it: conf's stop_signal, or TERM. */
int steer_stop_signal(const struct container *c);
/* Stop these: all are told first, then waited for, so ten take as long as the slowest. Those that
 * have ended are named on `done` (may be NULL); what fails is said at once. 0, or -1 when any
 * failed. */
int steer_stop(const struct strv *names, int64_t seconds, int sig, FILE *done);
/* Remove these, named on `done` (may be NULL); with `force` those that run are killed first, and a
 * name that there is not is no error. What fails is said at once. 0, or -1 when any failed. */
int steer_remove_all(const struct strv *names, bool force, FILE *done);
/* Remove one that does not run; with `force` one that runs is killed first. -1 with fail(). */
int steer_remove(struct container *c, bool force);

#endif
