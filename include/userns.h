/* userns.h: user namespaces, and the ids that a user has for them (user_namespaces(7), subuid(5)).
 * -1 is with fail().
 */
#ifndef CTR_USERNS_H
#define CTR_USERNS_H

#include <stdbool.h>
#include "idmap_types.h"

/* Are we in another user namespace than the machine's first? Root may do less then. */
bool userns_nested(void);
/* The name of the extended attribute that marks a directory of a container's writable layer as
 * opaque, so that nothing from the layers below shows in it. An overlay in a user namespace (`own`:
 * the container has one) uses another name. */
const char *userns_opaque(bool own);
/* The ranges of ids that root has for containers. Returns how many there are, and writes the nth
 * (counted from 0) to both. */
uint32_t userns_range(uint32_t nth, struct idmap_entry *uids, struct idmap_entry *gids);
/* Append the maps of --userns auto: for root the first of those ranges, for a user his own id as
 * root (with `keep_id` as itself) and his subordinate ids. Caller frees. */
int userns_auto(struct idmap *uids, struct idmap *gids, bool keep_id);

/* The files of a user's containers and images belong to his subordinate ids, and he himself may
 * neither read nor remove them. The following functions are for that; for root they do nothing. */

/* Enter a new user namespace with these maps, or with those of userns_auto() where they are NULL or
 * empty. There we have every capability over those files, while what we make still belongs to the
 * user. The caller has a single thread, and has asked for its places before (place_check(), which
 * opt_parse() calls) if it needs them: from now on we seem to be root. */
int userns_enter(const struct idmap *uids, const struct idmap *gids);
/* Does this user have a single id only, because he has no subordinate ones or there is no
 * newuidmap(1)? */
bool userns_single(void);
/* Call fn in a child that is in such a namespace, or here where this user has a single id. -1 with
 * the fail() of fn. */
int userns_do(int (*fn)(void *arg), void *arg);
/* tree_remove_at(), by such a child where it is not permitted here. */
int userns_tree_remove(int dirfd, const char *name);

#endif
