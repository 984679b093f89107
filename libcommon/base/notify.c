/* notify.c: between a container and systemd's NOTIFY_SOCKET; see notify.h. */
#include "notify.h"

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

int notify_name(struct sockaddr_un *a, const char *path, int *dir)
{
	const char *base = strrchr(path, '/');
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	*dir = -1;
	if (strlen(path) < sizeof a->sun_path)
		return strcpy(a->sun_path, path), 0;
	_cleanup_free_ char *up = xstrndup(path, base ? (size_t)(base - path) : 0);
	*dir = dir_hold(base ? up : ".");
	if (snprintf(a->sun_path, sizeof a->sun_path, "/proc/self/fd/%d/%s", *dir,
		base ? base + 1 : path) < (int)sizeof a->sun_path)
		return 0;
	return errno = ENAMETOOLONG, -1;
}

/* One datagram; "@" begins an abstract name. */
void notify_tell(const char *text)
{
	const char *to = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a;
	_cleanup_close_ int dir = -1;
	if (!to)
		return;
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = notify_name(&a, to, &dir);
	size_t len = strlen(a.sun_path);
	if (*to == '@')
		a.sun_path[0] = 0;
	/* Said once: it is the container that chooses how often it is tried. */
	static bool said;
	if ((r < 0 || sendto(fd, text, strlen(text), MSG_NOSIGNAL, (void *)&a,
			  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0) &&
	    !said && (said = true))
		warn("NOTIFY_SOCKET %s: %m", to);
}

bool notify_pass(int fd, pid_t pid)
{
	static const char *const words[] = {
	    "READY=1", "STATUS=", "STOPPING=1", "RELOADING=1", "WATCHDOG=1"};
	char in[4097], *rest = in; /* systemd takes no more than 4,096, either */
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
