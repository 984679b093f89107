/* apart.h: an archive is read by a child that can do nothing else (confine.h).
 *
 * This process only moves the bytes, hashes them as they arrive and copies them into the store; the
 * child parses them (decompressor and tar reader). The child sees neither the file that they come
 * from nor anything outside the directory it works on.
 */
#ifndef CTR_APART_H
#define CTR_APART_H

#include <stdbool.h>
#include "stream.h"
#include "str.h"

struct apart {
	int fd; /* the archive */
	/* Where its bytes are copied to, -1: nowhere. They are copied as they come, so that the
	 * copy is the layer's blob; if image-spec has no name for the compression, they are copied
	 * decompressed. */
	int copy;
	uint64_t max;     /* more bytes than these are an error; 0: any number */
	int root;         /* the directory in which the child is confined */
	bool whole;       /* confine()'s argument of that name */
	const char *what; /* the archive's name in messages */
	/* In the child: read the stream, work on the directory `root`, append to `left` what the
	 * parent has to know. -1 with fail(). */
	int (*fn)(struct stream *s, int root, struct buf *left, void *arg);
	void *arg;
};

/* Descriptors are borrowed. Reads the archive to its end and fills in sums (digests and sizes).
 * `left` gets what the child appended. -1 with fail(), and the child's errno. */
int apart_read(const struct apart *a, struct stream_sums *sums, struct buf *left);

/* Milliseconds that the child may take for each piece that it is given, and for its report (an
 * hour). */
extern int apart_patience;

/* On a terminal, unless progress_off: a line "APPLET: WHAT: TEXT" for people who wait, which the
 * next one takes the place of; with TEXT "" it goes away. */
void progress_line(const char *what, const char *text);
extern bool progress_off;

#endif
