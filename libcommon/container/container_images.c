/* container_images.c: the images that our containers use; see container_images.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "container_images.h"
#include "digest.h"
#include "err.h"
#include "file.h"
#include "image_store.h"
#include "record.h"

struct users {
	const char *hex, *id;
	struct strv *out;
};

static bool is_digest(const char *text, const char *hex)
{
	return text && str_starts(text, "sha256:") && strcmp(text + 7, hex) == 0;
}

/* A container's conf names the digest of its image's manifest and the image's id. */
static int container_images_user_one(struct container *c, void *arg)
{
	const struct users *u = arg;
	if (c->status == ST_CORRUPT) /* it is not known what it uses */
		return fail("%s: %s (ctr-gc sets a damaged record aside)", c->name, c->why);
	if (is_digest(kv_get(&c->conf, "image_digest"), u->hex) ||
	    is_digest(kv_get(&c->conf, "image_id"), u->id))
		strv_add(u->out, c->name);
	return 0;
}

int container_image_users(const char *hex, const char *id, struct strv *out)
{
	return container_each(container_images_user_one, &(struct users){hex, id, out});
}

int container_image(
    const struct container *c, const struct store *s, struct manifest *m, struct image_config *im)
{
	const char *digest = kv_get(&c->conf, "image_digest"), *id = kv_get(&c->conf, "image_id");
	const char *hex = digest ? digest_parse(c->name, digest) : NULL;
	struct ref r = {0};
	size_t names;
	if (hex && store_image(s, hex, m, im) == 0)
		return 0;
	int e = hex && id && store_ref(s, id, &r, &names) == 0 ? store_image(s, r.hex, m, im) : -1;
	free(r.name);
	return e;
}

static int config_one(struct container *c, void *arg)
{
	size_t n;
	_cleanup_free_ char *text = NULL;
	int r = container_config(c, &text, &n);
	if (r == 1)
		buf_add(arg, text, n);
	return r < 0 ? -1 : 0;
}

int container_configs(struct buf *texts)
{
	return container_each(config_one, texts);
}

bool container_layer_used(const char *layer, void *texts)
{
	const struct buf *b = texts;
	return b->n && memmem(b->p, b->n, layer, DIGEST_HEX - 1);
}
