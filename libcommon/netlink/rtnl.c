/* rtnl.c: links, addresses and routes; see rtnl.h. */
#include <errno.h>
#include <net/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "err.h"
#include "rtnl.h"

static const char *const kinds[] = {[LINK_BRIDGE] = "bridge",
    [LINK_VETH] = "veth",
    [LINK_MACVLAN] = "macvlan",
    [LINK_IPVLAN] = "ipvlan"};

int ifname_check(const char *what, const char *s)
{
	size_t n = strlen(s);
	if (n == 0 || n > 15 || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return fail("%s: '%s' is not an interface's name (1 to 15 bytes)", what, s);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c <= ' ' || c == '/' || c == ':' || c == '%' || c >= 0x7f)
			return fail("%s: character 0x%02x in an interface's name", what, c);
	}
	return 0;
}

/* --- links --- */

/* One queue in each direction, which is what a veth uses. Otherwise the kernel makes one for each
 * processor and waits until nobody can be using those that it takes away again. */
static void veth_queues(struct nlmsghdr *h)
{
	mnl_attr_put_u32(h, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(h, IFLA_NUM_RX_QUEUES, 1);
}

static void veth_peer(struct nlmsghdr *h, const struct link_add *l)
{
	struct nlattr *peer = mnl_attr_nest_start(h, VETH_INFO_PEER);
	struct ifinfomsg *i =
	    mnl_nlmsg_put_extra_header(h, sizeof *i); /* not IFF_UP here: ENOTCONN */
	i->ifi_family = AF_UNSPEC;
	mnl_attr_put_strz(h, IFLA_IFNAME, l->peer);
	veth_queues(h);
	if (l->peer_netns_fd >= 0)
		mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)l->peer_netns_fd);
	if (l->peer_mac)
		mnl_attr_put(h, IFLA_ADDRESS, 6, l->peer_mac);
	if (l->mtu)
		mnl_attr_put_u32(h, IFLA_MTU, (uint32_t)l->mtu);
	mnl_attr_nest_end(h, peer);
}

void rtnl_link_add(struct nl *n, const struct link_add *l)
{
	struct nlmsghdr *h = nl_msg(n, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK,
	    sizeof(struct ifinfomsg), "%s %s: add", kinds[l->kind],
	    l->peer ? l->peer : l->name); /* the host's end has a random name */
	struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	if (l->up)
		i->ifi_flags = i->ifi_change = IFF_UP;
	mnl_attr_put_strz(h, IFLA_IFNAME, l->name);
	uint8_t own[6] = {0x02}; /* a bridge's own: one that is not set changes with its ports, and
				    neighbours lose the bridge */
	const uint8_t *mac = l->mac;
	if (l->kind == LINK_BRIDGE && getrandom(own + 1, 5, 0) == 5)
		mac = own;
	if (mac)
		mnl_attr_put(h, IFLA_ADDRESS, 6, mac);
	if (l->mtu)
		mnl_attr_put_u32(h, IFLA_MTU, (uint32_t)l->mtu);
	if (l->master)
		mnl_attr_put_u32(h, IFLA_MASTER, (uint32_t)l->master);
	if (l->parent)
		mnl_attr_put_u32(h, IFLA_LINK, (uint32_t)l->parent);
	if ((l->kind == LINK_MACVLAN || l->kind == LINK_IPVLAN) && l->netns_fd >= 0)
		mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)l->netns_fd);
	if (l->kind == LINK_VETH)
		veth_queues(h);
	struct nlattr *info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, kinds[l->kind]);
	struct nlattr *data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	if (l->kind == LINK_VETH)
		veth_peer(h, l);
	else if (l->kind == LINK_MACVLAN)
		mnl_attr_put_u32(
		    h, IFLA_MACVLAN_MODE, l->mode ? (uint32_t)l->mode : MACVLAN_MODE_BRIDGE);
	else if (l->kind == LINK_IPVLAN)
		mnl_attr_put_u16(h, IFLA_IPVLAN_MODE, (uint16_t)l->mode);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
}

static struct nlmsghdr *link_msg(struct nl *n, int type, const char *name, const char *what)
{
	struct nlmsghdr *h =
	    nl_msg(n, type, NLM_F_ACK, sizeof(struct ifinfomsg), "%s: %s", name, what);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return h;
}

void rtnl_link_del(struct nl *n, const char *name)
{
	link_msg(n, RTM_DELLINK, name, "delete");
}

void rtnl_link_up(struct nl *n, int index, const char *name, bool up)
{
	struct nlmsghdr *h = nl_msg(n, RTM_NEWLINK, NLM_F_ACK, sizeof(struct ifinfomsg),
	    "%s: set %s", name, up ? "up" : "down");
	struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	i->ifi_index = index;
	i->ifi_change = IFF_UP;
	i->ifi_flags = up ? IFF_UP : 0;
	if (!index)
		mnl_attr_put_strz(h, IFLA_IFNAME, name);
}

void rtnl_link_alias(struct nl *n, const char *name, const char *alias)
{
	mnl_attr_put_str(link_msg(n, RTM_NEWLINK, name, "set alias"), IFLA_IFALIAS, alias);
}

/* --- addresses and routes --- */

static void addr_msg(
    struct nl *n, int type, int flags, int index, const char *name, const struct cidr *c)
{
	char t[CIDR_TEXT];
	struct nlmsghdr *h = nl_msg(n, type, flags | NLM_F_ACK, sizeof(struct ifaddrmsg),
	    "%s: %s address %s", name, type == RTM_NEWADDR ? "add" : "delete", cidr_text(c, t));
	struct ifaddrmsg *a = mnl_nlmsg_get_payload(h);
	a->ifa_family = (uint8_t)c->a.family;
	a->ifa_prefixlen = (uint8_t)c->len;
	/* A lease made it unique: no second of duplicate address detection. */
	a->ifa_flags = c->a.family == AF_INET6 && type == RTM_NEWADDR ? IFA_F_NODAD : 0;
	a->ifa_index = (uint32_t)index;
	mnl_attr_put(h, IFA_LOCAL, addr_len(&c->a), c->a.b);
	mnl_attr_put(h, IFA_ADDRESS, addr_len(&c->a), c->a.b);
	struct addr last = cidr_last(c);
	if (type == RTM_NEWADDR && c->a.family == AF_INET && c->len < 31)
		mnl_attr_put(h, IFA_BROADCAST, 4, last.b);
}

void rtnl_addr_add(struct nl *n, int index, const char *name, const struct cidr *a)
{
	addr_msg(n, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, name, a);
}

void rtnl_addr_del(struct nl *n, int index, const char *name, const struct cidr *a)
{
	addr_msg(n, RTM_DELADDR, 0, index, name, a);
}

static struct nlmsghdr *route_msg(
    struct nl *n, int type, int flags, const struct cidr *dst, const struct addr *via, int index)
{
	char t[CIDR_TEXT];
	struct nlmsghdr *h =
	    nl_msg(n, type, flags | NLM_F_ACK, sizeof(struct rtmsg), "route %s: %s",
		dst->len ? cidr_text(dst, t) : "default", type == RTM_NEWROUTE ? "add" : "delete");
	struct rtmsg *r = mnl_nlmsg_get_payload(h);
	struct addr net = cidr_first(dst);
	r->rtm_family = (uint8_t)dst->a.family;
	r->rtm_dst_len = (uint8_t)dst->len;
	r->rtm_table = RT_TABLE_MAIN;
	r->rtm_protocol = type == RTM_NEWROUTE ? RTPROT_STATIC : RTPROT_UNSPEC;
	r->rtm_type = type == RTM_NEWROUTE ? RTN_UNICAST : RTN_UNSPEC;
	r->rtm_scope = via->family || dst->a.family == AF_INET6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	if (type == RTM_DELROUTE)
		r->rtm_scope = RT_SCOPE_NOWHERE;
	if (dst->len)
		mnl_attr_put(h, RTA_DST, addr_len(&net), net.b);
	if (via->family)
		mnl_attr_put(h, RTA_GATEWAY, addr_len(via), via->b);
	if (index)
		mnl_attr_put_u32(h, RTA_OIF, (uint32_t)index);
	return h;
}

struct nlmsghdr *rtnl_route_add(
    struct nl *n, const struct cidr *dst, const struct addr *via, int index)
{
	return route_msg(n, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, dst, via, index);
}

struct nlmsghdr *rtnl_route_del(
    struct nl *n, const struct cidr *dst, const struct addr *via, int index)
{
	return route_msg(n, RTM_DELROUTE, 0, dst, via, index);
}

int rtnl_setup(
    int netns_fd, const char *ifname, const struct cidr *addr, size_t n, const struct addr gw[2])
{
	struct nl in;
	struct link_info l, lo;
	if (nl_open(&in, NETLINK_ROUTE, netns_fd) < 0)
		return -1;
	int r = rtnl_find(&in, ifname, &l);
	if (r == 0 && rtnl_find(&in, "lo", &lo) == 0 && !(lo.flags & IFF_UP))
		rtnl_link_up(&in, lo.index, "lo", true);
	if (r == 0)
		rtnl_link_up(&in, l.index, ifname, true);
	for (size_t i = 0; i < n && r == 0; i++)
		if (addr[i].a.family)
			rtnl_addr_add(&in, l.index, ifname, &addr[i]);
	for (int i = 0; i < 2 && r == 0; i++) {
		struct cidr all = {.a = {.family = gw[i].family}};
		if (gw[i].family)
			rtnl_route_add(&in, &all, &gw[i], l.index);
	}
	return nl_commit_close(&in, r);
}

/* --- looking --- */

static void copy_text(char *out, size_t size, const struct nlattr *a)
{
	size_t n = a ? mnl_attr_get_payload_len(a) : 0;
	const char *s = a ? mnl_attr_get_payload(a) : "";
	n = strnlen(s, n < size ? n : size - 1);
	memcpy(out, s, n);
	out[n] = 0;
}

static uint32_t u32(const struct nlattr *a)
{
	uint32_t v = 0;
	const void *p = nl_data(a, 4);
	if (p)
		memcpy(&v, p, 4);
	return v;
}

bool rtnl_link_parse(const struct nlmsghdr *h, struct link_info *out)
{
	const struct nlattr *tb[IFLA_IFALIAS + 1], *info[IFLA_INFO_KIND + 1];
	memset(out, 0, sizeof *out);
	if (h->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(h) < sizeof(struct ifinfomsg))
		return false;
	const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	nl_payload_attrs(tb, IFLA_IFALIAS, h, sizeof *i);
	nl_nested(info, IFLA_INFO_KIND, tb[IFLA_LINKINFO]);
	out->index = i->ifi_index;
	out->flags = i->ifi_flags;
	out->master = (int)u32(tb[IFLA_MASTER]);
	out->link = (int)u32(tb[IFLA_LINK]);
	out->mtu = (int)u32(tb[IFLA_MTU]);
	out->queue = (int)u32(tb[IFLA_TXQLEN]);
	copy_text(out->name, sizeof out->name, tb[IFLA_IFNAME]);
	copy_text(out->kind, sizeof out->kind, info[IFLA_INFO_KIND]);
	copy_text(out->alias, sizeof out->alias, tb[IFLA_IFALIAS]);
	const void *mac = nl_data(tb[IFLA_ADDRESS], 6);
	if (mac)
		memcpy(out->mac, mac, 6);
	return true;
}

static void rtnl_on_link(const struct nlmsghdr *h, void *arg)
{
	rtnl_link_parse(h, arg);
}

int rtnl_find(struct nl *n, const char *name, struct link_info *out)
{
	memset(out, 0, sizeof *out);
	struct nlmsghdr *h =
	    nl_msg(n, RTM_GETLINK, 0, sizeof(struct ifinfomsg), "interface %s", name);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	if (nl_query(n, rtnl_on_link, out) < 0)
		return -1;
	if (out->index)
		return 0;
	errno = ENODEV;
	return fail("interface %s: %m", name);
}

struct each {
	void (*link)(const struct link_info *, void *);
	void (*addr)(int, const struct cidr *, void *);
	void (*route)(const struct cidr *, int, bool, void *);
	void *arg;
};

static void each_link(const struct nlmsghdr *h, void *arg)
{
	struct each *e = arg;
	struct link_info l;
	if (rtnl_link_parse(h, &l))
		e->link(&l, e->arg);
}

int rtnl_links(struct nl *n, void (*fn)(const struct link_info *l, void *arg), void *arg)
{
	struct each e = {.link = fn, .arg = arg};
	nl_msg(n, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg), "interfaces");
	return nl_query(n, each_link, &e);
}

static bool take_addr(struct addr *out, int family, const struct nlattr *a)
{
	out->family = family;
	if (family != AF_INET && family != AF_INET6)
		return false;
	const void *p = nl_data(a, addr_len(out));
	if (p)
		memcpy(out->b, p, addr_len(out));
	return p;
}

static void each_addr(const struct nlmsghdr *h, void *arg)
{
	struct each *e = arg;
	const struct nlattr *tb[IFA_LOCAL + 1];
	struct cidr c = {0};
	if (h->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(h) < sizeof(struct ifaddrmsg))
		return;
	const struct ifaddrmsg *i = mnl_nlmsg_get_payload(h);
	nl_payload_attrs(tb, IFA_LOCAL, h, sizeof *i);
	c.len = i->ifa_prefixlen;
	if (take_addr(&c.a, i->ifa_family, tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS]))
		e->addr((int)i->ifa_index, &c, e->arg);
}

int rtnl_addrs(struct nl *n, void (*fn)(int index, const struct cidr *a, void *arg), void *arg)
{
	struct each e = {.addr = fn, .arg = arg};
	nl_msg(n, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg), "addresses");
	return nl_query(n, each_addr, &e);
}

static void each_route(const struct nlmsghdr *h, void *arg)
{
	struct each *e = arg;
	const struct nlattr *tb[RTA_OIF + 1];
	struct cidr c = {0};
	if (h->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(h) < sizeof(struct rtmsg))
		return;
	const struct rtmsg *r = mnl_nlmsg_get_payload(h);
	nl_payload_attrs(tb, RTA_OIF, h, sizeof *r);
	c.len = r->rtm_dst_len;
	if (take_addr(&c.a, r->rtm_family, tb[RTA_DST]) || c.len == 0)
		e->route(&c, (int)u32(tb[RTA_OIF]), r->rtm_type == RTN_UNICAST, e->arg);
}

int rtnl_routes(struct nl *n, int of,
    void (*fn)(const struct cidr *dst, int oif, bool unicast, void *arg), void *arg)
{
	struct each e = {.route = fn, .arg = arg};
	struct nlmsghdr *h = nl_msg(n, RTM_GETROUTE, NLM_F_DUMP, sizeof(struct rtmsg), "routes");
	if (of) {
		setsockopt(n->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &(int){1}, sizeof(int));
		mnl_attr_put_u32(h, RTA_OIF, (uint32_t)of);
	}
	return nl_query(n, each_route, &e);
}

struct save {
	int index, len;
	struct buf *out;
};

static void on_saved(const struct nlmsghdr *h, void *arg)
{
	struct save *s = arg;
	const struct nlattr *tb[RTA_OIF + 1];
	const struct rtmsg *r = mnl_nlmsg_get_payload(h);
	if (mnl_nlmsg_get_payload_len(h) < sizeof *r || h->nlmsg_len > 4096)
		return;
	int index = (int)((const struct ifaddrmsg *)r)->ifa_index;
	if (h->nlmsg_type == RTM_NEWROUTE) {
		nl_payload_attrs(tb, RTA_OIF, h, sizeof *r);
		index = s->index ? (int)u32(tb[RTA_OIF]) : 0;
		if (r->rtm_table == RT_TABLE_LOCAL || (s->len >= 0 && r->rtm_dst_len != s->len))
			return;
	}
	if (h->nlmsg_type == RTM_NEWNEIGH &&
	    !(((const struct ndmsg *)(const void *)r)->ndm_state & NUD_PERMANENT))
		return; /* the kernel has learnt this neighbour, and will learn it again */
	if (index == s->index)
		buf_add(s->out, h, NLMSG_ALIGN(h->nlmsg_len));
}

int rtnl_save(struct nl *n, int index, int len, struct buf *out)
{
	struct save s = {index, len, out};
	int r = 0;
	for (int type = RTM_GETADDR; r == 0 && type <= RTM_GETNEIGH;
	     type += RTM_GETROUTE - RTM_GETADDR) {
		nl_msg(n, type, NLM_F_DUMP, sizeof(struct rtmsg), "routes");
		r = nl_query(n, on_saved, &s);
	}
	return r;
}

int rtnl_restore(struct nl *n, const struct buf *saved)
{
	int r = 0;
	/* twice, because the route to a gateway may come after the route by it */
	for (int pass = 0; pass < 2; pass++)
		for (size_t at = 0; at < saved->n;) {
			const struct nlmsghdr *from = (const void *)(saved->p + at);
			size_t len = mnl_nlmsg_get_payload_len(from);
			struct nlmsghdr *h = nl_msg(n, from->nlmsg_type,
			    NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, len, "restore");
			memcpy(mnl_nlmsg_get_payload(h), mnl_nlmsg_get_payload(from), len);
			if (h->nlmsg_type == RTM_NEWROUTE) /* the other flags only tell of a state,
							      and the kernel refuses them */
				((struct rtmsg *)mnl_nlmsg_get_payload(h))->rtm_flags &=
				    RTNH_F_ONLINK;
			if (nl_commit(n) < 0 && errno != EEXIST && pass)
				r = -1;
			nl_reset(n);
			at += NLMSG_ALIGN(from->nlmsg_len);
		}
	return r;
}

struct got_route {
	int oif, mtu;
	bool local, gateway;
};

static void rtnl_on_route(const struct nlmsghdr *h, void *arg)
{
	struct got_route *g = arg;
	const struct nlattr *tb[RTA_METRICS + 1], *metric[RTAX_MTU + 1];
	if (h->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(h) < sizeof(struct rtmsg))
		return;
	const struct rtmsg *r = mnl_nlmsg_get_payload(h);
	nl_payload_attrs(tb, RTA_METRICS, h, sizeof *r);
	if (tb[RTA_METRICS])
		nl_nested(metric, RTAX_MTU, tb[RTA_METRICS]);
	g->mtu = tb[RTA_METRICS] ? (int)u32(metric[RTAX_MTU]) : 0;
	g->oif = (int)u32(tb[RTA_OIF]);
	g->local = r->rtm_type == RTN_LOCAL;
	g->gateway = tb[RTA_GATEWAY];
}

int rtnl_route_get(
    struct nl *n, const struct addr *to, int *oif, bool *local, bool *gateway, int *mtu)
{
	struct got_route g = {0};
	char t[ADDR_TEXT];
	struct nlmsghdr *h =
	    nl_msg(n, RTM_GETROUTE, 0, sizeof(struct rtmsg), "route to %s", addr_text(to, t));
	struct rtmsg *r = mnl_nlmsg_get_payload(h);
	r->rtm_family = (uint8_t)to->family;
	r->rtm_dst_len = (uint8_t)(addr_len(to) * 8);
	mnl_attr_put(h, RTA_DST, addr_len(to), to->b);
	if (nl_query(n, rtnl_on_route, &g) < 0)
		return -1;
	*oif = g.oif;
	*local = g.local;
	*gateway = g.gateway;
	if (mtu)
		*mtu = g.mtu;
	return 0;
}
