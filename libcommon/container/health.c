/* health.c: the monitor runs health checks; see health.h.
 *
 * A timer in the monitor's loop forks a process for each check, which runs ctr-exec (the monitor
 * itself never enters), reads what it writes, kills what hangs, records what was found and ends
 * with the result. Between checks there is nothing but the timer.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "clock.h"
#include "err.h"
#include "container_event.h"
#include "file.h"
#include "health.h"
#include "monitor_parts.h"
#include "pidfd.h"
#include "place.h"
#include "rlimits.h"
#include "stamp.h"
#include "stop.h"
#include "sys.h"
#include "undo.h"

#define OUTPUT_MAX 4096
enum { PASSED, FAILED, SKIPPED }; /* how the process of a check ends */

static void health_arm(struct monitor *m, int64_t ms)
{
	struct itimerspec t = {.it_value = {ms / 1000, ms % 1000 * 1000000}};
	if (!ms)
		t.it_value.tv_nsec = 1;
	timerfd_settime(m->fd[ON_TIMER], 0, &t, NULL);
}

static bool health_in_period(const struct health *h)
{
	return h->status == HEALTH_STARTING && now_ms() - h->began < h->numbers[HEALTH_PERIOD];
}

static void health_arm_next(struct monitor *m)
{
	struct health *h = &m->health;
	health_arm(m, h->numbers[health_in_period(h) ? HEALTH_START_INTERVAL : HEALTH_INTERVAL]);
}

/* What a result means for the container's health. */
static void health_take(struct health *h, bool passed)
{
	if (passed) {
		h->failing = 0;
		h->status = HEALTH_HEALTHY;
	} else if (!health_in_period(h) && ++h->failing >= h->numbers[HEALTH_RETRIES]) {
		h->status = HEALTH_UNHEALTHY;
	}
}

/* Write the file with one more entry (NULL: for a new life, without any). */
static void health_write(const struct monitor *m, const char *entry)
{
	_cleanup_free_ char *run = record_run_path(m->c->name, NULL);
	_cleanup_close_ int dir = dir_open_at(AT_FDCWD, run);
	struct kv was = {0}, now = {0};
	const char *log[HEALTH_LOGS + 1], *v;
	int n = 0, from;
	if (dir < 0)
		return;
	if (entry && kv_read_at(&was, dir, "health") == 0)
		for (int i = 0; i < HEALTH_LOGS; i++)
			if ((v = kv_get(&was, (char[]){'l', 'o', 'g', (char)('0' + i), 0})))
				log[n++] = v;
	if (entry)
		log[n++] = entry;
	from = n > HEALTH_LOGS ? n - HEALTH_LOGS : 0;
	kv_set(&now, "status", health_names[m->health.status]);
	kv_setf(&now, "failing", "%d", m->health.failing);
	for (int i = from; i < n; i++)
		kv_set(&now, (char[]){'l', 'o', 'g', (char)('0' + i - from), 0}, log[i]);
	if (kv_write_at(&now, dir, "health", false) < 0)
		warn_about(m->c->name);
	kv_free(&was);
	kv_free(&now);
}

/* --- the process of one check --- */

struct checking {
	struct monitor *m;
	pid_t pid;
	int out, chld; /* what the command writes; SIGCHLD and SIGTERM */
	char *group;
	char text[OUTPUT_MAX + 1];
	size_t n;
};

static _Noreturn void check_exec(const struct checking *k, int out)
{
	sigset_t none;
	struct strv argv = {0};
	const char *test = kv_get(&k->m->c->conf, "health");
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setenv("CTR_LIB", ctr_lib(), 1);
	setenv("CTR_RUN", ctr_run(), 1);
	setenv("CTR_CGROUP", ctr_cgroup(), 1);
	const char *front[] = {"ctr-exec", "--health-check", k->m->c->id, "/bin/sh", "-c"};
	bool shell = str_starts(test, "CMD-SHELL");
	for (size_t i = 0; i < (shell ? 5 : 3); i++)
		strv_add(&argv, front[i]);
	if (shell)
		strv_add(&argv, test + sizeof "CMD-SHELL");
	else
		strv_split(&argv, test + sizeof "CMD", HEALTH_SEP);
	rlimits_back();
	execv("/proc/self/exe", argv.v);
	dprintf(2, "/proc/self/exe: %s\n", strerror(errno));
	_exit(125);
}

/* False at the end of the output. What exceeds the limit is read and discarded. */
static bool health_check_read(struct checking *k)
{
	char more[4096];
	ssize_t n = read(k->out, more, sizeof more);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	for (ssize_t i = 0; i < n && k->n < OUTPUT_MAX; i++)
		k->text[k->n++] = more[i] ? more[i] : ' ';
	return n > 0;
}

static int health_move_up(pid_t pid, void *arg)
{
	char text[24];
	snprintf(text, sizeof text, "%d", (int)pid);
	file_poke_at(*(int *)arg, "cgroup.procs", text);
	return 0;
}

/* What a check leaves running continues as one of the container's processes. */
static void check_leave(const struct checking *k)
{
	_cleanup_close_ int up = cgroup_dir(k->m->cgroup, "");
	if (up < 0)
		up = cgroup_dir(k->m->cgroup, "freezer");
	cgroup_procs(k->group, health_move_up, &up);
	cgroup_remove(k->group);
}

/* All its processes, and they are reaped: the container's first process cannot end earlier. Their
 * children become ours when they have gone (we are a subreaper). */
static void health_check_kill(struct checking *k)
{
	kill(k->pid, SIGKILL);
	cgroup_kill(k->group);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

/* Its exit code; -1: it hung, and was killed; -2: it does not count. */
static int health_check_wait(struct checking *k)
{
	int64_t most = k->m->health.numbers[HEALTH_TIMEOUT], end = now_ms() + most, left;
	struct pollfd p[2] = {{.fd = k->out, .events = POLLIN}, {.fd = k->chld, .events = POLLIN}};
	int status;
	while (waitpid(k->pid, &status, WNOHANG) != k->pid) {
		struct signalfd_siginfo i;
		if ((left = end - now_ms()) <= 0) {
			if (cgroup_frozen(k->m->cgroup, false)) { /* the check is frozen, too */
				end = now_ms() + most;
				continue;
			}
			health_check_kill(k);
			return -1;
		}
		poll(p, 2, left > 100000000 ? 100000000 : (int)left);
		if (p[0].revents && !health_check_read(k))
			p[0].fd = -1;
		if (p[1].revents && read(k->chld, &i, sizeof i) == sizeof i &&
		    i.ssi_signo == SIGTERM) { /* the monitor has noticed the end of the container */
			health_check_kill(k);
			return -2;
		}
	}
	/* Read what is left, but no more than is kept: a process that holds the other end may write
	 * faster than we read. */
	while (k->n < OUTPUT_MAX && p[0].fd >= 0 && poll(p, 1, 0) == 1 && health_check_read(k))
		;
	int code = exit_code(status);
	return code && cgroup_frozen(k->m->cgroup, false) ? -2 : code;
}

static void health_check_started(struct checking *k)
{
	int p[2];
	sigset_t chld;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigaddset(&chld, SIGTERM);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	k->chld = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	if (k->chld < 0 || pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0 || (k->pid = fork()) < 0)
		_exit(SKIPPED);
	if (k->pid == 0) {
		fcntl(p[1], F_SETFL, 0); /* it is the command's stdout */
		check_exec(k, p[1]);
	}
	close(p[1]);
	k->out = p[0];
}

static _Noreturn void health_check(struct monitor *m)
{
	static struct checking k;
	struct timespec t0, t1;
	undo_forget();
	cgroup_forget();
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sys_close_others(3, NULL, 0);
	if (getppid() != m->self)
		_exit(SKIPPED);
	k.m = m;
	k.group = path_join(m->cgroup, HEALTH_GROUP);
	/* they are closed here: this process holds none of the container's locks */
	m->c->dir = m->c->life = m->c->starting = -1;
	if (cgroup_frozen(m->cgroup, false))
		_exit(SKIPPED);
	clock_now(CLOCK_REALTIME, &t0);
	health_check_started(&k);
	int code = health_check_wait(&k);
	clock_now(CLOCK_REALTIME, &t1);
	check_leave(&k);
	if (code == -2)
		_exit(SKIPPED);
	int64_t most = m->health.numbers[HEALTH_TIMEOUT];
	_cleanup_free_ char *hung = xasprintf("Health check exceeded timeout (%lld%s)",
	    (long long)(most % 1000 ? most : most / 1000), most % 1000 ? "ms" : "s");
	_cleanup_free_ char *entry = xasprintf("%lld.%09ld %lld.%09ld %d\n%s%s",
	    (long long)t0.tv_sec, t0.tv_nsec, (long long)t1.tv_sec, t1.tv_nsec, code,
	    code < 0 ? hung : "", code < 0 ? "" : k.text);
	health_take(&m->health, code == 0);
	health_write(m, entry);
	_exit(code == 0 ? PASSED : FAILED);
}

/* --- the monitor --- */

void health_begin(struct monitor *m)
{
	struct health *h = &m->health;
	*h = (struct health){.began = now_ms()};
	if (!kv_get(&m->c->conf, "health"))
		return;
	health_numbers(&m->c->conf, h->numbers);
	health_write(m, NULL);
	unlinkat(m->c->dir, "health", 0);
	int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fd < 0 || monitor_watch(m, ON_TIMER, fd) < 0)
		warn("%s: no health checks: %m", m->c->name);
	else
		health_arm_next(m);
}

void health_due(struct monitor *m)
{
	struct health *h = &m->health;
	uint64_t n;
	if (read(m->fd[ON_TIMER], &n, sizeof n) < 0 || m->l.pid <= 0)
		return;
	if (h->ending) {
		kill(m->l.pid, SIGKILL);
		return;
	}
	container_refresh_name(m->c);
	h->pid = fork();
	if (h->pid == 0)
		health_check(m);
	if (h->pid < 0)
		health_arm_next(m);
}

/* --health-on-failure, once in a life. */
static void health_failed(struct monitor *m)
{
	const char *then = kv_get(&m->c->conf, "health_on_failure");
	struct health *h = &m->health;
	if (!then || *then == 'n')
		return;
	warn("%s: unhealthy: --health-on-failure %s", m->c->name, then);
	h->ending = true;
	if (*then == 'k') {
		kill(m->l.pid, SIGKILL);
		return;
	}
	m->stop_asked = *then == 's';
	h->again = *then == 'r';
	kill(m->l.pid, stop_signal_of(m->c));
	health_arm(m, stop_patience(m->c, STOP_OWN) * 1000);
}

void health_ended(struct monitor *m, pid_t pid, int status, bool over)
{
	struct health *h = &m->health;
	if (pid != h->pid)
		return;
	h->pid = 0;
	if (over)
		return;
	int was = h->status;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != SKIPPED)
		health_take(h, WIFEXITED(status) && WEXITSTATUS(status) == PASSED);
	health_arm_next(m);
	if (was == h->status)
		return;
	_cleanup_free_ char *action = xasprintf("health_status: %s", health_names[h->status]);
	event_container(m->c, action, NULL, NULL);
	if (h->status == HEALTH_UNHEALTHY)
		health_failed(m);
}

void health_end(struct monitor *m)
{
	struct health *h = &m->health;
	if (h->pid > 0) {
		kill(h->pid, SIGTERM);
		pid_reap(h->pid);
	}
	h->pid = 0;
	monitor_unwatch(m, ON_TIMER);
	if (!kv_get(&m->c->conf, "health") || container_passing(m->c))
		return;
	size_t n;
	_cleanup_free_ char *run = record_run_path(m->c->name, "health"),
			    *text = file_read(run, 1 << 20, &n);
	if (text)
		file_write_at(m->c->dir, "health", text, n, 0600, false);
}
