/* inherit.c: what a layer's archive says only together with the layers below; see image_store.h.
 *
 * A layer with tmp/x and no entry for tmp/ means the existing /tmp: its mode, owner and time are
 * those of the layers below, not those of a new folder, which would hide them; and with lib/x,
 * where /lib is a link below, it means the folder that the link leads to. A hard link may name a
 * file of a layer below: that is copied to its place here, once, as overlayfs copies up what is
 * linked. An opaque root, which overlayfs does not know, becomes a mark of deletion for each name
 * below. So such a layer is one image's, whatever others have the same (store_layer_name()).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "fnv.h"
#include "image_store.h"
#include "layer.h"
#include "str.h"
#include "sys.h"
#include "tree.h"
#include "unpack.h"

/* What it may cost to look for folders in the layers below, of all of an image together. A way of
 * 4 KB has 2,000 of them, and 1 KB of archive has many ways; but an image may well have 200,000
 * folders with short paths. So each counts as one and the square of its path's bytes in units of 4
 * KB. */
#define WAYS_MAX (8 << 20)

/* The layers of an image up to the one that is looked at, names[top]; and the folders that ways
 * went through, by a hash of their paths, with the lowest layer that shows in each, counted from 1:
 * a few bytes of archive can name the ends of many deep ways in turn. */
struct view {
	const struct store *s;
	char (*names)[DIGEST_HEX];
	size_t top, ways; /* ways: what folders may still cost (WAYS_MAX) */
	struct seen {
		uint64_t path;
		unsigned low; /* 0: not known */
		bool own;     /* the layer has an entry for it, after what is in it */
	} * seen;
	size_t room, n; /* room: a power of two */
	uint64_t salt;  /* nobody can choose names that meet in one place of the table */
};

/* Where a hash is in the table or, with .path 0, would be; there is room for one more. */
static struct seen *seen_at(struct view *v, uint64_t path)
{
	if (2 * v->n >= v->room) {
		struct view old = *v;
		v->room = old.room ? 2 * old.room : 1024;
		v->seen = xcalloc(v->room, sizeof *v->seen);
		v->n = 0; /* the larger table has room, so the calls below do not grow it again */
		for (size_t i = 0; i < old.room; i++)
			if (old.seen[i].path)
				*seen_at(v, old.seen[i].path) = old.seen[i];
		v->n = old.n;
		free(old.seen);
	}
	size_t i = path >> 32 & (v->room - 1); /* the upper half depends on the whole salt */
	while (v->seen[i].path && v->seen[i].path != path)
		i = (i + 1) & (v->room - 1);
	return &v->seen[i];
}

static uint64_t view_hash(const struct view *v, const char *path)
{
	return fnv1a_add(v->salt, path, strlen(path));
}

/* Open a path of one layer, wherever the layer is by now; -1 with errno. */
static int at(const struct view *v, size_t layer, const char *path, int flags)
{
	_cleanup_close_ int made = openat(v->s->ltmp, v->names[layer], DIR_FLAGS);
	_cleanup_close_ int kept = made < 0 ? openat(v->s->layers, v->names[layer], DIR_FLAGS) : -1;
	if (!*path)
		path = ".";
	int dir = made < 0 ? kept : made;
	return dir < 0 ? -1 : path_open_in_root(dir, path, flags, 0);
}

/* The topmost of what the layers `bottom` to n-1 have under one name, *bottom raised to the lowest
 * one that shows in it. An O_PATH descriptor, -1 when there is nothing. */
static int shown_one(const struct view *v, const char *path, size_t n, size_t *bottom,
    struct stat *st, size_t *layer)
{
	int found = -1;
	for (size_t k = n; k-- > *bottom;) {
		struct stat one;
		int fd = at(v, k, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &one) < 0)
			continue;
		_cleanup_close_ int dir = S_ISDIR(one.st_mode) ? openat(fd, ".", DIR_FLAGS) : -1;
		bool first = found < 0;
		if (first) {
			found = fd;
			*st = one;
			*layer = k;
		} else {
			close(fd);
		}
		if (S_ISDIR(one.st_mode) && !(dir >= 0 && layer_is_opaque(dir, NULL)))
			continue;
		*bottom = first || S_ISDIR(one.st_mode) ? k : k + 1;
		break;
	}
	if (found >= 0 && layer_is_whiteout(st)) {
		close(found);
		return -1;
	}
	return found;
}

/* A symbolic link ends at `end` of the path: its target in its place. False: it leads nowhere. */
static bool rewrite(int link, char path[PATH_MAX], size_t end)
{
	char target[PATH_MAX], in[2 * PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof target - 1);
	if (n <= 0)
		return false;
	target[n] = 0;
	size_t dir = end;
	while (dir && path[dir - 1] != '/')
		dir--;
	int len = snprintf(
	    in, sizeof in, "%.*s%s%s", *target == '/' ? 0 : (int)dir, path, target, path + end);
	return len < (int)sizeof in && unpack_name_clean(in, path) == 0;
}

/* What the image shows at `path`, links on the way resolved within it (the path is rewritten), with
 * `follow` the last one, too; at its end only the layers below n count. An O_PATH descriptor and
 * the layer that it is from; -1 when nothing is there. */
static int inherit_shown(
    struct view *v, char path[PATH_MAX], size_t n, bool follow, struct stat *st, size_t *layer)
{
	for (int links = 0; links <= LINKS_MAX; links++) {
		size_t bottom = 0, end = 0;
		uint64_t hash = v->salt;
		for (;;) {
			size_t from = end;
			end += path[end] == '/';
			end += strcspn(path + end, "/");
			hash = fnv1a_add(hash, path + from, end - from);
			char next = path[end];
			struct seen *seen = seen_at(v, hash);
			if (next && seen->path && seen->low) {
				bottom = seen->low - 1;
				continue;
			}
			path[end] = 0;
			int fd = shown_one(v, path, next ? v->top + 1 : n, &bottom, st, layer);
			path[end] = next;
			if (fd < 0)
				return -1;
			bool link = S_ISLNK(st->st_mode) && (next || follow);
			if (!next && !link)
				return fd;
			bool on = link ? rewrite(fd, path, end) : S_ISDIR(st->st_mode);
			close(fd);
			if (!on)
				return -1;
			if (link)
				break;
			v->n += !seen->path;
			seen->path = hash;
			seen->low = (unsigned)bottom + 1;
		}
	}
	return -1;
}

/* --- folders --- */

static int inherit_take_over(const struct stat *st, int to, const char *path)
{
	/* In a user namespace an owner may not be mapped: the folder then stays ours, as a file
	 * would. */
	if (fchown(to, st->st_uid, st->st_gid) < 0 && errno != EPERM && errno != EINVAL)
		return fail_tried(path, "chown");
	if (fchmod(to, st->st_mode & 07777) < 0 || fd_times(to, st) < 0)
		return fail_tried(path, "mode and time");
	return 0;
}

/* The folder that `path` is in, and its last component. -1 with errno. */
static int parent(const struct view *v, const char *path, const char **base)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir = xstrndup(path, slash ? (size_t)(slash - path) : 0);
	*base = slash ? slash + 1 : path;
	if (!**base)
		*base = "."; /* a link led to the root */
	return at(v, v->top, dir, DIR_FLAGS);
}

/* Move what is in one folder into another that is there already. */
static int inherit_move_one(int from, const char *name, void *arg)
{
	int to = *(int *)arg;
	struct stat st;
	if (fstatat(to, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return renameat(from, name, to, name) < 0 ? fail_tried(name, "rename") : 0;
	_cleanup_close_ int a = openat(from, name, DIR_FLAGS);
	_cleanup_close_ int b = a < 0 ? -1 : openat(to, name, DIR_FLAGS);
	/* what the archive has under the other name, too, stays as it is there */
	if (b >= 0 && dir_each(a, inherit_move_one, &b) != 0)
		return -1;
	return tree_remove_at(from, name);
}

static int folder(struct view *v, const char *path);

/* The folders of the layers below that `path` is in, which may be missing in this layer. */
static int parents(struct view *v, const char *path)
{
	const char *name;
	_cleanup_close_ int have = parent(v, path, &name);
	if (have >= 0)
		return 0;
	for (const char *p = path; (p = strchr(p, '/')); p++) {
		_cleanup_free_ char *up = xstrndup(path, (size_t)(p - path));
		_cleanup_close_ int dir = parent(v, up, &name);
		if (dir >= 0 && mkdirat(dir, name, 0755) == 0 && folder(v, up) < 0)
			return -1;
	}
	return 0;
}

/* Where the layers below have a link at `from`, what the layer has there belongs into the folder
 * `to` that the link leads to. 1 if the layer has that folder already: its mode and time stay,
 * which are those of its entry, or folder() is called for it, too. 0 if not, -1 with fail(). */
static int carry(struct view *v, const char *from, const char *to)
{
	const char *name, *as;
	struct stat st, was;
	seen_at(v, view_hash(v, from))->low = 0;
	if (parents(v, to) < 0)
		return -1;
	_cleanup_close_ int a = parent(v, from, &name);
	_cleanup_close_ int b = parent(v, to, &as);
	if (a < 0 || b < 0 || fstat(a, &st) < 0)
		return 0;
	bool had = mkdirat(b, as, 0755) < 0;
	if (had && errno != EEXIST)
		return fail_tried(to, "mkdir");
	_cleanup_close_ int old = openat(a, name, DIR_FLAGS);
	_cleanup_close_ int new = openat(b, as, DIR_FLAGS);
	if (old < 0 || new < 0 || fstat(new, &was) < 0)
		return had; /* a file of the archive has that name: both stay as they are */
	if (dir_each(old, inherit_move_one, &new) != 0 || tree_remove_at(a, name) < 0)
		return -1;
	fd_times(new, &was);
	fd_times(a, &st);
	return had;
}

/* 1 if the layers below have it, 0 if it is new, -1 with fail(). */
static int folder(struct view *v, const char *path)
{
	char real[PATH_MAX];
	struct stat st;
	size_t layer;
	if (!v->top || strlen(path) >= sizeof real) /* nothing is below the first layer */
		return 0;
	if (seen_at(v, view_hash(v, path))->own)
		return 1;
	_cleanup_close_ int from = inherit_shown(v, strcpy(real, path), v->top, true, &st, &layer);
	/* It is something else there, or deleted: then the folder is a new one. */
	if (from < 0 || !S_ISDIR(st.st_mode))
		return 0;
	int had = strcmp(real, path) == 0 ? 0 : carry(v, path, real);
	if (had)
		return had;
	_cleanup_close_ int to = at(v, v->top, real, DIR_FLAGS);
	return to >= 0 && inherit_take_over(&st, to, real) < 0 ? -1 : 1;
}

/* The folders of a path from the one that ends at `end` down. Below a new one all are new. */
static int way(struct view *v, char *path, size_t end)
{
	for (;; end += 1 + strcspn(path + end + 1, "/")) {
		char next = path[end];
		size_t cost = 1 + end * end / PATH_MAX;
		if (cost > v->ways)
			return errno = E2BIG, fail("too many deep ways that its layers leave out");
		v->ways -= cost;
		path[end] = 0;
		int r = folder(v, path);
		path[end] = next;
		if (r <= 0 || !next)
			return r;
	}
}

/* --- hard links --- */

static int copy_attrs(int from, int to)
{
	char names[4096], value[65536];
	ssize_t n = flistxattr(from, names, sizeof names), size;
	for (const char *p = names; p < names + n; p += strlen(p) + 1)
		if (!strstr(p, "overlay.") && (size = fgetxattr(from, p, value, sizeof value)) >= 0)
			fsetxattr(to, p, value, (size_t)size, 0);
	return 0;
}

/* Holes stay holes. The data that every layer may copy again is limited by the disk, as all that
 * archives unpack to is. -1 with errno. */
static int copy_data(int in, int out, off_t size)
{
	for (off_t at = 0, hole; (at = lseek(in, at, SEEK_DATA)) >= 0;) {
		hole = lseek(in, at, SEEK_HOLE);
		if (hole < 0 || lseek(out, at, SEEK_SET) < 0)
			return -1;
		while (at < hole) {
			errno = EIO; /* if the file ends before that */
			if (sendfile(out, in, &at, (size_t)(hole - at)) <= 0 && errno != EINTR)
				return -1;
		}
	}
	return errno == ENXIO ? ftruncate(out, size) : -1;
}

/* A file of a layer below, open as O_PATH, into a folder of this one. -1 with errno. */
static int inherit_copy(int from, const struct stat *st, int dir, const char *name)
{
	char path[PATH_MAX];
	if (S_ISLNK(st->st_mode)) {
		ssize_t n = readlinkat(from, "", path, sizeof path - 1);
		path[n < 0 ? 0 : n] = 0;
		return symlinkat(path, dir, name) < 0 ||
			       (fchownat(dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) <
				       0 &&
				   errno != EPERM)
			   ? -1
			   : 0;
	}
	if (!S_ISREG(st->st_mode)) /* a fifo or a device */
		return mknodat(dir, name, st->st_mode, st->st_rdev);
	snprintf(path, sizeof path, "/proc/self/fd/%d", from);
	_cleanup_close_ int in = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int out =
	    openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (in < 0 || out < 0 || copy_data(in, out, st->st_size) < 0 ||
	    inherit_take_over(st, out, name) < 0)
		return -1;
	copy_attrs(in, out); /* a change of the owner would clear capabilities */
	return fchmod(out, st->st_mode & 07777);
}

/* A file of a layer below, in this one at the same place. -1 with errno. */
static int copy_up(struct view *v, int from, const struct stat *st, const char *path)
{
	const char *name;
	struct stat was;
	_cleanup_close_ int dir = parents(v, path) < 0 ? -1 : parent(v, path, &name);
	if (dir < 0 || fstat(dir, &was) < 0 || inherit_copy(from, st, dir, name) < 0)
		return -1;
	return fd_times(dir, &was);
}

static int hard_link(struct view *v, const char *path, const char *to)
{
	char target[PATH_MAX];
	const char *name, *old;
	struct stat st, was;
	size_t layer;
	if (strlen(to) >= sizeof target)
		return 0;
	_cleanup_close_ int from =
	    inherit_shown(v, strcpy(target, to), v->top + 1, false, &st, &layer);
	if (from < 0 || S_ISDIR(st.st_mode))
		return errno = EINVAL, fail("%s: a link to %s, which it does not have", path, to);
	_cleanup_close_ int dir = parent(v, path, &name);
	if (dir < 0 || faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0; /* a later entry took its name, or its folder's */
	int r = layer == v->top ? 0 : copy_up(v, from, &st, target);
	_cleanup_close_ int there = r < 0 || fstat(dir, &was) < 0 ? -1 : parent(v, target, &old);
	if (there < 0 || linkat(there, old, dir, name, 0) < 0)
		return fail("%s: link to %s: %m", path, to);
	fd_times(dir, &was);
	return 0;
}

/* --- an opaque root --- */

static int hide(int below, const char *name, void *arg)
{
	int root = *(int *)arg;
	struct stat st;
	(void)below;
	if (fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return layer_mark_deleted(root, name) < 0 ? fail_tried(name, "mark as deleted") : 0;
	_cleanup_close_ int dir = openat(root, name, DIR_FLAGS);
	if (dir >= 0 && layer_mark_opaque(dir) < 0)
		return fail_tried(name, "mark as opaque");
	return 0;
}

/* If the layer's root is opaque, mark what it hides, name by name: 1. 0 when it is not, -1 with
 * fail(). */
static int opaque_root(const struct view *v)
{
	struct stat st;
	_cleanup_close_ int root = at(v, v->top, "", DIR_FLAGS);
	if (root < 0 || !layer_is_opaque(root, NULL) || fstat(root, &st) < 0)
		return 0;
	for (size_t k = 0; k < v->top; k++) {
		_cleanup_close_ int below = at(v, k, "", DIR_FLAGS);
		if (below >= 0 && dir_each(below, hide, &root) != 0)
			return -1;
	}
	fd_times(root, &st);
	return 1;
}

/* --- all of it --- */

static void inherit_own_entry(struct view *v, const char *path)
{
	uint64_t hash = view_hash(v, path);
	struct seen *seen = seen_at(v, hash);
	v->n += !seen->path;
	seen->path = hash;
	seen->own = true;
}

/* Apply what the layer's archive has left to be said by the layers below: `rest`, each with a NUL.
 */
static int inherit_inherit(struct view *v, char *rest, size_t n)
{
	int opaque = opaque_root(v), r = opaque < 0 ? -1 : 0;
	/* What has its own entry, then the other folders, then links, which may lead there. */
	enum { OWN, WAYS, LINKS } what;
	for (what = OWN; what <= LINKS; what++)
		for (char *p = rest; r >= 0 && p < rest + n; p += strlen(p) + 1) {
			char *to = strstr(p, "//") + 2;
			size_t end = (size_t)(to - 2 - p);
			_cleanup_free_ char *name = xstrndup(p, end);
			bool own = strcmp(name, to) == 0;
			if (own && what == OWN)
				inherit_own_entry(v, name);
			else if (!own && *to != '/' && what == LINKS)
				r = hard_link(v, name, to);
			/* in an opaque root they are new ones */
			else if (*to == '/' && what == WAYS && !opaque && end <= strlen(to + 1))
				r = way(v, to + 1, end);
		}
	return r < 0 ? -1 : 0;
}

int store_inherit(const struct store *s, char (*ids)[DIGEST_HEX], size_t n)
{
	int r = 0;
	size_t ways = WAYS_MAX;
	char(*names)[DIGEST_HEX] = xcalloc(n, sizeof *names);
	for (size_t i = 0; i < n; i++)
		store_layer_name(s, ids, i, names[i]);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct view v = {.s = s, .names = names, .top = i, .ways = ways, .salt = FNV1A};
		size_t len;
		_cleanup_free_ char *todo = xasprintf(STORE_REST "%s", names[i]);
		if (faccessat(s->ltmp, todo, F_OK, 0) < 0)
			continue;
		_cleanup_free_ char *rest = file_read_at(s->ltmp, todo, 1u << 30, &len);
		getrandom(&v.salt, sizeof v.salt, 0);
		r = rest ? inherit_inherit(&v, rest, len) : -1;
		if (r == 0)
			unlinkat(s->ltmp, todo, 0);
		ways = v.ways;
		free(v.seen);
	}
	free(names);
	return r;
}

int store_unpack(struct store *s, const struct manifest *m, const struct image_config *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct stream_sums in;
		char name[DIGEST_HEX];
		if (store_layer_name(s, c->diff_ids, i, name))
			continue;
		const char *hex = m->layers[i].hex;
		_cleanup_close_ int fd = store_blob_open(s, hex);
		_cleanup_free_ char *what = xasprintf("layer %.12s", hex);
		if (fd < 0 || store_layer(s, fd, what, false, hex, c->diff_ids, i, &in) < 0)
			return -1;
	}
	return store_inherit(s, c->diff_ids, c->n);
}
