/* enter.c: a further command in a running container; see enter.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cgroup.h"
#include "enter.h"
#include "err.h"
#include "file.h"
#include "launch.h"
#include "filter.h"
#include "str.h"
#include "sys.h"
#include "tty.h"

#define WITHOUT_PID (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

static const struct {
	int flag;
	const char *file;
} ns_files[] = {{CLONE_NEWUSER, "user"}, {CLONE_NEWPID, "pid"}, {CLONE_NEWNET, "net"}, {CLONE_NEWIPC, "ipc"},
    {CLONE_NEWUTS, "uts"}, {CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWNS, "mnt"}};

/* Before Linux 5.8: one by one, through /proc/PID/ns, mount last because /proc goes with it. The directory was opened
 * before the pid was checked, so it is that process's. */
static int join_files(int procdir, int flags)
{
	for (size_t i = 0; i < sizeof ns_files / sizeof ns_files[0]; i++) {
		if (!(flags & ns_files[i].flag))
			continue;
		_cleanup_free_ char *p = xasprintf("ns/%s", ns_files[i].file);
		int fd = openat(procdir, p, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue; /* a kernel without that kind */
		if (fd < 0 || setns(fd, ns_files[i].flag) < 0)
			return fail("join the %s namespace: %m", ns_files[i].file);
		close(fd);
	}
	return 0;
}

static int join(struct enter *e, int flags)
{
	if (e->pidfd >= 0 && sys_setns_pidfd(e->pidfd, flags) == 0)
		return 0;
	if (e->pidfd >= 0 && errno != EINVAL && errno != ENOSYS)
		return fail("join its namespaces: %m");
	return join_files(e->procdir, flags);
}

static _Noreturn void child(struct enter *e, int report, struct sock_fprog *prog, int flags, int group)
{
	setsid();
	if ((e->cgroup && cgroup_enter(e->cgroup, group >= 0 && sys_clone_entered_cgroup(), e->procdir) < 0) ||
	    join(e, flags) < 0)
		report_failure(report, 125);
	if (flags & CLONE_NEWUSER && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL) {
		fail("become root of its user namespace: %m");
		report_failure(report, 125);
	}
	struct become b = {
	    .spec = e->spec, .seccomp = prog, .report = report, .pdeathsig = !e->detach, .entering = true};
	for (int i = 0; i < 3; i++)
		b.stdio[i] = e->detach ? -1 : i;
	int code = become(&b);
	report_failure(report, code);
}

int enter_start(struct enter *e)
{
	struct sock_fprog *prog = NULL;
	int pair[2], user = e->userns ? CLONE_NEWUSER : 0;
	e->code = 125;
	e->master = -1;
	if (launch_seccomp(e->spec, &prog) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail("socketpair: %m");
	/* A pid namespace is for the next children: joined here. Without privilege that needs the user namespace first,
	 * and then both by us (setns(2)). */
	bool early = user && geteuid() != 0;
	if (become_oom_score(e->spec) < 0)
		return -1;
	become_hidden();
	if (join(e, CLONE_NEWPID | (early ? user : 0)) < 0)
		return -1;
	_cleanup_close_ int group = e->cgroup ? cgroup_open_v2(e->cgroup) : -1;
	e->pid = sys_clone(0, group, NULL);
	if (e->pid < 0)
		return fail("fork in the container: %m%s", errno == ENOMEM ? " (its PID 1 has ended)" : "");
	if (e->pid == 0) {
		close(pair[0]);
		child(e, pair[1], prog, WITHOUT_PID | (early ? 0 : user), group);
	}
	close(pair[1]);
	int r = report_wait(pair[0], &e->code, &e->master);
	close(pair[0]);
	filter_free(prog);
	if (r < 0) {
		_cleanup_free_ char *why = xstrdup(fail_msg());
		kill(e->pid, SIGKILL);
		waitpid(e->pid, NULL, __WALL);
		return fail("%s", why);
	}
	return 0;
}

/* --- standing by --- */

static int signals_open(void)
{
	sigset_t s;
	sigfillset(&s);
	static const int not_ours[] = {
	    SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT};
	for (size_t i = 0; i < sizeof not_ours / sizeof not_ours[0]; i++)
		sigdelset(&s, not_ours[i]);
	sigprocmask(SIG_SETMASK, &s, NULL);
	return signalfd(-1, &s, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool on_signals(struct enter *e, int fd, int *status)
{
	struct signalfd_siginfo i;
	struct winsize w;
	while (read(fd, &i, sizeof i) == sizeof i) {
		int sig = (int)i.ssi_signo;
		if (sig == SIGCHLD && waitpid(e->pid, status, WNOHANG | __WALL) == e->pid)
			return true;
		if (sig == SIGWINCH && e->master >= 0 && tty_size(&w) == 0)
			ioctl(e->master, TIOCSWINSZ, &w);
		else if (sig != SIGCHLD && sig != SIGPIPE && sig != SIGURG && sig != SIGWINCH)
			kill(e->pid, sig);
	}
	return false;
}

void enter_block_signals(struct enter *e)
{
	e->signals = signals_open();
}

int enter_wait(struct enter *e)
{
	struct tty_copy in = {0}, out = {0};
	struct pollfd p[3] = {
	    {.fd = e->signals, .events = POLLIN}, {.fd = e->master, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
	int status = 0;
	if (e->master >= 0) {
		fcntl(e->master, F_SETFL, O_NONBLOCK);
		p[2].fd = 0;
		tty_raw();
	}
	for (;;) {
		if (poll(p, 3, -1) < 0 && errno != EINTR)
			break;
		if (p[0].revents && on_signals(e, e->signals, &status))
			break;
		if (p[1].revents && tty_copy_step(&out, e->master, 1) < 0)
			p[1].fd = -1;
		if (p[2].revents && tty_copy_step(&in, 0, e->master) < 0)
			p[2].fd = -1;
	}
	for (int i = 0; i < 1024 && p[1].fd >= 0 && poll(&p[1], 1, 0) == 1; i++) /* what it wrote last */
		if (tty_copy_step(&out, e->master, 1) < 0)
			break;
	tty_restore();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
