/* pidfd.h: which process a pid stands for, and signals that cannot reach another one. */
#ifndef CTR_PIDFD_H
#define CTR_PIDFD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "kv.h"

/* The time at which the process started, in clock ticks since boot (field 22 of /proc/PID/stat,
 * proc(5)). 0, or -1 with errno. */
int pid_starttime(pid_t pid, uint64_t *out);
/* The same from the text of a stat file; for tests. */
int starttime_parse(const char *stat, uint64_t *out);
/* The text of /proc/sys/kernel/random/boot_id, which stays; NULL with errno EXDEV and fail() where
 * there is no /proc, or one of another pid namespace: its pids are other processes. */
const char *boot_id(void);
/* If /proc is of another pid namespace (`unshare -pf`), a mount namespace of our own with the right
 * one. Whether that succeeded, boot_id() tells. */
void proc_own(void);
/* A pidfd of `pid` if it is the process that started at `starttime`. The pidfd is opened first and
 * checked afterwards, because a pid can be reused between the two. -1 with ESRCH: it is another
 * process, or there is none; ENOSYS: the kernel has no pidfds. */
int pidfd_open_checked(pid_t pid, uint64_t starttime);
/* Signal the process whose pid and starttime these two keys have, if it is still that one. */
void pidfd_signal_kept(const struct kv *kv, const char *pid, const char *starttime, int sig);
/* Wait for the end of a process: 1 it has ended, 0 the time is up, -1 errno. `status` may be NULL;
 * for a child it becomes what waitpid(2) gives. */
int pidfd_wait(int pidfd, pid_t pid, int *status, int timeout_ms);

/* Whether a child ends within these milliseconds; it is not waited for, and nothing kills it. */
bool pid_ends(pid_t pid, int64_t ms);
/* Wait for the end of a child, however long that takes. Returns its wait status, or -1 where there
 * is no such child (a pid of -1, for example: fork(2) has failed). */
int pid_reap(pid_t pid);

/* What `sig` does to this process when a process of the parent namespace sends it (signal(7),
 * pid_namespaces(7)). */
enum heed {
	HEED_UNKNOWN, /* the process is gone, or there is no /proc */
	HEED_TAKES,   /* it has a handler for it, waits for it, or is ended by it */
	HEED_IGNORES, /* it ignores the signal */
	HEED_BUSY,    /* as HEED_CANNOT, unless it is an init that is just now waking up */
	HEED_CANNOT   /* the first process of a pid namespace, without a handler: nothing happens */
};
enum heed pid_heeds(pid_t pid, int sig);

/* If the first process of a pid namespace has ended but is still there, because a process of that
 * namespace has a parent outside of it that has not waited for it: who that parent is, in words. If
 * it is one of ours and stopped, it is woken. NULL otherwise. Caller frees. */
char *pid_unreaped(pid_t init);

/* The exit code that a shell makes of a wait status: the code itself, or 128+N for signal N. */
int exit_code(int status);

#endif
