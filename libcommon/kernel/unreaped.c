/* unreaped.c: which process keeps a pid namespace from ending; see pidfd.h.
 *
 * The first process of a pid namespace is gone only when all others in it have been waited for
 * (zap_pid_ns_processes() in the kernel). One that was brought in from outside, by ctr-exec or
 * nsenter(1), is waited for by its parent outside. If that parent does not do so, because it is
 * stopped, say, then every process of the namespace has ended and yet the first is not gone.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "pidfd.h"
#include "str.h"

#define PF_EXITING 4 /* linux/sched.h, in field 9 of /proc/PID/stat */

struct search {
	struct stat ns;
	char *who;
};

static int unreaped_on_process(int proc, const char *pid, void *arg)
{
	struct search *s = arg;
	struct proc p, parent;
	struct stat ns;
	if (*pid < '1' || *pid > '9' || !proc_read(proc, pid, &p) || p.state != 'Z')
		return 0;
	_cleanup_free_ char *path = path_join(pid, "ns/pid"), *up = xasprintf("%d", p.ppid);
	if (fstatat(proc, path, &ns, 0) < 0 || ns.st_ino != s->ns.st_ino ||
	    !proc_read(proc, up, &parent))
		return 0;
	free(s->who);
	s->who = xasprintf("process %s (%s) has not waited for its child in it%s", up, parent.name,
	    parent.state == 'T' ? ", and is stopped" : "");
	/* A process of ours does nothing else than wait, so we wake it; another one is for its
	 * owner to wake. */
	if (parent.state == 'T' && proc_is_ours(&parent))
		kill(p.ppid, SIGCONT);
	return 0;
}

char *pid_unreaped(pid_t init)
{
	struct search s = {0};
	struct stat ours;
	struct proc p;
	_cleanup_close_ int proc = dir_open("/proc");
	_cleanup_free_ char *pid = xasprintf("%d", (int)init),
			    *ns = xasprintf("%d/ns/pid", (int)init);
	if (init <= 0 || proc < 0 || !proc_read(proc, pid, &p) || !(p.flags & PF_EXITING) ||
	    p.state == 'Z' || fstatat(proc, ns, &s.ns, 0) < 0 ||
	    fstatat(proc, "self/ns/pid", &ours, 0) < 0 || ours.st_ino == s.ns.st_ino)
		return NULL;
	dir_each(proc, unreaped_on_process, &s);
	return s.who;
}
