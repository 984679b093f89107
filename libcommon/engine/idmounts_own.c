/* idmounts_own.c: mounts with id maps of their own; see idmounts.h. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "idmap.h"
#include "idmounts.h"
#include "pidfd.h"
#include "sys.h"
#include "tty.h"

/* A user namespace with the maps of a mount, for as long as it takes to have it open. */
static int idmounts_userns(const struct spec_mount *m)
{
	pid_t pid = sys_clone(CLONE_NEWUSER, -1, NULL);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (pid < 0)
		return fail_errno("user namespace");
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/user", (int)pid);
	int fd = idmap_write(pid, m->uid_map, m->n_uid_map, m->gid_map, m->n_gid_map) < 0
		     ? -1
		     : open(path, O_RDONLY | O_CLOEXEC);
	kill(pid, SIGKILL);
	pid_reap(pid);
	return fd;
}

int idmounts_mount(const struct spec_mount *m, int userns)
{
	bool rec = strv_has(&m->options, "rbind");
	int fd = sys_mount_copy(AT_FDCWD, m->source, rec ? AT_RECURSIVE : 0, NULL);
	if (fd < 0 || !m->n_uid_map)
		return fd < 0 ? fail_tried(m->dest, m->source) : fd;
	_cleanup_close_ int ns = userns < 0 ? idmounts_userns(m) : userns;
	if (ns >= 0 && mount_map(fd, strv_has(&m->options, "ridmap"), ns) == 0)
		return fd;
	close(fd);
	return ns < 0 ? fail_about(m->dest) : fail_tried(m->dest, "id-mapped mount");
}

/* Root of a user namespace cannot map mounts, and what was mounted below the root is seen in its
 * mount namespace only. So a process outside waits until that namespace is sent to it, makes the
 * mount there, and sends it back. Returns the socket to it.
 */
static int idmounts_outside(const struct spec_mount *m)
{
	int pair[2], ns, fd;
	char c = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail_errno("socketpair");
	pid_t pid = fork();
	if (pid == 0 && fork() == 0) {
		close(pair[0]);
		if (fd_recv(pair[1], &c, 1, &ns) == 1 && setns(ns, CLONE_NEWNS) == 0 &&
		    (fd = idmounts_mount(m, -1)) >= 0)
			fd_send(pair[1], &c, 1, fd);
	}
	if (pid == 0)
		_exit(0);
	close(pair[1]);
	pid_reap(pid);
	return pair[0];
}

int idmounts_later(const struct spec *s, const struct spec_mount *m)
{
	return spec_has_ns(s, NS_USER) ? idmounts_outside(m) : idmounts_userns(m);
}

int idmounts_late(const struct spec *s, const struct spec_mount *m, int fd)
{
	char c = 0;
	int got = -1;
	if (!spec_has_ns(s, NS_USER))
		return idmounts_mount(m, fd);
	_cleanup_close_ int own = openat(AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	fd_send(fd, &c, 1, own);
	fd_recv(fd, &c, 1, &got);
	close(fd);
	return got < 0 ? fail("%s: id-mapped mount: %s cannot be mapped", m->dest, m->source) : got;
}
