/* log.c: writing and parsing a container's log; see log.h. The output of one read is written by one
 * call, in whole lines, so a killed monitor leaves no broken line but the last. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
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
	l->out_n = l->telling = 0;
	l->part_n[0] = l->part_n[1] = 0;
	if (dir < 0) { /* --log-driver none */
		l->max_size = 0;
		l->fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
		return l->fd < 0 ? fail_errno("/dev/null") : 0;
	}
	l->fd = openat(
	    dir, "log", O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (l->fd < 0)
		return fail_errno("log");
	l->size = fstat(l->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	char last = '\n';
	_cleanup_close_ int in =
	    l->size ? openat(dir, "log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	if (in >= 0 && pread(in, &last, 1, st.st_size - 1) == 1 && last != '\n' &&
	    write(l->fd, "\n", 1) == 1)
		l->size++; /* a power cut broke the last line: only that line is lost */
	return 0;
}

/* log becomes log.1, log.1 becomes log.2, ...; a reader that follows keeps the renamed file open
 * and sees the new one appear. */
static void log_rotate(struct log *l)
{
	char from[24], to[24];
	for (unsigned i = l->max_files; i > 0; i--) {
		snprintf(to, sizeof to, "log.%u", i);
		snprintf(from, sizeof from, i > 1 ? "log.%u" : "log", i - 1);
		renameat(l->dir, from, l->dir, to);
	}
	int fd = openat(l->dir, "log",
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (l->max_files ? 0 : O_TRUNC),
	    0640);
	if (fd < 0)
		return; /* continue with the old file */
	close(l->fd);
	l->fd = fd;
	l->size = 0;
}

/* "TIME STREAM P|F ": always of this length. */
#define LOG_HEAD 40

static void log_head(char head[LOG_HEAD + 1], int stream)
{
	char stamp[STAMP_SIZE];
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	stamp_text(stamp, t.tv_sec, t.tv_nsec);
	snprintf(head, LOG_HEAD + 1, "%.30s %s F ", stamp, stream == 2 ? "stderr" : "stdout");
}

/* The bytes of output in so many bytes of complete log lines. */
static uint64_t log_output_in(const char *s, size_t n)
{
	uint64_t bytes = 0;
	for (const char *nl; n && (nl = memchr(s, '\n', n)); n -= (size_t)(nl + 1 - s), s = nl + 1)
		bytes += (uint64_t)(nl - s) - LOG_HEAD;
	return bytes;
}

/* Write what was collected, in one call. On a full disk complete lines stay, half a line is removed
 * again, and the rest is counted as dropped. */
static void log_put(struct log *l)
{
	size_t n = l->out_n, whole = 0;
	if (!n)
		return;
	ssize_t w = write(l->fd, l->out, n);
	l->out_n = 0;
	l->first = 0;
	if (w == (ssize_t)n) {
		l->size += n;
		if (l->telling)
			l->dropped_bytes = 0;
		l->telling = 0;
		return;
	}
	struct stat st;
	const char *last = w > 0 ? memrchr(l->out, '\n', (size_t)w) : NULL;
	whole = last ? (size_t)(last + 1 - l->out) : 0;
	if (w > (ssize_t)whole && fstat(l->fd, &st) == 0 &&
	    ftruncate(l->fd, st.st_size - (off_t)((size_t)w - whole)) < 0)
		whole = (size_t)w;
	l->size += whole;
	if (l->telling && whole >= l->telling)
		l->dropped_bytes = 0;
	/* The message that output was dropped is no output. */
	size_t lost = whole > l->telling ? whole : l->telling;
	l->dropped_bytes += log_output_in(l->out + lost, n - lost);
	l->telling = 0;
}

static void log_gather(struct log *l, const char *head, bool partial, const char *text, size_t n)
{
	size_t all = LOG_HEAD + n + 1;
	if (l->sink) {
		if (!log_send(l, head[LOG_HEAD - 5] == 'r' ? 2 : 1, text, n))
			l->dropped_bytes += n;
		return;
	}
	if (l->out_n + all > sizeof l->out)
		log_put(l);
	if (l->max_size && l->size + l->out_n && l->size + l->out_n + all > l->max_size) {
		log_put(l);
		log_rotate(l);
	}
	char *to = l->out + l->out_n;
	memcpy(to, head, LOG_HEAD);
	to[LOG_HEAD - 2] = partial ? 'P' : 'F';
	memcpy(to + LOG_HEAD, text, n);
	to[LOG_HEAD + n] = '\n';
	l->out_n += all;
}

/* The next write begins with a line that says what is missing. */
static void log_tell(struct log *l)
{
	char head[LOG_HEAD + 1], msg[100];
	if (!l->dropped_bytes || l->out_n)
		return;
	log_head(head, 2);
	int m = snprintf(msg, sizeof msg,
	    "[ctrbox: %" PRIu64 " bytes of output were dropped: the log could not be written]",
	    l->dropped_bytes);
	if (l->sink) {
		if (log_send(l, 2, msg, (size_t)m))
			l->dropped_bytes = 0;
		return;
	}
	log_gather(l, head, false, msg, (size_t)m);
	l->telling = l->out_n;
}

void log_feed(struct log *l, int stream, const char *data, size_t n)
{
	char head[LOG_HEAD + 1], *part = l->part[stream - 1];
	size_t *have = &l->part_n[stream - 1];
	log_head(head, stream); /* everything from one read has the same time */
	/* A listener that takes little is waited for once only, because a stop of the container
	 * waits, too. */
	if (l->sink && !l->dropped_bytes)
		l->patient = now_ms();
	log_tell(l);
	while (n) {
		const char *nl = memchr(data, '\n', n);
		size_t take = nl ? (size_t)(nl - data) : n;
		if (take > LOG_LINE - *have)
			take = LOG_LINE - *have;
		bool ends = nl && data + take == nl;
		if (ends && *have == 0) {
			log_gather(l, head, false, data, take);
		} else {
			memcpy(part + *have, data, take);
			*have += take;
			if (ends || *have == LOG_LINE) {
				log_gather(l, head, !ends, part, *have);
				*have = 0;
			}
		}
		data += take + ends;
		n -= take + ends;
	}
	if (!l->flush_ms)
		log_put(l);
	else if (l->out_n && !l->first)
		l->first = now_ms();
}

int log_due(const struct log *l)
{
	int64_t left = l->first + l->flush_ms - now_ms();
	if (!l->out_n || !l->flush_ms)
		return -1;
	return left > 0 ? (int)left : 0;
}

void log_write_due(struct log *l)
{
	if (log_due(l) == 0)
		log_put(l);
}

void log_flush(struct log *l)
{
	char head[LOG_HEAD + 1];
	for (int s = 0; s < 2; s++)
		if (l->part_n[s]) {
			log_head(head, s + 1);
			log_gather(l, head, true, l->part[s], l->part_n[s]);
			l->part_n[s] = 0;
		}
	log_put(l);
}

void log_close(struct log *l, bool durable)
{
	log_tell(l);
	log_put(l);
	if (durable)
		fsync(l->fd);
	close(l->fd);
	l->fd = -1;
	free(l->head);
	l->head = NULL;
	l->sink = 0;
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
	*out = (struct log_line){
	    s, (size_t)(sp - s), p[3] == 'o' ? 1 : 2, p[7] == 'P', p + 9, left - 9};
	return 0;
}
