/* sysno.h: numbers of system calls that musl's headers lack, and the one macro through which the
 * newer calls are made, so that a test build can answer as an old kernel would. */
#ifndef CTR_SYSNO_H
#define CTR_SYSNO_H

#include <errno.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From 424 on the numbers are the same on every architecture, except that MIPS begins to count at
 * 4000. */
#ifdef __mips__
#define SYS_BASE 4000
#else
#define SYS_BASE 0
#endif
/* clone(2) without a stack of its own, as fork(2) does it; on s390 the flags are the second
 * argument. */
#ifdef __s390__
#define sys_clone_plain(flags) syscall(SYS_clone, 0, (unsigned long)(flags), 0, 0, 0)
#else
#define sys_clone_plain(flags) syscall(SYS_clone, (unsigned long)(flags), 0, 0, 0, 0)
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal (SYS_BASE + 424)
#endif
#ifndef SYS_open_tree
#define SYS_open_tree (SYS_BASE + 428)
#endif
#ifndef SYS_move_mount
#define SYS_move_mount (SYS_BASE + 429)
#endif
#ifndef SYS_fsopen
#define SYS_fsopen (SYS_BASE + 430)
#endif
#ifndef SYS_fsconfig
#define SYS_fsconfig (SYS_BASE + 431)
#endif
#ifndef SYS_fsmount
#define SYS_fsmount (SYS_BASE + 432)
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open (SYS_BASE + 434)
#endif
#ifndef SYS_clone3
#define SYS_clone3 (SYS_BASE + 435)
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 (SYS_BASE + 439)
#endif
#ifndef SYS_close_range
#define SYS_close_range (SYS_BASE + 436)
#endif
#ifndef SYS_openat2
#define SYS_openat2 (SYS_BASE + 437)
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd (SYS_BASE + 438)
#endif
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd (SYS_BASE + 443)
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr (SYS_BASE + 442)
#endif
#define CLONE_PIDFD_ 0x1000ull
#define CLONE_INTO_CGROUP_ 0x200000000ull

#ifdef CTR_OLDKERNEL
/* In the test build: is this call one of those in $CTR_TEST_NO ("clone3,openat2" or "all")? */
bool sys_missing(const char *name);
#else
#define sys_missing(name) false
#endif

#define sys_new(nr, name, a, b, c, d, e, f)                                                        \
	(sys_missing(name) ? (errno = ENOSYS, -1L) : syscall(nr, a, b, c, d, e, f))

#endif
