/* stream.h: the plain bytes of a file or pipe, with their digest.
 *
 * gzip is decompressed here, by the zlib that is linked in; zstd, xz and bzip2 are decompressed
 * before, by the host's programs of these names (never by an image's; apart.h).
 */
#ifndef CTR_STREAM_H
#define CTR_STREAM_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "digest.h"

struct archive;
enum compression { COMP_NONE, COMP_GZIP, COMP_ZSTD, COMP_XZ, COMP_BZIP2 };

#define STREAM_CHUNK (256 << 10)

/* What was found out about a whole archive. */
struct stream_sums {
	enum compression comp;
	char raw_hex[DIGEST_HEX];   /* of the bytes as they came */
	char plain_hex[DIGEST_HEX]; /* of the decompressed ones */
	char copy_hex[DIGEST_HEX];  /* of what was copied */
	uint64_t raw_size, plain_size, copy_size;
};

struct stream {
	const char *what; /* in messages; borrowed */
	uint64_t plain_size;
	bool failed; /* stream_read() has failed */
	struct stream_parts *parts;
};

/* The compression, recognised by the first bytes. */
enum compression stream_sniff(const void *begin, size_t n);
/* Read n bytes, or fewer only at the end or when `reader`, our end of a pipe from whom they are
 * for, says that it has ended (-1: not asked). -1 with errno. */
ssize_t stream_fill(int fd, int reader, char *buf, size_t n);

/* Read from fd (borrowed), which is plain, or compressed by gzip when `gzip`. The plain bytes are
 * also written to `copy` (borrowed; -1: to none). With `hash` their digest is computed. -1 with
 * fail(). */
int stream_open(struct stream *s, int fd, const char *what, bool gzip, bool hash, int copy);
/* The next plain bytes, which are valid until the next call; 0 at the end, -1 with fail(), and the
 * archive told: libarchive's archive_read_callback. */
ssize_t stream_read(struct archive *a, void *stream, const void **data);
/* fail() of what libarchive says of the archive that is read from it, and of the entry `path` in it
 * (may be NULL); a failure of the stream's own says already what it was about. EINVAL; -1. */
int stream_archive_failed(const struct stream *s, struct archive *a, const char *path);
/* Read what is left. The digest, if it was asked for, goes to hex (may be NULL). -1 with fail(). */
int stream_finish(struct stream *s, char hex[DIGEST_HEX]);
void stream_close(struct stream *s);

#endif
