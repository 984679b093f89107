/* pack.c: directories packed into an archive; see layer.h.
 *
 * Several directories are merged as overlayfs would show them, but without mounting one: this works
 * for any user on any kernel, and for a running container. Names are sorted, so that the same tree
 * gives the same digest.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "idmap.h"
#include "layer.h"
#include "merge.h"
#include "pack_sink.h"
#include "ring.h"
#include "str.h"

#define BLOCK RING_CHUNK

struct linked {
	dev_t dev;
	ino_t ino;
	char *path;
};

struct pack {
	struct archive *a;
	struct archive_entry *e;
	struct sink *out;
	bool as_layer, live;
	const struct pack_of *of;
	char path[PATH_MAX];
	char *buf;
	char names[65536]; /* of xattrs: 64 KiB is the kernel's limit */
	/* Files with several names: an open-addressed hash table whose size is a power of two. */
	struct linked *links;
	size_t nlinks, room;
};

/* --- one entry --- */

static struct linked *link_slot(struct linked *t, size_t room, dev_t dev, ino_t ino)
{
	size_t i = (size_t)(ino * 0x9e3779b97f4a7c15u >> 20) & (room - 1);
	while (t[i].path && (t[i].ino != ino || t[i].dev != dev))
		i = (i + 1) & (room - 1);
	return &t[i];
}

/* The first name of this file, or NULL when this is the first one. */
static const char *link_first(struct pack *p, const struct stat *st)
{
	if (p->nlinks * 2 >= p->room) {
		size_t room = p->room ? 2 * p->room : 256;
		struct linked *t = xcalloc(room, sizeof *t);
		for (size_t i = 0; i < p->room; i++)
			if (p->links[i].path)
				*link_slot(t, room, p->links[i].dev, p->links[i].ino) = p->links[i];
		free(p->links);
		p->links = t;
		p->room = room;
	}
	struct linked *l = link_slot(p->links, p->room, st->st_dev, st->st_ino);
	if (l->path)
		return l->path;
	*l = (struct linked){st->st_dev, st->st_ino, xstrdup(p->path)};
	p->nlinks++;
	return NULL;
}

/* overlayfs's own attributes do not belong in a layer, and security labels are the host's. */
static bool pack_xattr_wanted(const char *name)
{
	return !str_starts(name, "trusted.overlay.") && !str_starts(name, "user.overlay.") &&
	       strcmp(name, "security.selinux") != 0;
}

static int xattrs(struct pack *p, int fd, int dir, const char *name)
{
	char at[NAME_MAX + 40], value[65536];
	if (fd < 0) /* it cannot be opened; reading from an open file is faster */
		snprintf(at, sizeof at, "/proc/self/fd/%d/%s", dir, name);
	ssize_t n = fd < 0 ? llistxattr(at, p->names, sizeof p->names)
			   : flistxattr(fd, p->names, sizeof p->names);
	if (n < 0)
		return errno == EOPNOTSUPP || errno == EACCES || errno == EPERM
			   ? 0
			   : fail_tried(p->path, "list attributes");
	for (char *x = p->names; x < p->names + n; x += strlen(x) + 1) {
		if (!pack_xattr_wanted(x))
			continue;
		ssize_t v = fd < 0 ? lgetxattr(at, x, value, sizeof value)
				   : fgetxattr(fd, x, value, sizeof value);
		if (v >= 0)
			archive_entry_xattr_add_entry(p->e, x, value, (size_t)v);
		else if (errno != ENODATA && errno != EPERM && errno != EACCES &&
			 errno != EOPNOTSUPP)
			return fail("%s: read %s: %m", p->path, x);
	}
	return 0;
}

static void holes(struct pack *p, int fd, const struct stat *st)
{
	if ((off_t)st->st_blocks * 512 >= st->st_size)
		return;
	for (off_t at = 0; at < st->st_size;) {
		off_t data = lseek(fd, at, SEEK_DATA);
		if (data < 0 && errno == ENXIO) { /* only a hole up to the end */
			archive_entry_sparse_add_entry(p->e, st->st_size, 0);
			break;
		}
		off_t hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
		if (hole < 0) { /* the file system cannot report holes, or the file has shrunk */
			archive_entry_sparse_clear(p->e);
			return;
		}
		if (data == 0 && hole >= st->st_size)
			break;
		archive_entry_sparse_add_entry(
		    p->e, data, (hole < st->st_size ? hole : st->st_size) - data);
		at = hole;
	}
}

static int pack_header(struct pack *p)
{
	int r = archive_write_header(p->a, p->e);
	if (r < ARCHIVE_WARN)
		return fail("%s: %s", p->path, archive_error_string(p->a));
	return 0;
}

static int pack_put(struct pack *p, const char *buf, size_t n)
{
	return archive_write_data(p->a, buf, n) < 0
		   ? fail("%s: %s", p->path, archive_error_string(p->a))
		   : 0;
}

/* What the header calls a hole is not read, and neither does libarchive look at it: a container
 * makes holes of any size at no cost. */
static int pack_body(struct pack *p, int fd, off_t size)
{
	int64_t data = 0, len = size; /* the part that is not a hole, and at or behind `at` */
	bool sparse = archive_entry_sparse_reset(p->e) > 0, large = size > BLOCK / 4;
	/* libarchive writes its map of a sparse file before the first data, and would do so into
	 * the buffer that is lent. */
	if (sparse && pack_put(p, p->buf, len = 0) < 0)
		return -1;
	for (off_t at = 0; at < size;) {
		if (at == data + len && archive_entry_sparse_next(p->e, &data, &len) != ARCHIVE_OK)
			data = size;
		if (at < data) {
			size_t hole = data - at < INT_MAX ? (size_t)(data - at) : INT_MAX;
			if (pack_put(p, p->buf, hole) < 0)
				return -1;
			at += (off_t)hole;
			continue;
		}
		size_t room = data + len - at < BLOCK ? (size_t)(data + len - at) : BLOCK;
		char *buf = large ? sink_lend(p->out) : p->buf;
		if (!buf)
			return fail_errno("write");
		ssize_t n = pread(fd, buf, room, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_tried(p->path, "read");
		if (n == 0) /* the file has shrunk meanwhile; the header has promised more */
			memset(buf, 0, (size_t)(n = (ssize_t)room));
		if (pack_put(p, buf, (size_t)n) < 0)
			return -1;
		at += n;
	}
	return 0;
}

/* In a container's files, the container may replace a file by a device between our check and our
 * open, and merely opening a device can have effects. So the file is checked through an O_PATH
 * descriptor, and that same file is opened then. */
static int file_open(const struct pack *p, int dir, const char *name)
{
	int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	struct stat st;
	char at[40];
	if (!p->live && !p->of)
		return openat(dir, name, flags | O_NOFOLLOW);
	_cleanup_close_ int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	snprintf(at, sizeof at, "/proc/self/fd/%d", fd);
	return S_ISREG(st.st_mode) ? open(at, flags) : (errno = ESTALE, -1);
}

static int pack_entry_file(struct pack *p, int dir, const char *name, struct stat *st)
{
	_cleanup_close_ int fd = file_open(p, dir, name);
	if (fd < 0 && errno == ENOENT)
		return 0; /* it is gone meanwhile */
	if (fd < 0 || fstat(fd, st) < 0)
		return fail_open(p->path);
	if (!S_ISREG(st->st_mode))
		return errno = ESTALE, fail("%s: changed while it was read", p->path);
	archive_entry_set_size(p->e, st->st_size);
	holes(p, fd, st);
	if (xattrs(p, fd, -1, "") < 0 || pack_header(p) < 0)
		return -1;
	return st->st_size ? pack_body(p, fd, st->st_size) : 0;
}

/* The id as the container sees it; an id that is not mapped comes from the layers below. */
static uint32_t id_inside(const struct idmap_entry *map, size_t n, uint32_t id)
{
	uint32_t inside;
	return idmap_inside(map, n, id, &inside) ? inside : id;
}

static int pack_entry(struct pack *p, int dir, const char *name, struct stat *st)
{
	archive_entry_clear(p->e);
	archive_entry_copy_pathname(p->e, p->path);
	archive_entry_set_mode(p->e, st->st_mode);
	archive_entry_set_uid(
	    p->e, p->of ? id_inside(p->of->uids, p->of->n_uids, st->st_uid) : st->st_uid);
	archive_entry_set_gid(
	    p->e, p->of ? id_inside(p->of->gids, p->of->n_gids, st->st_gid) : st->st_gid);
	archive_entry_set_mtime(p->e, st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	archive_entry_set_size(p->e, 0);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		archive_entry_set_rdev(p->e, st->st_rdev);
	const char *first = !S_ISDIR(st->st_mode) && st->st_nlink > 1 ? link_first(p, st) : NULL;
	if (first) {
		archive_entry_set_hardlink(p->e, first);
		/* docker calls chown for every name, which removes a file capability, and sets it
		 * again only if this name has it. */
		return xattrs(p, -1, dir, name) < 0 ? -1 : pack_header(p);
	}
	if (S_ISREG(st->st_mode))
		return pack_entry_file(p, dir, name, st);
	if (xattrs(p, -1, dir, name) < 0)
		return -1;
	if (S_ISLNK(st->st_mode)) {
		char target[PATH_MAX];
		ssize_t n = readlinkat(dir, name, target, sizeof target - 1);
		if (n < 0)
			return fail_tried(p->path, "readlink");
		target[n] = 0;
		archive_entry_copy_symlink(p->e, target);
	}
	return pack_header(p);
}

/* An empty file whose name is all that matters. */
static int pack_mark(struct pack *p, const char *path, const struct stat *st)
{
	archive_entry_clear(p->e);
	archive_entry_copy_pathname(p->e, path);
	archive_entry_set_mode(p->e, S_IFREG | 0600);
	archive_entry_set_mtime(p->e, st->st_mtim.tv_sec, 0);
	archive_entry_set_size(p->e, 0);
	return pack_header(p);
}

/* --- the tree --- */

static int pack_level(struct pack *p, struct merged *m, size_t at);

static int pack_child_one(
    struct pack *p, struct merged *m, const struct merged_name *item, size_t at)
{
	struct stat st;
	int dir = m->fds[item->layer];
	size_t len = strlen(item->name);
	if (fstatat(dir, item->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail_tried(item->name, "stat"); /* gone meanwhile */
	if (at + len + 16 > sizeof p->path)
		return errno = ENAMETOOLONG, fail_errno(p->path);
	if (layer_is_whiteout(&st)) {
		if (!p->as_layer)
			return 0;
		sprintf(p->path + at, ".wh.%s", item->name);
		return pack_mark(p, p->path, &st);
	}
	if (S_ISSOCK(st.st_mode)) /* an archive cannot hold a socket */
		return 0;
	memcpy(p->path + at, item->name, len + 1);
	/* It would be taken for a whiteout in an image's layer. */
	if (p->out->hash && str_starts(item->name, ".wh.")) {
		warn("/%s: left out: its name would be a whiteout in an image", p->path);
		return 0;
	}
	if (S_ISDIR(st.st_mode))
		memcpy(p->path + at + len, "/", 2);
	if (pack_entry(p, dir, item->name, &st) < 0)
		return -1;
	if (!S_ISDIR(st.st_mode))
		return 0;
	struct merged sub;
	if (merged_descend(m, item, &sub) < 0)
		return -1;
	int r = 0;
	if (p->as_layer && layer_is_opaque(sub.fds[0], sub.opaque)) {
		strcpy(p->path + at + len + 1, LAYER_OPAQUE);
		r = pack_mark(p, p->path, &st);
	}
	if (r == 0)
		r = pack_level(p, &sub, at + len + 1);
	merged_close(&sub);
	return r;
}

/* Is it one of the kernel's own file systems? They hold no files to copy, and reading some of them
 * never ends. */
static bool kernels(int fd)
{
	static const uint32_t magic[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC, DEVPTS_SUPER_MAGIC,
	    CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, 0x19800202 /* mqueue */};
	struct statfs fs;
	if (fstatfs(fd, &fs) == 0)
		for (size_t i = 0; i < sizeof magic / sizeof magic[0]; i++)
			if ((uint32_t)fs.f_type == magic[i])
				return true;
	return false;
}

static int pack_level(struct pack *p, struct merged *m, size_t at)
{
	if (p->live && kernels(m->fds[0]))
		return 0;
	if (merged_list(m) < 0)
		return -1;
	for (size_t i = 0; i < m->nnames; i++)
		if (pack_child_one(p, m, &m->names[i], at) < 0)
			return -1;
	return 0;
}

struct subject {
	const int *dirs; /* a whole tree, or */
	size_t n;
	int dir; /* one name in a directory */
	const char *name, *as;
};

static int pack_one(struct pack *p, const struct subject *s)
{
	struct stat st;
	struct merged m;
	size_t len = strlen(s->as);
	if (len + 3 > sizeof p->path)
		return errno = ENAMETOOLONG, fail_errno(s->as);
	if (fstatat(s->dir, s->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_errno(s->as);
	if (kernels(s->dir))
		return errno = EINVAL,
		       fail("%s: on one of the kernel's file systems, not copied", s->as);
	p->live = true;
	if (S_ISSOCK(st.st_mode))
		return errno = EINVAL, fail("%s: a socket cannot be copied", s->as);
	sprintf(p->path, "%s%s", s->as, S_ISDIR(st.st_mode) ? "/" : "");
	int r = pack_entry(p, s->dir, s->name, &st);
	if (r < 0 || !S_ISDIR(st.st_mode))
		return r;
	_cleanup_close_ int fd =
	    openat(s->dir, s->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_open(s->as);
	if (merged_open(&m, &fd, 1) < 0)
		return -1;
	r = pack_level(p, &m, len + 1);
	merged_close(&m);
	return r;
}

static int pack_whole(struct pack *p, const int *dirs, size_t n)
{
	struct merged m;
	struct stat st;
	if (merged_open(&m, dirs, n) < 0)
		return -1;
	m.opaque = p->of ? p->of->opaque : NULL;
	int r = fstat(m.fds[0], &st) < 0 ? fail_errno("stat") : 0;
	strcpy(p->path, "./");
	if (r == 0)
		r = pack_entry(p, m.fds[0], ".", &st);
	p->path[0] = 0;
	if (r == 0)
		r = pack_level(p, &m, 0);
	merged_close(&m);
	return r;
}

static int pack_open(struct pack *p)
{
	p->a = archive_write_new();
	p->e = archive_entry_new();
	if (!p->a || !p->e)
		return fail("out of memory");
	/* Layers have whole seconds, a pax header only where something needs one, and docker reads
	 * only SCHILY.xattr. */
	if (archive_write_set_format_pax_restricted(p->a) != ARCHIVE_OK ||
	    archive_write_set_format_option(p->a, "pax", "xattrheader", "SCHILY") != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(p->a, 0) != ARCHIVE_OK ||
	    archive_write_open(p->a, p->out, NULL, sink_write, NULL) != ARCHIVE_OK)
		return fail("begin an archive: %s", archive_error_string(p->a));
	return 0;
}

static int pack_close(struct pack *p)
{
	if (archive_write_close(p->a) != ARCHIVE_OK)
		return fail("end the archive: %s", archive_error_string(p->a));
	return sink_flush(p->out) < 0 ? fail_errno("write") : 0;
}

static int pack_pack(
    const struct subject *s, bool as_layer, const struct pack_of *of, struct sink *out)
{
	struct pack *p = xcalloc(1, sizeof *p);
	*p = (struct pack){.out = out, .as_layer = as_layer, .of = of};
	p->buf = xmalloc(BLOCK);
	setlocale(LC_CTYPE, "C.UTF-8"); /* the encoding of names in pax headers */
	int r = sink_begin(out) < 0 || pack_open(p) < 0 ||
			(s->name ? pack_one(p, s) : pack_whole(p, s->dirs, s->n)) < 0 ||
			pack_close(p) < 0
		    ? -1
		    : 0;
	int why = errno;
	/* Without the end-of-archive mark, so that half an archive is not taken for a whole one. */
	if (r < 0 && p->a)
		archive_write_fail(p->a);
	if (p->a)
		archive_write_free(p->a);
	archive_entry_free(p->e);
	sink_end(out);
	for (size_t i = 0; i < p->room; i++)
		free(p->links[i].path);
	free(p->links);
	free(p->buf);
	free(p);
	errno = why;
	return r;
}

int layer_pack(const int *dirs, size_t n, bool as_layer, const struct pack_of *of, struct sink *out)
{
	return pack_pack(&(struct subject){.dirs = dirs, .n = n}, as_layer, of, out);
}

int layer_pack_path(
    int dir, const char *name, const char *as, const struct pack_of *of, struct sink *out)
{
	return pack_pack(&(struct subject){.dir = dir, .name = name, .as = as}, false, of, out);
}
