/* probe: what a container may do, found by trying; static, run inside by report.sh. One word a
 *finding. probe calls		names of the system calls that are refused: EPERM, ENOSYS, or the
 *caller is killed
 *	probe writable DIR...	files below that may be written to (/proc/PID left out; a null
 *device there is a mask) probe devices		what is in /dev, and is not a folder or a link probe
 *opened		those of them that can be opened probe made		devices that can be
 *made and then opened, of some that a host has Each call is made in a child with arguments that are
 *all -1, so it can do nothing; those that end, stop or double the caller whatever their arguments
 *are left out, as amicontained does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct call {
	long nr;
	const char *name;
} calls[] = {
#include "calls.h" /* {__NR_read, "read"}, ... of the kernel's headers */
    {-1, NULL},
};

static const char *const left_out[] = {"rt_sigreturn", "pause", "exit", "exit_group", "fork",
    "vfork", "clone", "rt_sigsuspend", "setsid", "futex" /* ENOSYS for what it does not know */,
    "personality", "socket" /* see special */, NULL};

/* Arguments that docker's profile refuses of calls that it allows. */
static const struct {
	const char *name;
	long nr, a, b;
} special[] = {
#ifdef __x86_64__
    {"clone(CLONE_NEWUSER)", SYS_clone, CLONE_NEWUSER | SIGCHLD, 0},
    {"clone(CLONE_NEWNS)", SYS_clone, CLONE_NEWNS | SIGCHLD, 0},
    {"clone(CLONE_NEWNET)", SYS_clone, CLONE_NEWNET | SIGCHLD, 0},
#endif
    {"unshare(CLONE_NEWUSER)", SYS_unshare, CLONE_NEWUSER, 0},
    {"socket(AF_VSOCK)", SYS_socket, 40, SOCK_STREAM},
    {"socket(AF_ALG)", SYS_socket, 38, SOCK_SEQPACKET},
    {"personality(READ_IMPLIES_EXEC)", SYS_personality, 0x0400000, 0},
    {NULL, 0, 0, 0},
};

static int refused(long nr, long a, long b, long rest, int i386)
{
	pid_t pid = fork();
	int status;
	if (pid == 0) {
		ualarm(200000, 0); /* one that waits was let in */
		setsid();
		long r = -1;
		errno = 0;
		if (!i386)
			r = syscall(nr, a, b, rest, rest, rest, rest);
#ifdef __x86_64__
		else {
			__asm__ volatile("int $0x80"
					 : "=a"(r)
					 : "a"(nr), "b"(-1L), "c"(-1L), "d"(-1L), "S"(-1L), "D"(-1L)
					 : "memory", "r8", "r9", "r10", "r11");
			errno = -(int)r;
		}
#endif
		_exit(errno == EPERM || errno == ENOSYS);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV;
}

static int left(const char *name)
{
	for (int i = 0; left_out[i]; i++)
		if (strcmp(left_out[i], name) == 0)
			return 1;
	return 0;
}

static void probe_calls(void)
{
	for (const struct call *c = calls; c->name; c++)
		if (!left(c->name) && refused(c->nr, -1, -1, -1, 0))
			printf("%s\n", c->name);
	for (int i = 0; special[i].name; i++)
		if (refused(special[i].nr, special[i].a, special[i].b, 0, 0))
			printf("%s\n", special[i].name);
#ifdef __x86_64__
	static const struct call i386[] = {{21, "mount"}, {26, "ptrace"}, {88, "reboot"},
	    {128, "init_module"}, {310, "unshare"}, {346, "setns"}, {288, "keyctl"},
	    {435, "clone3"}, {-1, NULL}};
	for (const struct call *c = i386; c->name; c++)
		if (refused(c->nr, -1, -1, -1, 1))
			printf("i386:%s\n", c->name);
#endif
}

static int show_writable(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)f;
	if (strncmp(path, "/proc/", 6) == 0 &&
	    (strspn(path + 6, "0123456789") || strstr(path, "self/")))
		return 0;
	if (type == FTW_SL || (S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3)))
		return 0;
	if (type != FTW_NS && (st->st_mode & 0222) &&
	    faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0)
		printf("%s\n", path);
	return 0;
}

static int only_look; /* do not open */

static int show_device(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st, (void)f;
	if (type != FTW_F ||
	    (strncmp(path, "/dev/pts/", 9) == 0 && strcmp(path, "/dev/pts/ptmx") != 0))
		return 0;
	if (only_look || open(path, O_RDWR | O_NONBLOCK | O_NOCTTY) >= 0 ||
	    open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY) >= 0)
		printf("%s\n", path);
	return 0;
}

static void probe_made(void)
{
	static const struct {
		const char *name;
		mode_t type;
		int major, minor;
	} d[] = {{"mem", S_IFCHR, 1, 1}, {"port", S_IFCHR, 1, 4}, {"zero", S_IFCHR, 1, 5},
	    {"kmsg", S_IFCHR, 1, 11}, {"tty0", S_IFCHR, 4, 0}, {"console", S_IFCHR, 5, 1},
	    {"ptmx", S_IFCHR, 5, 2}, {"rtc", S_IFCHR, 10, 135}, {"net/tun", S_IFCHR, 10, 200},
	    {"fuse", S_IFCHR, 10, 229}, {"kvm", S_IFCHR, 10, 232},
	    {"loop-control", S_IFCHR, 10, 237}, {"loop0", S_IFBLK, 7, 0}, {"sda", S_IFBLK, 8, 0},
	    {"vda", S_IFBLK, 254, 0}};
	for (size_t i = 0; i < sizeof d / sizeof *d; i++) {
		if (mknod("/tmp/node", d[i].type | 0600, makedev(d[i].major, d[i].minor)) < 0)
			continue;
		if (open("/tmp/node", O_RDONLY | O_NONBLOCK | O_NOCTTY) >= 0 ||
		    (errno != EPERM && errno != EACCES))
			printf("%s\n", d[i].name); /* ENXIO and the like: nobody forbade it */
		unlink("/tmp/node");
	}
}

int main(int c, char **v)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	const char *what = c > 1 ? v[1] : "";
	if (strcmp(what, "calls") == 0)
		probe_calls();
	else if (strcmp(what, "writable") == 0)
		for (int i = 2; i < c; i++)
			nftw(v[i], show_writable, 64, FTW_PHYS);
	else if (strcmp(what, "devices") == 0 || strcmp(what, "opened") == 0)
		only_look = what[0] == 'd', nftw("/dev", show_device, 64, FTW_PHYS);
	else if (strcmp(what, "made") == 0)
		probe_made();
	else
		return 2;
	return 0;
}
