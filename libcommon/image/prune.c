/* prune.c: what no image and no container uses any more; see image_store.h. Nothing here needs space on the disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "image_store.h"
#include "kv.h"
#include "str.h"

#define CONFIG_MAX (4 << 20)

/* --- what containers use --- */

struct users {
	const char *hex;
	struct strv *out;
};

/* A container's conf names the digest of its image; its config.json has its layers, by their directories. */
static int user_one(int dirfd, const char *name, void *arg)
{
	struct users *u = arg;
	struct kv conf = {0};
	_cleanup_free_ char *path = xasprintf("%s/conf", name);
	if (name[0] == '.' || kv_read_at(&conf, dirfd, path) < 0)
		return 0;
	const char *digest = kv_get(&conf, "image_digest");
	if (digest && str_starts(digest, "sha256:") && strcmp(digest + 7, u->hex) == 0)
		strv_add(u->out, name);
	kv_free(&conf);
	return 0;
}

static int containers(const char *lib)
{
	_cleanup_free_ char *path = xasprintf("%s/containers", lib);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int image_users(const char *lib, const char *hex, struct strv *out)
{
	_cleanup_close_ int dir = containers(lib);
	struct users u = {hex, out};
	return dir < 0 ? 0 : dir_each(dir, user_one, &u);
}

/* The text of every container's config.json, one after the other: a layer's digest found in it is in use. */
static int config_one(int dirfd, const char *name, void *arg)
{
	_cleanup_free_ char *path = xasprintf("%s/config.json", name);
	size_t n;
	struct stat st;
	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	_cleanup_free_ char *text = file_read_at(dirfd, path, CONFIG_MAX, &n);
	if (!text)
		return -1; /* not known what it uses: nothing is removed */
	buf_add(arg, text, n);
	return 0;
}

/* --- marking --- */

static int image_marks(const struct store *s, const char *hex, struct strv *blobs, struct strv *layers)
{
	struct manifest m;
	struct image_config c;
	strv_add(blobs, hex);
	if (store_image(s, hex, &m, &c) < 0)
		return -1;
	strv_add(blobs, m.config);
	for (size_t i = 0; i < m.n; i++) {
		strv_add(blobs, m.layers[i].hex);
		strv_add(layers, c.diff_ids[i]);
	}
	manifest_free(&m);
	config_free(&c);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct strv *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof *l->v, by_text);
}

static bool marked(const struct strv *l, const char *name)
{
	return l->n && bsearch(&name, l->v, l->n, sizeof *l->v, by_text);
}

/* --- sweeping --- */

struct prune {
	struct strv blobs, layers;
	struct buf configs;
	uint64_t freed;
};

static int size_one(int dirfd, const char *name, void *arg)
{
	struct stat st;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	*(uint64_t *)arg += (uint64_t)st.st_blocks * 512;
	if (!S_ISDIR(st.st_mode))
		return 0;
	_cleanup_close_ int fd = dir_open_at(dirfd, name);
	return fd < 0 ? 0 : dir_each(fd, size_one, arg);
}

static int drop_layer(int dirfd, const char *name, void *arg)
{
	struct prune *p = arg;
	if (!digest_hex_valid(name) || marked(&p->layers, name) ||
	    (p->configs.n && memmem(p->configs.p, p->configs.n, name, DIGEST_HEX - 1)))
		return 0;
	size_one(dirfd, name, &p->freed);
	/* half a layer under its name would pass for a whole one */
	char tmp[DIGEST_HEX + 8] = ".tmp-";
	strcat(tmp, name);
	if (renameat(dirfd, name, dirfd, tmp) < 0 && errno != ENOSPC)
		return fail("layer %.12s: rename: %m", name);
	return tree_remove_at(dirfd, faccessat(dirfd, tmp, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? tmp : name);
}

static int drop_blob(int dirfd, const char *name, void *arg)
{
	struct prune *p = arg;
	struct stat st;
	if (marked(&p->blobs, name))
		return 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		p->freed += (uint64_t)st.st_blocks * 512;
	return unlinkat(dirfd, name, 0) < 0 && errno != ENOENT ? fail("blob %.12s: unlink: %m", name) : 0;
}

static int prune(struct store *s, struct prune *p)
{
	struct refs refs;
	if (store_refs(s, &refs) < 0)
		return -1;
	for (size_t i = 0; i < refs.n; i++)
		if (image_marks(s, refs.v[i].hex, &p->blobs, &p->layers) < 0)
			return fail_in("prune: cannot tell what %s uses (ctr-image rm it first)",
			    refs.v[i].name ? refs.v[i].name : refs.v[i].hex);
	refs_free(&refs);
	sort(&p->blobs);
	sort(&p->layers);
	_cleanup_close_ int dir = containers(s->lib);
	if (dir >= 0 && dir_each(dir, config_one, &p->configs) != 0)
		return -1;
	_cleanup_close_ int blobs = dir_open_at(s->images, "blobs/sha256");
	if (store_sweep(s) < 0 || (s->layers >= 0 && dir_each(s->layers, drop_layer, p) != 0))
		return -1;
	return blobs >= 0 && dir_each(blobs, drop_blob, p) != 0 ? -1 : 0;
}

int store_prune(struct store *s, uint64_t *freed)
{
	struct prune p = {0};
	int r = s->images < 0 ? 0 : prune(s, &p);
	*freed = p.freed;
	strv_free(&p.blobs);
	strv_free(&p.layers);
	buf_free(&p.configs);
	return r;
}
