/* stream.h: the plain bytes of a file or pipe, hashed on the way.
 *
 * gzip is undone here, by the linked zlib; zstd, xz and bzip2 before, by the host's programs of
 * these names (never an image's; apart.h).
 */
#ifndef CTR_STREAM_H
#define CTR_STREAM_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "digest.h"

enum compression { COMP_NONE, COMP_GZIP, COMP_ZSTD, COMP_XZ, COMP_BZIP2 };

#define STREAM_CHUNK (256 << 10)

/* What was seen of a whole archive. */
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
	struct stream_parts *parts;
};

/* By how it begins. */
enum compression stream_sniff(const void *begin, size_t n);
/* Read up to n bytes, fewer only at the end. -1 with errno. */
ssize_t stream_fill(int fd, char *buf, size_t n);

/* Read from fd (borrowed), which is plain, or gzip when `gzip`. `copy` (borrowed, -1 for none) gets
 * the plain bytes. With `hash` they are hashed. -1 with fail(). */
int stream_open(struct stream *s, int fd, const char *what, bool gzip, bool hash, int copy);
/* The next plain bytes, valid until the next call; 0 at the end, -1 with fail(). */
ssize_t stream_read(struct stream *s, const void **data);
/* Read what is left; the digest, where it was asked for, goes to hex (may be NULL). -1 with fail().
 */
int stream_finish(struct stream *s, char hex[DIGEST_HEX]);
void stream_close(struct stream *s);

#endif
