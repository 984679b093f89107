/* appear.c: becoming visible in a pid namespace that is not new; see become.h.
 *
 * Whoever is root there with CAP_SYS_PTRACE (a capability that ctr-run gives on request) may trace
 * every process that is visible there, and open its /proc/PID/root and /proc/PID/fd. So a process
 * that enters is cloned into the pid namespace last of all: by then its mounts, group, user,
 * capabilities, filter and descriptors are those of the container. setns(2) on a pid namespace only
 * affects later children, so the process that prepares everything stays invisible, and ends. With
 * CLONE_PARENT its child becomes a child of its parent, which waits for it.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "err.h"
#include "become.h"
#include "report.h"
#include "sys.h"
#include "title.h"
#include "sysno.h"

/* The parent may have died before this call: its end of the report socket is then closed.
 * (getppid() cannot tell: it returns 0 to the first process of a pid namespace, whoever its parent
 * is.) */
int become_death_signal(const struct become *b)
{
	struct pollfd p = {.fd = b->report};
	if (!b->pdeathsig)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return fail_errno("parent-death signal");
	if (poll(&p, 1, 0) == 1 && (p.revents & POLLHUP))
		_exit(125);
	return 0;
}

int become_appear(const struct become *b)
{
	sys_close_others(3 + (int)b->preserve, (int[]){b->report, b->keep[0], b->keep[1]}, 3);
	title_wipe("ctr");
	long pid = sys_clone_plain(CLONE_PARENT | SIGCHLD);
	if (pid < 0 && errno == ENOMEM)
		return fail("clone into its pid namespace: its PID 1 has ended");
	if (pid < 0)
		return fail("clone into its pid namespace: %m%s",
		    b->seccomp ? " (by its seccomp filter?)" : "");
	if (pid > 0)
		report_pid(b->report, (pid_t)pid);
	/* A session of its own: that of the process that made it would hang up with that
	 * process. */
	if (setsid() < 0 && b->spec->terminal)
		return fail_errno("a session of its own");
	if (b->spec->terminal && ioctl(0, TIOCSCTTY, 0) < 0)
		return fail_errno("terminal: make it the controlling one");
	/* fork(2): the parent-death signal is not inherited. */
	return become_death_signal(b);
}
