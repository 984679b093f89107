/* rootfs_dev.c: the nodes and links of /dev; see rootfs_parts.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "err.h"
#include "file.h"
#include "rootfs_parts.h"
#include "sys.h"
#include "sysno.h"
#include "trace.h"

/* The host's node of a device, to be bind-mounted: at the same path, or where devtmpfs has it
 * according to the kernel. */
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

/* config-linux.md, "Devices": a file that is there and is another one is an error. */
static int is_there(int dir, const char *base, mode_t type, const struct spec_device *d)
{
	struct stat st;
	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & S_IFMT) == type &&
	    (d->type == 'p' || st.st_rdev == makedev((unsigned)d->major, (unsigned)d->minor)))
		return 0;
	errno = EEXIST;
	return fail("%s: a file that is not this device is there already", d->path);
}

/* One that was made for us (idmounts.h): `fs` is mounted over the root for as long as it takes to
 * bind it. */
static int node_made(struct rootfs *r, int fs, const struct spec_device *d)
{
	_cleanup_close_ int src = openat(fs, "d", O_PATH | O_CLOEXEC);
	struct spec_mount m = {.dest = d->path, .type = "bind", .source = (char *)FD_PATH(src)};
	struct mountopts o = {.flags = MS_BIND};
	if (sys_move_mount(fs, r->fd, "") < 0)
		return fail_tried(d->path, "mount tmpfs");
	int done = rootfs_bind(r, &m, &o, 0);
	umount2(FD_PATH(fs), MNT_DETACH);
	return done;
}

static int rootfs_dev_node(struct rootfs *r, int dev, const struct spec_device *d)
{
	mode_t type = d->type == 'b' ? S_IFBLK : S_IFCHR;
	if (d->type == 'p')
		type = S_IFIFO;
	const char *base = strrchr(d->path, '/') + 1;
	const struct spec *s = r->spec;
	size_t at = 1 + s->x_lower.n + s->mounts.n + (size_t)(d - s->devices.v);
	if (r->idmounts && r->idmounts[at] >= 0)
		return node_made(r, r->idmounts[at], d);
	_cleanup_close_ int own = -1;
	int dir = dev;
	if (base - d->path != 5 || !str_starts(d->path, "/dev/")) {
		_cleanup_free_ char *parent = xstrndup(d->path, (size_t)(base - d->path));
		dir = own = path_make_in_root(r->fd, parent, true, 0755);
		if (dir < 0)
			return fail_errno(parent);
	}
	if (!r->userns && !(r->nodev && dir != dev)) {
		if (mknodat(dir, base, type | (d->mode & 07777),
			makedev((unsigned)d->major, (unsigned)d->minor)) == 0) {
			if ((d->uid || d->gid) &&
			    fchownat(dir, base, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
				return fail_tried(d->path, "chown");
			return 0;
		}
		if (errno == EEXIST)
			return is_there(dir, base, type, d);
		if (errno != EPERM)
			return fail_tried(d->path, "mknod");
	}
	_cleanup_free_ char *host = host_node(d);
	struct spec_mount m = {.dest = d->path, .type = "bind", .source = host};
	struct mountopts o = {.flags = MS_BIND};
	return host ? rootfs_bind(r, &m, &o, 0) : -1;
}

/* Is /dev, as asked for, the host's? */
static bool dev_is_hosts(const struct spec *s)
{
	for (size_t i = 0; i < s->mounts.n; i++) {
		const struct spec_mount *m = &s->mounts.v[i];
		if (strcmp(m->dest, "/dev") == 0)
			return str_eq(m->type, "devtmpfs") || spec_mount_binds(m);
	}
	return false;
}

int rootfs_dev(struct rootfs *r)
{
	static const char *const links[][2] = {{"/proc/self/fd", "fd"},
	    {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"},
	    {"/proc/self/fd/2", "stderr"}, {"/proc/kcore", "core"}, {"pts/ptmx", "ptmx"}};
	if (dev_is_hosts(r->spec))
		return 0;
	_cleanup_close_ int dev = path_make_in_root(r->fd, "/dev", true, 0755);
	if (dev < 0)
		return fail_errno("/dev");
	TRACE("mknod(2) of %zu devices in /dev, and its links", r->spec->devices.n);
	for (size_t i = 0; i < r->spec->devices.n; i++)
		if (rootfs_dev_node(r, dev, &r->spec->devices.v[i]) < 0)
			return -1;
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
		if ((i != 4 || access(links[i][0], F_OK) == 0) &&
		    symlinkat(links[i][0], dev, links[i][1]) < 0 && errno != EEXIST)
			return fail("/dev/%s: symlink: %m", links[i][1]);
	/* Mount points for the next mounts; path_make_in_root() would need three more calls for
	 * each. */
	for (size_t i = 0; i < r->spec->mounts.n; i++) {
		const char *d = r->spec->mounts.v[i].dest, *t = r->spec->mounts.v[i].type;
		if (str_starts(d, "/dev/") && d[5] && !strchr(d + 5, '/') &&
		    (str_eq(t, "devpts") || str_eq(t, "mqueue") || str_eq(t, "tmpfs")) &&
		    mkdirat(dev, d + 5, 0755) < 0 && errno != EEXIST)
			return fail_tried(d, "mkdir");
	}
	return 0;
}
