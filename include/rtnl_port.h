/* rtnl_port.h: settings beside addresses (rtnl.h): of a bridge's port its flags and VLANs, of any
 * interface promiscuous mode, MTU and MAC; and routes with all their attributes. Each function
 * appends one message to the batch. */
#ifndef CTR_RTNL_PORT_H
#define CTR_RTNL_PORT_H

#include "rtnl.h"

/* Set hairpin mode, and isolation from the other isolated ports (Linux 4.18), of a port of a
 * bridge. Hairpin: it sends back what came in by it; where br_netfilter is loaded, a container can
 * reach its own published port only in this way. */
void rtnl_port_flags(struct nl *n, const char *name, bool hairpin, bool isolated);
/* Remove an interface (of a veth: the pair) in a network namespace, -1: this one. At the return its
 * name, and its peer's, are free and its addresses and routes are gone. What the kernel then waits
 * for (rcu_barrier(9) in netdev_run_todo(), 10 ms and more, and the end of nf_tables' sockets that
 * are open) a child waits for that holds nothing but netlink sockets: nl_commit_left(). No other
 * way is shorter: a move into a dying namespace has such a barrier for each end. 0; -1 with fail(),
 * errno ENODEV when there is none. */
int rtnl_link_away(int netns_fd, const char *name);
/* From now on the bridge takes account of VLAN tags (CONFIG_BRIDGE_VLAN_FILTERING). */
void rtnl_bridge_vlans(struct nl *n, const char *name);
/* Add or delete the VLANs `first` to `last` of a port. `untagged`: frames without a tag belong to
 * it, too. `self`: of the bridge itself. */
void rtnl_port_vlan(struct nl *n, int index, const char *name, uint16_t first, uint16_t last,
    bool untagged, bool self, bool del);
/* Does the host forward packets of that family? 1, 0, or -1: it does not tell, or has no such
 * family. The files of /proc/sys/net tell it, too, but are the slower to find the more network
 * namespaces have looked at theirs. */
int rtnl_forwards(int family);
/* Set or clear IFF_PROMISC or IFF_ALLMULTI. */
void rtnl_link_flag(struct nl *n, const char *name, unsigned flag, bool on);
void rtnl_link_mtu(struct nl *n, const char *name, int mtu);
void rtnl_link_mac(struct nl *n, const char *name, const uint8_t mac[6]);
/* Commits what is queued, and in the same batch sets a bridge's port up without an IPv6 address of
 * its own: it needs none, and the kernel would search the addresses of all ports for each new one.
 * Returns 0, or -1 with errno and fail_msg() of what failed first. */
int rtnl_port_up(struct nl *n, const char *name);
/* Set what is a file of /proc/sys/net/ipv4/conf/NAME by its number, IPV4_DEVCONF_* of linux/ip.h:
 * the kernel looks for that folder among those of all network namespaces, which takes longer the
 * more there are. */
void rtnl_inet_conf(struct nl *n, int index, const char *name, int conf, int value);
/* Set one attribute (IFLA_IFNAME, IFLA_MTU, IFLA_ADDRESS, IFLA_MASTER) of the interface of that
 * index; its name is for messages. */
void rtnl_link_set(struct nl *n, int index, const char *name, int attr, const void *v, size_t len);
/* A permanent neighbour, whose MAC address the kernel never asks for. */
void rtnl_neigh(
    struct nl *n, bool add, int index, const char *name, const struct addr *a, const uint8_t *mac);
/* A rule: packets from a subnet, or to one (len 0: any), use that table. Priority 0: the kernel
 * chooses. */
void rtnl_rule(struct nl *n, bool add, const struct cidr *from, const struct cidr *to, int table,
    int priority);

struct route {
	struct cidr dst;                             /* len 0: default */
	struct addr via, src;                        /* family 0: none */
	int64_t mtu, advmss, priority, table, scope; /* -1: none given */
	int index;
	bool onlink;
};
/* Append a message that adds a route; that there is one like it is an error (EEXIST). Without a
 * scope it is that of a route of its kind, without a table main. */
void rtnl_route_new(struct nl *n, const struct route *r);

#endif
