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
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "enter.h"
#include "caps.h"
#include "err.h"
#include "file.h"
#include "become.h"
#include "pidfd.h"
#include "placement.h"
#include "ns.h"
#include "report.h"
#include "signals.h"
#include "filter.h"
#include "str.h"
#include "sys.h"
#include "tty.h"
#include "tty_relay.h"
#include "undo.h"

/* Is a namespace of the container different from ours? Those that are not must be left out: our own
 * user namespace cannot be joined again (EINVAL), and any other takes power over the user namespace
 * that it belongs to, which a user's container manager does not have over the host's cgroup
 * namespace (EPERM). */
static bool other_ns(int procdir, enum spec_ns ns)
{
	_cleanup_free_ char *path = xasprintf("/proc/self/ns/%s", ns_kinds[ns].file);
	errno = 0;
	/* What we may not look at is another, and is not left out. */
	return !file_same(procdir, path + strlen("/proc/self/"), AT_FDCWD, path) && errno != ENOENT;
}

/* Before Linux 5.8: one by one, through /proc/PID/ns, all opened before any is joined. The
 * directory was opened before the pid was checked, so it belongs to that process. */
static int join_files(int procdir, int flags)
{
	int fd[NS_COUNT];
	for (int i = 0; i < NS_COUNT; i++) {
		enum spec_ns ns = ns_order[i];
		bool wanted = flags & (int)ns_kinds[ns].flag;
		_cleanup_free_ char *p = xasprintf("ns/%s", ns_kinds[ns].file);
		fd[ns] = wanted ? openat(procdir, p, O_RDONLY | O_CLOEXEC) : -1;
		if (wanted && fd[ns] < 0 && errno != ENOENT) /* a kernel without this kind */
			return fail("the %s namespace: %m", spec_ns_names[ns]);
	}
	enum spec_ns bad = ns_join(fd);
	if (bad < NS_COUNT)
		return fail("join the %s namespace: %m", spec_ns_names[bad]);
	for (int i = 0; i < NS_COUNT; i++)
		cleanup_close(&fd[i]);
	return 0;
}

static int enter_join(struct enter *e, int flags)
{
	int others = 0;
	if (e->pidfd >= 0 && sys_setns_pidfd(e->pidfd, flags) == 0)
		return 0;
	if (e->pidfd >= 0 && errno != EINVAL && errno != ENOSYS && errno != EPERM)
		return fail_errno("join its namespaces");
	for (int i = 0; i < NS_COUNT; i++)
		if (flags & (int)ns_kinds[i].flag && other_ns(e->procdir, i))
			others |= (int)ns_kinds[i].flag;
	return join_files(e->procdir, others);
}

/* When a container has no device list (engine.h), its root is mounted nodev and has no CAP_MKNOD: a
 * process that enters it gets no CAP_MKNOD either, whatever capabilities it asks for. */
static uint64_t without_mknod(int procdir)
{
	struct statfs fs;
	_cleanup_close_ int root = openat(procdir, "root", O_PATH | O_CLOEXEC);
	bool nodev = root >= 0 && fstatfs(root, &fs) == 0 && fs.f_flags & MS_NODEV;
	return nodev ? CAPS_MKNOD : 0;
}

static _Noreturn void enter_failed(int report)
{
	report_failure(report, errno == ESRCH ? REPORT_GONE : 125);
}

static _Noreturn void enter_child(
    struct enter *e, int report, struct sock_fprog *prog, int flags, int group)
{
	undo_forget();
	/* No session of its own: the keys of our terminal end it as they end us. The command gets
	 * one (appear.c), and each costs a scheduling group. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (e->cgroup &&
	    cgroup_enter(e->cgroup, group >= 0 && sys_clone_entered_cgroup(), e->procdir) < 0)
		enter_failed(report);
	for (size_t i = 0; i < sizeof e->below / sizeof e->below[0]; i++)
		if (e->below[i] > 0 && write(e->below[i], "0", 1) < 0) {
			fail_errno("the group below its own");
			enter_failed(report);
		}
	/* While /proc is still the host's, which old kernels need for this. */
	sys_close_others(3 + (int)e->preserve, (int[]){report, e->procdir, e->pidfd}, 3);
	placement_prepare(e->spec);
	_cleanup_close_ int root = flags & CLONE_NEWNS ? -1 : dir_hold_at(e->procdir, "root");
	if (flags & CLONE_NEWUSER) {
		become_hand_stdio(e->spec, (int[]){0, 1, 2});
		become_raise(e->spec, 0);
	}
	if (enter_join(e, flags) < 0)
		enter_failed(report);
	if (!(flags & CLONE_NEWNS) && (fchdir(root) < 0 || chroot(".") < 0)) {
		fail_errno("its root");
		enter_failed(report);
	}
	if (flags & CLONE_NEWUSER && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) &&
	    errno != EINVAL) {
		fail_errno("become root of its user namespace");
		enter_failed(report);
	}
	struct become b = {
	    .spec = e->spec,
	    .seccomp = prog,
	    .report = report,
	    .pdeathsig = !e->detach,
	    .entering = true,
	    .drop = without_mknod(e->procdir),
	    .appears = true,
	    .preserve = e->preserve,
	    .agent = e->notify,
	};
	for (int i = 0; i < 3; i++)
		b.stdio[i] = e->detach && !e->inherit ? -1 : i;
	int code = become(&b);
	report_failure(report, code);
}

/* --- waiting until it is in --- */

static bool ends(int sig)
{
	return sig == SIGTERM || sig == SIGINT || sig == SIGHUP || sig == SIGQUIT;
}

/* Signals that arrive while the child enters: those that end us take effect, because the container
 * may stop the entering process; others are kept for the command. */
static int early_signals(struct enter *e)
{
	int sig;
	while ((sig = signals_next(e->signals)) > 0) {
		if (ends(sig)) {
			e->code = 128 + sig;
			return fail("signal %d while it entered", sig);
		}
		if (sig != SIGCHLD && sig != SIGWINCH)
			sigaddset(&e->early, sig);
	}
	return 0;
}

static int reports(struct enter *e, int sock, pid_t maker, struct reported *said)
{
	struct pollfd p[2] = {{.fd = sock, .events = POLLIN}, {.fd = e->signals, .events = POLLIN}};
	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return fail_errno("poll");
		if (p[1].revents && early_signals(e) < 0)
			return -1;
		if (!p[0].revents)
			continue;
		int r = report_next(sock, said);
		if (r == 3)
			r = report_hand_over(sock, maker, said, e->notify, e->notify_arg) < 0 ? -1
											      : 2;
		if (r == 2)
			continue;
		if (r < 0)
			e->code = said->code;
		return r;
	}
}

/* Kill it, and reap it unless it is frozen or stuck in the kernel: then it dies later, and we do
 * not wait. */
static void enter_drop(pid_t pid)
{
	sigset_t chld;
	struct timespec most = {.tv_nsec = 300000000};
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	kill(pid, SIGKILL); /* it is our child and not reaped, so the pid is still its own */
	for (int i = 0; i < 3 && waitpid(pid, NULL, WNOHANG | __WALL) == 0; i++)
		sigtimedwait(&chld, NULL, &most);
}

static int entered(struct enter *e, int sock, pid_t maker)
{
	struct reported said = {.code = 125, .master = -1};
	int r = reports(e, sock, maker, &said);
	if (r >= 0 && said.pid && placement_scheduler(e->spec, said.pid) < 0)
		r = -1;
	if (r >= 0 && !said.pid) /* ended without a word */
		r = fail("the process that enters was killed");
	if (r >= 0) {
		waitpid(maker, NULL, __WALL);
		e->pid = said.pid;
		e->master = said.master;
		for (int sig = 1; sig < NSIG; sig++)
			if (sigismember(&e->early, sig) == 1)
				kill(e->pid, sig);
		return 0;
	}
	_cleanup_free_ char *why = fail_copy();
	enter_drop(maker);
	if (said.pid)
		enter_drop(said.pid);
	if (said.master >= 0)
		close(said.master);
	return fail_again(why);
}

int enter_start(struct enter *e)
{
	struct sock_fprog *prog = NULL;
	int pair[2], flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
			     CLONE_NEWCGROUP | CLONE_NEWPID;
	e->code = 125;
	e->master = -1;
	sigemptyset(&e->early);
	if (other_ns(e->procdir, NS_USER))
		flags |= CLONE_NEWUSER;
	/* A container of ctr-oci may have ours; its root is another all the same. */
	if (!other_ns(e->procdir, NS_MNT))
		flags &= ~CLONE_NEWNS;
	if (other_ns(e->procdir, NS_TIME))
		flags |= (int)ns_kinds[NS_TIME].flag;
	if (become_filter(e->spec, e->home, &prog) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail_errno("socketpair");
	if (become_oom_score(e->spec) < 0)
		return -1;
	become_hidden();
	_cleanup_close_ int group = e->cgroup ? cgroup_open_v2(e->cgroup) : -1;
	pid_t maker = sys_clone(0, group, NULL);
	if (maker < 0)
		return fail_errno("fork");
	if (maker == 0) {
		close(pair[0]);
		enter_child(e, pair[1], prog, flags, group);
	}
	close(pair[1]);
	int r = entered(e, pair[0], maker);
	close(pair[0]);
	filter_free(prog);
	return r;
}

/* --- standing by --- */

/* The container may have stopped the command, and may do so again. A signal that is to end the
 * command wakes it first; the third one kills it, and then we leave (it may be frozen). */
static bool enter_on_signal(struct enter *e, int sig)
{
	if (ends(sig))
		e->asked++;
	kill(e->pid, ends(sig) && e->asked >= 3 ? SIGKILL : sig);
	if (ends(sig))
		kill(e->pid, SIGCONT);
	return e->asked > 3;
}

/* True when the command has ended: *status is its status. */
static bool enter_on_signals(struct enter *e, int *status)
{
	struct winsize w;
	int sig;
	while ((sig = signals_next(e->signals)) > 0) {
		if (sig == SIGCHLD) {
			if (waitpid(e->pid, status, WNOHANG | __WALL) == e->pid)
				return true;
		} else if (sig == SIGWINCH) {
			if (e->master >= 0 && tty_size(&w) == 0)
				ioctl(e->master, TIOCSWINSZ, &w);
		} else if (enter_on_signal(e, sig)) {
			*status = sig;
			return true;
		}
	}
	return false;
}

void enter_block_signals(struct enter *e)
{
	e->signals = signals_open();
}

int enter_wait(struct enter *e)
{
	struct pollfd p[1 + TTY_RELAY_FDS] = {{.fd = e->signals, .events = POLLIN}};
	struct tty_relay relay;
	int status = 0;
	/* Its SIGCHLD may have been read while it entered. */
	bool ended = waitpid(e->pid, &status, WNOHANG | __WALL) == e->pid;
	tty_relay_start(&relay, e->master);
	if (e->master >= 0)
		relay.in_ended = tty_raw() < 0;
	/* What it wrote last is passed on for as long as the reader takes it, unless a signal ended
	 * the command. */
	while (!ended || (!e->asked && tty_relay_rest(&relay))) {
		tty_relay_poll(&relay, p + 1);
		int n = poll(p, 1 + TTY_RELAY_FDS, ended ? TTY_RELAY_PATIENCE : -1);
		if ((n < 0 && errno != EINTR) || (n == 0 && ended))
			break;
		if (n <= 0)
			continue;
		if (p[0].revents && !ended)
			ended = enter_on_signals(e, &status);
		else if (p[0].revents && ends(signals_next(e->signals)))
			break;
		tty_relay_step(&relay, p + 1);
	}
	tty_relay_end(&relay);
	tty_restore();
	return exit_code(status);
}
