/* owner.h: does the owner of a thing that outlives processes (a lease, a port, an interface, a
 * group, a volume) still live? The rooms that keep such things do not know containers: their
 * callers hand over who can tell.
 */
#ifndef CTR_OWNER_H
#define CTR_OWNER_H

#include <stdbool.h>
#include <string.h>

/* 1: it lives; 0: it is proven dead; -1 with fail(): not known, so what it owns is left alone. */
typedef int owner_alive_fn(const char *owner, void *arg);

/* Was it made for somebody who keeps his own records (the CNI face)? Then it is never ours to
 * clear. */
static inline bool owner_is_foreign(const char *owner)
{
	return strncmp(owner, "cni:", 4) == 0;
}

#endif
