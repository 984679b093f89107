/* load.c: images from docker save archives, OCI archives and OCI layout folders; see image_store.h.
 *
 * The digest of every byte is checked: the index names the digest of the manifest, the manifest
 * those of the config and the layers, and the config those of the unpacked layers (diff_ids).
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "image_files.h"
#include "image_store.h"
#include "json.h"
#include "str.h"

#define SKIPPED "%s: %zu skipped that are no images for linux/%s"
#define DEPTH_MAX 4 /* levels of nested indexes */

struct found {
	char *name; /* NULL: none */
	char hex[DIGEST_HEX];
	uint64_t size;
};

struct load {
	struct store *s;
	struct image_files *f;
	const char *name; /* --name */
	/* Images whose config says another platform: met, and wanted (there is nothing else). */
	bool other, any;
	struct found *v;
	size_t n, room;
};

static void load_add(struct load *l, const char *name, const char *hex, uint64_t size)
{
	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 8;
		l->v = xrealloc(l->v, l->room * sizeof *l->v);
	}
	struct found *to = &l->v[l->n++];
	*to = (struct found){.name = name ? xstrdup(name) : NULL, .size = size};
	memcpy(to->hex, hex, DIGEST_HEX);
}

/* --- layers and small blobs --- */

static int layer(struct load *l, const char *path, const char *blob, const struct image_config *c,
    size_t i, struct stream_sums *in)
{
	const struct image_file *row;
	_cleanup_close_ int fd = image_files_open(l->f, path, &row);
	_cleanup_free_ char *what = xasprintf("%s: layer %s", l->f->what, blob ? blob : path);
	if (fd < 0 || store_layer(l->s, fd, what, !row, blob, c->diff_ids, i, in) < 0)
		return -1;
	if (in->comp >= COMP_XZ)
		return errno = EINVAL, fail("%s: compressed in a way that no image has", what);
	if (!row)
		return 0;
	char spool[32]; /* it is on the disk already */
	snprintf(spool, sizeof spool, "f-%zu", row->spool);
	if (linkat(l->s->tmp, spool, l->s->tmp, in->raw_hex, 0) < 0 && errno != EEXIST)
		return fail_tried(what, "link a blob");
	return 0;
}

static void load_blob_path(char out[DIGEST_HEX + 16], const char *hex)
{
	snprintf(out, DIGEST_HEX + 16, "blobs/sha256/%s", hex);
}

/* Read a manifest, config or index and verify it. Caller frees. */
static char *load_meta(const struct load *l, const char *hex, size_t *len)
{
	char path[DIGEST_HEX + 16], have[DIGEST_HEX];
	load_blob_path(path, hex);
	char *text = image_files_read(l->f, path, len);
	if (!text)
		return NULL;
	digest_of(text, *len, have);
	if (strcmp(have, hex) == 0)
		return text;
	errno = EBADMSG;
	fail("%s: %s: its digest is %s", l->f->what, path, have);
	free(text);
	return NULL;
}

static int load_inherit(struct load *l, const struct image_config *c)
{
	return store_inherit(l->s, c->diff_ids, c->n) < 0 ? fail_about(l->f->what) : 0;
}

/* --- OCI --- */

static int oci_layers(struct load *l, const struct manifest *m, const struct image_config *c)
{
	if (m->n != c->n)
		return errno = EINVAL, fail("%s: a manifest of %zu layers whose config has %zu",
					   l->f->what, m->n, c->n);
	for (size_t i = 0; i < m->n; i++) {
		char path[DIGEST_HEX + 16];
		struct stream_sums in;
		load_blob_path(path, m->layers[i].hex);
		if (layer(l, path, m->layers[i].hex, c, i, &in) < 0)
			return -1;
	}
	return 0;
}

static bool layer_foreign(const json_t *l)
{
	const char *type = json_string_value(json_object_get(l, "mediaType"));
	return type && (str_ends(type, "+json") || str_ends(type, "encrypted"));
}

/* Not an image that can run here: an artifact, a signature (cosign's has an image's config), an
 * attestation. */
static bool load_foreign(const char *what, const char *text, size_t len)
{
	_cleanup_json_ json_t *j = json_parse(what, text, len);
	const json_t *config = json_object_get(j, "config"), *layers, *l;
	const char *type = json_string_value(json_object_get(config, "mediaType"));
	size_t i;
	if (!json_is_object(j))
		return false; /* it is damaged, which is reported later */
	layers = json_object_get(j, "layers");
	bool other = json_object_get(j, "artifactType") || !config || !layers ||
		     (type && !strstr(type, "image.config.v1+json") &&
			 !strstr(type, "container.image.v1+json"));
	json_array_foreach(layers, i, l) other |= layer_foreign(l);
	return other;
}

static bool fits(const char *is, const char *wanted)
{
	return !is || !*is || strcmp(is, wanted) == 0;
}

/* The config says another platform, and there may be images for ours. */
static bool load_elsewhere(struct load *l, const struct image_config *c, const char *what)
{
	if (fits(c->os, "linux") && fits(c->architecture, image_arch()))
		return false;
	if (l->any)
		warn("%s: it is for %s/%s", what, c->os ? c->os : "linux", c->architecture);
	return l->other = true, !l->any;
}

/* 0 loaded, 1 foreign, -1 with fail(). */
static int oci_manifest(struct load *l, const char *hex, const char *name)
{
	struct manifest m;
	struct image_config c;
	size_t len, clen;
	_cleanup_free_ char *text = load_meta(l, hex, &len);
	_cleanup_free_ char *what = xasprintf("%s: manifest %.12s", l->f->what, hex);
	if (text && load_foreign(what, text, len))
		return 1;
	if (!text || manifest_parse(what, text, len, &m) < 0)
		return -1;
	_cleanup_free_ char *ctext = load_meta(l, m.config, &clen);
	_cleanup_free_ char *cwhat = xasprintf("%s: config %.12s", l->f->what, m.config);
	int r = !ctext || config_parse(cwhat, ctext, clen, &c) < 0 ? -1 : 0;
	if (r == 0) {
		char have[DIGEST_HEX];
		r = load_elsewhere(l, &c, what);
		if (r == 0)
			r = store_put(l->s, text, len, have) < 0 ||
				    store_put(l->s, ctext, clen, have) < 0 ||
				    oci_layers(l, &m, &c) < 0 || load_inherit(l, &c) < 0
				? -1
				: 0;
		config_free(&c);
	}
	manifest_free(&m);
	if (r == 0)
		load_add(l, name, hex, len);
	return r;
}

/* Is it for our platform? An entry that names none suits every platform. */
static bool platform_fits(const json_t *d)
{
	const json_t *p = json_object_get(d, "platform");
	const char *os = json_string_value(json_object_get(p, "os")),
		   *arch = json_string_value(json_object_get(p, "architecture"));
	return fits(os, "linux") && fits(arch, image_arch());
}

/* "busybox:1.36" is taken as it is; a bare tag ("latest", as umoci and skopeo write it) is appended
 * to the file's own name. */
static char *oci_name(const struct load *l, const json_t *d)
{
	const json_t *a = json_object_get(d, "annotations");
	const char *full = json_string_value(json_object_get(a, "io.containerd.image.name"));
	const char *ref =
	    json_string_value(json_object_get(a, "org.opencontainers.image.ref.name"));
	char *name = NULL;
	if (full && ref_parse(full, &name) == 0)
		return name;
	if (!ref)
		return NULL;
	if (!strpbrk(ref, ":/") && strcmp(l->f->what, "stdin") != 0) {
		_cleanup_free_ char *base = xstrdup(l->f->what);
		size_t n = strlen(base);
		while (n > 1 && base[n - 1] == '/')
			base[--n] = 0;
		char *slash = strrchr(base, '/'), *stem = slash ? slash + 1 : base,
		     *dot = strchr(stem, '.');
		if (dot && dot > stem)
			*dot = 0;
		for (char *p = stem; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		_cleanup_free_ char *both = xasprintf("%s:%s", stem, ref);
		if (*stem && ref_parse(both, &name) == 0)
			return name;
	}
	return ref_parse(ref, &name) == 0 ? name : NULL;
}

static int oci_index(
    struct load *l, const json_t *index, const char *what, const char *above, int depth);

static int oci_descriptor(
    struct load *l, const json_t *d, const char *what, const char *above, int depth)
{
	const char *type = json_string_value(json_object_get(d, "mediaType"));
	const char *digest = json_string_value(json_object_get(d, "digest"));
	_cleanup_free_ char *name = oci_name(l, d);
	const char *as = name ? name : above;
	if (!digest)
		return errno = EINVAL, fail("%s: an entry without a digest", what);
	if (json_object_get(d, "artifactType") || str_starts(digest, "sha512:"))
		return 1;
	const char *hex = digest_parse(what, digest);
	if (!hex)
		return -1;
	if (!type || strstr(type, "image.manifest") || strstr(type, "distribution.manifest.v2"))
		return oci_manifest(l, hex, as);
	if (!strstr(type, "image.index") && !strstr(type, "manifest.list"))
		return 1; /* image-layout.md: entries of other types are to be expected */
	size_t len;
	_cleanup_free_ char *text = load_meta(l, hex, &len);
	_cleanup_free_ char *inner = xasprintf("%s: index %.12s", l->f->what, hex);
	_cleanup_json_ json_t *j = text ? json_parse(inner, text, len) : NULL;
	return j ? oci_index(l, j, inner, as, depth + 1) : -1;
}

/* At the top level every image for our platform is loaded, and others are skipped with a message. A
 * nested index is one image in several variants: the first one that fits is loaded. 0; 1 when
 * nothing fits; -1 with fail(). */
static int oci_index(
    struct load *l, const json_t *index, const char *what, const char *above, int depth)
{
	const json_t *list = json_object_get(index, "manifests"), *d;
	size_t i, loaded = 0, skipped = 0;
	if (!json_is_array(list))
		return errno = EINVAL, fail("%s: no list of manifests", what);
	if (manifest_plain(what, index) < 0)
		return -1;
	if (depth > DEPTH_MAX)
		return errno = EINVAL, fail("%s: indexes in indexes", what);
	json_array_foreach(list, i, d)
	{
		int r = platform_fits(d) ? oci_descriptor(l, d, what, above, depth) : 1;
		if (r < 0)
			return -1;
		loaded += r == 0;
		skipped += r;
		if (depth > 0 && loaded)
			break;
	}
	if (depth == 0 && skipped && loaded)
		warn(SKIPPED, what, skipped, image_arch());
	return loaded == 0;
}

static int oci(struct load *l)
{
	size_t len;
	_cleanup_free_ char *text = image_files_read(l->f, "index.json", &len);
	_cleanup_free_ char *what = xasprintf("%s: index.json", l->f->what);
	_cleanup_json_ json_t *j = text ? json_parse(what, text, len) : NULL;
	int r = j ? oci_index(l, j, what, NULL, 0) : -1;
	if (r == 1 && l->other) {
		l->any = true;
		r = oci_index(l, j, what, NULL, 0);
	}
	return r == 1
		   ? (errno = ENOENT, fail("%s: no image for linux/%s in it", what, image_arch()))
		   : r;
}

/* --- docker --- */

static int docker_layers(
    struct load *l, const json_t *paths, const struct image_config *c, struct manifest *m)
{
	if (!json_is_array(paths) || json_array_size(paths) != c->n)
		return errno = EINVAL, fail("%s: manifest.json: %zu layers, but the config has %zu",
					   l->f->what, json_array_size(paths), c->n);
	m->layers = xcalloc(c->n + 1, sizeof *m->layers);
	for (; m->n < c->n; m->n++) {
		const char *path = json_string_value(json_array_get(paths, m->n));
		struct stream_sums in;
		if (!path)
			return errno = EINVAL,
			       fail("%s: manifest.json: Layers: not all are strings", l->f->what);
		if (layer(l, path, NULL, c, m->n, &in) < 0)
			return -1;
		struct manifest_layer *to = &m->layers[m->n];
		memcpy(to->hex, in.copy_hex, DIGEST_HEX);
		to->size = in.copy_size;
		to->type = xstrdup(layer_type(in.comp));
	}
	return 0;
}

static int docker_tags(struct load *l, const json_t *tags, const char *hex, uint64_t size)
{
	size_t i;
	const json_t *t;
	json_array_foreach(tags, i, t)
	{
		_cleanup_free_ char *name = NULL;
		if (!json_is_string(t) || ref_parse(json_string_value(t), &name) < 0)
			return errno = EINVAL,
			       json_is_string(t)
				   ? fail_in("%s: manifest.json", l->f->what)
				   : fail("%s: manifest.json: RepoTags: not all are strings",
					 l->f->what);
		load_add(l, name, hex, size);
	}
	if (json_array_size(tags) == 0)
		load_add(l, NULL, hex, size);
	return 0;
}

static int docker_image(struct load *l, const json_t *o)
{
	const char *path = json_string_value(json_object_get(o, "Config"));
	size_t len;
	if (!path)
		return errno = EINVAL,
		       fail("%s: manifest.json: an image without Config", l->f->what);
	_cleanup_free_ char *text = image_files_read(l->f, path, &len);
	_cleanup_free_ char *what = xasprintf("%s: %s", l->f->what, path);
	struct image_config c;
	struct manifest m = {0};
	char hex[DIGEST_HEX], id[DIGEST_HEX];
	uint64_t size;
	if (!text || config_parse(what, text, len, &c) < 0)
		return -1;
	/* The name of the config is its digest: HEX.json in old archives, blobs/sha256/HEX in new
	 * ones. */
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	digest_of(text, len, hex);
	int r = 0;
	if (strspn(base, "0123456789abcdef") == DIGEST_HEX - 1 &&
	    strncmp(base, hex, DIGEST_HEX - 1) != 0)
		r = (errno = EBADMSG, fail("%s: its digest is %s", what, hex));
	if (r == 0)
		r = load_elsewhere(l, &c, what);
	if (r == 0)
		r = docker_layers(l, json_object_get(o, "Layers"), &c, &m) < 0 ||
			    load_inherit(l, &c) < 0
			? -1
			: 0;
	if (r == 0) /* the config byte for byte, so that the image's id stays the same */
		r = store_put_manifest(l->s, text, len, &m, hex, id, &size);
	if (r == 0)
		r = docker_tags(l, json_object_get(o, "RepoTags"), hex, size);
	manifest_free(&m);
	config_free(&c);
	return r;
}

static int docker(struct load *l)
{
	size_t len, i;
	const json_t *o;
	_cleanup_free_ char *text = image_files_read(l->f, "manifest.json", &len);
	_cleanup_free_ char *what = xasprintf("%s: manifest.json", l->f->what);
	_cleanup_json_ json_t *j = text ? json_parse(what, text, len) : NULL;
	if (!j)
		return -1;
	if (!json_is_array(j) || json_array_size(j) == 0)
		return errno = EINVAL, fail("%s: not a list of images", what);
	do {
		size_t skipped = 0;
		l->any = l->other;
		json_array_foreach(j, i, o)
		{
			int r = docker_image(l, o);
			if (r < 0)
				return -1;
			skipped += r == 1;
		}
		if (skipped && l->n)
			warn(SKIPPED, what, skipped, image_arch());
	} while (!l->n);
	return 0;
}

/* --- both --- */

static int names(struct load *l, struct strv *loaded)
{
	for (size_t i = 0; i < l->n; i++) {
		struct found *x = &l->v[i];
		struct ref r = {0};
		const char *name = l->name ? l->name : x->name;
		memcpy(r.hex, x->hex, DIGEST_HEX);
		if (store_ref_set(l->s, name, x->hex, x->size) < 0)
			return -1;
		const char *id = store_id(l->s, &r);
		if (name)
			strv_add(loaded, name);
		else
			strv_addf(loaded, "sha256:%s", id);
		image_tell("load", id, loaded->v[loaded->n - 1]);
	}
	return 0;
}

static bool one_image(const struct load *l)
{
	for (size_t i = 1; i < l->n; i++)
		if (strcmp(l->v[i].hex, l->v[0].hex) != 0)
			return false;
	return true;
}

static int load_load(struct load *l, struct strv *loaded)
{
	bool is_oci = image_files_has(l->f, "index.json"),
	     is_docker = image_files_has(l->f, "manifest.json");
	if (!is_oci && !is_docker)
		return errno = EINVAL,
		       fail("%s: not an archive of images (neither index.json nor manifest.json in "
			    "it); ctr-image import takes a root filesystem",
			   l->f->what);
	if ((is_oci ? oci(l) : docker(l)) < 0)
		return -1;
	if (l->name && !one_image(l))
		return errno = EINVAL,
		       fail("%s: %zu images in it, one name given", l->f->what, l->n);
	if (l->name && l->n > 1)
		l->n = 1;
	return store_commit(l->s) < 0 ? -1 : names(l, loaded);
}

static int load_begin(
    const char *lib, int fd, int dir, const char *what, const char *name, struct strv *loaded)
{
	struct store s;
	struct image_files f = {.dir = -1};
	struct load l = {.s = &s, .f = &f, .name = name};
	int r = store_open(&s, lib, STORE_ADD);
	if (r == 0 && dir >= 0)
		image_files_dir(&f, &s, dir, what);
	else if (r == 0)
		r = image_files_spool(&f, &s, fd, what);
	if (r == 0)
		r = load_load(&l, loaded);
	for (size_t i = 0; i < l.n; i++)
		free(l.v[i].name);
	free(l.v);
	image_files_free(&f);
	store_close(&s);
	return r;
}

int image_load(const char *lib, int fd, const char *what, const char *name, struct strv *loaded)
{
	return load_begin(lib, fd, -1, what, name, loaded);
}

int image_load_dir(const char *lib, const char *dir, const char *name, struct strv *loaded)
{
	_cleanup_close_ int fd = dir_open(dir);
	return fd < 0 ? fail_open(dir) : load_begin(lib, -1, fd, dir, name, loaded);
}
