/* sys.c: newer system calls, with the older way where the kernel lacks them; see sys.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "file.h"
#include "str.h"
#include "sys.h"
#include "sysno.h"

/* clone3(2) with the fields of 5.7; older kernels refuse a non-zero cgroup with E2BIG. */
struct clone_args_s {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
	    set_tid_size, cgroup;
};

static bool entered;

bool sys_clone_entered_cgroup(void)
{
	return entered;
}

pid_t sys_clone(uint64_t flags, int cgroup_fd, int *pidfd)
{
	struct clone_args_s a = {.flags = flags, .exit_signal = SIGCHLD};
	if (pidfd) {
		a.flags |= CLONE_PIDFD_;
		a.pidfd = (uint64_t)(uintptr_t)pidfd;
	}
	entered = cgroup_fd >= 0;
	if (entered) {
		a.flags |= CLONE_INTO_CGROUP_;
		a.cgroup = (uint64_t)cgroup_fd;
	}
	size_t size = sizeof a - (entered ? 0 : sizeof a.cgroup);
	long pid = entered && sys_missing("into_cgroup") /* before Linux 5.7 */
		       ? (errno = E2BIG, -1L)
		       : sys_new(SYS_clone3, "clone3", (long)&a, size, 0, 0, 0, 0);
	if (pid >= 0 ||
	    (errno != ENOSYS && errno != E2BIG && errno != EINVAL &&
		!(entered && (errno == EBUSY || errno == EOPNOTSUPP || errno == EACCES))))
		return (pid_t)pid;
	entered = false;
	if (pidfd)
		*pidfd = -1;
	pid = sys_clone_plain(flags | SIGCHLD);
	if (pid > 0 && pidfd)
		*pidfd = sys_pidfd_open((pid_t)pid);
	return (pid_t)pid;
}

/* In a function of its own: the child's calls use the stack below this frame, and the child never
 * returns into it. */
__attribute__((noinline)) pid_t sys_clone_borrow(
    uint64_t flags, int cgroup_fd, void (*fn)(void *), void *arg)
{
#if (defined __x86_64__ || defined __aarch64__) && !defined CTR_SAN
	struct clone_args_s a = {.flags = flags | CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD};
	size_t size = sizeof a - sizeof a.cgroup;
	entered = cgroup_fd >= 0;
	if (entered) {
		a.flags |= CLONE_INTO_CGROUP_;
		a.cgroup = (uint64_t)cgroup_fd;
		size = sizeof a;
	}
	if (sys_missing("clone3") || (entered && sys_missing("into_cgroup")))
		return errno = ENOSYS, -1;
#ifdef __x86_64__
	long r;
	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(SYS_clone3), "D"(&a), "S"(size)
			 : "rcx", "r11", "memory");
#else
	register long r __asm__("x0") = (long)&a;
	register long s __asm__("x1") = (long)size;
	register long nr __asm__("x8") = SYS_clone3;
	__asm__ volatile("svc 0" : "+r"(r) : "r"(s), "r"(nr) : "memory");
#endif
	if (r == 0)
		fn(arg);
	return r < 0 ? errno = (int)-r, -1 : (pid_t)r;
#else
	(void)flags, (void)cgroup_fd, (void)fn, (void)arg;
	return errno = ENOSYS, -1;
#endif
}

/* What close_range(2) does, one descriptor at a time. */
static int each_fd(unsigned first, unsigned last, bool cloexec)
{
	/* Not through /proc/self/fd: a process that enters a container sees the container's
	 * /proc, which may say anything. poll(2) tells of a thousand descriptors at once which
	 * are open. */
	struct pollfd p[1024];
	struct rlimit most;
	if (getrlimit(RLIMIT_NOFILE, &most) < 0)
		return -1;
	rlim_t end = most.rlim_max < 1u << 20 ? most.rlim_max : 1u << 20;
	if (last < end)
		end = (rlim_t)last + 1;
	for (rlim_t fd = first; fd < end; fd += 1024) {
		nfds_t n = end - fd < 1024 ? (nfds_t)(end - fd) : 1024;
		for (nfds_t i = 0; i < n; i++)
			p[i] = (struct pollfd){.fd = (int)(fd + i)};
		if (poll(p, n, 0) < 0) /* EINVAL: more than the soft limit of descriptors */
			memset(p, 0, sizeof p);
		for (nfds_t i = 0; i < n; i++) {
			if (p[i].revents & POLLNVAL)
				continue;
			if (cloexec)
				fcntl((int)(fd + i), F_SETFD, FD_CLOEXEC);
			else
				close((int)(fd + i));
		}
	}
	return 0;
}

int sys_close_range(unsigned first, unsigned last)
{
	if (first > last)
		return 0;
	if (sys_new(SYS_close_range, "close_range", first, last, 0, 0, 0, 0) == 0)
		return 0;
	return errno == ENOSYS ? each_fd(first, last, false) : -1;
}

void sys_close_others(int next, const int *keep, size_t n)
{
	for (;;) {
		int lowest = -1;
		for (size_t i = 0; i < n; i++)
			if (keep[i] >= next && (lowest < 0 || keep[i] < lowest))
				lowest = keep[i];
		if (lowest != next)
			sys_close_range((unsigned)next, lowest < 0 ? ~0u : (unsigned)lowest - 1);
		if (lowest < 0)
			return;
		next = lowest + 1;
	}
}

int sys_close_range_cloexec(unsigned first)
{
	if (sys_missing("close_range_cloexec"))
		errno = EINVAL;
	else if (sys_new(SYS_close_range, "close_range", first, ~0u,
		     4 /* CLOSE_RANGE_CLOEXEC, 5.11 */, 0, 0, 0) == 0)
		return 0;
	return errno == ENOSYS || errno == EINVAL ? each_fd(first, ~0u, true) : -1;
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int sys_pidfd_open(pid_t pid)
{
	return (int)sys_new(SYS_pidfd_open, "pidfd_open", pid, 0, 0, 0, 0, 0);
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)sys_new(SYS_pidfd_send_signal, "pidfd_send_signal", pidfd, sig, 0, 0, 0, 0);
}

int sys_setns_pidfd(int pidfd, int flags)
{
	if (sys_missing("setns_pidfd"))
		return errno = EINVAL, -1;
	return setns(pidfd, flags);
}

int sys_rename_new(int dirfd, const char *from, const char *to)
{
	if (sys_missing("rename_noreplace")) /* the file system may not support it either */
		errno = EINVAL;
	else if (syscall(SYS_renameat2, dirfd, from, dirfd, to, 1 /* RENAME_NOREPLACE */) == 0)
		return 0;
	return errno == EINVAL || errno == ENOSYS ? renameat(dirfd, from, dirfd, to) : -1;
}

int sys_mount_copy(int dirfd, const char *path, unsigned flags, const struct mount_attr_s *a)
{
	int fd = (int)sys_new(SYS_open_tree, "open_tree", dirfd, (long)path,
	    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags, 0, 0, 0);
	if (fd >= 0 && a && sys_mount_setattr(fd, flags & AT_RECURSIVE, a) < 0) {
		cleanup_close(&fd);
		fd = -1;
	}
	return fd;
}

int sys_move_mount(int fd, int to_dirfd, const char *to)
{
	unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (*to ? 0 : MOVE_MOUNT_T_EMPTY_PATH);
	return (int)sys_new(
	    SYS_move_mount, "open_tree", fd, (long)"", to_dirfd, (long)to, flags, 0);
}

int sys_fs_open(const char *type)
{
	return (int)sys_new(SYS_fsopen, "open_tree", (long)type, FSOPEN_CLOEXEC, 0, 0, 0, 0);
}

int sys_fs_set(int fs, const char *word, const char *value)
{
	int what = value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
	return (int)syscall(SYS_fsconfig, fs, what, word, value, 0);
}

int sys_fs_mount(int fs, const char *source, unsigned attrs)
{
	if (fs < 0 || sys_fs_set(fs, "source", source) < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attrs);
}

int sys_mount_setattr(int fd, unsigned flags, const struct mount_attr_s *a)
{
	return (int)sys_new(SYS_mount_setattr, "mount_setattr", fd, (long)"", AT_EMPTY_PATH | flags,
	    (long)a, sizeof *a, 0);
}

int mount_map(int mount, bool rec, int userns)
{
	struct mount_attr_s a = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns};
	return sys_mount_setattr(mount, rec ? AT_RECURSIVE : 0, &a);
}

/* --- paths beneath a root --- */

struct open_how_s {
	uint64_t flags, mode, resolve;
};

/* One component at a time, each opened without following links; a link's text is put before the
 * rest of the path. The descriptors of the way down are kept, so that ".." is taken from our own
 * stack and never from the kernel's idea of a parent. */
struct walk {
	int stack[256];
	int depth, links;
	char *last; /* the name of the component entered last */
};

static int walk_step(struct walk *w, char **rest, const char *name, int root)
{
	char target[4096];
	int at = w->depth ? w->stack[w->depth - 1] : root;
	int fd = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (!S_ISLNK(st.st_mode)) {
		if (w->depth == 256) {
			close(fd);
			return errno = ENAMETOOLONG, -1;
		}
		w->stack[w->depth++] = fd;
		return 0;
	}
	ssize_t n = readlinkat(fd, "", target, sizeof target - 1);
	close(fd);
	if (n < 0 || ++w->links > 40)
		return errno = n < 0 ? errno : ELOOP, -1;
	target[n] = 0;
	char *joined = path_join(target, *rest);
	free(*rest);
	*rest = joined;
	while (target[0] == '/' && w->depth)
		close(w->stack[--w->depth]);
	return 0;
}

/* Where /proc belongs to a pid namespace that we are not in, it does not show our descriptors: the
 * last component is opened by its name once more, and must be the same file. */
static int walk_again(const struct walk *w, int root, int flags)
{
	struct stat was;
	int top = w->depth ? w->stack[w->depth - 1] : root;
	int at = w->depth > 1 ? w->stack[w->depth - 2] : root;
	if (fstat(top, &was) < 0)
		return -1;
	bool dir = S_ISDIR(was.st_mode);
	int r = openat(dir ? top : at, dir || !w->last ? "." : w->last,
	    (flags & ~O_CREAT) | O_NOFOLLOW | O_CLOEXEC);
	if (r >= 0 && file_same(r, "", top, ""))
		return r;
	if (r >= 0)
		close(r);
	return errno = r < 0 ? errno : ENOENT, -1;
}

static int walk_open(int root, const char *path, int flags, mode_t mode)
{
	struct walk w = {.depth = 0};
	char *rest = xstrdup(path);
	int r = -1;
	for (;;) {
		char *s = rest + strspn(rest, "/");
		size_t n = strcspn(s, "/");
		if (n == 0) {
			int top = w.depth ? w.stack[w.depth - 1] : root;
			char self[32];
			snprintf(self, sizeof self, "/proc/self/fd/%d", top);
			r = flags & O_PATH
				? fcntl(top, F_DUPFD_CLOEXEC, 3)
				: open(self, (flags & ~(O_NOFOLLOW | O_CREAT)) | O_CLOEXEC);
			if (r < 0 && errno == ENOENT)
				r = walk_again(&w, root, flags);
			break;
		}
		char *name = xstrndup(s, n), *next = xstrdup(s + n);
		bool last = next[strspn(next, "/")] == 0;
		free(rest);
		rest = next;
		int at = w.depth ? w.stack[w.depth - 1] : root, step = 0;
		if (strcmp(name, "..") == 0) {
			if (w.depth)
				close(w.stack[--w.depth]);
		} else if (last && ((flags & O_NOFOLLOW) ||
				       ((flags & O_CREAT) &&
					   faccessat(at, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0))) {
			r = openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
			free(name);
			break;
		} else if (strcmp(name, ".") != 0) {
			step = walk_step(&w, &rest, name, root);
			free(w.last);
			w.last = xstrdup(name);
		}
		free(name);
		if (step < 0)
			break;
	}
	int saved = errno;
	while (w.depth)
		close(w.stack[--w.depth]);
	free(rest);
	free(w.last);
	errno = saved;
	return r;
}

int path_open_in_root(int rootfd, const char *path, int flags, mode_t mode)
{
	struct open_how_s how = {.flags = (uint64_t)(flags | O_CLOEXEC),
	    .mode = flags & O_CREAT ? mode : 0,
	    .resolve = 0x10 /* IN_ROOT */ | 0x02 /* NO_MAGICLINKS */};
	for (int i = 0; i < 100; i++) {
		long fd = sys_new(
		    SYS_openat2, "openat2", rootfd, (long)path, (long)&how, sizeof how, 0, 0);
		/* EAGAIN: something was renamed during the lookup. */
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) {
			if (fd < 0 && errno == ENOSYS)
				break;
			return (int)fd;
		}
	}
	return walk_open(rootfd, path, flags, mode);
}

int path_open_straight(int dirfd, const char *path, int flags)
{
	struct open_how_s how = {.flags = (uint64_t)(flags | O_CLOEXEC),
	    .resolve = 0x08 /* BENEATH */ | 0x04 /* NO_SYMLINKS */};
	return (int)sys_new(
	    SYS_openat2, "openat2", dirfd, (long)path, (long)&how, sizeof how, 0, 0);
}

static int make_in_root(int rootfd, const char *path, bool dir, mode_t mode, int links)
{
	char to[4096];
	int fd = path_open_in_root(rootfd, path, O_PATH, 0);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	_cleanup_free_ char *p = xstrdup(path);
	for (size_t n = strlen(p); n > 1 && p[n - 1] == '/'; n--)
		p[n - 1] = 0;
	char *slash = strrchr(p, '/');
	const char *name = slash ? slash + 1 : p;
	if (strcmp(name, "..") == 0 || strcmp(name, ".") == 0 || !*name)
		return errno = ENOENT, -1;
	_cleanup_free_ char *up = slash ? xstrndup(p, (size_t)(slash - p + 1)) : xstrdup(".");
	_cleanup_close_ int parent = make_in_root(rootfd, up, true, 0755, links);
	if (parent < 0)
		return -1;
	/* What a link leads to, which is not there, is made in its place. */
	ssize_t n = readlinkat(parent, name, to, sizeof to - 1);
	if (n > 0) {
		to[n] = 0;
		_cleanup_free_ char *there = path_join(*to == '/' ? "" : up, to);
		errno = ELOOP;
		return links ? make_in_root(rootfd, there, dir, mode, links - 1) : -1;
	}
	if (dir) {
		if (mkdirat(parent, name, mode) < 0 && errno != EEXIST)
			return -1;
	} else {
		int f = openat(
		    parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
		if (f >= 0)
			close(f);
		else if (errno != EEXIST)
			return -1;
	}
	return openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int path_make_in_root(int rootfd, const char *path, bool dir, mode_t mode)
{
	return make_in_root(rootfd, path, dir, mode, 40);
}

/* --- recursive flags --- */

/* The octal escapes of mountinfo (proc(5)). */
static void unescape(char *s)
{
	char *w = s;
	for (; *s; s++)
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*w++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*w++ = *s;
		}
	*w = 0;
}

static int by_mountinfo(int fd, unsigned long flags)
{
	_cleanup_free_ char *top = fd_where(fd), *line = NULL;
	FILE *f = top ? fopen("/proc/self/mountinfo", "re") : NULL;
	size_t n = top ? strlen(top) : 0, room = 0;
	if (!f)
		return -1;
	int r = 0;
	while (r == 0 && getline(&line, &room, f) > 0) {
		char *at = line;
		for (int field = 1; at && field < 5; field++)
			at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL;
		if (!at)
			continue;
		at[strcspn(at, " ")] = 0;
		unescape(at);
		if (strncmp(at, top, n) != 0 || (at[n] && at[n] != '/'))
			continue;
		struct statfs fs; /* the flags that are in force there must be kept */
		unsigned long keep = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY;
		keep &= statfs(at, &fs) == 0 ? (unsigned long)fs.f_flags : 0;
		r = mount(NULL, at, NULL, MS_REMOUNT | MS_BIND | flags | keep, NULL);
	}
	fclose(f);
	return r;
}

int mount_set_flags_rec(int fd, unsigned long flags, unsigned long clear)
{
	struct mount_attr_s a = {0};
	static const struct {
		unsigned long ms;
		uint64_t attr;
	} map[] = {{MS_RDONLY, MOUNT_ATTR_RDONLY}, {MS_NOSUID, MOUNT_ATTR_NOSUID},
	    {MS_NODEV, MOUNT_ATTR_NODEV}, {MS_NOEXEC, MOUNT_ATTR_NOEXEC},
	    {MS_NODIRATIME, MOUNT_ATTR_NODIRATIME}, {MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW},
	    {MS_NOATIME, MOUNT_ATTR_NOATIME}, {MS_STRICTATIME, MOUNT_ATTR_STRICTATIME}};
	for (size_t i = 0; i < sizeof map / sizeof map[0]; i++) {
		a.attr_set |= flags & map[i].ms ? map[i].attr : 0;
		a.attr_clr |= clear & map[i].ms ? map[i].attr : 0;
	}
	/* These are one value; relatime is 0. */
	if ((flags | clear) & (MS_NOATIME | MS_STRICTATIME | MS_RELATIME))
		a.attr_clr |= MOUNT_ATTR__ATIME;
	if (sys_mount_setattr(fd, AT_RECURSIVE, &a) == 0)
		return 0;
	return errno == ENOSYS ? by_mountinfo(fd, flags) : -1;
}
