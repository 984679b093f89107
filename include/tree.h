/* tree.h: whole trees, of any depth: never a descriptor or a stack frame for each level. A link is
 * never followed and another file system never entered, whatever anybody renames meanwhile.
 */
#ifndef CTR_TREE_H
#define CTR_TREE_H

#include <stdint.h>
#include <sys/types.h>

struct tree_walk {
	/* A directory, before its entries are read. A non-zero return stops the walk and is its
	 * result. May be NULL. */
	int (*enter)(int fd, void *arg);
	/* An entry; `type` is a DT_* (DT_UNKNOWN where the file system does not say). 1: go down
	 * into it; 0: it is dealt with; -1: stop. */
	int (*entry)(int fd, const char *name, unsigned char type, void *arg);
	/* A directory whose entries are done, by its parent. 0: go on; 1: read it once more; -1:
	 * stop. May be NULL. */
	int (*leave)(int parent, const char *name, void *arg);
	/* Where a directory cannot be opened: 0 skips it, -1 (as NULL does) stops. */
	int (*closed)(int parent, const char *name, void *arg);
};

/* Walk the directory dirfd/name. 0, or what stopped it; -1 with fail() and errno where it could not
 * go on. A directory that vanishes meanwhile is passed over. */
int tree_walk(int dirfd, const char *name, const struct tree_walk *how, void *arg);

/* The bytes that it takes on the disk, as du(1) counts them, a file of several links each time. */
uint64_t tree_size(int dirfd, const char *name);

/* rm -r of dirfd/name, never following a link, never crossing a mount. A missing one is success.
 * Needs no write space on the disk. -1 with fail() and errno. */
int tree_remove_at(int dirfd, const char *name);

#endif
