/* cni_link_look.c: CHECK, GC and STATUS of a main plugin; see cni_link.h. */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "cni_link.h"
#include "err.h"
#include "nft_bridge.h"

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
		r = cni_link_check_nat(c);
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
		r = cni_link_commit(&rt) < 0 && errno != ENODEV ? -1 : 0;
	}
	nl_close(&rt);
	for (size_t i = 0; i < 2 * x.names.n && c->does & CNI_PTP && nft_open(&f) == 0; i++) {
		nft_open_del(&f, i % 2 ? AF_INET6 : AF_INET, x.names.v[i / 2]);
		nft_commit(&f);
		nft_close(&f);
	}
	strv_free(&x.names);
	if (r == 0)
		r = cni_link_gc_nat(c, valid);
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
		r = cni_link_parent(c, &l, &rt, &index);
	nl_close(&rt);
	c->code = CNI_NOT_AVAILABLE;
	if (r == 0 && (l.masq || l.gateway || c->does & CNI_PTP) && (r = nft_open(&f)) == 0)
		nft_close(&f);
	cni_link_free(&l);
	return r == 0 && c->ipam_type && *c->ipam_type ? cni_ipam_status(c) : r;
}
