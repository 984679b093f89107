/* container_images.h: what our containers use of the image store.
 */
#ifndef CTR_CONTAINER_IMAGES_H
#define CTR_CONTAINER_IMAGES_H

#include <stdbool.h>
#include "str.h"

/* The names of the containers that were made from an image (the hex digits of its manifest's digest
 * and of its id), appended to *out. -1 with fail(). */
int container_image_users(const char *hex, const char *id, struct strv *out);

/* Manifest and config of the image that a container was made from, as store_image() reads them: of
 * the very manifest, or of another that the store has of the same image. -1 when there is none. */
struct container;
struct store;
struct manifest;
struct image_config;
int container_image(
    const struct container *c, const struct store *s, struct manifest *m, struct image_config *im);

/* What every container's config.json says, one after the other, into *texts: container_layer_used()
 * finds a layer's name in it. To be read with the store's gate in hand, so that none is made
 * meanwhile. -1 with fail() when one cannot be read: then nothing may be removed. */
int container_configs(struct buf *texts);
/* Is this layer's name in the texts? A layer_used_fn (image_store.h); its `arg` is that struct buf.
 */
bool container_layer_used(const char *layer, void *texts);

/* Put a container on another root: an image's name, a folder, an image file or a block device. Its
 * writable layer, command and options stay; one that runs takes it at its next start. -1 with
 * fail(), and nothing is changed. */
int container_reroot(struct container *c, const char *root);

/* create_reload() before a start: what the link of --root-link names now is the root from here on.
 * With the container's lock in hand. */
struct spec;
int container_spec_next(struct container *c, struct spec *spec);

#endif
