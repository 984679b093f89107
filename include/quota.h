/* quota.h: the size of a container's writable layer (--storage-opt size=).
 *
 * Where the file system of CTR_LIB enforces project quotas (xfs, ext4 and f2fs can), the folders
 * `upper` and `work` become a project of their own with that limit. The project's number is theirs
 * as long as they exist: nothing else remembers it.
 */
#ifndef CTR_QUOTA_H
#define CTR_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

/* Give the layer in this folder of a container a limit; `hint` (of its id) is the number that is
 * tried first. False with errno when no quota can be had there, or this user may set none. */
bool quota_set(int dir, uint32_t hint, uint64_t bytes);
/* The layer's project has a limit no more. This comes before its files are removed: a kill between
 * the two then leaves no limit behind that nothing names. */
void quota_drop(int dir);

#endif
