/* reroot.c: replacing the root below a container's writable layer; see container_images.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container_images.h"
#include "create.h"
#include "err.h"
#include "file.h"
#include "image.h"
#include "userns.h"

static int root_of_image(struct spec *s, struct kv *conf, const char *ref)
{
	struct image im;
	if (image_obtain(ctr_lib(), ref, NULL, userns_do, &im) < 0)
		return -1;
	strv_addall(&s->x_lower, &im.layers);
	kv_set(conf, "image", ref);
	kv_set(conf, "image_digest", im.digest);
	kv_set(conf, "image_id", im.id);
	image_free(&im);
	return 0;
}

static int root_of_path(struct spec *s, struct kv *conf, const char *path)
{
	struct stat st;
	const char *file = image_file_name(path), *type, *hash = path + strlen(IMAGE_VERITY);
	char *abs = path_real(file);
	if (!abs || stat(abs, &st) < 0)
		return fail_errno(path);
	if (file > path && (hash[strspn(hash, "0123456789abcdef")] != ':' || *hash == ':'))
		return errno = EINVAL,
		       fail("%s: not a root hash, in small hexadecimal digits", path);
	if (S_ISDIR(st.st_mode) && file == path) {
		strv_take(&s->x_lower, abs);
	} else if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)) {
		/* Whoever updates it is told at once when this is no image, and not by the next
		 * start. */
		_cleanup_close_ int fd = image_file_open(abs, &type);
		if (fd < 0)
			return -1;
		s->x_image_file = xasprintf("%.*s%s", (int)(file - path), path, abs);
	} else {
		return fail("%s: neither a directory nor an image file", path);
	}
	kv_set(conf, "image", path);
	kv_set(conf, "image_digest", "");
	kv_set(conf, "image_id", "");
	return 0;
}

int container_reroot(struct container *c, const char *root)
{
	struct spec s;
	_cleanup_close_ int gate = image_gate(ctr_lib());
	(void)gate;
	if (container_starting(c) < 0 || container_refresh(c) < 0 || create_reload(c, &s) < 0)
		return -1;
	if (!s.x_lower.n && !s.x_image_file)
		return errno = EINVAL,
		       fail("%s: its root is a folder of its own (--direct, --bundle or a copy), "
			    "not a layer above an image",
			   c->name);
	bool verity = str_starts(root, IMAGE_VERITY);
	if (s.x_image_file && str_starts(s.x_image_file, IMAGE_VERITY) && !verity)
		return errno = EINVAL,
		       fail("%s: its root is verified, so its new one is to be named as "
			    "verity:HASH:FILE",
			   c->name);
	strv_free(&s.x_lower);
	free(s.x_image_file);
	s.x_image_file = NULL;
	if ((!verity && image_is_ref(root) ? root_of_image(&s, &c->conf, root)
					   : root_of_path(&s, &c->conf, root)) < 0)
		return -1;
	if (!str_eq(kv_get(&c->conf, "root_link"), root))
		kv_set(&c->conf, "root_link", "");
	kv_set(&c->conf, "rootfs", s.x_lower.n ? s.x_lower.v[0] : s.x_image_file);
	_cleanup_free_ char *json = spec_text(&s);
	spec_free(&s);
	/* config.json first, because layers are kept according to it. */
	if (file_write_at(c->dir, "config.json", json, strlen(json), 0600, true) < 0 ||
	    kv_write_at(&c->conf, c->dir, "conf", true) < 0)
		return fail_about(c->name);
	return 0;
}

int container_spec_next(struct container *c, struct spec *spec)
{
	const char *link = kv_get(&c->conf, "root_link");
	_cleanup_free_ char *now = link && *link ? path_real(link) : NULL,
			    *path = xstrdup(link ? link : "");
	if (*path && !now)
		return fail("%s: its root, %s: %m", c->name, path);
	if (now && !str_eq(now, kv_get(&c->conf, "rootfs")) && container_reroot(c, path) < 0)
		return -1;
	return create_reload(c, spec);
}
