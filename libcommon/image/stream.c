/* stream.c: bytes from a file or pipe; see stream.h.
 *
 * A second thread (ring.h) hashes and copies what the first decompresses and unpacks.
 */
#include <archive.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "ring.h"
#include "str.h"
#include "stream.h"

struct stream_parts {
	int fd, copy;
	bool eof, copy_plain;
	struct archive *filter; /* NULL when not compressed */
	struct ring *ring;
	struct digest raw, plain;
	bool progress; /* stderr is a terminal */
	time_t said;
	bool shown;
	/* a first chunk that was read to see what it is */
	size_t first;
	bool have_first;
};

/* --- raw bytes --- */

/* The second thread's part. */
static int work(void *arg, const void *data, size_t n)
{
	struct stream_parts *p = arg;
	digest_add(&p->raw, data, n);
	return p->copy >= 0 && !p->copy_plain ? fd_write_all(p->copy, data, n) : 0;
}

/* A chunk that is full but for the last one. */
static ssize_t fill(struct stream *s, char *buf)
{
	size_t n = 0;
	while (n < RING_CHUNK) {
		ssize_t r = read(s->parts->fd, buf + n, RING_CHUNK - n);
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

/* For people who wait; a line that goes away again. */
static void progress(const struct stream *s, bool end)
{
	struct stream_parts *p = s->parts;
	char line[120], size[16];
	time_t now = time(NULL);
	if (!p->progress || (end ? !p->shown : now == p->said))
		return;
	int n = snprintf(line, sizeof line, "\r%s: %.60s: %s\033[K", err_applet, s->what,
	    size_human(s->raw_size, size));
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
	char *buf = ring_buf(p->ring);
	ssize_t n = p->have_first ? (ssize_t)p->first : fill(s, buf);
	p->have_first = false;
	if (n < 0)
		return -1;
	if (n == 0) {
		p->eof = true;
		return 0;
	}
	s->raw_size += (uint64_t)n;
	progress(s, false);
	if (ring_put(p->ring, (size_t)n) < 0)
		return fail("%s: write a copy to the store: %m", s->what);
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
	if (n >= 6 && memcmp(b, "\3757zXZ", 6) == 0)
		return COMP_OTHER;
	if (n >= 10 && memcmp(b, "BZh", 3) == 0 && memcmp(b + 4, "1AY&SY", 6) == 0)
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
	digest_start(&p->raw);
	digest_start(&p->plain);
	p->ring = ring_open(work, p);
	char *buf = p->ring ? ring_buf(p->ring) : NULL;
	ssize_t n = buf ? fill(s, buf) : -1;
	if (n < 0)
		return stream_close(s), -1;
	p->first = (size_t)n;
	p->have_first = n > 0;
	p->eof = n == 0;
	s->comp = sniff((unsigned char *)buf, p->first);
	p->copy_plain = s->comp == COMP_OTHER;
	if (s->comp != COMP_NONE && filter_open(s) < 0)
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
	/* a zero-length read may be the end of a compressed stream with bytes behind it: they count
	 * for the digest */
	while (n == 0 && s->comp != COMP_NONE && (n = raw_read(s, &data)) > 0)
		n = 0;
	if (n < 0)
		return -1;
	/* the program that decompresses tells damage by its exit status only */
	if (p->filter && archive_read_close(p->filter) != ARCHIVE_OK)
		return errno = EINVAL,
		       fail("%s: decompress: %s", s->what, archive_error_string(p->filter));
	int r = ring_close(p->ring);
	p->ring = NULL;
	if (r < 0)
		return fail("%s: write a copy to the store: %m", s->what);
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
	if (p->ring)
		ring_close(p->ring);
	free(p);
	s->parts = NULL;
}
