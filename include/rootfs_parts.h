/* rootfs_parts.h: what the files about a container's mounts share (rootfs*.c). -1 is with fail().
 *
 * Every target is resolved beneath the descriptor of the new root (openat2 RESOLVE_IN_ROOT), and
 * the mount is made through /proc/self/fd, never on a string that begins with the root's path:
 * another container that shares a volume may be swapping links at this very moment
 * (CVE-2021-30465).
 */
#ifndef CTR_ROOTFS_PARTS_H
#define CTR_ROOTFS_PARTS_H

#include <stdio.h>
#include "mountopts.h"
#include "rootfs.h"

/* "/proc/self/fd/N" for mount(2), in a buffer for each call site. In the new root the text is "N"
 * alone, and the working directory is the host's /proc/self/fd (rootfs_enter): what lies at /proc
 * there may be the image's own, or of a pid namespace that we have not entered yet. */
#define FD_PATH(fd) rootfs_fd_path((char[32]){0}, fd)
char *rootfs_fd_path(char buf[32], int fd);
extern bool rootfs_in_fds;

/* Bind the source of m at its destination, which is made when it is missing. `tie` > 0: bind this
 * detached mount instead; below 0: the one of idmounts_late() (idmounts.h). */
int rootfs_bind(struct rootfs *r, const struct spec_mount *m, const struct mountopts *o, int tie);
/* Set these MS_* flags on the mount that now lies at `dest`, alone or with all beneath it. */
int rootfs_remount(
    struct rootfs *r, const char *dest, unsigned long flags, unsigned long cleared, bool rec);
/* Make one of the spec's mounts; not those of cgroups. */
int rootfs_mount(struct rootfs *r, const struct spec_mount *m);

/* Whether m, of a list from `first` on, is a mount of cgroups or lies in one before it: those wait
 * for rootfs_cgroups(). */
bool rootfs_waits(const struct spec_mount *first, const struct spec_mount *m);
/* Make device nodes useless in the root and in all that the spec mounts, except in its own /dev. */
int rootfs_nodev(struct rootfs *r);
/* Make the nodes and links of /dev, where /dev is a tmpfs of the spec. */
int rootfs_dev(struct rootfs *r);

#endif
