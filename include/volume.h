/* volume.h: named volumes ($CTR_LIB/volumes/NAME/), and how what -v and --mount ask for
 * (volume_flags.h) is made. */
#ifndef CTR_VOLUME_H
#define CTR_VOLUME_H

#include <stdbool.h>
#include <sys/types.h>
#include "spec.h"
#include "str.h"
#include "volume_flags.h"

/* Make what the request needs and turn it into what the words of mount(8) can describe. A bind
 * source that is missing is made (`make`). A volume becomes a bind of its directory, which is made
 * when it is first used and then filled with what the image has at dst. `s` says what the root
 * consists of (x_lower, x_image_file). A volume without a name is made as `anon`, an absolute path
 * in the container's directory, so that it is removed with the container. -1 with fail(). */
int volume_prepare(struct volume_req *v, const struct spec *s, const char *anon);

/* Copy what the overlay of this container's layers has at dst ("/": everything) into a directory.
 * 1; 0 where there is nothing; -1 with fail(). In the minimal build it does nothing, and
 * volume_can_fill says so. */
extern const bool volume_can_fill;
int volume_fill(const struct spec *s, const char *dst, int to);

/* podman's option U of -v: what is mounted with it is given, recursively, to the user that the
 * command runs as. volume_owned(): is there such a mount? volume_own() does it when the container
 * is made and its command waits (pid): what lies on other file systems keeps its owners, and no
 * link is followed. volume_own_check() refuses the folders of a host that nobody means (a volume's
 * name, or NULL, is no such folder). -1 with fail(). */
bool volume_owned(const struct spec *s);
int volume_own(const struct spec *s, pid_t pid);
int volume_own_check(const char *path);

/* The path of a volume's directory, whether it exists or not. Caller frees. */
char *volume_path(const char *name);
/* The names of all volumes, sorted. If the folder is missing there are none. */
int volume_names(struct strv *out);
/* Append the names of the containers that mount it to *out. */
int volume_users(const char *name, struct strv *out);
/* Make an empty volume with these labels (a line each; NULL: none). `at`: it is a link to this
 * folder of the host (NULL: a folder of its own). One that exists already is no error, and keeps
 * what it has. */
int volume_make(const char *name, const char *labels, const char *at);
/* Its labels; NULL: it has none. Caller frees. */
char *volume_labels(const char *name);
/* Remove the volume and what is in it. One that a container mounts is refused unless `force`. */
int volume_remove(const char *name, bool force);
/* The mount that a path is on, as its line in mountinfo (proc(5)) from the mount point on. Caller
 * frees; NULL when it is not known. */
char *volume_mount_of(const char *path);

#endif
