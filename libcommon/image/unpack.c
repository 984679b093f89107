/* unpack.c: a layer's archive into a directory; see layer.h.
 *
 * The archive is hostile. libarchive only reads it; every entry is made here by *at() calls on its parent's descriptor,
 * which was reached component by component with O_NOFOLLOW and is kept while entries of the same directory come: no
 * name is ever resolved by the kernel beyond one component, so nothing has to be checked twice, on any kernel.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
#include "layer.h"
#include "str.h"

#define KEPT 128 /* descriptors of directories that are kept open; deeper ones are walked to again */

#define DEFAULT_ACL "system.posix_acl_default"

struct dirtime {
	char *path, *acl; /* acl: NULL: none */
	size_t acl_size;
	mode_t mode;
	struct timespec mtime;
};

struct unpack {
	struct archive *a;
	const char *what;
	int root;
	struct unpack_how how;
	bool owners; /* may we set them? */
	bool said_xattr, said_device, said_owner;
	const void *acl; /* the entry's default one */
	size_t acl_size;
	uid_t euid;
	gid_t egid;
	/* the directory of the last entry, component by component */
	char path[PATH_MAX];
	size_t depth;
	int fds[KEPT + 1]; /* fds[i]: the directory of i components; the last is the temporary one of a deeper path */
	size_t ends[KEPT + 1]; /* where its components end in path */
	/* directories: set at the end, since filling them changes their times, and what is made takes their default ACL
	 */
	struct dirtime *times;
	size_t ntimes, room;
};

/* --- names --- */

/* The entry's name without "." components and slashes too many, into out[PATH_MAX]. */
static int name_clean(const struct unpack *u, const char *in, const char *kind, char *out)
{
	size_t n = 0;
	if (!in)
		return errno = EILSEQ, fail("%s: an entry's %s cannot be read", u->what, kind);
	if (*in == '/')
		return errno = EINVAL, fail("%s: %.200s: absolute %s in an archive", u->what, in, kind);
	for (const char *p = in; *p;) {
		size_t len = strcspn(p, "/");
		if (len == 2 && p[0] == '.' && p[1] == '.')
			return errno = EINVAL, fail("%s: %.200s: %s with '..'", u->what, in, kind);
		if (len > NAME_MAX || n + len + 2 > PATH_MAX)
			return errno = ENAMETOOLONG, fail("%s: %.100s...: %s too long", u->what, in, kind);
		if (len && !(len == 1 && p[0] == '.')) {
			if (n)
				out[n++] = '/';
			memcpy(out + n, p, len);
			n += len;
		}
		p += len;
		while (*p == '/')
			p++;
	}
	out[n] = 0;
	return 0;
}

/* --- the way to a directory --- */

static void way_drop(struct unpack *u, size_t depth)
{
	while (u->depth > depth)
		close(u->fds[u->depth--]);
	u->path[u->depth ? u->ends[u->depth] : 0] = 0;
}

static int way_step(struct unpack *u, int dir, const char *name, const char *path, bool make)
{
	for (int tries = 0;; tries++) {
		int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (errno == ENOENT && make && tries == 0) {
			if (mkdirat(dir, name, 0755) == 0 || errno == EEXIST)
				continue;
			return fail("%s: %.300s: mkdir: %m", u->what, path);
		}
		if (errno == ELOOP || errno == ENOTDIR)
			return fail("%s: %.300s: the way there goes through what is not a directory (a symbolic link?)",
			    u->what, path);
		return fail("%s: %.300s: open its directory: %m", u->what, path);
	}
}

/* The descriptor of the directory that holds `path` (cleaned), and the last component. Missing directories are made:
 * archives may leave them out. */
static int way_to(struct unpack *u, const char *path, const char **base, bool make)
{
	const char *slash = strrchr(path, '/');
	*base = slash ? slash + 1 : path;
	size_t dirlen = slash ? (size_t)(slash - path) : 0;
	size_t same = 0, depth = 0; /* how much of the last way serves again */
	while (depth < u->depth && u->ends[depth + 1] <= dirlen && memcmp(path, u->path, u->ends[depth + 1]) == 0 &&
	       (u->ends[depth + 1] == dirlen || path[u->ends[depth + 1]] == '/')) {
		depth++;
		same = u->ends[depth];
	}
	if (depth > KEPT - 1)
		depth = KEPT - 1, same = u->ends[depth];
	way_drop(u, depth);
	for (size_t at = same; at < dirlen;) {
		at += path[at] == '/';
		size_t len = strcspn(path + at, "/");
		char name[NAME_MAX + 1];
		memcpy(name, path + at, len);
		name[len] = 0;
		int fd = way_step(u, u->fds[u->depth], name, path, make);
		if (fd < 0)
			return -1;
		at += len;
		if (u->depth == KEPT) /* the last slot holds the end of a deep way, for this entry only */
			close(u->fds[KEPT]);
		else
			u->depth++;
		u->fds[u->depth] = fd;
		u->ends[u->depth] = at;
	}
	memcpy(u->path, path, dirlen);
	u->path[dirlen] = 0;
	return u->fds[u->depth];
}

/* --- attributes --- */

static void times_of(struct archive_entry *e, struct timespec t[2])
{
	t[0] = t[1] = (struct timespec){.tv_nsec = UTIME_OMIT};
	if (archive_entry_mtime_is_set(e)) {
		t[1].tv_sec = archive_entry_mtime(e);
		t[1].tv_nsec = archive_entry_mtime_nsec(e);
		t[0] = t[1];
	}
}

static uid_t uid_of(const struct unpack *u, struct archive_entry *e)
{
	return u->how.one_owner ? u->how.uid : (uid_t)archive_entry_uid(e);
}

static gid_t gid_of(const struct unpack *u, struct archive_entry *e)
{
	return u->how.one_owner ? u->how.gid : (gid_t)archive_entry_gid(e);
}

static bool owner_differs(const struct unpack *u, struct archive_entry *e)
{
	return u->owners && (uid_of(u, e) != u->euid || gid_of(u, e) != u->egid);
}

static int owner_refused(struct unpack *u, struct archive_entry *e, const char *path)
{
	/* In a user namespace, ids that are not mapped cannot be owners. */
	if (errno != EINVAL && errno != EPERM)
		return fail("%s: %.300s: chown: %m", u->what, path);
	if (!u->said_owner)
		warn("%s: %.300s: owner %lld:%lld does not exist here; such files stay ours", u->what, path,
		    (long long)uid_of(u, e), (long long)gid_of(u, e));
	u->said_owner = true;
	return 0;
}

/* What means something to overlayfs is ours to set, not the archive's (a redirect would reach into other layers); a
 * label is the host's policy. */
static bool xattr_wanted(const char *name)
{
	return !str_starts(name, "trusted.overlay.") && !str_starts(name, "user.overlay.") &&
	       strcmp(name, "security.selinux") != 0;
}

static int xattr_set(
    struct unpack *u, const char *path, int fd, const char *at, const char *name, const void *value, size_t size)
{
	if ((at ? lsetxattr(at, name, value, size, 0) : fsetxattr(fd, name, value, size, 0)) == 0)
		return 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != EINVAL)
		return fail("%s: %.300s: set %s: %m", u->what, path, name);
	if (!u->said_xattr)
		warn("%s: %.300s: set %s: %m; such attributes are left out", u->what, path, name);
	u->said_xattr = true;
	return 0;
}

static int xattrs_set(struct unpack *u, struct archive_entry *e, const char *path, int fd, const char *at)
{
	const char *name;
	const void *value;
	size_t size;
	archive_entry_xattr_reset(e);
	while (archive_entry_xattr_next(e, &name, &value, &size) == ARCHIVE_OK) {
		if (!name || !xattr_wanted(name))
			continue;
		if (at && strcmp(name, DEFAULT_ACL) == 0)
			u->acl = value, u->acl_size = size;
		else if (xattr_set(u, path, fd, at, name, value, size) < 0)
			return -1;
	}
	return 0;
}

/* What is not open: links, nodes, directories. */
static int attributes(struct unpack *u, struct archive_entry *e, const char *path, int dir, const char *base)
{
	mode_t type = archive_entry_filetype(e), mode = archive_entry_perm(e);
	if (owner_differs(u, e) && fchownat(dir, base, uid_of(u, e), gid_of(u, e), AT_SYMLINK_NOFOLLOW) < 0 &&
	    owner_refused(u, e, path) < 0)
		return -1;
	if (archive_entry_xattr_count(e)) {
		char at[NAME_MAX + 40];
		snprintf(at, sizeof at, "/proc/self/fd/%d/%s", dir, base);
		if (xattrs_set(u, e, path, -1, at) < 0)
			return -1;
	}
	if (type == AE_IFDIR) { /* ours now: base is no link */
		if (!u->owners)
			mode |= 0700; /* until all is in */
		if (fchmodat(dir, base, mode, 0) < 0)
			return fail("%s: %.300s: chmod: %m", u->what, path);
		return 0;
	}
	if (type != AE_IFLNK && fchmodat(dir, base, mode, 0) < 0)
		return fail("%s: %.300s: chmod: %m", u->what, path);
	struct timespec t[2];
	times_of(e, t);
	if (t[1].tv_nsec != UTIME_OMIT && utimensat(dir, base, t, AT_SYMLINK_NOFOLLOW) < 0)
		return fail("%s: %.300s: set the time: %m", u->what, path);
	return 0;
}

/* --- entries --- */

/* A name is taken: by an earlier entry of the same name (the last one holds, as with tar), or by a directory. */
static int make_room(struct unpack *u, const char *path, int dir, const char *base)
{
	struct stat st;
	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail("%s: %.300s: %m", u->what, path);
	if (S_ISDIR(st.st_mode))
		return errno = EISDIR, fail("%s: %.300s: not a directory, but there is one already", u->what, path);
	if (unlinkat(dir, base, 0) < 0)
		return fail("%s: %.300s: replace: %m", u->what, path);
	return 0;
}

/* What libarchive says of the archive; the stream's own failure says already what it was about. */
static int tar_fail(const struct unpack *u, const char *path)
{
	const char *why = archive_error_string(u->a);
	if (!why)
		why = "damaged archive";
	errno = EINVAL;
	if (str_starts(why, u->what))
		return fail("%s", why);
	if (strstr(why, "nrecognized"))
		why = "not a tar, tar.gz, .zst or .xz archive";
	return path ? fail("%s: %.300s: %s", u->what, path, why) : fail("%s: %s", u->what, why);
}

static int file_data(struct unpack *u, int fd, const char *path, la_int64_t size)
{
	const void *data;
	size_t n;
	la_int64_t offset, end = 0;
	int r;
	while ((r = archive_read_data_block(u->a, &data, &n, &offset)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
		for (size_t done = 0; done < n;) {
			ssize_t w = pwrite(fd, (const char *)data + done, n - done, offset + (la_int64_t)done);
			if (w < 0 && errno != EINTR)
				return fail("%s: %.300s: write: %m", u->what, path);
			done += w > 0 ? (size_t)w : 0;
		}
		if (n)
			end = offset + (la_int64_t)n;
	}
	if (r != ARCHIVE_EOF)
		return tar_fail(u, path);
	if (end < size && ftruncate(fd, size) < 0) /* a hole at the end */
		return fail("%s: %.300s: truncate: %m", u->what, path);
	return 0;
}

static int entry_file(struct unpack *u, struct archive_entry *e, const char *path, int dir, const char *base)
{
	mode_t mode = archive_entry_perm(e);
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_close_ int fd = openat(dir, base, flags, mode & 0777);
	if (fd < 0 && errno == EEXIST && make_room(u, path, dir, base) == 0)
		fd = openat(dir, base, flags, mode & 0777);
	else if (fd < 0 && errno == EISDIR)
		return -1;
	if (fd < 0)
		return fail("%s: %.300s: create: %m", u->what, path);
	if (archive_entry_size(e) > 0 && file_data(u, fd, path, archive_entry_size(e)) < 0)
		return unlinkat(dir, base, 0), -1; /* half a file is none */
	if (owner_differs(u, e) && fchown(fd, uid_of(u, e), gid_of(u, e)) < 0 && owner_refused(u, e, path) < 0)
		return -1;
	/* after the owner: changing that clears capabilities and set-id bits */
	if (archive_entry_xattr_count(e) && xattrs_set(u, e, path, fd, NULL) < 0)
		return -1;
	if ((mode & 07000) && fchmod(fd, mode) < 0)
		return fail("%s: %.300s: chmod: %m", u->what, path);
	struct timespec t[2];
	times_of(e, t);
	if (t[1].tv_nsec != UTIME_OMIT && futimens(fd, t) < 0)
		return fail("%s: %.300s: set the time: %m", u->what, path);
	return 0;
}

/* A file system that holds no 0/0 devices or no attributes (overlayfs itself, ramfs, before Linux 5.8 a user's) is none
 * that overlayfs takes for a container's layers: only our own code will read them. There a mark is what no archive can
 * hold, a socket, of mode 0. */
static int mark(int dir, const char *name)
{
	return mknodat(dir, name, S_IFCHR, 0) == 0 || (errno == EPERM && mknodat(dir, name, S_IFSOCK, 0) == 0) ? 0 : -1;
}

static int opaque_set(struct unpack *u, int dir, const char *base, const char *path)
{
	_cleanup_close_ int fd = openat(dir, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail("%s: %.300s: open: %m", u->what, path);
	int trusted = fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0);
	if (fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) < 0 && trusted < 0 &&
	    mknodat(fd, LAYER_OPAQUE, S_IFSOCK, 0) < 0 && errno != EEXIST)
		return fail("%s: %.300s: mark as opaque: %m", u->what, path);
	return 0;
}

static int entry_dir(struct unpack *u, struct archive_entry *e, const char *path, int dir, const char *base)
{
	struct stat st;
	if (mkdirat(dir, base, 0700) < 0) {
		if (errno != EEXIST || fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return fail("%s: %.300s: mkdir: %m", u->what, path);
		if (!u->how.plain &&
		    layer_is_whiteout(&st)) { /* deleted, then made anew: what is below does not show */
			if (unlinkat(dir, base, 0) < 0 || mkdirat(dir, base, 0700) < 0)
				return fail("%s: %.300s: mkdir: %m", u->what, path);
			if (opaque_set(u, dir, base, path) < 0)
				return -1;
		} else if (!S_ISDIR(st.st_mode)) {
			return errno = ENOTDIR,
			       fail("%s: %.300s: a directory, but there is something else already", u->what, path);
		} else if (u->how.keep_dirs) {
			return 0;
		}
	}
	u->acl = NULL;
	if (attributes(u, e, path, dir, base) < 0)
		return -1;
	struct timespec t[2];
	times_of(e, t);
	if (u->ntimes == u->room) {
		u->room = u->room ? 2 * u->room : 256;
		u->times = xrealloc(u->times, u->room * sizeof *u->times);
	}
	struct dirtime *d = &u->times[u->ntimes++];
	*d = (struct dirtime){.path = xstrdup(*path ? path : "."), .mode = archive_entry_perm(e), .mtime = t[1]};
	if (u->acl)
		d->acl = memcpy(xmalloc(u->acl_size), u->acl, d->acl_size = u->acl_size);
	return 0;
}

static int entry_whiteout(struct unpack *u, const char *path, int dir, const char *base)
{
	const char *name = base + 4;
	struct stat st;
	if (strcmp(base, LAYER_OPAQUE) == 0)
		return opaque_set(u, dir, ".", path);
	if (str_starts(name, ".wh.")) /* AUFS's own notes (.wh..wh.plnk, ...) */
		return 0;
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return errno = EINVAL, fail("%s: %.300s: a deletion of nothing", u->what, path);
	if (mark(dir, name) == 0)
		return 0;
	if (errno != EEXIST)
		return fail("%s: %.300s: mark as deleted: %m", u->what, path);
	/* it means what is below; what this layer has itself stays (layer.md, "Whiteouts") */
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		return opaque_set(u, dir, name, path);
	return 0;
}

static int entry_hardlink(struct unpack *u, struct archive_entry *e, const char *path, int dir, const char *base)
{
	char target[PATH_MAX];
	const char *tbase;
	struct stat st;
	if (name_clean(u, archive_entry_hardlink(e), "link target", target) < 0)
		return -1;
	if (!*target || strcmp(target, path) == 0)
		return errno = EINVAL, fail("%s: %.300s: a link to itself", u->what, path);
	_cleanup_close_ int here = fcntl(dir, F_DUPFD_CLOEXEC, 0); /* the way to the target may close it */
	int there = way_to(u, target, &tbase, false);
	if (there < 0)
		return fail_in("%s: %.300s: link", u->what, path);
	if (fstatat(there, tbase, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode) || layer_is_whiteout(&st))
		return errno = EINVAL,
		       fail("%s: %.300s: a link to %.300s, which this archive does not have", u->what, path, target);
	if (linkat(there, tbase, here, base, 0) < 0 &&
	    (errno != EEXIST || make_room(u, path, here, base) < 0 || linkat(there, tbase, here, base, 0) < 0))
		return errno == EISDIR ? -1 : fail("%s: %.300s: link to %.300s: %m", u->what, path, target);
	return 0;
}

static int entry_symlink(struct unpack *u, struct archive_entry *e, const char *path, int dir, const char *base)
{
	const char *target = archive_entry_symlink(e);
	if (!target || !*target)
		return errno = EILSEQ, fail("%s: %.300s: the link's target cannot be read", u->what, path);
	if (symlinkat(target, dir, base) < 0 &&
	    (errno != EEXIST || make_room(u, path, dir, base) < 0 || symlinkat(target, dir, base) < 0))
		return errno == EISDIR ? -1 : fail("%s: %.300s: symlink: %m", u->what, path);
	return attributes(u, e, path, dir, base);
}

static int entry_node(struct unpack *u, struct archive_entry *e, const char *path, int dir, const char *base)
{
	mode_t type = archive_entry_filetype(e);
	dev_t dev = makedev(archive_entry_rdevmajor(e), archive_entry_rdevminor(e));
	if (type == AE_IFCHR && dev == 0)
		return errno = EINVAL,
		       fail("%s: %.300s: a device 0/0, which is overlayfs's mark of a deletion", u->what, path);
	for (int tries = 0; mknodat(dir, base, type | 0600, type == AE_IFIFO ? 0 : dev) < 0; tries++) {
		if (errno == EPERM && type != AE_IFIFO) {
			if (!u->said_device)
				warn("%s: %.300s: make a device: %m; devices are left out", u->what, path);
			u->said_device = true;
			return 0;
		}
		if (errno != EEXIST || tries)
			return fail("%s: %.300s: mknod: %m", u->what, path);
		if (make_room(u, path, dir, base) < 0)
			return -1;
	}
	return attributes(u, e, path, dir, base);
}

/* The host's id of one of the container's; -1, which chown(2) leaves as it is, for one that it has not got. */
static uint32_t id_outside(const struct idmap_entry *map, size_t n, uint32_t id)
{
	uint32_t outside = (uint32_t)-1;
	return idmap_outside(map, n, id, &outside) || n ? outside : id;
}

static int entry(struct unpack *u, struct archive_entry *e)
{
	char path[PATH_MAX];
	const char *base;
	if (name_clean(u, archive_entry_pathname(e), "name", path) < 0)
		return -1;
	mode_t type = archive_entry_filetype(e);
	const struct pack_of *ids = u->how.ids;
	if (ids) {
		archive_entry_set_uid(e, id_outside(ids->uids, ids->n_uids, (uid_t)archive_entry_uid(e)));
		archive_entry_set_gid(e, id_outside(ids->gids, ids->n_gids, (gid_t)archive_entry_gid(e)));
	}
	if (!*path) {
		if (type != AE_IFDIR)
			return errno = EINVAL, fail("%s: the root is not a directory here", u->what);
		return entry_dir(u, e, "", u->root, ".");
	}
	int dir = way_to(u, path, &base, true);
	if (dir < 0)
		return -1;
	if (!u->how.plain && str_starts(base, ".wh."))
		return entry_whiteout(u, path, dir, base);
	if (archive_entry_hardlink(e))
		return entry_hardlink(u, e, path, dir, base);
	switch (type) {
	case AE_IFREG:
		return entry_file(u, e, path, dir, base);
	case AE_IFDIR:
		return entry_dir(u, e, path, dir, base);
	case AE_IFLNK:
		return entry_symlink(u, e, path, dir, base);
	case AE_IFCHR:
	case AE_IFBLK:
	case AE_IFIFO:
		return entry_node(u, e, path, dir, base);
	default:
		return errno = EINVAL, fail("%s: %.300s: an entry of a kind that is not known", u->what, path);
	}
}

/* --- the whole --- */

static la_ssize_t tar_read(struct archive *a, void *arg, const void **data)
{
	ssize_t n = stream_read(arg, data);
	if (n < 0)
		archive_set_error(a, errno, "%s", fail_msg());
	return n;
}

static int tar_open(struct unpack *u, struct stream *s)
{
	u->a = archive_read_new();
	if (!u->a)
		return fail("%s: out of memory", s->what);
	archive_read_support_format_tar(u->a);
	if (archive_read_open(u->a, s, NULL, tar_read, NULL) < ARCHIVE_WARN)
		return tar_fail(u, NULL);
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
			return tar_fail(u, NULL);
		if (entry(u, e) < 0)
			return -1;
	}
}

static int dirs_finish(struct unpack *u)
{
	for (size_t i = u->ntimes; i-- > 0;) {
		struct dirtime *d = &u->times[i];
		struct timespec t[2] = {d->mtime, d->mtime};
		char at[PATH_MAX + 40];
		snprintf(at, sizeof at, "/proc/self/fd/%d/%s", u->root, d->path);
		if (d->acl && xattr_set(u, d->path, -1, at, DEFAULT_ACL, d->acl, d->acl_size) < 0)
			return -1;
		if (!u->owners && (d->mode & 0700) != 0700 && strcmp(d->path, ".") != 0 &&
		    fchmodat(u->root, d->path, d->mode, 0) < 0)
			return fail("%s: %.300s: chmod: %m", u->what, d->path);
		if (d->mtime.tv_nsec != UTIME_OMIT && utimensat(u->root, d->path, t, AT_SYMLINK_NOFOLLOW) < 0)
			return fail("%s: %.300s: set the time: %m", u->what, d->path);
	}
	return 0;
}

int layer_unpack(struct stream *s, int dirfd, const struct unpack_how *how)
{
	struct unpack *u = xcalloc(1, sizeof *u);
	u->what = s->what;
	if (how)
		u->how = *how;
	u->root = u->fds[0] = dirfd;
	u->euid = geteuid();
	u->egid = getegid();
	u->owners = u->euid == 0;
	setlocale(LC_CTYPE, "C.UTF-8"); /* libarchive converts names of pax headers by it */
	mode_t mask = umask(0);
	int r = tar_open(u, s) < 0 || entries(u) < 0 || dirs_finish(u) < 0 ? -1 : 0;
	int why = errno;
	umask(mask);
	way_drop(u, 0);
	if (u->a)
		archive_read_free(u->a);
	for (size_t i = 0; i < u->ntimes; i++) {
		free(u->times[i].path);
		free(u->times[i].acl);
	}
	free(u->times);
	free(u);
	errno = why;
	return r;
}

bool layer_is_whiteout(const struct stat *st)
{
	return (S_ISCHR(st->st_mode) && st->st_rdev == 0) || st->st_mode == S_IFSOCK;
}

bool layer_is_opaque(int dirfd, const char *opaque)
{
	char v[2];
	struct stat st;
	if (opaque)
		return fgetxattr(dirfd, opaque, v, sizeof v) == 1 && v[0] == 'y';
	return layer_is_opaque(dirfd, "trusted.overlay.opaque") || layer_is_opaque(dirfd, "user.overlay.opaque") ||
	       fstatat(dirfd, LAYER_OPAQUE, &st, AT_SYMLINK_NOFOLLOW) == 0;
}
