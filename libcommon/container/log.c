/* log.c: writing and parsing a container's log; see log.h. A write is one writev() of one whole line, so a kill of the
 * monitor leaves no torn one but the last. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "err.h"

#include "log.h"
#include "stamp.h"
#include "str.h"

int log_open(struct log *l, int dir, uint64_t max_size, unsigned max_files)
{
	struct stat st;
	l->dir = dir;
	l->max_size = max_size;
	l->max_files = max_files;
	l->dropped_bytes = 0;
	l->part[0].n = l->part[1].n = 0;
	l->fd = openat(dir, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (l->fd < 0)
		return fail("log: %m");
	l->size = fstat(l->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	char last = '\n';
	_cleanup_close_ int in = l->size ? openat(dir, "log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	if (in >= 0 && pread(in, &last, 1, st.st_size - 1) == 1 && last != '\n' && write(l->fd, "\n", 1) == 1)
		l->size++; /* a power cut tore the last line: it alone is lost */
	return 0;
}

/* log -> log.1 -> log.2 ...; a reader that follows keeps the renamed file and sees the new one appear. */
static void rotate(struct log *l)
{
	char from[24], to[24];
	for (unsigned i = l->max_files; i > 0; i--) {
		snprintf(to, sizeof to, "log.%u", i);
		snprintf(from, sizeof from, i > 1 ? "log.%u" : "log", i - 1);
		renameat(l->dir, from, l->dir, to);
	}
	int fd = openat(
	    l->dir, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (l->max_files ? 0 : O_TRUNC), 0640);
	if (fd < 0)
		return; /* go on with the old one */
	close(l->fd);
	l->fd = fd;
	l->size = 0;
}

static size_t now(char out[STAMP_SIZE])
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return stamp_text(out, t.tv_sec, t.tv_nsec);
}

static bool put(struct log *l, int stream, bool partial, const char *text, size_t n)
{
	char head[80];
	size_t h = now(head);
	h += (size_t)snprintf(
	    head + h, sizeof head - h, " %s %c ", stream == 2 ? "stderr" : "stdout", partial ? 'P' : 'F');
	struct iovec v[3] = {{head, h}, {(void *)text, n}, {"\n", 1}};
	size_t all = h + n + 1;
	if (l->max_size && l->size && l->size + all > l->max_size)
		rotate(l);
	off_t end = lseek(l->fd, 0, SEEK_END);
	ssize_t w = writev(l->fd, v, 3);
	if (w == (ssize_t)all) {
		l->size += all;
		return true;
	}
	if (w > 0 && end >= 0 && ftruncate(l->fd, end) < 0) /* half a line on a full disk: take it back */
		l->size += (uint64_t)w;
	return false;
}

static void line(struct log *l, int stream, bool partial, const char *text, size_t n)
{
	char msg[80];
	if (l->dropped_bytes) {
		int m = snprintf(msg, sizeof msg,
		    "[ctrbox: %" PRIu64 " bytes of output were dropped: the log could not be written]",
		    l->dropped_bytes);
		if (!put(l, 2, false, msg, (size_t)m)) {
			l->dropped_bytes += n;
			return;
		}
		l->dropped_bytes = 0;
	}
	if (!put(l, stream, partial, text, n))
		l->dropped_bytes += n;
}

void log_feed(struct log *l, int stream, const char *data, size_t n)
{
	char *part = l->part[stream - 1].text;
	size_t *have = &l->part[stream - 1].n;
	while (n) {
		const char *nl = memchr(data, '\n', n);
		size_t take = nl ? (size_t)(nl - data) : n;
		if (take > LOG_LINE - *have)
			take = LOG_LINE - *have;
		bool ends = nl && data + take == nl;
		if (ends && *have == 0) {
			line(l, stream, false, data, take);
		} else {
			memcpy(part + *have, data, take);
			*have += take;
			if (ends || *have == LOG_LINE) {
				line(l, stream, !ends, part, *have);
				*have = 0;
			}
		}
		data += take + ends;
		n -= take + ends;
	}
}

void log_flush(struct log *l)
{
	for (int s = 0; s < 2; s++)
		if (l->part[s].n) {
			line(l, s + 1, true, l->part[s].text, l->part[s].n);
			l->part[s].n = 0;
		}
}

void log_close(struct log *l)
{
	if (l->dropped_bytes)
		line(l, 2, true, "", 0);
	close(l->fd);
	l->fd = -1;
}

int log_parse(const char *s, size_t n, struct log_line *out)
{
	const char *sp = memchr(s, ' ', n);
	if (!sp || sp - s < 20 || sp - s > 40)
		return -1;
	size_t left = n - (size_t)(sp + 1 - s);
	const char *p = sp + 1;
	if (left < 9 || (memcmp(p, "stdout ", 7) != 0 && memcmp(p, "stderr ", 7) != 0) ||
	    (p[7] != 'F' && p[7] != 'P') || p[8] != ' ')
		return -1;
	*out = (struct log_line){s, (size_t)(sp - s), p[3] == 'o' ? 1 : 2, p[7] == 'P', p + 9, left - 9};
	return 0;
}
