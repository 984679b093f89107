/* share_shm.c: with the ipc namespace of another container its /dev/shm; see share.h. */
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "err.h"
#include "mount_flags.h"
#include "pidfd.h"
#include "share.h"
#include "str.h"
#include "sys.h"
#include "tty.h"

#define LOOK_MS 5000

/* A copy of the other container's /dev/shm, mounted nowhere yet. Only who is in that mount
 * namespace may copy it: a child, which for a user's container enters its user namespace first. -1
 * with errno. */
static int shm_copy(const char *id, int (*ns_open)(const char *id, const char *file))
{
	int pair[2], fd = -1;
	char c = 0;
	_cleanup_close_ int user = ns_open(id, "user"), mnt = ns_open(id, "mnt");
	if (mnt < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		const int keep[] = {pair[1], user, mnt};
		sys_close_others(0, keep, 3); /* no pipe and no lock is held by who hangs */
		setns(user, CLONE_NEWUSER);   /* fails where that is our own */
		struct stat dev, shm;
		struct statfs fs;
		if (setns(mnt, CLONE_NEWNS) == 0)
			fd = sys_mount_copy(AT_FDCWD, "/dev/shm", AT_SYMLINK_NOFOLLOW, NULL);
		/* a mount of its own, and nothing else that somebody put in its place */
		if (fd >= 0 && fstat(fd, &shm) == 0 && S_ISDIR(shm.st_mode) &&
		    stat("/dev", &dev) == 0 && shm.st_dev != dev.st_dev && fstatfs(fd, &fs) == 0 &&
		    (unsigned long)fs.f_type == TMPFS_MAGIC)
			fd_send(pair[1], &c, 1, fd);
		_exit(0);
	}
	close(pair[1]);
	/* The other's /dev may be a file system that does not answer: then not even KILL ends who
	 * looks there, and it is left alone. */
	if (pid < 0 || pid_ends(pid, LOOK_MS)) {
		fd_recv(pair[0], &c, 1, &fd);
		pid_reap(pid);
	} else {
		kill(pid, SIGKILL);
	}
	close(pair[0]);
	return fd;
}

/* POSIX's shared memory is a mount, not the namespace's. */
void share_shm_up(struct share *h, struct spec *s, const char *id,
    int (*ns_open)(const char *id, const char *file))
{
	struct spec_mount *m = mount_at(s, "/dev/shm");
	if (!m || !str_eq(m->type, "tmpfs"))
		return;
	if ((h->shm = shm_copy(id, ns_open)) < 0) {
		warn("--ipc: /dev/shm is not shared: the other has none that answers, or Linux is "
		     "before 5.2");
		return;
	}
	h->at = m;
	h->was = *m;
	*m = (struct spec_mount){.dest = m->dest,
	    .type = (char *)"bind",
	    .source = xasprintf("/proc/self/fd/%d", h->shm)};
	strv_split(&m->options, "nosuid,noexec,nodev", ",");
}

void share_shm_down(struct share *h)
{
	if (!h->at)
		return;
	free(h->at->source);
	strv_free(&h->at->options);
	*h->at = h->was;
	h->at = NULL;
	close(h->shm);
}
