/* image_store.h: the store's insides, for code that adds to it, lists it or takes from it; image.h
 * is for callers that run an image.
 *
 * $CTR_LIB/images: oci-layout, index.json (each image's name is the annotation
 * org.opencontainers.image.ref.name, "NAME:TAG"), blobs/sha256/HEX; .gate, a file whose lock
 * is shared by all that add blobs, and held exclusively by one that removes some; .tmp-XXXX, a
 * locked directory of somebody at work. $CTR_LIB/layers: HEX (store_layer_name()), and .tmp-XXXX
 * likewise. What is made lies in the two .tmp- under its final name, until one syncfs and renames
 * make it so: a kill at any instant leaves only what the next call clears. All return -1 with
 * fail() on failure.
 */
#ifndef CTR_IMAGE_STORE_H
#define CTR_IMAGE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "digest.h"
#include "image.h"
#include "json.h"
#include "str.h"
#include "stream.h"

#define IMAGE_META_MAX (8 << 20) /* bytes of a manifest, config or index: more is refused */

enum store_use { STORE_READ, STORE_ADD, STORE_REMOVE };

struct store {
	char *lib;
	int images, layers; /* directories; -1 when reading and there is none */
	int gate;
	char tmp_name[32]; /* the same in both */
	int tmp, ltmp;     /* STORE_ADD: where blobs and layers are made */
	/* Where store_layer() keeps its copy meanwhile, a file in `images` that outlives us; NULL:
	 * in tmp. */
	const char *part;
	uint64_t part_max; /* its size, as promised */
};

/* STORE_ADD makes the folders and the .tmp- ones, clears what dead processes left and pushes the
 * removal of its own on the undo stack. STORE_REMOVE waits until nobody adds. */
int store_open(struct store *s, const char *lib, enum store_use use);
/* Removes the .tmp- ones too. */
void store_close(struct store *s);
/* Take the gate of an image folder (made when missing with `make`): shared to add or to use,
 * exclusive to remove. Its descriptor is the lock. */
int store_gate(int images, bool make, int how);
/* Remove .tmp- directories whose makers are dead. */
int store_sweep(struct store *s);

/* A small blob: written to tmp under its digest, which goes to hex. */
int store_put(struct store *s, const void *data, size_t n, char hex[DIGEST_HEX]);
/* A whole blob of the store (or of tmp), its digest verified. Caller frees. */
char *store_get(const struct store *s, const char *hex, size_t *n);
/* Open a blob for reading. */
int store_blob_open(const struct store *s, const char *hex);
/* The name in `layers` of layer ids[i] of an image whose diff_ids are `ids`. It is its diff_id,
 * unless it takes anything from the layers below it (store_inherit()): then another image, which
 * has others below it, has to have its own, whose name is a digest of all ids up to this one
 * (store_chain()). Layers that an older ctrbox made all have their diff_ids for names, and stay in
 * use. False: it is not there, and its chain's name is in `name`. */
bool store_layer_name(
    const struct store *s, char (*ids)[DIGEST_HEX], size_t i, char name[DIGEST_HEX]);
void store_chain(char (*ids)[DIGEST_HEX], size_t i, char name[DIGEST_HEX]);
/* Unpack a layer from fd into ltmp; with `copy` the bytes go to a blob in tmp too. What it should
 * be is checked where given (NULL: anything): blob digest, ids[i] of the image's diff_ids. *in has
 * the digests afterwards. */
int store_layer(struct store *s, int fd, const char *what, bool copy, const char *blob,
    char (*ids)[DIGEST_HEX], size_t i, struct stream_sums *in);
/* Bytes of a layer's archive, not compressed; `otherwise` where that is not known. */
uint64_t store_layer_size(
    const struct store *s, char (*ids)[DIGEST_HEX], size_t i, uint64_t otherwise);
/* What new layers of an image (the lowest first) mean of the layers below: folders that they left
 * out, hard links, an opaque root. Before store_commit(). -1 with fail(). */
int store_inherit(const struct store *s, char (*ids)[DIGEST_HEX], size_t n);
#define STORE_REST                                                                                 \
	".rest-" /* and a layer's name, in ltmp: layer_unpack_rest()'s of it, to be done */
/* All of tmp and ltmp becomes part of the store, durably, but for layers that store_inherit() has
 * not finished. */
int store_commit(struct store *s);

/* index.json. */
struct ref {
	char *name; /* NULL: none */
	char hex[DIGEST_HEX];
	uint64_t size;           /* of the manifest */
	char config[DIGEST_HEX]; /* store_id() */
	bool looked;
};
struct refs {
	struct ref *v;
	size_t n;
};
/* All images of index.json that we could run. refs_free() releases them. */
int store_refs(const struct store *s, struct refs *out);
/* The digests alone, of our own text without parsing it; a digest may occur more than once. */
int store_digests(const struct store *s, struct refs *out);
void refs_free(struct refs *r);
/* The one that `operand` (image.h) means, without reading all the others where that can be; *names:
 * how many entries its digest has. out->name is the caller's. ENOENT when there is none. */
int store_ref(const struct store *s, const char *operand, struct ref *out, size_t *names);
/* Give an image a name (after store_commit()), taking it from another. NULL: an image without one.
 */
int store_ref_set(struct store *s, const char *name, const char *hex, uint64_t size);
/* Take names away; of one without a name every entry of its digest. Works on a full disk. */
int store_refs_remove(struct store *s, const struct refs *gone);
/* What `operand` (image.h) means: an index into r; -1 with fail(), ENOENT when nothing. */
int store_find(const struct store *s, const struct refs *r, const char *operand);
/* The digest of its config, docker's id of an image; read once. Of one that cannot be read the
 * manifest's. */
const char *store_id(const struct store *s, struct ref *r);
/* Are they one image: one manifest, or two of one config, as when it came in two ways? */
bool store_same(const struct store *s, struct ref *a, struct ref *b);
/* An event of an image whose id (store_id()) is given. */
void image_tell(const char *action, const char *id, const char *name);

/* Names. Clean "docker.io/library/x" to "x:latest"; -1 with fail() on what is no image name. Caller
 * frees *out. */
int ref_parse(const char *in, char **out);

/* Manifest and config. */
struct manifest {
	char config[DIGEST_HEX];
	uint64_t config_size;
	struct manifest_layer {
		char hex[DIGEST_HEX];
		uint64_t size;
		char *type;
	} * layers;
	size_t n;
};
/* Two readers could take for two images what is an image's manifest and an index at once
 * (CVE-2021-41190). 0, or -1 with fail(). */
int manifest_plain(const char *what, const json_t *j);
/* Read the text of a manifest; `what` begins a message. On failure there is nothing to free. */
int manifest_parse(const char *what, const char *text, size_t len, struct manifest *out);
void manifest_free(struct manifest *m);
struct image_config {
	json_t *json; /* the whole */
	struct image
	    image; /* entrypoint ... exposed, workdir, user, stopsignal; its layers are empty */
	char (*diff_ids)[DIGEST_HEX];
	size_t n;
	char *created, *architecture, *os;
};
int config_parse(const char *what, const char *text, size_t len, struct image_config *out);
void config_free(struct image_config *c);
/* Unpack layers of an image that are there as blobs only, and store_inherit() for all. */
int store_unpack(struct store *s, const struct manifest *m, const struct image_config *c);
/* Of an image: both, read from the store and verified. */
int store_image(const struct store *s, const char *hex, struct manifest *m, struct image_config *c);

/* A config for a new image of one more layer. base NULL: from nothing. created_by, comment may be
 * NULL. Caller owns. */
json_t *config_make(
    const json_t *base, const char *diff_id, const char *created_by, const char *comment);
/* Apply one --change ("CMD [\"sh\"]", "ENV K=V", ...: docker's words). */
int config_change(json_t *config, const char *change);
/* Put a config (its text) and a manifest of these layers into tmp; hex and size are the manifest's,
 * id is the config's digest, docker's name for the image. */
int store_put_manifest(struct store *s, const char *config, size_t len,
    const struct manifest *layers, char hex[DIGEST_HEX], char id[DIGEST_HEX], uint64_t *size);
/* The same, of base's layers (NULL: none) and one more. */
int store_put_image(struct store *s, json_t *config, const struct manifest *base,
    const char *layer_hex, uint64_t layer_size, const char *layer_type, char hex[DIGEST_HEX],
    char id[DIGEST_HEX], uint64_t *size);
const char *layer_type(enum compression comp);
/* This machine, as GOARCH names it. */
const char *image_arch(void);

/* The whole operations. Progress goes to stderr when it is a terminal. */
/* name NULL: none; message NULL: "imported from " and what it is imported from. */
int image_import(const char *lib, const char *name, int fd, const char *what, const char *message,
    const struct strv *changes, char hex[DIGEST_HEX], char id[DIGEST_HEX]) COLD;
/* An archive from fd, or a layout folder: names (or ids) of what was loaded go to `loaded`.
 * `name` (NULL: what the archive says) names the only image. */
int image_load(
    const char *lib, int fd, const char *what, const char *name, struct strv *loaded) COLD;
int image_load_dir(const char *lib, const char *dir, const char *name, struct strv *loaded) COLD;
/* An OCI archive that docker load takes too, on fd. */
int image_save(const char *lib, const struct strv *operands, int fd) COLD;
int image_export(const char *lib, const char *operand, image_apart_fn *apart, int fd) COLD;
/* Remove blobs and layers that no image uses; *freed counts bytes; NULL: nobody wants to know, and
 * large layers are removed by a child that may outlive us. Whether anybody else uses a layer is for
 * the caller to know: `used` is asked about each one's name before it goes. */
typedef bool layer_used_fn(const char *layer, void *arg);
int store_prune(struct store *s, layer_used_fn *used, void *arg, uint64_t *freed);

#endif
