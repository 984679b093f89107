/* store.c: the image store's folders, blobs, layers; see image_store.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apart.h"
#include "err.h"
#include "file.h"
#include "place.h"
#include "image_store.h"
#include "layer.h"
#include "str.h"
#include "undo.h"
#include "userns.h"

/* --- opening and closing --- */

static int layout_make(struct store *s)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	if ((mkdirat(s->images, "blobs", 0755) < 0 && errno != EEXIST) ||
	    (mkdirat(s->images, "blobs/sha256", 0755) < 0 && errno != EEXIST))
		return fail("%s/images/blobs: mkdir: %m", s->lib);
	if (faccessat(s->images, "oci-layout", F_OK, 0) == 0)
		return 0;
	return file_write_at(s->images, "oci-layout", layout, sizeof layout - 1, 0644, true);
}

int store_gate(int images, bool make, int how)
{
	int fd = openat(
	    images, ".gate", (make ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_errno("images/.gate: open");
	int r = lock_try(fd, how);
	if (r == 0 && how == LOCK_EX)
		warn("waiting for an import, load or commit to end");
	if (r == 0)
		r = lock_take(fd, how) < 0 ? -1 : 1;
	if (r > 0)
		return fd;
	close(fd);
	return -1;
}

static int gate_take(struct store *s, int how)
{
	s->gate = store_gate(s->images, true, how);
	return s->gate < 0 ? fail_about(s->lib) : 0;
}

/* Make a .tmp- directory and lock it before it can be mistaken for that of a dead process: the
 * sweeper checks the name again after it has the lock, and so do we after we have ours. */
static int tmp_make(int dir, const char *name)
{
	if (mkdirat(dir, name, 0700) < 0)
		return fail_tried(name, "mkdir");
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
		fail_tried(name, "lock");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* A child of a killed process may still write into it for a moment. */
static void tmp_erase(int dir, const char *name)
{
	for (int tries = 0; userns_tree_remove(dir, name) < 0 && tries < 20; tries++)
		usleep(20000);
}

static void tmp_remove(struct store *s)
{
	if (s->tmp >= 0) {
		tmp_erase(s->images, s->tmp_name);
		close(s->tmp);
	}
	if (s->ltmp >= 0) {
		tmp_erase(s->layers, s->tmp_name);
		close(s->ltmp);
	}
	s->tmp = s->ltmp = -1;
}

/* A function that opens a store may have returned when the undo stack runs: this remembers what to
 * remove then. */
static struct store *adding;

static void undo_tmp(void *arg)
{
	(void)arg;
	if (!adding)
		return;
	/* By name: the cleaner that undoes this for a killed process (undo.h) was forked before
	 * these existed. */
	tmp_erase(adding->images, adding->tmp_name);
	tmp_erase(adding->layers, adding->tmp_name);
	tmp_remove(adding);
}

static int add_begin(struct store *s)
{
	if (layout_make(s) < 0 || gate_take(s, LOCK_SH) < 0)
		return -1;
	/* Sweeping and making exclude each other, so that a directory is not swept between its
	 * mkdir and its lock. */
	_cleanup_close_ int order = openat(s->layers, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (order < 0)
		return fail("%s/layers: open: %m", s->lib);
	if (lock_take(order, LOCK_EX) < 0)
		return -1;
	if (store_sweep(s) < 0) /* something that cannot be removed is no reason to stop */
		warn("a left-over import stays: %s", fail_msg());
	char hex[17];
	rand_hex(hex, 8);
	snprintf(s->tmp_name, sizeof s->tmp_name, ".tmp-%s", hex);
	adding = s;
	undo_push(undo_tmp, NULL);
	s->tmp = tmp_make(s->images, s->tmp_name);
	s->ltmp = s->tmp < 0 ? -1 : tmp_make(s->layers, s->tmp_name);
	return s->ltmp < 0 ? -1 : 0;
}

int store_open(struct store *s, const char *lib, enum store_use use)
{
	*s = (struct store){
	    .lib = xstrdup(lib), .images = -1, .layers = -1, .gate = -1, .tmp = -1, .ltmp = -1};
	s->images = place_dir(lib, "images", use == STORE_ADD ? 0700 : 0);
	if (s->images < 0)
		return use != STORE_ADD && errno == ENOENT ? 0 : -1;
	/* Closed to others; but a container in a user namespace looks up names in layers, so they
	 * can be entered. */
	s->layers = place_dir(lib, "layers", use == STORE_ADD ? 0711 : 0);
	if (s->layers < 0 && (use == STORE_ADD || errno != ENOENT))
		return -1;
	if (use == STORE_ADD)
		return add_begin(s);
	return use == STORE_REMOVE ? gate_take(s, LOCK_EX) : 0;
}

void store_close(struct store *s)
{
	tmp_remove(s);
	if (adding == s)
		adding = NULL;
	for (int *fd = (int[]){s->images, s->layers, s->gate, -2}; *fd != -2; fd++)
		if (*fd >= 0)
			close(*fd);
	free(s->lib);
	*s = (struct store){.images = -1, .layers = -1, .gate = -1, .tmp = -1, .ltmp = -1};
}

static int store_sweep_one(int dirfd, const char *name, void *arg)
{
	struct stat st;
	if (!str_starts(name, ".tmp-") && !str_starts(name, ".index.json."))
		return 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	_cleanup_close_ int fd = S_ISDIR(st.st_mode) ? dir_open_at(dirfd, name) : -1;
	if (S_ISDIR(st.st_mode) && (fd < 0 || lock_try(fd, LOCK_EX) != 1))
		return 0; /* somebody is working in it */
	if (!S_ISDIR(st.st_mode)) {
		/* It is written under the lock of the index, so nobody is writing it now. */
		_cleanup_close_ int index = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (index < 0 || lock_try(index, LOCK_EX) != 1)
			return 0;
		unlinkat(dirfd, name, 0);
		return 0;
	}
	if (userns_tree_remove(dirfd, name) < 0)
		*(int *)arg = -1;
	return 0;
}

int store_sweep(struct store *s)
{
	int r = 0;
	if (s->images >= 0 && dir_each(s->images, store_sweep_one, &r) != 0)
		return -1;
	return s->layers >= 0 && dir_each(s->layers, store_sweep_one, &r) != 0 ? -1 : r;
}

/* --- blobs and layers --- */

int store_put(struct store *s, const void *data, size_t n, char hex[DIGEST_HEX])
{
	digest_of(data, n, hex);
	return file_write_at(s->tmp, hex, data, n, 0644, false);
}

int store_blob_open(const struct store *s, const char *hex)
{
	char path[DIGEST_HEX + 16] = "blobs/sha256/";
	strcat(path, hex);
	int fd = s->tmp >= 0 ? openat(s->tmp, hex, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	if (fd < 0)
		fd = openat(s->images, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? fail("%s/images/%s: open: %m", s->lib, path) : fd;
}

char *store_get(const struct store *s, const char *hex, size_t *n)
{
	char have[DIGEST_HEX];
	_cleanup_close_ int fd = store_blob_open(s, hex);
	char *text = fd < 0 ? NULL : fd_read_all(fd, hex, IMAGE_META_MAX, n);
	if (!text)
		return NULL;
	digest_of(text, *n, have);
	if (strcmp(have, hex) == 0)
		return text;
	free(text);
	errno = EBADMSG;
	fail("%s/images/blobs/sha256/%s: damaged: its digest is %s", s->lib, hex, have);
	return NULL;
}

static bool has_layer(const struct store *s, const char *name)
{
	return (s->layers >= 0 && faccessat(s->layers, name, F_OK, 0) == 0) ||
	       (s->ltmp >= 0 && faccessat(s->ltmp, name, F_OK, 0) == 0);
}

/* No archive has this digest: what is hashed is none. */
void store_chain(char (*ids)[DIGEST_HEX], size_t i, char name[DIGEST_HEX])
{
	digest_of(ids, (i + 1) * sizeof *ids, name);
}

bool store_layer_name(
    const struct store *s, char (*ids)[DIGEST_HEX], size_t i, char name[DIGEST_HEX])
{
	memcpy(name, ids[i], DIGEST_HEX);
	if (has_layer(s, name))
		return true;
	store_chain(ids, i, name);
	return has_layer(s, name);
}

/* The size of a layer's archive when it is not compressed, kept beside the layer as a symlink that
 * points nowhere. */
static char *size_name(const char *layer)
{
	return xasprintf(".size-%s", layer);
}

uint64_t store_layer_size(
    const struct store *s, char (*ids)[DIGEST_HEX], size_t i, uint64_t otherwise)
{
	char text[24] = "", layer[DIGEST_HEX];
	store_layer_name(s, ids, i, layer);
	_cleanup_free_ char *name = size_name(layer);
	return s->layers >= 0 && readlinkat(s->layers, name, text, sizeof text - 1) > 0
		   ? strtoull(text, NULL, 10)
		   : otherwise;
}

static int layer_check(
    const struct stream_sums *in, const char *what, const char *blob, const char *diff_id)
{
	if (blob && strcmp(blob, in->raw_hex) != 0)
		return errno = EBADMSG,
		       fail("%s: its digest is sha256:%s, not sha256:%s as the manifest says", what,
			   in->raw_hex, blob);
	if (diff_id && strcmp(diff_id, in->plain_hex) != 0)
		return errno = EBADMSG,
		       fail("%s: its diff_id is sha256:%s, not sha256:%s as the config says", what,
			   in->plain_hex, diff_id);
	return 0;
}

static int store_unpack_in(struct stream *s, int root, struct buf *left, void *arg)
{
	(void)arg;
	return layer_unpack(s, root, &(struct unpack_how){.left = left});
}

/* When only the digests are needed. */
static int hash_only(struct stream *s, int root, struct buf *left, void *arg)
{
	(void)s, (void)root, (void)left, (void)arg;
	return 0;
}

/* `copy` is open on tmp/copy or -1; `layer` on ltmp/layer, or -1 when only the digests are
 * needed. */
static int layer_through(struct store *s, struct stream_sums *in, int fd, const char *what,
    int copy, int layer, const char *blob, const char *diff_id, struct buf *rest)
{
	struct buf left = {0};
	struct apart a = {.fd = fd,
	    .copy = copy,
	    .max = s->part ? s->part_max : 0,
	    .root = layer >= 0 ? layer : s->ltmp,
	    .whole = true,
	    .what = what,
	    .fn = layer >= 0 ? store_unpack_in : hash_only};
	int r = apart_read(&a, in, &left) < 0 || layer_unpack_rest(layer, &left, what, rest) < 0 ||
			layer_check(in, what, blob, diff_id) < 0
		    ? -1
		    : 0;
	buf_free(&left);
	return r;
}

/* The layer gets its name. What store_inherit() has to do yet is written down before, so that
 * nobody takes the layer for a whole one, not even the process that keeps what is whole when we
 * were killed. */
static int layer_put(
    struct store *s, const struct stream_sums *in, const char *chain, int layer, struct buf *rest)
{
	if (layer_is_opaque(layer, NULL))
		buf_add(rest, "///", 4);
	const char *name = rest->n ? chain : in->plain_hex;
	_cleanup_free_ char *todo = xasprintf(STORE_REST "%s", name);
	_cleanup_free_ char *as = size_name(name);
	_cleanup_free_ char *size = xasprintf("%llu", (unsigned long long)in->plain_size);
	if (rest->n && file_write_at(s->ltmp, todo, rest->p, rest->n, 0600, false) < 0)
		return -1;
	if (renameat(s->ltmp, "layer", s->ltmp, name) < 0)
		return -1;
	symlinkat(size, s->ltmp, as); /* without it, ls shows the size of the blob */
	return 0;
}

int store_layer(struct store *s, int fd, const char *what, bool copy, const char *blob,
    char (*ids)[DIGEST_HEX], size_t i, struct stream_sums *in)
{
	_cleanup_close_ int out = -1;
	_cleanup_close_ int layer = -1;
	char chain[DIGEST_HEX];
	struct buf rest = {0};
	bool unpack = !ids || !store_layer_name(s, ids, i, chain);
	int to = s->part ? s->images : s->tmp;
	const char *as = s->part ? s->part : "copy";
	if (copy &&
	    (out = openat(to, as, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644)) < 0)
		return fail_tried(what, "create a blob");
	/* one that failed before, from another registry say, has left its folder */
	if (unpack &&
	    (userns_tree_remove(s->ltmp, "layer") < 0 || mkdirat(s->ltmp, "layer", 0755) < 0 ||
		fchmodat(s->ltmp, "layer", 0755, 0) < 0 ||
		(layer = dir_open_at(s->ltmp, "layer")) < 0))
		return fail_tried(what, "make a layer");
	int r = layer_through(s, in, fd, what, out, layer, blob, ids ? ids[i] : NULL, &rest);
	if (r == 0 && !ids)
		store_chain(&in->plain_hex, 0, chain);
	if (r == 0 && unpack && layer_put(s, in, chain, layer, &rest) < 0)
		r = fail_tried(what, "rename a layer");
	buf_free(&rest);
	if (r == 0 && copy && renameat(to, as, s->tmp, in->copy_hex) < 0)
		return fail_tried(what, "rename a blob");
	return r;
}

/* --- making it so --- */

struct move {
	int to;
	const char *prefix;
};

static int store_move_one(int dirfd, const char *name, void *arg)
{
	struct move *m = arg;
	char path[DIGEST_HEX + 16];
	bool size = str_starts(name, ".size-");
	if (!digest_hex_valid(name) && !size)
		return 0;
	snprintf(path, sizeof path, STORE_REST "%s", name + (size ? 6 : 0));
	if (faccessat(dirfd, path, F_OK, 0) == 0) /* store_inherit() has not been there */
		return 0;
	snprintf(path, sizeof path, "%s%s", m->prefix, name);
	/* A layer that exists already is the same one: two imports of one image end with one layer.
	 * A directory does not replace one that is not empty (rename(2)), and one empty layer is as
	 * good as another; blobs are simply replaced. */
	if (renameat(dirfd, name, m->to, path) < 0 && errno != ENOTEMPTY && errno != EEXIST)
		return fail_tried(name, "rename into the store");
	return 0;
}

int store_commit(struct store *s)
{
	struct move blobs = {s->images, "blobs/sha256/"}, layers = {s->layers, ""};
	/* Both are on one file system; a layer or blob gets its name only when all of it is on the
	 * disk. */
	if (syncfs(s->ltmp) < 0)
		return fail_tried(s->lib, "sync");
	if (dir_each(s->ltmp, store_move_one, &layers) != 0 ||
	    dir_each(s->tmp, store_move_one, &blobs) != 0)
		return -1;
	file_sync(s->layers, NULL);
	file_sync(s->images, "blobs/sha256");
	return 0;
}
