/* monitor.c: the life of a container's monitor; see monitor.h.
 *
 * It is the container's parent, so SIGCHLD and waitpid tell it of the end, and a signal to the pid,
 * which it has not reaped yet, cannot reach another process. It holds the lock of the life until it
 * ends. A single start is in monitor_start.c, and what the monitor waits for in monitor_loop.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "become.h"
#include "cgroup.h"
#include "container_images.h"
#include "create.h"
#include "err.h"
#include "container_event.h"
#include "file.h"
#include "hooks.h"
#include "monitor.h"
#include "monitor_parts.h"
#include "pidfd.h"
#include "stamp.h"
#include "str.h"
#include "sys.h"
#include "tty.h"
#include "undo.h"
#include "volume.h"

static bool restart_wanted(const struct monitor *m, int code)
{
	struct kv now = {0}; /* ctr-update may have changed the policy */
	if (m->health.again && !monitor_stopping(m))
		return true;
	if (container_passing(m->c))
		return false;
	if (kv_read_at(&now, m->c->dir, "conf") == 0) {
		const char *policy = kv_get(&now, "restart");
		kv_set(&m->c->conf, "restart", policy ? policy : "no");
	}
	kv_free(&now);
	const char *p = kv_get(&m->c->conf, "restart");
	if (!p || !*p || strcmp(p, "no") == 0 || monitor_stopping(m))
		return false;
	if (str_starts(p, "on-failure")) {
		int max = p[10] == ':' ? atoi(p + 11) : 0;
		return code != 0 && (max == 0 || m->restarts < max);
	}
	return true; /* for always and unless-stopped */
}

static void monitor_tell(struct monitor *m, int code, const char *msg)
{
	if (m->ready < 0)
		return;
	unsigned char c = (unsigned char)code;
	dup2(0, 2);
	if (write(m->ready, &c, 1) == 1 && msg && write(m->ready, msg, strlen(msg)) < 0)
		_exit(125);
	close(m->ready);
	m->ready = -1;
}

static void monitor_not_started(struct monitor *m, int code, const char *why)
{
	if (m->ready >= 0)
		monitor_tell(m, code, why);
	else
		warn("%s: %s", m->c->name, why);
}

/* Where no overlay is possible, the root is from now on a copy of the image, in place of the
 * writable layer. */
static int monitor_root_copy(struct monitor *m, const char *why)
{
	struct spec *s = m->spec;
	if (s->uid_map.n && geteuid() == 0) /* the owners would have to be shifted */
		return fail_again(why);
	warn("%s: %s: its root becomes a copy of the image", m->c->name, why);
	_cleanup_close_ int upper = dir_open_at(m->c->dir, "upper");
	if (upper < 0 || volume_fill(s, "/", upper) < 0 || (!m->l.passing && syncfs(upper) < 0))
		return -1;
	strv_free(&s->x_lower);
	free(s->root_path);
	s->root_path = record_path(m->c->name, "upper");
	_cleanup_free_ char *json = spec_text(s);
	return file_write_at(m->c->dir, "config.json", json, strlen(json), 0600, !m->l.passing);
}

/* Whether it ran, or a step of its start failed (runtime.md, "Lifecycle"). */
static void monitor_after_end(struct monitor *m)
{
	struct hook_subject about = {m->c->id, monitor_bundle(m), 0, monitor_given_up, m};
	hooks_run(m->spec, HOOK_POSTSTOP, &about);
}

/* The command has a terminal: copy to and from its master, for ctr-attach or for our own terminal.
 */
static void monitor_terminal(struct monitor *m)
{
	fcntl(m->l.master, F_SETFL, O_NONBLOCK);
	m->slave = tty_peer(m->l.master);
	if (m->detached) {
		if (monitor_watch(m, ON_MASTER, m->l.master) < 0 ||
		    (m->fd[ON_FIFO] >= 0 && relay_open(&m->in, m->epoll, ON_FIFO, m->fd[ON_FIFO],
						m->l.master, true) < 0))
			warn_about(m->c->name);
	} else {
		m->fd[ON_MASTER] = m->l.master;
		if (relay_open(&m->out, m->epoll, ON_MASTER, m->l.master, 1, false) < 0 ||
		    (tty_raw() == 0 &&
			relay_open(&m->in, m->epoll, ON_STDIN, 0, m->l.master, true) < 0))
			warn_about(m->c->name);
		monitor_winch(m);
	}
}

static int monitor_one_life(struct monitor *m, bool *started)
{
	if (monitor_start(m) < 0) {
		_cleanup_free_ char *why = fail_copy();
		int code = m->l.code & 0xff;
		monitor_teardown(m);
		if (m->l.code == REPORT_NO_OVERLAY) {
			if (monitor_root_copy(m, why) == 0)
				return monitor_one_life(m, started);
			free(why);
			why = fail_copy();
		}
		monitor_after_end(m);
		record_exit_write(m->c->dir, code, false,
		    m->restarts); /* the record says why nothing ran, as docker's does */
		record_error_write(m->c->dir, why);
		monitor_not_started(m, code, why);
		return code;
	}
	if (!m->fresh || m->restarts)
		record_error_write(m->c->dir, NULL);
	*started = true;
	health_begin(m);
	event_container(m->c, "start", NULL, NULL);
	notify_started(m);
	monitor_tell(m, 0, NULL);
	if (m->detached)
		cgroup_forget();
	if (m->l.master >= 0)
		monitor_terminal(m);
	int status = 0;
	if (monitor_stand_by(m, &status) < 0) {
		warn("%s: %s: killed", m->c->name, fail_msg());
		kill(m->l.pid, SIGKILL);
		waitpid(m->l.pid, &status, __WALL);
	}
	int code = exit_code(status);
	m->l.pid = 0;
	container_refresh_name(m->c);
	health_end(m);
	uint64_t kills = 0;
	/* of a container that is removed now nobody will ask for it */
	bool kept = !container_passing(m->c);
	bool oom = (kept || code == 128 + SIGKILL) && m->group.made &&
		   cgroup_oom_kills(m->cgroup, &kills) == 0 && kills > 0;
	if (oom && !m->detached && code == 128 + SIGKILL)
		warn("%s: killed: it had more memory than its limit (-m) allows", m->c->name);
	if (record_exit_write(m->c->dir, code, oom, m->restarts) < 0)
		warn_about(m->c->name);
	if (oom)
		event_container(m->c, "oom", NULL, NULL);
	_cleanup_free_ char *said = xasprintf("%d", code);
	event_container(m->c, "die", "exitCode", said);
	if (kept && !monitor_removed(m))
		file_sync(m->c->dir, "exit");
	tty_restore();
	monitor_teardown(m);
	monitor_after_end(m);
	return code;
}

/* What is undone when the monitor dies in the middle (undo.h). A child that borrows our memory must
 * not do it: it is process 1 of another namespace. */
static void monitor_give_up(void *arg)
{
	struct monitor *m = arg;
	if (getpid() != m->self)
		return;
	if (m->l.pid > 0) {
		kill(m->l.pid, SIGKILL); /* it is not reaped yet */
		waitpid(m->l.pid, NULL, __WALL);
	}
	tty_restore();
	monitor_teardown(m);
	record_state_remove(m->c->name);
	if (m->fresh || container_passing(m->c))
		container_erase(m->c);
}

static void monitor_oom_keep(struct monitor *m)
{
	if (!m->oom_apart || m->spec->has_oom_score_adj)
		return;
	m->spec->has_oom_score_adj = true;
	m->spec->oom_score_adj = m->oom_was;
}

/* The next life uses what ctr-update has changed meanwhile. */
static void monitor_reload(struct monitor *m)
{
	struct spec fresh;
	if (container_starting(m->c) < 0 || container_spec_next(m->c, &fresh) < 0) {
		warn_fail();
		return;
	}
	spec_free(m->spec);
	*m->spec = fresh;
	monitor_oom_keep(m);
}

static int monitor_lives(struct monitor *m)
{
	unsigned step = 0;
	int code;
	bool started = false;
	for (;;) {
		struct timespec t0, t1;
		clock_now(CLOCK_MONOTONIC, &t0);
		if (m->restarts)
			monitor_reload(m);
		code = monitor_one_life(m, &started);
		clock_now(CLOCK_MONOTONIC, &t1);
		if (!started || !restart_wanted(m, code))
			break;
		m->restarts++;
		container_started(m->c); /* releases the lock that a failed start has kept */
		if (monitor_state(m) < 0)
			warn_about(m->c->name);
		if (!monitor_back_off(m, t1.tv_sec - t0.tv_sec, &step))
			break;
	}
	if (monitor_stopping(m) && !m->host_ends && !monitor_removed(m))
		record_exit_stopped(m->c->dir); /* also when it is stopped between two lives */
	/* by this lock others find us, to have the state written again */
	fcntl(m->c->dir, F_SETLK, &(struct flock){.l_type = F_UNLCK});
	if (record_state_remove(m->c->name) < 0)
		warn_about(m->c->name);
	/* A container that never ran leaves nothing. */
	if ((container_passing(m->c) || (m->fresh && !started)) &&
	    (m->group.made ? container_destroy(m->c) : container_erase(m->c)) < 0)
		warn_about(m->c->name);
	undo_commit();
	return code;
}

/* When memory runs out, the kernel must choose the container, not its monitor, whose end would also
 * end the container: conmon and containerd's shim do the same. The command gets the score that was
 * asked for, or the one that we had. */
static void monitor_oom_apart(struct monitor *m)
{
	_cleanup_free_ char *was = file_read("/proc/self/oom_score_adj", 64, NULL);
	m->oom_was = was ? atoi(was) : 0;
	_cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	m->oom_apart = fd >= 0 && write(fd, "-999", 4) == 4; /* a user may not */
	monitor_oom_keep(m);
}

/* --- detached --- */

/* Nothing of the caller's stays: descriptors, terminal, session, working directory, umask
 * (podman#4600). */
static int leave_caller(const struct container *c, int ready)
{
	setsid();
	if (chdir("/") < 0)
		return fail_errno("/");
	umask(022);
	int null = open("/dev/null", O_RDWR);
	/* Stderr stays until the start has been reported, so that its warnings are seen. */
	for (int i = 0; i < 2 && null >= 0; i++)
		dup2(null, i);
	/* This process has looked at the container before: the descriptors of that are closed, too.
	 */
	cgroup_forget();
	sys_close_others(3, (int[]){c->dir, c->life, c->starting, ready}, 4);
	return 0;
}

static int monitor_begin(struct monitor *m)
{
	undo_push(monitor_give_up, m);
	if (m->detached && leave_caller(m->c, m->ready) < 0)
		return -1;
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (m->epoll < 0)
		return fail_errno("epoll");
	if (monitor_listen(m) < 0)
		return -1;
	monitor_oom_apart(m);
	container_net_init(&m->net, m->c);
	return 0;
}

/* The whole life of a monitor; a launcher may be waiting for it (`ready`, otherwise -1). There is
 * one for each process, and its buffers are not touched before they are needed. */
static int monitor_whole_life(struct container *c, struct spec *spec, bool fresh, int ready)
{
	static struct monitor the LARGE;
	struct monitor *m = &the;
	m->c = c;
	m->spec = spec;
	m->detached = ready >= 0;
	m->fresh = fresh;
	m->ready = ready;
	m->slave = -1;
	m->self = getpid();
	for (int i = 0; i < SOURCES; i++)
		m->fd[i] = -1;
	if (monitor_begin(m) == 0)
		return monitor_lives(m);
	monitor_not_started(m, 125, fail_msg());
	undo_run();
	return 125;
}

int monitor_foreground(struct container *c, struct spec *spec, bool fresh)
{
	become_lend_stdio();
	return monitor_whole_life(c, spec, fresh, -1);
}

/* When a monitor could not start or was killed: what was made is removed. */
static int monitor_missing(struct container *c, bool fresh, const char *what)
{
	_cleanup_free_ char *why = xasprintf("%s: %s", what, strerror(errno));
	if (fresh && container_destroy(c) < 0)
		warn_about(c->name);
	fail_again(why);
	return 125;
}

int monitor_detached(struct container *c, struct spec *spec, bool fresh)
{
	int p[2];
	if (pipe2(p, O_CLOEXEC) < 0)
		return monitor_missing(c, fresh, "pipe");
	pid_t pid = fork();
	if (pid < 0)
		return monitor_missing(c, fresh, "fork");
	if (pid == 0) {
		monitor_whole_life(c, spec, fresh, p[1]);
		_exit(0);
	}
	close(p[1]);
	undo_release_signals(); /* from here on the container goes on without us */
	unsigned char code;
	ssize_t n;
	while ((n = read(p[0], &code, 1)) < 0 && errno == EINTR)
		;
	if (n == 1 && code == 0) {
		close(p[0]);
		return 0;
	}
	_cleanup_free_ char *why = n == 1 ? fd_read_all(p[0], "monitor", 2000, NULL) : NULL;
	close(p[0]);
	if (n != 1)
		kill(pid, SIGKILL); /* it could not report, and may still be running */
	pid_reap(pid);              /* it removes what is left first */
	if (n != 1)
		return errno = ECHILD,
		       monitor_missing(c, fresh, "its monitor ended before it began");
	fail_again(why ? why : "");
	return code;
}
