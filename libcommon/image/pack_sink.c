/* pack_sink.c: where an archive goes; see pack_sink.h. */
#include <archive.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "pack_sink.h"
#include "ring.h"
#include "str.h"

/* The second thread hashes while the first one reads and writes. */
static int sink_work(void *arg, const void *data, size_t n)
{
	struct sink *s = arg;
	digest_add(&s->digest, data, n);
	return 0;
}

int sink_flush(struct sink *s)
{
	size_t n = s->used;
	char *buf = s->buf;
	s->buf = NULL;
	s->used = 0;
	s->size += n;
	if (!buf || !n)
		return 0;
	if (s->ring && ring_put(s->ring, n) < 0)
		return -1;
	return fd_write_all(s->fd, buf, n);
}

static char *sink_buf(struct sink *s)
{
	return s->ring ? ring_buf(s->ring) : s->own;
}

char *sink_lend(struct sink *s)
{
	if (sink_flush(s) < 0)
		return NULL;
	return s->lent = sink_buf(s);
}

la_ssize_t sink_write(struct archive *a, void *arg, const void *data, size_t n)
{
	struct sink *s = arg;
	int r = 0;
	if (data == s->lent) {
		s->buf = s->lent;
		s->used = n;
		r = sink_flush(s);
	} else if (s->used + n > RING_CHUNK) {
		r = sink_flush(s);
	}
	for (size_t done = data == s->lent ? n : 0; done < n && r == 0;) {
		if (!s->buf)
			s->buf = sink_buf(s);
		size_t part = n - done < RING_CHUNK - s->used ? n - done : RING_CHUNK - s->used;
		memcpy(s->buf + s->used, (const char *)data + done, part);
		s->used += part;
		done += part;
		if (s->used == RING_CHUNK)
			r = sink_flush(s);
	}
	s->lent = NULL;
	if (r < 0) {
		archive_set_error(a, errno, "write: %s", strerror(errno));
		return -1;
	}
	return (la_ssize_t)n;
}

int sink_begin(struct sink *s)
{
	s->buf = s->lent = NULL;
	s->used = 0;
	s->size = 0;
	s->ring = s->hash ? ring_open(sink_work, s) : NULL;
	s->own = s->hash ? NULL : xmalloc(RING_CHUNK);
	digest_start(&s->digest);
	return s->hash && !s->ring ? -1 : 0;
}

void sink_end(struct sink *s)
{
	if (s->ring)
		ring_close(s->ring);
	free(s->own);
}
