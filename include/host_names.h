/* host_names.h: the names of a network's containers in each other's /etc/hosts, updated by whoever
 * joins or leaves.
 *
 * $CTR_RUN/hosts/NETWORK has a link to the hosts file of each member, and `.all`, a file of the
 * same form with every name: a container that joins takes the block from there and adds its own
 * line to all files. The folder is locked meanwhile. Nobody else has to do anything: when a
 * container's start returns, its name is known.
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
	const char *file; /* its own hosts file; NULL: it has none of ours */
	/* The names of its addresses in its own file, and in the others'. */
	const char *own, *names;
	const struct cidr *addr; /* IPv4, IPv6; family 0: none */
	/* It is there already, and all the files know it; but the folder was removed. */
	bool again;
};
/* 0, or -1 with fail(). */
int host_names_join(const struct host_names *h);
/* Remove the lines of its addresses from the others' files; with `subnet` (like addr) also those of
 * that network from its own. */
int host_names_leave(
    const char *network, const char *id, const struct cidr *addr, const struct cidr *subnet);
/* Its first name was `from` until now, and its file is now `file`. */
int host_names_rename(const char *network, const char *id, const struct cidr *addr,
    const char *from, const char *to, const char *file);
/* The folder of a network, whether it is there or not. Caller frees. */
char *host_names_dir(const char *network);

#endif
