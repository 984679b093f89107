/* unpack_way.c: names in an archive, and the way to the directory that an entry belongs into; see
 * unpack.h.
 *
 * Every step is one openat() of one component with O_NOFOLLOW, so the kernel never resolves a link
 * on its own: in a layer we resolve links ourselves, against the layer's root; in a container that
 * runs, which can swap a folder for a link at any moment, none is followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "err.h"
#include "str.h"
#include "sys.h"
#include "unpack.h"

/* Append one component of a name to out[PATH_MAX], *n long: "." is nothing, ".." goes up. -1: above
 * the root, 1: too long. */
static int name_add(char *out, size_t *n, const char *part, size_t len)
{
	if (!len || (len == 1 && part[0] == '.'))
		return 0;
	if (len == 2 && part[0] == '.' && part[1] == '.') {
		if (!*n)
			return -1;
		char *slash = memrchr(out, '/', *n);
		*n = slash ? (size_t)(slash - out) : 0;
		return 0;
	}
	if (len > NAME_MAX || *n + len + 2 > PATH_MAX)
		return 1;
	if (*n)
		out[(*n)++] = '/';
	memcpy(out + *n, part, len);
	*n += len;
	return 0;
}

int unpack_name_clean(const char *in, char *out)
{
	size_t n = 0;
	for (const char *p = in; *p;) {
		size_t len = strcspn(p, "/");
		int r = name_add(out, &n, p, len);
		if (r)
			return r;
		p += len;
		p += strspn(p, "/");
	}
	out[n] = 0;
	return 0;
}

int unpack_name(const struct unpack *u, const char *in, const char *kind, char *out)
{
	if (!in)
		return errno = EILSEQ, fail("%s: an entry's %s cannot be read", u->what, kind);
	int r = unpack_name_clean(in, out);
	if (r < 0)
		return errno = EINVAL,
		       fail("%s: %s: %s with '..' that leaves the root", u->what, in, kind);
	return r ? (errno = ENAMETOOLONG, fail("%s: %s: %s too long", u->what, in, kind)) : 0;
}

void unpack_way_drop(struct unpack *u, size_t depth)
{
	while (u->depth > depth)
		close(u->fds[u->depth--]);
	u->path[u->depth ? u->ends[u->depth] : 0] = 0;
}

/* A link in a layer stands on the way: the path anew, with what it points to in its place. `at` is
 * where the component begins, `len` its length. */
static int way_link(
    struct unpack *u, char path[PATH_MAX], size_t at, size_t len, const char *target)
{
	char in[2 * PATH_MAX];
	int up = *target == '/' ? 0 : (int)at;
	if (snprintf(in, sizeof in, "%.*s/%s%s", up, path, target, path + at + len) >=
	    (int)sizeof in)
		return errno = ENAMETOOLONG, fail("%s: %s: link too long", u->what, path);
	return unpack_name(u, in, "way through a symbolic link,", path);
}

/* 1 when the way was rewritten, 0 when `name` is no link, -1 with fail(). */
static int way_follow(struct unpack *u, int dir, const char *name, char path[PATH_MAX], size_t at)
{
	char target[PATH_MAX];
	ssize_t n = u->how.plain ? -1 : readlinkat(dir, name, target, sizeof target - 1);
	if (n < 0)
		return 0;
	target[n] = 0;
	return way_link(u, path, at, strlen(name), target) < 0 ? -1 : 1;
}

int unpack_left(
    struct unpack *u, const char *path, const char *name, const void *value, size_t size)
{
	uint32_t n = (uint32_t)size;
	if (u->how.left->n > UNPACK_LEFT_MAX)
		return errno = E2BIG,
		       fail("%s: %s: too many folders and links that only the layers below have",
			   u->what, path);
	buf_add(u->how.left, path, strlen(path) + 1);
	buf_add(u->how.left, name, strlen(name) + 1);
	buf_add(u->how.left, &n, sizeof n);
	buf_add(u->how.left, value, size);
	return 0;
}

/* A directory that the archive leaves out; so are all that follow on the way. */
static int way_make(struct unpack *u, int dir, const char *name, const char *path, size_t end)
{
	if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
		return fail_tried_in(u->what, path, "mkdir");
	if (!u->made)
		u->made = end;
	return 0;
}

/* At the end of the way: they are told at once. */
static int way_made(struct unpack *u)
{
	size_t end = u->made;
	u->made = 0;
	if (!end || !u->how.left)
		return 0;
	_cleanup_free_ char *first = xstrndup(u->path, end);
	_cleanup_free_ char *whole = path_join("", u->path);
	return unpack_left(u, first, UNPACK_BELOW, whole, strlen(whole) + 1);
}

int unpack_opaque(struct unpack *u, int dir, const char *base, const char *path)
{
	_cleanup_close_ int fd = openat(dir, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_tried_in(u->what, path, "open");
	if (u->how.left) { /* the parent sets trusted.overlay.opaque, but a user may set none where
			      the mode forbids it */
		fsetxattr(fd, "user.overlay.opaque", "y", 1, 0);
		_cleanup_free_ char *at = path_join(u->path, base);
		return unpack_left(u, at, UNPACK_OPAQUE, "", 0);
	}
	return layer_mark_opaque(fd) < 0 ? fail_tried_in(u->what, path, "mark as opaque") : 0;
}

/* The entry deletes what is below and then has something in it: a new folder. */
static int way_whiteout(struct unpack *u, int dir, const char *name, const char *path)
{
	struct stat st;
	if (u->how.plain || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !layer_is_whiteout(&st))
		return 0;
	if (unlinkat(dir, name, 0) < 0 || mkdirat(dir, name, 0755) < 0)
		return fail_tried_in(u->what, path, "mkdir");
	return unpack_opaque(u, dir, name, path) < 0 ? -1 : 1;
}

/* One step: a descriptor, -1 with fail(), or -2 when the way was rewritten. */
static int way_step(
    struct unpack *u, int dir, const char *name, char path[PATH_MAX], size_t at, bool make)
{
	for (int tries = 0;; tries++) {
		int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
		if (fd >= 0)
			return fd;
		int why = errno;
		if (why == ENOENT && make && tries == 0) {
			if (way_make(u, dir, name, path, at + strlen(name)) < 0)
				return -1;
			continue;
		}
		if ((why == ELOOP || why == ENOTDIR) &&
		    (r = way_follow(u, dir, name, path, at)) != 0)
			return r < 0 ? -1 : -2;
		if (why == ENOTDIR && make && tries == 0 &&
		    (r = way_whiteout(u, dir, name, path)) != 0) {
			if (r < 0)
				return -1;
			continue;
		}
		errno = why;
		if (errno == ELOOP || errno == ENOTDIR)
			return fail("%s: %s: the way there goes through what is not a directory (a "
				    "symbolic link?)",
			    u->what, path);
		return fail_tried_in(u->what, path, "open its directory");
	}
}

/* How much of the last way serves again: its depth, and where that ends in the path. */
static size_t way_same(const struct unpack *u, const char *path, size_t dirlen, size_t *same)
{
	size_t depth = 0;
	*same = 0;
	while (depth < u->depth) {
		size_t end = u->ends[depth + 1];
		if (end > dirlen || memcmp(path, u->path, end) != 0 ||
		    (end != dirlen && path[end] != '/'))
			break;
		*same = end;
		depth++;
	}
	return depth;
}

/* As much of path[at..*end] in one call as has no link in it and is there: all, or half, or half of
 * that. So entries at the ends of two deep ways in turn do not take a step for each component. -1
 * with errno when only the next component is left. */
static int way_jump(const struct unpack *u, char *path, size_t at, size_t *end)
{
	errno = ELOOP;
	while (errno != ENOSYS && memchr(path + at, '/', *end - at)) {
		char was = path[*end];
		path[*end] = 0;
		int fd = path_open_straight(u->fds[u->depth], path + at, O_RDONLY | O_DIRECTORY);
		path[*end] = was;
		if (fd >= 0)
			return fd;
		*end = at + (*end - at) / 2;
		while (*end > at && path[*end] != '/')
			--*end;
	}
	return -1;
}

int unpack_way(struct unpack *u, char path[PATH_MAX], const char **base, bool make)
{
	int links = 0;
	size_t same;
	bool jump;
again:;
	jump = true;
	const char *slash = strrchr(path, '/');
	size_t dirlen = slash ? (size_t)(slash - path) : 0;
	*base = slash ? slash + 1 : path;
	unpack_way_drop(u, way_same(u, path, dirlen, &same));
	for (size_t at = same; at < dirlen;) {
		at += path[at] == '/';
		size_t end = dirlen, len = strcspn(path + at, "/");
		int fd = jump ? way_jump(u, path, at, &end) : -1;
		if (fd < 0) {
			char name[NAME_MAX + 1];
			memcpy(name, path + at, len);
			name[len] = 0;
			/* beneath what is missing, all is */
			jump = jump && (errno == ELOOP || errno == ENOTDIR);
			fd = way_step(u, u->fds[u->depth], name, path, at, make);
			end = at + len;
		}
		if (fd == -2) {
			if (++links <= LINKS_MAX)
				goto again;
			errno = ELOOP;
			fd = fail("%s: %s: too many symbolic links on the way", u->what, path);
		}
		if (fd < 0)
			return -1;
		at = end;
		if (u->depth == UNPACK_KEPT) /* the last slot holds the end of a deep way, for this
						entry only */
			close(u->fds[UNPACK_KEPT]);
		else
			u->depth++;
		u->fds[u->depth] = fd;
		u->ends[u->depth] = at;
		memcpy(u->path, path, at);
		u->path[at] = 0;
	}
	memcpy(u->path, path, dirlen);
	u->path[dirlen] = 0;
	return way_made(u) < 0 ? -1 : u->fds[u->depth];
}
