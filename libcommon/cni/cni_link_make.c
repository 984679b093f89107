/* cni_link_make.c: the interfaces themselves: the bridge and the veth, a port's VLANs, macvlan and
 * ipvlan; see cni_link.h. */
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "cni_link.h"
#include "endpoint.h"
#include "err.h"
#include "network.h"

int cni_link_commit(struct nl *n)
{
	int r = nl_commit(n), saved = errno;
	nl_reset(n);
	errno = saved;
	return r;
}

static void link_default(const struct cidr *dst, int oif, bool unicast, void *arg)
{
	int *index = arg;
	if (dst->len == 0 && unicast && oif && !*index)
		*index = oif;
}

/* The bridge: made when it does not exist; an existing one is used as it is. */
int cni_link_bridge_up(const struct cni_link *l, struct nl *rt, struct link_info *b)
{
	int r = rtnl_find(rt, l->bridge, b);
	if (r < 0) {
		if (errno != ENODEV)
			return -1;
		struct link_add a = {
		    .kind = LINK_BRIDGE, .name = l->bridge, .mtu = (int)l->mtu, .netns_fd = -1};
		rtnl_link_add(rt, &a);
		if (cni_link_commit(rt) < 0 && errno != EEXIST)
			return -1;
		if (rtnl_find(rt, l->bridge, b) < 0)
			return -1;
	}
	if (strcmp(b->kind, "bridge") != 0)
		return fail(
		    "%s: there is an interface of this name, and it is no bridge", l->bridge);
	if (l->promisc)
		rtnl_link_flag(rt, l->bridge, IFF_PROMISC, true);
	if (l->vlan || l->n_trunk)
		rtnl_bridge_vlans(rt, l->bridge);
	if (!(b->flags & IFF_UP)) {
		bridge_sysctls(l->bridge);
		rtnl_link_up(rt, b->index, l->bridge, true);
	}
	return cni_link_commit(rt);
}

/* Set a port's VLANs, knowing those that it has by default. */
static int link_port_vlans(const struct cni_link *l, struct nl *rt, const char *port, bool trunk)
{
	struct link_info h;
	if (rtnl_find(rt, port, &h) < 0)
		return -1;
	if (!l->keep_vlan) {
		rtnl_port_vlan(rt, h.index, port, 1, 1, false, false, true);
		if (cni_link_commit(rt) < 0 && errno != ENOENT) /* it is gone already */
			return -1;
	}
	if (l->vlan)
		rtnl_port_vlan(
		    rt, h.index, port, (uint16_t)l->vlan, (uint16_t)l->vlan, true, false, false);
	for (size_t i = 0; trunk && i < l->n_trunk; i++)
		rtnl_port_vlan(
		    rt, h.index, port, l->trunk[i].first, l->trunk[i].last, false, false, false);
	return cni_link_commit(rt);
}

int cni_link_vlans(const struct cni_link *l, struct nl *rt)
{
	return l->vlan || l->n_trunk ? link_port_vlans(l, rt, l->host, true) : 0;
}

int cni_link_vlan_gateway(const struct cni_link *l, struct nl *rt, const struct link_info *bridge)
{
	struct link_info g;
	char port[16];
	cni_link_name("veth", l->door, port);
	if (rtnl_find(rt, l->door, &g) < 0) {
		if (errno != ENODEV)
			return -1;
		struct link_add a = {.kind = LINK_VETH,
		    .name = port,
		    .mtu = (int)l->mtu,
		    .up = true,
		    .master = bridge->index,
		    .netns_fd = -1,
		    .peer = l->door,
		    .peer_netns_fd = -1};
		rtnl_link_add(rt, &a);
		if ((cni_link_commit(rt) < 0 && errno != EEXIST) || rtnl_find(rt, l->door, &g) < 0)
			return -1;
	}
	/* Each time, because a kill may have left the interface down. */
	if (!(g.flags & IFF_UP))
		rtnl_link_up(rt, g.index, l->door, true);
	return cni_link_commit(rt) < 0 ? -1 : link_port_vlans(l, rt, port, false);
}

static int link_mode(struct cni_call *c, const char *mode, int *out)
{
	static const struct {
		const char *name;
		unsigned kind;
		int mode;
	} modes[] = {{"bridge", CNI_MACVLAN, MACVLAN_MODE_BRIDGE},
	    {"private", CNI_MACVLAN, MACVLAN_MODE_PRIVATE},
	    {"vepa", CNI_MACVLAN, MACVLAN_MODE_VEPA},
	    {"passthru", CNI_MACVLAN, MACVLAN_MODE_PASSTHRU}, {"l2", CNI_IPVLAN, IPVLAN_MODE_L2},
	    {"l3", CNI_IPVLAN, IPVLAN_MODE_L3}, {"l3s", CNI_IPVLAN, IPVLAN_MODE_L3S}};
	*out = 0;
	if (!mode || !*mode)
		return 0;
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
		if (c->does & modes[i].kind && strcmp(modes[i].name, mode) == 0) {
			*out = modes[i].mode;
			return 0;
		}
	return cni_fail(c, CNI_BAD_CONFIG, "mode: '%s' is not one of %s", mode, c->plugin);
}

/* macvlan and ipvlan: the parent is named, or is the interface of the default route. */
int cni_link_parent(struct cni_call *c, const struct cni_link *l, struct nl *rt, int *index)
{
	struct link_info p;
	*index = 0;
	if (l->master && *l->master) {
		if (rtnl_find(rt, l->master, &p) < 0)
			return cni_fail(c, CNI_BAD_CONFIG, "master: %s", fail_msg());
		*index = p.index;
		if (l->mtu > p.mtu)
			return cni_fail(c, CNI_BAD_CONFIG, "mtu: %d: that of %s is %d", (int)l->mtu,
			    l->master, p.mtu);
		return 0;
	}
	if (rtnl_routes(rt, 0, link_default, index) < 0)
		return -1;
	return *index ? 0
		      : cni_fail(
			    c, CNI_BAD_CONFIG, "master: not given, and there is no default route");
}

int cni_link_sub(struct cni_call *c, const struct cni_link *l)
{
	struct nl rt;
	struct link_add a = {.kind = c->does & CNI_MACVLAN ? LINK_MACVLAN : LINK_IPVLAN,
	    .name = c->ifname,
	    .mtu = (int)l->mtu,
	    .netns_fd = c->ns,
	    .mac = l->has_mac ? l->mac : NULL};
	if (link_mode(c, l->mode, &a.mode) < 0 ||
	    nl_open(&rt, NETLINK_ROUTE, l->in_container ? c->ns : -1) < 0)
		return -1;
	int r = cni_link_parent(c, l, &rt, &a.parent);
	if (r == 0) {
		if (l->in_container)
			a.netns_fd = -1;
		rtnl_link_add(&rt, &a);
		r = nl_commit(&rt);
	}
	int saved = errno;
	nl_close(&rt);
	errno = saved;
	return r;
}

int cni_link_pair(
    struct cni_call *c, struct cni_link *l, struct nl *rt, const struct link_info *bridge)
{
	struct link_add a = {.kind = LINK_VETH,
	    .name = l->host,
	    .mtu = (int)l->mtu,
	    .mac = l->host_mac,
	    .up = !bridge->index,
	    .master = bridge->index,
	    .netns_fd = -1,
	    .peer = c->ifname,
	    .peer_netns_fd = c->ns,
	    .peer_mac = l->mac};
	rtnl_link_add(rt, &a);
	/* In one batch: after a kill there is a veth with its alias, or none. */
	rtnl_link_alias(rt, l->host, c->owner);
	if (bridge->index && (l->hairpin || l->isolate))
		rtnl_port_flags(rt, l->host, l->hairpin, l->isolate);
	if (!bridge->index)
		return cni_link_commit(rt);
	return rtnl_port_up(rt, l->host);
}

void cni_link_choose_mac(struct cni_link *l, const struct cni_result *r)
{
	/* The MAC of the host's end is chosen here, so that it need not be asked for later. */
	if (getrandom(l->host_mac, 6, 0) != 6)
		memcpy(l->host_mac, l->host + 4, 6);
	l->host_mac[0] = (uint8_t)((l->host_mac[0] & 0xfc) | 2);
	if (l->has_mac)
		return;
	struct cidr first[2] = {0};
	for (size_t i = r->n_ips; i-- > 0;)
		first[r->ips[i].addr.a.family == AF_INET6] = r->ips[i].addr;
	if (r->n_ips) {
		endpoint_mac(first, l->mac);
		return;
	}
	l->mac[0] = 0x02;
	if (getrandom(l->mac + 1, 5, 0) != 5)
		l->mac[5] = 1;
}
