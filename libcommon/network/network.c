/* network.c: named networks; see network.h.
 *
 * Only the record is kept: after a reboot the bridge is made again when it is first used.
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
#include <sys/socket.h>
#include <unistd.h>

#include "endpoint.h"
#include "err.h"
#include "event.h"
#include "file.h"
#include "host_names.h"
#include "lease.h"
#include "network.h"
#include "place.h"
#include "rtnl_port.h"
#include "userns.h"

static const char *const suffix[2] = {"", "6"}; /* of the keys in conf */

int network_records(bool make)
{
	return place_dir(ctr_lib(), "networks", make ? 0700 : 0);
}

int network_records_lock(void)
{
	int fd = network_records(false), saved = errno;
	if (fd < 0)
		return fail("%s/networks: %m", ctr_lib()), errno = saved, -1;
	if (lock_wait(fd, LOCK_EX) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Let nft.c count our transactions in a file of $CTR_RUN (nft_strange()), before any is made. */
__attribute__((constructor)) static void network_counts(void)
{
	nft_count_in(ctr_run);
}

int network_lease_each(const char *name, void (*fn)(const struct lease *l, void *arg), void *arg)
{
	_cleanup_free_ char *dir = leases_of(name);
	return lease_each(dir, fn, arg);
}

int network_leases_each(int (*fn)(int dirfd, const char *name, void *arg), void *arg)
{
	_cleanup_free_ char *leases = path_join(ctr_run(), "leases");
	_cleanup_close_ int dir = dir_open(leases);
	return dir < 0 ? 0 : dir_each(dir, fn, arg);
}

void network_free(struct network *n)
{
	free(n->name);
	free(n->driver);
	free(n->bridge);
	free(n->labels);
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
	n->labels = kv_get(kv, "label") ? xstrdup(kv_get(kv, "label")) : NULL;
	if (ifname_check("bridge", n->bridge) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		if (read_family(n, kv, i) < 0)
			return -1;
	return 0;
}

static int open_record(struct network *n, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/networks/%s/conf", ctr_lib(), name);
	errno = ENOENT;
	n->lock =
	    name_valid(name) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW) : -1;
	if (n->lock < 0 && errno != ENOENT)
		return fail("network %s: conf: %m", name);
	if (n->lock >= 0 && lock_wait(n->lock, LOCK_SH) < 0)
		return fail_in("network %s", name);
	if (n->lock < 0 || access(path, F_OK) < 0)
		return errno = ENOENT, fail("network %s: there is none of this name (ctr-net ls "
					    "lists them, ctr-net create makes one)",
					   *name ? name : "''");
	struct kv kv = {0};
	int r = kv_read_at(&kv, AT_FDCWD, path), why = r < 0 && errno != ENOENT ? errno : EINVAL;
	if (r == 0) {
		n->name = xstrdup(name);
		r = read_record(n, &kv);
	}
	kv_free(&kv);
	errno = why;
	return r < 0 ? fail_in("network %s: conf", name) : 0;
}

int network_open(struct network *n, const char *name)
{
	memset(n, 0, sizeof *n);
	int r = open_record(n, name), why = errno;
	if (r < 0)
		network_free(n);
	errno = why;
	return r;
}

static int network_add_name(int dirfd, const char *name, void *arg)
{
	_cleanup_free_ char *conf = path_join(name, "conf");
	if (name_valid(name) && faccessat(dirfd, conf, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		strv_add(arg, name);
	return 0;
}

int network_names(struct strv *out)
{
	_cleanup_close_ int fd = network_records(false);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail("%s/networks: %m", ctr_lib());
	int r = dir_each(fd, network_add_name, out);
	strv_sort(out);
	return r;
}

/* The alias of a network's bridge; caller frees. */
static char *network_mark(const char *name)
{
	_cleanup_free_ char *id = xasprintf("net:%s", name);
	return endpoint_mark(id);
}

static void has_alias(const struct link_info *l, void *arg)
{
	struct link_info *sought = arg;
	if (strcmp(l->alias, sought->alias) == 0)
		*sought = *l;
}

int network_remove(struct network *n)
{
	struct nl rt;
	struct nft f;
	struct link_info l = {0};
	_cleanup_free_ char *alias = network_mark(n->name), *leases = leases_of(n->name);
	_cleanup_close_ int dir = network_records(false);
	if (dir < 0 || nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	int r = 0;
	if (strcmp(n->driver, "bridge") == 0) {
		/* A damaged record does not tell the bridge's name, but its alias has the
		 * network's. */
		if (rtnl_find(&rt, n->bridge, &l) < 0) {
			strcpy(l.alias, alias);
			rtnl_links(&rt, has_alias, &l);
		}
		if (l.index && strcmp(l.alias, alias) == 0) {
			rtnl_link_del(&rt, l.name);
			r = nl_commit(&rt);
		} else if (*l.kind &&
			   !*l.alias) { /* the host had it before, without our addresses */
			for (int i = 0; i < 2; i++) {
				struct cidr c = {n->gateway[i], n->subnet[i].len};
				if (c.a.family)
					rtnl_addr_del(&rt, l.index, n->bridge, &c);
			}
			nl_commit(&rt); /* fails when the network was never used, because it has no
					   address then */
		}
		for (int i = 0; i < 2 && nft_open(&f) == 0; i++) {
			if (n->subnet[i].a.family) {
				nft_net_del(
				    &f, &n->subnet[i], n->bridge, n->internal ? NFT_INTERNAL : 0);
				nft_commit(&f); /* fails when the network was never used, because
						   there are no elements then */
				nft_net_del(
				    &f, &n->subnet[i], NULL, n->internal ? 0 : NFT_MASQUERADE);
				/* Fails, too, where a larger subnet that was added by hand covers
				 * it. */
				nft_commit(&f);
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
	if (r == 0)
		event_tell(
		    "network", "destroy", n->name, "name", n->name, "type", n->driver, EVENT_END);
	if (r == 0)
		r = userns_tree_remove(dir, n->name);
	if (r == 0)
		file_sync(dir, NULL);
	return r;
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

/* A kernel without IPv6 has none of these files. */
void bridge_sysctls(const char *ifname)
{
	/* While an address is tentative, for a second or two, nothing is forwarded to an IPv6
	 * container. Our MAC is random, so no other host has the address. */
	net_sysctl("0", "ipv6/conf/%s/accept_dad", ifname);
	/* The host accepts no container as its router (CVE-2020-13401). */
	net_sysctl("0", "ipv6/conf/%s/accept_ra", ifname);
}

static bool sysctl_is(const char *path, const char *value)
{
	_cleanup_free_ char *s = file_read(path, 64, NULL);
	return s && strncmp(s, value, strlen(value)) == 0;
}

/* A host that gets its own address by router advertisements ignores them once it forwards, unless
 * told otherwise. */
static int keep_ra(int dirfd, const char *name, void *arg)
{
	(void)dirfd;
	_cleanup_free_ char *path = xasprintf("/proc/sys/net/ipv6/conf/%s/accept_ra", name);
	if (sysctl_is(path, "1"))
		buf_printf(arg, "%s\n", name);
	return 0;
}

void net_accept_ra(const char *names, const char *value)
{
	struct strv v = {0};
	strv_split(&v, names ? names : "", "\n");
	for (size_t i = 0; i < v.n; i++)
		net_sysctl(value, "ipv6/conf/%.16s/accept_ra", v.v[i]);
	strv_free(&v);
}

char *forward_mark(int family)
{
	return xasprintf("%s/forward%d", ctr_run(), family == AF_INET ? 4 : 6);
}

const char *forward_path(int family)
{
	return family == AF_INET ? "/proc/sys/net/ipv4/ip_forward"
				 : "/proc/sys/net/ipv6/conf/all/forwarding";
}

int forward_on(int family, struct nft *f)
{
	bool v4 = family == AF_INET;
	const char *path = forward_path(family);
	int on = rtnl_forwards(family);
	if (on < 0 && errno == EOPNOTSUPP) { /* before Linux 3.8, or that family is off */
		_cleanup_free_ char *text = file_read(path, 16, NULL);
		on = text ? *text == '1' : -1;
	}
	if (on)
		return on < 0 ? -1 : 0;
	/* Our chain closes first, so that the host never acts as a router for others. Where it
	 * cannot be closed, forwarding stays off. */
	if (f)
		nft_close_forward(f, family, true);
	if (!f || nft_commit(f) < 0)
		return 1;
	_cleanup_free_ char *mark = forward_mark(family);
	struct buf ra = {0};
	_cleanup_close_ int d = v4 ? -1 : dir_open("/proc/sys/net/ipv6/conf");
	if (d >= 0)
		dir_each(d, keep_ra, &ra);
	int r = place_make(ctr_run());
	if (r == 0)
		r = file_write_at(AT_FDCWD, mark, ra.p ? ra.p : "", ra.n, 0600, false);
	if (r == 0)
		net_accept_ra(ra.p, "2");
	if (r == 0)
		r = file_poke(path, "1");
	buf_free(&ra);
	if (r < 0)
		return -1;
	warn("turned IP%s forwarding on (%s); what is not of its networks is not forwarded",
	    v4 ? "" : "v6", path + 10);
	return 0;
}

/* What comes in by `oifname` is what our own chain accepts: replies, and connections to published
 * ports. */
static void on_drop(const char *family, const char *table, const char *chain, void *arg)
{
	const struct network *n = arg;
	if (strcmp(family, "ip6") == 0 && !n->subnet[1].a.family)
		return;
	if (strcmp(table, "firewalld") == 0) /* firewalld restores its table at each reload */
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

/* Up last: a bridge that is down was left half-made by a kill. */
static int bridge_ready(const struct network *n, struct nl *rt, const struct link_info *l)
{
	if (*l->alias) /* otherwise the host had it before */
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

static void on_default(const struct cidr *dst, int oif, bool unicast, void *arg)
{
	int *index = arg;
	if (dst->len == 0 && unicast && oif == *index)
		*index = 0;
}

int network_door(struct nl *rt, const struct addr *a, struct link_info *out)
{
	int oif;
	bool local, gateway;
	char name[IF_NAMESIZE];
	if (rtnl_route_get(rt, a, &oif, &local, &gateway, NULL) < 0 ||
	    rtnl_routes(rt, oif, on_default, &oif) < 0)
		return -1;
	if (local || gateway || !if_indextoname((unsigned)oif, name))
		return 1;
	if (rtnl_find(rt, name, out) < 0)
		return -1;
	return strcmp(out->kind, "bridge") == 0 || strcmp(out->kind, "veth") == 0 ? 0 : 1;
}

int network_up(const struct network *n, struct nl *rt, struct nft *f, int *index)
{
	struct link_info l;
	if (place_instance() < 0)
		return -1;
	_cleanup_free_ char *alias = network_mark(n->name);
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
