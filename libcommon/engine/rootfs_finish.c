/* rootfs_finish.c: what is set up inside the new root: sysctls, masked and read-only paths; see
 * rootfs.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "become.h"
#include "err.h"
#include "file.h"
#include "rootfs_parts.h"
#include "trace.h"

/* Open a path in the new root whose last component is no link; below /proc and /sys it must really
 * be on those file systems (CVE-2025-52881). -2 when it does not exist. */
static int open_checked(const char *path, unsigned long *mount_flags)
{
	struct statfs fs;
	int fd = openat(AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? -2 : fail_errno(path);
	unsigned long want = str_starts(path, "/proc/") ? PROC_SUPER_MAGIC : 0;
	if (str_starts(path, "/sys/"))
		want = SYSFS_MAGIC;
	bool known = fstatfs(fd, &fs) == 0;
	*mount_flags = known ? (unsigned long)fs.f_flags : 0;
	if (want &&
	    (!known || ((unsigned long)fs.f_type != want &&
			   !(want == SYSFS_MAGIC && (unsigned long)fs.f_type == TMPFS_MAGIC)))) {
		close(fd);
		errno = EXDEV;
		return fail("%s: not on the file system it should be on", path);
	}
	return fd;
}

static int rootfs_finish_sysctls(const struct strv *l)
{
	unsigned long flags;
	for (size_t i = 0; i < l->n; i++) {
		const char *eq = strchr(l->v[i], '=');
		_cleanup_free_ char *path =
		    xasprintf("/proc/sys/%.*s", (int)(eq - l->v[i]), l->v[i]);
		for (char *p = path + 10; *p;
		     p++) /* net.ipv4.conf.eth0/1.x: sysctl(8) exchanges dots and slashes */
			if (*p == '.' || *p == '/')
				*p = *p == '.' ? '/' : '.';
		_cleanup_close_ int fd = open_checked(path, &flags);
		if (fd == -2 && access("/proc/self", F_OK) < 0)
			return fail("sysctl %s: no /proc is mounted", l->v[i]);
		if (fd < 0)
			return fd == -2
				   ? fail("sysctl %s: this kernel has no such setting", l->v[i])
				   : -1;
		_cleanup_close_ int w = openat(AT_FDCWD, FD_PATH(fd), O_WRONLY | O_CLOEXEC);
		if (w < 0 || write(w, eq + 1, strlen(eq + 1)) < 0)
			return fail("sysctl %s: %m", l->v[i]);
	}
	return 0;
}

static int readonly_path(const char *path)
{
	unsigned long keep;
	_cleanup_close_ int fd = open_checked(path, &keep);
	if (fd == -2)
		return 0;
	if (fd < 0 || mount(FD_PATH(fd), FD_PATH(fd), NULL, MS_BIND | MS_REC, NULL) < 0)
		return fd < 0 ? -1 : fail_tried(path, "bind");
	_cleanup_close_ int top = openat(AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (top < 0)
		return fail_errno(path);
	keep &= MS_NOSUID | MS_NODEV | MS_NOEXEC;
	if (mount(NULL, FD_PATH(top), NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | keep, NULL) < 0)
		return fail_tried(path, "remount read-only");
	return 0;
}

struct masks {
	int null;  /* the container's /dev/null, checked */
	int empty; /* one empty read-only tmpfs for all masked directories */
};

static int rootfs_finish_mask(struct masks *k, const char *path)
{
	struct stat st;
	unsigned long flags;
	_cleanup_close_ int fd = open_checked(path, &flags);
	if (fd < 0)
		return fd == -2 ? 0 : -1;
	if (fstat(fd, &st) < 0)
		return fail_errno(path);
	if (!S_ISDIR(st.st_mode)) {
		/* The mask must be the real null device: an image or a race may have put something
		 * else at /dev/null (CVE-2025-31133). */
		if (k->null < 0 && (k->null = become_null(O_PATH | O_CLOEXEC)) < 0)
			return fail_in("nothing can be masked");
		return mount(FD_PATH(k->null), FD_PATH(fd), NULL, MS_BIND, NULL) < 0
			   ? fail_tried(path, "mask")
			   : 0;
	}
	if (k->empty >= 0)
		return mount(FD_PATH(k->empty), FD_PATH(fd), NULL, MS_BIND, NULL) < 0
			   ? fail_tried(path, "mask")
			   : 0;
	if (mount("tmpfs", FD_PATH(fd), "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		"size=0,mode=755,nr_inodes=1") < 0)
		return fail_tried(path, "mask");
	k->empty = openat(AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return 0;
}

int rootfs_finish(struct rootfs *r)
{
	const struct spec *s = r->spec;
	struct masks k = {-1, -1};
	TRACE("%zu sysctls; %zu paths read-only, %zu masked: they are the machine's, not its own",
	    s->sysctl.n, s->readonly_paths.n, s->masked_paths.n);
	if (rootfs_finish_sysctls(&s->sysctl) < 0)
		return -1;
	for (size_t i = 0; i < s->readonly_paths.n; i++)
		if (readonly_path(s->readonly_paths.v[i]) < 0)
			return -1;
	struct strv done = {.v = s->masked_paths.v};
	for (; done.n < s->masked_paths.n; done.n++)
		if (!strv_has(&done, done.v[done.n]) && rootfs_finish_mask(&k, done.v[done.n]) < 0)
			return -1;
	if (k.null >= 0)
		close(k.null);
	if (k.empty >= 0)
		close(k.empty);
	for (size_t i = 0; i < s->mounts.n; i++)
		if (strcmp(s->mounts.v[i].dest, "/dev") == 0 &&
		    strv_has(&s->mounts.v[i].options, "ro") && rootfs_readonly("/dev") < 0)
			return -1;
	/* A working directory that is missing is made, as runc does, while it can be (become.c). */
	if (s->root_readonly && s->cwd && access(s->cwd, F_OK) < 0)
		close(become_make_cwd(s->cwd));
	if (s->root_readonly && rootfs_readonly("/") < 0)
		return -1;
	/* Last: what is unbindable could not be bound over itself. Slave and private it is already
	 * (rootfs_prepare). */
	const char *p = s->rootfs_propagation ? s->rootfs_propagation : "";
	unsigned long prop = strstr(p, "unbindable") ? MS_UNBINDABLE : MS_SHARED;
	if ((prop == MS_UNBINDABLE || strstr(p, "shared")) &&
	    mount(NULL, "/", NULL, prop, NULL) < 0)
		return fail_errno("linux.rootfsPropagation");
	return 0;
}
