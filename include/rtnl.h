/* rtnl.h: links, addresses and routes by rtnetlink(7). Most of the rtnl_* functions append one
 * message to the batch of `nl` (nl.h); rtnl_find, rtnl_links and others that return an int ask at
 * once. The socket comes from nl_open(NETLINK_ROUTE). */
#ifndef CTR_RTNL_H
#define CTR_RTNL_H

#include "addr.h"
#include "nl.h"

enum link_kind { LINK_BRIDGE, LINK_VETH, LINK_MACVLAN, LINK_IPVLAN };

struct link_add {
	enum link_kind kind;
	const char *name;
	const uint8_t *mac; /* NULL: the kernel chooses; a bridge has one of its own */
	int mtu;            /* 0: the kernel's default */
	bool up;
	int master;   /* a bridge's index, 0: none */
	int mode;     /* of macvlan and ipvlan, as linux/if_link.h has them; 0: bridge, L2 */
	int parent;   /* macvlan, ipvlan: the host's interface */
	int netns_fd; /* macvlan, ipvlan: where it appears; -1: here */
	/* veth: the other end, made directly in its network namespace */
	const char *peer;
	int peer_netns_fd;
	const uint8_t *peer_mac;
};
void rtnl_link_add(struct nl *n, const struct link_add *l);
void rtnl_link_del(struct nl *n, const char *name);
void rtnl_link_up(struct nl *n, int index, const char *name, bool up);
/* Set the alias of the interface of that name: ip(8) shows it, and our gc recognises an interface
 * by it. */
void rtnl_link_alias(struct nl *n, const char *name, const char *alias);
void rtnl_addr_add(struct nl *n, int index, const char *name, const struct cidr *a);
void rtnl_addr_del(struct nl *n, int index, const char *name, const struct cidr *a);
/* Add a route to `dst` (len 0: the default route) by the gateway `via` (family 0: none) or out of
 * the interface `index` (0: the kernel finds it). Returns the message, for more attributes. */
struct nlmsghdr *rtnl_route_add(
    struct nl *n, const struct cidr *dst, const struct addr *via, int index);
struct nlmsghdr *rtnl_route_del(
    struct nl *n, const struct cidr *dst, const struct addr *via, int index);

/* In a network namespace, set lo and that interface up, with addresses (family 0: none) and default
 * routes. 0 or -1. */
int rtnl_setup(
    int netns_fd, const char *ifname, const struct cidr *addr, size_t n, const struct addr gw[2]);

struct link_info {
	int index, master, mtu, queue, link; /* link: a veth's other end, by its index there */
	unsigned flags;                      /* IFF_* */
	char name[16], kind[16], alias[256];
	uint8_t mac[6];
};
/* The interface of that name: 0, or -1 with fail(), errno ENODEV when there is none. */
int rtnl_find(struct nl *n, const char *name, struct link_info *out);
/* Call fn for every interface. */
int rtnl_links(struct nl *n, void (*fn)(const struct link_info *l, void *arg), void *arg);
/* Parse an RTM_NEWLINK message. False when it is not one. */
bool rtnl_link_parse(const struct nlmsghdr *h, struct link_info *out);

/* Call fn for every address, with the index of its interface and its prefix. */
int rtnl_addrs(struct nl *n, void (*fn)(int index, const struct cidr *a, void *arg), void *arg);
/* Call fn for every route of all tables: the destination (len 0: default), the index of the
 * interface that it leads out by (0: none), and whether it is a unicast route. Linux 4.20 tells
 * only those of the interface `of` (0: of all), an older kernel of all the same. */
int rtnl_routes(struct nl *n, int of,
    void (*fn)(const struct cidr *dst, int oif, bool unicast, void *arg), void *arg);
/* Append to *out, as the kernel reports them, the addresses, routes and permanent neighbours of an
 * interface (0: the routes of all interfaces). Where `len` is not -1, only routes to a prefix of
 * that length are appended. 0, or -1 with fail(). */
int rtnl_save(struct nl *n, int index, int len, struct buf *out);
/* Make those of them that are missing again. 0, or -1 with fail(). */
int rtnl_restore(struct nl *n, const struct buf *saved);
/* How the kernel would send to `to`: by which interface, whether it is an address of this host, and
 * whether a gateway is in between; `mtu` (or NULL) gets what the route itself says, 0 nothing. -1
 * with fail(). */
int rtnl_route_get(
    struct nl *n, const struct addr *to, int *oif, bool *local, bool *gateway, int *mtu);

/* Interface names: 1..15 bytes, no '/', no blank, not "." or "..". 0, or -1 with fail(). */
int ifname_check(const char *what, const char *s);

#endif
