/* unpack.h: the internals of layer_unpack() (layer.h): how the directory of an entry is found or
 * made, and the attributes of what was made. */
#ifndef CTR_UNPACK_H
#define CTR_UNPACK_H

#include <archive.h>
#include <archive_entry.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>
#include "layer.h"

#define UNPACK_KEPT                                                                                \
	128          /* descriptors of directories kept open; deeper ones are walked to again      \
		      */
#define LINKS_MAX 40 /* on the way to one entry; the kernel has the same limit */

/* Bytes that a layer may leave to its parent. */
#define UNPACK_LEFT_MAX (64 << 20)

struct dirtime {
	char *path, *acl; /* acl: NULL: none */
	size_t acl_size;
	mode_t mode;
	struct timespec mtime;
};

/* What was left out of the archive; it is told in one line at the end. */
struct left_out {
	char *first;
	size_t n;
};

struct unpack {
	struct archive *a;
	const struct stream *in;
	const char *what;
	int root;
	struct unpack_how how;
	bool owners; /* may we set owners? */
	bool said_xattr, said_device, said_owner, said_acl;
	struct left_out devices, bits;
	const void *acl; /* the entry's default access control list */
	void *acl_text;  /* the same where it came as text */
	size_t acl_size;
	uid_t euid;
	gid_t egid;
	size_t made; /* where the first folder of a way that had to be made ends in it; 0: none */
	/* the directory of the last entry */
	char path[PATH_MAX];
	size_t depth;
	/* fds[i]: the directory of the path's first ends[i] bytes, one or several components below
	 * fds[i - 1]; the last is the temporary one of a deeper path */
	int fds[UNPACK_KEPT + 1];
	size_t ends[UNPACK_KEPT + 1];
	/* directories: set at the end, since filling them changes their times, and what is made
	 * takes their ACL */
	struct dirtime *times;
	size_t ntimes, room;
};

/* The name of the entry without "." components, leading slashes and superfluous slashes, into
 * out[PATH_MAX]. ".." goes up one component, and above the root it is an error. -1 with fail(). */
int unpack_name(const struct unpack *u, const char *in, const char *kind, char *out);
/* The same without a message: 0, -1 above the root, 1 too long. */
int unpack_name_clean(const char *in, char *out);
/* The descriptor of the directory that holds `path` (which unpack_name() has cleaned), and the last
 * component. With `make`, missing directories are made, because archives may leave them out. In a
 * layer, links on the way are followed within its root (and `path` is rewritten then); elsewhere
 * they are errors. -1 with fail(). */
int unpack_way(struct unpack *u, char path[PATH_MAX], const char **base, bool make);
void unpack_way_drop(struct unpack *u, size_t depth);
/* Put a directory in the place of an opaque whiteout: nothing from the layers below shows in it. -1
 * with fail(). */
int unpack_opaque(struct unpack *u, int dir, const char *base, const char *path);

/* Turn the text that tar has of an access control list into the kernel's attribute, appended to
 * *out. False when an entry was left out because it has a name and no number. */
bool unpack_acl_parse(const void *text, size_t size, struct buf *out);

/* Set owner, attributes, mode and time of an open file. -1 with fail(). */
int unpack_attr_file(struct unpack *u, struct archive_entry *e, const char *path, int fd);
/* The same for what was just made as `base` and is not open: a link, a node, a directory. */
int unpack_attr(
    struct unpack *u, struct archive_entry *e, const char *path, int dir, const char *base);
/* Leave an attribute to the parent to set (how.left), which has a limit. -1 with fail(). */
int unpack_left(
    struct unpack *u, const char *path, const char *name, const void *value, size_t size);
void unpack_left_out(struct left_out *l, const char *path);
/* Set times, modes and default ACLs of all directories. -1 with fail(). */
int unpack_dirs_finish(struct unpack *u);

#endif
