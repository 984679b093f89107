/* pidfd.h: which process a pid is, and signals that cannot meet another.
 */
#ifndef CTR_PIDFD_H
#define CTR_PIDFD_H

#include <stdint.h>
#include <sys/types.h>

/* Clock ticks since boot at which the process started (field 22 of /proc/PID/stat, proc(5)). 0, or
 * -1 with errno. */
int pid_starttime(pid_t pid, uint64_t *out);
/* The same of the text of a stat file; for tests. */
int starttime_parse(const char *stat, uint64_t *out);
/* /proc/sys/kernel/random/boot_id. 0, or -1 with errno ("" without /proc). */
int boot_id(char out[37]);
/* A pidfd of `pid` if it is the process that started then: opened first, checked after (a pid can
 * be recycled between the two). -1: ESRCH another or none, ENOSYS no pidfds. */
int pidfd_open_checked(pid_t pid, uint64_t starttime);
/* Wait for the end: 1 ended, 0 time-out, -1 errno. `status` may be NULL, else it is waitpid's for a
 * child. */
int pidfd_wait(int pidfd, pid_t pid, int *status, int timeout_ms);

/* Wait for the end of a child, however long that takes: its wait status; -1 where it is none (a pid
 * of -1 is: fork(2) has failed). */
int pid_reap(pid_t pid);

/* What `sig` does to this process, which a parent's namespace sends it (signal(7),
 * pid_namespaces(7)). */
enum heed {
	HEED_UNKNOWN, /* it has gone, or there is no /proc */
	HEED_TAKES,   /* it has a handler, waits for it, or ends by it */
	HEED_IGNORES, /* it has asked not to get it */
	HEED_BUSY,    /* as HEED_CANNOT, if it is no init that woke up this very moment */
	HEED_CANNOT   /* it is its namespace's first process and has no handler: nothing happens */
};
enum heed pid_heeds(pid_t pid, int sig);

/* The first process of a pid namespace has ended, and is not gone because another's parent,
 * outside, has not waited for it: who that is, in words; one of ours that is stopped is woken. Else
 * NULL. The caller's. */
char *pid_unreaped(pid_t init);

/* What a shell says of a wait status: the exit code, 128+N for signal N. */
int exit_code(int status);

#endif
