/* foreign_proc.c: a /proc of another pid namespace; see foreign_proc.h. */
#include <errno.h>
#include <grp.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "become.h"
#include "caps.h"
#include "filter.h"
#include "seccomp_table.h"
#include "err.h"
#include "foreign_proc.h"
#include "pidfd.h"
#include "str.h"
#include "sys.h"
#include "sysno.h"
#include "title.h"
#include "tty.h"
#include "undo.h"

#define ADMIN (1ull << 21) /* CAP_SYS_ADMIN */

/* An empty root of our own; on an initramfs, from which one cannot pivot away, it is mounted over
 * the old one. */
static int empty_root(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/proc", "tmpfs", MS_RDONLY, "size=0") < 0 || chdir("/proc") < 0)
		return -1;
	if (sys_pivot_root(".", ".") == 0)
		return umount2(".", MNT_DETACH) < 0 ? -1 : chdir("/");
	return mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ? -1 : 0;
}

struct said {
	pid_t pid; /* the pid of the process made there, as we see it; 0: it speaks for itself */
	int err;   /* the errno with which that failed */
};

/* What the process in the other pid namespace does: make a proc file system, send its descriptor,
 * and wait to be killed. */
static _Noreturn void born(int sock)
{
	int fd = sys_fs_open("proc");
	struct said it = {0, errno};
	if (fd < 0)
		send(sock, &it, sizeof it, MSG_NOSIGNAL);
	else
		fd_send(sock, &it, sizeof it, fd);
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
}

/* The process that is made there may be traced there. It has no right and no system call but those
 * that it needs, so that a tracer gains nothing. */
static int able_to_little(void)
{
	static const struct rlimit few = {2, 2}; /* nobody's, of that user namespace */
#define MAY(call)                                                                                  \
	{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, call},                                                   \
	{                                                                                          \
		BPF_RET | BPF_K, 0, 0, 0x7fff0000                                                  \
	}
	struct sock_filter only[] = {
	    {BPF_LD | BPF_W | BPF_ABS, 0, 0, 4 /* arch */},
	    {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, seccomp_table_arch},
	    {BPF_RET | BPF_K, 0, 0, 0 /* killed */},
	    {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0 /* number */},
	    MAY(SYS_fsopen),
	    MAY(SYS_sendmsg),
	    MAY(SYS_sendto),
	    MAY(SYS_ppoll),
	    MAY(SYS_clone),
	    MAY(SYS_exit_group),
	    {BPF_RET | BPF_K, 0, 0, 0 /* killed */},
	};
	struct sock_fprog prog = {sizeof only / sizeof only[0], only};
	caps_drop_bounding(0);
	return caps_apply(ADMIN, ADMIN, ADMIN, 0, 0) < 0 || setrlimit(RLIMIT_NPROC, &few) < 0 ||
		       filter_load(&prog, FILTER_FLAGS, NULL) < 0
		   ? -1
		   : 0;
}

static _Noreturn void maker(int sock, int pidns)
{
	undo_forget();
	title_wipe("ctr");
	sys_close_others(3, (int[]){sock, pidns}, 2);
	if (setns(pidns, CLONE_NEWPID) < 0 || prctl(PR_SET_KEEPCAPS, 1) < 0 ||
	    setgroups(0, NULL) < 0 || setresgid(ID_NOBODY, ID_NOBODY, ID_NOBODY) < 0 ||
	    setresuid(ID_NOBODY, ID_NOBODY, ID_NOBODY) < 0 ||
	    caps_apply(~0ull, ADMIN, ADMIN, 0, 0) < 0 ||
	    unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC) < 0 ||
	    empty_root() < 0)
		_exit(1);
	close(pidns);
	for (int i = 0; i < 3; i++)
		close(i);
	if (able_to_little() < 0)
		_exit(1);
	/* as a child of our parent, which kills it */
	long pid = sys_clone_plain(CLONE_PARENT | SIGCHLD);
	if (pid == 0)
		born(sock);
	struct said it = {(pid_t)pid, 0};
	_exit(pid < 0 || send(sock, &it, sizeof it, MSG_NOSIGNAL) < 0);
}

int foreign_proc_wait(int sock, int ms)
{
	struct signalfd_siginfo s;
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGHUP);
	_cleanup_close_ int fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	struct pollfd p[2] = {{.fd = sock, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	while (poll(p, 2, ms) < 0 && errno == EINTR)
		;
	if (p[0].revents || read(fd, &s, sizeof s) != sizeof s)
		return 0;
	errno = EINTR;
	return fail("signal %d while it entered", (int)s.ssi_signo);
}

static void foreign_proc_end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	pid_reap(pid);
}

/* Read the two messages, which may come in any order. */
static int context(int sock, pid_t *pid)
{
	int fd = -1;
	for (int i = 0; i < 2; i++) {
		struct said it;
		int got = -1;
		/* a process that traces it may hold it up */
		ssize_t n =
		    foreign_proc_wait(sock, 10000) < 0 ? -1 : fd_recv(sock, &it, sizeof it, &got);
		if (n == sizeof it && it.pid > 0 && !*pid)
			*pid = it.pid;
		else if (n == sizeof it && got >= 0)
			fd = got;
		else
			errno = n == sizeof it ? it.err : EPERM;
		if (n != sizeof it)
			break;
	}
	return fd;
}

/* Each word of `data`, and then the file system. */
static int foreign_proc_mount(int fd, const char *data)
{
	_cleanup_strv_ struct strv words = {0};
	strv_split(&words, data ? data : "", ",");
	for (size_t i = 0; i < words.n; i++) {
		char *eq = strchr(words.v[i], '=');
		if (eq)
			*eq = 0;
		if (sys_fs_set(fd, words.v[i], eq ? eq + 1 : NULL) < 0)
			return -1;
	}
	return sys_fs_mount(fd, "proc", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int foreign_proc(int pidns, const char *data)
{
	int pair[2];
	pid_t there = 0;
	_cleanup_close_ int known = sys_fs_open("proc"); /* only the errno matters */
	if (known < 0 && errno == ENOSYS)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return fail_errno("socketpair");
	pid_t pid = fork();
	if (pid == 0)
		maker(pair[1], pidns);
	close(pair[1]);
	_cleanup_close_ int fd = pid < 0 ? -1 : context(pair[0], &there);
	int why = errno;
	close(pair[0]);
	foreign_proc_end(there);
	pid_reap(pid);
	errno = why;
	int m = fd < 0 ? -1 : foreign_proc_mount(fd, data);
	struct statfs fs;
	if (m >= 0 && (fstatfs(m, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)) {
		close(m); /* the process was made to hand out another file system than that of its
			     namespace */
		errno = EPERM;
		m = -1;
	}
	return m < 0 ? fail_errno("/proc of the pid namespace to join") : m;
}
