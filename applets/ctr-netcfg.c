/* ctr-netcfg.c: networks by hand (OWNER): bridges, veth pairs, addresses, routes, NAT, published ports. Lines of words
 * (netcfg.h), done in order; when one fails, what the ones before it did is taken back. What it makes stays until it
 * is deleted by the same tool or by ip(8). Until all lines are done its interfaces bear a mark in their alias, so that
 * ctr-gc clears what a kill leaves.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conntrack.h"
#include "err.h"
#include "file.h"
#include "json.h"
#include "netcfg.h"
#include "endpoint.h"
#include "opt.h"
#include "record.h"
#include "undo.h"

static const char *file;
static bool as_json;

static const struct opt opts[] = {
    {'f', "file", "FILE", "lines from a file, - for standard input", OPT_STR, &file},
    {0, "json", NULL, "show: print JSON", OPT_FLAG, &as_json},
    OPT_END,
};
static const struct usage usage = {"WORD...\n-f FILE\nshow [--json]\nrules [-f FILE | WORD...]",
    "Lines:\n"
    "  bridge add NAME [ADDR/LEN...] [mtu N]      bridge del NAME\n"
    "  attach BRIDGE NS ADDR/LEN... [if NAME] [gw ADDR] [mac MAC] [mtu N]\n"
    "  macvlan PARENT NS ADDR/LEN... [if NAME] [gw ADDR] [mac MAC] [mtu N]\n"
    "  ipvlan PARENT NS ADDR/LEN... [if NAME] [gw ADDR] [mtu N]\n"
    "  detach NS [if NAME]\n"
    "  addr add|del IF ADDR/LEN [in NS]           link up|down IF [in NS]\n"
    "  route add|del DEST|default [via ADDR] [dev IF] [in NS]\n"
    "  nat add|del SUBNET [out IF]                sysctl forward\n"
    "  publish [ADDR:]PORT[-TO][/udp] ADDR:PORT[-TO]    unpublish [ADDR:]PORT[-TO][/udp]\n"
    "NS is a pid, a container's name or a namespace's file.\n",
    opts};

static struct netcfg_op *ops;
static size_t n_ops, done; /* done: how many are to be taken back when we die */
static struct nl rt;
static bool forwarded[2];
static struct strv made; /* interfaces that bear the mark */
static bool dry;         /* a deletion: only look whether it can be done */

/* --- namespaces --- */

static int ns_open(const char *ns)
{
	char path[64];
	int64_t pid;
	if (strchr(ns, '/')) {
		int fd = open(ns, O_RDONLY | O_CLOEXEC);
		return fd < 0 ? fail("%s: %m", ns) : fd;
	}
	if (strspn(ns, "0123456789") == strlen(ns) && num_parse("pid", ns, 1, 1 << 30, &pid) == 0) {
		snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
	} else {
		struct container c;
		if (container_open(&c, ns) < 0)
			return -1;
		if (!c.pid)
			return fail("%s: not running", ns);
		snprintf(path, sizeof path, "/proc/%d/ns/net", (int)c.pid);
		container_close(&c);
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? fail("%s: %s: %m", ns, path) : fd;
}

/* A socket in the line's namespace; the host's own where there is none. */
static int nl_in(struct nl *n, const char *ns)
{
	if (!ns)
		return nl_open(n, NETLINK_ROUTE, -1);
	_cleanup_close_ int fd = ns_open(ns);
	return fd < 0 ? -1 : nl_open(n, NETLINK_ROUTE, fd);
}

/* --- links --- */

static int host_commit(void)
{
	int r = nl_commit(&rt), saved = errno;
	nl_reset(&rt);
	errno = saved;
	return r;
}

static void set_mark(const char *name)
{
	_cleanup_free_ char *s = netplug_mark(NETCFG_MARK);
	int fd; /* stays open, locked */
	if (!made.n &&
	    (dir_make(ctr_run(), 0711) < 0 || (fd = open(ctr_run(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
		lock_take(fd, LOCK_SH) < 0))
		die("%s: %m", ctr_run());
	rtnl_link_alias(&rt, name, s);
	strv_add(&made, name);
}

/* A bridge that is deleted is no network of ours any more: whatever has its name next may be the way out. */
static void forget(const char *bridge)
{
	struct nft f;
	if (nft_open(&f) < 0)
		return;
	for (int i = 0; i < 2; i++) {
		struct cidr c = {.a.family = i ? AF_INET6 : AF_INET};
		nft_net_del(&f, &c, bridge, 0);
		nft_commit(&f); /* never used: none there */
	}
	nft_close(&f);
}

static int bridge_do(const struct netcfg_op *op)
{
	struct link_info l;
	if (op->del) {
		if (rtnl_find(&rt, op->name, &l) < 0)
			return -1;
		if (strcmp(l.kind, "bridge") != 0)
			return fail("%s: not a bridge", op->name);
		if (dry)
			return 0;
		rtnl_link_del(&rt, op->name);
		int r = host_commit();
		if (r == 0 && !strstr(l.alias, ":net:")) /* of ctr-net: it does so itself */
			forget(op->name);
		return r;
	}
	struct link_add a = {.kind = LINK_BRIDGE, .name = op->name, .mtu = op->mtu, .netns_fd = -1};
	rtnl_link_add(&rt, &a);
	set_mark(op->name);
	if (host_commit() < 0 || rtnl_find(&rt, op->name, &l) < 0)
		return -1;
	bridge_sysctls(op->name);
	rtnl_link_up(&rt, l.index, op->name, true);
	for (size_t i = 0; i < op->addrs; i++)
		rtnl_addr_add(&rt, l.index, op->name, &op->addr[i]);
	if (host_commit() == 0)
		return 0;
	_cleanup_free_ char *why = xstrdup(fail_msg());
	rtnl_link_del(&rt, op->name);
	host_commit();
	return fail("%s", why);
}

static const char *eth(const struct netcfg_op *op)
{
	return op->ifname ? op->ifname : "eth0";
}

/* The host's end: a name that is free; the pair goes when the other end is deleted. */
static void host_end(char out[16])
{
	char hex[11];
	rand_hex(hex, 5);
	snprintf(out, 16, "veth%.10s", hex);
}

static int detach_do(const struct netcfg_op *op)
{
	struct nl in;
	struct link_info l;
	if (nl_in(&in, op->ns) < 0)
		return -1;
	int r = rtnl_find(&in, eth(op), &l);
	if (r == 0 && !*l.kind)
		r = (errno = EOPNOTSUPP, fail("%s: %m", eth(op))); /* lo, a card */
	if (r == 0 && !dry)
		rtnl_link_del(&in, eth(op));
	return nl_commit_close(&in, r);
}

static int attach_do(const struct netcfg_op *op)
{
	struct link_info master;
	char host[16];
	_cleanup_close_ int ns = ns_open(op->ns);
	if (ns < 0 || rtnl_find(&rt, op->name, &master) < 0)
		return -1;
	host_end(host);
	struct link_add l = {.name = host, .mtu = op->mtu, .netns_fd = ns, .peer_netns_fd = ns, .peer = eth(op)};
	if (op->kind == CFG_ATTACH) {
		if (strcmp(master.kind, "bridge") != 0)
			return fail("%s: not a bridge", op->name);
		l.kind = LINK_VETH;
		l.up = true;
		l.master = master.index;
		l.peer_mac = op->has_mac ? op->mac : NULL;
	} else {
		l.kind = op->kind == CFG_MACVLAN ? LINK_MACVLAN : LINK_IPVLAN;
		l.name = eth(op);
		l.parent = master.index;
		l.mac = op->has_mac ? op->mac : NULL;
	}
	rtnl_link_add(&rt, &l);
	if (op->kind == CFG_ATTACH) {
		set_mark(host);
		rtnl_link_hairpin(&rt, host);
	}
	bool there = host_commit() == 0;
	if (there && rtnl_setup(ns, eth(op), op->addr, op->addrs, op->gw) == 0)
		return 0;
	_cleanup_free_ char *why = xstrdup(fail_msg());
	if (op->kind == CFG_ATTACH) { /* made, perhaps, and not finished */
		rtnl_link_del(&rt, host);
		host_commit();
	} else if (there) {
		detach_do(op);
	}
	return fail("attach %s: %s", op->ns, why);
}

static int small_do(struct netcfg_op *op)
{
	struct nl n;
	struct link_info l = {0};
	int r = nl_in(&n, op->ns);
	if (r < 0)
		return -1;
	if (op->name)
		r = rtnl_find(&n, op->name, &l);
	bool again = op->before.n && !op->del; /* it is taken back */
	if (r == 0 && op->del)
		r = rtnl_save(&n, l.index, op->kind == CFG_ROUTE ? op->addr[0].len : -1, &op->before);
	const struct addr *via = &op->gw[op->addr[0].a.family == AF_INET6];
	if (r == 0 && op->kind == CFG_LINK) {
		op->same = !(l.flags & IFF_UP) == op->del;
		rtnl_link_up(&n, l.index, op->name, !op->del);
	} else if (r == 0 && !again && op->kind == CFG_ADDR)
		(op->del ? rtnl_addr_del : rtnl_addr_add)(&n, l.index, op->name, &op->addr[0]);
	else if (r == 0 && !again)
		(op->del ? rtnl_route_del : rtnl_route_add)(&n, &op->addr[0], via, l.index);
	if (r == 0 && again && (r = nl_commit(&n)) == 0) {
		nl_reset(&n);
		r = rtnl_restore(&n, &op->before);
	}
	return nl_commit_close(&n, r);
}

/* --- NAT: all lines in one transaction, after the links --- */

static struct nft nat;
static struct nft_port *published;
static size_t n_published;

static void on_default(const struct cidr *dst, int oif, bool unicast, void *arg)
{
	int *i = arg;
	if (dst->len == 0 && unicast && oif == *i)
		*i = 0;
}

/* The bridge or pair of this host behind which an address lies directly; NULL: none. Not a way out to the world: what
 * comes in by it must not be taken for a container's. */
static const char *behind(const struct addr *a, char out[IF_NAMESIZE])
{
	int oif;
	bool local, gateway;
	struct link_info l;
	for (size_t i = 0; i < n_ops; i++) /* `rules`: not made yet */
		for (size_t k = 0; ops[i].kind == CFG_BRIDGE && !ops[i].del && k < ops[i].addrs; k++)
			if (cidr_has(&ops[i].addr[k], a))
				return ops[i].name;
	if (rtnl_route_get(&rt, a, &oif, &local, &gateway) < 0 || local || gateway || oif <= 0 ||
	    rtnl_routes(&rt, on_default, &oif) < 0 || !if_indextoname((unsigned)oif, out) ||
	    rtnl_find(&rt, out, &l) < 0)
		return NULL;
	return strcmp(l.kind, "bridge") == 0 || strcmp(l.kind, "veth") == 0 ? out : NULL;
}

static const char *network_of(const struct cidr *c, char out[IF_NAMESIZE])
{
	struct addr a = cidr_last(c);
	if (c->len < (int)addr_len(&a) * 8 - 1)
		a.b[addr_len(&a) - 1]--; /* its last host, which is hardly the host's own */
	return behind(&a, out);
}

static void nat_do(const struct netcfg_op *op)
{
	char name[IF_NAMESIZE];
	const char *dev = network_of(&op->addr[0], name);
	if (op->out) {
		(op->del ? nft_out_del : nft_out_add)(&nat, &op->addr[0], op->out);
		if (dev && !op->del)
			nft_net_add(&nat, &op->addr[0], dev, 0);
	} else if (op->del) {
		nft_net_del(&nat, &op->addr[0], NULL, NFT_MASQUERADE);
	} else {
		nft_net_add(&nat, &op->addr[0], dev, NFT_MASQUERADE);
	}
}

static struct nft_port *keep(const struct nft_port *p)
{
	if ((n_published & (n_published + 1)) == 0) /* 0, 1, 3, 7, ...: it doubles */
		published = xrealloc(published, (2 * n_published + 1) * sizeof *published);
	published[n_published] = *p;
	return &published[n_published++];
}

static void publish_do(const struct netcfg_op *op)
{
	char name[IF_NAMESIZE];
	struct cidr c = {op->to, 0};
	_cleanup_free_ char *mark = netplug_mark("-"); /* by hand: gc leaves it */
	const char *dev = behind(&op->to, name);
	if (dev) {
		nft_net_add(&nat, &c, dev, 0);
		if (op->to.family == AF_INET && !nat.print)
			net_sysctl("1", "ipv4/conf/%s/route_localnet", dev);
	}
	struct nft_port p = {.proto = op->port.proto, .host = op->port.host, .to = op->to};
	p.host.family = op->to.family;
	snprintf(p.comment, sizeof p.comment, "%s", mark);
	for (int k = 0; k <= op->port.h1 - op->port.h0; k++) {
		p.hport = (uint16_t)(op->port.h0 + k);
		p.cport = (uint16_t)(op->port.c0 + k);
		nft_port_add(&nat, keep(&p));
	}
}

struct search {
	const struct netcfg_op *op;
	struct nft_port *found;
	size_t n;
};

static void on_port(const struct nft_port *p, void *arg)
{
	const struct netcfg_op *op = arg;
	const struct portspec *q = &op->port;
	if (p->proto != q->proto || p->hport < q->h0 || p->hport > q->h1 ||
	    (q->host.family ? addr_cmp(&p->host, &q->host) != 0 : !addr_is_any(&p->host)))
		return;
	nft_port_del(&nat, p);
	*keep(p)->comment = 0; /* none: it goes */
}

static int look_ports(void (*fn)(const struct nft_port *p, void *arg), void *arg)
{
	struct nft look;
	if (nft_open(&look) < 0)
		return -1;
	int r = nft_ports(&look, NFT_PORTS, fn, arg);
	nft_close(&look);
	return r;
}

static int unpublish_do(struct netcfg_op *op)
{
	size_t before = n_published;
	if (look_ports(on_port, op) < 0)
		return -1;
	return n_published > before ? 0 : fail("unpublish: port %u is not published", op->port.h0);
}

/* A port that is there: with the same address as one of ours the kernel refuses it, not one address beside all. */
static void on_clash(const struct nft_port *q, void *arg)
{
	bool goes = false, clash = false;
	for (size_t i = 0; i < n_published; i++) {
		const struct nft_port *p = &published[i];
		if (!nft_port_clash(p, q))
			continue;
		if (*p->comment)
			clash |= addr_is_any(&p->host) != addr_is_any(&q->host);
		else
			goes |= addr_cmp(&p->host, &q->host) == 0;
	}
	if (clash && !goes)
		*(int *)arg = fail("publish: port %u is published already (ctr-netcfg show)", q->hport);
}

static const char *const forwarding[2] = {"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding"};

static int forward_do(void)
{
	for (int i = 0; i < 2; i++) {
		_cleanup_free_ char *was = file_read(forwarding[i], 16, NULL);
		struct nft f;
		if (!was || *was != '0')
			continue;
		if (nat.print) {
			nft_close_forward(&nat, i ? AF_INET6 : AF_INET, true);
			continue;
		}
		bool have = nft_open(&f) == 0;
		int r = forward_on(i ? AF_INET6 : AF_INET, have ? &f : NULL);
		if (have)
			nft_close(&f);
		if (r < 0)
			return -1;
		forwarded[i] = true;
	}
	return 0;
}

static bool is_nat(const struct netcfg_op *op)
{
	return op->kind == CFG_NAT || op->kind == CFG_PUBLISH || op->kind == CFG_UNPUBLISH;
}

/* --- doing and taking back --- */

static int apply(struct netcfg_op *op)
{
	switch (op->kind) {
	case CFG_BRIDGE:
		return bridge_do(op);
	case CFG_ATTACH:
	case CFG_MACVLAN:
	case CFG_IPVLAN:
		return attach_do(op);
	case CFG_DETACH:
		return detach_do(op);
	case CFG_ADDR:
	case CFG_ROUTE:
	case CFG_LINK:
		return small_do(op);
	case CFG_SYSCTL:
		return forward_do();
	default:
		return 0;
	}
}

/* Off again, and our chain as if it had never been on. */
static void forward_off(int family, const char *path)
{
	struct nft f;
	file_poke(path, "0");
	if (nft_open(&f) < 0)
		return;
	nft_close_forward(&f, family, false);
	nft_commit(&f);
	nft_close(&f);
}

static bool deletes_link(const struct netcfg_op *op)
{
	return op->kind == CFG_DETACH || (op->kind == CFG_BRIDGE && op->del);
}

/* What is deleted cannot be made again as it was, so it is done when nothing else can fail: unless a later line needs
 * the name to be free, or makes a route. */
static bool is_last(const struct netcfg_op *op)
{
	bool last = deletes_link(op);
	for (const struct netcfg_op *q = op + 1; q < ops + n_ops && last; q++)
		last = q->del || deletes_link(q) || !str_eq(q->ns, op->ns) ||
		       (!op->ns && q->kind != CFG_ROUTE && !str_eq(q->name, op->name));
	return last;
}

/* The lines that were done, newest first, each by its opposite. */
static void take_back(void *arg)
{
	(void)arg;
	dry = false;
	while (done > 0) {
		struct netcfg_op op = ops[--done];
		if (is_nat(&op) || deletes_link(&op) || op.same || op.kind == CFG_SYSCTL)
			continue;
		op.del = !op.del;
		if (op.kind == CFG_ATTACH || op.kind == CFG_MACVLAN || op.kind == CFG_IPVLAN)
			op.kind = CFG_DETACH;
		nl_reset(&rt);
		if (apply(&op) < 0)
			warn("take back: %s", fail_msg());
	}
	if (forwarded[0])
		forward_off(AF_INET, forwarding[0]);
	if (forwarded[1])
		forward_off(AF_INET6, forwarding[1]);
}

static _Noreturn void line_failed(size_t i)
{
	if (ops[i].line)
		fail_in("line %d", ops[i].line);
	die_fail();
}

static void nat_lines(void)
{
	for (size_t i = 0; i < n_ops; i++) {
		size_t k = nat.body.n;
		if (ops[i].kind == CFG_NAT)
			nat_do(&ops[i]);
		else if (ops[i].kind == CFG_PUBLISH)
			publish_do(&ops[i]);
		else if (ops[i].kind == CFG_UNPUBLISH && unpublish_do(&ops[i]) < 0)
			line_failed(i);
		for (; ops[i].line && k < nat.body.n; k++) {
			struct nl_msg *m = &nat.body.m[k];
			char *label = m->label;
			m->label = xasprintf("line %d: %s", ops[i].line, label);
			free(label);
		}
	}
}

static int run(void)
{
	bool any = false;
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		die_fail();
	undo_push(take_back, NULL);
	undo_on_signals();
	for (size_t i = 0; i < n_ops; i++) {
		dry = is_last(&ops[i]);
		if (apply(&ops[i]) < 0)
			line_failed(i);
		done = i + 1;
		any |= is_nat(&ops[i]);
	}
	if (any && nft_open(&nat) < 0)
		die_fail();
	nat_lines();
	int clash = 0;
	if (n_published && (look_ports(on_clash, &clash) < 0 || clash < 0))
		die_fail();
	if (nft_commit(&nat) < 0) {
		if (errno == EEXIST)
			fail("%s: see ctr-netcfg show", fail_msg());
		die_fail();
	}
	nl_reset(&rt);
	for (size_t i = 0; i < made.n; i++)
		rtnl_link_alias(&rt, made.v[i], "");
	if (nl_commit(&rt) < 0 && errno != ENODEV) /* a later line deleted it */
		die_fail();
	nl_reset(&rt);
	undo_commit();
	dry = false;
	for (size_t i = 0; i < n_ops; i++)
		if (is_last(&ops[i]) && apply(&ops[i]) < 0)
			line_failed(i);
	if (conntrack_flush(published, n_published) < 0)
		warn("%s", fail_msg());
	return 0;
}

/* --- show, rules --- */

static json_t *shown;

static void say(const char *what, const char *a, const char *b, const char *c)
{
	if (as_json)
		json_array_append_new(
		    shown, json_make("{s:s,s:s,s:s*,s:s*}", "kind", what, "name", a, *what == 'p' ? "to" : "address",
			       *what == 'n' ? NULL : b, *what == 'n' ? "out" : "owner", c));
	else
		printf("%s %s%s%s%s%s\n", what, a, b ? " " : "", b ? b : "", c ? " " : "", c ? c : "");
}

static void show_addr(int index, const struct cidr *a, void *arg)
{
	const struct link_info *l = ((void **)arg)[0];
	struct buf *b = ((void **)arg)[1];
	char t[CIDR_TEXT];
	if (index == l->index && !(a->a.family == AF_INET6 && a->a.b[0] == 0xfe))
		buf_printf(b, "%s%s", b->n ? " " : "", cidr_text(a, t));
}

static void show_link(const struct link_info *l, void *arg)
{
	struct nl n;
	struct buf b = {0};
	(void)arg;
	if (strcmp(l->kind, "bridge") != 0 || nl_open(&n, NETLINK_ROUTE, -1) < 0)
		return;
	void *args[] = {(void *)l, &b};
	rtnl_addrs(&n, show_addr, args);
	nl_close(&n);
	say("bridge", l->name, b.n ? b.p : NULL, NULL);
	buf_free(&b);
}

static void show_net(const struct cidr *c, const char *out, void *arg)
{
	char t[CIDR_TEXT];
	(void)arg;
	say("nat", cidr_text(c, t), out ? "out" : NULL, out);
}

static void port_text(struct buf *b, const struct addr *a, unsigned port)
{
	char t[ADDR_TEXT];
	bool v6 = a->family == AF_INET6;
	buf_printf(b, "%s%s%s:%u", v6 ? "[" : "", addr_text(a, t), v6 ? "]" : "", port);
}

static void show_port(const struct nft_port *p, void *arg)
{
	struct buf from = {0}, to = {0};
	(void)arg;
	port_text(&from, &p->host, p->hport);
	buf_printf(&from, "/%s", p->proto == IPPROTO_UDP ? "udp" : "tcp");
	port_text(&to, &p->to, p->cport);
	say("publish", from.p, to.p, *p->comment ? p->comment : NULL);
	buf_free(&from);
	buf_free(&to);
}

static int show(void)
{
	struct nft f;
	shown = json_array();
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0 || rtnl_links(&rt, show_link, NULL) < 0)
		die_fail();
	if (nft_open(&f) == 0 && (nft_nets(&f, show_net, NULL) < 0 || nft_ports(&f, NFT_PORTS, show_port, NULL) < 0))
		die_fail();
	if (as_json)
		puts(json_pretty(shown));
	return 0;
}

static int print_rules(void)
{
	struct buf b = {0};
	nft_text(&b, AF_INET);
	nft_text(&b, AF_INET6);
	fputs(b.p, stdout);
	nat.print = true;
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		die_fail();
	for (size_t i = 0; i < n_ops; i++)
		if (ops[i].kind == CFG_SYSCTL)
			forward_do();
	nat_lines();
	return 0;
}

/* The lines: of the file, of the arguments, or none. */
static void read_lines(int n, char **words)
{
	_cleanup_free_ char *text = NULL;
	if (file && n)
		die_usage("either -f or words");
	if (file) {
		size_t len;
		bool in = strcmp(file, "-") == 0;
		const char *what = in ? "standard input" : file;
		text = in ? fd_read_all(0, what, 64 << 20, &len) : file_read(file, 64 << 20, &len);
		if (!text)
			die_fail();
		if (strlen(text) != len)
			die_code(err_usage_code, "%s: a NUL byte", what);
		if (netcfg_parse_text(&ops, &n_ops, what, text) < 0)
			die_code(err_usage_code, "%s", fail_msg());
	} else if (n) {
		ops = xcalloc(1, sizeof *ops);
		if (netcfg_parse(ops, words, (size_t)n) < 0)
			die_usage("%s", fail_msg());
		n_ops = 1;
	}
}

int ctr_netcfg_main(int argc, char **argv)
{
	int first = opt_parse(&usage, argc, argv);
	const char *verb = first < argc ? argv[first] : "";
	bool rules = strcmp(verb, "rules") == 0, look = strcmp(verb, "show") == 0;
	if (rules || look)
		first = opt_parse(&usage, argc - first, argv + first) + first; /* options may follow the word */
	if (look && first < argc)
		die_usage("show takes no operand: '%s'", argv[first]);
	if (look)
		return show();
	read_lines(argc - first, argv + first);
	if (rules)
		return print_rules();
	if (n_ops == 0 && !file)
		die_usage("what to do is missing");
	return run();
}
