/* save.c: images out of the store: as an archive that is both an OCI layout and, because of its
 * manifest.json, one that docker loads; or an image's tree as a single archive. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "image_store.h"
#include "json.h"
#include "layer.h"
#include "str.h"

struct save {
	struct store *s;
	struct archive *a;
	struct strv done; /* blobs that have been written */
	json_t *index, *docker;
};

static int unwritten(const struct save *v)
{
	errno = archive_errno(v->a);
	return fail_errno("write");
}

static int save_header(struct save *v, const char *path, mode_t mode, uint64_t size)
{
	struct archive_entry *e = archive_entry_new();
	archive_entry_set_pathname(e, path);
	archive_entry_set_mode(e, mode);
	archive_entry_set_size(e, (la_int64_t)size);
	archive_entry_set_mtime(e, 0, 0);
	int r = archive_write_header(v->a, e);
	archive_entry_free(e);
	return r < ARCHIVE_WARN ? unwritten(v) : 0;
}

static int save_text(struct save *v, const char *path, const char *data, size_t n)
{
	if (save_header(v, path, S_IFREG | 0644, n) < 0)
		return -1;
	return archive_write_data(v->a, data, n) < 0 ? unwritten(v) : 0;
}

static int save_blob(struct save *v, const char *hex)
{
	char path[DIGEST_HEX + 16] = "blobs/sha256/", have[DIGEST_HEX];
	struct digest d;
	struct stat st;
	uint64_t left;
	ssize_t n;
	if (strv_has(&v->done, hex))
		return 0;
	strv_add(&v->done, hex);
	strcat(path, hex);
	_cleanup_close_ int fd = store_blob_open(v->s, hex);
	if (fd < 0 || fstat(fd, &st) < 0 ||
	    save_header(v, path, S_IFREG | 0644, left = (uint64_t)st.st_size) < 0)
		return -1;
	_cleanup_free_ char *buf = xmalloc(256 << 10);
	digest_start(&d);
	while ((n = read(fd, buf, 256 << 10)) > 0) {
		digest_add(&d, buf, (size_t)n);
		if (archive_write_data(v->a, buf, (size_t)n) < 0)
			return unwritten(v);
		left -= (uint64_t)n;
	}
	digest_end(&d, have);
	if (n < 0 || left)
		return fail_tried(path, "read");
	return strcmp(have, hex)
		   ? (errno = EBADMSG, fail("%s: damaged: its digest is %s", path, have))
		   : 0;
}

static json_t *save_blob_path(const char *hex)
{
	_cleanup_free_ char *p = xasprintf("blobs/sha256/%s", hex);
	return json_string(p);
}

/* The image's entries in the two tables of contents: OCI's index.json and docker's
 * manifest.json. */
static int contents(struct save *v, const struct ref *r, const struct manifest *m)
{
	_cleanup_free_ char *digest = xasprintf("sha256:%s", r->hex);
	json_t *d = json_make("{mediaType:s,digest:s,size:I}",
	    "application/vnd.oci.image.manifest.v1+json", digest, (json_int_t)r->size);
	json_t *tags = json_array(), *layers = json_array();
	if (r->name) {
		json_object_set_new(
		    d, "annotations", json_make("{org.opencontainers.image.ref.name:s}", r->name));
		json_array_append_new(tags, json_string(r->name));
	}
	for (size_t i = 0; i < m->n; i++)
		json_array_append_new(layers, save_blob_path(m->layers[i].hex));
	json_array_append_new(v->index, d);
	json_array_append_new(v->docker,
	    json_make("{Config:o,RepoTags:o,Layers:o}", save_blob_path(m->config), tags, layers));
	return 0;
}

static int save_image(struct save *v, const struct ref *r)
{
	struct manifest m;
	struct image_config c;
	if (store_image(v->s, r->hex, &m, &c) < 0)
		return -1;
	int e = contents(v, r, &m) < 0 || save_blob(v, r->hex) < 0 || save_blob(v, m.config) < 0
		    ? -1
		    : 0;
	for (size_t i = 0; i < m.n && e == 0; i++)
		e = save_blob(v, m.layers[i].hex);
	manifest_free(&m);
	config_free(&c);
	return e;
}

static int save(struct save *v, const struct refs *refs, const struct strv *operands)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	if (save_text(v, "oci-layout", layout, sizeof layout - 1) < 0 ||
	    save_header(v, "blobs/", S_IFDIR | 0755, 0) < 0 ||
	    save_header(v, "blobs/sha256/", S_IFDIR | 0755, 0) < 0)
		return -1;
	for (size_t i = 0; i < operands->n; i++) {
		int k = store_find(v->s, refs, operands->v[i]);
		if (k < 0 || save_image(v, &refs->v[k]) < 0)
			return -1;
	}
	_cleanup_json_ json_t *index = json_make("{schemaVersion:i,mediaType:s,manifests:O}", 2,
	    "application/vnd.oci.image.index.v1+json", v->index);
	_cleanup_free_ char *itext = json_text(index);
	_cleanup_free_ char *dtext = json_text(v->docker);
	return save_text(v, "manifest.json", dtext, strlen(dtext)) < 0 ||
		       save_text(v, "index.json", itext, strlen(itext)) < 0
		   ? -1
		   : 0;
}

int image_save(const char *lib, const struct strv *operands, int fd)
{
	struct store s;
	struct refs refs = {0};
	struct save v = {.s = &s, .index = json_array(), .docker = json_array()};
	if (store_open(&s, lib, STORE_READ) < 0 || store_refs(&s, &refs) < 0)
		return -1;
	/* All names are checked before a byte is written. */
	for (size_t i = 0; i < operands->n; i++)
		if (store_find(&s, &refs, operands->v[i]) < 0)
			return -1;
	v.a = archive_write_new();
	archive_write_set_format_pax_restricted(v.a);
	archive_write_set_bytes_per_block(v.a, 256 << 10);
	archive_write_set_bytes_in_last_block(v.a, 512);
	int r = archive_write_open_fd(v.a, fd) != ARCHIVE_OK
		    ? fail("write: %s", archive_error_string(v.a))
		    : save(&v, &refs, operands);
	if (r == 0 && archive_write_close(v.a) != ARCHIVE_OK)
		r = unwritten(&v);
	/* Without the end-of-archive mark, so that half an archive is not taken for a whole one. */
	if (r < 0)
		archive_write_fail(v.a);
	archive_write_free(v.a);
	json_decref(v.index);
	json_decref(v.docker);
	strv_free(&v.done);
	refs_free(&refs);
	store_close(&s);
	return r;
}

int image_export(const char *lib, const char *operand, image_apart_fn *apart, int fd)
{
	struct image im;
	if (image_open(lib, operand, apart, &im) < 0)
		return -1;
	int *dirs = xcalloc(im.layers.n + 1, sizeof *dirs), r = 0;
	size_t n = 0;
	for (; n < im.layers.n && r == 0; n++)
		r = (dirs[n] = dir_open_at(AT_FDCWD, im.layers.v[n])) < 0 ? -1 : 0;
	struct sink out = {.fd = fd};
	struct idmap_entry uid = {0, geteuid(), 1}, gid = {0, getegid(), 1};
	struct pack_of own = {&uid, &gid, 1, 1,
	    NULL}; /* in a user's store all files are the user's, and stand for root's */
	if (r == 0 && n == 0)
		r = fail("%s: an image without layers", operand);
	if (r == 0)
		r = layer_pack(dirs, n, false, geteuid() ? &own : NULL, &out);
	for (size_t i = 0; i < n; i++)
		if (dirs[i] >= 0)
			close(dirs[i]);
	free(dirs);
	image_free(&im);
	return r;
}
