/* layer_marks.c: how overlayfs marks deleted files and opaque directories; see layer.h. */
#include <sys/xattr.h>
#include <fcntl.h>

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
