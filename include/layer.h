/* layer.h: layers between tar archives (image-spec, layer.md) and directories in overlayfs's form.
 *
 * A deletion is `.wh.NAME` in the archive and a character device 0/0 in the directory; "nothing
 * from below shows here" is `.wh..wh..opq` and the xattr trusted.overlay.opaque
 * (user.overlay.opaque as well, for mounts in user namespaces).
 */
#ifndef CTR_LAYER_H
#define CTR_LAYER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include "digest.h"
#include "idmap_types.h"
#include "ring.h"
#include "str.h"
#include "stream.h"

#define LAYER_OPAQUE ".wh..wh..opq"

/* A container whose files are meant: the maps of its user namespace, and its spec_opaque() where
 * its writable layer is among them. */
struct pack_of {
	const struct idmap_entry *uids, *gids;
	size_t n_uids, n_gids;
	const char *opaque;
};

struct unpack_how {
	bool
	    plain; /* names like .wh.x are files' names, and others may change the tree meanwhile */
	bool harmless;  /* no devices, set-id bits or capabilities: they would be an unknown user's
			 * gift to this machine
			 */
	bool common;    /* no devices but those that every container may open */
	bool keep_dirs; /* a directory that is there already stays as it is */
	bool one_owner; /* everything is uid's and gid's, whatever the archive says */
	uid_t uid;
	gid_t gid;
	const struct pack_of *ids; /* owners in the archive are as the container sees them; one it
				    * does not have is left out; may be NULL */
	/* What a confined child leaves to its parent (may be NULL): attributes of the kind
	 * trusted., which take CAP_SYS_ADMIN, which folders are opaque (UNPACK_OPAQUE), and what
	 * the layers below may have (UNPACK_BELOW): TARGET of a hard link, or "/"
	 * and the end of a way that the archive left out from the folder PATH down. PATH NUL NAME
	 * NUL LENGTH(4 bytes) VALUE, one after the other. */
	struct buf *left;
};
/* Unpack the tar archive of a stream into the directory dirfd. Everything is made beneath it: a
 * leading slash is dropped, what leaves the root by ".." is an error, and so is a link to what is
 * not there; a file replaces a file. In a layer the way may go through symbolic links, which are
 * resolved within it. Without privilege, owners are not kept and devices are left out, with one
 * warning. Reads the archive to its end; stream_finish() is the caller's. What was made stays on
 * failure. `how` NULL: a layer. 0, or -1 with fail(). */
int layer_unpack(struct stream *s, int dirfd, const struct unpack_how *how);
#define UNPACK_BELOW "below"
#define UNPACK_OPAQUE "opaque"
/* In the parent: set what was left, in the tree of dirfd. The child's word is a stranger's. What
 * only the layers below can say is added to `rest`: PATH//VALUE NUL (a clean path has no "//"). -1
 * with fail(). */
int layer_unpack_rest(int dirfd, const struct buf *left, const char *what, struct buf *rest);

/* Where an archive goes: hashed and counted on the way. */
struct sink {
	int fd;
	bool hash;
	struct digest digest;
	uint64_t size;
	struct ring *ring; /* the rest is layer_pack()'s */
	char *own, *buf, *lent;
	size_t used;
};

/* Write directories, top-most first, as one pax archive. With `as_layer` there is one directory,
 * and its marks of deletion become `.wh.` entries; otherwise what an overlay of them shows is
 * written. `of` (may be NULL) is the container whose writable layer dirs[0] is. -1 with fail(). */
int layer_pack(
    const int *dirs, size_t n, bool as_layer, const struct pack_of *of, struct sink *out);
/* Write the file or tree dir/name as `as` ("." for the content of a directory), without what lies
 * in /proc, /sys and their like; SRC itself there is an error. */
int layer_pack_path(
    int dir, const char *name, const char *as, const struct pack_of *of, struct sink *out);

/* Copy what an overlay of these directories shows, top-most first, into the folder `to`; `what` is
 * for messages. -1 with fail(). */
int layer_copy(const int *dirs, size_t n, int to, const char *what);

/* Compare a writable layer with what lies beneath: for each path that was added, changed or
 * deleted, in order of names, call fn('A' | 'C' | 'D', "/path"); a non-zero return stops and is
 * returned. `opaque`: the container's spec_opaque(). -1 with fail(). */
int layer_diff(int upper, const char *opaque, const int *lower, size_t n,
    int (*fn)(char what, const char *path, void *arg), void *arg);

/* Is an entry a mark of deletion; does nothing from below show in a directory? In a container's
 * writable layer only its spec_opaque() says so (the other attribute is a file's like any other
 * there, and may have been copied up, or set by the container); in an unpacked layer (NULL) either
 * of them does. */
bool layer_is_whiteout(const struct stat *st);
bool layer_is_opaque(int dirfd, const char *opaque);
/* Make them in an unpacked layer. -1 with errno. */
int layer_mark_deleted(int dirfd, const char *name);
int layer_mark_opaque(int dirfd);

#endif
