/* tree.c: whole trees, of any depth; see tree.h.
 *
 * Of the directories from the top down to the current one, only the last few are kept open. One
 * that was closed is opened again as ".." of its child and must be the same one: somebody may have
 * moved the child elsewhere.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "str.h"
#include "tree.h"

#define OPEN_LEVELS 8 /* directories that are kept open */
#define FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)

struct level {
	DIR *d; /* NULL: closed for now */
	long at;
	ino_t ino;
	char *name;
};

struct walk {
	const struct tree_walk *how;
	void *arg;
	dev_t dev;
	int top; /* the caller's directory */
	struct level *v;
	size_t n, room, first_open;
};

static void level_close(struct level *l)
{
	if (!l->d)
		return;
	l->at = telldir(l->d);
	closedir(l->d);
	l->d = NULL;
}

/* The descriptor of the directory that level i is in. */
static int parent_of(const struct walk *w, size_t i)
{
	return i ? dirfd(w->v[i - 1].d) : w->top;
}

/* Open what may be a directory. Where descriptors run out, the one that has been open longest is
 * closed. */
static int level_open(struct walk *w, int parent, const char *name)
{
	int fd, tries = 0;
	for (;;) {
		fd = openat(parent, name, FLAGS);
		if (fd >= 0)
			return fd;
		if ((errno == EMFILE || errno == ENFILE) && w->first_open + 1 < w->n)
			level_close(&w->v[w->first_open++]);
		else if (errno != EACCES || !w->how->closed || tries++ ||
			 w->how->closed(parent, name, w->arg) <= 0)
			return -1;
	}
}

/* 0: went down into it, or it no longer exists or was skipped. */
static int down(struct walk *w, int parent, const char *name)
{
	struct stat st;
	int fd = level_open(w, parent, name);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail_open(name);
	DIR *d = fstat(fd, &st) < 0 ? NULL : fdopendir(fd);
	if (!d || (w->n && st.st_dev != w->dev)) {
		if (d)
			errno = EXDEV;
		int why = errno;
		if (d)
			closedir(d);
		else
			close(fd);
		errno = why;
		return why == EXDEV ? fail("%s: another file system is mounted there", name)
				    : fail_open(name);
	}
	if (w->n == w->room) {
		w->room = w->room ? 2 * w->room : 16;
		w->v = xrealloc(w->v, w->room * sizeof *w->v);
	}
	w->dev = st.st_dev;
	w->v[w->n++] = (struct level){d, 0, st.st_ino, xstrdup(name)};
	if (w->n - w->first_open > OPEN_LEVELS)
		level_close(&w->v[w->first_open++]);
	return w->how->enter ? w->how->enter(fd, w->arg) : 0;
}

/* Open the parent of the last level again. */
static int parent_open(struct walk *w)
{
	struct level *l = &w->v[w->n - 2];
	struct stat st;
	if (l->d)
		return 0;
	int fd = openat(dirfd(w->v[w->n - 1].d), "..", FLAGS);
	l->d = fd < 0 ? NULL : fdopendir(fd);
	if (!l->d || fstat(fd, &st) < 0)
		return fail("%s/..: open: %m", l->name);
	if (st.st_dev != w->dev || st.st_ino != l->ino)
		return errno = EAGAIN, fail("%s: it was moved meanwhile", w->v[w->n - 1].name);
	seekdir(l->d, l->at);
	w->first_open = w->n - 2;
	return 0;
}

/* All entries of the last level have been visited. */
static int tree_up(struct walk *w)
{
	if (w->n > 1 && parent_open(w) < 0)
		return -1;
	struct level *l = &w->v[w->n - 1];
	int r = w->how->leave ? w->how->leave(parent_of(w, w->n - 1), l->name, w->arg) : 0;
	if (r == 1) {
		rewinddir(l->d);
		return 0;
	}
	closedir(l->d);
	free(l->name);
	w->n--;
	return r;
}

static int tree_step(struct walk *w)
{
	DIR *d = w->v[w->n - 1].d;
	errno = 0;
	struct dirent *e = readdir(d);
	if (!e)
		return errno && errno != ENOENT ? fail_tried(w->v[w->n - 1].name, "read directory")
						: tree_up(w);
	if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
		return 0;
	int r = w->how->entry(dirfd(d), e->d_name, e->d_type, w->arg);
	return r == 1 ? down(w, dirfd(d), e->d_name) : r;
}

int tree_walk(int dirfd, const char *name, const struct tree_walk *how, void *arg)
{
	struct walk w = {.how = how, .arg = arg, .top = dirfd};
	int r = down(&w, dirfd, name);
	while (r == 0 && w.n)
		r = tree_step(&w);
	int why = errno;
	while (w.n) {
		struct level *l = &w.v[--w.n];
		if (l->d)
			closedir(l->d);
		free(l->name);
	}
	free(w.v);
	errno = why;
	return r;
}

/* --- removing --- */

static int remove_entry(int fd, const char *name, unsigned char type, void *arg)
{
	(void)arg;
	if (type == DT_DIR)
		return 1;
	if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	struct stat st;
	int why = errno;
	if ((why == EISDIR || why == EPERM) && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode))
		return 1;
	errno = why;
	return fail_tried(name, "unlink");
}

/* Removing entries while reading the directory may skip some: it is read again until rmdir(2)
 * succeeds. */
static int remove_dir(int parent, const char *name, void *arg)
{
	int *left = arg;
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) {
		*left = 100;
		return 0;
	}
	if ((errno == ENOTEMPTY || errno == EEXIST) && (*left)-- > 0)
		return 1;
	return fail_tried(name, "rmdir");
}

/* A directory that its owner cannot read or enter: it is empty and can be removed, or is opened
 * after a chmod, through a descriptor of the directory itself. */
static int remove_closed(int parent, const char *name, void *arg)
{
	(void)arg;
	struct stat st;
	char self[40];
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return 1; /* it is then no longer found */
	_cleanup_close_ int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	bool mine = fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && chmod(self, 0700) == 0;
	errno = EACCES;
	return mine;
}

int tree_remove_at(int dirfd, const char *name)
{
	static const struct tree_walk how = {
	    .entry = remove_entry, .leave = remove_dir, .closed = remove_closed};
	struct stat st;
	int left = 100;
	/* A path that is too long cannot have been created. */
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || errno == ENAMETOOLONG ? 0 : fail_errno(name);
	if (!S_ISDIR(st.st_mode))
		return unlinkat(dirfd, name, 0) == 0 || errno == ENOENT
			   ? 0
			   : fail_tried(name, "unlink");
	return tree_walk(dirfd, name, &how, &left);
}

/* --- counting --- */

static int size_entry(int fd, const char *name, unsigned char type, void *arg)
{
	struct stat st;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	*(uint64_t *)arg += (uint64_t)st.st_blocks * 512;
	return type == DT_DIR || S_ISDIR(st.st_mode);
}

static int size_closed(int parent, const char *name, void *arg)
{
	(void)parent, (void)name, (void)arg;
	return 0;
}

uint64_t tree_size(int dirfd, const char *name)
{
	static const struct tree_walk how = {.entry = size_entry, .closed = size_closed};
	struct stat st;
	uint64_t n = 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		tree_walk(dirfd, name, &how, &n);
	return n + (uint64_t)st.st_blocks * 512;
}
