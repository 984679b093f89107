/* rootfs.c: the overlay and the mounts of a container, in its own mount namespace; see rootfs.h.
 *
 * Every target is resolved beneath the new root's descriptor (openat2 RESOLVE_IN_ROOT) and mounted
 * on through /proc/self/fd, never by a string with the root's prefix: another container that shares
 * a volume may be swapping links at this very moment (CVE-2021-30465).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cgroup.h"
#include "err.h"
#include "file.h"
#include "image.h"
#include "mountopts.h"
#include "rootfs.h"
#include "str.h"
#include "sys.h"
#include "sysno.h"
#include "userns.h"

/* "/proc/self/fd/N" for mount(2), in a static buffer per call site. */
#define FD_PATH(fd) fd_path((char[32]){0}, fd)
static char *fd_path(char *buf, int fd)
{
	snprintf(buf, 32, "/proc/self/fd/%d", fd);
	return buf;
}

/* --- the root itself --- */

#define NOBODY 65534 /* what an id that is not in the map looks like (kernel.overflowuid) */

static const char *upper_of(const struct rootfs *r)
{
	return r->upper ? r->upper : "upper";
}

/* A new upper directory shows as the container's "/": it takes over the lower one's mode and owner,
 * where that is one of the container's. */
static void copy_root_mode(const struct rootfs *r, int lower, int upper)
{
	struct stat l, u;
	if (fstat(lower, &l) < 0 || fstat(upper, &u) < 0)
		return;
	bool foreign = r->userns && (l.st_uid == NOBODY || l.st_gid == NOBODY);
	if (!foreign && (l.st_uid != u.st_uid || l.st_gid != u.st_gid) &&
	    fchown(upper, l.st_uid, l.st_gid) < 0)
		return; /* a map of one id cannot always: the overlay works all the same */
	if (l.st_mode != u.st_mode && fchmod(upper, l.st_mode & 07777) < 0)
		return;
}

/* A squashfs or erofs file, loop-mounted on the container's directory in our own namespace, as the
 * lowest layer. */
static int image_lower(struct rootfs *r)
{
	struct stat a, b;
	if (r->userns && r->image < 0) {
		errno = EPERM;
		return fail(
		    "%s: %m (a file system image cannot be mounted in a user namespace: unpack it)",
		    r->spec->x_image_file);
	}
	int fd = r->image >= 0 ? r->image : image_loop_mount(r->spec->x_image_file, r->dir);
	if (fd < 0)
		return -1;
	if (fstat(fd, &a) == 0 && stat(r->dir, &b) == 0 && a.st_dev != b.st_dev &&
	    sys_move_mount(fd, AT_FDCWD, r->dir) < 0)
		return fail("%s: mount: %m", r->spec->x_image_file);
	close(fd);
	return openat(AT_FDCWD, r->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void lower_add(const struct rootfs *r, struct buf *opts, int fd, bool first)
{
	buf_printf(opts, "%s%d", first ? "" : ":", fd);
	if (!first)
		return;
	_cleanup_close_ int lower =
	    openat(AT_FDCWD, FD_PATH(fd), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int upper =
	    openat(AT_FDCWD, upper_of(r), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	copy_root_mode(r, lower, upper);
}

/* The descriptors stay open on purpose: the option names them. Close-on-exec takes them away. Their
 * names are those in /proc/self/fd: the options of all the layers that overlayfs takes (500) go
 * into mount(2)'s one page. */
static int overlay_lowers(struct rootfs *r, struct buf *opts)
{
	const struct strv *l = &r->spec->x_lower;
	buf_puts(opts, "lowerdir=");
	for (size_t i = 0; i < l->n; i++) {
		if (r->idmounts && sys_move_mount(r->idmounts[1 + i], AT_FDCWD, l->v[i]) < 0)
			return fail("%s: mount: %m", l->v[i]);
		int fd = openat(AT_FDCWD, l->v[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return fail("%s: %m", l->v[i]);
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

#ifdef CTR_MINIMAL
#define CAN_COPY false
#else
#define CAN_COPY true
#endif

/* Where neither an overlay nor a copy can be had: the one lower directory itself, read-only, and
 * memory where programs expect to write. */
static int bind_readonly(struct rootfs *r, const char *lower)
{
	static const char *const memory[] = {"tmp", "run", "var/tmp"};
	warn("%s: mount overlay: %m (CONFIG_OVERLAY_FS): its root is read-only, with /tmp, /run "
	     "and /var/tmp in memory",
	    strrchr(r->dir, '/') + 1);
	if (mount(lower, upper_of(r), NULL, MS_BIND, NULL) < 0)
		return fail("%s: bind: %m", r->dir);
	_cleanup_close_ int root = openat(AT_FDCWD, upper_of(r), O_PATH | O_DIRECTORY | O_CLOEXEC);
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
		   ? fail("%s: remount read-only: %m", root)
		   : 0;
}

static int overlay_mount(struct rootfs *r)
{
	struct buf opts = {0};
	/* An overlay wants mounts that are in its own namespace: over the directories themselves,
	 * here. */
	if (r->idmounts && sys_move_mount(r->idmounts[0], AT_FDCWD, r->dir) < 0)
		return fail("%s: mount: %m", r->dir);
	if (chdir(r->dir) < 0)
		return fail("%s: %m", r->dir);
	_cleanup_close_ int here = openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int upper = openat(AT_FDCWD, upper_of(r), O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int work =
	    openat(AT_FDCWD, r->work ? r->work : "work", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (overlay_lowers(r, &opts) < 0)
		return -1;
	/* Those three off: an upper directory is then a layer as it stands
	 * (Documentation/filesystems/overlayfs.rst). Without `volatile` (Linux 5.10), the end of
	 * the mount writes the whole file system below to disk. */
	buf_printf(&opts, ",upperdir=%d,workdir=%d%s%s", upper, work,
	    r->userns ? ",userxattr" : ",redirect_dir=off,metacopy=off,index=off",
	    r->passing ? ",volatile" : "");
	/* On its own upper directory, in our namespace: what else the container's directory has
	 * (volumes) stays to be seen. */
	int m = -1, why;
	const char *at = FD_PATH(upper);
	if (chdir("/proc/self/fd") < 0)
		return fail("/proc/self/fd: %m");
	if (r->userns && sys_missing("overlay_userns")) /* before Linux 5.11 */
		errno = EPERM;
	else if (r->userns || getxattr(at, "trusted.overlay.opaque", NULL, 0) >= 0 ||
		 errno != EOPNOTSUPP)
		m = mount("overlay", at, "overlay", 0,
		    opts.p); /* on ramfs it could be, without a way to empty a directory */
	/* A kernel that does not know all of them: without the last, and the last, ... */
	for (char *cut; m < 0 && errno == EINVAL &&
			!str_starts(cut = strrchr(opts.p, ','), ",workdir=") &&
			strcmp(cut, ",userxattr") != 0;) {
		*cut = 0;
		m = mount("overlay", at, "overlay", 0, opts.p);
	}
	why = errno;
	if (fchdir(here) < 0)
		return fail("%s: %m", r->dir);
	errno = why;
	if (m < 0 && errno == EPERM && !r->userns && !r->spec->x_image_file && userns_nested()) {
		buf_free(&opts);
		r->userns = true; /* we are root of a user namespace, unshare -r: what goes for the
				     container's own */
		return overlay_mount(r);
	}
	bool cannot =
	    m < 0 && (errno == ENODEV || errno == EINVAL || errno == EPERM || errno == EOPNOTSUPP);
	bool copy = CAN_COPY && !r->spec->x_image_file;
	char *lower = opts.p + strlen("lowerdir="), *end = lower + strcspn(lower, ":,");
	bool bound = cannot && !copy && *end == ',';
	if (bound) {
		*end = 0;
		m = bind_readonly(r, FD_PATH(atoi(lower)));
	}
	why = errno;
	if (r->spec->x_image_file) /* what was mounted from it has its own hold on it */
		umount2(r->dir, MNT_DETACH);
	errno = why;
	buf_free(&opts);
	if (m == 0 || bound)
		return m;
	r->no_overlay = cannot && copy;
	if (errno == ENODEV)
		return fail("mount overlay: %m (this kernel has no overlayfs: CONFIG_OVERLAY_FS)");
	if (errno == EINVAL || errno == EOPNOTSUPP)
		return fail("mount overlay: %m (a writable layer cannot lie in %s: ext4, xfs, "
			    "btrfs and tmpfs can have one)",
		    r->dir);
	return fail("mount overlay: %m%s",
	    errno == EPERM && r->userns ? " (in a user namespace it needs Linux 5.11)" : "");
}

static bool wants(const struct spec_mount *m, const char *word)
{
	for (size_t i = 0; i < m->options.n; i++)
		if (str_ends(m->options.v[i], word)) /* with and without the r */
			return true;
	return false;
}

/* Mounts that the host's later ones come to need a tie to the host's, which private ones have lost.
 * That of a shared one must be taken now: a slave is no peer any more. */
static int ties(struct rootfs *r, unsigned long *prop)
{
	const struct spec_mount *m = r->spec->mounts.v;
	for (size_t i = 0; i < r->spec->mounts.n; i++) {
		bool shared = wants(&m[i], "shared");
		int own = r->idmounts ? r->idmounts[1 + r->spec->x_lower.n + i] : -1;
		if (!r->ties && (own >= 0 || (shared && m[i].source)))
			r->ties = xcalloc(r->spec->mounts.n, sizeof *r->ties);
		if (own >= 0) {
			r->ties[i] = own;
			continue;
		}
		if (shared || wants(&m[i], "slave"))
			*prop = MS_SLAVE;
		if (!shared || !m[i].source)
			continue;
		r->ties[i] = sys_open_tree(AT_FDCWD, m[i].source,
		    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
			(wants(&m[i], "rbind") ? AT_RECURSIVE : 0));
		if (r->ties[i] < 0)
			return fail("%s: share with the host: %m%s", m[i].source,
			    errno == ENOSYS ? " (it needs Linux 5.2)" : "");
	}
	return 0;
}

int rootfs_prepare(struct rootfs *r)
{
	const struct spec *s = r->spec;
	unsigned long prop = MS_PRIVATE;
	if (ties(r, &prop) < 0)
		return -1;
	const char *p = s->rootfs_propagation;
	if (p && strstr(p, "slave"))
		prop = MS_SLAVE;
	if (p && strstr(p, "shared"))
		prop = MS_SHARED;
	if (mount(NULL, "/", NULL, MS_REC | (prop == MS_SHARED ? MS_SLAVE : prop), NULL) < 0)
		return fail("/: stop mount propagation: %m");
	bool overlay = s->x_lower.n || s->x_image_file;
	const char *root = overlay ? upper_of(r) : s->root_path;
	if (overlay) {
		if (overlay_mount(r) < 0)
			return -1;
	} else if (mount(root, root, NULL, MS_BIND | MS_REC, NULL) < 0) {
		return fail("%s: bind: %m", root);
	}
	r->fd = openat(AT_FDCWD, root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return r->fd < 0 ? fail("%s: %m", root) : 0;
}

/* --- mounts --- */

/* Remount the mount that now lies at `dest`. The descriptor that was mounted on still names what is
 * beneath. */
static int remount_flags(struct rootfs *r, const char *dest, unsigned long flags, bool rec)
{
	_cleanup_close_ int fd = path_open_in_root(r->fd, dest, O_PATH | O_CLOEXEC, 0);
	if (fd < 0)
		return fail("%s: %m", dest);
	if (rec) /* mount_setattr(2), or a walk of mountinfo before Linux 5.12 */
		return mount_set_flags_rec(fd, flags) < 0
			   ? fail("%s: remount recursively: %m", dest)
			   : 0;
	/* What the file system's own mount forbids stays forbidden, else a user namespace gets
	 * EPERM (mount(2)). */
	struct statfs fs;
	unsigned long keep = 0;
	if (fstatfs(fd, &fs) == 0)
		keep = (unsigned long)fs.f_flags & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY);
	if (mount(NULL, FD_PATH(fd), NULL, MS_REMOUNT | MS_BIND | flags | (r->userns ? keep : 0),
		NULL) < 0)
		return fail("%s: remount: %m", dest);
	return 0;
}

static int propagate(struct rootfs *r, const char *dest, unsigned long prop)
{
	_cleanup_close_ int fd = path_open_in_root(r->fd, dest, O_PATH | O_CLOEXEC, 0);
	if (fd < 0 || mount(NULL, FD_PATH(fd), NULL, prop, NULL) < 0)
		return fail("%s: change propagation: %m", dest);
	return 0;
}

static int no_mount_point(const struct rootfs *r, const char *dest)
{
	return fail("%s: make mount point: %m%s", dest,
	    r->userns && (errno == EACCES || errno == EOVERFLOW)
		? " (its folder's owner is not in the id map; one that is there already would do)"
	    : errno == ENOENT ? " (a dangling symbolic link)"
			      : "");
}

static int bind(struct rootfs *r, const struct spec_mount *m, const struct mountopts *o, int tie)
{
	struct stat st;
	_cleanup_close_ int src = openat(AT_FDCWD, m->source, O_PATH | O_CLOEXEC);
	if (src < 0 || fstat(src, &st) < 0)
		return fail("%s: %m (to be mounted at %s)", m->source, m->dest);
	_cleanup_close_ int dst = path_make_in_root(
	    r->fd, m->dest, S_ISDIR(st.st_mode), S_ISDIR(st.st_mode) ? 0755 : 0644);
	if (dst < 0)
		return no_mount_point(r, m->dest);
	if ((tie > 0 ? sys_move_mount(tie, dst, "")
		     : mount(FD_PATH(src), FD_PATH(dst), NULL, MS_BIND | (o->flags & MS_REC),
			   NULL)) < 0)
		return fail("%s: bind %s: %m", m->dest, m->source);
	unsigned long flags = o->flags & ~(unsigned long)(MS_BIND | MS_REC);
	if (flags && remount_flags(r, m->dest, flags, o->rec_flags) < 0)
		return -1;
	return propagate(r, m->dest, o->propagation ? o->propagation : MS_PRIVATE | MS_REC);
}

/* /proc and /sys must be directories of the root itself: a link there would aim the mount, and what
 * is written through it later, elsewhere (CVE-2019-16884, CVE-2023-27561). */
static int plain_dir(struct rootfs *r, const char *dest)
{
	struct stat st;
	const char *rel = dest + strspn(dest, "/");
	if (fstatat(r->fd, rel, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return fail("%s in the image is not a directory (a link there is refused)", dest);
	}
	return 0;
}

/* Without a network namespace of its own a user namespace may not mount sysfs, nor proc without a
 * pid namespace: show the host's, that of devices read-only. */
static int host_tree(struct rootfs *r, const char *dest, char *source, unsigned long flags)
{
	struct spec_mount m = {.dest = (char *)dest, .type = "bind", .source = source};
	struct mountopts o = {.flags = MS_BIND | MS_REC | MS_NOSUID | MS_NODEV | MS_NOEXEC | flags,
	    .rec_flags = true};
	return bind(r, &m, &o, 0);
}

static int plain_mount(struct rootfs *r, const struct spec_mount *m, const struct mountopts *o)
{
	bool pseudo = strcmp(m->type, "proc") == 0 || strcmp(m->type, "sysfs") == 0;
	if (pseudo && plain_dir(r, m->dest) < 0)
		return -1;
	_cleanup_close_ int dst = path_make_in_root(r->fd, m->dest, true, 0755);
	if (dst < 0)
		return no_mount_point(r, m->dest);
	unsigned long flags = o->flags & ~(unsigned long)MS_REC;
	const char *src = m->source && *m->source ? m->source : m->type;
	if (mount(src, FD_PATH(dst), m->type, flags, o->data) == 0)
		return o->propagation ? propagate(r, m->dest, o->propagation) : 0;
	if (strcmp(m->type, "sysfs") == 0 && errno == EPERM && r->userns)
		return host_tree(r, m->dest, "/sys", MS_RDONLY);
	if (strcmp(m->type, "devpts") == 0 && errno == EINVAL && r->userns && o->data &&
	    strstr(o->data, ",gid=5")) {
		_cleanup_free_ char *data = xstrdup(o->data); /* gid 5 is not in the map */
		char *g = strstr(data, ",gid=5");
		memmove(g, g + 6, strlen(g + 6) + 1);
		if (mount(src, FD_PATH(dst), m->type, flags, data) == 0)
			return 0;
	}
	if (strcmp(m->type, "mqueue") == 0 && (errno == ENODEV || errno == EPERM))
		return 0; /* CONFIG_POSIX_MQUEUE, or the host's IPC namespace in a user namespace */
	if (strcmp(m->type, "proc") == 0 && errno == EPERM && r->userns &&
	    !(r->spec->ns_new & 1u << NS_PID) && !r->spec->ns_path[NS_PID])
		return host_tree(r, m->dest, "/proc", 0);
	if (strcmp(m->type, "proc") == 0 && errno == EPERM)
		return fail(
		    "%s: mount proc: %m (the one around us is partly covered: try --pid host)",
		    m->dest);
	return fail("%s: mount %s: %m", m->dest, m->type);
}

static int one_mount(struct rootfs *r, const struct spec_mount *m)
{
	struct mountopts o;
	if (mountopts_parse(&o, &m->options) < 0)
		return fail_in("%s", m->dest);
	bool b = (o.flags & MS_BIND) || str_eq(m->type, "bind");
	int res = b ? bind(r, m, &o, r->ties ? r->ties[m - r->spec->mounts.v] : 0)
		    : plain_mount(r, m, &o);
	mountopts_free(&o);
	return res;
}

/* --- /dev --- */

/* The host's node of a device, to be bound: at the same path, or where the kernel says that
 * devtmpfs has it. */
static char *host_node(const struct spec_device *d)
{
	struct stat st;
	dev_t dev = makedev((unsigned)d->major, (unsigned)d->minor);
	mode_t type = d->type == 'b' ? S_IFBLK : S_IFCHR;
	if (stat(d->path, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_rdev == dev)
		return xstrdup(d->path);
	_cleanup_free_ char *at = xasprintf("/sys/dev/%s/%u:%u/uevent",
				d->type == 'b' ? "block" : "char", (unsigned)d->major,
				(unsigned)d->minor),
			    *text = file_read(at, 4096, NULL);
	char *name = text ? strstr(text, "DEVNAME=") : NULL;
	_cleanup_free_ char *path =
	    name ? xasprintf("/dev/%.*s", (int)strcspn(name + 8, "\n"), name + 8) : NULL;
	if (path && stat(path, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_rdev == dev)
		return xstrdup(path);
	errno = ENODEV;
	fail("%s: device %c %u:%u: the host has no node of it to be bound, and none can be made",
	    d->path, d->type, (unsigned)d->major, (unsigned)d->minor);
	return NULL;
}

static int node(struct rootfs *r, int dev, const struct spec_device *d)
{
	mode_t type = d->type == 'b' ? S_IFBLK : d->type == 'p' ? S_IFIFO : S_IFCHR;
	const char *base = strrchr(d->path, '/') + 1;
	_cleanup_close_ int own = -1;
	int dir = dev;
	if (base - d->path != 5 || !str_starts(d->path, "/dev/")) {
		_cleanup_free_ char *parent = xstrndup(d->path, (size_t)(base - d->path));
		dir = own = path_make_in_root(r->fd, parent, true, 0755);
		if (dir < 0)
			return fail("%s: %m", parent);
	}
	if (!r->userns) {
		if (mknodat(dir, base, type | (d->mode & 07777),
			makedev((unsigned)d->major, (unsigned)d->minor)) == 0) {
			if ((d->uid || d->gid) &&
			    fchownat(dir, base, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
				return fail("%s: chown: %m", d->path);
			return 0;
		}
		if (errno == EEXIST)
			return 0;
		if (errno != EPERM)
			return fail("%s: mknod: %m", d->path);
	}
	_cleanup_free_ char *host = host_node(d);
	struct spec_mount m = {.dest = d->path, .type = "bind", .source = host};
	struct mountopts o = {.flags = MS_BIND};
	return host ? bind(r, &m, &o, 0) : -1;
}

static bool mounted_by_spec(const struct spec *s, const char *dest, const char *type)
{
	for (size_t i = 0; i < s->mounts.n; i++)
		if (strcmp(s->mounts.v[i].dest, dest) == 0 &&
		    (!type || str_eq(s->mounts.v[i].type, type)))
			return true;
	return false;
}

static int dev_setup(struct rootfs *r)
{
	static const char *const links[][2] = {{"/proc/self/fd", "fd"},
	    {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"},
	    {"/proc/self/fd/2", "stderr"}, {"/proc/kcore", "core"}, {"pts/ptmx", "ptmx"}};
	if (!mounted_by_spec(r->spec, "/dev", "tmpfs"))
		return 0; /* the image's or the host's /dev, as asked for */
	_cleanup_close_ int dev =
	    path_open_in_root(r->fd, "/dev", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (dev < 0)
		return fail("/dev: %m");
	for (size_t i = 0; i < r->spec->devices.n; i++)
		if (node(r, dev, &r->spec->devices.v[i]) < 0)
			return -1;
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
		if (symlinkat(links[i][0], dev, links[i][1]) < 0 && errno != EEXIST)
			return fail("/dev/%s: symlink: %m", links[i][1]);
	/* What the next mounts lie on; path_make_in_root() would do it with three calls more for
	 * each. */
	for (size_t i = 0; i < r->spec->mounts.n; i++) {
		const char *d = r->spec->mounts.v[i].dest, *t = r->spec->mounts.v[i].type;
		if (str_starts(d, "/dev/") && d[5] && !strchr(d + 5, '/') &&
		    (str_eq(t, "devpts") || str_eq(t, "mqueue") || str_eq(t, "tmpfs")) &&
		    mkdirat(dev, d + 5, 0755) < 0 && errno != EEXIST)
			return fail("%s: mkdir: %m", d);
	}
	return 0;
}

/* The files of /etc that container_net.c wrote into the container's directory, unless a mount of
 * the spec lies there.
 */
static int etc_files(struct rootfs *r)
{
	static const char *const names[] = {"hosts", "hostname", "resolv.conf"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		_cleanup_free_ char *src = xasprintf("%s/%s", r->dir, names[i]),
				    *dest = xasprintf("/etc/%s", names[i]);
		bool taken = access(src, F_OK) < 0;
		for (size_t k = 0; k < r->spec->mounts.n; k++)
			taken |= strcmp(r->spec->mounts.v[k].dest, dest) == 0;
		if (taken)
			continue;
		_cleanup_close_ int dst = path_make_in_root(r->fd, dest, false, 0644);
		if (dst < 0 &&
		    (errno == EROFS || errno == ENOTDIR || errno == ENOENT || errno == ELOOP ||
			(r->userns && (errno == EACCES || errno == EOVERFLOW))))
			continue; /* a root that cannot have it, or whose /etc is somebody else's */
		if (dst < 0 || mount(src, FD_PATH(dst), NULL, MS_BIND, NULL) < 0)
			return fail("%s: mount: %m", dest);
	}
	return 0;
}

int rootfs_mounts(struct rootfs *r)
{
	const struct spec *s = r->spec;
	bool dev_done = false;
	for (size_t i = 0; i < s->mounts.n; i++) {
		const char *type = s->mounts.v[i].type;
		if (str_eq(type, "cgroup") || str_eq(type, "cgroup2"))
			continue;
		if (one_mount(r, &s->mounts.v[i]) < 0)
			return -1;
		/* Nodes go in as soon as /dev is there, so that a later mount may lie on one. */
		if (!dev_done && strcmp(s->mounts.v[i].dest, "/dev") == 0) {
			dev_done = true;
			if (dev_setup(r) < 0)
				return -1;
		}
	}
	return r->dir ? etc_files(r) : 0;
}

/* --- cgroups --- */

static int cgroup_one(
    const char *at, const char *on, const char *type, const char *data, unsigned long flags)
{
	if (mount(type, on, type, flags, data) == 0)
		return 0;
	return errno == EBUSY || errno == EPERM ? 1 : fail("%s: mount %s: %m", at, type);
}

static int cgroup_tree(struct rootfs *r, const struct spec_mount *m, unsigned long flags)
{
	size_t n;
	const struct cgroup_hierarchy *h = cgroup_hierarchies(&n);
	if (n == 0)
		return 0; /* no cgroup file system is mounted here: nothing to show */
	_cleanup_close_ int at = path_make_in_root(r->fd, m->dest, true, 0755);
	if (at < 0)
		return fail("%s: %m", m->dest);
	if (n == 1 && h[0].v2)
		return cgroup_one(m->dest, FD_PATH(at), "cgroup2", NULL, flags) < 0 ? -1 : 0;
	if (mount("tmpfs", FD_PATH(at), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		"mode=755,size=64k") < 0)
		return fail("%s: mount tmpfs: %m", m->dest);
	/* A file system that was made this moment and that nobody else sees: names in it are safe.
	 */
	_cleanup_close_ int top =
	    path_open_in_root(r->fd, m->dest, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	for (size_t i = 0; i < n; i++) {
		char on[300];
		if (h[i].named)
			continue; /* not ours: the container is not in it, and would see the host's
				   */
		snprintf(on, sizeof on, "/proc/self/fd/%d/%.255s", top, h[i].name);
		if (mkdirat(top, h[i].name, 0755) < 0)
			return fail("%s/%s: %m", m->dest, h[i].name);
		if (cgroup_one(m->dest, on, h[i].v2 ? "cgroup2" : "cgroup",
			h[i].v2 ? NULL : h[i].options, flags) < 0)
			return -1;
	}
	return flags & MS_RDONLY
		   ? remount_flags(r, m->dest, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, false)
		   : 0;
}

int rootfs_cgroups(struct rootfs *r)
{
	const struct spec *s = r->spec;
	for (size_t i = 0; i < s->mounts.n; i++) {
		const struct spec_mount *m = &s->mounts.v[i];
		if (!str_eq(m->type, "cgroup") && !str_eq(m->type, "cgroup2"))
			continue;
		struct mountopts o;
		if (mountopts_parse(&o, &m->options) < 0)
			return fail_in("%s", m->dest);
		unsigned long flags =
		    (o.flags & ~(unsigned long)MS_REC) | MS_NOSUID | MS_NODEV | MS_NOEXEC;
		mountopts_free(&o);
		if (s->ns_new & 1u << NS_CGROUP) {
			if (cgroup_tree(r, m, flags) < 0)
				return -1;
		} else {
			struct spec_mount b = {
			    .dest = m->dest, .type = "bind", .source = "/sys/fs/cgroup"};
			struct mountopts bo = {
			    .flags = MS_BIND | MS_REC | flags, .rec_flags = true};
			if (access("/sys/fs/cgroup", F_OK) == 0 && bind(r, &b, &bo, 0) < 0)
				return -1;
		}
	}
	return 0;
}

/* --- the new root --- */

/* An initramfs is the file system that nothing lies under: the kernel refuses to pivot away from it
 * (pivot_root(2), EINVAL), so the new root is moved over it. The old one stays beneath, out of
 * reach: a path walk up from the new root ends at what is mounted on top. */
static int move_root(void)
{
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return fail("/: move the new root there: %m");
	if (chroot(".") < 0)
		return fail("/: chroot: %m");
	return 0;
}

int rootfs_enter(struct rootfs *r)
{
	if (fchdir(r->fd) < 0)
		return fail("new root: %m");
	if (r->spec->x_no_pivot) {
		if (move_root() < 0)
			return -1;
	} else if (sys_pivot_root(".", ".") < 0) {
		if (errno != EINVAL)
			return fail("pivot_root: %m");
		if (move_root() < 0)
			return fail_in(
			    "pivot_root: Invalid argument (this root is an initramfs), and then");
	} else if (umount2(".", MNT_DETACH) <
		   0) { /* the old root lies on the new one now: pivot_root(2), NOTES */
		return fail("old root: unmount: %m");
	}
	close(r->fd);
	r->fd = -1;
	return chdir("/") < 0 ? fail("/: %m") : 0;
}

/* --- after it --- */

/* A path in the new root, its last component no link; for /proc and /sys it must really lie there
 * (CVE-2025-52881). -2 when it does not exist. */
static int open_checked(const char *path, unsigned long *mount_flags)
{
	struct statfs fs;
	int fd = openat(AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? -2 : fail("%s: %m", path);
	unsigned long want = str_starts(path, "/proc/")  ? PROC_SUPER_MAGIC
			     : str_starts(path, "/sys/") ? SYSFS_MAGIC
							 : 0;
	bool known = fstatfs(fd, &fs) == 0;
	*mount_flags = known ? (unsigned long)fs.f_flags : 0;
	if (want &&
	    (!known || ((unsigned long)fs.f_type != want &&
			   !(want == SYSFS_MAGIC && (unsigned long)fs.f_type == TMPFS_MAGIC)))) {
		close(fd);
		errno = EXDEV;
		return fail("%s: not on the file system it should be on", path);
	}
	return fd;
}

static int sysctls(const struct strv *l)
{
	unsigned long flags;
	for (size_t i = 0; i < l->n; i++) {
		const char *eq = strchr(l->v[i], '=');
		_cleanup_free_ char *path =
		    xasprintf("/proc/sys/%.*s", (int)(eq - l->v[i]), l->v[i]);
		for (char *p = path + 10; *p;
		     p++) /* net.ipv4.conf.eth0/1.x: sysctl(8) swaps both */
			*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
		_cleanup_close_ int fd = open_checked(path, &flags);
		if (fd < 0)
			return fd == -2
				   ? fail("sysctl %s: this kernel has no such setting", l->v[i])
				   : -1;
		_cleanup_close_ int w = openat(AT_FDCWD, FD_PATH(fd), O_WRONLY | O_CLOEXEC);
		if (w < 0 || write(w, eq + 1, strlen(eq + 1)) < 0)
			return fail("sysctl %s: %m", l->v[i]);
	}
	return 0;
}

static int readonly_path(const char *path)
{
	unsigned long keep;
	_cleanup_close_ int fd = open_checked(path, &keep);
	if (fd == -2)
		return 0;
	if (fd < 0 || mount(FD_PATH(fd), FD_PATH(fd), NULL, MS_BIND | MS_REC, NULL) < 0)
		return fd < 0 ? -1 : fail("%s: bind: %m", path);
	_cleanup_close_ int top = openat(AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (top < 0)
		return fail("%s: %m", path);
	keep &= MS_NOSUID | MS_NODEV | MS_NOEXEC;
	if (mount(NULL, FD_PATH(top), NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | keep, NULL) < 0)
		return fail("%s: remount read-only: %m", path);
	return 0;
}

struct masks {
	int null;  /* the container's /dev/null, verified */
	int empty; /* one read-only empty tmpfs for every masked directory */
};

/* The mask must be the real null device: an image or a race may have put something else at
 * /dev/null (CVE-2025-31133). */
static int open_null(void)
{
	struct stat st;
	int fd = openat(AT_FDCWD, "/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail("/dev/null: %m");
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3)) {
		close(fd);
		errno = ENODEV;
		return fail("/dev/null in the container is not the null device: nothing can be "
			    "masked with it");
	}
	return fd;
}

static int mask(struct masks *k, const char *path)
{
	struct stat st;
	unsigned long flags;
	_cleanup_close_ int fd = open_checked(path, &flags);
	if (fd < 0)
		return fd == -2 ? 0 : -1;
	if (fstat(fd, &st) < 0)
		return fail("%s: %m", path);
	if (!S_ISDIR(st.st_mode)) {
		if (k->null < 0 && (k->null = open_null()) < 0)
			return -1;
		return mount(FD_PATH(k->null), FD_PATH(fd), NULL, MS_BIND, NULL) < 0
			   ? fail("%s: mask: %m", path)
			   : 0;
	}
	if (k->empty >= 0)
		return mount(FD_PATH(k->empty), FD_PATH(fd), NULL, MS_BIND, NULL) < 0
			   ? fail("%s: mask: %m", path)
			   : 0;
	if (mount("tmpfs", FD_PATH(fd), "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		"size=0,mode=755,nr_inodes=1") < 0)
		return fail("%s: mask: %m", path);
	k->empty = openat(AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return 0;
}

int rootfs_finish(struct rootfs *r)
{
	const struct spec *s = r->spec;
	struct masks k = {-1, -1};
	if (sysctls(&s->sysctl) < 0)
		return -1;
	for (size_t i = 0; i < s->readonly_paths.n; i++)
		if (readonly_path(s->readonly_paths.v[i]) < 0)
			return -1;
	for (size_t i = 0; i < s->masked_paths.n; i++)
		if (mask(&k, s->masked_paths.v[i]) < 0)
			return -1;
	if (k.null >= 0)
		close(k.null);
	if (k.empty >= 0)
		close(k.empty);
	return s->root_readonly ? rootfs_readonly("/") : 0;
}
