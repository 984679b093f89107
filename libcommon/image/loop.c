/* loop.c: a file that is a file system, mounted read-only without unpacking; see image.h.
 *
 * The loop device frees itself with its last user (LO_FLAGS_AUTOCLEAR, loop(4)), so nothing is left when the mount goes
 * with the container's namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/mount.h>
#include <unistd.h>

#include "err.h"
#include "image.h"
#include "str.h"

/* What it says it is: squashfs's magic is at 0 (squashfs_fs.h), erofs's at 1024 (erofs_fs.h). */
static const char *fs_type(int fd)
{
	unsigned char b[4];
	if (pread(fd, b, 4, 0) == 4 && memcmp(b, "hsqs", 4) == 0)
		return "squashfs";
	if (pread(fd, b, 4, 1024) == 4 && memcmp(b, "\xe2\xe1\xf5\xe0", 4) == 0)
		return "erofs";
	return NULL;
}

static int loop_set(int loop, int file, const char *name)
{
	struct loop_info64 info = {.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR};
	snprintf((char *)info.lo_file_name, LO_NAME_SIZE, "%s", name);
#ifdef LOOP_CONFIGURE
	struct loop_config c = {.fd = (unsigned)file, .info = info};
	if (ioctl(loop, LOOP_CONFIGURE, &c) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOTTY && errno != ENOSYS) /* before Linux 5.8: two steps */
		return -1;
#endif
	if (ioctl(loop, LOOP_SET_FD, file) < 0)
		return -1;
	if (ioctl(loop, LOOP_SET_STATUS64, &info) == 0)
		return 0;
	int why = errno;
	ioctl(loop, LOOP_CLR_FD, 0);
	errno = why;
	return -1;
}

/* A free loop device bound to the file; its path goes to dev. Another may take the one that is free: then the next. */
static int loop_open(int file, const char *name, char dev[40])
{
	_cleanup_close_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		return fail("/dev/loop-control: open: %m (CONFIG_BLK_DEV_LOOP)");
	for (int tries = 0; tries < 64; tries++) {
		int n = ioctl(control, LOOP_CTL_GET_FREE);
		if (n < 0)
			return fail("%s: get a loop device: %m", name);
		snprintf(dev, 40, "/dev/loop%d", n);
		int loop = open(dev, O_RDONLY | O_CLOEXEC);
		if (loop < 0 && errno == ENOENT &&
		    mknod(dev, S_IFBLK | 0600, makedev(7, (unsigned)n)) == 0) /* a static /dev */
			loop = open(dev, O_RDONLY | O_CLOEXEC);
		if (loop < 0)
			return fail("%s: open: %m", dev);
		if (loop_set(loop, file, name) == 0)
			return loop;
		int why = errno;
		close(loop);
		if (why != EBUSY)
			return errno = why, fail("%s: attach to %s: %m", name, dev);
	}
	return errno = EBUSY, fail("%s: no free loop device", name);
}

static int refused(const char *file, const char *type)
{
	return errno == ENODEV
		   ? fail("%s: this kernel has no %s (CONFIG_%s)", file, type, *type == 's' ? "SQUASHFS" : "EROFS_FS")
		   : fail("%s: mount as %s: %m", file, type);
}

static int mount_new(const char *type, const char *dev)
{
	_cleanup_close_ int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", dev, 0) < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV);
}

int image_loop_mount(const char *file, const char *fallback)
{
	char dev[40];
	_cleanup_close_ int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fail("%s: open: %m", file);
	const char *type = fs_type(fd);
	if (!type)
		return errno = EINVAL,
		       fail("%s: neither a squashfs nor an erofs image (a tar archive is for ctr-image import)", file);
	_cleanup_close_ int loop = loop_open(fd, file, dev);
	if (loop < 0)
		return -1;
	int m = mount_new(type, dev);
	if (m >= 0)
		return m;
	if (errno != ENOSYS && (errno != EPERM || !fallback))
		return refused(file, type);
	if (!fallback)
		return errno = ENOSYS, -1;
	if (mount(dev, fallback, type, MS_RDONLY | MS_NODEV, NULL) < 0)
		return refused(file, type);
	m = open(fallback, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return m < 0 ? fail("%s: open: %m", fallback) : m;
}
