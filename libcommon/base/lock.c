/* lock.c: flock(2), and who keeps one from us; see file.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "str.h"

int lock_take(int fd, int how)
{
	int r;
	do
		r = flock(fd, how);
	while (r < 0 && errno == EINTR);
	return r < 0 ? fail_errno("flock") : 0;
}

int lock_try(int fd, int how)
{
	int r;
	do
		r = flock(fd, how | LOCK_NB);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return 1;
	return errno == EWOULDBLOCK ? 0 : fail_errno("flock");
}

/* --- who is stopped --- */

bool proc_read(int proc, const char *pid, struct proc *p)
{
	_cleanup_free_ char *path = path_join(pid, "stat"),
			    *text = file_read_at(proc, path, 4096, NULL);
	const char *name = text ? strchr(text, '(') : NULL, *end = text ? strrchr(text, ')') : NULL;
	if (!name || !end || end < name || strlen(end) < 4)
		return false;
	p->state = end[2];
	p->ppid = atoi(end + 4);
	snprintf(p->name, sizeof p->name, "%.*s", (int)(end - name - 1), name + 1);
	for (int field = 4; end && field < 11; field++)
		end = strchr(end + 1, ' ');
	p->flags = end ? (unsigned)strtoul(end, NULL, 10) : 0;
	return true;
}

/* On older kernels it runs from a sealed memfd (selfexe.h). */
bool proc_is_ours(const struct proc *p)
{
	return str_starts(p->name + (str_starts(p->name, "memfd:") ? 6 : 0), "ctr");
}

struct search {
	struct stat file;
	bool wake;
	char *who;
};

static int lock_same_file(int dir, const char *name, void *arg)
{
	const struct search *s = arg;
	struct stat st;
	return fstatat(dir, name, &st, 0) == 0 && st.st_ino == s->file.st_ino &&
	       st.st_dev == s->file.st_dev;
}

static int lock_on_process(int proc, const char *pid, void *arg)
{
	struct search *s = arg;
	struct proc p;
	if (*pid < '1' || *pid > '9' || !proc_read(proc, pid, &p) || p.state != 'T')
		return 0;
	_cleanup_free_ char *path = path_join(pid, "fd");
	_cleanup_close_ int fds = dir_open_at(proc, path);
	if (fds < 0 || dir_each(fds, lock_same_file, s) != 1)
		return 0;
	free(s->who);
	s->who = xasprintf("process %s (%s), which is stopped", pid, p.name);
	if (s->wake && proc_is_ours(&p))
		kill(atoi(pid), SIGCONT);
	return 0;
}

char *stopped_holder(int fd, bool wake)
{
	struct search s = {.wake = wake};
	_cleanup_close_ int proc = dir_open("/proc");
	if (proc >= 0 && fstat(fd, &s.file) == 0)
		dir_each(proc, lock_on_process, &s);
	return s.who;
}

/* --- a lock that is held for moments only --- */

bool asked_to_end(void)
{
	sigset_t s;
	return sigpending(&s) == 0 &&
	       (sigismember(&s, SIGTERM) || sigismember(&s, SIGINT) || sigismember(&s, SIGHUP));
}

int lock_wait(int fd, int how)
{
	long ns = 100000;   /* 0.1 ms at first, up to 10 ms */
	int64_t waited = 0; /* in 32 bits there are no 30 s */
	int64_t look = 2000000000;
	for (;;) {
		int r = lock_try(fd, how);
		if (r)
			return r < 0 ? -1 : 0;
		bool over = waited >= 30000000000;
		if (over || waited >= look) {
			_cleanup_free_ char *who = stopped_holder(fd, false);
			errno = ETIMEDOUT;
			if (who || over)
				return fail(
				    "a lock is held by %s: %m", who ? who : "another process");
			look += 5000000000;
		}
		if (asked_to_end())
			return errno = EINTR, fail_errno("a lock that another process holds");
		nanosleep(&(struct timespec){0, ns}, NULL);
		waited += ns;
		ns = ns < 10000000 ? ns * 2 : ns;
	}
}
