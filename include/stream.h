/* stream.h: bytes from a file or pipe, decompressed on the way, hashed before and after, copied on
 * the way.
 *
 * gzip by the linked zlib; zstd and xz through the host's programs of these names (never an
 * image's).
 */
#ifndef CTR_STREAM_H
#define CTR_STREAM_H

#include <stdint.h>
#include <sys/types.h>
#include "digest.h"

enum compression { COMP_NONE, COMP_GZIP, COMP_ZSTD, COMP_OTHER };

struct stream {
	const char *what; /* in messages; borrowed */
	/* known from the first byte on */
	enum compression comp;
	/* known after stream_finish() */
	char raw_hex[DIGEST_HEX];   /* of the bytes as they came */
	char plain_hex[DIGEST_HEX]; /* of the decompressed ones */
	char copy_hex[DIGEST_HEX];  /* of what was copied: raw, but the plain ones where raw is
				       COMP_OTHER */
	uint64_t raw_size, plain_size, copy_size;
	struct stream_parts *parts;
};

/* Read from fd (borrowed). `copy` (borrowed, -1 for none) gets the bytes as they came, so that it
 * is a layer blob; a compression that image-spec has no name for is copied decompressed. -1 with
 * fail(). */
int stream_open(struct stream *s, int fd, const char *what, int copy);
/* The next decompressed bytes, valid until the next call; 0 at the end, -1 with fail(). */
ssize_t stream_read(struct stream *s, const void **data);
/* Read what is left, and fill in the digests. -1 with fail(). */
int stream_finish(struct stream *s);
void stream_close(struct stream *s);

#endif
