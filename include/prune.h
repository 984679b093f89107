/* prune.h: the functions of other applets that ctr-prune uses to remove things. */
#ifndef CTR_PRUNE_H
#define CTR_PRUNE_H

#include "image_store.h"

/* Remove a network that nobody is on (applets/ctr-net.c). 0, or -1 with fail(). */
int net_remove(const char *name);
/* Remove the layers and blobs that no image uses from a store that was opened for removing
 * (applets/ctr-image.c). Ends the program when that fails. */
void image_prune(struct store *s, uint64_t *freed);
/* Tell of images that index.json has no more, after image_prune(), as events and in docker's words:
 * one whose config is still there has another name. Their ids were read before (store_id()). */
void image_gone(
    const struct store *s, const struct refs *gone, const char *untagged, const char *deleted);

#endif
