/* mount.c: an image's tree mounted in the caller's own mount namespace, on explicit request
 * (ctr-image mount); see image.h.
 *
 * This is the only thing that ctrbox mounts on the host, and it stays until it is unmounted. It
 * uses the image's layers, which no record says, so an image that is mounted must not be removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "image.h"
#include "str.h"
#include "sys.h"
#include "userns.h"

/* The layers by their descriptors: the paths of many layers do not fit the page of mount
 * options. */
static char *lowers(const int *dirs, size_t n)
{
	struct buf b = {0};
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s/proc/self/fd/%d", i ? ":" : "", dirs[i]);
	return b.p;
}

/* Before Linux 5.12 a mount gets its flags only after it was made, but a bind mount takes those of
 * the mount that it is made from. So a first one is made on the layer's own folder, which nobody
 * else can enter, and gets its flags there; the one at `dir` is made from it. */
static int mount_bind_older(int layer, const char *dir)
{
	_cleanup_free_ char *from = xasprintf("/proc/self/fd/%d", layer), *own = path_real(from);
	if (!own || mount(from, own, NULL, MS_BIND, NULL) < 0)
		return fail_tried(dir, "mount");
	int r = mount(NULL, own, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NODEV | MS_NOSUID,
		    NULL) < 0 ||
			mount(own, dir, NULL, MS_BIND, NULL) < 0
		    ? fail_tried(dir, "mount")
		    : 0;
	umount2(own, MNT_DETACH);
	return r;
}

/* Mount a layer at `dir`. The mount must have its flags when it appears there: if it were without
 * them for a moment, somebody who waits for that could run a set-id program of the image. */
static int mount_bind_one(int layer, const char *dir)
{
	struct mount_attr_s a = {
	    .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
	_cleanup_close_ int fd = sys_mount_copy(layer, "", AT_EMPTY_PATH, &a);
	if (fd < 0)
		return mount_bind_older(layer, dir);
	return sys_move_mount(fd, AT_FDCWD, dir) < 0 ? fail_tried(dir, "mount") : 0;
}

void image_upper_warn(const char *upper)
{
	_cleanup_free_ char *abs = path_real(upper);
	if (abs && geteuid() == 0 && !userns_nested() && path_is_open(abs))
		warn("%s: other users may enter it: a set-id program that comes to lie there is "
		     "theirs to run (chmod 700 a folder on the way)",
		    upper);
}

int image_mount(const int *dirs, size_t n, const char *upper, const char *dir)
{
	if (!upper && n == 1) /* an overlay needs at least two directories */
		return mount_bind_one(dirs[0], dir);
	_cleanup_free_ char *lower = lowers(dirs, n);
	_cleanup_free_ char *work = upper ? xasprintf("%s.work", upper) : NULL;
	if (upper && (dir_make(upper, 0755) < 0 || dir_make(work, 0700) < 0))
		return -1;
	_cleanup_close_ int up = upper ? dir_open(upper) : -1;
	_cleanup_close_ int wk = upper ? dir_open(work) : -1;
	if (upper && (up < 0 || wk < 0))
		return fail_open(upper);
	_cleanup_free_ char *rest = upper
					? xasprintf(",upperdir=/proc/self/fd/%d,workdir=/proc/self/"
						    "fd/%d,redirect_dir=off,metacopy=off,index=off",
					      up, wk)
					: xstrdup("");
	_cleanup_free_ char *options = xasprintf("lowerdir=%s%s", lower, rest);
	if (mount(IMAGE_SOURCE, dir, "overlay", MS_NODEV | MS_NOSUID | (upper ? 0 : MS_RDONLY),
		options) < 0)
		return fail_tried(dir, "mount overlay");
	if (upper)
		image_upper_warn(upper);
	return 0;
}
