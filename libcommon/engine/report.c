/* report.c: what the process of a container in the making reports to the process that started it;
 * see report.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "err.h"
#include "report.h"
#include "str.h"
#include "sys.h"
#include "sysno.h"
#include "tty.h"

_Noreturn void report_failure(int report, int code)
{
	struct report r = {.code = code};
	snprintf(r.msg, sizeof r.msg, "%s", fail_msg());
	if (send(report, &r, sizeof r, MSG_NOSIGNAL) < 0 &&
	    (errno != ENOTSOCK || write(report, &r, sizeof r) < 0)) /* that of a gate is a pipe */
		/* Nobody listens, a profile refuses the call, or the memory limit is so low that
		 * the group has no memory for a message. Setting a name needs none
		 * (report_starved()). */
		prctl(PR_SET_NAME, REPORT_STARVED);
	syscall(SYS_exit_group, code);
	__builtin_trap(); /* a profile refuses even this */
}

bool report_starved(pid_t pid)
{
	char path[32], name[sizeof REPORT_STARVED] = "";
	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, name, sizeof name - 1) > 0 && strcmp(name, REPORT_STARVED) == 0;
}

_Noreturn void report_pid(int report, pid_t pid)
{
	struct report r = {.code = -2, .pid = pid};
	/* write(2), because a filter is more likely to allow it than send(2). */
	syscall(SYS_exit_group, write(report, &r, sizeof r) == sizeof r ? 0 : 125);
	__builtin_trap();
}

int report_next(int report, struct reported *out)
{
	struct report r;
	int fd = -1;
	ssize_t n;
	do
		n = fd_recv(report, &r, sizeof r, &fd);
	while (n < 0 && errno == EINTR);
	/* A child that ends without having read our "go" resets the connection before its last
	 * message is read. */
	if (n < 0 && errno == ECONNRESET)
		return 2;
	if (n <= 0)
		return 0; /* closed by exec or by death: the caller finds out when it waits */
	if (r.code == -1 && fd >= 0 && out->master < 0) {
		out->master = fd;
		return 2;
	}
	if (fd >= 0)
		close(fd);
	if (r.code == -2 && !out->pid && r.pid > 0) {
		out->pid = r.pid;
		return 2;
	}
	if (r.code == -3) {
		out->listener = r.pid;
		return 3;
	}
	if (r.code <= 0)
		return r.code == 0 ? 1 : 2;
	r.msg[sizeof r.msg - 1] = 0;
	out->code = r.code;
	return fail_again(r.msg);
}

int report_listener(int report, int fd)
{
	struct report r = {.code = -3, .pid = fd};
	char c;
	if (write(report, &r, sizeof r) != sizeof r || read(report, &c, 1) != 1)
		return fail("seccomp's listener: nobody takes it");
	return 0;
}

int report_hand_over(
    int report, pid_t pid, const struct reported *said, report_agent *fn, void *arg)
{
	_cleanup_close_ int pidfd = sys_pidfd_open(pid);
	_cleanup_close_ int fd =
	    pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, said->listener, 0);
	if (fd < 0)
		return fail("seccomp's listener: %m%s",
		    errno == ENOSYS ? " (SCMP_ACT_NOTIFY needs Linux 5.6)" : "");
	return fn(arg, pid, fd) < 0 || send(report, "L", 1, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int report_ready(int report)
{
	struct report r = {.code = 0};
	return send(report, &r, sizeof r, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int report_read(int pipe, int *code)
{
	struct report r;
	ssize_t n;
	while ((n = read(pipe, &r, sizeof r)) < 0 && errno == EINTR)
		;
	if (n != sizeof r)
		return 0;
	r.msg[sizeof r.msg - 1] = 0;
	*code = r.code;
	return fail_again(r.msg);
}

int report_wait(int report, int *code, int *master)
{
	struct reported said = {.code = *code, .master = -1};
	int r;
	while ((r = report_next(report, &said)) == 2)
		;
	*code = said.code;
	if (said.master >= 0 && master)
		*master = said.master;
	else if (said.master >= 0)
		close(said.master);
	return r;
}
