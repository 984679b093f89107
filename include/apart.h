/* apart.h: an archive is read by a child that can do nothing else (confine.h).
 *
 * This process only moves its bytes, hashes them as they come and copies them into the store; what
 * takes them apart (the decompressor, the reader of tar) is the child. It sees neither the file
 * that they come from nor anything outside the directory it works on.
 */
#ifndef CTR_APART_H
#define CTR_APART_H

#include <stdbool.h>
#include "stream.h"
#include "str.h"

struct apart {
	int fd;     /* where the archive comes from */
	int copy;   /* where its bytes are copied to, -1 nowhere: as they came, so that it is a
		     * layer's blob; a compression that image-spec has no name for is copied
		     * decompressed
		     */
	int root;   /* the directory that the child is held in */
	bool whole; /* confine()'s */
	const char *what; /* in messages */
	/* In the child: read the stream, work on the directory `root`, append to `left` what the
	 * parent is to know. -1 with fail(). */
	int (*fn)(struct stream *s, int root, struct buf *left, void *arg);
	void *arg;
};

/* Descriptors are borrowed. Reads the archive to its end and fills in sums (digests and sizes).
 * `left` is the child's. -1 with fail(), and the child's errno. */
int apart_read(const struct apart *a, struct stream_sums *sums, struct buf *left);

#endif
