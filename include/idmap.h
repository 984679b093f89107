/* idmap.h: user and group id maps (user_namespaces(7)).
 */
#ifndef CTR_IDMAP_H
#define CTR_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "idmap_types.h"

/* Write the maps of a child in a new user namespace: directly as root; else a single-id map
 * directly, and longer ones through newuidmap(1) and newgidmap(1). -1 with fail(). */
int idmap_write(pid_t pid, const struct idmap_entry *uids, size_t n_uids,
    const struct idmap_entry *gids, size_t n_gids);
/* The first range of `user` (a name or number) in the text of /etc/subuid or /etc/subgid
 * (subuid(5)). 0, -1 none. */
int subid_find(const char *text, const char *user, uid_t uid, uint32_t *start, uint32_t *count);
/* All ranges of `user` in such a text, cut into pieces of SUBID_SIZE (one that is smaller is a
 * piece): how many there are, and the nth, from 0, into e's host and size. A line that has ids of
 * an earlier one does not count, so that two pieces share none. */
#define SUBID_SIZE 65536u
uint32_t subid_nth(
    const char *text, const char *user, uid_t uid, uint32_t nth, struct idmap_entry *e);
/* The id inside a map of one outside, and the other way: false where it is not in the map. */
bool idmap_inside(const struct idmap_entry *map, size_t n, uint32_t outside, uint32_t *inside);
bool idmap_outside(const struct idmap_entry *map, size_t n, uint32_t inside, uint32_t *outside);
/* Append one range, unless it is empty; the map's owner frees m->v. */
void idmap_add(struct idmap *m, uint32_t container, uint32_t host, uint32_t size);
/* "CONTAINER:HOST:SIZE[,...]" appended to v. -1 with fail(). */
int idmap_parse(const char *text, struct idmap_entry **v, size_t *n);

#endif
