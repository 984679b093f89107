/* network.h: named networks, $CTR_LIB/networks/NAME/conf (ctr-net(1)): their records, and their
 * bridges.
 */
#ifndef CTR_NETWORK_H
#define CTR_NETWORK_H

#include "addr.h"
#include "kv.h"
#include "lease.h"
#include "nft.h"
#include "rtnl.h"

struct network {
	char *name, *driver; /* bridge, macvlan, ipvlan */
	char *bridge; /* the host's interface: the bridge, or the parent of macvlan and ipvlan */
	struct cidr subnet[2];                  /* IPv4, IPv6; family 0: none */
	struct addr gateway[2], from[2], to[2]; /* family 0: none given */
	bool internal;
	int mtu; /* 0: the default */
	int64_t created;
	char *labels; /* KEY=VALUE, a line each; NULL: none */
	int lock; /* its conf, held shared from network_open() to network_free(): until then it is
		     not removed; -1 */
};

/* Read one: 0, or -1 with fail(), errno ENOENT when there is none, EINVAL or EISDIR when its record
 * is damaged. */
int network_open(struct network *n, const char *name);
void network_free(struct network *n);
/* Complete it (subnet, gateway, bridge) and record it. -1 with fail(), EEXIST. */
int network_create(struct network *n);
/* network_open, and `bridge` is made where it is missing. */
int network_open_or_default(struct network *n, const char *name);
int network_names(struct strv *out);
/* The folder of all networks' records, open; `make`: it is made where it is missing. -1 with errno.
 */
int network_records(bool make);
/* Remove the record, its bridge and its elements. It must not be in use, and n->lock must be held
 * exclusively. */
int network_remove(struct network *n);
/* lease_each of its leases. */
int network_lease_each(const char *name, void (*fn)(const struct lease *l, void *arg), void *arg);
/* dir_each of $CTR_RUN/leases: each network, or subnet of ctr-ipam, that has a directory of leases.
 */
int network_leases_each(int (*fn)(int dirfd, const char *name, void *arg), void *arg);

/* Make its bridge where it is missing, turn forwarding on where it needs it and nf_tables is there
 * (f, an empty transaction; else NULL). *index: of the bridge or parent. */
int network_up(const struct network *n, struct nl *rt, struct nft *f, int *index);
/* The bridge or veth of this host behind which an address is directly reachable. Never an interface
 * that leads to the outside: what comes in by it must not be taken for a container's traffic. 0; 1:
 * there is none; -1 with fail(). */
int network_door(struct nl *rt, const struct addr *a, struct link_info *out);
/* Warn of other tables' chains that drop what is forwarded, with the rule that would let the
 * network through. */
void network_drops(const struct network *n);
/* The file that says whether a family is forwarded. */
const char *forward_path(int family);
/* Turn IP forwarding on for a family, report it, and close the host for traffic that is not ours.
 * 0; 1 with fail(): it could not be closed, and forwarding stays off; -1 with fail(). */
int forward_on(int family, struct nft *f);
/* Turn off what forward_on() turned on, and open the host again. 1: done; 0: it was not turned on
 * by us; -1 with fail(). */
int forward_off(int family);
/* When no network is recorded and our tables hold nothing, forwarding is turned off again if we
 * turned it on, and the tables are removed. 1: forwarding was turned off; 0; or -1 with fail(). */
int network_idle(void);
/* While it is held exclusively, no network is made: a descriptor to close; -1 with fail(), ENOENT
 * when there is none. */
int network_records_lock(void);
/* Of each of these interfaces, one a line: whether it heeds router advertisements. */
void net_accept_ra(const char *names, const char *value);
/* The file in $CTR_RUN that says that we turned forwarding on; in it the interfaces that heeded
 * router advertisements before. Caller frees. */
char *forward_mark(int family);
/* Before a bridge of ours is brought up: its link-local address can be used for neighbour discovery
 * at once, and nobody behind the bridge is accepted as a router. */
void bridge_sysctls(const char *ifname);
/* Write a file below /proc/sys/net. 0 or -1 with fail(). */
int net_sysctl(const char *value, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
