/* host_names.h: the names of a network's containers in each other's /etc/hosts, kept by whoever
 * joins and leaves.
 *
 * $CTR_RUN/hosts/NETWORK has a link to the hosts file of each member, and `.all`, a file of the
 * same form with every name: who joins takes his block from there and adds his own line to all. Its
 * lock is held meanwhile. Nobody else has to do anything: a name is known when its container's
 * start returns.
 */
#ifndef CTR_HOST_NAMES_H
#define CTR_HOST_NAMES_H

#include "addr.h"
#include "str.h"

/* The block that is ours in a hosts file; a file without it is left alone. */
#define HOSTS_BEGIN "# ctrbox: names on the network, kept current\n"
#define HOSTS_END "# ctrbox: end\n"

struct host_names {
	const char *network, *id;
	const char *file;        /* its own hosts file; NULL: it has none of ours */
	const char *own, *names; /* what its addresses are called there, and in the others' */
	const struct cidr *addr; /* IPv4, IPv6; family 0: none */
};
/* 0, or -1 with fail(). */
int host_names_join(const struct host_names *h);
/* Its addresses' lines go from the others' files; with `subnet` (as addr) those of that network
 * from its own, too. */
int host_names_leave(
    const char *network, const char *id, const struct cidr *addr, const struct cidr *subnet);
/* Its first name was `from` until now, its file is now `file`. */
int host_names_rename(const char *network, const char *id, const struct cidr *addr,
    const char *from, const char *to, const char *file);
/* Every network's folder of such links: fn(name). */
char *host_names_dir(const char *network);

#endif
