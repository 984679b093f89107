/* cni_link_addr.c: addresses and routes: of the interface in its network namespace, of the bridge
 * as gateway, of ptp's end on the host; see cni_link.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cni_link.h"
#include "err.h"
#include "file.h"
#include "sys.h"

/* --- inside --- */

static bool link_v6(const struct cni_result *r)
{
	for (size_t i = 0; i < r->n_ips; i++)
		if (r->ips[i].addr.a.family == AF_INET6)
			return true;
	return false;
}

/* Under /proc/sys/net every network namespace has an entry "ipv6" of its own, and the kernel keeps
 * all that were ever looked up in one list, which it walks several times to find that one is new: 2
 * microseconds for each (Linux 6.18). A /proc of our own has an empty list; but when it goes we
 * wait for the kernel, so it is for crowds only. */
static int link_conf(const struct cni_call *c)
{
	_cleanup_close_ int fs = c->crowd < 100 ? -1 : sys_fs_open("proc"),
			    proc = sys_fs_mount(fs, "proc", 0);
	int conf = proc < 0 ? -1 : openat(proc, "sys/net/ipv6/conf", O_PATH | O_CLOEXEC);
	return conf >= 0 ? conf : open("/proc/sys/net/ipv6/conf", O_PATH | O_CLOEXEC);
}

/* An interface without an IPv6 address gets no link-local one either: the bridge would carry what
 * the kernel sends to make sure of it to every other port, so that each attachment costs more than
 * the one before. A kernel without IPv6 does not have the folder. */
static int link_sysctls(struct cni_call *c, void *arg)
{
	const struct cni_link *l = ((void **)arg)[0];
	const struct {
		const char *ifname, *name, *value;
	} all[] = {{"lo", "disable_ipv6", "0"}, {c->ifname, "disable_ipv6", "0"},
	    {c->ifname, "accept_dad", l->dad ? "1" : "0"}, {c->ifname, "accept_ra", "0"},
	    {c->ifname, "accept_redirects", "0"}, {c->ifname, "addr_gen_mode", "1"}};
	bool v6 = link_v6(((void **)arg)[1]);
	_cleanup_close_ int conf = link_conf(c);
	for (size_t i = v6 ? 0 : 3; i < sizeof all / sizeof *all - v6; i++) {
		char path[60];
		snprintf(path, sizeof path, "%s/%s", all[i].ifname, all[i].name);
		file_poke_at(conf, path, all[i].value);
	}
	return 0;
}

static const struct addr *link_gw(const struct cni_result *r, int family)
{
	for (size_t i = 0; i < r->n_ips; i++)
		if (r->ips[i].addr.a.family == family && r->ips[i].gw.family)
			return &r->ips[i].gw;
	return NULL;
}

/* ptp: no neighbour but the gateway: first the route to it, then the subnet through it. */
static int link_ptp_routes(struct nl *in, const struct cni_result *r, int index)
{
	struct addr none = {0};
	for (size_t i = 0; i < r->n_ips; i++)
		rtnl_route_del(in, &r->ips[i].addr, &none, index);
	if (cni_link_commit(in) < 0 && errno != ESRCH)
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
	return cni_link_commit(in) < 0 && errno != EEXIST ? -1 : 0;
}

int cni_link_inside(
    struct cni_call *c, const struct cni_link *l, const struct cni_result *r, struct link_info *x)
{
	struct nl in;
	const void *args[2] = {l, r};
	if (r->n_ips && cni_inside(c, link_sysctls, args) < 0)
		return -1;
	if (nl_open(&in, NETLINK_ROUTE, c->ns) < 0)
		return -1;
	int done = rtnl_find(&in, c->ifname, x);
	if (done == 0 && r->n_ips) {
		rtnl_inet_conf(&in, x->index, c->ifname, IPV4_DEVCONF_ACCEPT_REDIRECTS, 0);
		rtnl_inet_conf(&in, x->index, c->ifname, IPV4_DEVCONF_ARP_NOTIFY, 1);
	}
	if (c->does & (CNI_MACVLAN | CNI_IPVLAN))
		rtnl_link_alias(&in, c->ifname, c->owner);
	if (done == 0 && !l->down)
		rtnl_link_up(&in, x->index, c->ifname, true);
	for (size_t i = 0; i < r->n_ips && done == 0; i++)
		rtnl_addr_add(&in, x->index, c->ifname, &r->ips[i].addr);
	if (done == 0)
		done = cni_link_commit(&in);
	if (done == 0 && c->does & CNI_PTP)
		done = link_ptp_routes(&in, r, x->index);
	for (size_t i = 0; i < r->n_routes && done == 0; i++) {
		struct route q = r->routes[i];
		const struct addr *gw = link_gw(r, q.dst.a.family);
		if (!q.via.family && gw)
			q.via = *gw;
		q.index = x->index;
		rtnl_route_new(&in, &q);
		/* a route that exists: the first one wins, as the specification says of the default
		 * route */
		if (cni_link_commit(&in) < 0 && errno != EEXIST)
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

/* A bridge may have one IPv4 address, and no IPv6 addresses that overlap. */
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

int cni_link_gateway(
    const struct cni_link *l, struct nl *rt, const struct link_info *door, const struct cidr *gw)
{
	char t[CIDR_TEXT], u[CIDR_TEXT];
	rtnl_addr_add(rt, door->index, l->door, gw);
	if (cni_link_commit(rt) < 0)
		return errno == EEXIST ? 0 : -1;
	struct others o = {door->index, gw, NULL, 0};
	int r = rtnl_addrs(rt, link_other, &o);
	if (r == 0 && o.n && !l->force) {
		rtnl_addr_del(rt, door->index, l->door, gw);
		cni_link_commit(rt);
		r = fail("%s has the address %s, not %s (forceAddress changes it)", l->door,
		    cidr_text(&o.v[0], t), cidr_text(gw, u));
	} else if (r == 0 && o.n) {
		for (size_t i = 0; i < o.n; i++)
			rtnl_addr_del(rt, door->index, l->door, &o.v[i]);
		r = cni_link_commit(rt);
	}
	free(o.v);
	return r;
}

int cni_link_ptp_host(const struct cni_link *l, struct nl *rt, const struct cni_result *r)
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
	return cni_link_commit(rt) < 0 && errno != EEXIST ? -1 : 0;
}
