/* cgroup_parts.h: what the cgroup_*.c files share beneath cgroup.h. All paths are relative to a
 * hierarchy's root.
 */
#ifndef CTR_CGROUP_PARTS_H
#define CTR_CGROUP_PARTS_H

#include <sys/stat.h>
#include "cgroup.h"

#define CGROUP_DEADLINE_MS 5000
#define CGROUP_HIERARCHIES 32 /* further ones are ignored */

/* cgroup_hierarchies(), modifiable: the descriptors of the roots are opened on first use. */
struct cgroup_hierarchy *cgroup_all(size_t *n);
/* The hierarchy that has `controller` ("": the v2 side); NULL when none has. */
struct cgroup_hierarchy *cgroup_find(const char *controller);
/* Is it a hierarchy in which groups are made? Those with a controller and the v2 side are; named
 * ones belong to others. */
bool cgroup_is_ours(const struct cgroup_hierarchy *h);
/* Where its processes go: `path`, or the group below it of CGROUP_SYSTEMD. Caller frees. */
char *cgroup_inner(struct cgroup_hierarchy *h, const char *path);
/* Is it such a hierarchy, or name=systemd, which may have groups of ours beside those of others
 * (CGROUP_SYSTEMD)? */
bool cgroup_may_be_ours(const struct cgroup_hierarchy *h);
/* The descriptor of the hierarchy's root, which is kept open; -1 with errno. */
int cgroup_root_fd(struct cgroup_hierarchy *h);
/* Open a group's directory, for the caller to close; -1 with errno. */
int cgroup_group_fd(struct cgroup_hierarchy *h, const char *path);
/* The mode bit of a group that was made only as a parent of another: it is removed together with
 * the last group below it. A group that somebody made himself, or changed, is kept
 * (cgroup_claim()). */
#define CGROUP_IMPLIED S_ISVTX
/* Remove the groups above `path` that have this bit and are empty, so that nothing of ours is left.
 * A start that runs into this makes them again. */
void cgroup_remove_implied(struct cgroup_hierarchy *h, const char *path);
/* For tree_walk(): descend into groups. */
int cgroup_subgroup(int fd, const char *name, unsigned char type, void *arg);
/* A file of a group's directory whole, without its last newlines; NULL when `dir` is -1 or it
 * cannot be read. Caller frees. */
char *cgroup_text(int dir, const char *file);
/* v1 shows "no limit" as the largest number of pages, in bytes, which is above this. */
#define CGROUP_UNLIMITED 0x7fffffffffff0000ull
/* The value after a key in a flat-keyed file, such as "populated 1". False when the key is not
 * there. */
bool cgroup_keyed(const char *text, const char *key, uint64_t *out);

/* fail() that the group `frozen`, at or above `path`, is frozen, with the remedy; always -1, with
 * EBUSY. */
int cgroup_say_frozen(const char *path, const char *frozen);

#endif
