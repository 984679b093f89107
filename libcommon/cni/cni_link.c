/* cni_link.c: the interface of an attachment: bridge, ptp, macvlan, ipvlan, loopback.
 *
 * The order is that of what a kill would leave: leases, which bear the attachment's name; then the
 * interface, whose host's end is called by a hash of it and has it as alias; last the nf_tables
 * elements with it as comment.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cni_link.h"
#include "err.h"
#include "network.h"
#include "nft_bridge.h"

static int link_commit(struct nl *n)
{
	int r = nl_commit(n), saved = errno;
	nl_reset(n);
	errno = saved;
	return r;
}

/* --- the host's side --- */

static void link_default(const struct cidr *dst, int oif, bool unicast, void *arg)
{
	int *index = arg;
	if (dst->len == 0 && unicast && oif && !*index)
		*index = oif;
}

/* The bridge: made where it is missing; another's is used as it is. */
static int link_bridge_up(
    struct cni_call *c, const struct cni_link *l, struct nl *rt, struct link_info *b)
{
	int r = rtnl_find(rt, l->bridge, b);
	bool fresh = r < 0;
	(void)c;
	if (fresh) {
		if (errno != ENODEV)
			return -1;
		struct link_add a = {
		    .kind = LINK_BRIDGE, .name = l->bridge, .mtu = (int)l->mtu, .netns_fd = -1};
		rtnl_link_add(rt, &a);
		if (link_commit(rt) < 0 && errno != EEXIST)
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
	return link_commit(rt);
}

static int link_vlans(struct cni_call *c, const struct cni_link *l, struct nl *rt)
{
	struct link_info h;
	(void)c;
	if ((!l->vlan && !l->n_trunk))
		return 0;
	if (rtnl_find(rt, l->host, &h) < 0)
		return -1;
	if (!l->keep_vlan)
		rtnl_port_vlan(rt, h.index, l->host, 1, 1, false, false, true);
	if (l->vlan)
		rtnl_port_vlan(
		    rt, h.index, l->host, (uint16_t)l->vlan, (uint16_t)l->vlan, true, false, false);
	for (size_t i = 0; i < l->n_trunk; i++)
		rtnl_port_vlan(
		    rt, h.index, l->host, l->trunk[i].first, l->trunk[i].last, false, false, false);
	return link_commit(rt);
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
	return cni_fail(c, CNI_BAD_CONFIG, "mode: '%.40s' is not one of %s", mode, c->plugin);
}

/* macvlan, ipvlan: the parent is named, or has the default route. */
static int link_parent(struct cni_call *c, const struct cni_link *l, struct nl *rt, int *index)
{
	struct link_info p;
	char name[IF_NAMESIZE];
	*index = 0;
	(void)name;
	if (l->master && *l->master) {
		if (rtnl_find(rt, l->master, &p) < 0)
			return cni_fail(c, CNI_BAD_CONFIG, "master: %s", fail_msg());
		*index = p.index;
		if (l->mtu > p.mtu)
			return cni_fail(c, CNI_BAD_CONFIG, "mtu: %d: that of %s is %d", (int)l->mtu,
			    l->master, p.mtu);
		return 0;
	}
	if (rtnl_routes(rt, link_default, index) < 0)
		return -1;
	return *index ? 0
		      : cni_fail(
			    c, CNI_BAD_CONFIG, "master: not given, and there is no default route");
}

static int link_sub(struct cni_call *c, const struct cni_link *l)
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
	int r = link_parent(c, l, &rt, &a.parent);
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

static int link_pair(
    struct cni_call *c, struct cni_link *l, struct nl *rt, const struct link_info *bridge)
{
	struct link_add a = {.kind = LINK_VETH,
	    .name = l->host,
	    .mtu = (int)l->mtu,
	    .up = true,
	    .master = bridge->index,
	    .netns_fd = -1,
	    .peer = c->ifname,
	    .peer_netns_fd = c->ns,
	    .peer_mac = l->mac};
	rtnl_link_add(rt, &a);
	/* In one batch: of a kill, there is a pair with its name or none. */
	rtnl_link_alias(rt, l->host, c->owner);
	if (bridge->index && (l->hairpin || l->isolate))
		rtnl_port_flags(rt, l->host, l->hairpin, l->isolate);
	return link_commit(rt);
}

/* From the IPv4 address, where there is one: who had the address before had the same, so no
 * neighbour is wrong. */
static void link_choose_mac(struct cni_link *l, const struct cni_result *r)
{
	if (l->has_mac)
		return;
	l->mac[0] = 0x02;
	for (size_t i = 0; i < r->n_ips; i++)
		if (r->ips[i].addr.a.family == AF_INET) {
			l->mac[1] = 0x42;
			memcpy(l->mac + 2, r->ips[i].addr.a.b, 4);
			return;
		}
	if (getrandom(l->mac + 1, 5, 0) != 5)
		l->mac[5] = 1;
}

/* --- inside --- */

static bool link_v6(const struct cni_result *r)
{
	for (size_t i = 0; i < r->n_ips; i++)
		if (r->ips[i].addr.a.family == AF_INET6)
			return true;
	return false;
}

static int link_sysctls(struct cni_call *c, void *arg)
{
	const struct cni_link *l = ((void **)arg)[0];
	if (link_v6(((void **)arg)[1])) {
		net_sysctl("0", "ipv6/conf/lo/disable_ipv6");
		net_sysctl("0", "ipv6/conf/%s/disable_ipv6", c->ifname);
		net_sysctl(l->dad ? "1" : "0", "ipv6/conf/%s/accept_dad", c->ifname);
	}
	net_sysctl("0", "ipv6/conf/%s/accept_ra", c->ifname);
	net_sysctl("0", "ipv6/conf/%s/accept_redirects", c->ifname);
	net_sysctl("0", "ipv4/conf/%s/accept_redirects", c->ifname);
	net_sysctl("1", "ipv4/conf/%s/arp_notify", c->ifname);
	return 0;
}

static const struct addr *link_gw(const struct cni_result *r, int family)
{
	for (size_t i = 0; i < r->n_ips; i++)
		if (r->ips[i].addr.a.family == family && r->ips[i].gw.family)
			return &r->ips[i].gw;
	return NULL;
}

/* ptp: no neighbour but the gateway: its route first, and the subnet by it. */
static int link_ptp_routes(struct nl *in, const struct cni_result *r, int index)
{
	struct addr none = {0};
	for (size_t i = 0; i < r->n_ips; i++)
		rtnl_route_del(in, &r->ips[i].addr, &none, index);
	if (link_commit(in) < 0 && errno != ESRCH)
		return -1;
	for (size_t i = 0; i < r->n_ips; i++) {
		const struct cni_ip *ip = &r->ips[i];
		struct route x = {.dst = {ip->gw, (int)addr_len(&ip->gw) * 8},
		    .src = ip->addr.a,
		    .mtu = -1,
		    .priority = -1,
		    .table = -1,
		    .scope = -1,
		    .index = index};
		if (!ip->gw.family)
			continue;
		rtnl_route_new(in, &x);
		x.dst = ip->addr;
		x.via = ip->gw;
		rtnl_route_new(in, &x);
	}
	return link_commit(in) < 0 && errno != EEXIST ? -1 : 0;
}

static int link_inside(
    struct cni_call *c, const struct cni_link *l, const struct cni_result *r, struct link_info *x)
{
	struct nl in;
	const void *args[2] = {l, r};
	if (r->n_ips && cni_inside(c, link_sysctls, args) < 0)
		return -1;
	if (nl_open(&in, NETLINK_ROUTE, c->ns) < 0)
		return -1;
	int done = rtnl_find(&in, c->ifname, x);
	if (done == 0 && !l->down)
		rtnl_link_up(&in, x->index, c->ifname, true);
	for (size_t i = 0; i < r->n_ips && done == 0; i++)
		rtnl_addr_add(&in, x->index, c->ifname, &r->ips[i].addr);
	if (done == 0)
		done = link_commit(&in);
	if (done == 0 && c->does & CNI_PTP)
		done = link_ptp_routes(&in, r, x->index);
	for (size_t i = 0; i < r->n_routes && done == 0; i++) {
		struct route q = r->routes[i];
		const struct addr *gw = link_gw(r, q.dst.a.family);
		if (!q.via.family && gw)
			q.via = *gw;
		q.index = x->index;
		rtnl_route_new(&in, &q);
		/* one that is there: the first wins, as the specification says of the default route
		 */
		if (link_commit(&in) < 0 && errno != EEXIST)
			done = -1;
	}
	int saved = errno;
	nl_close(&in);
	errno = saved;
	return done;
}

/* --- gateway, masquerade --- */

struct others {
	int index;
	const struct cidr *want;
	struct cidr *v;
	size_t n;
};

/* One IPv4 address a bridge, and of IPv6 none that overlaps. */
static void link_other(int index, const struct cidr *a, void *arg)
{
	struct others *o = arg;
	bool local = a->a.family == AF_INET6 && a->a.b[0] == 0xfe;
	if (index != o->index || a->a.family != o->want->a.family || local ||
	    (a->len == o->want->len && addr_cmp(&a->a, &o->want->a) == 0) ||
	    (a->a.family == AF_INET6 && !cidr_overlap(a, o->want)))
		return;
	o->v = xrealloc(o->v, (o->n + 1) * sizeof *o->v);
	o->v[o->n++] = *a;
}

static int link_gateway(
    const struct cni_link *l, struct nl *rt, const struct link_info *b, const struct cidr *gw)
{
	char t[CIDR_TEXT], u[CIDR_TEXT];
	rtnl_addr_add(rt, b->index, l->bridge, gw);
	if (link_commit(rt) < 0)
		return errno == EEXIST ? 0 : -1;
	struct others o = {b->index, gw, NULL, 0};
	int r = rtnl_addrs(rt, link_other, &o);
	if (r == 0 && o.n && !l->force) {
		rtnl_addr_del(rt, b->index, l->bridge, gw);
		link_commit(rt);
		r = fail("%s has the address %s, not %s (forceAddress changes it)", l->bridge,
		    cidr_text(&o.v[0], t), cidr_text(gw, u));
	} else if (r == 0 && o.n) {
		for (size_t i = 0; i < o.n; i++)
			rtnl_addr_del(rt, b->index, l->bridge, &o.v[i]);
		r = link_commit(rt);
	}
	free(o.v);
	return r;
}

static int link_ptp_host(const struct cni_link *l, struct nl *rt, const struct cni_result *r)
{
	struct link_info h;
	if (rtnl_find(rt, l->host, &h) < 0)
		return -1;
	for (size_t i = 0; i < r->n_ips; i++) {
		const struct cni_ip *ip = &r->ips[i];
		int bits = (int)addr_len(&ip->addr.a) * 8;
		struct cidr gw = {ip->gw, bits};
		struct route x = {.dst = {ip->addr.a, bits},
		    .mtu = -1,
		    .priority = -1,
		    .table = -1,
		    .scope = -1,
		    .index = h.index};
		if (ip->gw.family)
			rtnl_addr_add(rt, h.index, l->host, &gw);
		rtnl_route_new(rt, &x);
	}
	return link_commit(rt) < 0 && errno != EEXIST ? -1 : 0;
}

static int link_nat(struct cni_call *c, const struct cni_link *l, const struct cni_result *r)
{
	struct nft f;
	const char *door = c->does & CNI_PTP ? l->host : l->bridge;
	bool forward = l->gateway || c->does & CNI_PTP, seen[2] = {false, false};
	if (!r->n_ips || (!forward && !l->masq))
		return 0;
	if (nft_open(&f) < 0)
		return -1;
	int result = 0;
	for (size_t i = 0; i < r->n_ips && result == 0; i++) {
		int family = r->ips[i].addr.a.family;
		if (!seen[family == AF_INET6] && forward && forward_on(family, &f) != 0)
			result = -1;
		seen[family == AF_INET6] = true;
	}
	for (size_t i = 0; i < r->n_ips && result == 0; i++) {
		nft_open_add(&f, r->ips[i].addr.a.family, door);
		if (l->masq)
			nft_masq_add(&f, &r->ips[i].addr.a, c->owner);
	}
	if (result == 0)
		result = nft_commit(&f);
	int saved = errno;
	nft_close(&f);
	errno = saved;
	return result;
}

/* --- ADD --- */

static void link_gateways(const struct cni_link *l, struct cni_result *r)
{
	for (size_t i = 0; i < r->n_ips; i++) {
		struct cni_ip *ip = &r->ips[i];
		struct cidr all = {.a = {.family = ip->addr.a.family}};
		bool have = false;
		if (!ip->gw.family && l->gateway) {
			ip->gw = cidr_first(&ip->addr);
			addr_next(&ip->gw);
		}
		for (size_t k = 0; k < r->n_routes; k++)
			have |= r->routes[k].dst.len == 0 && r->routes[k].via.family &&
				r->routes[k].dst.a.family == all.a.family;
		if (l->default_gw && !have)
			cni_result_route(r, &all, &ip->gw);
	}
}

static int link_dns(struct cni_call *c, struct cni_result *r)
{
	struct cni_dns own = {0};
	json_t *dns = NULL;
	if (cni_dns_parse(&c->j, c->conf, "", &own) < 0)
		return cni_fail(c, CNI_BAD_CONFIG, "%s", fail_msg());
	if (!cni_dns_empty(&own) || c->does & (CNI_MACVLAN | CNI_IPVLAN)) {
		cni_dns_free(&r->dns);
		r->dns = own;
	}
	if (c->runtime && jget_obj(&c->j, c->runtime, "runtimeConfig", "dns", &dns) < 0)
		return cni_fail(c, CNI_BAD_CONFIG, "%s", fail_msg());
	if (dns && (jget_strv(&c->j, dns, "runtimeConfig.dns", "servers", &r->dns.servers) < 0 ||
		       jget_strv(&c->j, dns, "runtimeConfig.dns", "searches", &r->dns.search) < 0 ||
		       jget_strv(&c->j, dns, "runtimeConfig.dns", "options", &r->dns.options) < 0))
		return cni_fail(c, CNI_BAD_CONFIG, "%s", fail_msg());
	return 0;
}

static int link_make(struct cni_call *c, struct cni_link *l, struct cni_result *r, bool *made)
{
	struct nl rt;
	struct link_info b = {0}, in = {0}, h = {0};
	if (c->does & (CNI_MACVLAN | CNI_IPVLAN)) {
		if (link_sub(c, l) < 0)
			return -1;
		*made = true;
		if (link_inside(c, l, r, &in) < 0)
			return -1;
		cni_result_if(r, c->ifname, c->netns, in.mac, in.mtu);
		return 0;
	}
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	link_choose_mac(l, r);
	int done = c->does & CNI_BRIDGE ? link_bridge_up(c, l, &rt, &b) : 0;
	if (done == 0)
		done = link_pair(c, l, &rt, &b);
	/* EEXIST: one of the two names is taken, and not by us; whatever else fails leaves a pair
	 */
	*made = done == 0 || (c->does & CNI_BRIDGE && b.index && errno != EEXIST);
	if (done == 0 && rtnl_find(&rt, l->host, &h) < 0)
		done = -1;
	if (done == 0)
		done = link_vlans(c, l, &rt);
	if (done == 0 && l->spoof)
		done = nft_spoof_add(l->host, l->mac, c->owner);
	if (done == 0)
		done = link_inside(c, l, r, &in);
	for (size_t i = 0; i < r->n_ips && l->gateway && done == 0; i++) {
		struct cidr gw = {r->ips[i].gw, r->ips[i].addr.len};
		done = link_gateway(l, &rt, &b, &gw);
	}
	if (done == 0 && c->does & CNI_PTP)
		done = link_ptp_host(l, &rt, r);
	int saved = errno;
	nl_close(&rt);
	errno = saved;
	if (done < 0 || link_nat(c, l, r) < 0)
		return -1;
	if (c->does & CNI_BRIDGE)
		cni_result_if(r, l->bridge, NULL, b.mac, b.mtu);
	cni_result_if(r, l->host, NULL, h.mac, h.mtu);
	cni_result_if(r, c->ifname, c->netns, in.mac, in.mtu);
	return 0;
}

static int link_undo(struct cni_call *c, bool made);

static void link_take_prev(struct cni_call *c, struct cni_result *out)
{
	*out = c->prev;
	out->ifs = NULL;
	out->n_ifs = 0;
	c->prev = (struct cni_result){0};
}

int cni_link_add(struct cni_call *c, struct cni_result *out)
{
	struct cni_link l;
	bool made = false;
	if (cni_link_parse(c, &l) < 0)
		return -1;
	bool l3 = c->ipam_type && *c->ipam_type;
	/* ipvlan in a chain takes the addresses that are there */
	if (!l3 && c->does & CNI_IPVLAN && c->prev.n_ips)
		link_take_prev(c, out);
	else if (l3 && cni_ipam_add(c, out) < 0)
		return -1;
	link_gateways(&l, out);
	int r = link_dns(c, out) < 0 || link_make(c, &l, out, &made) < 0 ? -1 : 0;
	for (size_t i = 0; i < out->n_ips; i++)
		out->ips[i].ifindex = (int)out->n_ifs - 1;
	cni_link_free(&l);
	if (r == 0)
		return 0;
	_cleanup_free_ char *why = xstrdup(fail_msg());
	int saved = errno, code = c->code;
	link_undo(c, made);
	c->code = code;
	errno = saved;
	return fail("%s", why);
}

/* --- DEL --- */

/* In the namespace: an interface of the kind that we make, and no other. */
static int link_del_inside(struct cni_call *c)
{
	struct nl in;
	struct link_info x;
	const char *kind = c->does & CNI_MACVLAN ? "macvlan" : "veth";
	if (c->does & CNI_IPVLAN)
		kind = "ipvlan";
	if (c->ns < 0)
		return 0;
	if (nl_open(&in, NETLINK_ROUTE, c->ns) < 0)
		return -1;
	int r = rtnl_find(&in, c->ifname, &x);
	if (r < 0)
		r = errno == ENODEV ? 0 : -1;
	else if (strcmp(x.kind, kind) == 0) {
		rtnl_link_del(&in, c->ifname);
		r = link_commit(&in) < 0 && errno != ENODEV ? -1 : 0;
	}
	nl_close(&in);
	return r;
}

static int link_del_pair(struct cni_call *c, const char *host)
{
	struct nl rt;
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	rtnl_link_del(&rt, host);
	int r = nl_commit(&rt);
	bool none = r < 0 && errno == ENODEV;
	nl_close(&rt);
	return none ? link_del_inside(c) : r;
}

struct masqs {
	const struct cni_call *c;
	const struct strv *valid;
	struct addr *v;
	size_t n;
};

static void link_masq_seen(const struct addr *a, const char *comment, void *arg)
{
	struct masqs *m = arg;
	if (m->valid ? !cni_is_stale(m->c, m->valid, comment) : strcmp(comment, m->c->owner) != 0)
		return;
	m->v = xrealloc(m->v, (m->n + 1) * sizeof *m->v);
	m->v[m->n++] = *a;
}

/* The attachment's elements: by its addresses where they are known, each looked at first; else all
 * are read. */
static int link_del_nat(struct cni_call *c, const char *host, const struct addr *had, int n)
{
	struct nft f;
	struct masqs m = {.c = c};
	char comment[COMMENT_SIZE];
	int r = 0;
	if (nft_open(&f) < 0)
		return errno == EPROTONOSUPPORT ? 0 : -1;
	if (n < 0)
		r = nft_masq_each(&f, link_masq_seen, &m);
	for (int i = 0; i < n; i++)
		if (nft_masq_find(&f, &had[i], comment) == 1)
			link_masq_seen(&had[i], comment, &m);
	for (size_t i = 0; i < m.n; i++)
		nft_masq_del(&f, &m.v[i]);
	if (m.n && nft_commit(&f) < 0 && errno != ENOENT)
		r = -1;
	for (int i = 0; i < 2 && c->does & CNI_PTP; i++) {
		nft_open_del(&f, i ? AF_INET6 : AF_INET, host);
		if (nft_commit(&f) < 0 && errno != ENOENT)
			r = -1;
	}
	free(m.v);
	nft_close(&f);
	return r;
}

static int link_undo(struct cni_call *c, bool made)
{
	if (made)
		return cni_link_del(c);
	struct addr had[8];
	int n;
	setenv("CNI_COMMAND", "DEL", 1);
	return c->ipam_type && *c->ipam_type ? cni_ipam_del(c, had, 8, &n) : 0;
}

int cni_link_del(struct cni_call *c)
{
	char host[16];
	struct addr had[32];
	bool masq = false, spoof = false, pair = c->does & (CNI_BRIDGE | CNI_PTP);
	int n = 0, r = 0;
	_cleanup_free_ char *why = NULL;
	cni_link_name("veth", c->owner, host);
	setenv("CNI_COMMAND", "DEL", 1); /* an ADD that is undone */
	cni_bool(c, "ipMasq", &masq);
	cni_bool(c, "macspoofchk", &spoof);
	if ((pair ? link_del_pair(c, host) : link_del_inside(c)) < 0)
		why = xstrdup(fail_msg());
	if (spoof && nft_spoof_del(host, c->owner) < 0 && !why)
		why = xstrdup(fail_msg());
	/* After the interface, so that nobody gets the address while it is in use. */
	if (c->ipam_type && *c->ipam_type && cni_ipam_del(c, had, 32, &n) < 0 && !why)
		why = xstrdup(fail_msg());
	for (size_t i = 0; n < 0 && i < c->prev.n_ips && i < 32; i++)
		had[i] = c->prev.ips[i].addr.a;
	if (n < 0 && c->prev.n_ips)
		n = (int)(c->prev.n_ips < 32 ? c->prev.n_ips : 32);
	if ((masq || c->does & CNI_PTP) && link_del_nat(c, host, had, masq ? n : 0) < 0 && !why)
		why = xstrdup(fail_msg());
	c->code = CNI_FAILED;
	return why ? fail("%s", why) : r;
}

/* --- CHECK, GC, STATUS --- */

static int link_check_host(struct cni_call *c, const struct cni_link *l)
{
	struct nl rt;
	struct link_info b = {0}, h;
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	int r = l->bridge ? rtnl_find(&rt, l->bridge, &b) : 0;
	if (r == 0 && l->bridge && strcmp(b.kind, "bridge") != 0)
		r = fail("%s: it is no bridge", l->bridge);
	if (r == 0)
		r = rtnl_find(&rt, l->host, &h);
	if (r == 0 && h.master != b.index)
		r = fail("%s: it is not a port of %s", l->host, l->bridge ? l->bridge : "nothing");
	if (r == 0 && strcmp(h.alias, c->owner) != 0)
		r = fail("%s: it is not that of %s", l->host, c->owner);
	if (r == 0 && !(h.flags & IFF_UP))
		r = fail("%s: it is down", l->host);
	nl_close(&rt);
	if (r == 0 && l->spoof && nft_spoof_has(l->host, l->mac) == 0 && l->has_mac)
		r = fail("%s: its source addresses are not checked", l->host);
	return r;
}

static int link_check_nat(struct cni_call *c)
{
	struct nft f;
	char comment[COMMENT_SIZE], t[ADDR_TEXT];
	int r = nft_open(&f);
	if (r < 0)
		return -1;
	for (size_t i = 0; i < c->prev.n_ips && r == 0; i++)
		if (nft_masq_find(&f, &c->prev.ips[i].addr.a, comment) != 1 ||
		    strcmp(comment, c->owner) != 0)
			r = fail("%s is not masqueraded", addr_text(&c->prev.ips[i].addr.a, t));
	nft_close(&f);
	return r;
}

int cni_link_check(struct cni_call *c)
{
	struct cni_link l;
	if (cni_link_parse(c, &l) < 0)
		return -1;
	int r = c->ipam_type && *c->ipam_type ? cni_ipam_check(c) : 0;
	if (r == 0 && c->does & (CNI_BRIDGE | CNI_PTP))
		r = link_check_host(c, &l);
	if (r == 0)
		r = cni_check_result(c);
	if (r == 0 && l.masq)
		r = link_check_nat(c);
	cni_link_free(&l);
	return r;
}

struct links {
	const struct cni_call *c;
	const struct strv *valid;
	struct strv names;
};

static void link_seen(const struct link_info *l, void *arg)
{
	struct links *x = arg;
	if (cni_is_stale(x->c, x->valid, l->alias))
		strv_add(&x->names, l->name);
}

static void link_spoof_seen(const char *port, const char *comment, void *arg)
{
	struct links *x = arg;
	(void)port;
	if (cni_is_stale(x->c, x->valid, comment))
		strv_add(&x->names, comment);
}

static int link_gc_nat(struct cni_call *c, const struct strv *valid)
{
	struct nft f;
	struct masqs m = {.c = c, .valid = valid};
	struct links s = {.c = c, .valid = valid};
	if (nft_open(&f) < 0)
		return errno == EPROTONOSUPPORT ? 0 : -1;
	int r = nft_masq_each(&f, link_masq_seen, &m);
	for (size_t i = 0; i < m.n; i++)
		nft_masq_del(&f, &m.v[i]);
	if (m.n && nft_commit(&f) < 0 && errno != ENOENT)
		r = -1;
	free(m.v);
	nft_close(&f);
	if (nft_spoof_each(link_spoof_seen, &s) < 0)
		r = -1;
	for (size_t i = 0; i < s.names.n; i++)
		if (nft_spoof_del(NULL, s.names.v[i]) < 0)
			r = -1;
	strv_free(&s.names);
	return r;
}

int cni_link_gc(struct cni_call *c, const struct strv *valid)
{
	struct nl rt;
	struct nft f;
	struct links x = {.c = c, .valid = valid};
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	int r = rtnl_links(&rt, link_seen, &x);
	for (size_t i = 0; i < x.names.n && r == 0; i++) {
		rtnl_link_del(&rt, x.names.v[i]);
		r = link_commit(&rt) < 0 && errno != ENODEV ? -1 : 0;
	}
	nl_close(&rt);
	for (size_t i = 0; i < 2 * x.names.n && c->does & CNI_PTP && nft_open(&f) == 0; i++) {
		nft_open_del(&f, i % 2 ? AF_INET6 : AF_INET, x.names.v[i / 2]);
		nft_commit(&f);
		nft_close(&f);
	}
	strv_free(&x.names);
	if (r == 0)
		r = link_gc_nat(c, valid);
	if (c->ipam_type && *c->ipam_type && cni_ipam_gc(c, valid) < 0)
		r = -1;
	return r;
}

int cni_link_status(struct cni_call *c)
{
	struct cni_link l;
	struct nl rt;
	struct nft f;
	int index, r = cni_link_parse(c, &l);
	if (r < 0)
		return -1;
	c->code = CNI_NOT_AVAILABLE;
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	if (c->does & (CNI_MACVLAN | CNI_IPVLAN) && !l.in_container)
		r = link_parent(c, &l, &rt, &index);
	nl_close(&rt);
	c->code = CNI_NOT_AVAILABLE;
	if (r == 0 && (l.masq || l.gateway || c->does & CNI_PTP) && (r = nft_open(&f)) == 0)
		nft_close(&f);
	cni_link_free(&l);
	return r == 0 && c->ipam_type && *c->ipam_type ? cni_ipam_status(c) : r;
}

/* --- lo --- */

static void link_lo_addr(int index, const struct cidr *a, void *arg)
{
	struct cni_result *r = arg;
	if (index == 1)
		cni_result_ip(r, a, NULL, 0);
}

int cni_loopback(struct cni_call *c, struct cni_result *out)
{
	struct nl in;
	struct link_info lo;
	static const uint8_t none[6];
	if (nl_open(&in, NETLINK_ROUTE, c->ns) < 0)
		return -1;
	int r = rtnl_find(&in, "lo", &lo);
	if (r == 0 && c->command == CNI_CHECK && !(lo.flags & IFF_UP))
		r = fail("lo: it is down");
	if (r == 0 && c->command != CNI_CHECK) {
		rtnl_link_up(&in, lo.index, "lo", c->command == CNI_ADD);
		r = link_commit(&in);
	}
	if (r == 0 && out) {
		cni_result_if(out, "lo", c->netns, none, 0);
		r = rtnl_addrs(&in, link_lo_addr, out);
	}
	nl_close(&in);
	return r;
}
