/* sysno.h: numbers that musl's headers lack, and the one door to the newer calls, so that a test
 * build can answer as an old kernel would.
 */
#ifndef CTR_SYSNO_H
#define CTR_SYSNO_H

#include <errno.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The numbers from 424 on are the same on every architecture. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_move_mount
#define SYS_move_mount 429
#endif
#ifndef SYS_fsopen
#define SYS_fsopen 430
#endif
#ifndef SYS_fsconfig
#define SYS_fsconfig 431
#endif
#ifndef SYS_fsmount
#define SYS_fsmount 432
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#define CLONE_PIDFD_ 0x1000ull
#define CLONE_INTO_CGROUP_ 0x200000000ull

#ifdef CTR_OLDKERNEL
/* The test build: is this call in $CTR_TEST_NO ("clone3,openat2" or "all")? */
bool sys_missing(const char *name);
#else
#define sys_missing(name) false
#endif

#define sys_new(nr, name, a, b, c, d, e, f)                                                        \
	(sys_missing(name) ? (errno = ENOSYS, -1L) : syscall(nr, a, b, c, d, e, f))

#endif
