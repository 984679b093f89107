/* cni_check.c: CHECK: does everything that prevResult describes exist? */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "cni_link.h"
#include "err.h"

struct look {
	int index;
	const struct cidr *want; /* an address, a route's destination */
	bool found;
};

static void check_addr(int index, const struct cidr *a, void *arg)
{
	struct look *l = arg;
	l->found |=
	    index == l->index && a->len == l->want->len && addr_cmp(&a->a, &l->want->a) == 0;
}

static void check_route(const struct cidr *dst, int oif, bool unicast, void *arg)
{
	struct look *l = arg;
	struct addr want = cidr_first(l->want);
	/* Where another network's default route was first, ours was not made. */
	l->found |= unicast && (oif == l->index || !l->want->len) && dst->a.family == want.family &&
		    dst->len == l->want->len && (dst->len == 0 || addr_cmp(&dst->a, &want) == 0);
}

static int check_if(struct cni_call *c, struct nl *in, const struct cni_if *x, struct link_info *l)
{
	char mac[MAC_TEXT];
	bool down = false; /* it is meant to be down */
	if (cni_bool(c, "disableContainerInterface", &down) < 0 || rtnl_find(in, x->name, l) < 0)
		return -1;
	mac_text(l->mac, mac);
	if (*x->mac && strcasecmp(mac, x->mac) != 0 && !(c->does & CNI_TUNING))
		return fail("%s: its MAC address is %s, not %s", x->name, mac, x->mac);
	if (strcmp(l->kind, cni_link_kind(c)) != 0)
		return fail("%s: it is no %s", x->name, cni_link_kind(c));
	return down || l->flags & IFF_UP ? 0 : fail("%s: it is down", x->name);
}

int cni_check_result(struct cni_call *c)
{
	struct nl in;
	struct link_info l = {0};
	char t[CIDR_TEXT];
	if (nl_open(&in, NETLINK_ROUTE, c->ns) < 0)
		return -1;
	int r = 0, found = 0;
	for (size_t i = 0; i < c->prev.n_ifs && r == 0; i++)
		if (str_eq(c->prev.ifs[i].sandbox, c->netns) &&
		    strcmp(c->prev.ifs[i].name, c->ifname) == 0) {
			r = check_if(c, &in, &c->prev.ifs[i], &l);
			found = 1;
		}
	if (r == 0 && !found)
		r = cni_fail(c, CNI_BAD_CONFIG, "prevResult: it has no interface %s in %s",
		    c->ifname, c->netns);
	for (size_t i = 0; i < c->prev.n_ips && r == 0; i++) {
		const struct cni_ip *ip = &c->prev.ips[i];
		struct look look = {l.index, &ip->addr, false};
		if (ip->ifindex >= 0 && (size_t)ip->ifindex < c->prev.n_ifs &&
		    strcmp(c->prev.ifs[ip->ifindex].name, c->ifname) != 0)
			continue;
		r = rtnl_addrs(&in, check_addr, &look);
		if (r == 0 && !look.found)
			r = fail("%s: address %s is missing", c->ifname, cidr_text(&ip->addr, t));
	}
	for (size_t i = 0; i < c->prev.n_routes && r == 0; i++) {
		struct look look = {l.index, &c->prev.routes[i].dst, false};
		r = rtnl_routes(&in, 0, check_route, &look);
		if (r == 0 && !look.found)
			r = fail("%s: route %s is missing", c->ifname,
			    cidr_text(&c->prev.routes[i].dst, t));
	}
	int saved = errno;
	nl_close(&in);
	errno = saved;
	return r;
}
