/* volume.h: named volumes ($CTR_LIB/volumes/NAME/), and making what -v and --mount (volume_flags.h)
 * ask for.
 */
#ifndef CTR_VOLUME_H
#define CTR_VOLUME_H

#include <stdbool.h>
#include "spec.h"
#include "str.h"
#include "volume_flags.h"

/* Make what the request needs and turn it into something that mount(8)'s words describe: a missing
 * bind source is made
 * (`make`); a volume becomes a bind of its directory, made on first use and then filled with what
 * the image has at dst. `s` says what the root lies on (x_lower, x_image_file). A nameless volume
 * is made as `anon`, an absolute path (in the container's directory, so that it dies with it). -1
 * with fail(). */
int volume_prepare(struct volume_req *v, const struct spec *s, const char *anon);

/* Copy what the overlay of this container's layers has at dst ("/": all) into a directory; 1; 0
 * where there is nothing; -1 with fail(). The minimal build does nothing, and says so. */
extern const bool volume_can_fill;
int volume_fill(const struct spec *s, const char *dst, int to);

/* The directory of a volume; caller frees. Does not look whether it is there. */
char *volume_path(const char *name);
/* Sorted names of the volumes. A missing folder is none. */
int volume_names(struct strv *out);
/* The containers that mount it, by name, appended to *out. */
int volume_users(const char *name, struct strv *out);
/* Make an empty one with these labels (a line each; NULL: none); one that is there already is fine,
 * and keeps its own. */
int volume_make(const char *name, const char *labels);
/* Its labels, caller frees; NULL: none. */
char *volume_labels(const char *name);
/* Remove it with what is in it; one that a container mounts is refused unless `force`. */
int volume_remove(const char *name, bool force);

#endif
