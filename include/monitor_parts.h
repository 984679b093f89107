/* monitor_parts.h: what the files of the monitor share: what it knows, its start, its loop. */
#ifndef CTR_MONITOR_PARTS_H
#define CTR_MONITOR_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "container_net.h"
#include "engine.h"
#include "health.h"
#include "group.h"
#include "log.h"
#include "record.h"
#include "relay.h"
#include "spec.h"

enum source {
	ON_SIGNAL,
	ON_OUT,
	ON_ERR,
	ON_MASTER,
	ON_STDIN,
	ON_FIFO,
	ON_TIMER,
	ON_NOTIFY,
	SOURCES
};

/* Its health checks (health.c). */
struct health {
	int64_t numbers[HEALTH_NUMBERS];
	int64_t began; /* now_ms() */
	pid_t pid;     /* of the check that goes on, else 0 */
	int status, failing;
	bool ending, again; /* --health-on-failure ends it; and it is then to start again */
};

struct monitor {
	struct container *c;
	struct spec *spec;
	bool detached, fresh; /* fresh: made by this very ctr-run */
	pid_t self;
	int restarts; /* how often it was started again */
	int ready;    /* pipe to the launcher; -1 in the foreground or once it was told */
	char *cgroup;
	char *dir; /* its directory's path */
	struct group group;
	int epoll, signals;
	int fd[SOURCES]; /* what is read, -1: not */
	/* The terminal's other end, held open while the first process lives: systemd opens
	 * /dev/console again for each line, and after the last close reading ends with EIO. */
	int slave;
	int state; /* the file of a detached one, locked while it names the first process; else 0 */
	struct engine l;
	bool logging;
	/* Somebody types (-d -i): output is shown at once, not when its line ends. */
	bool prompt;
	int interrupts;
	int doubted; /* a signal that its first process may ignore: checked again at doubt_at */
	unsigned doubts;
	int64_t doubt_at;
	bool stop_asked;
	bool host_ends;  /* by the signal that every process gets then: no deliberate stop */
	int64_t kill_at; /* --timeout: when; 0: never */
	bool oom_apart;  /* our own oom_score_adj is not what it was, oom_was */
	int oom_was;
	struct container_net net; /* its networks */
	struct health health;
	/* The large ones last: they are not touched before they are used. */
	struct relay in, out; /* the terminal's two directions */
	struct log log;
};

/* --- monitor_watch.c --- */

/* Read `fd` from now on, as that source. -1 with fail(). */
int monitor_watch(struct monitor *m, enum source s, int fd);
/* Stop reading it, and close it unless it is the caller's. */
void monitor_unwatch(struct monitor *m, enum source s);

/* --- monitor_loop.c: what is waited for --- */

/* Block every signal that the monitor takes, and make the loop listen to them. -1 with fail(). */
int monitor_listen(struct monitor *m);
/* Relay everything until the first process has ended: its wait status. -1 with fail(): the loop
 * itself failed. */
int monitor_stand_by(struct monitor *m, int *status);
/* Wait before the next start, longer each time, and short again after a life of `ran_s` seconds
 * that was long enough. False when a stop was asked for meanwhile. */
bool monitor_back_off(struct monitor *m, int64_t ran_s, unsigned *step);
/* Has somebody asked for the end? */
bool monitor_stopping(const struct monitor *m);
/* Is it ended to be removed? */
bool monitor_removed(const struct monitor *m);
/* For hooks (hooks.h): that, or a signal asks us to end. */
bool monitor_given_up(const void *monitor);
/* The terminal's size is the caller's from now on. */
void monitor_winch(struct monitor *m);

/* --- monitor_start.c: one start, and what it has made --- */

/* Start the container, and record it. -1 with fail() and the exit code in m->l.code;
 * monitor_teardown() is still to be called. */
int monitor_start(struct monitor *m);
/* For --sdnotify (monitor_notify.c): make a socket for the container at /run/notify, and the
 * variable that names it; pass what has come there on to systemd; tell systemd that the container
 * has started. */
#ifdef CTR_MINIMAL
#define notify_begin(m) ((void)0)
#define notify_relay(m) ((void)0)
#define notify_started(m) ((void)0)
#else
void notify_begin(struct monitor *m);
void notify_relay(struct monitor *m);
void notify_started(struct monitor *m);
#endif
/* Lock the state file, and let it go, for listings (listed.c). It is no loss when there
 * is no descriptor for it. */
#ifdef CTR_MINIMAL
#define monitor_hold_state(m) ((void)0)
#define monitor_drop_state(m) ((void)0)
#else
void monitor_hold_state(struct monitor *m);
void monitor_drop_state(struct monitor *m);
#endif
/* Write the state file, of a running or (without a first process) of a restarting container. -1
 * with fail(). */
int monitor_state(struct monitor *m);
/* Write it again, because it may have been lost. While a rename goes on nothing is written, and the
 * one that asked for it asks again. */
void monitor_state_again(struct monitor *m);
/* Release the networks, the group and the log. */
void monitor_teardown(struct monitor *m);
/* The bundle that hooks are told of. */
const char *monitor_bundle(const struct monitor *m);

#endif
