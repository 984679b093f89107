/* monitor_notify.c: --sdnotify, between the container and systemd's NOTIFY_SOCKET (sd_notify(3));
 * see monitor_parts.h. systemd asks who sent a message, and takes it from the unit's own processes:
 * so it is the monitor that passes it on, and only words that tell of the container's state. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "monitor_parts.h"
#include "str.h"

/* One datagram to systemd's socket; "@" begins an abstract name. */
static void notify_send(const struct monitor *m, const char *text)
{
	const char *to = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	if (!to || strlen(to) >= sizeof a.sun_path)
		return;
	memcpy(a.sun_path, to, strlen(to));
	if (*to == '@')
		a.sun_path[0] = 0;
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Said once: it is the container that chooses how often it is tried. */
	static bool said;
	if (sendto(fd, text, strlen(text), MSG_NOSIGNAL, (void *)&a,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(to))) < 0 &&
	    !said && (said = true))
		warn("%s: NOTIFY_SOCKET %s: %m", m->c->name, to);
}

static bool notify_is(const struct monitor *m, const char *how)
{
	return getenv("NOTIFY_SOCKET") && str_eq(kv_get(&m->c->conf, "sdnotify"), how);
}

void notify_started(struct monitor *m)
{
	char text[60];
	snprintf(text, sizeof text, "MAINPID=%d\nREADY=1\n", (int)m->self);
	if (notify_is(m, "conmon"))
		notify_send(m, text);
}

void notify_begin(struct monitor *m)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	if (!notify_is(m, "container"))
		return;
	/* the folder's path may be longer than a socket's name */
	snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/notify", m->c->dir);
	unlinkat(m->c->dir, "notify", 0);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (void *)&a, sizeof a) < 0 ||
	    fchmodat(m->c->dir, "notify", 0666, 0) < 0) {
		warn("%s: a socket to be notified by: %m", m->c->name);
		close(fd);
		return;
	}
	if (monitor_watch(m, ON_NOTIFY, fd) < 0)
		warn_about(m->c->name);
	_cleanup_free_ char *path = record_path(m->c->name, "notify");
	spec_mount_add(m->spec, "/run/notify", "bind", path, "rbind,nosuid,nodev,noexec");
	strv_setenv(&m->spec->env, "NOTIFY_SOCKET", "/run/notify");
}

void notify_relay(struct monitor *m)
{
	static const char *const words[] = {
	    "READY=1", "STATUS=", "STOPPING=1", "RELOADING=1", "WATCHDOG=1"};
	char in[2048], *rest = in;
	struct buf out = {0};
	bool ready = false;
	ssize_t len = recv(m->fd[ON_NOTIFY], in, sizeof in - 1, 0);
	if (len <= 0)
		return;
	in[len] = 0;
	for (char *line; (line = strsep(&rest, "\n"));)
		for (size_t i = 0; i < 5; i++)
			if (str_starts(line, words[i])) {
				buf_escape(&out, line); /* systemctl(1) shows it on a terminal */
				buf_puts(&out, "\n");
				ready |= i == 0;
			}
	if (ready) /* once: there is room for it */
		buf_printf(&out, "MAINPID=%d\n", (int)m->self);
	if (out.n)
		notify_send(m, out.p);
	buf_free(&out);
}
