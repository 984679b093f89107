/* caps.h: capabilities (capabilities(7)) as bit sets, through libcap.
 */
#ifndef CTR_CAPS_H
#define CTR_CAPS_H

#include <stdbool.h>
#include <stdint.h>

/* docker's fourteen default capabilities */
#define CAPS_DEFAULT 0xa80425fbull

/* "CAP_SYS_PTRACE", "sys_ptrace", "ALL". 0, or -1 with fail(). */
int caps_from_name(const char *name, uint64_t *bits);
/* "CAP_SYS_PTRACE" for its number; a static string, "CAP_N" for one that libcap does not know. */
const char *caps_name(int cap);
/* Every capability that this kernel has and our bounding set allows. */
uint64_t caps_all(void);
#define CAPS_MKNOD (1ull << 27)

/* Has the file that we run from given us power that our caller has not: set-uid, set-gid, file
 * capabilities? (getauxval(3), AT_SECURE.) */
bool caps_borrowed(void);
/* Our ambient set. */
uint64_t caps_ambient(void);
/* Drop from the bounding set what is not in `keep`. 0, or -1 with errno. */
int caps_drop_bounding(uint64_t keep);
/* Set the three sets and the ambient one. -1 with fail(). Call after the last change of user,
 * PR_SET_KEEPCAPS on. */
int caps_apply(uint64_t bounding, uint64_t effective, uint64_t permitted, uint64_t inheritable,
    uint64_t ambient);

#endif
