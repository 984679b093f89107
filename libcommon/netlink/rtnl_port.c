/* rtnl_port.c: ports of bridges, VLANs, flags of links, routes with attributes; see rtnl_port.h. */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/netconf.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include "err.h"
#include "rtnl_port.h"

static struct nlmsghdr *port_link(struct nl *n, const char *name, const char *what)
{
	struct nlmsghdr *h =
	    nl_msg(n, RTM_NEWLINK, NLM_F_ACK, sizeof(struct ifinfomsg), "%s: %s", name, what);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return h;
}

void rtnl_port_flags(struct nl *n, const char *name, bool hairpin, bool isolated)
{
	struct nlmsghdr *h =
	    port_link(n, name, isolated ? "isolate the port (Linux 4.18)" : "set hairpin mode");
	struct nlattr *info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_SLAVE_KIND, "bridge");
	struct nlattr *data = mnl_attr_nest_start(h, IFLA_INFO_SLAVE_DATA);
	if (hairpin)
		mnl_attr_put_u8(h, IFLA_BRPORT_MODE, 1);
	if (isolated)
		mnl_attr_put_u8(h, IFLA_BRPORT_ISOLATED, 1);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
}

static bool link_gone(const struct nlmsghdr *h, const void *index)
{
	const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	return h->nlmsg_type == RTM_DELLINK && mnl_nlmsg_get_payload_len(h) >= sizeof *i &&
	       i->ifi_family == AF_UNSPEC && /* AF_BRIDGE: it has only left its bridge */
	       i->ifi_index == *(const int *)index;
}

int rtnl_link_away(int netns_fd, const char *name)
{
	struct nl n;
	struct link_info l;
	int group = RTNLGRP_LINK;
	if (nl_open(&n, NETLINK_ROUTE, netns_fd) < 0)
		return -1;
	int r = rtnl_find(&n, name, &l);
	setsockopt(n.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group);
	if (r == 0) {
		rtnl_link_del(&n, name);
		r = nl_commit_left(&n, link_gone, &l.index);
	}
	int saved = errno;
	nl_close(&n);
	errno = saved;
	return r;
}

void rtnl_bridge_vlans(struct nl *n, const char *name)
{
	struct nlmsghdr *h = port_link(n, name, "VLAN filtering (CONFIG_BRIDGE_VLAN_FILTERING)");
	struct nlattr *info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "bridge");
	struct nlattr *data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	mnl_attr_put_u8(h, IFLA_BR_VLAN_FILTERING, 1);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
}

void rtnl_port_vlan(struct nl *n, int index, const char *name, uint16_t first, uint16_t last,
    bool untagged, bool self, bool del)
{
	struct nlmsghdr *h = nl_msg(n, del ? RTM_DELLINK : RTM_SETLINK, NLM_F_ACK,
	    sizeof(struct ifinfomsg), "%s: VLAN %u (CONFIG_BRIDGE_VLAN_FILTERING)", name, first);
	struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	i->ifi_family = AF_BRIDGE;
	i->ifi_index = index;
	struct nlattr *spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	if (self)
		mnl_attr_put_u16(h, IFLA_BRIDGE_FLAGS, BRIDGE_FLAGS_SELF);
	struct bridge_vlan_info v = {.vid = first};
	if (untagged)
		v.flags = BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED;
	if (last > first)
		v.flags |= BRIDGE_VLAN_INFO_RANGE_BEGIN;
	mnl_attr_put(h, IFLA_BRIDGE_VLAN_INFO, sizeof v, &v);
	if (last > first) {
		struct bridge_vlan_info end = {.vid = last, .flags = BRIDGE_VLAN_INFO_RANGE_END};
		mnl_attr_put(h, IFLA_BRIDGE_VLAN_INFO, sizeof end, &end);
	}
	mnl_attr_nest_end(h, spec);
}

void rtnl_link_flag(struct nl *n, const char *name, unsigned flag, bool on)
{
	struct nlmsghdr *h =
	    port_link(n, name, flag == IFF_PROMISC ? "set promiscuous mode" : "set flag");
	struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	i->ifi_change = flag;
	i->ifi_flags = on ? flag : 0;
}

static void port_silent(struct nl *n, const char *name)
{
	struct nlmsghdr *h = port_link(n, name, "no IPv6 address of its own");
	struct nlattr *spec = mnl_attr_nest_start(h, IFLA_AF_SPEC),
		      *v6 = mnl_attr_nest_start(h, AF_INET6);
	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, v6);
	mnl_attr_nest_end(h, spec);
}

int rtnl_port_up(struct nl *n, const char *name)
{
	size_t silent = n->n;
	port_silent(n, name);
	rtnl_link_up(n, 0, name, true);
	int r = nl_commit(n), saved = errno;
	if (r < 0 && n->failed == silent && !n->m[n->n - 1].err)
		r = 0; /* without IPv6 there is no such setting */
	nl_reset(n);
	errno = saved;
	return r;
}

void rtnl_inet_conf(struct nl *n, int index, const char *name, int conf, int value)
{
	struct nlmsghdr *h =
	    nl_msg(n, RTM_NEWLINK, NLM_F_ACK, sizeof(struct ifinfomsg), "%s: IPv4 setting", name);
	((struct ifinfomsg *)mnl_nlmsg_get_payload(h))->ifi_index = index;
	struct nlattr *spec = mnl_attr_nest_start(h, IFLA_AF_SPEC),
		      *v4 = mnl_attr_nest_start(h, AF_INET),
		      *all = mnl_attr_nest_start(h, IFLA_INET_CONF);
	mnl_attr_put_u32(h, (uint16_t)conf, (uint32_t)value);
	mnl_attr_nest_end(h, all);
	mnl_attr_nest_end(h, v4);
	mnl_attr_nest_end(h, spec);
}

static void on_netconf(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *tb[NETCONFA_FORWARDING + 1];
	nl_payload_attrs(tb, NETCONFA_FORWARDING, h, sizeof(struct netconfmsg));
	const int *v = nl_data(tb[NETCONFA_FORWARDING], sizeof *v);
	*(int *)arg = v ? *v : 1;
}

int rtnl_forwards(int family)
{
	struct nl n;
	int all = NETCONFA_IFINDEX_ALL, on = -1;
	if (nl_open(&n, NETLINK_ROUTE, -1) < 0)
		return -1;
	struct nlmsghdr *h = nl_msg(&n, RTM_GETNETCONF, 0, sizeof(struct netconfmsg), "forwarding");
	((struct netconfmsg *)mnl_nlmsg_get_payload(h))->ncm_family = (uint8_t)family;
	mnl_attr_put(h, NETCONFA_IFINDEX, sizeof all, &all);
	nl_query(&n, on_netconf, &on);
	nl_close(&n);
	return on;
}

void rtnl_link_mtu(struct nl *n, const char *name, int mtu)
{
	mnl_attr_put_u32(port_link(n, name, "set MTU"), IFLA_MTU, (uint32_t)mtu);
}

void rtnl_link_mac(struct nl *n, const char *name, const uint8_t mac[6])
{
	mnl_attr_put(port_link(n, name, "set MAC address"), IFLA_ADDRESS, 6, mac);
}

void rtnl_link_set(struct nl *n, int index, const char *name, int attr, const void *v, size_t len)
{
	struct nlmsghdr *h = nl_msg(n, RTM_NEWLINK, NLM_F_ACK, sizeof(struct ifinfomsg), "%s: %s",
	    name, attr == IFLA_IFNAME ? "rename (it must be down)" : "set");
	((struct ifinfomsg *)mnl_nlmsg_get_payload(h))->ifi_index = index;
	mnl_attr_put(h, (uint16_t)attr, len, v);
}

void rtnl_neigh(
    struct nl *n, bool add, int index, const char *name, const struct addr *a, const uint8_t *mac)
{
	char t[ADDR_TEXT];
	struct nlmsghdr *h = nl_msg(n, add ? RTM_NEWNEIGH : RTM_DELNEIGH,
	    NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0), sizeof(struct ndmsg),
	    "%s: neighbour %s: %s", name, addr_text(a, t), add ? "add" : "delete");
	struct ndmsg *m = mnl_nlmsg_get_payload(h);
	m->ndm_family = (uint8_t)a->family;
	m->ndm_ifindex = index;
	m->ndm_state = NUD_PERMANENT;
	mnl_attr_put(h, NDA_DST, addr_len(a), a->b);
	if (add)
		mnl_attr_put(h, NDA_LLADDR, 6, mac);
}

void rtnl_rule(
    struct nl *n, bool add, const struct cidr *from, const struct cidr *to, int table, int priority)
{
	const struct cidr *side[2] = {to, from};
	struct nlmsghdr *h = nl_msg(n, add ? RTM_NEWRULE : RTM_DELRULE,
	    NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0), sizeof(struct fib_rule_hdr),
	    "rule: %s", add ? "add" : "delete");
	struct fib_rule_hdr *m = mnl_nlmsg_get_payload(h);
	m->family = (uint8_t)(from->a.family ? from : to)->a.family;
	m->action = FR_ACT_TO_TBL;
	m->src_len = (uint8_t)from->len;
	m->dst_len = (uint8_t)to->len;
	for (int i = 0; i < 2; i++)
		if (side[i]->len) /* FRA_DST, FRA_SRC */
			mnl_attr_put(
			    h, (uint16_t)(FRA_DST + i), addr_len(&side[i]->a), side[i]->a.b);
	mnl_attr_put_u32(h, FRA_TABLE, (uint32_t)table);
	if (priority)
		mnl_attr_put_u32(h, FRA_PRIORITY, (uint32_t)priority);
}

static uint8_t scope_of(const struct route *r)
{
	if (r->scope >= 0)
		return (uint8_t)r->scope;
	return r->via.family || r->dst.a.family == AF_INET6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
}

void rtnl_route_new(struct nl *n, const struct route *r)
{
	char t[CIDR_TEXT];
	struct nlmsghdr *h = nl_msg(n, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK,
	    sizeof(struct rtmsg), "route %s: add", r->dst.len ? cidr_text(&r->dst, t) : "default");
	struct rtmsg *m = mnl_nlmsg_get_payload(h);
	struct addr net = cidr_first(&r->dst);
	m->rtm_family = (uint8_t)r->dst.a.family;
	m->rtm_dst_len = (uint8_t)r->dst.len;
	m->rtm_table = r->table >= 0 && r->table < 256 ? (uint8_t)r->table : RT_TABLE_MAIN;
	m->rtm_protocol = RTPROT_STATIC;
	m->rtm_type = RTN_UNICAST;
	m->rtm_scope = scope_of(r);
	m->rtm_flags = r->onlink ? RTNH_F_ONLINK : 0;
	if (r->dst.len)
		mnl_attr_put(h, RTA_DST, addr_len(&net), net.b);
	if (r->via.family)
		mnl_attr_put(h, RTA_GATEWAY, addr_len(&r->via), r->via.b);
	if (r->src.family)
		mnl_attr_put(h, RTA_PREFSRC, addr_len(&r->src), r->src.b);
	if (r->index)
		mnl_attr_put_u32(h, RTA_OIF, (uint32_t)r->index);
	if (r->priority >= 0)
		mnl_attr_put_u32(h, RTA_PRIORITY, (uint32_t)r->priority);
	if (r->table >= 0)
		mnl_attr_put_u32(h, RTA_TABLE, (uint32_t)r->table);
	if (r->mtu <= 0 && r->advmss <= 0)
		return;
	struct nlattr *x = mnl_attr_nest_start(h, RTA_METRICS);
	if (r->mtu > 0)
		mnl_attr_put_u32(h, RTAX_MTU, (uint32_t)r->mtu);
	if (r->advmss > 0)
		mnl_attr_put_u32(h, RTAX_ADVMSS, (uint32_t)r->advmss);
	mnl_attr_nest_end(h, x);
}
