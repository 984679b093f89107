/* notify.c: between a container and systemd's NOTIFY_SOCKET; see notify.h. */
#include "notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "err.h"
#include "str.h"

int notify_bind(int dir)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	/* the folder's path may be longer than a socket's name */
	snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/notify", dir);
	unlinkat(dir, "notify", 0);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind(fd, (void *)&a, sizeof a) == 0 && fchmodat(dir, "notify", 0666, 0) == 0)
		return fd;
	close(fd);
	return -1;
}

/* One datagram; "@" begins an abstract name. */
void notify_tell(const char *text)
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
		warn("NOTIFY_SOCKET %s: %m", to);
}

bool notify_pass(int fd, pid_t pid)
{
	static const char *const words[] = {
	    "READY=1", "STATUS=", "STOPPING=1", "RELOADING=1", "WATCHDOG=1"};
	char in[2048], *rest = in;
	struct buf out = {0};
	bool ready = false;
	ssize_t len = recv(fd, in, sizeof in - 1, 0);
	if (len <= 0)
		return false;
	in[len] = 0;
	for (char *line; (line = strsep(&rest, "\n"));)
		for (size_t i = 0; i < 5; i++)
			if (str_starts(line, words[i])) {
				buf_escape(&out, line); /* systemctl(1) shows it on a terminal */
				buf_puts(&out, "\n");
				ready |= i == 0;
			}
	if (ready) /* once, however often the container has said so */
		buf_printf(&out, "MAINPID=%d\n", (int)pid);
	if (out.n)
		notify_tell(out.p);
	buf_free(&out);
	return ready;
}
