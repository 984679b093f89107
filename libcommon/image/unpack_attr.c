/* unpack_attr.c: owner, mode, times and extended attributes of what an archive brings; see
 * unpack.h.
 *
 * Where others can change names meanwhile (a container that runs), all goes through a descriptor
 * that was opened without following a link and whose kind was looked at; in a layer that only we
 * see, by single names.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "str.h"
#include "sys.h"
#include "tree.h"
#include "unpack.h"

#define ACCESS_ACL "system.posix_acl_access"
#define DEFAULT_ACL "system.posix_acl_default"

/* Something that is not open for writing: by a path of /proc/self/fd, or by its single name. */
struct target {
	int dir;
	const char *at;
	int nofollow; /* AT_SYMLINK_NOFOLLOW for a single name */
};

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
		return fail_tried_in(u->what, path, "chown");
	if (!u->said_owner)
		warn("%s: %s: owner %lld:%lld does not exist here; such files stay ours", u->what,
		    path, (long long)uid_of(u, e), (long long)gid_of(u, e));
	u->said_owner = true;
	return 0;
}

void unpack_left_out(struct left_out *l, const char *path)
{
	if (l->n++ == 0)
		l->first = xstrdup(path);
}

/* The permissions that an entry may have here: with how.harmless without its set-id bits. */
static mode_t unpack_mode(struct unpack *u, struct archive_entry *e, const char *path)
{
	mode_t mode = archive_entry_perm(e);
	if (!u->how.harmless || !(mode & (S_ISUID | S_ISGID)))
		return mode;
	if (archive_entry_filetype(e) != AE_IFDIR)
		unpack_left_out(&u->bits, path);
	return mode & ~(mode_t)(S_ISUID | S_ISGID);
}

/* --- extended attributes --- */

/* What means something to overlayfs is ours to set, not the archive's (a redirect would reach into
 * other layers); a label is the host's policy. A harmless copy gives nobody a capability. */
static bool unpack_attr_xattr_wanted(const struct unpack *u, const char *name)
{
	if (u->how.harmless && (str_starts(name, "security.") || str_starts(name, "trusted.")))
		return false;
	return !str_starts(name, "trusted.overlay.") && !str_starts(name, "user.overlay.") &&
	       strcmp(name, "security.selinux") != 0;
}

static int xattr_put(
    const struct target *t, int fd, const char *name, const void *value, size_t size)
{
	if (fd >= 0 || !t)
		return fsetxattr(fd, name, value, size, 0);
	if (!t->nofollow)
		return setxattr(t->at, name, value, size, 0);
	/* no call takes a directory and a name */
	return fchdir(t->dir) < 0 ? -1 : lsetxattr(t->at, name, value, size, 0);
}

static int xattr_set(struct unpack *u, const char *path, const struct target *t, int fd,
    const char *name, const void *value, size_t size)
{
	if (xattr_put(t, fd, name, value, size) == 0)
		return 0;
	if (errno == EPERM && u->how.left && str_starts(name, "trusted."))
		return unpack_left(u, path, name, value, size);
	if (errno != EPERM && errno != EOPNOTSUPP && errno != EINVAL)
		return fail("%s: %s: set %s: %m", u->what, path, name);
	if (!u->said_xattr)
		warn("%s: %s: set %s: %m; such attributes are left out", u->what, path, name);
	u->said_xattr = true;
	return 0;
}

/* Set one of the attributes that were left to the parent. The tree is ours alone, but the path
 * comes from a stranger. 0, 1 when the kernel refused it, or -1 with fail(). */
static int left_one(
    int dirfd, const char *what, const char *path, const char *name, const void *value, size_t size)
{
	char at[40];
	if (!str_starts(name, "trusted.") || str_starts(name, "trusted.overlay."))
		return errno = EPERM, fail("%s: %s: set %s: not ours", what, path, name);
	_cleanup_close_ int fd =
	    path_open_in_root(dirfd, *path ? path : ".", O_PATH | O_NOFOLLOW, 0);
	if (fd < 0)
		return fail_tried_in(what, path, "open");
	snprintf(at, sizeof at, "/proc/self/fd/%d", fd);
	return setxattr(at, name, value, size, 0) < 0;
}

static int unpack_attr_unmark(int fd, const char *name, unsigned char type, void *arg)
{
	struct stat st;
	(void)arg;
	if (type == DT_DIR)
		return 1;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return 1;
	if (!layer_is_whiteout(&st) || fstat(fd, &st) < 0)
		return 0;
	unlinkat(fd, name, 0);
	fd_times(fd, &st);
	return 0;
}

static int skip(int parent, const char *name, void *arg)
{
	(void)parent, (void)name, (void)arg;
	return 0;
}

/* Nothing from below shows in it. The marks of deletion in it then have nothing to hide, and
 * overlayfs would list them as files, since it reads such a directory as it is. */
static int left_opaque(int dirfd, const char *what, const char *path)
{
	static const struct tree_walk marks = {.entry = unpack_attr_unmark, .closed = skip};
	_cleanup_close_ int dir = path_open_in_root(
	    dirfd, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (dir < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return 0; /* a later entry took its name */
	if (dir < 0 || tree_walk(dir, ".", &marks, NULL) < 0)
		return dir < 0 ? fail_tried_in(what, path, "open") : -1;
	/* in a user namespace, what the child could set counts */
	return layer_mark_opaque(dir) < 0 && !layer_is_opaque(dir, NULL)
		   ? fail_tried_in(what, path, "mark as opaque")
		   : 0;
}

int layer_unpack_rest(int dirfd, const struct buf *left, const char *what, struct buf *rest)
{
	const char *end = left->p + left->n;
	bool said = false;
	for (const char *p = left->p; p < end;) {
		const char *path = p, *name = memchr(p, 0, (size_t)(end - p));
		const char *value = name ? memchr(name + 1, 0, (size_t)(end - name - 1)) : NULL;
		uint32_t n = 0;
		if (value && (size_t)(end - value) > sizeof n)
			memcpy(&n, value + 1, sizeof n);
		if (!value || (size_t)(end - value) < 1 + sizeof n + n)
			return errno = EIO,
			       fail("%s: the list of what is left to do is incomplete", what);
		const char *data = value + 1 + sizeof n;
		int r = 0;
		if (strcmp(name + 1, UNPACK_OPAQUE) == 0)
			r = left_opaque(dirfd, what, path);
		else if (strcmp(name + 1, UNPACK_BELOW) == 0 && n && !data[n - 1])
			buf_printf(rest, "%s//%s%c", path, data, 0);
		else
			r = left_one(dirfd, what, path, name + 1, data, n);
		if (r < 0)
			return -1;
		if (r && !said)
			warn("%s: %s: set %s: %m; such attributes are left out", what, path,
			    name + 1);
		said |= r;
		p = value + 1 + sizeof n + n;
	}
	return 0;
}

/* tar's text of an access control list (the recipe of libarchive names it so). */
static int acl_set(struct unpack *u, const char *path, const struct target *t, int fd, bool dflt,
    const void *text, size_t size)
{
	struct buf acl = {0};
	/* ids as a container sees them are not the host's */
	bool whole = !(u->how.ids && u->how.ids->n_uids) && unpack_acl_parse(text, size, &acl);
	if (!whole && !u->said_acl)
		warn("%s: %s: entries of its access control list are left out: users and "
		     "groups by name, not by number",
		    u->what, path);
	u->said_acl |= !whole;
	int r = 0;
	if (acl.n && dflt && t) {
		free(u->acl_text);
		u->acl = u->acl_text = xmalloc(acl.n);
		memcpy(u->acl_text, acl.p, u->acl_size = acl.n);
	} else if (acl.n) {
		r = xattr_set(u, path, t, fd, dflt ? DEFAULT_ACL : ACCESS_ACL, acl.p, acl.n);
	}
	buf_free(&acl);
	return r;
}

/* Set the extended attributes of an entry: its access control lists (`acl`), or all others. The
 * lists are set after the mode, because setting the mode would change their mask, and the mode in
 * bsdtar's archives has the plain group's permissions there. All others are set before the mode,
 * because a user may not set them on a file whose mode forbids writing. */
static int xattrs_set(struct unpack *u, struct archive_entry *e, const char *path,
    const struct target *t, int fd, bool acl)
{
	const char *name;
	const void *value;
	size_t size;
	if (archive_entry_xattr_count(e))
		archive_entry_xattr_reset(e);
	while (archive_entry_xattr_next(e, &name, &value, &size) == ARCHIVE_OK) {
		if (!name ||
		    acl != (str_starts(name, "ctr.acl.") || str_starts(name, "system.posix_acl_")))
			continue;
		bool dflt = strcmp(name, "ctr.acl.default") == 0;
		if (dflt || strcmp(name, "ctr.acl.access") == 0) {
			if (acl_set(u, path, t, fd, dflt, value, size) < 0)
				return -1;
			continue;
		}
		if (!unpack_attr_xattr_wanted(u, name))
			continue;
		if (t && strcmp(name, DEFAULT_ACL) == 0)
			u->acl = value, u->acl_size = size;
		else if (xattr_set(u, path, t, fd, name, value, size) < 0)
			return -1;
	}
	return 0;
}

int unpack_attr_file(struct unpack *u, struct archive_entry *e, const char *path, int fd)
{
	mode_t mode = unpack_mode(u, e, path);
	struct timespec t[2];
	if (owner_differs(u, e) && fchown(fd, uid_of(u, e), gid_of(u, e)) < 0 &&
	    owner_refused(u, e, path) < 0)
		return -1;
	/* after the owner: changing that clears capabilities and set-id bits */
	if (xattrs_set(u, e, path, NULL, fd, false) < 0)
		return -1;
	if ((mode & 07000) && fchmod(fd, mode) < 0)
		return fail_tried_in(u->what, path, "chmod");
	if (xattrs_set(u, e, path, NULL, fd, true) < 0)
		return -1;
	times_of(e, t);
	if (t[1].tv_nsec != UTIME_OMIT && futimens(fd, t) < 0)
		return fail_tried_in(u->what, path, "set the time");
	return 0;
}

static int attr(struct unpack *u, struct archive_entry *e, const char *path, const struct target *t)
{
	mode_t type = archive_entry_filetype(e), mode = unpack_mode(u, e, path);
	if (owner_differs(u, e) &&
	    fchownat(t->dir, t->at, uid_of(u, e), gid_of(u, e), t->nofollow) < 0 &&
	    owner_refused(u, e, path) < 0)
		return -1;
	if (xattrs_set(u, e, path, t, -1, false) < 0)
		return -1;
	if (type == AE_IFDIR && !u->owners)
		mode |= 0700; /* so that what is in it can be unpacked; it gets its own mode last */
	if (type != AE_IFLNK && fchmodat(t->dir, t->at, mode, 0) < 0)
		return fail_tried_in(u->what, path, "chmod");
	if (xattrs_set(u, e, path, t, -1, true) < 0)
		return -1;
	struct timespec times[2];
	times_of(e, times);
	if (type != AE_IFDIR && times[1].tv_nsec != UTIME_OMIT &&
	    utimensat(t->dir, t->at, times, t->nofollow) < 0)
		return fail_tried_in(u->what, path, "set the time");
	return 0;
}

static void dir_later(struct unpack *u, struct archive_entry *e, const char *path)
{
	struct timespec t[2];
	times_of(e, t);
	if (u->ntimes == u->room) {
		u->room = u->room ? 2 * u->room : 256;
		u->times = xrealloc(u->times, u->room * sizeof *u->times);
	}
	struct dirtime *d = &u->times[u->ntimes++];
	*d = (struct dirtime){.path = xstrdup(path), .mode = archive_entry_perm(e), .mtime = t[1]};
	if (u->acl)
		d->acl = memcpy(xmalloc(u->acl_size), u->acl, d->acl_size = u->acl_size);
}

int unpack_attr(
    struct unpack *u, struct archive_entry *e, const char *path, int dir, const char *base)
{
	mode_t type = archive_entry_filetype(e);
	_cleanup_close_ int fd = -1;
	struct stat st;
	char at[40];
	struct target t = {dir, base, AT_SYMLINK_NOFOLLOW};
	u->acl = NULL;
	if (u->how.plain) {
		fd = openat(dir, base, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) < 0)
			return fail_tried_in(u->what, path, "open");
		bool node = type == AE_IFCHR || type == AE_IFBLK;
		if ((st.st_mode & S_IFMT) != type || (node && st.st_rdev != archive_entry_rdev(e)))
			return errno = ESTALE,
			       fail("%s: %s: changed while it was copied", u->what, path);
		snprintf(at, sizeof at, "/proc/self/fd/%d", fd);
		t = (struct target){AT_FDCWD, at, 0};
	}
	if (attr(u, e, path, &t) < 0)
		return -1;
	if (type == AE_IFDIR)
		dir_later(u, e, path);
	return 0;
}

static int dir_finish(struct unpack *u, struct dirtime *d)
{
	struct timespec t[2] = {d->mtime, d->mtime};
	char path[PATH_MAX];
	const char *base;
	strcpy(path, d->path);
	int dir = unpack_way(u, path, &base, false);
	_cleanup_close_ int fd = dir;
	if (dir >= 0)
		fd = openat(
		    dir, *base ? base : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && !u->how.plain && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return 0; /* a later entry took its name */
	if (fd < 0)
		return dir < 0 ? -1 : fail_tried_in(u->what, d->path, "open");
	if (d->acl && xattr_set(u, d->path, NULL, fd, DEFAULT_ACL, d->acl, d->acl_size) < 0)
		return -1;
	if (!u->owners && (d->mode & 0700) != 0700 && *d->path && fchmod(fd, d->mode) < 0)
		return fail_tried_in(u->what, d->path, "chmod");
	if (d->mtime.tv_nsec != UTIME_OMIT && futimens(fd, t) < 0)
		return fail_tried_in(u->what, d->path, "set the time");
	return 0;
}

int unpack_dirs_finish(struct unpack *u)
{
	for (size_t i = u->ntimes; i-- > 0;)
		if (dir_finish(u, &u->times[i]) < 0)
			return -1;
	return 0;
}
