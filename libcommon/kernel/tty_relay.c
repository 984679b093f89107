/* tty_relay.c: a terminal relayed to our stdin and stdout; see tty_relay.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tty_relay.h"

/* Our stdout may be shared with others, who would be surprised to find it non-blocking: a terminal
 * or a pipe is opened a second time. What cannot be opened (a socket) gets small writes, and only
 * when poll(2) reports room. */
static void out_open(struct tty_relay *r)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/self/fd/%d", STDOUT_FILENO);
	int fd = isatty(STDOUT_FILENO) || lseek(STDOUT_FILENO, 0, SEEK_CUR) < 0
		     ? open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
		     : -1;
	r->out_ours = fd >= 0;
	r->out = fd >= 0 ? fd : STDOUT_FILENO;
}

void tty_relay_start(struct tty_relay *r, int master)
{
	memset(r, 0, sizeof *r);
	r->master = master;
	r->out = -1;
	r->last = '\n';
	if (master < 0)
		return;
	fcntl(master, F_SETFL, O_NONBLOCK);
	out_open(r);
}

void tty_relay_poll(const struct tty_relay *r, struct pollfd *p)
{
	bool in_full = r->to_master.done < r->to_master.have,
	     out_full = r->to_out.done < r->to_out.have;
	p[0] = (struct pollfd){
	    .fd = r->master >= 0 && !in_full && !r->in_ended ? STDIN_FILENO : -1, .events = POLLIN};
	p[1] = (struct pollfd){
	    .fd = r->master, .events = (short)((in_full ? POLLOUT : 0) | (out_full ? 0 : POLLIN))};
	/* A hang-up is reported even when not asked for, and would make us spin. */
	if (!p[1].events)
		p[1].fd = -1;
	p[2] = (struct pollfd){.fd = out_full ? r->out : -1, .events = POLLOUT};
}

static void hang_up(struct tty_relay *r)
{
	if (r->master >= 0)
		close(r->master);
	r->master = -1;
}

static void in_end(struct tty_relay *r)
{
	r->in_ended = true;
	r->to_master.have = tty_end_type(r->master, r->last, r->to_master.buf);
	r->to_master.done = 0;
	r->last = '\n'; /* the end-of-file character, typed once more, is now at the beginning of a
			   line */
}

static void in_read(struct tty_relay *r)
{
	ssize_t n = read(STDIN_FILENO, r->to_master.buf, sizeof r->to_master.buf);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		in_end(r);
		return;
	}
	r->last = r->to_master.buf[n - 1];
	r->to_master.have = (size_t)n;
	r->to_master.done = 0;
}

static void master_read(struct tty_relay *r)
{
	ssize_t n = read(r->master, r->to_out.buf, sizeof r->to_out.buf);
	r->idle = n < 0 && errno == EAGAIN;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) { /* EIO: the last slave is closed */
		hang_up(r);
		return;
	}
	r->to_out.have = (size_t)n;
	r->to_out.done = 0;
	if (r->in_ended && r->to_master.done == r->to_master.have && tty_end_again(&r->again))
		in_end(r);
}

static void master_write(struct tty_relay *r)
{
	ssize_t n = write(
	    r->master, r->to_master.buf + r->to_master.done, r->to_master.have - r->to_master.done);
	if (n > 0)
		r->to_master.done += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		hang_up(r);
}

static void out_write(struct tty_relay *r)
{
	ssize_t n = write(r->out, r->to_out.buf + r->to_out.done, r->to_out.have - r->to_out.done);
	if (n > 0) {
		r->to_out.done += (size_t)n;
	} else if (errno != EAGAIN && errno != EINTR) { /* nobody reads it any more: stop writing */
		r->to_out.done = r->to_out.have;
		hang_up(r);
	}
}

void tty_relay_step(struct tty_relay *r, const struct pollfd *p)
{
	if (p[0].fd >= 0 && p[0].revents && r->master >= 0)
		in_read(r);
	if (p[1].fd >= 0 && p[1].revents & POLLOUT && r->master >= 0)
		master_write(r);
	if (p[1].fd >= 0 && p[1].revents & (POLLIN | POLLHUP | POLLERR) && p[1].events & POLLIN &&
	    r->master >= 0)
		master_read(r);
	if (p[2].fd >= 0 && p[2].revents)
		out_write(r);
}

bool tty_relay_rest(struct tty_relay *r)
{
	r->in_ended = true; /* nobody reads our input any more */
	r->to_master.done = r->to_master.have;
	if (r->to_out.done < r->to_out.have)
		return true;
	if (r->master >= 0)
		master_read(r);
	return r->to_out.done < r->to_out.have;
}

void tty_relay_end(struct tty_relay *r)
{
	hang_up(r);
	if (r->out_ours)
		close(r->out);
}
