/* logview.c: showing a container's log; see logview.h.
 *
 * Following the log waits for inotify (the log grows, or a rotation makes a new one) and for the
 * monitor's pidfd; nothing is polled where the kernel has both.
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
#include "file.h"
#include "log.h"
#include "logview.h"
#include "pidfd.h"
#include "stamp.h"
#include "str.h"

struct view {
	const struct logview *v;
	int dir, fd;
	struct buf rest; /* an unfinished line at the end of the file */
	int64_t skip;    /* lines to skip, for --tail */
	bool counting;
	bool together; /* stdout and stderr go to the same file: one buffer keeps the order */
	int64_t lines;
	struct {
		bool open, hidden; /* the line continues in the next record; it is not shown */
	} at[2];                   /* for stdout and stderr */
};

/* The first record of a line decides: --since, --tail and the time stamp refer to it. */
static void logview_show(struct view *w, const char *line, size_t n)
{
	struct log_line l;
	if (log_parse(line, n, &l) < 0)
		return; /* the broken last line of a killed monitor */
	bool first = !w->at[l.stream - 1].open, *hidden = &w->at[l.stream - 1].hidden;
	w->at[l.stream - 1].open = l.partial;
	if (first) {
		int64_t t = w->v->since || w->v->until ? stamp_parse(l.time, l.time_len) : 0;
		bool old = t < w->v->since || (w->v->until && t > w->v->until);
		w->lines += !old;
		*hidden = old || w->counting || w->skip > 0;
		w->skip -= !old && w->skip > 0;
	}
	if (*hidden)
		return;
	FILE *f = l.stream == 2 && !w->together ? stderr : stdout;
	if (w->v->stamps && first)
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
			return fail_errno("log: read");
		buf_add(&w->rest, buf, (size_t)n);
		char *s = w->rest.p, *end = s + w->rest.n, *nl;
		while ((nl = memchr(s, '\n', (size_t)(end - s)))) {
			logview_show(w, s, (size_t)(nl - s));
			s = nl + 1;
		}
		w->rest.n = (size_t)(end - s);
		memmove(w->rest.p, s, w->rest.n);
	}
	return fflush(stdout) || fflush(stderr) ? fail_errno("output") : 0;
}

static int open_log(struct view *w, int number)
{
	char name[24];
	snprintf(name, sizeof name, number ? "log.%d" : "log", number);
	return openat(w->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

/* The number of the file that we are reading, -1 when it is gone; or with `last` the number of the
 * oldest. A rotation renames from the oldest on, so there may be a gap of one; searching upwards
 * finds each file. */
static int logview_place(struct view *w, bool last)
{
	struct stat ours = {0}, named;
	int found = -1;
	if (!last && fstat(w->fd, &ours) < 0)
		return -1;
	for (int i = 0, gap = 0; gap < 2; i++) {
		char name[24];
		snprintf(name, sizeof name, i ? "log.%d" : "log", i);
		gap = fstatat(w->dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : gap + 1;
		if (!gap && (last || ours.st_ino == named.st_ino))
			found = i;
		if (found >= 0 && !last)
			break;
	}
	return found;
}

/* The file after ours, which has been read to its end: 1, or 0 when there is none. A rotation moves
 * all of them by one meanwhile, so ours is searched again once the next one is open. */
static int logview_next(struct view *w)
{
	for (;;) {
		int at = w->fd < 0 ? -1 : logview_place(w, false), fd = -1;
		if (at == 0)
			return 0;
		if (at > 0 && pump(w) < 0) /* what was written before it was renamed */
			return -1;
		for (int i = at > 0 ? at - 1 : logview_place(w, true); fd < 0 && i >= 0; i--)
			fd = open_log(w, i);
		if (fd < 0)
			return errno == ENOENT ? 0 : fail_errno("log");
		if (w->fd < 0 || logview_place(w, false) == at) {
			if (w->fd >= 0)
				close(w->fd);
			w->fd = fd;
			return 1;
		}
		close(fd);
	}
}

/* From the current position to the end of the newest file, which stays open. */
static int logview_pass(struct view *w)
{
	struct stat st;
	int r = 1;
	if (w->fd >= 0 && fstat(w->fd, &st) == 0 && st.st_size < lseek(w->fd, 0, SEEK_CUR))
		lseek(w->fd, 0, SEEK_SET); /* truncated in place (no rotated files are kept) */
	while (r == 1)
		if ((w->fd >= 0 && pump(w) < 0) || (r = logview_next(w)) < 0)
			return -1;
	return 0;
}

/* How long to wait for more; 0: --until has come. */
static int follow_ms(bool told, int pid, int64_t until)
{
	struct timespec t;
	int ms = pid < 0 ? 200 : -1;
	if (!told)
		ms = 100;
	if (!until)
		return ms;
	clock_now(CLOCK_REALTIME, &t);
	int64_t left = (until - t.tv_nsec) / 1000000 - t.tv_sec * 1000 + 1;
	if (left > 60000)
		left = 60000;
	if (left <= 0)
		return 0;
	return ms < 0 || left < ms ? (int)left : ms;
}

static int logview_follow(struct view *w, struct container *c)
{
	char self[32], junk[4096];
	pid_t monitor = (pid_t)kv_num(&c->state, "monitor", 0);
	snprintf(self, sizeof self, "/proc/self/fd/%d", w->dir);
	/* A user's inotify instances and watches are limited, and a container may use them up: then
	 * the log is checked ten times a second. */
	_cleanup_close_ int in = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	bool told = in >= 0 && inotify_add_watch(in, self,
				   IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF) >= 0;
	_cleanup_close_ int pid =
	    monitor > 0
		? pidfd_open_checked(monitor, (uint64_t)kv_num(&c->state, "monitor_starttime", 0))
		: -1;
	for (;;) {
		int ms = follow_ms(told, pid, w->v->until);
		bool live = ms && container_wait_end(c, 0) != 1;
		if (logview_pass(w) < 0)
			return -1;
		if (!live)
			return 0;
		struct pollfd p[3] = {{.fd = told ? in : -1, .events = POLLIN},
		    {.fd = pid, .events = POLLIN}, {.fd = 1, .events = 0}};
		poll(p, 3, ms);
		if (p[2].revents & (POLLERR | POLLHUP)) /* whoever reads from us has gone */
			return 0;
		/* The monitor is ending: its lock is free in a moment. */
		if (p[1].revents & POLLIN) {
			container_wait_end(c, 1000);
			if (logview_pass(w) < 0)
				return -1;
			return 0;
		}
		while (told && read(in, junk, sizeof junk) > 0)
			;
	}
}

/* --- the last lines, from the end --- */

#define TAIL_BLOCK 65536

/* The position in this file from which that many finished lines follow, minus a block, so that a
 * line in several records is read from its first one; 0 when there are fewer lines, and *left are
 * still to be found. -1 with fail(). */
static off_t tail_from(int fd, int64_t *left)
{
	static char buf[TAIL_BLOCK + 64] LARGE;
	off_t at = lseek(fd, 0, SEEK_END);
	size_t over = 0; /* the beginning of the block after this one, for a line that is in both */
	while (at > 0) {
		off_t n = at < TAIL_BLOCK ? at : TAIL_BLOCK;
		memmove(buf + n, buf, over);
		at -= n;
		if (pread(fd, buf, (size_t)n, at) != n)
			return fail_errno("log: read");
		for (char *nl = buf + n; (nl = memrchr(buf, '\n', (size_t)(nl - buf)));) {
			struct log_line l;
			size_t rest = (size_t)(buf + n + over - (nl + 1));
			*left -= log_parse(nl + 1, rest, &l) == 0 && !l.partial;
			if (*left < 0)
				return at > TAIL_BLOCK ? at - TAIL_BLOCK : 0;
		}
		over = n < 64 ? (size_t)n : 64;
	}
	return 0;
}

/* Opens the file in which to begin, at that position; when no file has enough lines, none is open,
 * and the oldest is shown first. */
static int tail_open(struct view *w)
{
	/* The first record of a line of either stream may be missing. */
	int64_t left = w->v->tail + 3;
	for (int i = 0; left >= 0; i++) {
		int fd = open_log(w, i);
		if (fd < 0)
			return errno == ENOENT ? 0 : fail_errno("log");
		off_t at = tail_from(fd, &left);
		if (at < 0 || left >= 0) {
			close(fd);
			if (at < 0)
				return -1;
			continue;
		}
		char c = '\n';
		while (at > 0 && pread(fd, &c, 1, at - 1) == 1 && c != '\n')
			at--;
		lseek(fd, at, SEEK_SET);
		w->fd = fd;
	}
	return 0;
}

static int tail_find(struct view *w)
{
	/* With --since every line has to be examined, too. */
	if (!w->v->since && tail_open(w) < 0)
		return -1;
	int from = w->fd < 0 ? -1 : fcntl(w->fd, F_DUPFD_CLOEXEC, 3);
	off_t at = w->fd < 0 ? 0 : lseek(w->fd, 0, SEEK_CUR);
	/* Counted in a first pass, because the files may be larger than memory. */
	w->counting = true;
	int r = logview_pass(w);
	w->counting = false;
	w->skip = w->lines > w->v->tail ? w->lines - w->v->tail : 0;
	w->rest.n = 0;
	memset(w->at, 0, sizeof w->at);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = from;
	if (from >= 0)
		lseek(from, at, SEEK_SET);
	return r;
}

int logview(struct container *c, const struct logview *v)
{
	struct view w = {.v = v, .dir = c->dir, .fd = -1};
	w.together = file_same(1, "", 2, "");
	int r = v->tail >= 0 ? tail_find(&w) : 0;
	if (v->only_new)
		w.fd = v->fd;
	else if (r == 0)
		r = logview_pass(&w);
	w.skip = 0;
	if (r == 0 && v->follow)
		r = logview_follow(&w, c);
	if (w.fd >= 0)
		close(w.fd);
	buf_free(&w.rest);
	return r;
}
