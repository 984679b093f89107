/* rootfs_overlay.c: the root itself: an overlay of the layers, or a folder; see rootfs.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include "err.h"
#include "file.h"
#include "image.h"
#include "report.h"
#include "rootfs_parts.h"
#include "sys.h"
#include "sysno.h"
#include "userns.h"
#include "trace.h"

static const char *upper_of(const struct rootfs *r)
{
	return r->upper ? r->upper : "upper";
}

/* A new upper directory is seen as the container's "/": it gets the mode and owner of the lower
 * one, if the owner is mapped. */
static void copy_root_mode(const struct rootfs *r, int lower, int upper)
{
	struct stat l, u;
	if (fstat(lower, &l) < 0 || fstat(upper, &u) < 0)
		return;
	bool foreign = r->userns && (l.st_uid == ID_NOBODY || l.st_gid == ID_NOBODY);
	if (!foreign && (l.st_uid != u.st_uid || l.st_gid != u.st_gid) &&
	    fchown(upper, l.st_uid, l.st_gid) < 0)
		return; /* with a map of one id this may fail: the overlay works all the same */
	if (l.st_mode != u.st_mode && fchmod(upper, l.st_mode & 07777) < 0)
		return;
}

/* Is the image's file mounted on the container's directory already? Then the working directory is
 * that directory (engine_child.c). */
static bool image_covers(const struct rootfs *r)
{
	return r->image >= 0 && file_same(r->image, ".", AT_FDCWD, r->dir);
}

/* A squashfs or erofs file, loop-mounted on the container's directory in our own namespace, as the
 * lowest layer. */
static int image_lower(struct rootfs *r)
{
	if (r->image < 0 && r->userns) {
		errno = EPERM;
		return fail(
		    "%s: %m (a file system image cannot be mounted in a user namespace: unpack it)",
		    r->spec->x_image_file);
	}
	if (r->image < 0)
		r->image = image_loop_mount(r->spec->x_image_file, r->dir);
	int fd = r->image;
	if (fd < 0)
		return -1;
	if (!image_covers(r) && sys_move_mount(fd, AT_FDCWD, r->dir) < 0)
		return fail_tried(r->spec->x_image_file, "mount");
	close(fd);
	return dir_hold(r->dir);
}

static void lower_add(const struct rootfs *r, struct buf *opts, int fd, bool first)
{
	buf_printf(opts, "%s%d", first ? "" : ":", fd);
	if (!first)
		return;
	_cleanup_close_ int lower = dir_open(FD_PATH(fd));
	_cleanup_close_ int upper = dir_open(upper_of(r));
	copy_root_mode(r, lower, upper);
}

/* The descriptors stay open on purpose, because the mount options name them; they are
 * close-on-exec. Their names are those in /proc/self/fd: this way the options for as many layers as
 * overlayfs allows (500) fit into the single page that mount(2) takes. */
static int overlay_lowers(struct rootfs *r, struct buf *opts)
{
	const struct strv *l = &r->spec->x_lower;
	buf_puts(opts, "lowerdir=");
	for (size_t i = 0; i < l->n; i++) {
		if (r->idmounts && sys_move_mount(r->idmounts[1 + i], AT_FDCWD, l->v[i]) < 0)
			return fail_tried(l->v[i], "mount");
		/* By the descriptor, not by the path: through "/" a mount that lies on it would not
		 * be found. */
		int fd = r->idmounts ? r->idmounts[1 + i] : dir_hold(l->v[i]);
		if (fd < 0)
			return fail_errno(l->v[i]);
		lower_add(r, opts, fd, i == 0);
	}
	if (r->spec->x_image_file) {
		int fd = image_lower(r);
		if (fd < 0)
			return -1;
		lower_add(r, opts, fd, l->n == 0);
	}
	return 0;
}

/* Where neither an overlay nor a copy is possible: the lower directory itself, read-only, with
 * tmpfs where programs expect to write. */
static int bind_readonly(struct rootfs *r, const char *lower)
{
	static const char *const memory[] = {"tmp", "run", "var/tmp"};
	warn("%s: mount overlay: %m (CONFIG_OVERLAY_FS): its root is read-only, with /tmp, /run "
	     "and /var/tmp in memory",
	    strrchr(r->dir, '/') + 1);
	if (mount(lower, upper_of(r), NULL, MS_BIND, NULL) < 0)
		return fail_tried(r->dir, "bind");
	_cleanup_close_ int root = dir_hold(upper_of(r));
	for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++) {
		_cleanup_close_ int at =
		    path_open_in_root(root, memory[i], O_PATH | O_DIRECTORY, 0);
		if (at >= 0 &&
		    mount("tmpfs", FD_PATH(at), "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") < 0)
			return fail("/%s: mount tmpfs: %m", memory[i]);
	}
	return rootfs_readonly(upper_of(r));
}

int rootfs_readonly(const char *root)
{
	struct statfs fs;
	unsigned long keep = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	keep &= statfs(root, &fs) == 0 ? (unsigned long)fs.f_flags : 0;
	return mount(NULL, root, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | keep, NULL) < 0
		   ? fail_tried(root, "remount read-only")
		   : 0;
}

/* Where its work directory cannot have a folder in it (no inode is left, say), the kernel mounts an
 * overlay read-only instead, and says so in its log alone. */
static int overlay_writable(const struct rootfs *r)
{
	struct statfs fs;
	if (statfs(upper_of(r), &fs) < 0 || !(fs.f_flags & MS_RDONLY))
		return 0;
	errno = ENOSPC;
	return fail("%s: mount overlay: the kernel could not prepare the writable layer (no space "
		    "or no inode is left there, or an attribute was refused)",
	    r->dir);
}

/* Mount the overlay on its own upper directory, in our namespace, so that the rest of the
 * container's directory (its volumes) stays visible. The working directory becomes /proc/self/fd,
 * so that the layers can be named by numbers. -1 with errno. */
static int overlay_try(const struct rootfs *r, char *opts, int upper)
{
	const char *at = FD_PATH(upper);
	int m = -1;
	if (chdir("/proc/self/fd") < 0)
		return -1;
	if (r->userns && sys_missing("overlay_userns")) /* before Linux 5.11 */
		errno = EPERM;
	else if (r->userns || getxattr(at, "trusted.overlay.opaque", NULL, 0) >= 0 ||
		 errno != EOPNOTSUPP)
		/* ramfs can be an upper directory, but directories in it cannot be marked opaque */
		m = mount("overlay", at, "overlay", 0, opts);
	/* For a kernel that does not know all of the options: without the last one, then without
	 * the last two, ... */
	for (char *cut; m < 0 && errno == EINVAL &&
			!str_starts(cut = strrchr(opts, ','), ",workdir=") &&
			strcmp(cut, ",userxattr") != 0;) {
		*cut = 0;
		m = mount("overlay", at, "overlay", 0, opts);
	}
	return m;
}

/* The reason of a failed mount, by its errno. */
static int overlay_failed(const struct rootfs *r)
{
	if (errno == ENODEV)
		return fail("mount overlay: %m (this kernel has no overlayfs: CONFIG_OVERLAY_FS)");
	if (errno == EINVAL || errno == EOPNOTSUPP)
		return fail("mount overlay: %m (a writable layer cannot lie in %s: ext4, xfs, "
			    "btrfs and tmpfs can have one)",
		    r->dir);
	return fail("mount overlay: %m%s",
	    errno == EPERM && r->userns ? " (in a user namespace it needs Linux 5.11)" : "");
}

/* Both directories in a tmpfs of that size, which ends with our namespace. */
static int layer_in_memory(struct rootfs *r)
{
	_cleanup_free_ char *opts = xasprintf("mode=700,size=%s", r->spec->x_upper_size);
	r->upper = "work/upper";
	r->work = "work/work";
	return mount("tmpfs", "work", "tmpfs", 0, opts) < 0 || mkdir(r->upper, 0755) < 0 ||
		       mkdir(r->work, 0700) < 0
		   ? fail_errno("work: mount tmpfs (--storage-opt)")
		   : 0;
}

static int overlay_mount(struct rootfs *r)
{
	struct buf opts = {0};
	/* overlayfs needs mounts that are in its own mount namespace: they are mounted over the
	 * directories themselves here. */
	if (r->idmounts && sys_move_mount(r->idmounts[0], AT_FDCWD, r->dir) < 0)
		return fail_tried(r->dir, "mount");
	if (!image_covers(r) && chdir(r->dir) < 0)
		return fail_errno(r->dir);
	if (r->spec->x_upper_size && !r->work && layer_in_memory(r) < 0)
		return -1;
	if (!r->work)
		mkdir("work", 0700); /* on ext2 it may be lost in a power cut */
	_cleanup_close_ int here = dir_hold(".");
	_cleanup_close_ int upper = dir_hold(upper_of(r));
	_cleanup_close_ int work = dir_hold(r->work ? r->work : "work");
	if (overlay_lowers(r, &opts) < 0)
		return -1;
	/* What a `volatile` mount leaves when it is not unmounted: no mount would succeed. */
	unlinkat(work, "work/incompat/volatile/dirty", 0);
	unlinkat(work, "work/incompat/volatile", AT_REMOVEDIR);
	/* With these three off, an upper directory is a layer as it stands
	 * (Documentation/filesystems/overlayfs.rst). Without `volatile` (Linux 5.10), unmounting
	 * would write the whole file system below to disk. */
	buf_printf(&opts, ",upperdir=%d,workdir=%d%s%s", upper, work,
	    r->userns ? ",userxattr" : ",redirect_dir=off,metacopy=off,index=off",
	    r->passing ? ",volatile" : "");
	int m = overlay_try(r, opts.p, upper);
	int why = errno;
	if (fchdir(here) < 0)
		return fail_errno(r->dir);
	errno = why;
	if (m < 0 && errno == EPERM && !r->userns && !r->spec->x_image_file && userns_nested()) {
		buf_free(&opts);
		/* We are root of a user namespace (unshare -r): what applies to a container's own
		 * applies here. */
		r->userns = true;
		return overlay_mount(r);
	}
	bool cannot =
	    m < 0 && (errno == ENODEV || errno == EINVAL || errno == EPERM || errno == EOPNOTSUPP);
	bool copy = r->can_copy && !r->spec->x_image_file && !r->spec->x_upper_size;
	char *lower = opts.p + strlen("lowerdir="), *end = lower + strcspn(lower, ":,");
	bool bound = cannot && !copy && *end == ',';
	if (bound) {
		*end = 0;
		m = bind_readonly(r, FD_PATH(atoi(lower)));
	}
	why = errno;
	if (r->spec->x_image_file) /* the overlay keeps in use what it needs of this mount */
		umount2(r->dir, MNT_DETACH);
	errno = why;
	buf_free(&opts);
	if (m == 0 && !bound)
		return overlay_writable(r);
	if (bound)
		return m;
	if (cannot && copy)
		r->code = REPORT_NO_OVERLAY;
	return overlay_failed(r);
}

static bool rootfs_overlay_wants(const struct spec_mount *m, const char *word)
{
	for (size_t i = 0; i < m->options.n; i++)
		if (str_ends(m->options.v[i], word)) /* with and without the leading r */
			return true;
	return false;
}

/* Mounts on which later mounts of the host are to appear need a tie to the host's, which private
 * mounts have lost. For a shared mount it must be made now: a slave is no longer a peer. */
static int ties(struct rootfs *r, unsigned long *prop)
{
	const struct spec_mount *m = r->spec->mounts.v;
	for (size_t i = 0; i < r->spec->mounts.n; i++) {
		bool shared = rootfs_overlay_wants(&m[i], "shared") && spec_mount_binds(&m[i]);
		int own = r->idmounts ? r->idmounts[1 + r->spec->x_lower.n + i] : -1;
		if (!r->ties && (own != -1 || shared))
			r->ties = xcalloc(r->spec->mounts.n, sizeof *r->ties);
		if (own != -1) {
			r->ties[i] = own;
			continue;
		}
		if (shared || rootfs_overlay_wants(&m[i], "slave"))
			*prop = MS_SLAVE;
		if (!shared)
			continue;
		r->ties[i] = sys_mount_copy(AT_FDCWD, m[i].source,
		    rootfs_overlay_wants(&m[i], "rbind") ? AT_RECURSIVE : 0, NULL);
		if (r->ties[i] < 0)
			return fail("%s: share with the host: %m%s", m[i].source,
			    errno == ENOSYS ? " (it needs Linux 5.2)" : "");
	}
	return 0;
}

/* The caller's mount namespace is the container's, too: all is mounted below a folder of the
 * record's, from where it can be unmounted as a whole, and nothing else is changed. */
static int rootfs_overlay_at(struct rootfs *r)
{
	if (mount(r->spec->root_path, r->at, NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    mount(NULL, r->at, NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail("%s: bind at %s: %m", r->spec->root_path, r->at);
	r->fd = dir_open(r->at);
	return r->fd < 0 ? fail_errno(r->at) : 0;
}

int rootfs_prepare(struct rootfs *r)
{
	const struct spec *s = r->spec;
	unsigned long prop = MS_PRIVATE;
	rootfs_in_fds = false; /* the memory may be that of a monitor, which starts again */
	if (ties(r, &prop) < 0)
		return -1;
	if (r->at)
		return rootfs_overlay_at(r);
	const char *p = s->rootfs_propagation;
	if (p && strstr(p, "slave"))
		prop = MS_SLAVE;
	if (p && strstr(p, "shared"))
		prop = MS_SHARED;
	if (mount(NULL, "/", NULL, MS_REC | (prop == MS_SHARED ? MS_SLAVE : prop), NULL) < 0)
		return fail(NO_TIES);
	TRACE("mount propagation off: what it mounts stays in its own mount namespace");
	bool overlay = s->x_lower.n || s->x_image_file;
	TRACE("its root: %s",
	    overlay ? "layers below, a writable one above, by overlayfs" : s->root_path);
	if (overlay && overlay_mount(r) < 0)
		return -1;
	const char *root = overlay ? upper_of(r) : s->root_path;
	if (!overlay && mount(root, root, NULL, MS_BIND | MS_REC, NULL) < 0)
		return fail_tried(root, "bind");
	r->fd = dir_open(root);
	return r->fd < 0 ? fail_errno(root) : 0;
}
