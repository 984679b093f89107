/* prune.h: removing, for ctr-prune, where other applets have it already. */
#ifndef CTR_PRUNE_H
#define CTR_PRUNE_H

#include "image_store.h"

/* A network that nobody is on (applets/ctr-net.c). 0, or -1 with fail(). */
int net_remove(const char *name);
/* Layers and blobs that no image uses, of a store opened to remove (applets/ctr-image.c); ends the
 * program where that fails. */
void image_prune(struct store *s, uint64_t *freed);

#endif
