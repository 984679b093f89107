/* stop.c: the end of containers: signals, stopping, killing, removing; see stop.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "clock.h"
#include "container_event.h"
#include "err.h"
#include "file.h"
#include "monitor.h"
#include "pidfd.h"
#include "signames.h"
#include "stop.h"
#include "sys.h"

static void signal_monitor(const struct container *c, int sig)
{
	pidfd_signal_kept(&c->state, "monitor", "monitor_starttime", sig);
}

/* Note that the end is deliberate. This comes before the signal, so that the monitor has seen it
 * when it sees the end. A full disk must not prevent a stop: then the monitor is told by a signal
 * (which it forwards). */
static void stop_mark(const struct container *c)
{
	_cleanup_free_ char *p = record_run_path(c->name, STOPPING);
	_cleanup_close_ int fd = open(p, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		signal_monitor(c, SIGTERM);
	else if (c->removing && write(fd, STOPPING_REMOVE, 1) < 0)
		return; /* then the monitor makes the exit durable, which takes longer */
}

static int signal_pid(const struct container *c, int sig)
{
	int fd = container_pidfd(c);
	if (fd >= 0) {
		int r = sys_pidfd_send_signal(fd, sig);
		close(fd);
		return r < 0 && errno != ESRCH ? fail("%s: signal %d: %m", c->name, sig) : 0;
	}
	if (errno == ESRCH)
		return 0; /* it has ended meanwhile */
	/* Before Linux 5.3: while the lock is held, the monitor has not reaped the process yet, so
	 * the pid is still its own. */
	if (!container_is_alive(c))
		return 0;
	return kill(c->pid, sig) < 0 && errno != ESRCH ? fail("%s: signal %d: %m", c->name, sig)
						       : 0;
}

int stop_signal(struct container *c, int sig, bool deliberate)
{
	_cleanup_free_ char *number = xasprintf("%d", sig);
	if (sig != c->told) /* a removal may send it again, which is no further event */
		event_container(c, "kill", "signal", number);
	c->told = sig;
	if (deliberate)
		stop_mark(c);
	if (c->status == ST_RESTARTING) {
		signal_monitor(c, SIGTERM);
		return 0;
	}
	if (c->status == ST_PAUSED && deliberate && cgroup_thaw(container_cgroup(c)) < 0) {
		/* The signal takes effect when it is thawed. */
		_cleanup_free_ char *why = fail_copy();
		signal_pid(c, sig);
		return fail("%s: %s", c->name, why);
	}
	return c->pid ? signal_pid(c, sig) : 0;
}

int stop_signal_of(const struct container *c)
{
	const char *s = kv_get(&c->conf, "stop_signal");
	int sig = s && *s ? signal_from_name(s) : SIGTERM;
	return sig < 0 ? SIGTERM : sig;
}

/* Until its first process has ended, whoever its parent is: the lock says nothing about an
 * orphan. */
static bool stop_gone(const struct container *c, int ms)
{
	_cleanup_close_ int fd = c->pid ? container_pidfd(c) : -1;
	while (container_is_alive(c)) {
		if (ms <= 0)
			return false;
		int step = ms < 500 && fd >= 0 ? ms : 10;
		if (fd >= 0 && ms >= 500)
			step = 500;
		if (fd < 0 || pidfd_wait(fd, c->pid, NULL, step) < 0)
			nap_ms(step);
		free(pid_unreaped(c->pid));
		ms -= step;
	}
	return true;
}

int stop_kill(struct container *c)
{
	int killed = cgroup_kill(container_cgroup(c));
	_cleanup_free_ char *why = xstrdup(killed < 0 ? fail_msg() : "");
	if (signal_pid(c, SIGKILL) < 0)
		return -1;
	if (stop_gone(c, killed < 0 ? 0 : 5000)) /* otherwise it was reaped */
		return 0;
	_cleanup_free_ char *who = pid_unreaped(c->pid);
	errno = ETIME;
	if (who)
		return fail("%s: all in it has ended, but %s", c->name, who);
	return fail("%s: does not end after SIGKILL: a process in it waits in the kernel (%s)",
	    c->name, *why ? why : "uninterruptible");
}

int stop_wait(struct container *c, int ms)
{
	if (container_wait_end(c, ms) == 1 && stop_gone(c, ms))
		return 0;
	/* If the process that holds the container is stopped (SIGSTOP), it is woken, because it
	 * could not clean up. If it was in the middle of a start, it goes on with that, and what it
	 * has started then is killed. Where it has no process (any more), it takes its turn with
	 * others at its network: each end of many there takes its names out of all others' files.
	 */
	int64_t from = now_ms();
	do {
		free(stopped_holder(c->dir, true));
		int killed = stop_kill(c);
		_cleanup_free_ char *why = xstrdup(killed < 0 ? fail_msg() : "");
		free(stopped_holder(c->dir, true)); /* its terminal may have stopped it again */
		if (container_wait_end(c, 500) == 1 ||
		    (container_refresh(c) < 0 && errno == ENOENT))
			return 0;
		if (killed < 0)
			return errno = ETIME, fail_again(why);
	} while (now_ms() - from < (c->pid ? 6000 : 30000));
	errno = ETIME;
	return fail("%s: %s", c->name,
	    c->pid ? "its processes have ended, but not its monitor"
		   : "its start, or its end, is under way and takes longer than 30 s");
}

/* --- many at once --- */

/* So many are open at a time: a thousand would not fit in the usual limit of descriptors. */
#define WINDOW 64

#define FOR_EVER 1000000 /* seconds: what -1 is taken for */

struct many {
	const struct strv *names;
	/* The ids of those that were signalled; NULL: that failed, and was reported. */
	char **ids;
	int64_t from; /* a time of now_ms() */
	int64_t seconds;
	int signal; /* 0: each container's own stop signal */
};

int64_t stop_patience(const struct container *c, int64_t seconds)
{
	return seconds == STOP_OWN ? kv_num(&c->conf, "stop_timeout", 10) : seconds;
}

static int many_left(const struct many *m, const struct container *c)
{
	int64_t ms = stop_patience(c, m->seconds) * 1000, stop_gone = now_ms() - m->from;
	return stop_gone < ms ? (int)(ms - stop_gone) : 0;
}

/* Said before the wait, so that nobody wonders about it. */
static void foretell(const struct container *c, int sig, int ms)
{
	enum heed h = c->pid && ms > 0 && sig != SIGKILL ? pid_heeds(c->pid, sig) : HEED_UNKNOWN;
	if (h != HEED_IGNORES && h != HEED_CANNOT)
		return;
	const char *name = signal_name(sig), *why = "ignores it";
	if (h == HEED_CANNOT)
		why = "has no handler for it (--init at its start passes it on)";
	warn("%s: waits %s after %s: its first process %s", c->name,
	    ms / 1000 < FOR_EVER / 2 ? "for SIGKILL" : "for ever", name ? name : "its signal", why);
}

/* All are signalled at once, each after one look-up of its name; from then on it is known by its
 * id. */
static void many_tell(struct many *m)
{
	m->from = now_ms();
	for (size_t i = 0; i < m->names->n; i++) {
		struct container c;
		bool open = container_open(&c, m->names->v[i]) == 0;
		int sig = open && !m->signal ? stop_signal_of(&c) : m->signal;
		if (open)
			foretell(&c, sig, many_left(m, &c));
		bool told = open && stop_signal(&c, sig, true) == 0;
		if (told)
			m->ids[i] = xstrdup(c.id);
		else
			warn_fail();
		container_close(&c);
	}
}

/* One batch: whatever is still alive at the deadline is killed before the first one is waited
 * for. */
static int many_end(struct many *m, size_t from, size_t to, FILE *done)
{
	struct container c[WINDOW];
	int r = 0;
	for (size_t i = from; i < to; i++)
		if (!m->ids[i] || container_open_id(&c[i - from], m->ids[i]) < 0)
			c[i - from] = (struct container){.dir = -1, .life = -1, .starting = -1};
	for (size_t i = from; i < to; i++)
		if (c[i - from].name &&
		    container_wait_end(&c[i - from], many_left(m, &c[i - from])) == 0)
			signal_pid(&c[i - from], SIGKILL);
	for (size_t i = from; i < to; i++) {
		/* One with --rm has been removed meanwhile: it has ended, too. */
		bool ended = m->ids[i] && (!c[i - from].name || stop_wait(&c[i - from], 1000) == 0);
		if (!ended && m->ids[i])
			warn_fail();
		if (ended && c[i - from].name)
			event_container(&c[i - from], "stop", NULL, NULL);
		if (!ended)
			r = -1;
		else if (done)
			fprintf(done, "%s\n", m->names->v[i]);
		container_close(&c[i - from]);
	}
	return r;
}

int stop_all(const struct strv *names, int64_t seconds, int sig, FILE *done)
{
	struct many m = {.names = names,
	    .ids = xcalloc(names->n + 1, sizeof *m.ids),
	    .seconds = seconds,
	    .signal = sig};
	int r = 0;
	many_tell(&m);
	for (size_t i = 0; i < names->n; i += WINDOW)
		if (many_end(&m, i, i + WINDOW < names->n ? i + WINDOW : names->n, done) < 0)
			r = -1;
	for (size_t i = 0; i < names->n; i++)
		free(m.ids[i]);
	free(m.ids);
	return r;
}

/* Remove one batch of containers. All of them are opened and, where they run, killed before the
 * first is waited for. Their folder is synced once for all, before the first one is reported. */
static int remove_window(const struct strv *names, size_t from, size_t to, bool force, FILE *done)
{
	struct container c[WINDOW];
	bool open[WINDOW] = {false};
	_cleanup_close_ int parent = record_dir();
	int r = 0;
	for (size_t i = from; i < to; i++) {
		struct container *o = &c[i - from];
		open[i - from] = container_open(o, names->v[i]) == 0;
		bool stop_gone = !open[i - from] && errno == ENOENT && force;
		if (!open[i - from] && !stop_gone) {
			warn_fail();
			r = -1;
		}
		o->unsynced = o->removing = true;
		bool runs = open[i - from] && (o->status == ST_RUNNING || o->status == ST_PAUSED);
		if (force && runs) /* when it fails, it is tried again, and reported then */
			stop_signal(o, SIGKILL, true);
		/* One that is stopped (SIGSTOP) cannot clean up. */
		if (force && runs)
			signal_monitor(o, SIGCONT);
	}
	bool durable = false;
	for (size_t i = from; i < to; i++) {
		if (!open[i - from])
			continue;
		durable |= !container_passing(&c[i - from]);
		if (stop_remove(&c[i - from], force) < 0) {
			warn_fail();
			open[i - from] = false;
			r = -1;
		}
		container_close(&c[i - from]);
	}
	if (durable && parent >= 0)
		file_sync(parent, NULL);
	for (size_t i = from; i < to && done; i++)
		if (open[i - from])
			fprintf(done, "%s\n", names->v[i]);
	return r;
}

int stop_remove_all(const struct strv *names, bool force, FILE *done)
{
	int r = 0;
	for (size_t i = 0; i < names->n; i += WINDOW)
		if (remove_window(
			names, i, i + WINDOW < names->n ? i + WINDOW : names->n, force, done) < 0)
			r = -1;
	return r;
}

int stop_remove(struct container *c, bool force)
{
	if (c->dir < 0)
		return fail("%s: %s", c->name, c->why ? c->why : "cannot be opened");
	int r = container_lock(c);
	/* It had --rm, and its monitor has removed it. */
	if (r < 0)
		return errno == ENOENT && force ? 0 : -1;
	if ((r == 0 || c->status == ST_ORPHANED) && !force) {
		errno = EBUSY;
		return fail(
		    "%s: %s: stop it first (ctr-stop), or use -f", c->name, status_name(c->status));
	}
	if (r == 0) {
		c->removing = true;
		if (stop_signal(c, SIGKILL, true) < 0 || stop_wait(c, 1000) < 0)
			return -1;
		/* Another who removes it, too, may hold it for a moment. */
		for (int i = 0; (r = container_lock(c)) == 0 && i < 500; i++)
			nap_ms(10);
		if (r < 0 && errno == ENOENT)
			return 0; /* it had --rm, and its monitor has removed it */
		if (r <= 0)
			return r < 0 ? -1 : fail("%s: was started again meanwhile", c->name);
	}
	/* Its monitor was killed, and the parent-death signal did not reach it. */
	if (c->status == ST_ORPHANED && stop_kill(c) < 0)
		return -1;
	return container_destroy(c);
}

int stop_look(const struct strv *names)
{
	int r = 0;
	for (size_t i = 0; i < names->n; i++)
		if (container_look(names->v[i]) < 0) {
			warn_fail();
			r = -1;
		}
	return r;
}

int stop_each(const struct strv *names, int (*fn)(struct container *c, void *arg), void *arg)
{
	int code = 0;
	for (size_t i = 0; i < names->n; i++) {
		struct container c;
		if (container_open(&c, names->v[i]) < 0 || fn(&c, arg) < 0) {
			warn_fail();
			code = 1;
		} else {
			puts(names->v[i]);
		}
		container_close(&c);
	}
	return code;
}

int64_t stop_seconds(const char *given)
{
	int64_t seconds = STOP_OWN;
	if (given && num_parse("--time", given, -1, FOR_EVER, &seconds) < 0)
		return fail_as_usage();
	return seconds < 0 ? FOR_EVER : seconds;
}
