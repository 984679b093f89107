/* rootfs.c: the order in which a container's root is put together, and entering it; see rootfs.h.
 * The root itself is in rootfs_overlay.c, a single mount in rootfs_mount.c, /dev in rootfs_dev.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "rootfs_parts.h"
#include "sys.h"
#include "sysno.h"
#include "trace.h"

/* The files of /etc lie in the caller's directory on the host's disk, outside of any limit of the
 * layer: a container whose root is read-only cannot write to them. */
static int etc_files(struct rootfs *r)
{
	for (const char *const *name = r->etc; *name; name++) {
		_cleanup_free_ char *src = path_join(r->dir, *name),
				    *dest = xasprintf("/etc/%s", *name);
		bool taken = access(src, F_OK) < 0;
		for (size_t k = 0; k < r->spec->mounts.n; k++)
			taken |= strcmp(r->spec->mounts.v[k].dest, dest) == 0;
		if (taken)
			continue;
		_cleanup_close_ int dst = path_make_in_root(r->fd, dest, false, 0644);
		if (dst < 0 &&
		    (errno == EROFS || errno == ENOTDIR || errno == ENOENT || errno == ELOOP ||
			(r->userns && (errno == EACCES || errno == EOVERFLOW))))
			continue; /* the root cannot have it, or its /etc is somebody else's */
		if (dst < 0 || mount(src, FD_PATH(dst), NULL, MS_BIND, NULL) < 0)
			return fail_tried(dest, "mount");
		if (r->spec->root_readonly && rootfs_remount(r, dest, MS_RDONLY, 0, false) < 0)
			return -1;
	}
	return 0;
}

int rootfs_mounts(struct rootfs *r)
{
	const struct spec *s = r->spec;
	bool dev_done = false;
	for (size_t i = 0; i < s->mounts.n; i++) {
		if (rootfs_waits(s->mounts.v, &s->mounts.v[i]))
			continue;
		if (rootfs_mount(r, &s->mounts.v[i]) < 0)
			return -1;
		/* The nodes are made as soon as /dev is mounted, so that a later mount can be
		 * placed on one. */
		if (!dev_done && strcmp(s->mounts.v[i].dest, "/dev") == 0) {
			dev_done = true;
			if (rootfs_dev(r) < 0)
				return -1;
		}
	}
	/* Without a mount there, /dev is the root's own, as with runc. */
	if (!dev_done && !r->spec->x_dev_kept && rootfs_dev(r) < 0)
		return -1;
	return r->etc ? etc_files(r) : 0;
}

/* --- the new root --- */

/* A whole proc or sysfs that is mounted anywhere lets a user namespace inside mount another whole
 * one, and the old root's stay in the mount namespace where it is not pivoted away. Best effort: a
 * place that somebody else hides already is gone. */
static void hide_old_trees(void)
{
	_cleanup_free_ char *text = file_read("/proc/self/mountinfo", FILE_ANY, NULL);
	char root[4096] = "", *save = NULL;
	if (!text || syscall(SYS_getcwd, root, sizeof root) < 0)
		return;
	size_t n = strlen(root);
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (!strstr(l, " - proc ") && !strstr(l, " - sysfs "))
			continue;
		char *at = l; /* the fifth word; not by sscanf(3), 8 KB of the minimal build */
		for (int i = 0; i < 4 && *at; i++)
			at += strcspn(at, " ") + (at[strcspn(at, " ")] != 0);
		at[strcspn(at, " ")] = 0;
		if (strncmp(at, root, n) != 0 || at[n] != '/')
			umount2(at, MNT_DETACH);
	}
}

/* An initramfs is the file system that nothing lies under: the kernel refuses to pivot away from it
 * (pivot_root(2), EINVAL), so the new root is moved over it. The old one stays beneath, out of
 * reach: a path walk up from the new root ends at what is mounted on top. */
static int move_root(void)
{
	hide_old_trees();
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return fail_errno("/: move the new root there");
	if (chroot(".") < 0)
		return fail_errno("/: chroot");
	return 0;
}

int rootfs_enter(struct rootfs *r)
{
	_cleanup_close_ int fds = dir_hold("/proc/self/fd");
	TRACE("pivot_root(2): the new root takes the place of the old, which is unmounted");
	if (fchdir(r->fd) < 0)
		return fail_errno("new root");
	if (r->at) {
		if (chroot(".") < 0)
			return fail_errno("new root: chroot");
	} else if (r->spec->x_no_pivot) {
		if (move_root() < 0)
			return -1;
	} else if (sys_pivot_root(".", ".") < 0) {
		if (errno != EINVAL)
			return fail_errno("pivot_root");
		if (move_root() < 0)
			return fail_in(
			    "pivot_root: Invalid argument (this root is an initramfs), and then");
	} else if (umount2(".", MNT_DETACH) <
		   0) { /* the old root is now mounted on the new one: pivot_root(2), NOTES */
		return fail_errno("old root: unmount");
	}
	close(r->fd);
	r->fd = -1;
	if (chdir("/") < 0)
		return fail_errno("/");
	rootfs_in_fds = fds >= 0;
	return rootfs_in_fds && fchdir(fds) < 0 ? fail_errno("/proc/self/fd") : 0;
}
