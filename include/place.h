/* place.h: where our folders and groups are (ctrbox-files(5)): $CTR_LIB, $CTR_RUN and $CTR_CGROUP,
 * and the name of the instance that they make.
 */
#ifndef CTR_PLACE_H
#define CTR_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

/* Where things are: absolute paths without a trailing slash, never NULL. The folders are closed to
 * everybody else (0700), and are made so. */
const char *ctr_lib(void); /* $CTR_LIB; default /var/lib/ctr, or $XDG_DATA_HOME/ctr
			      (~/.local/share/ctr) for a user */
const char *ctr_run(void); /* $CTR_RUN; default /run/ctr, or $XDG_RUNTIME_DIR/ctr for a user */
/* $CTR_CGROUP; default "ctr": the parent group, relative to the hierarchies' roots. */
const char *ctr_cgroup(void);
/* 8 hex digits made from the device and inode of ctr_lib()'s folder, which is made when it is
 * missing. */
const char *ctr_instance(void);

/* The environment may be wrong. Then the four functions above return a path below which nothing can
 * be made or found, and these two say why: -1 with fail(). opt_parse() calls the first one for
 * every applet that needs our places (opt.h). Whoever makes something with the instance in its name
 * calls the second one before. */
int place_check(void);
int place_instance(void);

/* Make one of the two folders, closed to everybody else, with its parents as mkdir -p does. 0, or
 * -1 with fail(). */
int place_make(const char *path);
/* A folder in one of them, opened. With `make`, a mode, a missing one is made, and is still there
 * after a power cut. -1 with fail(), errno ENOENT when it is not there. */
int place_dir(const char *top, const char *name, mode_t make);

/* Is this the owner of what we must not rely on: neither root nor ourselves? And what is said. */
bool place_others(uid_t uid);
#define PLACE_ANOTHERS "%s: it is another user's"

/* A lock for whoever changes the settings of a control group, so that two who change the same group
 * do so one after the other. It is one byte, chosen by the group's path, of a file that only we can
 * open; a flock on the group's own directory could be held by a container for ever. Closing the
 * descriptor releases it. -1: there is no folder for the file, and so no lock; -2 with fail():
 * somebody else has held it for 30 seconds. */
int place_lock(const char *group);

#endif
