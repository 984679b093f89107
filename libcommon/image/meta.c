/* meta.c: manifests and configs (image-spec, manifest.md and config.md), read and written; see
 * image_store.h. The readers are given text from anywhere. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "image_store.h"
#include "json.h"
#include "stamp.h"
#include "str.h"

#define LAYERS_MAX 500 /* overlayfs takes no more lower directories than that */

/* --- manifest --- */

static int descriptor(const struct jctx *c, const json_t *d, const char *path, char hex[DIGEST_HEX],
    uint64_t *size, char **type)
{
	_cleanup_free_ char *digest = NULL;
	int64_t n = 0;
	if (!json_is_object(d))
		return errno = EINVAL, fail("%s: %s: not an object", c->what, path);
	if (jget_str(c, d, path, "digest", &digest) < 0 ||
	    jget_int(c, d, path, "size", 0, INT64_MAX, &n) < 0 ||
	    (type && jget_str(c, d, path, "mediaType", type) < 0))
		return -1;
	const char *h = digest ? digest_parse(c->what, digest) : NULL;
	if (!h)
		return errno = EINVAL, digest ? -1 : fail("%s: %s: no digest", c->what, path);
	memcpy(hex, h, DIGEST_HEX);
	*size = (uint64_t)n;
	return 0;
}

int manifest_plain(const char *what, const json_t *j)
{
	const char *type = json_string_value(json_object_get(j, "mediaType"));
	bool index = json_object_get(j, "manifests"),
	     image = json_object_get(j, "layers") || json_object_get(j, "fsLayers");
	if (type)
		image |= strstr(type, "image.manifest") || strstr(type, "manifest.v2");
	if (type && !index)
		index = strstr(type, "image.index") || strstr(type, "manifest.list");
	if (!index || !image)
		return 0;
	errno = EINVAL;
	return fail("%s: an image's manifest and an index in one", what);
}

static int manifest_fill(const struct jctx *c, const json_t *j, struct manifest *out)
{
	json_t *config = NULL, *layers = NULL, *l;
	size_t i;
	if (!json_is_object(j))
		return errno = EINVAL, fail("%s: not an object", c->what);
	if (manifest_plain(c->what, j) < 0 || jget_obj(c, j, "", "config", &config) < 0 ||
	    jget_arr(c, j, "", "layers", &layers) < 0)
		return -1;
	if (!config || !layers)
		return errno = EINVAL,
		       fail("%s: not an image manifest (no config, or no layers)", c->what);
	if (json_array_size(layers) > LAYERS_MAX)
		return errno = E2BIG, fail("%s: more than %d layers", c->what, LAYERS_MAX);
	if (descriptor(c, config, "config", out->config, &out->config_size, NULL) < 0)
		return -1;
	out->layers = xcalloc(json_array_size(layers) + 1, sizeof *out->layers);
	json_array_foreach(layers, i, l)
	{
		struct manifest_layer *to = &out->layers[out->n++];
		_cleanup_free_ char *path = xasprintf("layers[%zu]", i);
		if (descriptor(c, l, path, to->hex, &to->size, &to->type) < 0)
			return -1;
	}
	return 0;
}

int manifest_parse(const char *what, const char *text, size_t len, struct manifest *out)
{
	*out = (struct manifest){0};
	_cleanup_json_ json_t *j = json_parse(what, text, len);
	if (!j ||
	    manifest_fill(&(struct jctx){.what = what, .text = text, .len = len}, j, out) < 0) {
		int why = errno;
		manifest_free(out);
		errno = why;
		return -1;
	}
	return 0;
}

void manifest_free(struct manifest *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->layers[i].type);
	free(m->layers);
	*m = (struct manifest){0};
}

/* --- config --- */

/* {"/data":{}, "80/tcp":{}}: only the keys matter. */
static int keys(const struct jctx *c, const json_t *o, const char *key, struct strv *out)
{
	json_t *set = NULL;
	if (jget_obj(c, o, "config", key, &set) < 0)
		return -1;
	for (void *it = json_object_iter(set); it; it = json_object_iter_next(set, it))
		strv_add(out, json_object_iter_key(it));
	return 0;
}

static int meta_labels(const struct jctx *c, const json_t *o, struct strv *out)
{
	json_t *set = NULL;
	if (jget_obj(c, o, "config", "Labels", &set) < 0)
		return -1;
	for (void *it = json_object_iter(set); it; it = json_object_iter_next(set, it)) {
		const json_t *v = json_object_iter_value(it);
		if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v))
			return errno = EINVAL,
			       fail("%s: config.Labels: not all are strings", c->what);
		if (*json_object_iter_key(it))
			strv_addf(out, "%s=%s", json_object_iter_key(it), json_string_value(v));
	}
	return 0;
}

/* docker's, for which OCI has no word. */
static int health(const struct jctx *c, const json_t *o, struct image *im)
{
	static const char *const names[] = {
	    "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"};
	json_t *h = NULL;
	int r = jget_obj(c, o, "config", "Healthcheck", &h);
	if (r <= 0)
		return r;
	for (int i = 0; i < 5; i++)
		if (jget_int(c, h, "config.Healthcheck", names[i], 0, INT64_MAX / 2,
			&im->health_numbers[i]) < 0)
			return -1;
	return jget_strv(c, h, "config.Healthcheck", "Test", &im->health);
}

static int run_part(const struct jctx *c, const json_t *o, struct image *im)
{
	return jget_strv(c, o, "config", "Entrypoint", &im->entrypoint) < 0 ||
		       jget_strv(c, o, "config", "Cmd", &im->cmd) < 0 ||
		       jget_strv(c, o, "config", "Env", &im->env) < 0 ||
		       jget_str(c, o, "config", "WorkingDir", &im->workdir) < 0 ||
		       jget_str(c, o, "config", "User", &im->user) < 0 ||
		       jget_str(c, o, "config", "StopSignal", &im->stopsignal) < 0 ||
		       keys(c, o, "Volumes", &im->volumes) < 0 ||
		       keys(c, o, "ExposedPorts", &im->exposed) < 0 ||
		       meta_labels(c, o, &im->labels) < 0 || health(c, o, im) < 0
		   ? -1
		   : 0;
}

/* Each start makes a folder for every volume without a name, so an image may not have more. */
enum { VOLUMES_MAX = 1000 };

static int config_fill(const struct jctx *c, struct image_config *out)
{
	json_t *rootfs = NULL, *run = NULL, *ids = NULL, *v;
	size_t i;
	if (!json_is_object(out->json))
		return errno = EINVAL, fail("%s: not an object", c->what);
	if (jget_obj(c, out->json, "", "rootfs", &rootfs) < 0 ||
	    jget_obj(c, out->json, "", "config", &run) < 0 ||
	    jget_str(c, out->json, "", "created", &out->created) < 0 ||
	    jget_str(c, out->json, "", "os", &out->os) < 0 ||
	    jget_str(c, out->json, "", "architecture", &out->architecture) < 0)
		return -1;
	if (!rootfs || jget_arr(c, rootfs, "rootfs", "diff_ids", &ids) < 0 || !ids)
		return errno = EINVAL,
		       fail("%s: not an image config (no rootfs.diff_ids)", c->what);
	if (json_array_size(ids) > LAYERS_MAX)
		return errno = E2BIG, fail("%s: more than %d layers", c->what, LAYERS_MAX);
	out->diff_ids = xcalloc(json_array_size(ids) + 1, sizeof *out->diff_ids);
	json_array_foreach(ids, i, v)
	{
		const char *hex =
		    json_is_string(v) ? digest_parse(c->what, json_string_value(v)) : NULL;
		if (!hex)
			return errno = EINVAL,
			       json_is_string(v)
				   ? -1
				   : fail("%s: rootfs.diff_ids: not all are strings", c->what);
		memcpy(out->diff_ids[out->n++], hex, DIGEST_HEX);
	}
	if (run && run_part(c, run, &out->image) < 0)
		return -1;
	return out->image.volumes.n > VOLUMES_MAX
		   ? (errno = E2BIG, fail("%s: more than %d volumes", c->what, VOLUMES_MAX))
		   : 0;
}

int config_parse(const char *what, const char *text, size_t len, struct image_config *out)
{
	*out = (struct image_config){.json = json_parse(what, text, len)};
	if (!out->json ||
	    config_fill(&(struct jctx){.what = what, .text = text, .len = len}, out) < 0) {
		int why = errno;
		config_free(out);
		errno = why;
		return -1;
	}
	return 0;
}

void config_free(struct image_config *c)
{
	json_unref(&c->json);
	image_free(&c->image);
	free(c->diff_ids);
	free(c->created);
	free(c->architecture);
	free(c->os);
	*c = (struct image_config){0};
}

void image_free(struct image *im)
{
	struct strv *lists[] = {&im->entrypoint, &im->cmd, &im->env, &im->volumes, &im->labels,
	    &im->exposed, &im->layers};
	char *strings[] = {im->ref, im->digest, im->id, im->workdir, im->user, im->stopsignal};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		strv_free(lists[i]);
	for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
		free(strings[i]);
	memset(im, 0, sizeof *im);
}

int store_image(const struct store *s, const char *hex, struct manifest *m, struct image_config *c)
{
	size_t len;
	_cleanup_free_ char *text = store_get(s, hex, &len);
	_cleanup_free_ char *what = xasprintf("manifest %.12s", hex);
	if (!text || manifest_parse(what, text, len, m) < 0)
		return -1;
	free(text);
	free(what);
	what = xasprintf("config %.12s", m->config);
	text = store_get(s, m->config, &len);
	if (!text || config_parse(what, text, len, c) < 0) {
		manifest_free(m);
		return -1;
	}
	if (m->n == c->n)
		return 0;
	fail("manifest %.12s: %zu layers, but its config has %zu", hex, m->n, c->n);
	manifest_free(m);
	config_free(c);
	return errno = EINVAL, -1;
}

/* --- making them --- */

static const char *go_arch(void)
{
	static const char *const names[][2] = {{"x86_64", "amd64"}, {"aarch64", "arm64"},
	    {"armv7l", "arm"}, {"armv6l", "arm"}, {"i686", "386"}, {"ppc64le", "ppc64le"},
	    {"s390x", "s390x"}, {"riscv64", "riscv64"}};
	static struct utsname u;
	uname(&u);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(u.machine, names[i][0]) == 0)
			return names[i][1];
	return u.machine;
}

const char *image_arch(void)
{
	return go_arch();
}

static void meta_now(char out[STAMP_SIZE])
{
	stamp_text(out, time(NULL), -1);
}

/* The member, created when it is missing or has another type. Borrowed. */
static json_t *meta_member(json_t *o, const char *key, json_type type)
{
	json_t *v = json_object_get(o, key);
	if (v && json_typeof(v) == type)
		return v;
	v = type == JSON_ARRAY ? json_array() : json_object();
	json_object_set_new(o, key, v);
	return v;
}

json_t *config_make(
    const json_t *base, const char *diff_id, const char *created_by, const char *comment)
{
	char time[40];
	json_t *j =
	    base ? json_deep_copy(base) : json_make("{architecture:s,os:s}", go_arch(), "linux");
	meta_now(time);
	json_object_set_new(j, "created", json_string(time));
	meta_member(j, "config", JSON_OBJECT);
	json_t *rootfs = meta_member(j, "rootfs", JSON_OBJECT);
	json_object_set_new(rootfs, "type", json_string("layers"));
	_cleanup_free_ char *digest = xasprintf("sha256:%s", diff_id);
	json_t *ids = meta_member(rootfs, "diff_ids", JSON_ARRAY),
	       *history = meta_member(j, "history", JSON_ARRAY), *h;
	size_t i, told = 0;
	json_array_foreach(history, i, h) told += !json_is_true(json_object_get(h, "empty_layer"));
	for (; told < json_array_size(ids);
	     told++) /* a history needs an entry for each layer, or other tools refuse it */
		json_array_append_new(history, json_make("{created:s}", time));
	json_array_append_new(ids, json_string(digest));
	h = json_make("{created:s}", time);
	if (created_by) /* bytes that are not UTF-8 cannot be a JSON string */
		json_object_set_new(h, "created_by", json_string(created_by));
	if (comment)
		json_object_set_new(h, "comment", json_string(comment));
	json_array_append_new(history, h);
	return j;
}

const char *layer_type(enum compression comp)
{
	if (comp == COMP_GZIP)
		return "application/vnd.oci.image.layer.v1.tar+gzip";
	return comp == COMP_ZSTD ? "application/vnd.oci.image.layer.v1.tar+zstd"
				 : "application/vnd.oci.image.layer.v1.tar";
}

static json_t *descriptor_make(const char *type, const char *hex, uint64_t size)
{
	_cleanup_free_ char *digest = xasprintf("sha256:%s", hex);
	return json_make("{mediaType:s,digest:s,size:I}", type, digest, (json_int_t)size);
}

/* Docker's media types (its schema 2 manifest) as OCI's. */
static const char *oci_type(const char *type)
{
	if (!type || strstr(type, "gzip"))
		return layer_type(COMP_GZIP);
	return layer_type(strstr(type, "zstd") ? COMP_ZSTD : COMP_NONE);
}

int store_put_manifest(struct store *s, const char *config, size_t len, const struct manifest *base,
    char hex[DIGEST_HEX], char id[DIGEST_HEX], uint64_t *size)
{
	if (store_put(s, config, len, id) < 0)
		return -1;
	json_t *layers = json_array();
	for (size_t i = 0; base && i < base->n; i++)
		json_array_append_new(layers, descriptor_make(oci_type(base->layers[i].type),
						  base->layers[i].hex, base->layers[i].size));
	_cleanup_json_ json_t *m = json_make("{schemaVersion:i,mediaType:s,config:o,layers:o}", 2,
	    "application/vnd.oci.image.manifest.v1+json",
	    descriptor_make("application/vnd.oci.image.config.v1+json", id, len), layers);
	if (!m)
		return fail("make a manifest: out of memory");
	_cleanup_free_ char *mtext = json_text(m);
	*size = strlen(mtext);
	return store_put(s, mtext, *size, hex);
}

int store_put_image(struct store *s, json_t *config, const struct manifest *base,
    const char *layer_hex, uint64_t layer_size, const char *type, char hex[DIGEST_HEX],
    char id[DIGEST_HEX], uint64_t *size)
{
	struct manifest m = {.n = (base ? base->n : 0) + 1};
	if (m.n > LAYERS_MAX)
		return errno = E2BIG,
		       fail("more than %d layers (ctr-image export makes one of them)", LAYERS_MAX);
	m.layers = xcalloc(m.n, sizeof *m.layers);
	if (base)
		memcpy(m.layers, base->layers, base->n * sizeof *m.layers);
	struct manifest_layer *last = &m.layers[m.n - 1];
	memcpy(last->hex, layer_hex, DIGEST_HEX);
	last->size = layer_size;
	last->type = (char *)(uintptr_t)type;
	_cleanup_free_ char *text = json_text(config);
	int r = store_put_manifest(s, text, strlen(text), &m, hex, id, size);
	free(m.layers);
	return r;
}
