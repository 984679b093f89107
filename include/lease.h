/* lease.h: addresses on lease (ctr-ipam(1), ctrbox-files(5)): $CTR_RUN/leases/NETWORK/ADDR, a file
 * for each address, with the owner's id on its first line, the interface's name on the second, and
 * the owner's host names on the third.
 *
 * A lease is written aside and link()ed to its address: two owners or half a lease cannot be.
 */
#ifndef CTR_LEASE_H
#define CTR_LEASE_H

#include "addr.h"
#include "str.h"

struct lease_req {
	struct cidr subnet;
	struct addr from, to;       /* the range that is handed out; family 0: the whole subnet */
	struct addr want;           /* exactly this one; family 0: any */
	const struct addr *exclude; /* never these: the gateway, say */
	size_t excludes;
	const char *owner, *ifname, *names; /* ifname and names may be NULL */
};
struct lease {
	struct addr addr;
	char owner[256], ifname[16];
	char *names; /* "" when there are none; of the callback's time only */
};

/* The directory of a network's leases, $CTR_RUN/leases/NETWORK. Caller frees. */
char *leases_of(const char *network);
/* Take an address of the network whose leases are in `dir` (made when missing). 0; -1 with fail(),
 * errno EADDRINUSE (the wanted one), ENOSPC (none left, or a full disk). */
int lease_take(const char *dir, const struct lease_req *r, struct addr *out);
/* Could `want` be a host's? 0, or -1 with fail(). */
int lease_check(const struct lease_req *r);
/* Give back one address; or all of an owner; or those that we gave it, in a time that does not grow
 * with the others'. The number freed, or -1 with fail(). */
int lease_free(const char *dir, const struct addr *a);
int lease_free_owner(const char *dir, const char *owner);
int lease_free_held(const char *dir, const char *owner);
/* Every lease of an owner, in a time that does not grow with the others'. 0, or -1 with fail(). */
int lease_of_owner(
    const char *dir, const char *owner, void (*fn)(const struct lease *l, void *arg), void *arg);
/* About how many owners there are, as the folder's count of links has it; 0 where that is not
 * known. */
unsigned lease_owners(const char *dir);
/* Is the directory marked as having the leases of all that live? With `mark` it is marked now. The
 * mark goes with the leases when somebody removes the directory. */
bool lease_whole(const char *dir, bool mark);
/* Free every lease that `keep` does not want kept. The number freed, or -1 with fail(). */
int lease_gc(const char *dir, bool (*keep)(const struct lease *l, void *arg), void *arg);
/* Every lease. A missing directory has none. 0, or -1 with fail(). */
int lease_each(const char *dir, void (*fn)(const struct lease *l, void *arg), void *arg);
/* Parse a lease file's text into l (addr is left alone; l->names points into text, which is cut
 * up). False when it is not one. */
bool lease_parse(char *text, size_t len, struct lease *l);

#endif
