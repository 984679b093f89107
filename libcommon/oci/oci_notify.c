/* oci_notify.c: a container that tells NOTIFY_SOCKET's systemd when it is ready, as runc and crun
 * have it; see oci.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "notify.h"
#include "oci.h"
#include "str.h"
#include "sys.h"

int oci_notify_add(struct spec *s, const struct oci_record *r)
{
	if (!getenv("NOTIFY_SOCKET"))
		return 0;
	/* The folder is mounted, not the socket: `start` makes that. */
	_cleanup_free_ char *root = path_real(r->root),
			    *path = xasprintf("%s/%s/notify", root ? root : "", r->id);
	if (mkdirat(r->dir, "notify", 0755) < 0)
		return fail_tried(path, "mkdir");
	spec_mount_add(s, "/run/notify", "bind", path, "rbind,ro,nosuid,nodev,noexec");
	strv_setenv(&s->env, "NOTIFY_SOCKET", "/run/notify/notify");
	return 0;
}

int oci_notify_listen(const struct oci_record *r)
{
	_cleanup_close_ int dir = openat(r->dir, "notify", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir >= 0 && getenv("NOTIFY_SOCKET") ? notify_bind(dir) : -1;
}

void oci_notify_wait(int fd, pid_t pid)
{
	if (fd < 0)
		return;
	_cleanup_close_ int process = sys_pidfd_open(pid);
	struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.fd = process, .events = POLLIN}};
	while (poll(p, 2, -1) > 0 || errno == EINTR)
		if ((p[0].revents && notify_pass(fd, pid)) || p[1].revents || process < 0)
			break;
	close(fd);
}
