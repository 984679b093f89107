/* file.c: whole files, atomic files, locks; see file.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "str.h"

#ifndef CTR_SAN
/* In place of musl's, which sets close-on-exec a second time, by fcntl(2), for kernels that did not
 * know the flag (before 2.6.23). */
int open(const char *path, int flags, ...)
{
	va_list ap;
	va_start(ap, flags);
	bool makes = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
	mode_t mode = makes ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return openat(AT_FDCWD, path, flags, mode);
}
#endif

/* Most files are short: those fit the buffer on the stack, and no pages are mapped and unmapped.
 * `size` is that of a file on a disk, so that reading can stop there without meeting the end, or 0
 * when it is not known. */
static char *read_all(int fd, const char *what, size_t size, size_t max, size_t *len)
{
	char small[4096], *p = NULL;
	size_t room = sizeof small, n = 0;
	for (;;) {
		if (n + 1 >= room) {
			room *= 2;
			char *q = xrealloc(p, room);
			if (!p)
				/* cppcheck-suppress legacyUninitvar ; read() has filled it */
				memcpy(q, small, n);
			p = q;
		}
		ssize_t r = read(fd, (p ? p : small) + n, room - n - 1);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0) {
			fail_tried(what, "read");
			free(p);
			return NULL;
		}
		if (r == 0)
			break;
		n += (size_t)r;
		if (n > max) {
			free(p);
			errno = EFBIG;
			fail("%s: larger than %zu bytes", what, max);
			return NULL;
		}
		if (n == size)
			break;
	}
	if (!p)
		p = memcpy(xmalloc(n + 1), small, n);
	p[n] = 0;
	if (len)
		*len = n;
	return p;
}

char *fd_read_all(int fd, const char *what, size_t max, size_t *len)
{
	return read_all(fd, what, 0, max, len);
}

char *file_read_at(int dirfd, const char *path, size_t max, size_t *len)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0) {
		fail_open(path);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		fail("%s: not a regular file", path);
		return NULL;
	}
	return read_all(fd, path, (size_t)st.st_size, max, len);
}

bool file_is_none(void)
{
	return errno == EISDIR || errno == ELOOP || errno == ENXIO;
}

char *file_read(const char *path, size_t max, size_t *len)
{
	return file_read_at(AT_FDCWD, path, max, len);
}

int file_poke_at(int dirfd, const char *path, const char *text)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
	if (fd < 0)
		return fail_open(path);
	ssize_t r;
	do
		r = write(fd, text, strlen(text));
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return fail("%s: write '%s': %m", path, text);
	return 0;
}

int file_poke(const char *path, const char *text)
{
	return file_poke_at(AT_FDCWD, path, text);
}

int fd_write_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;
	while (len) {
		ssize_t r = write(fd, p, len);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		p += r;
		len -= (size_t)r;
	}
	return 0;
}

char *file_aside(const char *name)
{
	char hex[13];
	const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
	rand_hex(hex, 6);
	return xasprintf("%.*s.%s.%s", (int)(last - name), name, last, hex);
}

int file_write_as(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
    const struct stat *as, bool durable)
{
	_cleanup_free_ char *tmp = file_aside(name);
	char *slash = strrchr(tmp, '/');
	_cleanup_close_ int fd =
	    openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return fail_tried(name, "create");
	/* The lock says that the process that writes the file is alive: ctr-gc removes those that
	 * nobody has locked (container/halfmade.c). If ctr-gc was faster than this lock, we begin
	 * again with another name. */
	struct stat st;
	if ((flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) ||
	    (fstat(fd, &st) == 0 && !st.st_nlink))
		return file_write_as(dirfd, name, data, len, mode, as, durable);
	if (as && fchown(fd, as->st_uid, as->st_gid) == 0)
		fchmod(fd, as->st_mode & 0777);
	if (fd_write_all(fd, data, len) < 0 || (durable && fsync(fd) < 0) ||
	    renameat(dirfd, tmp, dirfd, name) < 0) {
		fail_tried(name, "write");
		int saved = errno;
		unlinkat(dirfd, tmp, 0);
		errno = saved;
		return -1;
	}
	if (slash)
		slash[1] = 0;
	if (durable)
		file_sync(dirfd, slash ? tmp : NULL);
	return 0;
}

int file_write_at(
    int dirfd, const char *name, const void *data, size_t len, mode_t mode, bool durable)
{
	return file_write_as(dirfd, name, data, len, mode, NULL, durable);
}

void file_sync(int dir, const char *name)
{
	_cleanup_close_ int fd = openat(dir, name ? name : ".", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if ((fd < 0 || fsync(fd) < 0) && errno != EINVAL && errno != EROFS)
		warn("%s: write to the disk: %m", name ? name : "a folder");
}

int dir_make(const char *path, mode_t mode)
{
	struct stat st;
	if (mkdir(path, mode) == 0)
		return 0;
	if (errno == EEXIST ||
	    errno == EROFS) { /* a read-only file system reports EROFS even for what exists */
		int why = errno;
		if (stat(path, &st) == 0)
			return S_ISDIR(st.st_mode) ? 0
						   : (errno = ENOTDIR, fail_tried(path, "mkdir"));
		if (why == EEXIST)
			return fail("%s: a dangling symbolic link", path);
		errno = why;
	}
	if (errno != ENOENT)
		return fail_tried(path, "mkdir");
	_cleanup_free_ char *parent = xstrdup(path);
	char *slash = strrchr(parent, '/');
	while (slash && slash > parent && !slash[1]) { /* trailing slashes */
		*slash = 0;
		slash = strrchr(parent, '/');
	}
	if (!slash || slash == parent)
		return errno = ENOENT, fail_tried(path, "mkdir");
	*slash = 0;
	if (dir_make(parent, mode) < 0)
		return -1;
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return fail_tried(path, "mkdir");
	return 0;
}

int dir_open(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int dir_open_at(int dirfd, const char *path)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? fail_open(path) : fd;
}

bool file_same(int dir1, const char *name1, int dir2, const char *name2)
{
	struct stat a, b;
	return fstatat(dir1, name1, &a, AT_EMPTY_PATH) == 0 &&
	       fstatat(dir2, name2, &b, AT_EMPTY_PATH) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

int dir_hold(const char *path)
{
	return dir_hold_at(AT_FDCWD, path);
}

int dir_hold_at(int dirfd, const char *path)
{
	return openat(dirfd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int dir_scan(int fd, int (*fn)(int dirfd, const char *name, void *arg), void *arg)
{
	/* The system call, not readdir(3): opendir(3) asks for the folder's status and allocates
	 * memory, which takes time where there are thousands of small folders.
	 */
	_Alignas(8) char buf[4096];
	long n;
	while ((n = syscall(SYS_getdents64, fd, buf, sizeof buf)) > 0)
		for (char *p = buf; p < buf + n;) {
			struct dirent *e = (struct dirent *)p;
			p += e->d_reclen;
			if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
				continue;
			int r = fn(fd, e->d_name, arg);
			if (r)
				return r;
		}
	/* ENOENT: fn has removed the folder itself, with the last that was in it */
	return n < 0 && errno != ENOENT ? fail_errno("read directory") : 0;
}

bool path_is_open(const char *path)
{
	struct stat st;
	for (const char *end = path; end; end = strchr(end + 1, '/')) {
		_cleanup_free_ char *part = xstrndup(path, (size_t)(end - path) + 1);
		if (stat(part, &st) < 0 || !(st.st_mode & S_IXOTH))
			return false;
	}
	return stat(path, &st) == 0 && st.st_mode & S_IXOTH;
}

int fd_times(int fd, const struct stat *st)
{
	return futimens(fd, (struct timespec[]){st->st_atim, st->st_mtim});
}

int dir_each(int dirfd, int (*fn)(int dirfd, const char *name, void *arg), void *arg)
{
	_cleanup_close_ int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fail_errno("read directory") : dir_scan(fd, fn, arg);
}

char *fd_where(int fd)
{
	_cleanup_free_ char *self = xasprintf("/proc/self/fd/%d", fd);
	for (size_t room = 256;; room *= 2) {
		char *path = xmalloc(room);
		ssize_t n = readlink(self, path, room);
		if (n >= 0 && (size_t)n < room) {
			path[n] = 0;
			return path;
		}
		free(path);
		if (n < 0)
			return NULL;
	}
}

char *path_real(const char *path)
{
	struct stat st;
	/* "/x (deleted)": a working directory that is gone, or a file in whose place another was
	 * put meanwhile. */
	for (int i = 0; i < 1000; i++) {
		_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
		char *where = fd < 0 ? NULL : fd_where(fd);
		if (!where || stat(where, &st) == 0)
			return where;
		free(where);
		if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode))
			break;
	}
	return errno = ENOENT, NULL;
}
