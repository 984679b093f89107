/* confine.c: dropping what a process that reads archives does not need; see confine.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "confine.h"
#include "err.h"
#include "file.h"
#include "filter.h"
#include "filter_rules.h"
#include "sys.h"
#include "sysno.h"

/* CHOWN DAC_OVERRIDE FOWNER FSETID MKNOD SETFCAP */
#define FILE_CAPS (1ull << 0 | 1ull << 1 | 1ull << 3 | 1ull << 4 | 1ull << 27 | 1ull << 31)

/* A mount tree of its own: private, so that nothing shows outside, and nodev, so that a device
 * node from an archive can be created but not opened. The attributes are added to those that are
 * there. */
static int own_mount(void)
{
	struct mount_attr_s a = {
	    .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
	/* The working directory follows into the new namespace, other descriptors do not. */
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	int fd = sys_mount_copy(AT_FDCWD, ".", 0, &a);
	if (fd >= 0 && sys_move_mount(fd, AT_FDCWD, ".") < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int new_root(int root)
{
	if (fchdir(root) < 0)
		return -1;
	int own = own_mount();
	int r = (own >= 0 && fchdir(own) < 0) || chroot(".") < 0 ? -1 : 0;
	/* The descriptor through which the work is done has to be on this mount, too. */
	if (own >= 0 && dup3(own, root, O_CLOEXEC) < 0)
		r = -1;
	if (own >= 0)
		close(own);
	return r;
}

/* landlock(7), by system call number: musl has no header for it. */
static void landlocked(int root)
{
	uint64_t files = 0x1fff; /* all rights of its first version */
	struct {
		uint64_t allowed;
		int32_t parent;
	} __attribute__((packed)) below = {files, root}, proc = {4 /* READ_FILE */, -1};
	int set = (int)syscall(SYS_BASE + 444, &files, sizeof files, 0);
	if (set < 0)
		return;
	proc.parent = dir_hold("/proc/self");
	if (syscall(SYS_BASE + 445, set, 1, &below, 0) == 0) {
		syscall(SYS_BASE + 445, set, 1, &proc, 0); /* fdinfo */
		syscall(SYS_BASE + 446, set, 0);
	}
	close(proc.parent);
	close(set);
}

/* Writes a verdict: ALLOW of filter.h, or EPERM. */
static void confine_verdict(struct filter_program *p, unsigned rule, void *arg)
{
	(void)arg;
	filter_emit(p, BPF_RET | BPF_K, rule == RULE_ALLOW ? 0x7fff0000 : 0x00050000 | EPERM, 0, 0);
}

static int by_number(const void *a, const void *b)
{
	const short *x = a, *y = b;
	return *x - *y;
}

static int files_only(void)
{
	static short calls[] = {
#ifdef CTR_SAN
	    SYS_sigaltstack, /* the sanitizers call it at the end */
#endif
#ifdef SYS_open
	    SYS_open, SYS_readlink, SYS_stat, SYS_lstat,
#endif
	    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pwrite64, SYS_pread64, SYS_lseek,
	    SYS_close, SYS_openat, SYS_mkdirat, SYS_unlinkat, SYS_linkat, SYS_symlinkat,
	    SYS_mknodat, SYS_fchown, SYS_fchownat, SYS_fchmod, SYS_fchmodat, SYS_utimensat,
	    SYS_ftruncate, SYS_fstat, SYS_statx, SYS_readlinkat, SYS_fsetxattr, SYS_setxattr,
	    SYS_lsetxattr, SYS_fchdir, SYS_umask, SYS_fcntl, SYS_getdents64, SYS_munmap,
	    SYS_mprotect, SYS_mremap, SYS_brk, SYS_madvise, SYS_futex, SYS_exit, SYS_exit_group,
	    SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_rt_sigreturn, SYS_restart_syscall,
	    SYS_geteuid, SYS_getegid, SYS_getuid, SYS_getgid, SYS_getpid, SYS_gettid,
	    SYS_sched_yield, SYS_getrandom, SYS_openat2,
#ifdef SYS_newfstatat
	    SYS_newfstatat, SYS_mmap, SYS_clock_gettime, SYS_gettimeofday
#else /* 32 bits: larger files, later times, and on most more users than 65536 */
	    SYS_fstat64, SYS_fstatat64, SYS_stat64, SYS_lstat64, SYS_ftruncate64, SYS__llseek,
	    SYS_fcntl64, SYS_mmap2, SYS_clock_gettime32, SYS_clock_gettime64,
	    SYS_gettimeofday_time32, SYS_BASE + 412 /* utimensat_time64 */,
	    SYS_BASE + 422 /* futex_time64 */,
#ifdef SYS_geteuid32
	    SYS_geteuid32, SYS_getegid32, SYS_getuid32, SYS_getgid32, SYS_fchown32, SYS_lchown32,
	    SYS_chown32
#endif
#endif
	};
	enum { N = sizeof calls / sizeof calls[0] };
	struct seccomp_range r[2 * N + 1];
	unsigned n = 0;
	qsort(calls, N, sizeof *calls, by_number);
	r[n++] = (struct seccomp_range){0, RULE_DENY};
	for (size_t i = 0; i < N; i++) {
		unsigned short nr = (unsigned short)calls[i];
		if (r[n - 1].nr == nr) /* the end of the last range, or the very first */
			n--;
		if (n == 0 || r[n - 1].rule != RULE_ALLOW)
			r[n++] = (struct seccomp_range){nr, RULE_ALLOW};
		r[n++] = (struct seccomp_range){(unsigned short)(nr + 1), RULE_DENY};
	}
	struct sock_fprog *p =
	    filter_program(r, n, NULL, 0, 0x00050000 | EPERM, confine_verdict, NULL);
	int e = p ? filter_load(p, FILTER_FLAGS, NULL) : -1;
	if (e < 0 && p &&
	    (errno == ENOSYS || errno == EINVAL)) /* a kernel without it: the other measures hold */
		e = 0;
	filter_free(p);
	return e;
}

/* A few bytes of an archive may ask for more memory than the machine has: the map of a sparse file,
 * or a dictionary. Before Linux 4.7 this limits little. */
static void little_memory(void)
{
#ifndef CTR_SAN
	static const struct rlimit most = {1 << 29, 1 << 29};
	setrlimit(RLIMIT_DATA, &most);
#endif
}

int confine(int root, bool whole)
{
	static const struct rlimit none = {0, 0};
	if (whole && new_root(root) < 0)
		whole = false; /* root without CAP_SYS_CHROOT */
	setrlimit(RLIMIT_CORE, &none);
	little_memory();
	caps_drop_bounding(FILE_CAPS);
	if (caps_apply(FILE_CAPS, FILE_CAPS, FILE_CAPS, 0, 0) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail_errno("no_new_privs");
	if (!whole)
		landlocked(root);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return files_only();
}

void confine_none(void)
{
	little_memory();
	caps_drop_bounding(0);
	caps_apply(0, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}
