/* sys.h: system calls that musl or old kernels (Linux 4.19 and up) lack, each with the older way
 * behind the same function; and paths beneath a root. */
#ifndef CTR_SYS_H
#define CTR_SYS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* fork() with namespaces: `flags` are CLONE_NEW*. With cgroup_fd >= 0 (a directory of cgroup v2)
 * the child starts in that group where the kernel can do that (CLONE_INTO_CGROUP, 5.7). No atfork
 * handlers run. clone3(2), clone(2). Returns 0 in the child and its pid in the parent, or -1 with
 * errno. */
pid_t sys_clone(uint64_t flags, int cgroup_fd, int *pidfd);
/* The same in the way of vfork(2): the child runs fn(arg) in our memory, and we stand still until
 * it calls exec or ends, so no page is copied. fn does not return, and must leave our memory as we
 * expect it. -1 with ENOSYS where this is not possible. */
pid_t sys_clone_borrow(uint64_t flags, int cgroup_fd, void (*fn)(void *), void *arg);
/* Did the last sys_clone() put the child into its group? If not, the caller moves it. */
bool sys_clone_entered_cgroup(void);

/* close_range(2); before Linux 5.9 one descriptor at a time, found by poll(2). */
int sys_close_range(unsigned first, unsigned last);
/* Close every descriptor from `next` on except those n (a -1 among them is ignored). */
void sys_close_others(int next, const int *keep, size_t n);
/* Set close-on-exec on every descriptor from `first` on. */
int sys_close_range_cloexec(unsigned first);

/* For fail(), when "/" cannot be made private or a slave. */
#define NO_TIES "/: stop mount propagation: %m (in a chroot, its folder must be a mount: --bind it)"
int sys_pivot_root(const char *new_root, const char *put_old);
/* pidfd_open(2): -1 with ENOSYS before 5.3. */
int sys_pidfd_open(pid_t pid);
int sys_pidfd_send_signal(int pidfd, int sig);
/* setns(2) on a pidfd with several CLONE_NEW* at once; EINVAL before Linux 5.8. */
int sys_setns_pidfd(int pidfd, int flags);

/* Rename a directory within `dirfd` without replacing another: EEXIST or ENOTEMPTY when the name is
 * taken. Uses renameat2(2) with RENAME_NOREPLACE or, where a file system lacks that, rename(2),
 * which refuses to replace a directory that is not empty. */
int sys_rename_new(int dirfd, const char *from, const char *to);

/* open_tree(2), move_mount(2) and mount_setattr(2), with the names of <linux/mount.h>; ENOSYS
 * before Linux 5.2 (mount_setattr: 5.12). */
struct mount_attr_s {
	uint64_t attr_set, attr_clr, propagation, userns_fd;
};
/* A copy of the mount at `path`, with AT_RECURSIVE in `flags` of those beneath it too. It is
 * mounted nowhere yet, and has these attributes (NULL: the original's). A descriptor, or -1. */
int sys_mount_copy(int dirfd, const char *path, unsigned flags, const struct mount_attr_s *a);
int sys_move_mount(int fd, int to_dirfd, const char *to);
int sys_mount_setattr(int fd, unsigned flags, const struct mount_attr_s *a);
/* A new file system of this type, by fsopen(2): a descriptor that the caller closes. -1 with errno,
 * ENOSYS before Linux 5.2. */
int sys_fs_open(const char *type);
/* A word of its options; value NULL: a flag. */
int sys_fs_set(int fs, const char *word, const char *value);
/* Make it, with MOUNT_ATTR_* in attrs: its mount, which is mounted nowhere yet. -1 with errno, also
 * when fs is -1. */
int sys_fs_mount(int fs, const char *source, unsigned attrs);
/* Map the detached mount by this user namespace; `rec`: what is mounted below it, too. */
int mount_map(int mount, bool rec, int userns);

/* Open `path` as the container would see it: every link is resolved beneath rootfd, which is never
 * left (openat2(2) with RESOLVE_IN_ROOT; before Linux 5.6 component by component). `mode` is for
 * O_CREAT. -1 with errno, without fail(). */
int path_open_in_root(int rootfd, const char *path, int flags, mode_t mode);
/* Open what is beneath dirfd with no link on the way, in one call; -1 with errno, ENOSYS before
 * Linux 5.6. */
int path_open_straight(int dirfd, const char *path, int flags);
/* An O_PATH descriptor of the directory (`dir`) or file at `path` beneath rootfd, which is made
 * with its parents when it is missing. -1 with errno. */
int path_make_in_root(int rootfd, const char *path, bool dir, mode_t mode);

/* Set MS_* flags (RDONLY NOSUID NODEV NOEXEC NOATIME) on the mount at fd and on all mounts beneath
 * it. 0, or -1 with errno. */
int mount_set_flags_rec(int fd, unsigned long set, unsigned long clear);

#endif
