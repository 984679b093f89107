/* image.h: the image store, for code that runs an image.
 *
 * $CTR_LIB/images is an OCI image layout (image-spec, image-layout.md); $CTR_LIB/layers/HEX are its
 * layers, by diff_id, unpacked once in overlayfs's form and never changed. `lib` is $CTR_LIB
 * (ctr_lib()) everywhere. All return -1 with fail() on failure.
 */
#ifndef CTR_IMAGE_H
#define CTR_IMAGE_H

#include <stdbool.h>
#include <stdint.h>
#include "str.h"

/* What starting a container of an image takes: its config, docker's meaning (image-spec,
 * config.md). */
struct image {
	char *ref;    /* "NAME:TAG" it was found by, or "sha256:HEX" */
	char *digest; /* "sha256:HEX" of its manifest */
	char *id;     /* "sha256:HEX" of its config: docker's name for it */
	struct strv entrypoint, cmd, env;
	struct strv volumes;       /* absolute paths */
	struct strv labels;        /* "key=value" */
	struct strv exposed;       /* "80/tcp" */
	struct strv health;        /* Healthcheck.Test; empty: none */
	int64_t health_numbers[5]; /* Interval, Timeout, StartPeriod, StartInterval (ns), Retries;
				      0: not said */
	char *workdir, *user, *stopsignal; /* NULL when not said */
	struct strv layers;                /* absolute directories, top-most first */
};

/* Is an operand that names a root an image's name (true) or a path? A path begins with '/' or '.',
 * or has a slash and exists. Never fails. */
bool image_is_ref(const char *operand);

/* Find an image by NAME[:TAG] (tag "latest" when not said; "docker.io/" and "library/" may be left
 * out), "sha256:HEX" or a unique prefix (6 digits and more) of its digest's or its config's HEX;
 * layers not unpacked yet are now: `apart` (NULL: called here) calls a function where their owners
 * can be set (userns_do()). ENOENT when there is none. Everything in *out is the caller's:
 * image_free(). */
typedef int image_apart_fn(int (*fn)(void *arg), void *arg);
int image_open(const char *lib, const char *ref, image_apart_fn *apart, struct image *out);
/* The same, with the image pulled from its registry before (registry.h) where `policy` says so:
 * "always", "missing" or "never"; NULL: what $CTR_PULL says, else never. EINVAL for another word.
 */
int image_obtain(
    const char *lib, const char *ref, const char *policy, image_apart_fn *apart, struct image *out);
void image_free(struct image *im);
/* Keep images from being removed until the descriptor is closed: for a caller that finds one and
 * then writes the record that it is in use. Waits for a removal that goes on. -1 where nothing can
 * be removed, or with no store. */
int image_gate(const char *lib);

/* Say so where other users can enter the folder that is written to. */
void image_upper_warn(const char *upper);
/* Mount directories (top-most first) as one tree on `dir`, in our own mount namespace: read-only,
 * or with what is written going to `upper` (NULL: none), which is made when missing, with
 * UPPER.work beside it. Never set-id or devices. */
int image_mount(const int *dirs, size_t n, const char *upper, const char *dir);
#define IMAGE_SOURCE "ctr-image" /* such a mount's source, by which it is known */

/* Mount a file (or block device) that is a squashfs or erofs image, read-only, through a loop
 * device that frees itself. Returns a detached mount (open_tree(2)) whose path for an overlay is
 * /proc/self/fd/N; on kernels before 5.2, which have no such thing, it is mounted on `fallback`, a
 * directory of the caller's own mount namespace (may be NULL: fails there), and a descriptor of
 * that is returned.
 *
 * `image` is the file's name, or "verity:HASH:FILE": then FILE has a tree of hashes, behind its
 * file system or in FILE.verity (veritysetup(8)), and the kernel's dm-verity reads nothing that
 * does not lead to the root hash HASH. */
#define IMAGE_VERITY "verity:"
int image_loop_mount(const char *image, const char *fallback);
/* Open an image file, and say of what type its file system is. */
int image_file_open(const char *file, const char **type);
/* FILE of `image`, inside it. */
const char *image_file_name(const char *image);

/* Remove what a kill has left of making such a device; `removed` is told each. */
void image_verity_gc(void (*removed)(const char *what, const char *name));

#endif
