/* tty.c: terminals; see tty.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "err.h"
#include "file.h"
#include "tty.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

static struct termios saved;
static bool raw;

static bool background(void)
{
	pid_t front = tcgetpgrp(0);
	return front >= 0 && front != getpgrp();
}

/* Is there something to do that must not wait: to end, or to see that the container has ended? */
static bool tty_wanted(void)
{
	static const int now[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
	sigset_t s;
	sigpending(&s);
	for (size_t i = 0; i < sizeof now / sizeof now[0]; i++)
		if (sigismember(&s, now[i]))
			return true;
	return false;
}

void tty_restore(void)
{
	if (raw && !background()) /* otherwise the shell has set its own already */
		tcsetattr(0, TCSADRAIN, &saved);
	raw = false;
}

/* In the background tcsetattr(3) stops us by SIGTTOU, as job control wants it. When SIGCONT wakes
 * us, the kernel begins the call again, which stops us again, so a process that was woken in order
 * to end never would. This function stops us instead, so that the caller can look for such a wish
 * before it tries again. True when we were stopped and woken; false where SIGTTOU is ignored or
 * nobody could wake us (an orphaned process group), because then nothing stops us. */
static bool was_stopped(void)
{
	sigset_t woken, was;
	sigemptyset(&woken);
	sigaddset(&woken, SIGCONT);
	sigprocmask(SIG_BLOCK, &woken, &was);
	kill(0, SIGTTOU);
	bool r = sigtimedwait(&woken, NULL, &(struct timespec){0}) == SIGCONT;
	sigprocmask(SIG_SETMASK, &was, NULL);
	return r;
}

int tty_raw(void)
{
	static bool at_exit;
	if (raw || tcgetattr(0, &saved) < 0)
		return 0;
	struct termios t = saved;
	cfmakeraw(&t);
	if (!at_exit)
		atexit(tty_restore);
	at_exit = true;
	while (background() && was_stopped())
		if (background() && tty_wanted())
			return -1;
	raw = tcsetattr(0, TCSADRAIN, &t) == 0;
	return 0;
}

int tty_size(struct winsize *w)
{
	for (int fd = 0; fd < 3; fd++)
		if (ioctl(fd, TIOCGWINSZ, w) == 0)
			return 0;
	return -1;
}

void tty_input(bool tty, bool interactive, bool word)
{
	struct stat st;
	int null = word && !interactive && !(tty && isatty(0))
		       ? open("/dev/null", O_RDONLY | O_CLOEXEC)
		       : -1;
	if (null > 0) {
		dup2(null, 0);
		close(null);
	}
	if (tty && interactive && fstat(0, &st) == 0 && !S_ISCHR(st.st_mode))
		warn("stdin is no terminal: -t cuts its lines to 4095 bytes (-i alone does not)");
}

int tty_peer(int master)
{
	return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

int tty_open_pair(const char *ptmx, int *master, int *slave)
{
	int unlock = 0;
	*master = open(ptmx, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0)
		return fail_errno(ptmx);
	if (ioctl(*master, TIOCSPTLCK, &unlock) == 0) {
		*slave = tty_peer(*master);
		if (*slave >= 0)
			return 0;
	}
	fail_tried(ptmx, "open its other end");
	close(*master);
	return -1;
}

size_t tty_end_type(int master, char last, char out[2])
{
	struct termios t;
	bool known = tcgetattr(master, &t) == 0;
	out[0] = out[1] = known && t.c_cc[VEOF] ? (char)t.c_cc[VEOF] : 4;
	return known && t.c_lflag & ICANON && last != '\n' ? 2 : 1;
}

bool tty_end_again(struct tty_again *a)
{
	int64_t now = now_ms();
	if (a->times > 50 && now - a->at < 10)
		return false;
	a->times++;
	a->at = now;
	return true;
}

ssize_t fd_send(int sock, const void *msg, size_t n, int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u;
	struct iovec v = {(void *)msg, n};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = u.space,
	    .msg_controllen = sizeof u.space};
	memset(&u, 0, sizeof u);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	return sendmsg(sock, &m, MSG_NOSIGNAL);
}

ssize_t fd_recv(int sock, void *msg, size_t n, int *fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u;
	struct iovec v = {msg, n};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = u.space,
	    .msg_controllen = sizeof u.space};
	*fd = -1;
	ssize_t r = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = r < 0 ? NULL : CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof *fd))
		memcpy(fd, CMSG_DATA(c), sizeof *fd);
	return r;
}
