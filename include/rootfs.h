/* rootfs.h: what the child does in its new mount namespace: the overlay, the mounts, /dev, the
 * masked paths, the new root.
 *
 * All of this runs in the child, after CLONE_NEWNS. Each function returns 0, or -1 with fail() that
 * names the path. OCI runtime-spec, config.md "Mounts" and config-linux.md "Default Filesystems",
 * "Masked Paths".
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
	const char *const *etc;   /* engine.h */
	bool passing;             /* the writable layer dies with the command (engine.h) */
	const char *cgroup;       /* engine.h */
	bool nodev;               /* no device node works but those of the spec */
	bool can_copy;            /* engine.h */
	bool userns;   /* in a user namespace of our own: nodes are bound instead of made */
	bool netns;    /* the network namespace is ours too: a sysfs of its own is possible */
	int code;      /* 0, or why a function failed, where that has one (report.h) */
	int proc;      /* what is mounted for proc, detached; -1: a new one, of our pid namespace */
	int image;     /* x_image_file, mounted on `dir` or nowhere yet; -1: mount it here */
	int *idmounts; /* idmounts.h: the container's directory, each layer, each mount with
			  `idmap`; NULL none */
	int *ties;     /* detached mounts for those of the spec that the host shares; 0: none */
	const char *at; /* engine.h: root_at */
	int fd;         /* set by rootfs_prepare: the new root */
};

/* Stop the propagation of mounts, build the overlay or bind root_path, and open the new root. */
int rootfs_prepare(struct rootfs *r);
/* Make the mount whose root this path is read-only, but no mount beneath it. -1 with fail(). */
int rootfs_readonly(const char *root);
/* Make the spec's mounts in their order, then the nodes and links of /dev; the cgroup mounts are
 * left to rootfs_cgroups. */
int rootfs_mounts(struct rootfs *r);
/* Make the cgroup mounts. The cgroup namespace has been unshared before, so that they show the
 * container's group as their root. */
int rootfs_cgroups(struct rootfs *r);
/* Change the root by pivot_root(2); where the kernel refuses that (in an initramfs), or where
 * `x_no_pivot` asks for it, by moving the mount and chroot(2). The working directory is "/"
 * afterwards. */
int rootfs_enter(struct rootfs *r);
/* In the new root: set sysctls, mask paths and make others read-only, and the root itself if that
 * is asked for. */
int rootfs_finish(struct rootfs *r);

#endif
