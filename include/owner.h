/* owner.h: does the owner of something that outlives processes (a lease, a port, an interface, a
 * group, a volume) still live? The rooms that keep such things know nothing of containers, so their
 * callers hand over the function that can tell. */
#ifndef CTR_OWNER_H
#define CTR_OWNER_H

#include <stdbool.h>
#include <string.h>

/* 1: the owner lives; 0: it is proven dead; -1 with fail(): that could not be found out, so what it
 * owns is left alone. Of an owner that is foreign (below) it says 1. */
typedef int owner_alive_fn(const char *owner, void *arg);

/* What the owner's name begins with that is a CNI attachment: "cni:CONTAINERID/IFNAME@NETWORK". */
#define OWNER_CNI "cni:"

/* Does the owner keep records of its own (the CNI plugins do)? Then what it owns is never ours to
 * remove. */
static inline bool owner_is_foreign(const char *owner)
{
	return strncmp(owner, OWNER_CNI, sizeof OWNER_CNI - 1) == 0;
}

#endif
