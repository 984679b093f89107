/* rootfs_parts.h: what the files about a container's mounts share (rootfs*.c). -1 is with fail().
 *
 * Every target is resolved beneath the new root's descriptor (openat2 RESOLVE_IN_ROOT) and mounted
 * on through /proc/self/fd, never by a string with the root's prefix: another container that shares
 * a volume may be swapping links at this very moment (CVE-2021-30465).
 */
#ifndef CTR_ROOTFS_PARTS_H
#define CTR_ROOTFS_PARTS_H

#include <stdio.h>
#include "mountopts.h"
#include "rootfs.h"

/* "/proc/self/fd/N" for mount(2), in a buffer per call site. In a root whose /proc is of a pid
 * namespace that we are not in yet there is no self: then it is "N" alone, and the working
 * directory is the host's /proc/self/fd (rootfs_enter). */
#define FD_PATH(fd) rootfs_fd_path((char[32]){0}, fd)
char *rootfs_fd_path(char buf[32], int fd);
extern bool rootfs_no_self; /* /proc has none of us: the working folder is /proc/self/fd */

/* Bind m's source at its place, made when missing; `tie` > 0: this detached mount instead. */
int rootfs_bind(struct rootfs *r, const struct spec_mount *m, const struct mountopts *o, int tie);
/* Give the mount that now lies at `dest` these MS_* flags, with all beneath it or alone. */
int rootfs_remount(struct rootfs *r, const char *dest, unsigned long flags, bool rec);
/* One entry of the spec's mounts, cgroups apart. */
int rootfs_mount(struct rootfs *r, const struct spec_mount *m);
/* No device nodes in the root and in what is mounted by the spec, but in its own /dev. */
int rootfs_nodev(struct rootfs *r);
/* Nodes and links, where /dev is a tmpfs of the spec's. */
int rootfs_dev(struct rootfs *r);

#endif
