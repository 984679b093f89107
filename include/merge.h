/* merge.h: one directory as an overlay of several shows it, without mounting one (kernel:
 * filesystems/overlayfs.rst).
 */
#ifndef CTR_MERGE_H
#define CTR_MERGE_H

#include <stddef.h>

struct merged_name {
	char *name;
	size_t layer; /* index of the topmost directory that has it; that may have only the mark of
			 its deletion */
};

struct merged {
	int *fds; /* top-most first; owned */
	size_t n;
	const char
	    *opaque; /* where fds[0] is a container's writable layer: for layer_is_opaque() */
	struct merged_name *names; /* filled by merged_list(), sorted by bytes */
	size_t nnames, room;
};

/* Open the merged view of directories (borrowed, duplicated). Raises the limit of open files to
 * what is allowed: each level of each layer is one. -1 with fail(). merged_list() fills in the
 * names: 0, or -1 with fail(). */
int merged_open(struct merged *m, const int *dirs, size_t n);
int merged_list(struct merged *m);
/* The directory `item` of m: from its layer down to the first that hides what is beneath. */
int merged_descend(const struct merged *m, const struct merged_name *item, struct merged *sub);
/* The directory `dst` (slash-separated) of the whole, links followed within it: 1, 0 when there is
 * no directory of that name, -1 with fail(). */
int merged_at(const int *dirs, size_t n, const char *dst, struct merged *m);
void merged_close(struct merged *m);

#endif
