/* tree.h: walking and removing whole trees of any depth, without a descriptor or a stack frame for
 * each level. A link is never followed and another file system is never entered, whatever anybody
 * renames meanwhile. */
#ifndef CTR_TREE_H
#define CTR_TREE_H

#include <stdint.h>
#include <sys/types.h>

struct tree_walk {
	/* Called for a directory before its entries are read. If it does not return 0, the walk
	 * stops with that result. May be NULL. */
	int (*enter)(int fd, void *arg);
	/* Called for an entry; `type` is a DT_* (DT_UNKNOWN where the file system does not tell).
	 * 1: go down into it; 0: it has been dealt with; -1: stop. */
	int (*entry)(int fd, const char *name, unsigned char type, void *arg);
	/* Called for a directory whose entries are done, in its parent. 0: go on; 1: read the
	 * directory once more; -1: stop. May be NULL. */
	int (*leave)(int parent, const char *name, void *arg);
	/* Called where a directory cannot be opened: 0 skips it, -1 stops, as NULL does. */
	int (*closed)(int parent, const char *name, void *arg);
};

/* Walk the directory dirfd/name. 0, or what stopped the walk; -1 with fail() and errno where it
 * could not go on. A directory that vanishes meanwhile is passed over. */
int tree_walk(int dirfd, const char *name, const struct tree_walk *how, void *arg);

/* The bytes that the tree takes on the disk, as du(1) counts them, but a file with several links is
 * counted each time. */
uint64_t tree_size(int dirfd, const char *name);

/* Remove dirfd/name as rm -r does, without ever following a link or crossing a mount. If it is
 * missing, that is success. It needs no free space on the disk. -1 with fail() and errno. */
int tree_remove_at(int dirfd, const char *name);

#endif
