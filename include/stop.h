/* stop.h: the end of containers: signals, their stop and their removal; for ctr-stop, ctr-kill,
 * ctr-rm, ctr-restart and others. */
#ifndef CTR_STOP_H
#define CTR_STOP_H

#include <stdio.h>
#include "record.h"

/* Their usage.others: podman's. */
#define STOP_OTHERS OTHERS("a all f filter running:a pipe: ctr-ps -aq -f KEY=VALUE | ctr-... -\n")

/* Note that the end is deliberate (so that there is no restart), thaw the container, and send `sig`
 * to its PID 1; a container that waits for its restart is ended by ending its monitor. 0 when that
 * is done or it does not run; -1 with fail(). */
int stop_signal(struct container *c, int sig, bool deliberate);
/* Wait for its end for up to `ms`; then send SIGKILL to every process in it, and wait for 5 s more.
 * 0, or -1 with fail() saying that something does not die. */
int stop_wait(struct container *c, int ms);
/* Send SIGKILL to every process in it at once. Its first process is gone afterwards; its monitor
 * perhaps not yet. */
int stop_kill(struct container *c);
/* Check all these names before any container is ended, so that a typing mistake ends none. 0, or -1
 * when one of them is no container (which has been said). */
int stop_look(const struct strv *names);
/* Open each of these containers and call fn on it. Its name is printed on stdout when fn returns 0;
 * otherwise the failure is. 0, or 1 when any failed. */
int stop_each(const struct strv *names, int (*fn)(struct container *c, void *arg), void *arg);
/* The time that stop_all() gives a container: with STOP_OWN its own --stop-timeout, or 10
 * seconds. */
#define STOP_OWN 2000000
int64_t stop_patience(const struct container *c, int64_t seconds);
/* The value of --time (NULL means STOP_OWN) in seconds; -1 stands for a very long time. -1 with
 * fail_usage(). */
int64_t stop_seconds(const char *given);
/* The signal that stops it: the stop_signal of its conf, or TERM. */
int stop_signal_of(const struct container *c);
/* Stop these containers. All are sent the signal first and waited for afterwards, so ten of them
 * take as long as the slowest. The names of those that have ended are written to `done` (may be
 * NULL), and failures are reported at once. 0, or -1 when any failed. */
int stop_all(const struct strv *names, int64_t seconds, int sig, FILE *done);
/* Remove these containers, and write their names to `done` (may be NULL). With `force` those that
 * run are killed first, and a name that does not exist is no error. Failures are reported at once.
 * 0, or -1 when any failed. */
int stop_remove_all(const struct strv *names, bool force, FILE *done);
/* Remove a container that does not run; with `force` one that runs is killed first. -1 with fail().
 */
int stop_remove(struct container *c, bool force);

#endif
