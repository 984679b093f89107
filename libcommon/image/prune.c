/* prune.c: what no image uses any more; see image_store.h. Nothing here needs space on the disk. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "image_store.h"
#include "str.h"
#include "sys.h"
#include "undo.h"
#include "tree.h"
#include "userns.h"

#define MOMENT_MS 300

/* --- marking --- */

static int image_marks(
    const struct store *s, const char *hex, struct strv *blobs, struct strv *layers)
{
	struct manifest m;
	struct image_config c = {0};
	size_t len;
	_cleanup_free_ char *text = store_get(s, hex, &len);
	if (!text || manifest_parse(hex, text, len, &m) < 0)
		return -1;
	strv_add(blobs, hex);
	strv_add(blobs, m.config);
	for (size_t i = 0; i < m.n; i++)
		strv_add(blobs, m.layers[i].hex);
	_cleanup_free_ char *config = store_get(s, m.config, &len);
	if (config) /* it fails for what another tool keeps here, which never runs */
		config_parse(hex, config, len, &c);
	for (size_t i = 0; i < c.n; i++) { /* one of the two is its name */
		char chain[DIGEST_HEX];
		store_chain(c.diff_ids, i, chain);
		strv_add(layers, c.diff_ids[i]);
		strv_add(layers, chain);
	}
	manifest_free(&m);
	config_free(&c);
	return config ? 0 : -1;
}

/* --- what was marked before --- */

/* An image never uses anything else, so what each uses is kept in one file, which is read in place
 * of two files for each image: "DIGEST" of all that follows, and lines "MANIFEST bBLOB...
 * lLAYER...". Its NUL is digested, too: not in an older ctrbox, whose layers all had their diff_ids
 * for names. It may be missing, old, or damaged by a power cut (the digest tells): then the images
 * are read. */
#define USES ".uses"

static char *uses_read(const struct store *s)
{
	size_t n;
	char have[DIGEST_HEX];
	char *text = file_read_at(s->images, USES, FILE_ANY, &n);
	if (text && n > DIGEST_HEX) {
		digest_of(text + DIGEST_HEX, n - DIGEST_HEX + 1, have);
		if (strncmp(text, have, DIGEST_HEX - 1) == 0)
			return text;
	}
	free(text);
	return NULL;
}

static void uses_write(const struct store *s, const struct buf *lines)
{
	struct buf b = {0};
	char hex[DIGEST_HEX];
	digest_of(lines->p, lines->n + 1, hex);
	buf_printf(&b, "%s\n", hex);
	buf_add(&b, lines->p, lines->n);
	file_write_at(
	    s->images, USES, b.p, b.n, 0600, false); /* without it, it only takes longer */
	buf_free(&b);
}

static int by_hex(const void *a, const void *b)
{
	return strcmp(((const struct ref *)a)->hex, ((const struct ref *)b)->hex);
}

/* Mark what a line says, if its image is among the refs; `looked` says that it was. */
static bool line_marks(char *line, const struct refs *refs, struct strv *blobs, struct strv *layers)
{
	struct ref key = {0};
	char *next = line, *word = strsep(&next, " ");
	if (!digest_hex_valid(word))
		return false;
	memcpy(key.hex, word, DIGEST_HEX);
	struct ref *r = refs->n ? bsearch(&key, refs->v, refs->n, sizeof *refs->v, by_hex) : NULL;
	if (!r)
		return false;
	while ((word = strsep(&next, " ")))
		strv_add(*word == 'b' ? blobs : layers, word + 1);
	r->looked = true;
	return true;
}

/* Mark the blobs and layers that the images in refs use, by the file of uses as far as it goes. The
 * refs are sorted, and each image is among them once. 0, or -1 with fail() when it is not known
 * what an image uses. */
static int marks(const struct store *s, struct refs *refs, struct strv *blobs, struct strv *layers)
{
	_cleanup_free_ char *text = uses_read(s);
	char *next = text ? text + DIGEST_HEX : NULL, *line;
	struct buf kept = {0};
	size_t fresh = 0, stale = 0;
	while ((line = strsep(&next, "\n"))) {
		_cleanup_free_ char *whole = xstrdup(line);
		if (line_marks(line, refs, blobs, layers))
			buf_puts(&kept, whole), buf_puts(&kept, "\n");
		else
			stale++;
	}
	for (size_t i = 0; i < refs->n; i++) {
		struct ref *r = &refs->v[i];
		size_t b = blobs->n, l = layers->n;
		if (r->looked)
			continue;
		if (image_marks(s, r->hex, blobs, layers) < 0) {
			buf_free(&kept);
			return fail_in(
			    "prune: it is not known what %s uses (ctr-image rm it first)",
			    r->name ? r->name : r->hex);
		}
		buf_puts(&kept, r->hex);
		for (; b < blobs->n; b++)
			buf_printf(&kept, " b%s", blobs->v[b]);
		for (; l < layers->n; l++)
			buf_printf(&kept, " l%s", layers->v[l]);
		buf_puts(&kept, "\n");
		fresh++;
	}
	if (!refs->n)
		unlinkat(s->images, USES, 0);
	else if (fresh || stale > 100 + refs->n)
		uses_write(s, &kept);
	buf_free(&kept);
	return 0;
}

/* --- sweeping --- */

struct prune {
	struct strv blobs, layers;
	layer_used_fn *used;
	void *arg;
	bool counted;
	struct strv gone; /* layers that are renamed, to be removed */
	uint64_t freed;
};

/* Only renamed here, because half a layer under its name would pass for a whole one. Where even
 * that needs space and the disk is full, it is removed at once. */
static int drop_layer(int dirfd, const char *name, void *arg)
{
	struct prune *p = arg;
	if (!digest_hex_valid(name) || strv_among(&p->layers, name) || p->used(name, p->arg))
		return 0;
	if (p->counted)
		p->freed += tree_size(dirfd, name);
	_cleanup_free_ char *size = xasprintf(".size-%s", name);
	unlinkat(dirfd, size, 0);
	char tmp[DIGEST_HEX + 8] = ".tmp-";
	strcat(tmp, name);
	if (renameat(dirfd, name, dirfd, tmp) == 0)
		strv_add(&p->gone, tmp);
	else if (errno == ENOSPC || errno == ENOTEMPTY)
		return userns_tree_remove(dirfd, name);
	else
		return fail("layer %.12s: rename: %m", name);
	return 0;
}

static int remove_gone(int layers, const struct strv *gone)
{
	int r = 0;
	for (size_t i = 0; i < gone->n; i++)
		r = userns_tree_remove(layers, gone->v[i]) < 0 ? -1 : r;
	return r;
}

/* In the child that may outlive us: nothing of ours is held but the folder of the layers, least of
 * all the gate. */
static _Noreturn void remove_child(int layers, const struct strv *gone)
{
	undo_forget();
	setsid();
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	dup2(layers, 3);
	sys_close_range(4, ~0u);
	for (size_t i = 0; i < gone->n;
	     i++) { /* locked, so that the next import does not wait for it either */
		int fd = dir_open_at(3, gone->v[i]);
		if (fd >= 0)
			lock_try(fd, LOCK_EX);
	}
	_exit(remove_gone(3, gone) < 0);
}

/* What takes longer than a moment goes on without us; what a kill leaves of it, the next import
 * clears. */
static int remove_apart(int layers, const struct strv *gone)
{
	int status;
	pid_t pid = gone->n ? fork() : -1;
	if (pid == 0)
		remove_child(layers, gone);
	if (pid < 0)
		return remove_gone(layers, gone);
	_cleanup_close_ int fd = sys_pidfd_open(pid);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	if (fd >= 0 && poll(&p, 1, MOMENT_MS) == 0)
		return 0;
	if (waitpid(pid, &status, 0) == pid && status == 0)
		return 0;
	return remove_gone(layers, gone); /* it says why */
}

/* What an interrupted pull left to go on with, unless one is at it. */
static int drop_part(int dirfd, const char *name, void *arg)
{
	struct prune *p = arg;
	struct stat st;
	if (!str_starts(name, ".part-"))
		return 0;
	_cleanup_close_ int fd =
	    openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || lock_try(fd, LOCK_EX) != 1 || fstat(fd, &st) < 0)
		return 0;
	p->freed += (uint64_t)st.st_blocks * 512;
	unlinkat(dirfd, name, 0);
	return 0;
}

static int drop_blob(int dirfd, const char *name, void *arg)
{
	struct prune *p = arg;
	struct stat st;
	if (strv_among(&p->blobs, name))
		return 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		p->freed += (uint64_t)st.st_blocks * 512;
	if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
		warn("blob %.12s: unlink: %m: it is left alone", name);
	return 0;
}

static int prune(struct store *s, struct prune *p)
{
	struct refs refs;
	if (store_digests(s, &refs) < 0)
		return -1;
	if (refs.n)
		qsort(refs.v, refs.n, sizeof *refs.v, by_hex);
	size_t all = refs.n; /* many names may be one image's */
	for (size_t i = refs.n = 0; i < all; i++) {
		struct ref r = refs.v[i];
		if (refs.n && strcmp(refs.v[refs.n - 1].hex, r.hex) == 0)
			free(r.name);
		else
			refs.v[refs.n++] = r;
	}
	if (marks(s, &refs, &p->blobs, &p->layers) < 0)
		return -1;
	refs_free(&refs);
	strv_sort(&p->blobs);
	strv_sort(&p->layers);
	_cleanup_close_ int blobs = dir_open_at(s->images, "blobs/sha256");
	if (store_sweep(s) < 0 || dir_each(s->images, drop_part, p) != 0 ||
	    (s->layers >= 0 && dir_each(s->layers, drop_layer, p) != 0))
		return -1;
	if (blobs >= 0 && dir_each(blobs, drop_blob, p) != 0)
		return -1;
	return p->counted ? remove_gone(s->layers, &p->gone) : remove_apart(s->layers, &p->gone);
}

int store_prune(struct store *s, layer_used_fn *used, void *arg, uint64_t *freed)
{
	struct prune p = {.used = used, .arg = arg, .counted = freed};
	int r = s->images < 0 ? 0 : prune(s, &p);
	if (freed)
		*freed = p.freed;
	strv_free(&p.gone);
	strv_free(&p.blobs);
	strv_free(&p.layers);
	return r;
}
