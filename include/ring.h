/* ring.h: buffers that a second thread works on (it computes digests, or writes) while the first
 * thread fills the next one. */
#ifndef CTR_RING_H
#define CTR_RING_H

#include <stddef.h>

#define RING_CHUNK (256 << 10)

struct ring;
/* Start the thread. It calls `work` with each buffer in turn; work returns 0, or -1 with errno,
 * after which it is not called again. NULL with fail(). */
struct ring *ring_open(int (*work)(void *arg, const void *data, size_t n), void *arg);
/* The next buffer to fill, of RING_CHUNK bytes; waits until one is free. A buffer that was handed
 * on can still be read until the next ring_put(). */
char *ring_buf(struct ring *r);
/* Hand the buffer of the last ring_buf() on. 0, or -1 with errno when the work has failed. */
int ring_put(struct ring *r, size_t n);
/* Wait for the work and end the thread. 0, or -1 with errno when it failed. */
int ring_close(struct ring *r);

#endif
