/* rtnl_port.h: what a bridge's port, and any interface, can be told beside its address (rtnl.h):
 * flags of a port, VLANs, promiscuous mode, MTU, MAC; routes with their attributes. Each function
 * appends one message to the batch.
 */
#ifndef CTR_RTNL_PORT_H
#define CTR_RTNL_PORT_H

#include "rtnl.h"

/* Hairpin mode, and isolation from the other isolated ports (Linux 4.18), of a bridge's port. */
void rtnl_port_flags(struct nl *n, const char *name, bool hairpin, bool isolated);
/* A bridge looks at VLAN tags from now on (CONFIG_BRIDGE_VLAN_FILTERING). */
void rtnl_bridge_vlans(struct nl *n, const char *name);
/* VLANs first to last of a port; untagged: it is also what untagged frames belong to. `self`: of
 * the bridge itself. */
void rtnl_port_vlan(struct nl *n, int index, const char *name, uint16_t first, uint16_t last,
    bool untagged, bool self, bool del);
/* IFF_PROMISC, IFF_ALLMULTI: set or clear. */
void rtnl_link_flag(struct nl *n, const char *name, unsigned flag, bool on);
void rtnl_link_mtu(struct nl *n, const char *name, int mtu);
void rtnl_link_mac(struct nl *n, const char *name, const uint8_t mac[6]);
/* Commits what is queued, and in the same batch sets a bridge's port up without an IPv6 address of
 * its own: it needs none, and the kernel would search the addresses of all ports for each new one.
 * Returns 0, or -1 with errno and fail_msg() of what failed first. */
int rtnl_port_up(struct nl *n, const char *name);
/* A file of /proc/sys/net/ipv4/conf/NAME by its number, IPV4_DEVCONF_ of linux/ip.h: the kernel
 * finds that folder among those of all network namespaces, in time that grows with their number. */
void rtnl_inet_conf(struct nl *n, int index, const char *name, int conf, int value);
/* One attribute (IFLA_IFNAME, IFLA_MTU, IFLA_ADDRESS, IFLA_MASTER) of the interface of that index;
 * its name is for messages. */
void rtnl_link_set(struct nl *n, int index, const char *name, int attr, const void *v, size_t len);
/* A neighbour whose MAC address is not asked for: permanent. */
void rtnl_neigh(
    struct nl *n, bool add, int index, const char *name, const struct addr *a, const uint8_t *mac);
/* What comes from, or goes to, a subnet (len 0: any) is led by that table; priority 0: the kernel's
 * choice. */
void rtnl_rule(struct nl *n, bool add, const struct cidr *from, const struct cidr *to, int table,
    int priority);

struct route {
	struct cidr dst;                             /* len 0: default */
	struct addr via, src;                        /* family 0: none */
	int64_t mtu, advmss, priority, table, scope; /* -1: none given */
	int index;
	bool onlink;
};
void rtnl_route_new(struct nl *n, const struct route *r);

#endif
