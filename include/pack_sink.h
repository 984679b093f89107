/* pack_sink.h: an archive's bytes on their way into a file (struct sink, layer.h), hashed by a
 * second thread where that is wanted.
 */
#ifndef CTR_PACK_SINK_H
#define CTR_PACK_SINK_H

#include <archive.h>
#include "layer.h"

/* Start with fd and hash set. -1 with fail(); sink_end() is called all the same. */
int sink_begin(struct sink *s);
/* libarchive's callback: `arg` is the sink. */
la_ssize_t sink_write(struct archive *a, void *arg, const void *data, size_t n);
/* A buffer of RING_CHUNK for the next bytes: what is written from there is not copied. NULL with
 * errno. */
char *sink_lend(struct sink *s);
/* Write what is in the buffer. -1 with errno. */
int sink_flush(struct sink *s);
void sink_end(struct sink *s);

#endif
