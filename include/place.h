/* place.h: where our folders and groups are (DESIGN.md section 4): $CTR_LIB, $CTR_RUN, $CTR_CGROUP
 * and the instance that they make.
 */
#ifndef CTR_PLACE_H
#define CTR_PLACE_H

/* Where things are: absolute, no trailing slash, never NULL. They are closed to everybody else
 * (0700), and made so. */
const char *ctr_lib(void); /* $CTR_LIB; default /var/lib/ctr, or $XDG_DATA_HOME/ctr
			      (~/.local/share/ctr) for a user */
const char *ctr_run(void); /* $CTR_RUN; default /run/ctr, or $XDG_RUNTIME_DIR/ctr for a user */
/* $CTR_CGROUP; default "ctr": the parent group, relative to the hierarchies' roots. */
const char *ctr_cgroup(void);
/* 8 hex digits from ctr_lib()'s device and inode; makes the directory when missing. */
const char *ctr_instance(void);

/* The environment may be wrong. The four then answer with what nothing can be made or found under,
 * and these two say why: -1 with fail(). opt_parse() asks the first for every applet that lives by
 * our places (opt.h); what is named by the instance asks the second before it is made. */
int place_check(void);
int place_instance(void);

/* Make one of the two folders, closed to everybody else; its parents as mkdir -p does. 0 or -1 with
 * fail(). */
int place_make(const char *path);

/* A lock for whoever changes a control group's settings: two that change the same one go one after
 * the other. It is one byte, which the group's path decides, of a file that only we can open: a
 * flock on the group's own directory could be held by a container, for ever. Closing the descriptor
 * gives it back. -1: there is no folder for it, and so no lock; -2 with fail(): somebody has held
 * it for 30 seconds. */
int place_lock(const char *group);

#endif
