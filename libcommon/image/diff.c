/* diff.c: what a writable layer changes of the layers below; see layer.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "layer.h"
#include "merge.h"
#include "str.h"

struct diff {
	int (*fn)(char what, const char *path, void *arg);
	void *arg;
	char path[PATH_MAX];
};

static int diff_level(struct diff *d, struct merged *up, struct merged *low, size_t at);

/* The topmost of `low` that has `name`, or n; its status goes to st. */
static size_t below(const struct merged *low, const char *name, struct stat *st)
{
	size_t i = 0;
	while (i < low->n && fstatat(low->fds[i], name, st, AT_SYMLINK_NOFOLLOW) < 0)
		i++;
	return i < low->n && layer_is_whiteout(st) ? low->n : i;
}

static int diff_into(struct diff *d, struct merged *up, const struct merged_name *item,
    struct merged *low, size_t in, size_t at)
{
	struct merged u, l = {0};
	if (merged_descend(up, item, &u) < 0)
		return -1;
	int r = in < low->n ? merged_descend(low, &(struct merged_name){item->name, in}, &l) : 0;
	if (r == 0)
		r = diff_level(d, &u, &l, at);
	merged_close(&u);
	merged_close(&l);
	return r;
}

static int diff_one(struct diff *d, struct merged *up, const struct merged_name *item,
    struct merged *low, size_t at)
{
	struct stat st, under;
	size_t len = strlen(item->name);
	if (fstatat(up->fds[0], item->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail_errno(item->name);
	if (at + len + 2 > sizeof d->path)
		return errno = ENAMETOOLONG, fail_errno(d->path);
	d->path[at] = '/';
	memcpy(d->path + at + 1, item->name, len + 1);
	size_t in = below(low, item->name, &under);
	bool there = in < low->n;
	if (layer_is_whiteout(&st))
		return there ? d->fn('D', d->path, d->arg) : 0;
	int r = d->fn(there ? 'C' : 'A', d->path, d->arg);
	if (r != 0 || !S_ISDIR(st.st_mode))
		return r;
	return diff_into(
	    d, up, item, low, there && S_ISDIR(under.st_mode) ? in : low->n, at + 1 + len);
}

/* A directory that hides the one below: whatever it does not contain itself is deleted. */
static int hidden(struct diff *d, const struct merged *up, struct merged *low, size_t at)
{
	struct stat st;
	int r = merged_list(low);
	for (size_t i = 0; i < low->nnames && r == 0; i++) {
		const char *name = low->names[i].name;
		if (fstatat(up->fds[0], name, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
		    fstatat(low->fds[low->names[i].layer], name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    layer_is_whiteout(&st))
			continue;
		if (snprintf(d->path + at, sizeof d->path - at, "/%s", name) >=
		    (int)(sizeof d->path - at))
			return errno = ENAMETOOLONG, fail_errno(d->path);
		r = d->fn('D', d->path, d->arg);
	}
	return r;
}

static int diff_level(struct diff *d, struct merged *up, struct merged *low, size_t at)
{
	int r = merged_list(up);
	if (r == 0 && low->n && layer_is_opaque(up->fds[0], up->opaque))
		r = hidden(d, up, low, at);
	for (size_t i = 0; i < up->nnames && r == 0; i++)
		r = diff_one(d, up, &up->names[i], low, at);
	return r;
}

int layer_diff(int upper, const char *opaque, const int *lower, size_t n,
    int (*fn)(char what, const char *path, void *arg), void *arg)
{
	struct diff d = {.fn = fn, .arg = arg};
	struct merged up, low;
	if (merged_open(&up, &upper, 1) < 0)
		return -1;
	up.opaque = opaque;
	int r = merged_open(&low, lower, n);
	if (r == 0) {
		r = diff_level(&d, &up, &low, 0);
		merged_close(&low);
	}
	merged_close(&up);
	return r;
}
