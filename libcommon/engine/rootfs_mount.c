/* rootfs_mount.c: a single mount of the spec: bind-mounted, or a file system; see
 * rootfs_parts.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "idmounts.h"
#include "layer.h"
#include "report.h"
#include "rootfs_parts.h"
#include "sys.h"
#include "sysno.h"
#include "trace.h"

bool rootfs_in_fds;

char *rootfs_fd_path(char buf[32], int fd)
{
	snprintf(buf, 32, rootfs_in_fds ? "%d" : "/proc/self/fd/%d", fd);
	return buf;
}

/* Change the flags of the mount that is now at `dest`. The descriptor that was mounted on still
 * refers to what is below it. */
int rootfs_remount(
    struct rootfs *r, const char *dest, unsigned long flags, unsigned long cleared, bool rec)
{
	_cleanup_close_ int fd = path_open_in_root(r->fd, dest, O_PATH | O_CLOEXEC, 0);
	if (fd < 0)
		return fail_errno(dest);
	if (rec) /* by mount_setattr(2), or by walking through mountinfo before Linux 5.12 */
		return mount_set_flags_rec(fd, flags, cleared) < 0
			   ? fail_tried(dest, "remount recursively")
			   : 0;
	/* Flags that the file system's own mount has set must stay set, and its access times as
	 * they are; otherwise a user namespace gets EPERM (mount(2)). */
	const unsigned long times = MS_NOATIME | MS_NODIRATIME | MS_RELATIME;
	struct statfs fs = {0};
	fstatfs(fd, &fs);
	unsigned long has = (unsigned long)fs.f_flags,
		      keep = has & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY), to = flags;
	has |= (has & ST_RELATIME) * (MS_RELATIME / ST_RELATIME);
	if (!(to & (MS_NOATIME | MS_STRICTATIME)))
		to |= MS_RELATIME; /* as mount(2) has it where any is given */
	if (r->spec->x_no_fallback)
		cleared |= ~(flags | MS_RDONLY);
	errno = EPERM;
	if ((r->userns &&
		(keep & cleared || (flags & (times | MS_STRICTATIME) && (to ^ has) & times))) ||
	    mount(NULL, FD_PATH(fd), NULL, MS_REMOUNT | MS_BIND | flags | (r->userns ? keep : 0),
		NULL) < 0) {
		r->code = REPORT_NO_REMOUNT;
		return fail("error mounting %s: %m%s", dest,
		    r->userns
			? " (operation not permitted in a user namespace: its source has set it)"
			: "");
	}
	return 0;
}

static int propagate(struct rootfs *r, const char *dest, unsigned long prop)
{
	_cleanup_close_ int fd = path_open_in_root(r->fd, dest, O_PATH | O_CLOEXEC, 0);
	if (fd < 0 || mount(NULL, FD_PATH(fd), NULL, prop, NULL) < 0)
		return fail_tried(dest, "change propagation");
	return 0;
}

/* The place for a mount, opened, made where it is missing. None may hide a folder of the
 * container's /proc: what we and others who enter do there would be done in it (CVE-2019-16884). */
static int mount_point(const struct rootfs *r, const char *dest, bool dir, mode_t mode)
{
	struct statfs fs;
	struct stat st;
	const char *why = "";
	int fd = path_make_in_root(r->fd, dest, dir, mode);
	bool in = dir && fd >= 0 && fstatfs(fd, &fs) == 0 &&
		  (unsigned long)fs.f_type == PROC_SUPER_MAGIC && fstat(fd, &st) == 0 &&
		  st.st_ino != 1 /* PROC_ROOT_INO */;
	if (fd >= 0 && !in)
		return fd;
	if (in) {
		close(fd);
		errno = EPERM;
		why = " (inside /proc: not on the file system it should be on)";
	} else if (r->userns && (errno == EACCES || errno == EOVERFLOW))
		why = " (its folder's owner is not in the id map; one that is there already would "
		      "do)";
	return fail("%s: make mount point: %m%s", dest, why);
}

int rootfs_bind(struct rootfs *r, const struct spec_mount *m, const struct mountopts *o, int tie)
{
	struct stat st;
	if (tie < 0 && (tie = idmounts_late(r->spec, m, IDMOUNTS_LATE(tie))) < 0)
		return -1;
	/* The source of a tie was opened before, because we may no longer reach it. */
	_cleanup_close_ int src =
	    tie > 0 ? dup(tie) : openat(AT_FDCWD, m->source, O_PATH | O_CLOEXEC);
	if (src < 0 || fstat(src, &st) < 0)
		return fail("%s: %m (to be mounted at %s)", m->source, m->dest);
	_cleanup_close_ int dst =
	    mount_point(r, m->dest, S_ISDIR(st.st_mode), S_ISDIR(st.st_mode) ? 0755 : 0644);
	if (dst < 0)
		return -1;
	/* A copy made now stands where it belongs in mountinfo, in the order of mounts[]; before
	 * Linux 6.15 there is none of a mount that is not attached. */
	_cleanup_close_ int late =
	    tie > 0 ? sys_mount_copy(tie, "", AT_EMPTY_PATH | AT_RECURSIVE, NULL) : -1;
	int from = late < 0 ? tie : late;
	int r_bind =
	    tie > 0 ? -1
		    : mount(FD_PATH(src), FD_PATH(dst), NULL, MS_BIND | (o->flags & MS_REC), NULL);
	/* EINVAL: a source that is mounted nowhere yet, as another container's /dev/shm */
	if (r_bind < 0 && (tie > 0 || (errno == EINVAL && str_starts(m->source, "/proc/self/fd/"))))
		r_bind = sys_move_mount(tie > 0 ? from : src, dst, "");
	if (r_bind < 0)
		return fail("%s: bind %s: %m%s", m->dest, m->source,
		    errno == ENOTDIR ? " (one is a folder, the other a file)" : "");
	unsigned long flags = o->flags & ~(unsigned long)(MS_BIND | MS_REC);
	if ((flags || o->cleared) &&
	    rootfs_remount(r, m->dest, flags, o->cleared, o->rec_flags) < 0)
		return -1;
	return propagate(r, m->dest, o->propagation ? o->propagation : MS_PRIVATE | MS_REC);
}

/* /proc and /sys must be directories of the root itself: a link there would redirect the mount, and
 * what is later written through it (CVE-2019-16884, CVE-2023-27561). */
static int plain_dir(struct rootfs *r, const char *dest)
{
	struct stat st;
	const char *rel = dest + strspn(dest, "/");
	if (fstatat(r->fd, rel, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return fail(
		    "%s must be mounted on ordinary directory, not on a link of the image", dest);
	}
	return 0;
}

/* A user namespace may not mount sysfs without a network namespace of its own, nor proc without a
 * pid namespace: show the host's instead, sysfs read-only. */
static int host_tree(struct rootfs *r, const char *dest, char *source, unsigned long flags)
{
	struct spec_mount m = {.dest = (char *)dest, .type = "bind", .source = source};
	struct mountopts o = {.flags = MS_BIND | MS_REC | MS_NOSUID | MS_NODEV | MS_NOEXEC | flags,
	    .rec_flags = true};
	return rootfs_bind(r, &m, &o, 0);
}

/* tmpcopyup: the new tmpfs begins with what `under`, which it covers, holds. */
static int rootfs_mount_copy_up(struct rootfs *r, const struct spec_mount *m, int under)
{
	_cleanup_close_ int from = openat(under, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
			    to = path_open_in_root(
				r->fd, m->dest, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (from < 0 || to < 0)
		return fail_tried(m->dest, "tmpcopyup");
	return layer_copy(&from, 1, to, m->dest) < 0 ? fail_in("%s: tmpcopyup", m->dest) : 0;
}

/* A tmpfs has the mode of the folder that it covers, unless another is asked for; runc's and crun's
 * callers rely on it. The mount's data; NULL: as it is. Caller frees. */
static char *tmpfs_mode(struct rootfs *r, const struct spec_mount *m, const char *data)
{
	struct stat st;
	const char *given = data ? data : "";
	if (strcmp(m->type, "tmpfs") != 0 || strstr(given, "mode="))
		return NULL;
	_cleanup_close_ int was =
	    path_open_in_root(r->fd, m->dest, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (was < 0 || fstat(was, &st) < 0)
		return NULL;
	return xasprintf("mode=%o%s%s", st.st_mode & 07777, *given ? "," : "", given);
}

/* linux.mountLabel where SELinux is in use, as runc and crun: the kernel's own file systems have
 * labels of their own, and without SELinux it is ignored. Caller frees. */
static char *mount_label(const struct spec *s, const struct spec_mount *m, const char *data)
{
	if (!s->mount_label || !*s->mount_label ||
	    (strcmp(m->type, "tmpfs") != 0 && strcmp(m->type, "devpts") != 0) ||
	    access("/sys/fs/selinux/enforce", F_OK) < 0)
		return data ? xstrdup(data) : NULL;
	return xasprintf("%s%scontext=\"%s\"", data ? data : "", data ? "," : "", s->mount_label);
}

static int plain_mount(struct rootfs *r, const struct spec_mount *m, const struct mountopts *o)
{
	bool pseudo = strcmp(m->type, "proc") == 0 || strcmp(m->type, "sysfs") == 0;
	if (pseudo && plain_dir(r, m->dest) < 0)
		return -1;
	_cleanup_free_ char *mode = tmpfs_mode(r, m, o->data),
			    *label = mount_label(r->spec, m, mode ? mode : o->data);
	_cleanup_close_ int dst = mount_point(r, m->dest, true, 0755);
	if (dst < 0)
		return -1;
	unsigned long flags = o->flags & ~(unsigned long)MS_REC;
	/* The nodes come first (rootfs_finish), and the files. */
	if (strcmp(m->dest, "/dev") == 0 || o->tmpcopyup)
		flags &= ~(unsigned long)MS_RDONLY;
	const char *src = m->source && *m->source ? m->source : m->type;
	if (r->proc >= 0 && strcmp(m->type, "proc") == 0) {
		int fd = r->proc;
		r->proc = -2;
		if (sys_move_mount(fd, dst, "") < 0)
			return fail_tried(m->dest, "mount proc");
		flags |= MS_NOSUID | MS_NODEV | MS_NOEXEC;
		return flags & MS_RDONLY ? rootfs_remount(r, m->dest, flags, 0, false) : 0;
	}
	if (r->proc == -2 && strcmp(m->type, "proc") == 0)
		return errno = EINVAL,
		       fail("%s: only one proc can be mounted when a pid namespace is joined",
			   m->dest);
	if (mount(src, FD_PATH(dst), m->type, flags, label) == 0) {
		if (o->tmpcopyup && (rootfs_mount_copy_up(r, m, dst) < 0 ||
					(o->flags & MS_RDONLY &&
					    rootfs_remount(r, m->dest, o->flags, 0, false) < 0)))
			return -1;
		return o->propagation ? propagate(r, m->dest, o->propagation) : 0;
	}
	if (strcmp(m->type, "sysfs") == 0 && errno == EPERM && r->userns)
		return host_tree(r, m->dest, "/sys", MS_RDONLY);
	if (strcmp(m->type, "devpts") == 0 && errno == EINVAL && o->data &&
	    strstr(o->data, ",gid=5")) {
		/* gid 5 is not mapped, here or around us */
		_cleanup_free_ char *data = xstrdup(o->data);
		char *g = strstr(data, ",gid=5");
		memmove(g, g + 6, strlen(g + 6) + 1);
		if (mount(src, FD_PATH(dst), m->type, flags, data) == 0)
			return 0;
	}
	/* No CONFIG_POSIX_MQUEUE, or the host's IPC namespace in a user namespace. */
	if (strcmp(m->type, "mqueue") == 0 && (errno == ENODEV || errno == EPERM))
		return 0;
	if (strcmp(m->type, "proc") == 0 && errno == EPERM && r->userns &&
	    !(r->spec->ns_new & 1u << NS_PID) && !r->spec->ns_path[NS_PID])
		return host_tree(r, m->dest, "/proc", 0);
	if (strcmp(m->type, "proc") == 0 && errno == EPERM)
		return fail(
		    "%s: mount proc: %m (the one around us is partly covered: try --pid host)",
		    m->dest);
	if (errno == ENODEV)
		return fail(
		    "%s: mount %s: %m (this kernel has no such file system)", m->dest, m->type);
	return fail("%s: mount %s: %m%s%s", m->dest, m->type,
	    errno == EINVAL && o->data ? ": its options: " : "",
	    errno == EINVAL && o->data ? o->data : "");
}

int rootfs_mount(struct rootfs *r, const struct spec_mount *m)
{
	struct mountopts o;
	if (mountopts_parse(&o, &m->options) < 0)
		return fail_about(m->dest);
	TRACE("mount %s at %s", m->type ? m->type : "bind", m->dest);
	bool b = (o.flags & MS_BIND) || str_eq(m->type, "bind");
	int tie = r->ties ? r->ties[m - r->spec->mounts.v] : 0;
	int res = b ? rootfs_bind(r, m, &o, tie) : plain_mount(r, m, &o);
	mountopts_free(&o);
	return res;
}

/* Set nodev, on the mount alone or (rec) on everything that is mounted below it, too. */
static int nodev(struct rootfs *r, const char *dest, bool rec)
{
	struct statfs fs;
	_cleanup_close_ int fd = path_open_in_root(r->fd, dest, O_PATH | O_CLOEXEC, 0);
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return fail_errno(dest);
	unsigned long keep =
	    (unsigned long)fs.f_flags & (MS_NOSUID | MS_NOEXEC | MS_RDONLY | MS_NOATIME);
	if ((rec ? mount_set_flags_rec(fd, MS_NODEV, 0)
		 : mount(NULL, FD_PATH(fd), NULL, MS_REMOUNT | MS_BIND | MS_NODEV | keep, NULL)) <
	    0)
		return fail_tried(dest, "remount without devices");
	return 0;
}

int rootfs_nodev(struct rootfs *r)
{
	const struct spec *s = r->spec;
	if (nodev(r, "/", false) < 0)
		return -1;
	for (size_t i = 0; i < s->mounts.n; i++) {
		const struct spec_mount *m = &s->mounts.v[i];
		bool tmpfs = str_eq(m->type, "tmpfs") && strcmp(m->dest, "/dev") != 0;
		bool bound = spec_mount_binds(m);
		if ((tmpfs || bound) && nodev(r, m->dest, bound) < 0)
			return -1;
	}
	return 0;
}
