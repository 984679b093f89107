/* merge.c: the rules of overlayfs in user space; see merge.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "layer.h"
#include "merge.h"
#include "str.h"

static void more_files(void)
{
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max < 65536 ? l.rlim_max : 65536;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

int merged_open(struct merged *m, const int *dirs, size_t n)
{
	*m = (struct merged){.fds = xcalloc(n, sizeof *m->fds)};
	more_files();
	for (; m->n < n; m->n++) {
		m->fds[m->n] = openat(dirs[m->n], ".", DIR_FLAGS);
		if (m->fds[m->n] < 0) {
			fail_errno("open a layer");
			merged_close(m);
			return -1;
		}
	}
	return 0;
}

static int merge_by_name(const void *a, const void *b)
{
	const struct merged_name *x = a, *y = b;
	int r = strcmp(x->name, y->name);
	return r ? r : (x->layer > y->layer) - (x->layer < y->layer);
}

struct listing {
	struct merged *m;
	size_t layer;
};

static int list_entry(int dirfd, const char *name, void *arg)
{
	const struct listing *l = arg;
	struct merged *m = l->m;
	(void)dirfd;
	if (m->nnames == m->room) {
		m->room = m->room ? 2 * m->room : 64;
		m->names = xrealloc(m->names, m->room * sizeof *m->names);
	}
	m->names[m->nnames++] = (struct merged_name){xstrdup(name), l->layer};
	return 0;
}

static int list_one(struct merged *m, size_t layer)
{
	struct listing l = {m, layer};
	if (lseek(m->fds[layer], 0, SEEK_SET) < 0)
		return fail_errno("read a directory");
	return dir_scan(m->fds[layer], list_entry, &l);
}

int merged_list(struct merged *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (list_one(m, i) < 0)
			return -1;
	if (m->nnames)
		qsort(m->names, m->nnames, sizeof *m->names, merge_by_name);
	size_t kept = 0; /* keep the topmost entry of each name */
	for (size_t i = 0; i < m->nnames; i++) {
		if (kept && strcmp(m->names[kept - 1].name, m->names[i].name) == 0)
			free(m->names[i].name);
		else
			m->names[kept++] = m->names[i];
	}
	m->nnames = kept;
	return 0;
}

int merged_descend(const struct merged *m, const struct merged_name *item, struct merged *sub)
{
	*sub = (struct merged){
	    .fds = xcalloc(m->n, sizeof *sub->fds), .opaque = item->layer ? NULL : m->opaque};
	for (size_t i = item->layer; i < m->n; i++) {
		int fd = openat(m->fds[i], item->name, DIR_FLAGS);
		if (fd < 0 && i > item->layer && errno == ENOENT)
			continue;
		if (fd < 0 && i > item->layer && (errno == ENOTDIR || errno == ELOOP))
			break; /* a file or a deletion mark hides what is below */
		if (fd < 0) {
			fail_open(item->name);
			merged_close(sub);
			return -1;
		}
		sub->fds[sub->n++] = fd;
		if (m->n > i + 1 && layer_is_opaque(fd, i ? NULL : m->opaque))
			break;
	}
	return 0;
}

void merged_close(struct merged *m)
{
	for (size_t i = 0; i < m->n; i++)
		close(m->fds[i]);
	for (size_t i = 0; i < m->nnames; i++)
		free(m->names[i].name);
	free(m->fds);
	free(m->names);
	*m = (struct merged){0};
}

/* --- one path --- */

int merged_at(const int *dirs, size_t n, const char *dst, struct merged *m)
{
	_cleanup_free_ char *path = xstrdup(dst);
	size_t at = 0; /* everything before it is a directory, neither link nor dot */
	if (merged_open(m, dirs, n) < 0)
		return -1;
	for (int links = 0;;) {
		at += strspn(path + at, "/");
		size_t len = strcspn(path + at, "/"), i = 0, keep = at;
		if (!len)
			return 1;
		struct merged sub;
		struct stat st = {0};
		char target[PATH_MAX];
		_cleanup_free_ char *name = xstrndup(path + at, len);
		ssize_t to = strspn(name, ".") == len && len < 3 ? 0 : -1;
		while (to < 0 && i < m->n && fstatat(m->fds[i], name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			i++;
		if (S_ISLNK(st.st_mode))
			to = readlinkat(m->fds[i], name, target, sizeof target);
		bool anew = to >= 0 && links++ < 40; /* follow the link, from the top of the path */
		int r = 1;
		if (anew)
			r = merged_open(&sub, dirs, n);
		else if (S_ISDIR(st.st_mode))
			r = merged_descend(m, &(struct merged_name){name, i}, &sub);
		merged_close(m);
		if (r != 0)
			return r < 0 ? -1 : 0;
		*m = sub;
		at += len;
		if (!anew)
			continue;
		if (to && *target == '/')
			keep = 0;
		for (bool seen = to || len < 2; keep && !(seen && path[keep - 1] == '/');
		     keep--) /* ".." */
			seen |= path[keep - 1] != '/';
		char *way = xasprintf("%.*s/%.*s%s", (int)keep, path, (int)to, target, path + at);
		free(path);
		path = way;
		at = 0;
	}
}
