/* network.c: named networks; see network.h.
 *
 * The record is all that is kept: the bridge is made again on first use after a reboot.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "host_names.h"
#include "lease.h"
#include "network.h"
#include "place.h"
#include "userns.h"

static const char *const suffix[2] = {"", "6"}; /* of the keys in conf */

static int networks_dir(bool make)
{
	_cleanup_free_ char *p = xasprintf("%s/networks", ctr_lib());
	if (make && (place_make(ctr_lib()) < 0 || dir_make(p, 0700) < 0))
		return -1;
	return open(p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int network_records_lock(void)
{
	int fd = networks_dir(false), saved = errno;
	if (fd < 0)
		return fail("%s/networks: %m", ctr_lib()), errno = saved, -1;
	if (lock_wait(fd, LOCK_EX) == 0)
		return fd;
	close(fd);
	return -1;
}

char *network_leases(const char *name)
{
	return xasprintf("%s/leases/%s", ctr_run(), name);
}

int network_lease_each(const char *name, void (*fn)(const struct lease *l, void *arg), void *arg)
{
	_cleanup_free_ char *dir = network_leases(name);
	return lease_each(dir, fn, arg);
}

int network_leases_each(int (*fn)(int dirfd, const char *name, void *arg), void *arg)
{
	_cleanup_free_ char *leases = xasprintf("%s/leases", ctr_run());
	_cleanup_close_ int dir = open(leases, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? 0 : dir_each(dir, fn, arg);
}

void network_free(struct network *n)
{
	free(n->name);
	free(n->driver);
	free(n->bridge);
	if (n->lock >= 0)
		close(n->lock);
	memset(n, 0, sizeof *n);
	n->lock = -1;
}

/* --- the record --- */

static int read_family(struct network *n, const struct kv *kv, int i)
{
	char key[24];
	const char *s;
	snprintf(key, sizeof key, "subnet%s", suffix[i]);
	if (!(s = kv_get(kv, key)) || !*s)
		return 0;
	if (cidr_parse(key, s, &n->subnet[i]) < 0 ||
	    n->subnet[i].a.family != (i ? AF_INET6 : AF_INET))
		return fail("%s: '%s'", key, s);
	snprintf(key, sizeof key, "gateway%s", suffix[i]);
	if ((s = kv_get(kv, key)) && *s && addr_parse(key, s, &n->gateway[i]) < 0)
		return -1;
	snprintf(key, sizeof key, "range%s", suffix[i]);
	if ((s = kv_get(kv, key)) && *s && addr_range_parse(key, s, &n->from[i], &n->to[i]) < 0)
		return -1;
	return 0;
}

static int read_record(struct network *n, const struct kv *kv)
{
	const char *driver = kv_get(kv, "driver"), *bridge = kv_get(kv, "bridge");
	n->driver = xstrdup(driver ? driver : "bridge");
	n->bridge = xstrdup(bridge ? bridge : "");
	n->internal = kv_num(kv, "internal", 0);
	n->mtu = (int)kv_num(kv, "mtu", 0);
	n->created = kv_num(kv, "created", 0);
	if (ifname_check("bridge", n->bridge) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		if (read_family(n, kv, i) < 0)
			return -1;
	return 0;
}

int network_open(struct network *n, const char *name)
{
	memset(n, 0, sizeof *n);
	_cleanup_free_ char *path = xasprintf("%s/networks/%s/conf", ctr_lib(), name);
	n->lock = name_valid(name) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (n->lock >= 0 && lock_wait(n->lock, LOCK_SH) < 0) {
		int saved = errno;
		network_free(n);
		errno = saved;
		return fail_in("network %.140s", name);
	}
	if (n->lock < 0 || access(path, F_OK) < 0) {
		network_free(n);
		errno = ENOENT;
		return fail(
		    "network %.140s: there is none of this name (ctr-net create makes it)", name);
	}
	struct kv kv = {0};
	int r = kv_read_at(&kv, AT_FDCWD, path);
	if (r == 0) {
		n->name = xstrdup(name);
		r = read_record(n, &kv);
	}
	kv_free(&kv);
	if (r < 0) {
		network_free(n);
		errno = EINVAL;
		return fail_in("network %s: conf", name);
	}
	return 0;
}

static int add_name(int dirfd, const char *name, void *arg)
{
	_cleanup_free_ char *conf = xasprintf("%s/conf", name);
	if (name_valid(name) && faccessat(dirfd, conf, F_OK, 0) == 0)
		strv_add(arg, name);
	return 0;
}

int network_names(struct strv *out)
{
	_cleanup_close_ int fd = networks_dir(false);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail("%s/networks: %m", ctr_lib());
	int r = dir_each(fd, add_name, out);
	strv_sort(out);
	return r;
}

/* --- choosing --- */

struct used {
	struct cidr *v;
	char **what;
	size_t n;
	struct strv bridges; /* of the records: they may not be up */
};

static void used_add(struct used *u, const struct cidr *c, const char *what)
{
	u->v = xrealloc(u->v, (u->n + 1) * sizeof *u->v);
	u->what = xrealloc(u->what, (u->n + 1) * sizeof *u->what);
	u->v[u->n] = *c;
	u->what[u->n++] = xstrdup(what);
}

/* Of every kind: what is blackholed or an address of this host is no network's, either. */
static void on_route(const struct cidr *dst, int oif, bool unicast, void *arg)
{
	(void)oif, (void)unicast;
	bool local6 = dst->a.family == AF_INET6 && (dst->a.b[0] == 0xfe || dst->a.b[0] == 0xff);
	char t[CIDR_TEXT + 8] = "route ";
	/* What is wider is no use of the subnet but a way out: a VPN's 0.0.0.0/1 and 128.0.0.0/1,
	 * say. */
	int widest = dst->a.family == AF_INET ? 8 : 16;
	if (dst->len >= widest && !local6) {
		cidr_text(dst, t + 6);
		used_add(arg, dst, t);
	}
}

static int gather(struct used *u)
{
	struct nl rt;
	struct strv names = {0};
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	int r = rtnl_routes(&rt, on_route, u);
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

/* With a route of the host macvlan and ipvlan share theirs. */
static const char *overlap(const struct used *u, const struct cidr *c, bool routes)
{
	for (size_t i = 0; i < u->n; i++)
		if (cidr_overlap(&u->v[i], c) && (routes || *u->what[i] == 'n'))
			return u->what[i];
	return NULL;
}

/* Is all that the subnet overlaps with wider than itself, and no network? Then it is a part of what
 * lies elsewhere, and who asks for it means that part. */
static bool only_wider(const struct used *u, const struct cidr *c)
{
	for (size_t i = 0; i < u->n; i++)
		if (cidr_overlap(&u->v[i], c) && (*u->what[i] == 'n' || u->v[i].len >= c->len))
			return false;
	return true;
}

/* Candidates in the order of how seldom others take them: 10.88/16 to 10.255/16, 172.16/16 to
 * 172.31/16, 10.0/16 to 10.87/16, then 192.168.0/24 to 192.168.255/24. */
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
		if (!overlap(u, c, true))
			return 0;
	}
	return fail("subnet: none is free of the private ranges (choose one with --subnet)");
}

/* RFC 4193: 40 random bits make it unlikely to meet another's. */
static int choose6(struct cidr *c)
{
	c->a = (struct addr){.family = AF_INET6, .b = {0xfd}};
	c->len = 64;
	return getrandom(c->a.b + 1, 5, 0) == 5 ? 0 : fail("getrandom: %m");
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
		const char *by = overlap(u, c, bridge);
		if (by && !only_wider(u, c))
			return errno = EEXIST,
			       fail("subnet %s: overlaps with %s", cidr_text(c, t), by);
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
		if (!n->gateway[i].family &&
		    bridge) { /* the tutorial's 192.168.10.1/24: that address; else the first */
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

/* Its own name where that is an interface's and free; else one made of it. */
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
		snprintf(key, sizeof key, "subnet%s", suffix[i]);
		kv_set(&kv, key, cidr_text(&n->subnet[i], t));
		snprintf(key, sizeof key, "gateway%s", suffix[i]);
		kv_set(&kv, key, n->gateway[i].family ? addr_text(&n->gateway[i], a) : "");
		snprintf(key, sizeof key, "range%s", suffix[i]);
		if (n->from[i].family)
			kv_setf(
			    &kv, key, "%s-%s", addr_text(&n->from[i], a), addr_text(&n->to[i], b));
	}
	kv_setf(&kv, "mtu", "%d", n->mtu);
	kv_set(&kv, "internal", n->internal ? "1" : "0");
	kv_setf(&kv, "created", "%lld", (long long)n->created);
	/* The directory is made whole beside and then renamed. */
	char tmp[32] = ".new-", hex[13];
	rand_hex(hex, 6);
	strcat(tmp, hex);
	int r = mkdirat(dir, tmp, 0700) < 0 ? fail("network %s: mkdir: %m", n->name) : 0;
	if (r == 0) {
		_cleanup_close_ int d = dir_open_at(dir, tmp);
		r = d < 0 ? -1 : kv_write_at(&kv, d, "conf");
	}
	if (r == 0 && renameat(dir, tmp, dir, n->name) < 0)
		r = fail("network %s: rename: %m", n->name);
	if (r < 0)
		userns_tree_remove(dir, tmp);
	kv_free(&kv);
	return r;
}

int network_create(struct network *n)
{
	struct used u = {0};
	_cleanup_close_ int dir = networks_dir(true);
	_cleanup_free_ char *conf = xasprintf("%s/conf", n->name);
	if (dir < 0 || lock_wait(dir, LOCK_EX) < 0) /* two at once would choose one subnet */
		return fail_in("network %s", n->name);
	if (faccessat(dir, conf, F_OK, 0) == 0)
		return errno = EEXIST,
		       fail("network %s: there is one of this name already", n->name);
	if (!n->driver)
		n->driver = xstrdup("bridge");
	n->created = time(NULL);
	int r = gather(&u);
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
	return r < 0 && !strstr(fail_msg(), n->name) ? fail_in("network %s", n->name) : r;
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
	if (r < 0 && saved != EEXIST) /* another was quicker: fine */
		return -1;
	return network_open(n, name);
}

int network_remove(struct network *n)
{
	struct nl rt;
	struct nft f;
	struct link_info l = {0};
	_cleanup_free_ char *alias = xasprintf("ctr:%s:net:%s", ctr_instance(), n->name),
			    *leases = network_leases(n->name);
	_cleanup_close_ int dir = networks_dir(false);
	if (dir < 0 || nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	int r = 0;
	if (strcmp(n->driver, "bridge") == 0) {
		if (rtnl_find(&rt, n->bridge, &l) == 0 && strcmp(l.alias, alias) == 0) {
			rtnl_link_del(&rt, n->bridge);
			r = nl_commit(&rt);
		} else if (*l.kind &&
			   !*l.alias) { /* the host had it before: without our addresses */
			for (int i = 0; i < 2; i++) {
				struct cidr c = {n->gateway[i], n->subnet[i].len};
				if (c.a.family)
					rtnl_addr_del(&rt, l.index, n->bridge, &c);
			}
			nl_commit(&rt); /* never used: not there */
		}
		for (int i = 0; i < 2 && nft_open(&f) == 0; i++) {
			if (n->subnet[i].a.family) {
				nft_net_del(
				    &f, &n->subnet[i], n->bridge, n->internal ? NFT_INTERNAL : 0);
				nft_commit(&f); /* never used: none there */
				nft_net_del(
				    &f, &n->subnet[i], NULL, n->internal ? 0 : NFT_MASQUERADE);
				nft_commit(&f); /* nor where a greater one by hand is enough */
			}
			nft_close(&f);
		}
	}
	nl_close(&rt);
	_cleanup_free_ char *hosts = host_names_dir(n->name);
	if (r == 0)
		r = userns_tree_remove(AT_FDCWD, leases);
	if (r == 0)
		r = userns_tree_remove(AT_FDCWD, hosts);
	return r < 0 ? -1 : userns_tree_remove(dir, n->name);
}

/* --- up --- */

int net_sysctl(const char *value, const char *fmt, ...)
{
	char path[160] = "/proc/sys/net/";
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(path + 14, sizeof path - 14, fmt, ap);
	va_end(ap);
	return file_poke(path, value);
}

/* A kernel without IPv6 has none of these. */
void bridge_sysctls(const char *ifname)
{
	/* While it is tentative, for a second or two, nothing is forwarded to an IPv6 container.
	 * Our MAC is random. */
	net_sysctl("0", "ipv6/conf/%s/accept_dad", ifname);
	/* A container is no router of the host's (CVE-2020-13401). */
	net_sysctl("0", "ipv6/conf/%s/accept_ra", ifname);
}

static bool sysctl_is(const char *path, const char *value)
{
	_cleanup_free_ char *s = file_read(path, 64, NULL);
	return s && strncmp(s, value, strlen(value)) == 0;
}

/* A host that gets its own address by router advertisements stops to heed them when it forwards,
 * unless it is told. */
static int keep_ra(int dirfd, const char *name, void *arg)
{
	(void)dirfd, (void)arg;
	_cleanup_free_ char *path = xasprintf("/proc/sys/net/ipv6/conf/%s/accept_ra", name);
	if (sysctl_is(path, "1"))
		file_poke(path, "2");
	return 0;
}

char *forward_mark(int family)
{
	return xasprintf("%s/forward%d", ctr_run(), family == AF_INET ? 4 : 6);
}

int forward_on(int family, struct nft *f)
{
	bool v4 = family == AF_INET;
	const char *path =
	    v4 ? "/proc/sys/net/ipv4/ip_forward" : "/proc/sys/net/ipv6/conf/all/forwarding";
	if (!sysctl_is(path, "0"))
		return 0;
	if (!v4) {
		_cleanup_close_ int d =
		    open("/proc/sys/net/ipv6/conf", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (d >= 0)
			dir_each(d, keep_ra, NULL);
	}
	/* Closed first: at no instant is the host a router for others. Who cannot close it leaves
	 * it off. */
	if (f)
		nft_close_forward(f, family, true);
	if (!f || nft_commit(f) < 0)
		return 1;
	_cleanup_free_ char *mark = forward_mark(family);
	if (file_write_at(AT_FDCWD, mark, "", 0, 0600, false) < 0 || file_poke(path, "1") < 0)
		return -1;
	warn("turned IP%s forwarding on (%s); what is not of its networks is not forwarded",
	    v4 ? "" : "v6", path + 10);
	return 0;
}

/* What comes in by `oifname` is what our own chain lets through: answers, and ports that are
 * published. */
static void on_drop(const char *family, const char *table, const char *chain, void *arg)
{
	const struct network *n = arg;
	if (strcmp(family, "ip6") == 0 && !n->subnet[1].a.family)
		return;
	if (strcmp(table, "firewalld") == 0) /* takes its table back at each reload */
		warn("firewalld drops what is forwarded: to let network %s through: firewall-cmd "
		     "--permanent "
		     "--zone=trusted --add-interface=%s; firewall-cmd --reload",
		    n->name, n->bridge);
	else
		warn("table %s %s drops what is forwarded: to let network %s through: nft insert "
		     "rule %s %s %s iifname "
		     "%s accept; nft insert rule %s %s %s oifname %s accept",
		    family, table, n->name, family, table, chain, n->bridge, family, table, chain,
		    n->bridge);
}

void network_drops(const struct network *n)
{
	struct nft look;
	if (n->internal || strcmp(n->driver, "bridge") != 0)
		return;
	if (nft_open(&look) == 0) {
		nft_foreign_drops(&look, n->bridge, on_drop, (void *)n);
		nft_close(&look);
	}
	for (int i = 0; i < 2; i++) {
		const char *tool = i ? "ip6tables-legacy" : "iptables-legacy";
		if (n->subnet[i].a.family && xtables_drop_forward(n->subnet[i].a.family))
			warn("%s drops what is forwarded: to let network %s through: %s -I FORWARD "
			     "-i %s -j ACCEPT; "
			     "%s -I FORWARD -o %s -m conntrack --ctstate RELATED,ESTABLISHED,DNAT "
			     "-j ACCEPT",
			    tool, n->name, tool, n->bridge, tool, n->bridge);
	}
}

static int bridge_make(
    const struct network *n, struct nl *rt, const char *alias, struct link_info *l)
{
	struct link_add a = {.kind = LINK_BRIDGE, .name = n->bridge, .mtu = n->mtu, .netns_fd = -1};
	rtnl_link_add(rt, &a);
	rtnl_link_alias(rt, n->bridge, alias);
	int r = nl_commit(rt);
	nl_reset(rt);
	return r < 0 && errno != EEXIST ? -1 : rtnl_find(rt, n->bridge, l);
}

/* Up last: a bridge that is not up was left half-made by a kill. */
static int bridge_ready(const struct network *n, struct nl *rt, const struct link_info *l)
{
	if (*l->alias) /* else the host had it before */
		bridge_sysctls(n->bridge);
	if (n->subnet[1].a.family)
		net_sysctl("0", "ipv6/conf/%s/disable_ipv6", n->bridge);
	if (n->subnet[0].a.family)
		net_sysctl("1", "ipv4/conf/%s/route_localnet",
		    n->bridge); /* for 127.0.0.1; see the chain `raw` */
	for (int i = 0; i < 2; i++)
		if (n->subnet[i].a.family && n->gateway[i].family) {
			struct cidr c = {n->gateway[i], n->subnet[i].len};
			rtnl_addr_add(rt, l->index, n->bridge, &c);
		}
	rtnl_link_up(rt, l->index, n->bridge, true);
	int r = nl_commit(rt);
	nl_reset(rt);
	return r < 0 && errno != EEXIST ? -1 : 0;
}

int network_up(const struct network *n, struct nl *rt, struct nft *f, int *index)
{
	struct link_info l;
	if (place_instance() < 0)
		return -1;
	_cleanup_free_ char *alias = xasprintf("ctr:%s:net:%s", ctr_instance(), n->name);
	bool bridge = strcmp(n->driver, "bridge") == 0;
	int r = rtnl_find(rt, n->bridge, &l);
	if (!bridge) {
		*index = l.index;
		return r < 0 ? fail_in("network %s: parent", n->name) : 0;
	}
	bool fresh = r < 0;
	if (fresh && (errno != ENODEV || bridge_make(n, rt, alias, &l) < 0))
		return fail_in("network %s", n->name);
	if (!fresh &&
	    (strcmp(l.kind, "bridge") != 0 || (*l.alias && strcmp(l.alias, alias) != 0))) {
		errno = EEXIST;
		return fail("network %s: the host has an interface %s that is not this network's",
		    n->name, n->bridge);
	}
	if ((!(l.flags & IFF_UP) || !*l.alias) && bridge_ready(n, rt, &l) < 0)
		return fail_in("network %s", n->name);
	*index = l.index;
	for (int i = 0; i < 2; i++) {
		if (!n->subnet[i].a.family)
			continue;
		if (!n->internal && forward_on(n->subnet[i].a.family, f) < 0)
			return -1;
	}
	if (fresh && f)
		network_drops(n);
	return 0;
}
