/* pack_sink.h: writes the bytes of an archive to a file (struct sink, layer.h). Where a digest is
 * wanted, a second thread computes it. */
#ifndef CTR_PACK_SINK_H
#define CTR_PACK_SINK_H

#include <archive.h>
#include "layer.h"

/* Begin; `fd` and `hash` must be set. -1 with fail(), and sink_end() has to be called even then. */
int sink_begin(struct sink *s);
/* The callback that libarchive calls to write; `arg` is the sink. */
la_ssize_t sink_write(struct archive *a, void *arg, const void *data, size_t n);
/* A buffer of RING_CHUNK bytes for the next bytes: what is written from there need not be copied.
 * NULL with errno. */
char *sink_lend(struct sink *s);
/* Write what is in the buffer. -1 with errno. */
int sink_flush(struct sink *s);
void sink_end(struct sink *s);

#endif
