/* monitor.c: one epoll loop that stands by a container; see monitor.h.
 *
 * It is the container's parent, so SIGCHLD and waitpid tell of the end, and a signal to the pid it
 * has not waited for yet cannot meet another process. It holds the life's lock until it ends. While
 * it waits it allocates nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "err.h"
#include "file.h"
#include "engine.h"
#include "group.h"
#include "hooks.h"
#include "log.h"
#include "monitor.h"
#include "pidfd.h"
#include "container_net.h"
#include "create.h"
#include "relay.h"
#include "share.h"
#include "stamp.h"
#include "str.h"
#include "sys.h"
#include "tty.h"
#include "undo.h"
#include "userns.h"
#include "volume.h"

enum source { ON_SIGNAL, ON_OUT, ON_ERR, ON_MASTER, ON_STDIN, ON_FIFO, SOURCES };

struct monitor {
	struct container *c;
	struct spec *spec;
	bool detached, fresh; /* fresh: made by this very ctr-run */
	pid_t self;
	int ready; /* pipe to the launcher; -1 in the foreground or once it was told */
	char *cgroup;
	char *dir; /* its directory's path */
	struct group group;
	int epoll, signals;
	int fd[SOURCES]; /* what is read, -1: not */
	struct engine l;
	bool logging;
	bool prompt; /* somebody types (-d -i): what is written is shown at once, not when its line
			ends */
	int interrupts;
	bool stop_asked;
	bool oom_apart; /* our own oom_score_adj is not what it was, oom_was */
	int oom_was;
	struct plug plug; /* its networks */
	/* the large ones last: not touched before they are used */
	struct relay in, out; /* the terminal's two directions */
	struct log log;
};

/* --- small things --- */

static void watch(struct monitor *m, enum source s, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = s};
	m->fd[s] = fd;
	if (epoll_ctl(m->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		die("epoll: %m");
}

static void unwatch(struct monitor *m, enum source s)
{
	if (m->fd[s] < 0)
		return;
	epoll_ctl(m->epoll, EPOLL_CTL_DEL, m->fd[s], NULL);
	if (m->fd[s] > 2)
		close(m->fd[s]);
	m->fd[s] = -1;
}

static char *run_path(const struct monitor *m, const char *file)
{
	return record_run_path(m->c->name, file);
}

static bool marked_stopping(const struct monitor *m)
{
	_cleanup_free_ char *p = run_path(m, STOPPING);
	return m->stop_asked || access(p, F_OK) == 0;
}

static void block_signals(struct monitor *m)
{
	static const int not_ours[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS,
	    SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT};
	sigset_t s;
	sigfillset(&s);
	for (size_t i = 0; i < sizeof not_ours / sizeof not_ours[0]; i++)
		sigdelset(&s, not_ours[i]);
	sigprocmask(SIG_SETMASK, &s, NULL);
	signal(SIGPIPE, SIG_IGN);
	m->signals = signalfd(-1, &s, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m->signals < 0)
		die("signalfd: %m");
	watch(m, ON_SIGNAL, m->signals);
}

/* --- the cgroup --- */

/* A user without a delegated group: said where it matters, that is, where limits were asked for;
 * else once in a boot.
 */
static void no_group(const struct monitor *m)
{
	_cleanup_free_ char *mark = xasprintf("%s/no-cgroup", ctr_run());
	int fd = open(mark, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	if (m->spec->resources.n)
		warn("%s: its limits are not in effect: %s", m->c->name, fail_msg());
	else if (fd >= 0)
		warn("%s: no cgroup: %s (said once)", m->c->name, fail_msg());
}

static int make_group(struct monitor *m)
{
	const struct spec *s = m->spec;
	const char *parent = s->cgroups_path && *s->cgroups_path ? s->cgroups_path : ctr_cgroup();
	free(m->cgroup);
	m->cgroup = xasprintf("%s/c-%s-%s", parent, ctr_instance(), m->c->id);
	m->group = (struct group){.path = m->cgroup, .stale = m->c->state.keys.n > 0};
	int r = group_up(&m->group, s);
	if (r == 1)
		no_group(m);
	return r < 0 ? -1 : 0;
}

static void remove_group(struct monitor *m)
{
	if (group_down(&m->group) < 0)
		warn("%s: %s (ctr-gc clears it)", m->c->name, fail_msg());
}

/* --- descriptors of the command --- */

struct ends {
	int childs[3];
	int keep[3]; /* the monitor's: read ends of stdout and stderr, a write end of the fifo */
};

static int make_pipe(int *r, int *w)
{
	int p[2];
	if (pipe2(p, O_CLOEXEC) < 0)
		return fail("pipe: %m");
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	*r = p[0];
	*w = p[1];
	return 0;
}

/* `-d -i`: a fifo that ctr-attach writes to. The monitor holds it open both ways, so it never ends.
 */
static int stdin_fifo(struct monitor *m, struct ends *e)
{
	_cleanup_free_ char *p = run_path(m, "stdin");
	if (mkfifo(p, 0600) < 0 && errno != EEXIST)
		return fail("%s: mkfifo: %m", p);
	e->keep[0] = open(p, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (e->keep[0] < 0)
		return fail("%s: %m", p);
	if (m->spec->terminal)
		return 0;
	e->childs[0] = open(p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return e->childs[0] < 0 ? fail("%s: %m", p) : 0;
}

static int detached_ends(struct monitor *m, struct ends *e)
{
	const struct kv *conf = &m->c->conf;
	if (log_open(&m->log, str_eq(kv_get(conf, "log"), "none") ? -1 : m->c->dir,
		(uint64_t)kv_num(conf, "log_max_size", 0),
		(unsigned)kv_num(conf, "log_max_files", 1)) < 0)
		return -1;
	m->logging = true;
	m->prompt = kv_num(conf, "stdin", 0);
	if (m->prompt && stdin_fifo(m, e) < 0)
		return -1;
	if (m->spec->terminal)
		return 0;
	if (make_pipe(&e->keep[1], &e->childs[1]) < 0 || make_pipe(&e->keep[2], &e->childs[2]) < 0)
		return -1;
	return 0;
}

static void close_ends(struct ends *e, bool keep_too)
{
	for (int i = 0; i < 3; i++) {
		if (e->childs[i] > 2)
			close(e->childs[i]);
		if (keep_too && e->keep[i] >= 0)
			close(e->keep[i]);
	}
}

/* --- starting --- */

static int write_state(struct monitor *m, bool restarting, int restarts)
{
	struct kv kv = {0};
	char boot[37] = "";
	uint64_t own = 0;
	boot_id(boot);
	pid_starttime(getpid(), &own);
	kv_set(&kv, "id", m->c->id);
	kv_set(&kv, "boot", boot);
	if (!restarting) {
		kv_setf(&kv, "pid", "%d", (int)m->l.pid);
		kv_setf(&kv, "starttime", "%llu", (unsigned long long)m->l.starttime);
	} else {
		kv_set(&kv, "restarting", "1");
	}
	kv_setf(&kv, "monitor", "%d", (int)getpid());
	kv_setf(&kv, "monitor_starttime", "%llu", (unsigned long long)own);
	kv_set(&kv, "cgroup", m->group.made ? m->cgroup : "");
	kv_setf(&kv, "restarts", "%d", restarts);
	plug_state(&m->plug, &kv);
	int r = state_write(m->c->name, &kv);
	kv_free(&kv);
	return r;
}

/* The first process that was started a moment ago: not waited for yet. */
static void end_it(struct monitor *m)
{
	kill(m->l.pid, SIGKILL);
	waitpid(m->l.pid, NULL, __WALL);
	m->l.pid = 0;
	m->l.code = 125;
}

/* One that cannot record itself would have no pid for anybody: then it does not start. */
static int record_start(struct monitor *m, int restarts)
{
	if (write_state(m, false, restarts) == 0) {
		container_started(m->c);
		return 0;
	}
	end_it(m);
	return -1;
}

static int attach(struct engine *l, void *arg)
{
	struct monitor *m = arg;
	return plug_up(&m->plug, m->c, l->pid);
}

/* --pidfile: at each start. */
static int write_pidfile(struct monitor *m)
{
	const char *path = kv_get(&m->c->conf, "pidfile");
	char num[24];
	int n = snprintf(num, sizeof num, "%d\n", (int)m->l.pid);
	if (!path || file_write_at(AT_FDCWD, path, num, (size_t)n, 0644, false) == 0)
		return 0;
	end_it(m);
	return fail_in("--pidfile");
}

static void oom_keep(struct monitor *m)
{
	if (!m->oom_apart || m->spec->has_oom_score_adj)
		return;
	m->spec->has_oom_score_adj = true;
	m->spec->oom_score_adj = m->oom_was;
}

static int launch_shared(struct monitor *m)
{
	struct share share;
	if (share_up(&share, m->spec) < 0)
		return -1;
	int r = engine_run(&m->l), why = errno;
	share_down(&share, m->spec);
	errno = why;
	return r;
}

/* What hooks are told that its bundle is: the one it was made of, else its own directory, which has
 * a config.json. */
static const char *bundle_of(const struct monitor *m)
{
	const char *bundle = kv_get(&m->c->conf, "bundle");
	return bundle && *bundle ? bundle : m->dir;
}

static int start(struct monitor *m, int restarts)
{
	/* From here until it has recorded itself nobody renames it or changes its limits. */
	if (container_starting(m->c) < 0)
		return -1;
	container_refresh_name(m->c);
	struct ends e = {{-1, -1, -1}, {-1, -1, -1}};
	engine_init(&m->l, m->spec);
	const int locks[3] = {m->c->dir, m->c->life, m->c->starting};
	memcpy(m->l.locks, locks, sizeof locks);
	m->l.again = restarts > 0;
	m->l.can_copy = volume_can_fill;
	m->l.passing = kv_num(&m->c->conf, "rm", 0);
	free(m->dir);
	m->dir = record_path(m->c->name, NULL);
	_cleanup_free_ char *run = record_run_path(m->c->name, NULL);
	m->l.id = m->c->id;
	m->l.bundle = bundle_of(m);
	if (place_make(ctr_run()) < 0 || dir_make(run, 0700) < 0 || make_group(m) < 0)
		return -1;
	if (!m->detached)
		for (int i = 0; i < 3; i++)
			e.childs[i] = i;
	else if (detached_ends(m, &e) < 0)
		return -1;
	m->l.dir = m->dir;
	m->l.cgroup = m->group.made ? m->cgroup : NULL;
	m->l.no_device_list = m->group.no_device_list;
	memcpy(m->l.stdio, e.childs, sizeof e.childs);
	m->l.attach = plug_wanted(m->c) ? attach : NULL;
	m->l.attach_arg = m;
	if (plug_files(&m->plug, m->c, m->spec) < 0 ||
	    started_write(m->c->dir, m->fresh && !restarts) < 0 || launch_shared(m) < 0 ||
	    write_pidfile(m) < 0) {
		close_ends(&e, true);
		return -1;
	}
	close_ends(&e, false);
	if (record_start(m, restarts) < 0) {
		close_ends(&e, true);
		return -1;
	}
	for (int i = 1; i < 3; i++)
		if (e.keep[i] >= 0)
			watch(m, ON_OUT + (enum source)(i - 1), e.keep[i]);
	m->fd[ON_FIFO] = e.keep[0];
	return 0;
}

static void teardown(struct monitor *m)
{
	plug_down(&m->plug, m->c);
	remove_group(m);
	relay_close(&m->in);
	relay_close(&m->out);
	for (enum source s = ON_OUT; s < SOURCES; s++)
		unwatch(m, s);
	if (m->logging) {
		log_flush(&m->log);
		log_close(&m->log);
		m->logging = false;
	}
}

/* --- the loop --- */

static void on_winch(struct monitor *m)
{
	struct winsize w;
	if (m->l.master >= 0 && !m->detached && tty_size(&w) == 0)
		ioctl(m->l.master, TIOCSWINSZ, &w);
}

static void forward(struct monitor *m, int sig)
{
	if (m->l.pid <= 0) { /* between two starts */
		m->stop_asked |= sig == SIGTERM || sig == SIGINT;
		return;
	}
	if (!m->detached && (sig == SIGINT || sig == SIGTERM) && ++m->interrupts >= 3) {
		/* pid_namespaces(7): the first process gets no signal that it has no handler for */
		warn("%s: does not end: killed", m->c->name);
		sig = SIGKILL;
	}
	if (m->detached && sig == SIGTERM)
		m->stop_asked = true;
	else if (sig == SIGTERM && pid_heeds(m->l.pid, sig) == HEED_CANNOT) {
		warn("%s: its first process has no handler for TERM: killed (--init passes it on)",
		    m->c->name);
		sig = SIGKILL;
	}
	kill(m->l.pid, sig);
}

/* True when the container's first process has ended; *status is then waitpid's. */
static bool on_signals(struct monitor *m, int *status)
{
	struct signalfd_siginfo i;
	bool ended = false;
	while (read(m->signals, &i, sizeof i) == sizeof i) {
		if (i.ssi_signo == SIGCHLD) {
			pid_t p;
			int st;
			while ((p = waitpid(-1, &st, WNOHANG | __WALL)) > 0)
				if (p == m->l.pid) {
					*status = st;
					ended = true;
				}
		} else if (i.ssi_signo == SIGWINCH) {
			on_winch(m);
		} else if (i.ssi_signo != SIGPIPE && i.ssi_signo != SIGURG) {
			forward(m, (int)i.ssi_signo);
		}
	}
	return ended;
}

static void on_output(struct monitor *m, enum source s)
{
	static char buf[65536];
	ssize_t n = read(m->fd[s], buf, sizeof buf);
	if (n > 0) {
		log_feed(&m->log, s == ON_ERR ? 2 : 1, buf, (size_t)n);
		if (m->prompt)
			log_flush(&m->log);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		unwatch(m, s);
}

/* A terminal's end is EIO, not 0 (tty_ioctl(4) does not say so, but the kernel does it). */
static void on_fd(struct monitor *m, enum source s)
{
	switch (s) {
	case ON_OUT:
	case ON_ERR:
		on_output(m, s);
		break;
	case ON_MASTER:
		if (m->detached) {
			on_output(m, s);
		} else {
			relay_step(&m->out);
			relay_type_again(&m->in);
		}
		break;
	case ON_STDIN:
	case ON_FIFO:
		relay_step(&m->in);
		break;
	case ON_SIGNAL:
	case SOURCES:
		break;
	}
}

/* What is still in the pipes when the first process has ended: what is there now, not what a stray
 * process that holds the other end may write one day. */
static void drain(struct monitor *m)
{
	struct epoll_event e[8];
	for (int rounds = 0; rounds < 4096; rounds++) {
		int n = epoll_wait(m->epoll, e, 8, 0), reads = 0;
		for (int i = 0; i < n; i++)
			if (e[i].data.u32 == ON_OUT || e[i].data.u32 == ON_ERR ||
			    (e[i].data.u32 == ON_MASTER && m->detached)) {
				on_fd(m, (enum source)e[i].data.u32);
				reads++;
			}
		if (!reads)
			break;
	}
	relay_finish(&m->out);
}

static int stand_by(struct monitor *m)
{
	struct epoll_event e[8];
	int status = 0;
	for (;;) {
		bool more = relay_ready(&m->in);
		int n = epoll_wait(m->epoll, e, 8, more ? 0 : -1);
		if (n < 0 && errno != EINTR)
			die("epoll: %m");
		if (more)
			relay_step(&m->in);
		for (int i = 0; i < n; i++) {
			if (e[i].data.u32 != ON_SIGNAL)
				on_fd(m, (enum source)e[i].data.u32);
			else if (on_signals(m, &status)) {
				drain(m);
				return status;
			}
		}
	}
}

/* --- the end, and the next start --- */

static int code_of(int status)
{
	return exit_code(status);
}

static bool restart_wanted(const struct monitor *m, int code, int restarts)
{
	const char *p = kv_get(&m->c->conf, "restart");
	if (!p || !*p || strcmp(p, "no") == 0 || marked_stopping(m))
		return false;
	if (str_starts(p, "on-failure")) {
		int max = p[10] == ':' ? atoi(p + 11) : 0;
		return code != 0 && (max == 0 || restarts < max);
	}
	return true; /* always, unless-stopped */
}

/* Wait before the next start: 100 ms, doubled each time up to a minute, from the beginning after
 * ten good seconds. A stop meanwhile ends it. */
static bool back_off(struct monitor *m, int64_t ran_s, unsigned *step)
{
	if (ran_s >= 10)
		*step = 0;
	else if (*step < 10)
		++*step;
	int64_t ms = 100LL << *step;
	if (ms > 60000)
		ms = 60000;
	struct itimerspec t = {.it_value = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}};
	_cleanup_close_ int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	timerfd_settime(timer, 0, &t, NULL);
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = SOURCES};
	epoll_ctl(m->epoll, EPOLL_CTL_ADD, timer, &e);
	int status;
	while (!marked_stopping(m)) {
		int n = epoll_wait(m->epoll, &e, 1, -1);
		if (n == 1 && e.data.u32 == SOURCES)
			return !marked_stopping(m);
		if (n == 1 && e.data.u32 == ON_SIGNAL)
			on_signals(m, &status);
		else if (n == 1)
			on_fd(m, (enum source)e.data.u32);
	}
	return false;
}

static void tell_launcher(struct monitor *m, int code, const char *msg)
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

/* Where no overlay can be, its root is from now on a copy of the image, in the writable layer's
 * place. */
static int root_copy(struct monitor *m, const char *why)
{
	struct spec *s = m->spec;
	if (s->uid_map.n && geteuid() == 0) /* owners would have to be shifted */
		return fail("%s", why);
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
static void after_the_end(struct monitor *m)
{
	struct hook_subject about = {.id = m->c->id, .bundle = bundle_of(m)};
	hooks_run(m->spec, HOOK_POSTSTOP, &about);
}

static int one_life(struct monitor *m, int restarts, bool *started)
{
	if (start(m, restarts) < 0) {
		_cleanup_free_ char *why = xstrdup(fail_msg());
		int code = m->l.code;
		teardown(m);
		if (code == ENGINE_NO_OVERLAY) {
			if (root_copy(m, why) == 0)
				return one_life(m, restarts, started);
			code = 125;
			free(why);
			why = xstrdup(fail_msg());
		}
		after_the_end(m);
		exit_write(
		    m->c->dir, code, false); /* the record says why nothing ran, as docker's does */
		error_write(m->c->dir, why);
		if (m->ready >= 0)
			tell_launcher(m, code, why);
		else
			warn("%s: %s", m->c->name, why);
		return code;
	}
	if (!m->fresh || restarts)
		error_write(m->c->dir, NULL);
	*started = true;
	tell_launcher(m, 0, NULL);
	if (m->detached)
		cgroup_forget();
	if (m->l.master >= 0) {
		fcntl(m->l.master, F_SETFL, O_NONBLOCK);
		if (m->detached) {
			watch(m, ON_MASTER, m->l.master);
			if (m->fd[ON_FIFO] >= 0 && relay_open(&m->in, m->epoll, ON_FIFO,
						       m->fd[ON_FIFO], m->l.master, true) < 0)
				warn("%s: %s", m->c->name, fail_msg());
		} else {
			m->fd[ON_MASTER] = m->l.master;
			if (relay_open(&m->out, m->epoll, ON_MASTER, m->l.master, 1, false) < 0 ||
			    relay_open(&m->in, m->epoll, ON_STDIN, 0, m->l.master, true) < 0)
				warn("%s: %s", m->c->name, fail_msg());
			tty_raw();
			on_winch(m);
		}
	}
	int code = code_of(stand_by(m));
	m->l.pid = 0;
	container_refresh_name(m->c);
	uint64_t kills = 0;
	bool kept = !kv_num(&m->c->conf, "rm", 0); /* else nobody will ask */
	bool oom = kept && m->group.made && cgroup_oom_kills(m->cgroup, &kills) == 0 && kills > 0;
	if (exit_write(m->c->dir, code, oom) < 0)
		warn("%s: %s", m->c->name, fail_msg());
	if (kept)
		record_sync(m->c->dir, "exit");
	tty_restore();
	teardown(m);
	after_the_end(m);
	return code;
}

/* What dying in the middle undoes (undo.h). A child that borrows our memory must not: it is process
 * 1 somewhere else.
 */
static void give_up(void *arg)
{
	struct monitor *m = arg;
	if (getpid() != m->self)
		return;
	if (m->l.pid > 0) {
		kill(m->l.pid, SIGKILL); /* not waited for yet */
		waitpid(m->l.pid, NULL, __WALL);
	}
	tty_restore();
	teardown(m);
	state_remove(m->c->name);
	if (m->fresh || kv_num(&m->c->conf, "rm", 0))
		container_erase(m->c);
}

/* The next life goes by what ctr-update has changed meanwhile. */
static void reload(struct monitor *m)
{
	struct spec fresh;
	if (container_starting(m->c) < 0 || create_reload(m->c, &fresh) < 0) {
		warn("%s", fail_msg());
		return;
	}
	spec_free(m->spec);
	*m->spec = fresh;
	oom_keep(m);
}

static int lives(struct monitor *m)
{
	unsigned step = 0;
	int code;
	bool started = false;
	for (int restarts = 0;; restarts++) {
		struct timespec t0, t1;
		clock_now(CLOCK_MONOTONIC, &t0);
		if (restarts)
			reload(m);
		code = one_life(m, restarts, &started);
		clock_now(CLOCK_MONOTONIC, &t1);
		if (!started || !restart_wanted(m, code, restarts))
			break;
		if (write_state(m, true, restarts + 1) < 0)
			warn("%s: %s", m->c->name, fail_msg());
		if (!back_off(m, t1.tv_sec - t0.tv_sec, &step))
			break;
	}
	if (marked_stopping(m))
		exit_stopped(m->c->dir); /* between two lives, too */
	if (state_remove(m->c->name) < 0)
		warn("%s: %s", m->c->name, fail_msg());
	/* Nothing of a container that never ran stays: all or nothing. */
	if ((kv_num(&m->c->conf, "rm", 0) || (m->fresh && !started)) &&
	    (m->group.made ? container_destroy(m->c) : container_erase(m->c)) < 0)
		warn("%s: %s", m->c->name, fail_msg());
	undo_commit();
	return code;
}

/* When memory runs out the kernel must take the container, not its monitor, with which the
 * container would end: as conmon and containerd's shim do it. The command's own is what was asked
 * for, or what ours was. */
static void oom_apart(struct monitor *m)
{
	_cleanup_free_ char *was = file_read("/proc/self/oom_score_adj", 64, NULL);
	m->oom_was = was ? atoi(was) : 0;
	_cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	m->oom_apart = fd >= 0 && write(fd, "-999", 4) == 4; /* a user may not */
	oom_keep(m);
}

/* A process has one, and its buffers are not touched before they are needed. */
static struct monitor *init(struct container *c, struct spec *spec, bool detached, bool fresh)
{
	static struct monitor the;
	struct monitor *m = &the;
	m->c = c;
	m->spec = spec;
	m->detached = detached;
	m->fresh = fresh;
	m->ready = -1;
	m->self = getpid();
	for (int i = 0; i < SOURCES; i++)
		m->fd[i] = -1;
	undo_push(give_up, m);
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (m->epoll < 0)
		die("epoll: %m");
	block_signals(m);
	oom_apart(m);
	plug_init(&m->plug, c);
	return m;
}

int monitor_foreground(struct container *c, struct spec *spec, bool fresh)
{
	return lives(init(c, spec, false, fresh));
}

/* --- detached --- */

/* Every descriptor from 3 on but these. */
static void close_others(const int *keep, size_t n)
{
	int from = 3;
	for (;;) {
		int next = INT_MAX;
		for (size_t i = 0; i < n; i++)
			if (keep[i] >= from && keep[i] < next)
				next = keep[i];
		if (next > from)
			sys_close_range((unsigned)from, next == INT_MAX ? ~0u : (unsigned)next - 1);
		if (next == INT_MAX)
			return;
		from = next + 1;
	}
}

/* Nothing of the caller's stays: descriptors, terminal, session, working directory, umask
 * (podman#4600). */
static void leave_caller(const struct container *c, int ready)
{
	setsid();
	if (chdir("/") < 0)
		die("/: %m");
	umask(022);
	int null = open("/dev/null", O_RDWR);
	for (int i = 0; i < 2 && null >= 0;
	     i++) /* its stderr until it has been told: what a start warns of is heard */
		dup2(null, i);
	cgroup_forget(); /* it looked at the container before: its descriptors go, too */
	close_others((int[]){c->dir, c->life, c->starting, ready}, 4);
}

/* Before a monitor lives, and after one was killed: what was made goes. */
static int no_monitor(struct container *c, bool fresh, const char *what)
{
	_cleanup_free_ char *why = xasprintf("%s: %s", what, strerror(errno));
	if (fresh && container_destroy(c) < 0)
		warn("%s: %s", c->name, fail_msg());
	fail("%s", why);
	return 125;
}

int monitor_detached(struct container *c, struct spec *spec, bool fresh)
{
	int p[2];
	if (pipe2(p, O_CLOEXEC) < 0)
		return no_monitor(c, fresh, "pipe");
	pid_t pid = fork();
	if (pid < 0)
		return no_monitor(c, fresh, "fork");
	if (pid == 0) {
		leave_caller(c, p[1]);
		struct monitor *m = init(c, spec, true, fresh);
		m->ready = p[1];
		lives(m);
		_exit(0);
	}
	close(p[1]);
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
		kill(pid, SIGKILL); /* it could not tell, and may live on */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		; /* it removes what is left first */
	if (n != 1)
		return errno = ECHILD, no_monitor(c, fresh, "its monitor ended before it began");
	fail("%s", why ? why : "");
	return code;
}
