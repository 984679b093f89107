/* pidfd.c: which process a pid is; see pidfd.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "pidfd.h"
#include "str.h"
#include "sys.h"
#include "sysno.h"

static ssize_t pidfd_slurp(const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);
	if (n >= 0)
		buf[n] = 0;
	return n;
}

/* The name in field 2 may contain blanks and brackets: the last ')' ends it. */
int starttime_parse(const char *stat, uint64_t *out)
{
	const char *s = strrchr(stat, ')');
	for (int field = 2; s && field < 22; field++) {
		s = strchr(s, ' ');
		if (s)
			s++;
	}
	char *end;
	errno = 0;
	uint64_t n = s && *s >= '0' && *s <= '9' ? strtoull(s, &end, 10) : 0;
	if (!s || !*s || errno || *s < '0' || *s > '9' || (*end != ' ' && *end != '\n' && *end))
		return errno = EINVAL, -1;
	*out = n;
	return 0;
}

int pid_starttime(pid_t pid, uint64_t *out)
{
	char path[32], stat[1024];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (pidfd_slurp(path, stat, sizeof stat) < 0)
		return errno = errno == ENOENT ? ESRCH : errno, -1;
	const char *state = strrchr(stat, ')');
	if (state && (state[2] == 'Z' || state[2] == 'X')) /* it has ended and is not reaped yet */
		return errno = ESRCH, -1;
	return starttime_parse(stat, out);
}

/* Is /proc that of another pid namespace than ours? Then the pid that it has for us is another one.
 */
static bool proc_anothers(void)
{
	char us[16] = "";
	return readlink("/proc/self", us, sizeof us - 1) > 0 && atoi(us) != getpid();
}

const char *boot_id(void)
{
	static char known[37];
	if (*known)
		return known;
	ssize_t n = pidfd_slurp("/proc/sys/kernel/random/boot_id", known, sizeof known);
	if (n >= 36 && !proc_anothers())
		return known;
	known[0] = 0;
	if (n >= 36)
		fail("/proc is of another pid namespace: mount its own (unshare --mount-proc)");
	else
		fail("/proc/sys: %m (is /proc mounted, all of it?)");
	return errno = EXDEV, NULL;
}

void proc_own(void)
{
	if (proc_anothers() && unshare(CLONE_NEWNS) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0)
		mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

int pidfd_open_checked(pid_t pid, uint64_t starttime)
{
	uint64_t now;
	int fd = sys_pidfd_open(pid);
	if (fd < 0)
		return -1;
	if (pid_starttime(pid, &now) == 0 && now == starttime)
		return fd;
	close(fd);
	return errno = ESRCH, -1;
}

void pidfd_signal_kept(const struct kv *kv, const char *pid, const char *starttime, int sig)
{
	pid_t p = (pid_t)kv_num(kv, pid, 0);
	uint64_t start = (uint64_t)kv_num(kv, starttime, 0), now;
	if (p <= 0)
		return;
	_cleanup_close_ int fd = pidfd_open_checked(p, start);
	if (fd >= 0)
		sys_pidfd_send_signal(fd, sig);
	else if (errno == ENOSYS && pid_starttime(p, &now) == 0 &&
		 now == start) /* before Linux 5.3 */
		kill(p, sig);
}

int pidfd_wait(int pidfd, pid_t pid, int *status, int timeout_ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int r = poll(&p, 1, timeout_ms);
	if (r == 1 && status && waitpid(pid, status, __WALL) < 0)
		return -1;
	return r;
}

bool pid_ends(pid_t pid, int64_t ms)
{
	int fd = sys_pidfd_open(pid), r;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	siginfo_t si = {0};
	if (fd >= 0) {
		r = poll(&p, 1, (int)ms);
		close(fd);
		return r != 0;
	}
	/* before Linux 5.3: checked every 10 ms */
	for (; ms > 0; ms -= 10) {
		if (waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid)
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

int pid_reap(pid_t pid)
{
	int status = -1;
	while (pid > 0 && waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static uint64_t status_mask(const char *status, const char *key)
{
	const char *s = strstr(status, key);
	return s ? strtoull(s + strlen(key), NULL, 16) : 0;
}

/* Where the process is while its masks are read: HEED_CANNOT in any system call but
 * sigtimedwait(2), HEED_BUSY while it runs. While sigtimedwait waits, the signals that it waits for
 * are shown as not blocked (seen on 6.18.44), although they are delivered to it: this is where tini
 * and ctr-init spend their time. */
static enum heed whereabouts(pid_t pid)
{
	char path[32], text[256];
	snprintf(path, sizeof path, "/proc/%d/syscall", (int)pid);
	if (pidfd_slurp(path, text, sizeof text) <= 0)
		return HEED_UNKNOWN;
	if (*text < '0' || *text > '9') /* "running" */
		return HEED_BUSY;
	long nr = strtol(text, NULL, 10);
	bool waits =
	    nr == SYS_rt_sigtimedwait || nr == SYS_BASE + 421; /* 421 is that of 32-bit programs */
	return waits ? HEED_UNKNOWN : HEED_CANNOT;
}

enum heed pid_heeds(pid_t pid, int sig)
{
	char path[32];
	uint64_t bit = (uint64_t)1 << (sig - 1);
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	enum heed before = whereabouts(pid);
	_cleanup_free_ char *text =
	    file_read(path, FILE_ANY, NULL); /* it may be in thousands of groups */
	if (sig < 1 || sig > 64 || !text || strstr(text, "State:\tZ"))
		return HEED_UNKNOWN;
	/* A blocked signal waits for sigwait(3) or a signalfd(2): the kernel keeps it even for the
	 * first process of a namespace. */
	if ((status_mask(text, "\nSigCgt:\t") | status_mask(text, "\nSigBlk:\t")) & bit)
		return HEED_TAKES;
	if (status_mask(text, "\nSigIgn:\t") & bit)
		return HEED_IGNORES;
	const char *ids = strstr(text, "\nNSpid:\t"); /* outermost namespace first */
	size_t n = ids ? strcspn(ids + 1, "\n") : 0;
	if (n < 3 || ids[n] != '1' || ids[n - 1] != '\t' || ids[n - 2] == ':')
		return HEED_TAKES;
	enum heed after = whereabouts(pid);
	return before < after ? before : after;
}

int exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
