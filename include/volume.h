/* volume.h: what -v and --mount ask for, and named volumes ($CTR_LIB/volumes/NAME/).
 */
#ifndef CTR_VOLUME_H
#define CTR_VOLUME_H

#include <stdbool.h>
#include "spec.h"
#include "str.h"

struct volume_req {
	char *type; /* "bind", "tmpfs" or "volume" */
	char *src;  /* bind: absolute path on the host; volume: its name, NULL for a nameless one; tmpfs: "tmpfs" */
	char *dst;  /* absolute path in the container, without "." and ".." */
	struct strv options; /* mount(8)'s words: "ro", "rprivate", "size=64m", ...; for a bind "rbind" is among them */
	bool make;           /* bind: make src as a directory when it is missing (-v does, --mount does not) */
	bool nocopy;         /* volume: do not fill it from the image */
};

/* `-v SRC:DST[:OPTS]`, or `-v DST` for a nameless volume. A SRC with a slash, or that begins with '.', is a path
 * (taken from the working directory when it is relative); anything else is a volume's name. OPTS: ro rw z Z nocopy,
 * propagation words and mount flags, apart by commas. 0, or -1 with fail(); *out is then empty. */
int volume_parse_v(const char *arg, struct volume_req *out);

/* `--mount type=bind|tmpfs|volume,src=...,dst=...,readonly,...` (docker's words; type is volume when not given). The
 * same errors. */
int volume_parse_mount(const char *arg, struct volume_req *out);
void volume_req_free(struct volume_req *v);

/* Make what the request needs and turn it into something that mount(8)'s words describe: a missing bind source is made
 * (`make`); a volume becomes a bind of its directory, made on first use and then filled with what the image has at
 * dst. `s` says what the root lies on (x_lower, x_image_file). A nameless volume is made as
 * `anon`, an absolute path (in the container's directory, so that it dies with it). -1 with fail(). */
int volume_prepare(struct volume_req *v, const struct spec *s, const char *anon);

/* Copy what the overlay of this container's layers has at dst ("/": all) into a directory; nothing there is fine. The
 * minimal build does nothing. -1 with fail(). */
int volume_fill(const struct spec *s, const char *dst, int to);

/* The directory of a volume; caller frees. Does not look whether it is there. */
char *volume_path(const char *name);
/* Sorted names of the volumes. A missing folder is none. */
int volume_names(struct strv *out);
/* The containers that mount it, by name, appended to *out. */
int volume_users(const char *name, struct strv *out);
/* Make an empty one; one that is there already is fine. */
int volume_make(const char *name);
/* Remove it with what is in it; one that a container mounts is refused unless `force`. */
int volume_remove(const char *name, bool force);

#endif
