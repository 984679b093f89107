/* unpack.c: a layer's archive into a directory; see layer.h.
 *
 * The archive is hostile. libarchive only reads it; every entry is made here by *at() calls on its
 * parent's descriptor, which was reached component by component with O_NOFOLLOW and is kept while
 * entries of the same directory come: no name is ever resolved by the kernel beyond one component,
 * so nothing has to be checked twice, on any kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "idmap.h"
#include "str.h"
#include "stream.h"
#include "tree.h"
#include "unpack.h"

/* --- entries --- */

/* Which mount an open file or O_PATH descriptor is on (proc(5), fdinfo); -1 when that is not known.
 */
static long unpack_mount_of(int fd)
{
	_cleanup_free_ char *name = xasprintf("/proc/self/fdinfo/%d", fd);
	_cleanup_free_ char *text = file_read(name, 65536, NULL);
	const char *id = text ? strstr(text, "mnt_id:") : NULL;
	return id ? strtol(id + 7, NULL, 10) : -1;
}

/* Something is mounted on the name, in a container that runs or in our view of one. To unlink what
 * lies beneath would take the mount away there without a word. Its O_PATH descriptor, or -1. */
static int unpack_mounted(const struct unpack *u, int dir, const char *base)
{
	int fd = u->how.plain ? openat(dir, base, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (fd >= 0 && unpack_mount_of(fd) != unpack_mount_of(dir))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* A name is taken: by an earlier entry of the same name (the last one holds, as with tar and in
 * docker), or by a directory of a container, which stays. */
static int make_room(struct unpack *u, const char *path, int dir, const char *base)
{
	struct stat st;
	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail_tried(u->what, path);
	if (S_ISDIR(st.st_mode) && !u->how.plain)
		return tree_remove_at(dir, base);
	if (S_ISDIR(st.st_mode))
		return errno = EISDIR,
		       fail("%s: %s: not a directory, but there is one already", u->what, path);
	_cleanup_close_ int over = unpack_mounted(u, dir, base);
	if (over >= 0)
		return errno = EBUSY, fail("%s: %s: something is mounted there; it is not replaced",
					  u->what, path);
	if (unlinkat(dir, base, 0) < 0)
		return fail_tried_in(u->what, path, "replace");
	return 0;
}

static int file_data(struct unpack *u, int fd, const char *path, la_int64_t size)
{
	const void *data;
	size_t n;
	la_int64_t offset, end = 0;
	int r;
	while ((r = archive_read_data_block(u->a, &data, &n, &offset)) == ARCHIVE_OK ||
	       r == ARCHIVE_WARN) {
		for (size_t done = 0; done < n;) {
			ssize_t w = pwrite(
			    fd, (const char *)data + done, n - done, offset + (la_int64_t)done);
			if (w < 0 && errno != EINTR)
				return fail_tried_in(u->what, path, "write");
			done += w > 0 ? (size_t)w : 0;
		}
		if (n)
			end = offset + (la_int64_t)n;
	}
	if (r != ARCHIVE_EOF)
		return stream_archive_failed(u->in, u->a, path);
	if (end < size && ftruncate(fd, size) < 0) /* a hole at the end */
		return fail_tried_in(u->what, path, "truncate");
	return 0;
}

/* Into a file that is mounted on the name, as a shell's `>` writes into it: its owner and mode
 * stay. 1 done, 0 nothing is mounted there, -1 with fail(). */
static int write_through(
    struct unpack *u, struct archive_entry *e, const char *path, int dir, const char *base)
{
	struct stat st;
	char at[40];
	_cleanup_close_ int over = unpack_mounted(u, dir, base);
	if (over < 0 || fstat(over, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	snprintf(at, sizeof at, "/proc/self/fd/%d", over);
	_cleanup_close_ int fd = open(at, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fail_tried_in(u->what, path, "write to what is mounted there");
	if (archive_entry_size(e) > 0 && file_data(u, fd, path, archive_entry_size(e)) < 0)
		return -1;
	return 1;
}

static int unpack_entry_file(
    struct unpack *u, struct archive_entry *e, const char *path, int dir, const char *base)
{
	mode_t mode = archive_entry_perm(e);
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_close_ int fd = openat(dir, base, flags, mode & 0777);
	int through = fd < 0 && errno == EEXIST ? write_through(u, e, path, dir, base) : 0;
	if (through)
		return through < 0 ? -1 : 0;
	if (fd < 0 && errno == EEXIST && make_room(u, path, dir, base) == 0)
		fd = openat(dir, base, flags, mode & 0777);
	else if (fd < 0 && (errno == EISDIR || errno == EBUSY))
		return -1;
	if (fd < 0)
		return fail_tried_in(u->what, path, "create");
	if (archive_entry_size(e) > 0 && file_data(u, fd, path, archive_entry_size(e)) < 0)
		return unlinkat(dir, base, 0), -1; /* half a file is none */
	return unpack_attr_file(u, e, path, fd);
}

static int entry_dir(
    struct unpack *u, struct archive_entry *e, const char *path, int dir, const char *base)
{
	struct stat st;
	if (mkdirat(dir, base, 0700) < 0) {
		if (errno != EEXIST || fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return fail_tried_in(u->what, path, "mkdir");
		if (!u->how.plain && !S_ISDIR(st.st_mode)) {
			if (unlinkat(dir, base, 0) < 0 || mkdirat(dir, base, 0700) < 0)
				return fail_tried_in(u->what, path, "mkdir");
			/* deleted, then made anew: what is below does not show */
			if (layer_is_whiteout(&st) && unpack_opaque(u, dir, base, path) < 0)
				return -1;
		} else if (!S_ISDIR(st.st_mode)) {
			return errno = ENOTDIR,
			       fail("%s: %s: a directory, but there is something else already",
				   u->what, path);
		} else if (u->how.keep_dirs) {
			return 0;
		} else if (u->how.left && u->how.left->n &&
			   unpack_left(u, path, UNPACK_BELOW, path, strlen(path) + 1) < 0) {
			return -1; /* if it was left out before, that does not hold any more */
		}
	}
	return unpack_attr(u, e, path, dir, base);
}

static int entry_whiteout(struct unpack *u, const char *path, int dir, const char *base)
{
	const char *name = base + 4;
	struct stat st;
	if (strcmp(base, LAYER_OPAQUE) == 0)
		return unpack_opaque(u, dir, ".", path);
	if (str_starts(name, ".wh.")) /* AUFS's own notes (.wh..wh.plnk, ...) */
		return 0;
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return errno = EINVAL, fail("%s: %s: a whiteout without a name", u->what, path);
	if (layer_mark_deleted(dir, name) == 0)
		return 0;
	if (errno != EEXIST)
		return fail_tried_in(u->what, path, "mark as deleted");
	/* it means what is below; what this layer has itself stays (layer.md, "Whiteouts") */
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		return unpack_opaque(u, dir, name, path);
	return 0;
}

static int entry_hardlink(
    struct unpack *u, struct archive_entry *e, const char *path, int dir, const char *base)
{
	char target[PATH_MAX];
	const char *tbase;
	struct stat st;
	if (unpack_name(u, archive_entry_hardlink(e), "link target", target) < 0)
		return -1;
	if (!*target || strcmp(target, path) == 0)
		return errno = EINVAL, fail("%s: %s: a link to itself", u->what, path);
	/* a copy, because unpack_way() to the target may close it */
	_cleanup_close_ int here = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	int there = unpack_way(u, target, &tbase, false);
	int r = there < 0 ? -1 : fstatat(there, tbase, &st, AT_SYMLINK_NOFOLLOW);
	/* it is in a layer below, or comes later in the archive */
	if (r < 0 && errno == ENOENT && u->how.left)
		return unpack_left(u, path, UNPACK_BELOW, target, strlen(target) + 1);
	if (there < 0)
		return fail_in("%s: %s: link", u->what, path);
	if (r < 0 || S_ISDIR(st.st_mode) || layer_is_whiteout(&st))
		return errno = EINVAL,
		       fail("%s: %s: a link to %s, which this archive does not have", u->what, path,
			   target);
	if (linkat(there, tbase, here, base, 0) < 0 &&
	    (errno != EEXIST || make_room(u, path, here, base) < 0 ||
		linkat(there, tbase, here, base, 0) < 0))
		return errno == EISDIR || errno == EBUSY
			   ? -1
			   : fail("%s: %s: link to %s: %m", u->what, path, target);
	return 0;
}

static int entry_symlink(
    struct unpack *u, struct archive_entry *e, const char *path, int dir, const char *base)
{
	const char *target = archive_entry_symlink(e);
	if (!target || !*target)
		return errno = EILSEQ,
		       fail("%s: %s: the link's target cannot be read", u->what, path);
	if (symlinkat(target, dir, base) < 0 &&
	    (errno != EEXIST || make_room(u, path, dir, base) < 0 ||
		symlinkat(target, dir, base) < 0))
		return errno == EISDIR || errno == EBUSY ? -1
							 : fail_tried_in(u->what, path, "symlink");
	return unpack_attr(u, e, path, dir, base);
}

/* A device that every container may open (default_nodes() of spec.c). */
static bool common_device(mode_t type, dev_t dev)
{
	unsigned n = minor(dev);
	return type == AE_IFCHR && ((major(dev) == 1 && (n == 3 || n == 5 || (n >= 7 && n <= 9))) ||
				       (major(dev) == 5 && (n == 0 || n == 2)));
}

static int entry_node(
    struct unpack *u, struct archive_entry *e, const char *path, int dir, const char *base)
{
	mode_t type = archive_entry_filetype(e);
	dev_t dev = makedev(archive_entry_rdevmajor(e), archive_entry_rdevminor(e));
	if (type == AE_IFCHR && dev == 0)
		return errno = EINVAL,
		       fail("%s: %s: a device 0/0, which overlayfs takes for a deleted file",
			   u->what, path);
	bool common = type == AE_IFIFO || common_device(type, dev);
	if (type != AE_IFIFO && (u->how.harmless || (u->how.common && !common))) {
		unpack_left_out(&u->devices, path);
		return 0;
	}
	/* A device of an image that containers do not all have anyway becomes root's, without
	 * permissions for others and without further attributes than its time. The list of devices
	 * binds the container's processes, but not a user of the host who looks into the container
	 * through /proc/PID/root. */
	bool closed = !u->how.plain && !common;
	mode_t mode = closed ? archive_entry_perm(e) & 0770 : 0600;
	for (int tries = 0; mknodat(dir, base, type | mode, type == AE_IFIFO ? 0 : dev) < 0;
	     tries++) {
		if (errno == EPERM && type != AE_IFIFO) {
			if (!u->said_device)
				warn("%s: %s: make a device: %m; devices are left out", u->what,
				    path);
			u->said_device = true;
			return 0;
		}
		if (errno != EEXIST || tries)
			return fail_tried_in(u->what, path, "mknod");
		if (make_room(u, path, dir, base) < 0)
			return -1;
	}
	if (!closed)
		return unpack_attr(u, e, path, dir, base);
	struct timespec at = {archive_entry_mtime(e), archive_entry_mtime_nsec(e)};
	utimensat(dir, base, (struct timespec[]){at, at}, AT_SYMLINK_NOFOLLOW);
	return 0;
}

/* The host's id of one of the container's; -1, which chown(2) leaves as it is, for one that the
 * container does not have. */
static uint32_t id_outside(const struct idmap_entry *map, size_t n, uint32_t id)
{
	uint32_t outside = (uint32_t)-1;
	return idmap_outside(map, n, id, &outside) || n ? outside : id;
}

static int unpack_entry(struct unpack *u, struct archive_entry *e)
{
	char path[PATH_MAX];
	const char *base;
	if (unpack_name(u, archive_entry_pathname(e), "name", path) < 0)
		return -1;
	mode_t type = archive_entry_filetype(e);
	const struct pack_of *ids = u->how.ids;
	int64_t uid = archive_entry_uid(e), gid = archive_entry_gid(e);
	/* Cut to 32 bits it could be root's. */
	if (!u->how.one_owner && ((uid | gid) >> 32))
		return errno = EINVAL, fail("%s: %s: owner %lld:%lld: no such ids", u->what, path,
					   (long long)uid, (long long)gid);
	if (ids) {
		archive_entry_set_uid(e, id_outside(ids->uids, ids->n_uids, (uid_t)uid));
		archive_entry_set_gid(e, id_outside(ids->gids, ids->n_gids, (gid_t)gid));
	}
	if (!*path) {
		if (type != AE_IFDIR)
			return errno = EINVAL,
			       fail("%s: the root is not a directory here", u->what);
		return entry_dir(u, e, "", u->root, ".");
	}
	int dir = unpack_way(u, path, &base, true);
	if (dir < 0)
		return -1;
	if (!u->how.plain && str_starts(base, ".wh."))
		return entry_whiteout(u, path, dir, base);
	if (archive_entry_hardlink(e))
		return entry_hardlink(u, e, path, dir, base);
	switch (type) {
	case AE_IFREG:
		return unpack_entry_file(u, e, path, dir, base);
	case AE_IFDIR:
		return entry_dir(u, e, path, dir, base);
	case AE_IFLNK:
		return entry_symlink(u, e, path, dir, base);
	case AE_IFCHR:
	case AE_IFBLK:
	case AE_IFIFO:
		return entry_node(u, e, path, dir, base);
	default:
		return errno = EINVAL,
		       fail("%s: %s: an entry of a kind that is not known", u->what, path);
	}
}

/* --- the whole --- */

static int tar_open(struct unpack *u, struct stream *s)
{
	u->a = archive_read_new();
	if (!u->a)
		return fail("%s: out of memory", s->what);
	archive_read_support_format_tar(u->a);
	if (archive_read_open(u->a, s, NULL, stream_read, NULL) < ARCHIVE_WARN)
		return stream_archive_failed(u->in, u->a, NULL);
	return 0;
}

static int entries(struct unpack *u)
{
	struct archive_entry *e;
	for (;;) {
		int r = archive_read_next_header(u->a, &e);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r < ARCHIVE_WARN)
			return stream_archive_failed(u->in, u->a, NULL);
		if (unpack_entry(u, e) < 0)
			return -1;
	}
}

static void tell_left_out(struct left_out *l, const char *what)
{
	char more[40] = "";
	if (l->n > 1)
		snprintf(more, sizeof more, " and %zu more", l->n - 1);
	if (l->n)
		warn("%s%s: %s left out (-a keeps what its owner gave it)", l->first, more, what);
	free(l->first);
}

static void unpack_free(struct unpack *u)
{
	unpack_way_drop(u, 0);
	if (u->a)
		archive_read_free(u->a);
	for (size_t i = 0; i < u->ntimes; i++) {
		free(u->times[i].path);
		free(u->times[i].acl);
	}
	free(u->times);
	free(u->acl_text);
	free(u);
}

int layer_unpack(struct stream *s, int dirfd, const struct unpack_how *how)
{
	struct unpack *u = xcalloc(1, sizeof *u);
	u->in = s;
	u->what = s->what;
	if (how)
		u->how = *how;
	u->root = u->fds[0] = dirfd;
	u->euid = geteuid();
	u->egid = getegid();
	u->owners = u->euid == 0;
	setlocale(LC_CTYPE, "C.UTF-8"); /* libarchive converts names of pax headers by it */
	mode_t mask = umask(0);
	int r = tar_open(u, s) < 0 || entries(u) < 0 || unpack_dirs_finish(u) < 0 ? -1 : 0;
	int why = errno;
	umask(mask);
	tell_left_out(&u->devices, "a device:");
	tell_left_out(&u->bits, "set-id bits:");
	unpack_free(u);
	errno = why;
	return r;
}
