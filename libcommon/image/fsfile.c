/* fsfile.c: a file that contains a file system, mounted read-only without unpacking; see image.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/mount.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "image.h"
#include "loop.h"
#include "str.h"
#include "sys.h"

/* The type by its magic number: squashfs has it at 0 (fs/squashfs/squashfs_fs.h of the kernel),
 * erofs at 1024 (fs/erofs/erofs_fs.h), ext4 at 1080. */
static const char *fs_type(int fd)
{
	unsigned char b[4];
	if (pread(fd, b, 4, 0) == 4 && memcmp(b, "hsqs", 4) == 0)
		return "squashfs";
	if (pread(fd, b, 4, 1024) == 4 && memcmp(b, "\xe2\xe1\xf5\xe0", 4) == 0)
		return "erofs";
	/* A partition that was written as an ext4 image; for other file systems we do not guess. */
	if (pread(fd, b, 2, 1024 + 56) == 2 && memcmp(b, "\x53\xef", 2) == 0)
		return "ext4";
	return NULL;
}

static int fsfile_refused(const char *file, const char *type)
{
	if (errno == ENODEV)
		return fail("%s: this kernel has no %s", file, type);
	return fail("%s: mount as %s: %m%s", file, type,
	    errno == EINVAL || errno == EIO || errno == EUCLEAN ? " (damaged or cut short: dmesg)"
								: "");
}

static int mount_new(const char *type, const char *dev)
{
	_cleanup_close_ int fs = sys_fs_open(type);
	if (fs >= 0 && sys_fs_set(fs, "ro", NULL) < 0)
		return -1;
	return sys_fs_mount(fs, dev, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV);
}

static int mount_from(const char *file, const char *dev, const char *type, const char *fallback)
{
	int m = mount_new(type, dev);
	if (m >= 0)
		return m;
	if (errno != ENOSYS && (errno != EPERM || !fallback))
		return fsfile_refused(file, type);
	if (!fallback)
		return fail("%s: mount it apart: %m (Linux 5.2)", file);
	if (mount(dev, fallback, type, MS_RDONLY | MS_NODEV, NULL) < 0)
		return fsfile_refused(file, type);
	m = dir_open(fallback);
	return m < 0 ? fail_open(fallback) : m;
}

const char *image_file_name(const char *image)
{
	const char *colon =
	    str_starts(image, IMAGE_VERITY) ? strchr(image + strlen(IMAGE_VERITY), ':') : NULL;
	return colon ? colon + 1 : image;
}

int image_file_open(const char *file, const char **type)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fail_open(file);
	*type = fs_type(fd);
	if (*type)
		return fd;
	close(fd);
	return errno = EINVAL, fail("%s: not a squashfs, erofs or ext4 image (a tar archive is for "
				    "ctr-image import)",
				   file);
}

int image_loop_mount(const char *image, const char *fallback)
{
	char dev[40];
	const char *file = image_file_name(image), *type;
	struct stat st;
	_cleanup_close_ int fd = image_file_open(file, &type);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return fail_tried(file, "fstat");
	_cleanup_free_ char *path = S_ISBLK(st.st_mode) ? path_real(file) : NULL;
	_cleanup_close_ int loop = path ? -1 : loop_of(fd, file, dev), checked = -1;
	if (loop < 0 && !path)
		return -1;
	if (file == image)
		return mount_from(file, path ? path : dev, type, fallback);
	size_t before = strlen(IMAGE_VERITY);
	_cleanup_free_ char *hash =
	    xasprintf("%.*s", (int)(file - 1 - image - before), image + before);
	checked = verity_open(file, hash, path ? fd : loop, dev);
	if (checked < 0)
		return -1;
	int m = mount_from(image, dev, type, fallback);
	return m < 0 && errno == EIO
		   ? fail("%s: mount as %s: %m (it is not what this root hash stands for)", image,
			 type)
		   : m;
}
