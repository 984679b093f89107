/* open.c: from an image's name to everything that starting a container of it needs; see image.h.
 * This is on the start path: an index, a manifest and a config are read, each layer is looked up,
 * and nothing else is done. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "image.h"
#include "image_store.h"
#include "place.h"
#include "str.h"

struct missing {
	const char *lib;
	const struct manifest *m;
	const struct image_config *c;
};

/* Layers that another tool or a commit stored here as blobs only. */
static int unpack_missing(void *arg)
{
	const struct missing *x = arg;
	struct store s;
	int r = store_open(&s, x->lib, STORE_ADD);
	if (r == 0)
		r = store_unpack(&s, x->m, x->c) < 0 ? -1 : store_commit(&s);
	int why = errno;
	store_close(&s);
	errno = why;
	return r;
}

static int open_layers(
    struct store *s, const struct missing *x, image_apart_fn *apart, struct image *out)
{
	const struct image_config *c = x->c;
	if (c->n == 0)
		return errno = EINVAL,
		       fail("%s: an image without layers: nothing is in it", out->ref);
	void *arg = (void *)(uintptr_t)x;
	/* An image may contain the same layer twice (often the empty one). overlayfs refuses that,
	 * and the upper one hides all of the lower one. */
	for (size_t i = c->n; i-- > 0;) {
		char name[DIGEST_HEX];
		if (!store_layer_name(s, c->diff_ids, i, name)) { /* then all that are missing */
			if ((apart ? apart(unpack_missing, arg) : unpack_missing(arg)) < 0)
				return -1;
			if (s->layers < 0)
				s->layers = place_dir(x->lib, "layers", 0);
			store_layer_name(s, c->diff_ids, i, name);
		}
		_cleanup_free_ char *dir = xasprintf("%s/layers/%s", x->lib, name);
		if (!strv_has(&out->layers, dir))
			strv_add(&out->layers, dir);
	}
	return 0;
}

static int open_found(
    struct store *s, const char *lib, const struct ref *r, image_apart_fn *apart, struct image *out)
{
	struct manifest m;
	struct image_config c;
	if (store_image(s, r->hex, &m, &c) < 0)
		return fail_about(r->name ? r->name : r->hex);
	*out = c.image;
	memset(&c.image, 0, sizeof c.image);
	out->digest = xasprintf("sha256:%s", r->hex);
	out->id = xasprintf("sha256:%s", m.config);
	out->ref = r->name ? xstrdup(r->name) : xstrdup(out->digest);
	int e = open_layers(s, &(struct missing){lib, &m, &c}, apart, out);
	manifest_free(&m);
	config_free(&c);
	if (e < 0)
		image_free(out);
	return e;
}

int image_gate(const char *lib)
{
	_cleanup_free_ char *path = path_join(lib, "images");
	_cleanup_close_ int images = dir_open(path);
	return images < 0 ? -1 : store_gate(images, false, LOCK_SH);
}

int image_open(const char *lib, const char *ref, image_apart_fn *apart, struct image *out)
{
	struct store s;
	struct ref found_ref;
	size_t names;
	*out = (struct image){0};
	if (store_open(&s, lib, STORE_READ) < 0)
		return -1;
	int r = store_ref(&s, ref, &found_ref, &names);
	if (r == 0) {
		r = open_found(&s, lib, &found_ref, apart, out);
		free(found_ref.name);
	}
	int why = errno;
	store_close(&s);
	errno = why;
	return r;
}
