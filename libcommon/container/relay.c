/* relay.c: copying that cannot be blocked; see relay.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "relay.h"

/* The caller's pipe or terminal is shared with others, who do not expect O_NONBLOCK on it: opened
 * again it is ours alone. For other kinds, or where that is not permitted, poll(2) is called before
 * each write. */
static int relay_sink(int fd)
{
	struct stat st;
	char path[32];
	int own = -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return own >= 0 ? own : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static int relay_watch(struct relay *r, int fd, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.u32 = r->tag};
	return epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &e);
}

int relay_open(struct relay *r, int epoll, uint32_t tag, int from, int to, bool terminal)
{
	r->epoll = epoll;
	r->tag = tag;
	r->from = from;
	r->terminal = terminal;
	r->paused = r->always = r->refused = false;
	r->have = r->done = 0;
	r->last = '\n';
	r->to = terminal ? fcntl(to, F_DUPFD_CLOEXEC, 3) : relay_sink(to);
	if (r->to < 0)
		return fail_errno("copy of a descriptor");
	if (relay_watch(r, from, EPOLLIN) < 0) {
		r->always = errno == EPERM;
		if (!r->always && errno != EEXIST) {
			int saved = errno;
			close(r->to);
			errno = saved;
			return fail_errno("epoll");
		}
	}
	r->on = true;
	return 0;
}

void relay_close(struct relay *r)
{
	if (!r->on)
		return;
	if (!r->ended)
		epoll_ctl(r->epoll, EPOLL_CTL_DEL, r->paused ? r->to : r->from, NULL);
	close(r->to);
	r->on = false;
}

/* 0: everything was written; 1: the rest has to wait; -1: nobody reads it any more. */
static int relay_put(struct relay *r)
{
	while (r->done < r->have) {
		struct pollfd p = {.fd = r->to, .events = POLLOUT};
		if (poll(&p, 1, 0) == 0)
			return 1;
		ssize_t n = write(r->to, r->buf + r->done, r->have - r->done);
		if (n > 0)
			r->done += (size_t)n;
		else if (errno == EAGAIN)
			return 1;
		else if (errno != EINTR)
			return -1;
	}
	return 0;
}

static void relay_type_end(struct relay *r)
{
	r->have = tty_end_type(r->to, r->last, r->buf);
	r->done = 0;
	r->ended = true;
	r->last = '\n'; /* the end-of-file character, typed once more, is now at the beginning of a
			   line */
	relay_put(r);   /* two bytes at most: if there is no room for them, nobody reads */
}

void relay_type_again(struct relay *r)
{
	if (r->on && r->ended && tty_end_again(&r->again))
		relay_type_end(r);
}

static bool relay_pause(struct relay *r, bool on)
{
	if (on == r->paused)
		return true;
	epoll_ctl(r->epoll, EPOLL_CTL_DEL, on ? r->from : r->to, NULL);
	r->paused = on;
	if (!on && r->always)
		return true;
	return relay_watch(r, on ? r->to : r->from, on ? EPOLLOUT : EPOLLIN) == 0 || errno == EPERM;
}

bool relay_step(struct relay *r)
{
	if (!r->on || r->ended)
		return r->on;
	int w = relay_put(r);
	if (w == 0 && !r->paused) {
		ssize_t n = read(r->from, r->buf, sizeof r->buf);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		r->have = n > 0 ? (size_t)n : 0;
		r->done = 0;
		if (n <= 0 && r->terminal) {
			relay_type_end(r);
			epoll_ctl(r->epoll, EPOLL_CTL_DEL, r->from, NULL);
			return true;
		}
		if (n > 0)
			r->last = r->buf[n - 1];
		w = n > 0 ? relay_put(r) : -1;
		r->refused = n > 0 && w < 0;
	} else {
		r->refused = w < 0;
	}
	if (w >= 0 && relay_pause(r, w == 1))
		return true;
	relay_close(r);
	return false;
}

bool relay_ready(const struct relay *r)
{
	return r->on && r->always && !r->paused && !r->ended;
}

void relay_finish(struct relay *r, int ms)
{
	while (relay_step(r)) {
		struct pollfd p = {
		    .fd = r->paused ? r->to : r->from, .events = r->paused ? POLLOUT : POLLIN};
		if (poll(&p, 1, r->paused ? ms : 0) <= 0)
			break;
	}
}
