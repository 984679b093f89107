/* rootfs.h: what the child does to its new mount namespace: the overlay, the mounts, /dev, the
 * masks, the new root.
 *
 * All run in the child, after CLONE_NEWNS. Each returns 0, or -1 with fail() saying the path.
 * OCI runtime-spec, config.md "Mounts" and config-linux.md "Default Filesystems", "Masked Paths".
 */
#ifndef CTR_ROOTFS_H
#define CTR_ROOTFS_H

#include <stdbool.h>
#include "spec.h"

struct rootfs {
	const struct spec *spec;
	const char
	    *dir; /* the container's directory with upper and work; the overlay is mounted on its
		     upper, in our own namespace; rootfs_prepare makes it the working directory */
	const char *upper, *work; /* absolute paths; NULL: "upper" and "work" in `dir` */
	bool passing;             /* the writable layer dies with the command (engine.h) */
	const char *cgroup;       /* engine.h */
	bool nodev;               /* no device nodes but those of the spec */
	bool can_copy;            /* engine.h */
	bool userns;     /* in a user namespace of our own: nodes are bound instead of made */
	bool netns;      /* the network namespace is ours too: a sysfs of its own is possible */
	bool no_overlay; /* set: rootfs_prepare failed because there can be no overlay here */
	int proc;      /* what is mounted for proc, detached; -1: a new one, of our pid namespace */
	int image;     /* x_image_file, mounted by the parent and detached; -1: mount it here */
	int *idmounts; /* idmounts.h: the container's directory, each layer, each mount with
			  `idmap`; NULL none */
	int *ties;     /* the spec's mounts that the host shares, detached; 0: none */
	int fd;        /* set by rootfs_prepare: the new root */
};

/* Stop propagation, build the overlay or bind root_path, open the new root. */
int rootfs_prepare(struct rootfs *r);
/* Make the mount whose root this path is read-only, it alone. -1 with fail(). */
int rootfs_readonly(const char *root);
/* spec's mounts in order, then /dev's nodes and links; cgroup mounts are left for rootfs_cgroups.
 */
int rootfs_mounts(struct rootfs *r);
/* The cgroup mounts: after the cgroup namespace was unshared, so that they show the container at
 * their root. */
int rootfs_cgroups(struct rootfs *r);
/* pivot_root, or move and chroot where the kernel refuses it (an initramfs) or `x_no_pivot` says
 * so. The working directory is then "/". */
int rootfs_enter(struct rootfs *r);
/* In the new root: sysctls, masked and read-only paths, the root read-only if asked. */
int rootfs_finish(struct rootfs *r);

#endif
