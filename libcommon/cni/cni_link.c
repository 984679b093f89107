/* cni_link.c: the interface of an attachment: ADD and DEL of bridge, ptp, macvlan, ipvlan.
 *
 * The order follows from what a kill would leave: first the leases, which bear the attachment's
 * name; then the interface, whose host end is named after a hash of it and has it as alias; last
 * the nf_tables elements, with it as comment.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cni_link.h"
#include "err.h"
#include "nft_bridge.h"

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

/* The bridge, or its interface in a VLAN, has the gateways' addresses. */
static int link_gateways_up(const struct cni_link *l, struct nl *rt, const struct link_info *bridge,
    const struct cni_result *r, struct link_info *door)
{
	int done = l->vlan ? cni_link_vlan_gateway(l, rt, bridge) : 0;
	if (done == 0)
		done = rtnl_find(rt, l->door, door);
	for (size_t i = 0; i < r->n_ips && done == 0; i++) {
		struct cidr gw = {r->ips[i].gw, r->ips[i].addr.len};
		done = cni_link_gateway(l, rt, door, &gw);
	}
	return done;
}

static int cni_link_link_make(
    struct cni_call *c, struct cni_link *l, struct cni_result *r, bool *made)
{
	struct nl rt;
	struct link_info b = {0}, in = {0}, door = {0};
	if (c->does & (CNI_MACVLAN | CNI_IPVLAN)) {
		if (cni_link_sub(c, l) < 0)
			return -1;
		*made = true;
		if (cni_link_inside(c, l, r, &in) < 0)
			return -1;
		cni_result_if(r, c->ifname, c->netns, in.mac, in.mtu);
		return 0;
	}
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	cni_link_choose_mac(l, r);
	int done = c->does & CNI_BRIDGE ? cni_link_bridge_up(l, &rt, &b) : 0;
	if (done == 0)
		done = cni_link_pair(c, l, &rt, &b);
	/* With EEXIST one of the two names was taken before, by somebody else; any other failure
	 * may leave a veth of ours. */
	*made = done == 0 || (c->does & CNI_BRIDGE && b.index && errno != EEXIST);
	if (done == 0)
		done = cni_link_vlans(l, &rt);
	if (done == 0 && l->spoof)
		done = cni_keep_port(c, l->host, l->mac);
	if (done == 0)
		done = cni_link_inside(c, l, r, &in);
	if (done == 0 && l->gateway)
		done = link_gateways_up(l, &rt, &b, r, &door);
	if (done == 0 && c->does & CNI_PTP)
		done = cni_link_ptp_host(l, &rt, r);
	int saved = errno;
	nl_close(&rt);
	errno = saved;
	if (done < 0 || cni_link_nat(c, l, r) < 0)
		return -1;
	if (c->does & CNI_BRIDGE)
		cni_result_if(r, l->bridge, NULL, b.mac, b.mtu);
	cni_result_if(r, l->host, NULL, l->host_mac, in.mtu); /* both ends have the same MTU */
	cni_result_if(r, c->ifname, c->netns, in.mac, in.mtu);
	if (l->gateway && l->vlan)
		cni_result_if(r, l->door, NULL, door.mac, door.mtu);
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
	/* In a chain, ipvlan takes the addresses of the previous result. */
	if (!l3 && c->does & CNI_IPVLAN && c->prev.n_ips)
		link_take_prev(c, out);
	else if (l3 && cni_ipam_add(c, out) < 0)
		return -1;
	link_gateways(&l, out);
	int r = link_dns(c, out) < 0 || cni_link_link_make(c, &l, out, &made) < 0 ? -1 : 0;
	for (size_t i = 0; i < out->n_ips; i++)
		out->ips[i].ifindex = (int)out->n_ifs - (l.gateway && l.vlan ? 2 : 1);
	cni_link_free(&l);
	if (r == 0)
		return 0;
	_cleanup_free_ char *why = fail_copy();
	int saved = errno, code = c->code;
	link_undo(c, made);
	c->code = code;
	errno = saved;
	return fail_again(why);
}

/* --- DEL --- */

/* Does it bear another attachment's or a container's name? CNI_NETNS may name a process by a pid
 * that is used again: then the namespace is another's. */
static bool link_of_others(const struct cni_call *c, const struct link_info *x)
{
	struct nl rt;
	struct link_info h = *x;
	char name[IF_NAMESIZE];
	if (c->does & (CNI_BRIDGE | CNI_PTP) && if_indextoname((unsigned)x->link, name) &&
	    nl_open(&rt, NETLINK_ROUTE, -1) == 0) {
		rtnl_find(&rt, name, &h);
		nl_close(&rt);
	}
	return *h.alias && strcmp(h.alias, c->owner) != 0;
}

/* In the namespace: an interface of the kind that we make, and no other. */
static int link_del_inside(struct cni_call *c)
{
	struct nl in;
	struct link_info x;
	if (c->ns < 0)
		return 0;
	if (nl_open(&in, NETLINK_ROUTE, c->ns) < 0)
		return -1;
	int r = rtnl_find(&in, c->ifname, &x);
	if (r < 0)
		r = errno == ENODEV ? 0 : -1;
	else if (strcmp(x.kind, cni_link_kind(c)) == 0 && !link_of_others(c, &x))
		r = rtnl_link_away(c->ns, c->ifname) < 0 && errno != ENODEV ? -1 : 0;
	nl_close(&in);
	return r;
}

static int link_del_pair(struct cni_call *c, const char *host)
{
	int r = rtnl_link_away(-1, host);
	return r < 0 && errno == ENODEV ? link_del_inside(c) : r;
}

static int link_undo(struct cni_call *c, bool made)
{
	if (made)
		return cni_link_del(c);
	setenv("CNI_COMMAND", "DEL", 1);
	return c->ipam_type && *c->ipam_type ? cni_ipam_del(c) : 0;
}

/* First the nf_tables elements: the kernel's clean-up after them, for which the end of the process
 * would wait, goes on while the interface is removed. Last the address, so that nobody gets it
 * while it is in use. */
int cni_link_del(struct cni_call *c)
{
	char host[16];
	size_t room = c->prev.n_ips > CNI_ADDRS ? c->prev.n_ips : CNI_ADDRS;
	_cleanup_free_ struct addr *had = xcalloc(room, sizeof *had);
	bool masq = false, spoof = false, pair = c->does & (CNI_BRIDGE | CNI_PTP);
	bool l3 = c->ipam_type && *c->ipam_type;
	_cleanup_free_ char *why = NULL;
	cni_link_name("veth", c->owner, host);
	if (l3)
		cni_ipam_hold(c);
	setenv("CNI_COMMAND", "DEL", 1); /* an ADD is being undone */
	cni_bool(c, "ipMasq", &masq);
	cni_bool(c, "macspoofchk", &spoof);
	masq |= cni_kept(c, 'n');
	spoof |= cni_kept(c, 's');
	_cleanup_close_ int kept = cni_keep_away(c, "nsa");
	if (kept < 0 && errno != ENOENT)
		why = fail_copy();
	int n = l3 && masq ? cni_ipam_had(c, had, CNI_ADDRS) : 0;
	for (size_t i = 0; n < 0 && i < c->prev.n_ips; i++)
		had[i] = c->prev.ips[i].addr.a;
	if (n < 0 && c->prev.n_ips)
		n = (int)c->prev.n_ips;
	if ((masq || c->does & CNI_PTP) && cni_link_del_nat(c, host, had, n) < 0 && !why)
		why = fail_copy();
	if (spoof && nft_spoof_del(host, c->owner) < 0 && !why)
		why = fail_copy();
	if ((pair ? link_del_pair(c, host) : link_del_inside(c)) < 0 && !why)
		why = fail_copy();
	if (l3 && cni_ipam_del(c) < 0 && !why)
		why = fail_copy();
	c->code = CNI_FAILED;
	return why ? fail_again(why) : 0;
}
