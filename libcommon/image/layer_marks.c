/* layer_marks.c: how overlayfs marks deleted files and opaque directories; see layer.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>

#include "layer.h"

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
	return layer_is_opaque(dirfd, "trusted.overlay.opaque") ||
	       layer_is_opaque(dirfd, "user.overlay.opaque") ||
	       fstatat(dirfd, LAYER_OPAQUE, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Where no 0/0 device can be made or no attribute be set (on overlayfs itself, on ramfs, for a user
 * before Linux 5.8), overlayfs takes no layers either, and only our own code will read them. There
 * the mark is a socket of mode 0, because an archive cannot hold a socket. */
int layer_mark_deleted(int dirfd, const char *name)
{
	return mknodat(dirfd, name, S_IFCHR, 0) == 0 ||
		       (errno == EPERM && mknodat(dirfd, name, S_IFSOCK, 0) == 0)
		   ? 0
		   : -1;
}

int layer_mark_opaque(int dirfd)
{
	int trusted = fsetxattr(dirfd, "trusted.overlay.opaque", "y", 1, 0);
	return (fsetxattr(dirfd, "user.overlay.opaque", "y", 1, 0) == 0 || trusted == 0 ||
		   mknodat(dirfd, LAYER_OPAQUE, S_IFSOCK, 0) == 0 || errno == EEXIST)
		   ? 0
		   : -1;
}
