/* endpoint.c: a container's connection to a network; see endpoint.h.
 *
 * The order follows from what a kill would leave: first the lease, which names the container; then
 * the veth, which disappears with the namespace; last the ports. Tearing down goes in the opposite
 * order.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conntrack.h"
#include "err.h"
#include "host_names.h"
#include "lease.h"
#include "endpoint.h"
#include "endpoint_ports.h"
#include "nft_bridge.h"
#include "portspec.h"
#include "place.h"
#include "rtnl_port.h"

/* --- what was asked --- */

int endpoint_check(const struct endpoint_req *r)
{
	struct addr a;
	struct portspec ps;
	uint8_t mac[6], proto;
	uint16_t from, to;
	bool wanted = net_named(r->net);
	if (wanted && name_check("--net", r->net) < 0)
		return -1;
	if (!wanted && (r->publish.n || r->exposed.n) && !str_eq(r->net, "host"))
		return fail("-p: a container with --net %s has no network to publish ports of",
		    r->net ? r->net : "none");
	if (str_eq(r->net, "host") && (r->publish.n || r->exposed.n))
		warn("-p, -P: not needed with --net host: every port that it opens is the host's");
	if (r->ip && (addr_parse("--ip", r->ip, &a) < 0 || a.family != AF_INET))
		return fail("--ip: '%s' is not an IPv4 address", r->ip);
	if (r->ip6 && (addr_parse("--ip6", r->ip6, &a) < 0 || a.family != AF_INET6))
		return fail("--ip6: '%s' is not an IPv6 address", r->ip6);
	if (r->mac && mac_parse("mac", r->mac, mac) < 0)
		return -1;
	if (!wanted && (r->ip || r->ip6 || r->mac))
		return fail("--ip, --ip6, --mac: need a network of --net NAME");
	for (size_t i = 0; i < r->publish.n; i++)
		if (portspec_parse("-p", r->publish.v[i], &ps) < 0)
			return -1;
	if (endpoint_ports_check(r) < 0)
		return -1;
	for (size_t i = 0; i < r->exposed.n; i++)
		if (port_range_parse("-P", r->exposed.v[i], &from, &to, &proto) < 0)
			return -1;
	for (size_t i = 0; i < r->aliases.n; i++)
		if (name_check("alias", r->aliases.v[i]) < 0)
			return -1;
	return 0;
}

/* --- leases --- */

/* The names by which the other containers know it. Caller frees. */
static char *names_of(const struct endpoint_req *r, const char *id, const char *name)
{
	struct buf names = {0};
	buf_puts(&names, name);
	if (strncmp(name, id, 12) != 0)
		buf_printf(&names, " %.12s", id);
	for (size_t i = 0; i < r->aliases.n; i++)
		buf_printf(&names, " %s", r->aliases.v[i]);
	return names.p;
}

/* With p NULL, only check whether the addresses, and the MAC address, could be had. */
static int take_leases(const struct network *n, const struct endpoint_req *r, const char *id,
    const char *name, struct endpoint *p)
{
	_cleanup_free_ char *dir = leases_of(n->name), *names = names_of(r, id, name);
	const char *want[2] = {r->ip, r->ip6};
	int result = 0;
	if (r->mac && strcmp(n->driver, "ipvlan") == 0)
		return fail(
		    "--mac: a container of network %s, of ipvlan, has that of the interface %s",
		    n->name, n->bridge);
	for (int i = 0; i < 2 && result == 0; i++) {
		struct lease_req q = {.subnet = n->subnet[i],
		    .from = n->from[i],
		    .to = n->to[i],
		    .exclude = &n->gateway[i],
		    .excludes = n->gateway[i].family ? 1 : 0,
		    .owner = id,
		    .ifname = p ? p->ifname : NULL,
		    .names = names};
		if (!n->subnet[i].a.family) {
			if (want[i])
				result = fail("--ip%s %s: network %s has no IPv%c", i ? "6" : "",
				    want[i], n->name, i ? '6' : '4');
			continue;
		}
		if (want[i] && addr_parse(i ? "--ip6" : "--ip", want[i], &q.want) < 0)
			result = -1;
		struct addr got;
		if (!want[i])
			q.want = r->had[i];
		if (result == 0)
			result = p ? lease_take(dir, &q, &got) : lease_check(&q);
		if (result < 0 && !want[i] &&
		    q.want.family) { /* another has it, or the subnet changed */
			q.want.family = 0;
			result = lease_take(dir, &q, &got);
		}
		if (result < 0)
			fail_in("network %s", n->name);
		else if (p)
			p->addr[i] = (struct cidr){got, n->subnet[i].len};
	}
	return result;
}

int endpoint_fits(const struct endpoint_req *r, const struct network *n)
{
	return take_leases(n, r, "", "", NULL);
}

/* --- the interface --- */

static void choose_mac(const struct endpoint_req *r, struct endpoint *p)
{
	if (r->mac && mac_parse("--mac", r->mac, p->mac) == 0)
		return;
	endpoint_mac(p->addr, p->mac);
}

/* Settings of an interface that moves into this namespace: it accepts no router but the one that we
 * set, no redirects, and without an IPv6 subnet no IPv6 (otherwise a neighbour on the bridge could
 * act as a router). /proc/sys/net is that of the namespace we are in. A kernel without IPv6 has
 * none of these files. */
static int heed_nobody(int netns_fd, bool ipv6)
{
	_cleanup_close_ int home = openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0 || setns(netns_fd, CLONE_NEWNET) < 0)
		return fail_errno("the container's network namespace");
	net_sysctl("0", "ipv6/conf/default/accept_ra");
	net_sysctl("0", "ipv6/conf/default/autoconf");
	net_sysctl("0", "ipv6/conf/default/accept_redirects");
	net_sysctl("0", "ipv4/conf/default/accept_redirects");
	net_sysctl(ipv6 ? "0" : "1", "ipv6/conf/default/disable_ipv6");
	return setns(home, CLONE_NEWNET) < 0 ? fail_errno("our own network namespace") : 0;
}

static int endpoint_link_make(
    const struct network *n, const struct endpoint *p, struct nl *rt, int index, int netns_fd)
{
	char host[16];
	if (place_instance() < 0)
		return -1;
	_cleanup_free_ char *mark = endpoint_mark(p->id);
	endpoint_veth(p->id, p->ifname, host);
	if (strcmp(n->driver, "bridge") == 0) {
		struct link_add l = {.kind = LINK_VETH,
		    .name = host,
		    .mtu = n->mtu,
		    .master = index,
		    .peer = p->ifname,
		    .peer_netns_fd = netns_fd,
		    .peer_mac = p->mac};
		rtnl_link_add(rt, &l);
		rtnl_link_alias(rt, host, mark);
		if (p->nports)
			rtnl_port_flags(rt, host, true, false);
		return rtnl_port_up(rt, host);
	}
	struct link_add l = {.kind = strcmp(n->driver, "macvlan") == 0 ? LINK_MACVLAN : LINK_IPVLAN,
	    .name = p->ifname,
	    .mtu = n->mtu,
	    .parent = index,
	    .netns_fd = netns_fd,
	    .mac = strcmp(n->driver, "macvlan") == 0 ? p->mac : NULL};
	rtnl_link_add(rt, &l);
	int r = nl_commit(rt), saved = errno;
	nl_reset(rt);
	errno = saved;
	return r;
}

static int endpoint_inside(const struct network *n, const struct endpoint *p, int netns_fd)
{
	struct addr gw[2] = {{0}, {0}};
	for (int i = 0; i < 2; i++)
		if (p->addr[i].a.family && !n->internal)
			gw[i] = n->gateway[i];
	int result = rtnl_setup(netns_fd, p->ifname, p->addr, 2, gw);
	return result < 0 && errno == EEXIST ? 0 : result; /* EEXIST: there is a default route
							      already, through an earlier network */
}

/* --- up and down --- */

static int endpoint_join(const struct endpoint_req *r, const char *name, struct endpoint *p)
{
	_cleanup_free_ char *names = names_of(r, p->id, name);
	_cleanup_free_ char *own = r->self ? etc_hosts_own(r->self, names) : xstrdup(names);
	struct host_names h = {p->network, p->id, r->hosts, own, names, p->addr, false};
	return host_names_join(&h);
}

/* Guard the port before it exists: a container that runs already may use an interface in the moment
 * in which it appears. Where the port of an earlier container still stands its guard stays, too: -1
 * with fail() and EEXIST. Otherwise it returns what endpoint_guard() does. */
static int guard_first(const struct network *n, const struct endpoint *p)
{
	char host[16];
	endpoint_veth(p->id, p->ifname, host);
	if (if_nametoindex(host))
		return errno = EEXIST, fail("network %s: %s: %m", n->name, host);
	return endpoint_guard(p->id, p->ifname, p->mac, p->addr, true);
}

static int endpoint_up_link(const struct endpoint_req *r, const char *name, struct network *n,
    int netns_fd, struct endpoint *p)
{
	struct nl rt;
	struct nft f;
	int index;
	bool bridge = strcmp(n->driver, "bridge") == 0;
	if ((n->internal || !bridge) && (r->publish.n || r->exposed.n))
		return fail("-p: network %s is %s", n->name,
		    bridge ? "internal: nothing enters or leaves it"
			   : "an interface's: ports are reached at the container's own address");
	if (take_leases(n, r, p->id, name, p) < 0 || endpoint_ports_hold(r, p) < 0)
		return -1;
	if (strcmp(n->driver, "ipvlan") != 0)
		choose_mac(r, p);
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	bool nat = nft_open(&f) == 0, strange = nat && nft_strange(&f.body);
	_cleanup_free_ char *why = nat ? NULL : fail_copy();
	int result = network_up(n, &rt, nat ? &f : NULL, &index);
	if (result == 0)
		result = heed_nobody(netns_fd, p->addr[1].a.family);
	int guard = result < 0 || !bridge ? 0 : guard_first(n, p);
	if (guard < 0 && errno == EEXIST)
		result = -1;
	else if (guard < 0 && nat)
		warn("network %s: a container of it can take another's address: %s", n->name,
		    fail_msg());
	p->guarded = result == 0 && bridge && guard >= 0;
	if (result == 0) {
		result = endpoint_link_make(n, p, &rt, index, netns_fd);
		/* With EEXIST the interface belongs to an earlier container. */
		p->linked = result == 0 || errno != EEXIST;
	}
	nl_close(&rt);
	if (result == 0)
		result = endpoint_inside(n, p, netns_fd);
	if (result == 0 && bridge) {
		if (why)
			fail_again(why);
		result = endpoint_ports_publish(r, n, p, nat ? &f : NULL);
	}
	if (nat) {
		p->rebuilt = strange || f.rebuilt || guard > 0;
		nft_close(&f);
	}
	return result < 0 ? -1 : endpoint_join(r, name, p);
}

static void let_go(struct endpoint *p)
{
	while (p->nheld)
		close(p->held[--p->nheld]);
}

int endpoint_up(const struct endpoint_req *r, const char *id, const char *name, int netns_fd,
    struct endpoint *p)
{
	struct network n;
	memset(p, 0, sizeof *p);
	if (network_open_or_default(&n, r->net) < 0)
		return -1;
	p->id = xstrdup(id);
	p->network = xstrdup(n.name);
	p->bridge = xstrdup(n.bridge);
	snprintf(p->ifname, sizeof p->ifname, "%s", r->ifname ? r->ifname : "eth0");
	int result = endpoint_up_link(r, name, &n, netns_fd, p);
	network_free(&n);
	if (result == 0)
		return 0;
	int saved = errno;
	_cleanup_free_ char *why = fail_copy();
	p->nports = 0; /* the transaction with them is the last step, so it did not happen */
	let_go(p);     /* first, because the rest needs descriptors */
	endpoint_down(p);
	errno = saved;
	return fail_again(why);
}

static int link_drop(const char *id, const char *ifname)
{
	char host[16];
	endpoint_veth(id, ifname, host);
	return rtnl_link_away(-1, host) < 0 && errno != ENODEV ? -1 : 0;
}

int endpoint_release(const char *id, const char *network, const struct cidr *subnet)
{
	_cleanup_free_ char *dir = leases_of(network);
	struct endpoint h = {0};
	if (endpoint_held(id, network, &h) < 0)
		return -1;
	if (!*h.ifname)
		return 0;
	int r = host_names_leave(network, id, h.addr, subnet);
	for (int i = 0; i < 2; i++)
		if (h.addr[i].a.family && lease_free(dir, &h.addr[i].a) < 0)
			r = -1;
	return r;
}

void endpoint_down(struct endpoint *p)
{
	if (!p->id)
		return;
	struct nft f;
	bool nat = p->nports > 0;
	if (nat && nft_open(&f) < 0) {
		warn_fail();
		nat = false;
	}
	if (nat && nft_ports_away(&f, p->ports, p->nports) < 0)
		warn_fail();
	conntrack_flush(p->ports, p->nports);
	if (p->guarded && endpoint_guard(p->id, p->ifname, p->mac, p->addr, false) < 0)
		warn_fail();
	/* An interface that cannot be removed keeps its lease, by which it is found again. */
	bool stays = p->linked && link_drop(p->id, p->ifname) < 0;
	/* Only what has its name: another container may have these addresses by now. */
	if (stays || endpoint_release(p->id, p->network, NULL) < 0)
		warn_fail();
	if (nat) /* last, because the kernel cleans up meanwhile */
		nft_close(&f);
	let_go(p);
	endpoint_forget(p);
}

void endpoint_forget(struct endpoint *p)
{
	free(p->held);
	free(p->ports);
	free(p->id);
	free(p->network);
	free(p->bridge);
	memset(p, 0, sizeof *p);
}

int endpoint_again(
    const struct endpoint_req *r, const char *id, const char *name, bool all, struct endpoint *h)
{
	struct network n;
	_cleanup_free_ char *dir = leases_of(r->net), *names = names_of(r, id, name);
	if (endpoint_held(id, r->net, h) < 0 || network_open(&n, r->net) < 0)
		return errno == ENOENT ? 0 : -1;
	int result = 0, lost = 0;
	for (int i = 0; i < 2 && result == 0; i++) {
		struct lease_req q = {n.subnet[i], .want = r->had[i], .exclude = &n.gateway[i],
		    .excludes = 1, .owner = id, .ifname = r->ifname, .names = names};
		if (h->addr[i].a.family || !q.want.family)
			continue;
		lost = 1;
		result = lease_take(dir, &q, &h->addr[i].a);
		if (result == 0 || errno != EADDRINUSE)
			continue;
		/* By another process, for this container? */
		endpoint_held(id, r->net, h);
		result = h->addr[i].a.family ? 0 : -1;
	}
	if (result == 0 && (lost || (all && *h->ifname))) {
		struct host_names again = {n.name, id, r->hosts, NULL, names, h->addr, true};
		result = host_names_join(&again) < 0 ? -1 : lost;
	}
	network_free(&n);
	return result;
}

/* Through each of these networks in turn: the kernel refuses where there is a default route
 * already, or no way to that gateway. */
static void default_routes(struct nl *in, const struct strv *networks)
{
	for (size_t k = 0; k < networks->n; k++) {
		struct network n;
		_cleanup_free_ char *name = xstrndup(networks->v[k], strcspn(networks->v[k], " "));
		if (network_open(&n, name) < 0)
			continue;
		nl_reset(in);
		for (int i = 0; i < 2; i++) {
			struct cidr all = {.a = {.family = n.gateway[i].family}};
			if (all.a.family && !n.internal)
				rtnl_route_add(in, &all, &n.gateway[i], 0);
		}
		nl_commit(in);
		network_free(&n);
	}
}

int endpoint_disconnect(const char *id, const char *ifname, const struct network *n, int netns_fd,
    const struct strv *networks)
{
	struct nl in;
	if (nl_open(&in, NETLINK_ROUTE, netns_fd) < 0)
		return -1;
	int r;
	/* Whatever the interface in the container is called by now. */
	if (strcmp(n->driver, "bridge") == 0) {
		char port[16];
		endpoint_veth(id, ifname, port);
		r = link_drop(id, ifname);
		if (r == 0)
			r = nft_guard_away(port);
	} else {
		struct link_info l;
		r = rtnl_find(&in, ifname, &l) < 0 && errno != ENODEV ? -1 : 0;
		if (r == 0 && strcmp(l.kind, n->driver) == 0) { /* not what the container made */
			rtnl_link_del(&in, ifname);
			r = nl_commit(&in) < 0 && errno != ENODEV ? -1 : 0;
		}
	}
	if (r == 0)
		default_routes(&in, networks);
	nl_close(&in);
	return r < 0 ? -1 : endpoint_release(id, n->name, n->subnet);
}

void endpoint_state(const struct endpoint *p, struct kv *kv)
{
	char t[ADDR_TEXT];
	struct buf b = {0};
	if (!p->id)
		return;
	kv_set(kv, "network", p->network);
	if (p->addr[0].a.family)
		kv_set(kv, "ip", addr_text(&p->addr[0].a, t));
	if (p->addr[1].a.family)
		kv_set(kv, "ip6", addr_text(&p->addr[1].a, t));
	static const uint8_t none[6];
	if (memcmp(p->mac, none, 6) != 0) /* an ipvlan has no MAC of its own */
		kv_set(kv, "mac", mac_text(p->mac, (char[MAC_TEXT]){0}));
	if (p->guarded)
		kv_set(kv, "guarded", "1");
	for (size_t i = 0; i < p->nports; i++) {
		const struct nft_port *q = &p->ports[i];
		bool v6 = q->to.family == AF_INET6;
		buf_printf(&b, "%s%s%s%s:%u->%u/%s", i ? ", " : "", v6 ? "[" : "",
		    addr_text(&q->host, t), v6 ? "]" : "", q->hport, q->cport,
		    q->proto == IPPROTO_UDP ? "udp" : "tcp");
	}
	kv_set(kv, "ports", b.p ? b.p : "");
	buf_free(&b);
}
