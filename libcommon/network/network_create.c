/* network_create.c: a new network: a subnet and a bridge that are free, and its record; see
 * network.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "event.h"
#include "file.h"
#include "network.h"
#include "userns.h"

struct used {
	struct cidr *v;
	char **what;
	size_t n;
	struct strv bridges; /* those in the records, which may be down */
};

static void used_add(struct used *u, const struct cidr *c, const char *what)
{
	u->v = xrealloc(u->v, (u->n + 1) * sizeof *u->v);
	u->what = xrealloc(u->what, (u->n + 1) * sizeof *u->what);
	u->v[u->n] = *c;
	u->what[u->n++] = xstrdup(what);
}

/* Routes of every kind: a subnet that is blackholed or an address of this host cannot be used,
 * either. */
static void network_create_on_route(const struct cidr *dst, int oif, bool unicast, void *arg)
{
	(void)oif, (void)unicast;
	bool local6 = dst->a.family == AF_INET6 && (dst->a.b[0] == 0xfe || dst->a.b[0] == 0xff);
	char t[CIDR_TEXT + 8] = "route ";
	/* A wider route does not use the subnet but leads to the outside: a VPN's 0.0.0.0/1 and
	 * 128.0.0.0/1, for example. */
	int widest = dst->a.family == AF_INET ? 8 : 16;
	if (dst->len >= widest && !local6) {
		cidr_text(dst, t + 6);
		used_add(arg, dst, t);
	}
}

static int network_create_gather(struct used *u)
{
	struct nl rt;
	struct strv names = {0};
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	int r = rtnl_routes(&rt, 0, network_create_on_route, u);
	nl_close(&rt);
	if (r < 0 || network_names(&names) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		struct network n;
		if (network_open(&n, names.v[i]) < 0)
			continue;
		_cleanup_free_ char *what = xasprintf("network %s", n.name);
		for (int k = 0; k < 2; k++)
			if (n.subnet[k].a.family)
				used_add(u, &n.subnet[k], what);
		strv_add(&u->bridges, n.bridge);
		network_free(&n);
	}
	strv_free(&names);
	return 0;
}

/* What overlaps with the subnet: a network, or a route of the host if routes is true. */
static const char *network_create_overlap(const struct used *u, const struct cidr *c, bool routes)
{
	for (size_t i = 0; i < u->n; i++)
		if (cidr_overlap(&u->v[i], c) && (routes || *u->what[i] == 'n'))
			return u->what[i];
	return NULL;
}

/* Candidates, the least used ones first: 10.88/16 to 10.255/16, 172.16/16 to 172.31/16, 10.0/16 to
 * 10.87/16, then 192.168.0/24 to 192.168.255/24. */
static void candidate(struct cidr *c, int i)
{
	c->len = i < 272 ? 16 : 24;
	c->a.b[0] = 10;
	if (i < 168) {
		c->a.b[1] = (uint8_t)(88 + i);
	} else if (i < 184) {
		c->a.b[0] = 172;
		c->a.b[1] = (uint8_t)(16 + i - 168);
	} else if (i < 272) {
		c->a.b[1] = (uint8_t)(i - 184);
	} else {
		c->a.b[0] = 192;
		c->a.b[1] = 168;
		c->a.b[2] = (uint8_t)(i - 272);
	}
}

static int choose4(struct cidr *c, const struct used *u)
{
	c->a = (struct addr){.family = AF_INET};
	for (int i = 0; i < 272 + 256; i++) {
		candidate(c, i);
		if (!network_create_overlap(u, c, true))
			return 0;
	}
	return fail("subnet: none is free of the private ranges (choose one with --subnet)");
}

/* RFC 4193: 40 random bits make a collision unlikely. */
static int choose6(struct cidr *c)
{
	c->a = (struct addr){.family = AF_INET6, .b = {0xfd}};
	c->len = 64;
	return getrandom(c->a.b + 1, 5, 0) == 5 ? 0 : fail_errno("getrandom");
}

static int settle_subnets(struct network *n, const struct used *u)
{
	bool bridge = strcmp(n->driver, "bridge") == 0;
	char t[CIDR_TEXT];
	if (!n->subnet[0].a.family && (!n->subnet[1].a.family || n->subnet[0].len < 0) &&
	    choose4(&n->subnet[0], u) < 0)
		return -1;
	if (n->subnet[1].a.family && n->subnet[1].len < 0 && choose6(&n->subnet[1]) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		struct cidr *c = &n->subnet[i];
		if (!c->a.family)
			continue;
		int bits = (int)addr_len(&c->a) * 8;
		const char *by = network_create_overlap(u, c, false);
		if (by)
			return errno = EEXIST,
			       fail("subnet %s: overlaps with %s", cidr_text(c, t), by);
		/* A given subnet is the user's will. macvlan and ipvlan share theirs with a route
		 * of the host anyway. */
		by = network_create_overlap(u, c, bridge);
		if (by)
			warn("network %s: subnet %s overlaps with %s of the host", n->name,
			    cidr_text(c, t), by);
		uint8_t b = c->a.b[0]; /* loopback, link-local, multicast */
		if (b == 0 || (i ? b >= 0xfe : b == 127 || b >> 4 == 14))
			return fail("subnet %s: not one for hosts", cidr_text(c, t));
		if (c->len < 8 || c->len > bits - 2)
			return fail(
			    "subnet %s: its length must be 8 to %d", cidr_text(c, t), bits - 2);
		struct addr first = cidr_first(c), given = c->a;
		c->a = first;
		/* As the tutorial's 192.168.10.1/24, it may name an address; otherwise the
		 * first. */
		if (!n->gateway[i].family && bridge) {
			n->gateway[i] = addr_cmp(&given, &first) ? given : first;
			if (addr_cmp(&given, &first) == 0)
				addr_next(&n->gateway[i]);
		}
		struct addr last = cidr_last(c);
		const struct addr *gw = &n->gateway[i];
		if (gw->family && (!cidr_has(c, gw) || addr_cmp(gw, &first) == 0 ||
				      (i == 0 && addr_cmp(gw, &last) == 0)))
			return fail("gateway: not a host's address within %s", cidr_text(c, t));
		if (n->from[i].family && (!cidr_has(c, &n->from[i]) || !cidr_has(c, &n->to[i])))
			return fail("--ip-range: it is not within %s", cidr_text(c, t));
	}
	return 0;
}

/* The network's own name, if that is valid for an interface and free; otherwise one made from
 * it. */
static int settle_bridge(struct network *n, const struct strv *others)
{
	struct nl rt;
	struct link_info l;
	if (n->bridge && *n->bridge) {
		if (strcmp(n->driver, "bridge") == 0 && strv_has(others, n->bridge))
			return errno = EEXIST,
			       fail("--parent %s: another network has it", n->bridge);
		return ifname_check("bridge", n->bridge);
	}
	char first[16];
	const char *own = strlen(n->name) < sizeof first ? n->name : "ctr1";
	snprintf(first, sizeof first, "%s", strcmp(n->name, "bridge") == 0 ? "ctr0" : own);
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	for (int i = 1; ifname_check("bridge", first) < 0 || strv_has(others, first) ||
			rtnl_find(&rt, first, &l) == 0;
	     i++)
		snprintf(first, sizeof first, "ctr%d", i);
	nl_close(&rt);
	free(n->bridge);
	n->bridge = xstrdup(first);
	return 0;
}

static int write_record(const struct network *n, int dir)
{
	struct kv kv = {0};
	char key[24], t[CIDR_TEXT], a[ADDR_TEXT], b[ADDR_TEXT];
	kv_set(&kv, "driver", n->driver);
	kv_set(&kv, "bridge", n->bridge);
	for (int i = 0; i < 2; i++) {
		if (!n->subnet[i].a.family)
			continue;
		snprintf(key, sizeof key, "subnet%s", i ? "6" : "");
		kv_set(&kv, key, cidr_text(&n->subnet[i], t));
		snprintf(key, sizeof key, "gateway%s", i ? "6" : "");
		kv_set(&kv, key, n->gateway[i].family ? addr_text(&n->gateway[i], a) : "");
		snprintf(key, sizeof key, "range%s", i ? "6" : "");
		if (n->from[i].family)
			kv_setf(
			    &kv, key, "%s-%s", addr_text(&n->from[i], a), addr_text(&n->to[i], b));
	}
	kv_setf(&kv, "mtu", "%d", n->mtu);
	kv_set(&kv, "internal", n->internal ? "1" : "0");
	kv_setf(&kv, "created", "%lld", (long long)n->created);
	if (n->labels)
		kv_set(&kv, "label", n->labels);
	/* The directory is completed under another name and then renamed. */
	char tmp[32] = ".new-", hex[13];
	rand_hex(hex, 6);
	strcat(tmp, hex);
	int r = mkdirat(dir, tmp, 0700) < 0 ? fail_errno("mkdir") : 0;
	if (r == 0) {
		_cleanup_close_ int d = dir_open_at(dir, tmp);
		r = d < 0 ? -1 : kv_write_at(&kv, d, "conf", true);
	}
	if (r == 0 && renameat(dir, tmp, dir, n->name) < 0)
		r = fail_errno("rename");
	if (r == 0)
		file_sync(dir, NULL);
	if (r < 0)
		userns_tree_remove(dir, tmp);
	kv_free(&kv);
	return r;
}

struct uplink {
	int index, mtu;
};

static void network_create_on_link(const struct link_info *l, void *arg)
{
	struct uplink *u = arg;
	if (l->index == u->index)
		u->mtu = l->mtu;
}

/* Where the route to the outside, or its interface, has a smaller MTU than usual, the network gets
 * it, too, unless another is asked for. */
static void settle_mtu(struct network *n)
{
	struct nl rt;
	struct uplink u = {0};
	bool local, gateway;
	int route = 0;
	/* TEST-NET: it is only looked up. */
	struct addr out = {.family = AF_INET, .b = {192, 0, 2, 1}};
	if (n->mtu || strcmp(n->driver, "bridge") != 0 || nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return;
	if (rtnl_route_get(&rt, &out, &u.index, &local, &gateway, &route) == 0 &&
	    rtnl_links(&rt, network_create_on_link, &u) == 0) {
		if (route && route < u.mtu)
			u.mtu = route;
		if (u.mtu >= 576 && u.mtu < 1500)
			n->mtu = u.mtu;
	}
	nl_close(&rt);
}

int network_create(struct network *n)
{
	struct used u = {0};
	_cleanup_close_ int dir = network_records(true);
	_cleanup_free_ char *conf = path_join(n->name, "conf");
	if (dir < 0 || lock_wait(dir, LOCK_EX) < 0) /* two at once would choose the same subnet */
		return fail_in("network %s", n->name);
	if (faccessat(dir, conf, F_OK, 0) == 0)
		return errno = EEXIST,
		       fail("network %s: there is one of this name already", n->name);
	if (!n->driver)
		n->driver = xstrdup("bridge");
	n->created = time(NULL);
	settle_mtu(n);
	int r = network_create_gather(&u);
	if (r == 0)
		r = settle_subnets(n, &u);
	if (r == 0)
		r = settle_bridge(n, &u.bridges);
	if (r == 0)
		r = write_record(n, dir);
	for (size_t i = 0; i < u.n; i++)
		free(u.what[i]);
	strv_free(&u.bridges);
	free(u.what);
	free(u.v);
	if (r == 0)
		event_tell(
		    "network", "create", n->name, "name", n->name, "type", n->driver, EVENT_END);
	return r < 0 ? fail_in("network %s", n->name) : r;
}

int network_open_or_default(struct network *n, const char *name)
{
	if (network_open(n, name) == 0)
		return 0;
	if (errno != ENOENT || strcmp(name, "bridge") != 0)
		return -1;
	struct network fresh = {.name = xstrdup(name), .lock = -1};
	int r = network_create(&fresh);
	int saved = errno;
	network_free(&fresh);
	if (r < 0 && saved != EEXIST) /* another process was faster, which is fine */
		return -1;
	return network_open(n, name);
}
