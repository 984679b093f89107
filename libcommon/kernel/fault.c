/* fault.c: only in the test build (make OLDKERNEL=1): the n-th system call of a start fails,
 * n being $CTR_FAULT.
 *
 * The linker redirects these calls to this file (--wrap, ld(1)); the Makefile has the same list. A
 * forked child continues its parent's count, so only one call fails in all, and what undoes the
 * start works again.
 */
#ifdef CTR_OLDKERNEL
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>

static bool fault(void)
{
	static long at = -1, *n;
	if (at < 0) {
		at = getenv("CTR_FAULT") ? atol(getenv("CTR_FAULT")) : 0;
		n = mmap(
		    NULL, sizeof *n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	}
	if (at == 0 || n == MAP_FAILED || __atomic_add_fetch(n, 1, __ATOMIC_RELAXED) != at)
		return false;
	errno = EIO;
	return true;
}

#define WRAP(name, decl, call)                                                                     \
	int __real_##name decl;                                                                    \
	int __wrap_##name decl;                                                                    \
	int __wrap_##name decl                                                                     \
	{                                                                                          \
		return fault() ? -1 : __real_##name call;                                          \
	}

WRAP(mount, (const char *a, const char *b, const char *c, unsigned long d, const void *e),
    (a, b, c, d, e))
WRAP(umount2, (const char *a, int b), (a, b))
WRAP(mkdir, (const char *a, mode_t b), (a, b))
WRAP(mkdirat, (int a, const char *b, mode_t c), (a, b, c))
WRAP(mknodat, (int a, const char *b, mode_t c, dev_t d), (a, b, c, d))
WRAP(symlinkat, (const char *a, int b, const char *c), (a, b, c))
WRAP(chdir, (const char *a), (a))
WRAP(fchdir, (int a), (a))
WRAP(chroot, (const char *a), (a))
WRAP(sethostname, (const char *a, size_t b), (a, b))
WRAP(unshare, (int a), (a))
WRAP(setns, (int a, int b), (a, b))
WRAP(setresuid, (uid_t a, uid_t b, uid_t c), (a, b, c))
WRAP(setresgid, (gid_t a, gid_t b, gid_t c), (a, b, c))
WRAP(setgroups, (size_t a, const gid_t *b), (a, b))
WRAP(dup2, (int a, int b), (a, b))
WRAP(pipe2, (int *a, int b), (a, b))
WRAP(socketpair, (int a, int b, int c, int *d), (a, b, c, d))
WRAP(epoll_create1, (int a), (a))
WRAP(epoll_ctl, (int a, int b, int c, void *d), (a, b, c, d))
WRAP(flock, (int a, int b), (a, b))
WRAP(renameat, (int a, const char *b, int c, const char *d), (a, b, c, d))
WRAP(fchmod, (int a, mode_t b), (a, b))

int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	va_start(ap, flags);
	mode_t mode = (mode_t)va_arg(ap, int);
	va_end(ap);
	return fault() ? -1 : __real_openat(dir, path, flags, mode);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	va_list ap;
	va_start(ap, flags);
	mode_t mode = (mode_t)va_arg(ap, int);
	va_end(ap);
	return fault() ? -1 : __real_open(path, flags, mode);
}

/* clone3, pivot_root, seccomp, openat2, close_range and other calls for which musl has no
 * function. */
long __real_syscall(long nr, ...);
long __wrap_syscall(long nr, ...);
long __wrap_syscall(long nr, ...)
{
	long a[6];
	va_list ap;
	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	return fault() ? -1 : __real_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	return fd > 2 && fault() ? -1 : __real_write(fd, p, n);
}
#else
typedef int fault_empty; /* ISO C does not allow an empty file */
#endif
