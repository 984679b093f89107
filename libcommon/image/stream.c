/* stream.c: bytes from a file or pipe; see stream.h.
 *
 * A second thread hashes and copies what the first decompresses and unpacks: with one, an import takes the sum of both
 * (half again the time of tar -x), with two the longer of them. The buffers go round in a ring; one is free again when
 * both are done with it.
 */
#include <archive.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "str.h"
#include "stream.h"

#define CHUNK (256 << 10)
#define RING 8

struct stream_parts {
	int fd, copy;
	bool eof, copy_plain, hash_raw;
	struct archive *filter; /* NULL when not compressed */
	/* the ring: chunks head..tail are the worker's to do, the main thread's own is head - 1 */
	char *buf[RING];
	size_t len[RING];
	unsigned head, tail;
	pthread_t worker;
	bool working, ending;
	int copy_errno;
	pthread_mutex_t lock;
	pthread_cond_t more, less;
	struct digest raw, plain;
	bool progress;      /* stderr is a terminal */
	time_t said;
	bool shown;
	/* a first chunk that was read to see what it is */
	size_t first;
	bool have_first;
};

/* --- the worker --- */

static void *work(void *arg)
{
	struct stream_parts *p = arg;
	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (p->tail == p->head && !p->ending)
			pthread_cond_wait(&p->more, &p->lock);
		if (p->tail == p->head)
			break;
		unsigned i = p->tail % RING;
		pthread_mutex_unlock(&p->lock);
		digest_add(&p->raw, p->buf[i], p->len[i]);
		int e = 0;
		if (p->copy >= 0 && !p->copy_plain && !p->copy_errno && fd_write_all(p->copy, p->buf[i], p->len[i]) < 0)
			e = errno;
		pthread_mutex_lock(&p->lock);
		if (e)
			p->copy_errno = e;
		p->tail++;
		pthread_cond_signal(&p->less);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static int worker_start(struct stream *s)
{
	struct stream_parts *p = s->parts;
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are the main thread's: its handler undoes */
	int e = pthread_create(&p->worker, NULL, work, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (e)
		return errno = e, fail("%s: start a thread: %m", s->what);
	p->working = true;
	return 0;
}

static void worker_end(struct stream_parts *p)
{
	if (!p->working)
		return;
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->worker, NULL);
	p->working = false;
}

/* --- raw bytes --- */

/* A chunk that is full but for the last one. */
static ssize_t fill(struct stream *s, char *buf)
{
	size_t n = 0;
	while (n < CHUNK) {
		ssize_t r = read(s->parts->fd, buf + n, CHUNK - n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return fail("%s: read: %m", s->what);
		if (r == 0)
			break;
		n += (size_t)r;
	}
	return (ssize_t)n;
}

static char *ring_wait(struct stream_parts *p, unsigned *slot)
{
	pthread_mutex_lock(&p->lock);
	/* the slot to fill must be done with by the worker; the one before it is still the main thread's to read */
	while (p->head - p->tail >= RING - 1)
		pthread_cond_wait(&p->less, &p->lock);
	*slot = p->head % RING;
	pthread_mutex_unlock(&p->lock);
	if (!p->buf[*slot])
		p->buf[*slot] = xmalloc(CHUNK);
	return p->buf[*slot];
}

/* For people who wait; a line that goes away again. */
static void progress(const struct stream *s, bool end)
{
	struct stream_parts *p = s->parts;
	char line[120], size[16];
	time_t now = time(NULL);
	if (!p->progress || (end ? !p->shown : now == p->said))
		return;
	int n = snprintf(line, sizeof line, "\r%s: %.60s: %s\033[K", err_applet, s->what, size_human(s->raw_size, size));
	if (end)
		n = snprintf(line, sizeof line, "\r\033[K");
	p->said = now;
	p->shown = true;
	if (write(2, line, (size_t)n) < 0)
		p->progress = false;
}

static ssize_t raw_read(struct stream *s, const void **data)
{
	struct stream_parts *p = s->parts;
	if (p->eof)
		return 0;
	unsigned slot;
	char *buf;
	ssize_t n;
	if (p->have_first) {
		p->have_first = false;
		slot = 0;
		buf = p->buf[0];
		n = (ssize_t)p->first;
	} else {
		buf = ring_wait(p, &slot);
		n = fill(s, buf);
	}
	if (n < 0)
		return -1;
	if (n == 0) {
		p->eof = true;
		return 0;
	}
	s->raw_size += (uint64_t)n;
	progress(s, false);
	p->len[slot] = (size_t)n;
	pthread_mutex_lock(&p->lock);
	p->head++;
	int e = p->copy_errno;
	pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
	if (e)
		return errno = e, fail("%s: write a copy to the store: %m", s->what);
	*data = buf;
	return n;
}

static la_ssize_t filter_read(struct archive *a, void *arg, const void **data)
{
	ssize_t n = raw_read(arg, data);
	if (n < 0)
		archive_set_error(a, errno, "%s", fail_msg());
	return n;
}

/* --- decompression --- */

static enum compression sniff(const unsigned char *b, size_t n)
{
	if (n >= 2 && b[0] == 0x1f && b[1] == 0x8b)
		return COMP_GZIP;
	if (n >= 4 && memcmp(b, "\x28\xb5\x2f\xfd", 4) == 0)
		return COMP_ZSTD;
	if ((n >= 6 && memcmp(b, "\xfd" "7zXZ", 6) == 0) || (n >= 10 && memcmp(b, "BZh", 3) == 0 && memcmp(b + 4, "1AY&SY", 6) == 0))
		return COMP_OTHER;
	return COMP_NONE;
}

static int filter_open(struct stream *s)
{
	struct archive *a = s->parts->filter = archive_read_new();
	if (!a)
		return fail("%s: out of memory", s->what);
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_format_raw(a);
	archive_read_support_format_empty(a);
	struct archive_entry *e;
	int r = archive_read_open(a, s, NULL, filter_read, NULL);
	if (r >= ARCHIVE_WARN)
		r = archive_read_next_header(a, &e);
	if (r < ARCHIVE_WARN)
		return errno = EINVAL, fail("%s: decompress: %s", s->what, archive_error_string(a));
	if (archive_filter_count(a) < 2)
		return errno = EINVAL, fail("%s: damaged compression", s->what);
	return 0;
}

int stream_open(struct stream *s, int fd, const char *what, int copy)
{
	*s = (struct stream){.what = what};
	struct stream_parts *p = s->parts = xcalloc(1, sizeof *p);
	p->fd = fd;
	p->progress = isatty(2);
	p->said = time(NULL);
	p->copy = copy;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	pthread_cond_init(&p->less, NULL);
	digest_start(&p->raw);
	digest_start(&p->plain);
	p->buf[0] = xmalloc(CHUNK);
	ssize_t n = fill(s, p->buf[0]);
	if (n < 0)
		return stream_close(s), -1;
	p->first = (size_t)n;
	p->have_first = n > 0;
	p->eof = n == 0;
	s->comp = sniff((unsigned char *)p->buf[0], p->first);
	p->copy_plain = s->comp == COMP_OTHER;
	if (worker_start(s) < 0 || (s->comp != COMP_NONE && filter_open(s) < 0))
		return stream_close(s), -1;
	return 0;
}

static ssize_t plain_read(struct stream *s, const void **data)
{
	struct stream_parts *p = s->parts;
	size_t n;
	la_int64_t offset;
	int r = archive_read_data_block(p->filter, data, &n, &offset);
	if (r == ARCHIVE_EOF)
		return 0;
	if (r < ARCHIVE_OK) {
		const char *why = archive_error_string(p->filter);
		return errno = EINVAL, fail("%s: decompress: %s", s->what, why ? why : "damaged");
	}
	s->plain_size += n;
	digest_add(&p->plain, *data, n);
	if (p->copy_plain && p->copy >= 0 && fd_write_all(p->copy, *data, n) < 0)
		return fail("%s: write a copy to the store: %m", s->what);
	return (ssize_t)n;
}

ssize_t stream_read(struct stream *s, const void **data)
{
	return s->comp == COMP_NONE ? raw_read(s, data) : plain_read(s, data);
}

int stream_finish(struct stream *s)
{
	struct stream_parts *p = s->parts;
	const void *data;
	ssize_t n;
	while ((n = stream_read(s, &data)) > 0)
		;
	/* a zero-length read may be the end of a compressed stream with bytes behind it: they count for the digest */
	while (n == 0 && s->comp != COMP_NONE && (n = raw_read(s, &data)) > 0)
		n = 0;
	if (n < 0)
		return -1;
	/* the program that decompresses tells damage by its exit status only */
	if (p->filter && archive_read_close(p->filter) != ARCHIVE_OK)
		return errno = EINVAL, fail("%s: decompress: %s", s->what, archive_error_string(p->filter));
	worker_end(p);
	if (p->copy_errno)
		return errno = p->copy_errno, fail("%s: write a copy to the store: %m", s->what);
	digest_end(&p->raw, s->raw_hex);
	if (s->comp == COMP_NONE) {
		memcpy(s->plain_hex, s->raw_hex, DIGEST_HEX);
		s->plain_size = s->raw_size;
	} else {
		digest_end(&p->plain, s->plain_hex);
	}
	memcpy(s->copy_hex, p->copy_plain ? s->plain_hex : s->raw_hex, DIGEST_HEX);
	s->copy_size = p->copy_plain ? s->plain_size : s->raw_size;
	return 0;
}

void stream_close(struct stream *s)
{
	struct stream_parts *p = s->parts;
	if (!p)
		return;
	progress(s, true);
	if (p->filter)
		archive_read_free(p->filter);
	worker_end(p);
	for (size_t i = 0; i < RING; i++)
		free(p->buf[i]);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->more);
	pthread_cond_destroy(&p->less);
	free(p);
	s->parts = NULL;
}
