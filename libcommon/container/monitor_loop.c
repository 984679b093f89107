/* monitor_loop.c: what the monitor waits for: signals, the terminal, output, input; see
 * monitor_parts.h. While it waits it allocates nothing, but to write a lost state anew. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cgroup.h"
#include "clock.h"
#include "err.h"
#include "monitor.h"
#include "monitor_parts.h"
#include "pidfd.h"
#include "resident.h"
#include "signames.h"
#include "signals.h"
#include "stop.h"
#include "str.h"
#include "tty.h"

bool monitor_stopping(const struct monitor *m)
{
	_cleanup_free_ char *p = record_run_path(m->c->name, STOPPING);
	return m->stop_asked || access(p, F_OK) == 0;
}

int monitor_listen(struct monitor *m)
{
	signal(SIGPIPE, SIG_IGN);
	m->signals = signals_open();
	return m->signals < 0 ? fail_errno("signalfd") : monitor_watch(m, ON_SIGNAL, m->signals);
}

void monitor_winch(struct monitor *m)
{
	struct winsize w;
	if (m->l.master >= 0 && !m->detached && tty_size(&w) == 0)
		ioctl(m->l.master, TIOCSWINSZ, &w);
}

/* Would a signal that is to end the process have no effect? A process that is running may be an
 * init that has just woken up to take the signal; three checks, half a second apart, make that
 * unlikely. */
static bool monitor_loop_unheeded(struct monitor *m, int sig)
{
	enum heed h = pid_heeds(m->l.pid, sig);
	m->doubted = h == HEED_BUSY && ++m->doubts < 3 ? sig : 0;
	m->doubt_at = now_ms() + 500;
	if (m->doubted || (h != HEED_BUSY && h != HEED_CANNOT))
		return false;
	warn("%s: its first process has no handler for %s: killed (--init forwards it)", m->c->name,
	    signal_name(sig));
	return true;
}

static void monitor_loop_forward(struct monitor *m, int sig)
{
	/* The machine goes down, or its unit ends: the container is told as ctr-stop tells it. */
	bool told = m->detached && sig == SIGTERM;
	if (told) {
		m->host_ends |= !monitor_stopping(m);
		m->stop_asked = true;
		sig = stop_signal_of(m->c);
	}
	if (m->l.pid <= 0) { /* between two starts */
		m->stop_asked |= sig == SIGTERM || sig == SIGINT;
		return;
	}
	if (!m->detached && (sig == SIGINT || sig == SIGTERM) && ++m->interrupts >= 3) {
		/* pid_namespaces(7): the first process gets no signal for which it has no
		 * handler. */
		warn("%s: does not end: killed", m->c->name);
		sig = SIGKILL;
	}
	if (told || (!m->detached && (sig == SIGTERM || sig == SIGHUP))) {
		m->doubts = 0;
		if (monitor_loop_unheeded(m, sig))
			sig = SIGKILL;
	}
	kill(m->l.pid, sig);
	if (told)
		cgroup_thaw(m->cgroup);
}

static void monitor_loop_doubt(struct monitor *m)
{
	if (m->doubted && m->l.pid > 0 && now_ms() >= m->doubt_at &&
	    monitor_loop_unheeded(m, m->doubted))
		kill(m->l.pid, SIGKILL);
}

/* True when the container's first process has ended; *status is then that of waitpid(2). */
static bool monitor_loop_on_signals(struct monitor *m, int *status)
{
	bool ended = false;
	int sig;
	while ((sig = signals_next(m->signals)) > 0) {
		if (sig == SIGCHLD) {
			pid_t p;
			int st;
			while ((p = waitpid(-1, &st, WNOHANG | __WALL)) > 0)
				if (p == m->l.pid) {
					*status = st;
					ended = true;
				} else {
					health_ended(m, p, st, ended);
				}
		} else if (sig == SIGWINCH) { /* also when its state is lost */
			monitor_winch(m);
			monitor_state_again(m);
		} else {
			monitor_loop_forward(m, sig);
		}
	}
	return ended;
}

static void monitor_loop_on_output(struct monitor *m, enum source s)
{
	static char buf[65536] LARGE;
	ssize_t n = read(m->fd[s], buf, sizeof buf);
	if (n > 0) {
		log_feed(&m->log, s == ON_ERR ? 2 : 1, buf, (size_t)n);
		if (m->prompt)
			log_flush(&m->log);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		monitor_unwatch(m, s);
}

/* The end of a terminal is EIO, not 0 (tty_ioctl(4) does not mention it, but the kernel does
 * this). */
static void monitor_loop_on_fd(struct monitor *m, enum source s)
{
	switch (s) {
	case ON_OUT:
	case ON_ERR:
		monitor_loop_on_output(m, s);
		break;
	case ON_MASTER:
		if (m->detached) {
			monitor_loop_on_output(m, s);
		} else {
			relay_step(&m->out);
			relay_type_again(&m->in);
			if (m->out.refused) { /* as when a terminal is closed */
				m->out.refused = false;
				monitor_loop_forward(m, SIGHUP);
			}
		}
		break;
	case ON_STDIN:
	case ON_FIFO:
		relay_step(&m->in);
		break;
	case ON_TIMER:
		health_due(m);
		break;
	case ON_NOTIFY:
		notify_relay(m);
		break;
	case ON_SIGNAL:
	case SOURCES:
		break;
	}
}

/* What is still in the pipes when the first process has ended: only what is there now, not what a
 * stray process with the other end may write later. */
static void monitor_loop_drain(struct monitor *m)
{
	struct epoll_event e[8];
	for (int rounds = 0; rounds < 4096; rounds++) {
		int n = epoll_wait(m->epoll, e, 8, 0), reads = 0;
		for (int i = 0; i < n; i++)
			if (e[i].data.u32 == ON_OUT || e[i].data.u32 == ON_ERR ||
			    (e[i].data.u32 == ON_MASTER && m->detached)) {
				monitor_loop_on_fd(m, (enum source)e[i].data.u32);
				reads++;
			}
		if (!reads)
			break;
	}
	/* When the container is being stopped, this does not wait long for a reader that takes
	 * nothing. */
	relay_finish(&m->out, m->interrupts || monitor_stopping(m) ? 50 : 1000);
}

/* For --timeout: kill the first process when its time is over. Returns how many milliseconds the
 * loop may wait: `ms` (-1: for ever), or less if the time is over before that. */
static int monitor_loop_sooner(struct monitor *m, int ms)
{
	int64_t left = m->kill_at - now_ms();
	if (!m->kill_at)
		return ms;
	if (left <= 0) {
		warn("%s: has run as long as --timeout allows: killed", m->c->name);
		m->kill_at = 0;
		m->stop_asked = true;
		kill(m->l.pid, SIGKILL);
		return ms;
	}
	if (left > 1000000)
		left = 1000000;
	return ms < 0 || left < ms ? (int)left : ms;
}

int monitor_stand_by(struct monitor *m, int *status)
{
	struct epoll_event e[8];
	if (m->detached)
		text_forget();
	for (;;) {
		bool more = relay_ready(&m->in);
		int patience = m->logging ? log_due(&m->log) : -1;
		if (m->doubted && (patience < 0 || patience > 500))
			patience = 500;
		patience = monitor_loop_sooner(m, patience);
		int n = epoll_wait(m->epoll, e, 8, more ? 0 : patience);
		if (n < 0 && errno != EINTR)
			return fail_errno("epoll");
		monitor_loop_doubt(m);
		if (m->logging)
			log_write_due(&m->log);
		if (more)
			relay_step(&m->in);
		for (int i = 0; i < n; i++) {
			if (e[i].data.u32 != ON_SIGNAL)
				monitor_loop_on_fd(m, (enum source)e[i].data.u32);
			else if (monitor_loop_on_signals(m, status)) {
				if (m->slave >= 0)
					close(m->slave);
				m->slave = -1;
				monitor_loop_drain(m);
				return 0;
			}
		}
	}
}

/* Wait before the next start: 100 ms, doubled each time up to a minute, and 100 ms again after ten
 * seconds without failure. A stop ends the wait. */
bool monitor_back_off(struct monitor *m, int64_t ran_s, unsigned *step)
{
	if (ran_s >= 10)
		*step = 0;
	else if (*step < 10)
		++*step;
	int64_t ms = 100LL << *step;
	if (ms > 60000)
		ms = 60000;
	int64_t until = now_ms() + ms, left;
	int status;
	while (!monitor_stopping(m)) {
		struct epoll_event e;
		if ((left = until - now_ms()) <= 0)
			return true;
		int n = epoll_wait(m->epoll, &e, 1, (int)left);
		if (n == 1 && e.data.u32 == ON_SIGNAL)
			monitor_loop_on_signals(m, &status);
		else if (n == 1)
			monitor_loop_on_fd(m, (enum source)e.data.u32);
		else if (n < 0 && errno != EINTR)
			break;
	}
	return false;
}
