/* loop.c: loop devices for image files; see loop.h.
 *
 * The loop device frees itself with its last user (LO_FLAGS_AUTOCLEAR, loop(4)), so nothing is left
 * when the mount disappears with the container's namespace.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "err.h"
#include "loop.h"
#include "str.h"

static int loop_set(int loop, int file, const char *name)
{
	struct loop_info64 info = {.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR};
	snprintf((char *)info.lo_file_name, LO_NAME_SIZE, "%s", name);
#ifdef LOOP_CONFIGURE
	struct loop_config c = {.fd = (unsigned)file, .info = info};
	if (ioctl(loop, LOOP_CONFIGURE, &c) == 0)
		return 0;
	/* Before Linux 5.8: in two steps. */
	if (errno != EINVAL && errno != ENOTTY && errno != ENOSYS)
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

/* A loop device that is bound to the file already, read-only: its users share one superblock and
 * its page cache. Its path goes to dev; -1 when there is none. */
static int loop_shared(const struct stat *file, char dev[40])
{
	DIR *d = opendir("/sys/block");
	struct dirent *e;
	int found = -1;
	while (d && found < 0 && (e = readdir(d))) {
		_cleanup_free_ char *bound = xasprintf("/sys/block/%.20s/loop", e->d_name);
		struct loop_info64 info;
		if (!str_starts(e->d_name, "loop") || access(bound, F_OK) < 0)
			continue;
		snprintf(dev, 40, "/dev/%.20s", e->d_name);
		int fd = open(dev, O_RDONLY | O_CLOEXEC);
		bool same = fd >= 0 && ioctl(fd, LOOP_GET_STATUS64, &info) == 0 &&
			    info.lo_inode == file->st_ino && info.lo_device == file->st_dev &&
			    info.lo_offset == 0 && info.lo_sizelimit == 0 &&
			    (info.lo_flags & LO_FLAGS_READ_ONLY) &&
			    (info.lo_flags & LO_FLAGS_AUTOCLEAR);
		if (same)
			found = fd;
		else if (fd >= 0)
			close(fd);
	}
	if (d)
		closedir(d);
	return found;
}

/* Bind a free loop device to the file; its path goes to dev. Another process may take the free one
 * first: then the next is tried. */
static int loop_open(int file, const char *name, char dev[40])
{
	_cleanup_close_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		return fail("/dev/loop-control: open: %m (CONFIG_BLK_DEV_LOOP)");
	for (int tries = 0; tries < 64; tries++) {
		int n = ioctl(control, LOOP_CTL_GET_FREE);
		if (n < 0)
			return fail_tried(name, "get a loop device");
		snprintf(dev, 40, "/dev/loop%d", n);
		int loop = open(dev, O_RDONLY | O_CLOEXEC);
		/* A static /dev may lack the node. */
		if (loop < 0 && errno == ENOENT &&
		    mknod(dev, S_IFBLK | 0600, makedev(7, (unsigned)n)) == 0)
			loop = open(dev, O_RDONLY | O_CLOEXEC);
		if (loop < 0)
			return fail_open(dev);
		if (loop_set(loop, file, name) == 0)
			return loop;
		int why = errno;
		close(loop);
		if (why != EBUSY)
			return errno = why, fail("%s: attach to %s: %m", name, dev);
	}
	return errno = EBUSY, fail("%s: no free loop device", name);
}

int loop_of(int file, const char *name, char dev[40])
{
	struct stat st;
	if (fstat(file, &st) < 0)
		return fail_errno(name);
	int loop = loop_shared(&st, dev);
	return loop < 0 ? loop_open(file, name, dev) : loop;
}
