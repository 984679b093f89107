/* stream.c: bytes from a file or pipe; see stream.h. */
#include <archive.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "str.h"
#include "stream.h"

struct stream_parts {
	int fd, copy;
	bool hash;
	struct archive *filter; /* NULL when the data is not compressed */
	struct digest plain;
	char buf[STREAM_CHUNK];
};

enum compression stream_sniff(const void *begin, size_t n)
{
	static const struct {
		const char *magic;
		unsigned char len;
		enum compression comp;
	} known[] = {{"\x1f\x8b", 2, COMP_GZIP}, {"\x28\xb5\x2f\xfd", 4, COMP_ZSTD},
	    {"\3757zXZ", 6, COMP_XZ}, {"BZh", 3, COMP_BZIP2}};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (n >= known[i].len && memcmp(begin, known[i].magic, known[i].len) == 0 &&
		    (known[i].comp != COMP_BZIP2 ||
			(n >= 10 && memcmp((const char *)begin + 4, "1AY&SY", 6) == 0)))
			return known[i].comp;
	return COMP_NONE;
}

ssize_t stream_fill(int fd, int reader, char *buf, size_t room)
{
	struct pollfd p[] = {{reader, 0, 0}, {fd, POLLIN, 0}};
	size_t n = 0;
	while (n < room) {
		if (reader >= 0 && poll(p, 2, -1) > 0 && p[0].revents)
			break;
		ssize_t r = read(fd, buf + n, room - n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	return (ssize_t)n;
}

/* As much as one read(2) gives: the next data can arrive while this is processed. */
static ssize_t raw_read(struct stream *s, const void **data)
{
	struct stream_parts *p = s->parts;
	ssize_t n;
	do
		n = read(p->fd, p->buf, sizeof p->buf);
	while (n < 0 && errno == EINTR);
	*data = p->buf;
	return n < 0 ? fail_tried(s->what, "read") : n;
}

/* libarchive is told of an error. */
static la_ssize_t read_told(struct archive *a, ssize_t n)
{
	if (n < 0)
		archive_set_error(a, errno, "%s", fail_msg());
	return n;
}

static la_ssize_t filter_read(struct archive *a, void *arg, const void **data)
{
	return read_told(a, raw_read(arg, data));
}

/* --- decompression --- */

static int damaged(const struct stream *s)
{
	const char *why = archive_error_string(s->parts->filter);
	return errno = EINVAL, fail("%s: decompress: %s", s->what, why ? why : "damaged");
}

static int filter_open(struct stream *s)
{
	struct archive *a = s->parts->filter = archive_read_new();
	if (!a)
		return fail("%s: out of memory", s->what);
	archive_read_support_filter_gzip(a);
	archive_read_support_format_raw(a);
	archive_read_support_format_empty(a);
	struct archive_entry *e;
	int r = archive_read_open(a, s, NULL, filter_read, NULL);
	if (r >= ARCHIVE_WARN)
		r = archive_read_next_header(a, &e);
	if (r ==
	    ARCHIVE_EOF) { /* nothing was compressed: the reader would call that its own error */
		archive_read_free(a);
		s->parts->filter = NULL;
		return 0;
	}
	return r < ARCHIVE_WARN || archive_filter_count(a) < 2 ? damaged(s) : 0;
}

int stream_open(struct stream *s, int fd, const char *what, bool gzip, bool hash, int copy)
{
	*s = (struct stream){.what = what};
	struct stream_parts *p = s->parts = xmalloc(sizeof *p);
	p->fd = fd;
	p->copy = copy;
	p->hash = hash;
	p->filter = NULL;
	digest_start(&p->plain);
	if (gzip && filter_open(s) < 0)
		return stream_close(s), -1;
	return 0;
}

static ssize_t filtered(struct stream *s, const void **data)
{
	size_t n;
	la_int64_t offset;
	int r = archive_read_data_block(s->parts->filter, data, &n, &offset);
	if (r == ARCHIVE_EOF)
		return 0;
	return r < ARCHIVE_OK ? damaged(s) : (ssize_t)n;
}

static ssize_t next_bytes(struct stream *s, const void **data)
{
	struct stream_parts *p = s->parts;
	ssize_t n = p->filter ? filtered(s, data) : raw_read(s, data);
	if (n <= 0)
		return n;
	s->plain_size += (uint64_t)n;
	if (p->hash)
		digest_add(&p->plain, *data, (size_t)n);
	if (p->copy >= 0 && fd_write_all(p->copy, *data, (size_t)n) < 0)
		return fail_tried(s->what, "write a copy to the store");
	return n;
}

ssize_t stream_read(struct archive *a, void *s, const void **data)
{
	ssize_t n = read_told(a, next_bytes(s, data));
	((struct stream *)s)->failed = n < 0;
	return n;
}

int stream_archive_failed(const struct stream *s, struct archive *a, const char *path)
{
	const char *why = archive_error_string(a);
	errno = EINVAL;
	if (s->failed && why)
		return fail_again(why);
	if (!why)
		why = "damaged archive";
	else if (archive_format(a) == 0)
		why = "not a tar, tar.gz, .zst, .xz or .bz2 archive";
	return path ? fail("%s: %s: %s", s->what, path, why) : fail("%s: %s", s->what, why);
}

int stream_finish(struct stream *s, char hex[DIGEST_HEX])
{
	struct stream_parts *p = s->parts;
	const void *data;
	ssize_t n;
	while ((n = next_bytes(s, &data)) > 0)
		;
	/* There may be data after the end of a compressed stream: it is read, so that whoever
	 * writes it can finish. */
	while (n == 0 && p->filter && (n = raw_read(s, &data)) > 0)
		n = 0;
	if (n < 0)
		return -1;
	if (hex)
		digest_end(&p->plain, hex);
	return 0;
}

void stream_close(struct stream *s)
{
	if (!s->parts)
		return;
	if (s->parts->filter)
		archive_read_free(s->parts->filter);
	free(s->parts);
	s->parts = NULL;
}
