/* userns_flag.h: what --userns asks for, as the spec's maps. */
#ifndef CTR_USERNS_FLAG_H
#define CTR_USERNS_FLAG_H

#include "spec.h"

/* NULL (host for root, auto for others), "host", "auto", "keep-id" or "CONTAINER:HOST:SIZE[,...]". -1 with fail(). */
int userns_request(struct spec *s, const char *arg);

/* Is our own user namespace not the machine's? Root has less to say, then. */
bool userns_nested(void);
/* The attribute that says in the container's writable layer that nothing from below shows in a directory: those of an
 * overlay in a user namespace have other names. */
const char *userns_opaque(const struct spec *s);

/* A user's containers and images have files of his subordinate ids, which he himself may neither read nor remove. As
 * root all of these do nothing. */

/* Into a new user namespace with the map of `s`, or (NULL, or none there) the one that --userns auto gives: every
 * capability over those files, while what is made is still the user's own. The caller has one thread. -1 with fail().
 */
int userns_enter(const struct spec *s);
/* Has this user a single id only: no subordinate ones, or no newuidmap(1)? */
bool userns_single(void);
/* Call fn in a child that is there, or here where this user has a single id. -1 with its fail(). */
int userns_do(int (*fn)(void *arg), void *arg);
/* tree_remove_at() there; what file.h's tree_denied is set to. */
int userns_tree_remove(int dirfd, const char *name);

#endif
