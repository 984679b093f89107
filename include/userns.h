/* userns.h: user namespaces, and the ids that a user has for them (user_namespaces(7), subuid(5)).
 * -1 is with fail().
 */
#ifndef CTR_USERNS_H
#define CTR_USERNS_H

#include <stdbool.h>
#include "idmap_types.h"

/* Is our own user namespace not the machine's? Root has less to say, then. */
bool userns_nested(void);
/* The attribute that says in a container's writable layer that nothing from below shows in a
 * directory: those of an overlay in a user namespace (`own`: the container has one) have other
 * names. */
const char *userns_opaque(bool own);
/* The ranges of ids that root has for containers: how many, and the nth (from 0, below that) into
 * both. */
uint32_t userns_range(uint32_t nth, struct idmap_entry *uids, struct idmap_entry *gids);
/* The maps of --userns auto, appended: for root the first of those ranges, for a user the
 * own id as root (with `keep_id` as itself) and his subordinate ids. Caller frees. */
int userns_auto(struct idmap *uids, struct idmap *gids, bool keep_id);

/* A user's containers and images have files of his subordinate ids, which he himself may neither
 * read nor remove. As root all of these do nothing. */

/* Into a new user namespace with these maps, or (NULL, or empty ones) those of userns_auto(): every
 * capability over those files, while what is made is still the user's own. The caller has one
 * thread, and has asked for its places (place_check(), which opt_parse() does) where it needs them:
 * from now on we seem to be root. */
int userns_enter(const struct idmap *uids, const struct idmap *gids);
/* Has this user a single id only: no subordinate ones, or no newuidmap(1)? */
bool userns_single(void);
/* Call fn in a child that is there, or here where this user has a single id. -1 with its fail(). */
int userns_do(int (*fn)(void *arg), void *arg);
/* tree_remove_at(), by such a child where that is not permitted here. */
int userns_tree_remove(int dirfd, const char *name);

#endif
