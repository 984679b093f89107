/* logview.c: showing a container's log; see logview.h.
 *
 * Following waits on inotify (the log grows, or a rotation makes a new one) and on the monitor's pidfd; nothing polls
 * where the kernel has those.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "logview.h"
#include "pidfd.h"
#include "stamp.h"
#include "str.h"

struct view {
	const struct logview *v;
	int dir, fd;
	struct buf rest; /* an unfinished line of the file */
	int64_t skip;    /* lines to pass over, for --tail */
	bool counting;
	int64_t lines;
};

static void show(struct view *w, const char *line, size_t n)
{
	struct log_line l;
	if (log_parse(line, n, &l) < 0)
		return; /* the torn end of a monitor that was killed */
	if (w->v->since && stamp_parse(l.time, l.time_len) < w->v->since)
		return;
	if (w->counting) {
		w->lines++;
		return;
	}
	if (w->skip > 0) {
		w->skip--;
		return;
	}
	FILE *f = l.stream == 2 ? stderr : stdout;
	if (w->v->stamps)
		fprintf(f, "%.*s ", (int)l.time_len, l.time);
	fwrite(l.text, 1, l.len, f);
	if (!l.partial)
		putc('\n', f);
}

static int pump(struct view *w)
{
	char buf[32768];
	ssize_t n;
	while ((n = read(w->fd, buf, sizeof buf)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail("log: read: %m");
		buf_add(&w->rest, buf, (size_t)n);
		char *s = w->rest.p, *end = s + w->rest.n, *nl;
		while ((nl = memchr(s, '\n', (size_t)(end - s)))) {
			show(w, s, (size_t)(nl - s));
			s = nl + 1;
		}
		w->rest.n = (size_t)(end - s);
		memmove(w->rest.p, s, w->rest.n);
	}
	return fflush(stdout) || fflush(stderr) ? fail("output: %m") : 0;
}

static int open_log(struct view *w, unsigned number)
{
	char name[24];
	snprintf(name, sizeof name, number ? "log.%u" : "log", number);
	return openat(w->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

/* Rotated files first, the oldest before the others; the current one stays open. */
static int pass(struct view *w)
{
	unsigned oldest = 0;
	char name[24];
	for (;; oldest++) {
		snprintf(name, sizeof name, "log.%u", oldest + 1);
		if (faccessat(w->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			break;
	}
	for (unsigned i = oldest + 1; i-- > 0;) {
		w->fd = open_log(w, i);
		if (w->fd < 0 && i > 0)
			continue;
		if (w->fd < 0)
			return errno == ENOENT ? 0 : fail("log: %m");
		if (pump(w) < 0)
			return -1;
		if (i > 0)
			close(w->fd);
	}
	return 0;
}

/* A rotation renamed our file: the rest of it, then the new one. */
static int across(struct view *w)
{
	struct stat ours, named;
	if (w->fd >= 0 && fstat(w->fd, &ours) == 0 && fstatat(w->dir, "log", &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    ours.st_ino == named.st_ino) {
		if (named.st_size < lseek(w->fd, 0, SEEK_CUR)) /* truncated in place (no rotated files kept) */
			lseek(w->fd, 0, SEEK_SET);
		return pump(w);
	}
	if (w->fd >= 0 && pump(w) < 0)
		return -1;
	int fd = open_log(w, 0);
	if (fd < 0)
		return 0;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = fd;
	return pump(w);
}

static int follow(struct view *w, struct container *c)
{
	char self[32], junk[4096];
	pid_t monitor = (pid_t)kv_num(&c->state, "monitor", 0);
	snprintf(self, sizeof self, "/proc/self/fd/%d", w->dir);
	_cleanup_close_ int in = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (in < 0 || inotify_add_watch(in, self, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF) < 0)
		return fail("inotify: %m");
	_cleanup_close_ int pid =
	    monitor > 0 ? pidfd_open_checked(monitor, (uint64_t)kv_num(&c->state, "monitor_starttime", 0)) : -1;
	for (;;) {
		bool live = container_wait_end(c, 0) != 1;
		if (across(w) < 0)
			return -1;
		if (!live)
			return 0;
		struct pollfd p[3] = {
		    {.fd = in, .events = POLLIN}, {.fd = pid, .events = POLLIN}, {.fd = 1, .events = 0}};
		if (w->v->idle) {
			if (!w->v->idle(w->v->arg, in))
				return 0;
		} else {
			poll(p, 3, pid < 0 ? 200 : -1);
			if (p[2].revents & (POLLERR | POLLHUP)) /* whoever read us has gone */
				return 0;
		}
		if (p[1].revents & POLLIN) { /* the monitor ends: its lock is free in a moment */
			container_wait_end(c, 1000);
			if (across(w) < 0)
				return -1;
			return 0;
		}
		while (read(in, junk, sizeof junk) > 0)
			;
	}
}

int logview(struct container *c, const struct logview *v)
{
	struct view w = {.v = v, .dir = c->dir, .fd = -1};
	int r = 0;
	if (v->tail >= 0) { /* counted first: the files may be larger than memory */
		w.counting = true;
		r = pass(&w);
		w.counting = false;
		w.skip = w.lines > v->tail ? w.lines - v->tail : 0;
		w.rest.n = 0;
		if (w.fd >= 0)
			close(w.fd);
	}
	if (v->only_new) {
		w.fd = open_log(&w, 0);
		if (w.fd >= 0)
			lseek(w.fd, 0, SEEK_END);
	} else if (r == 0) {
		r = pass(&w);
	}
	w.skip = 0;
	if (r == 0 && v->follow)
		r = follow(&w, c);
	if (w.fd >= 0)
		close(w.fd);
	buf_free(&w.rest);
	return r;
}
