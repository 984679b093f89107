/* netcfg_run.c: carrying out the lines of ctr-netcfg(1) in order; when one fails, what the earlier
 * ones did is undone; see netcfg.h. Until all lines are done, the interfaces that were made bear a
 * mark in their alias, so that ctr-gc removes what a kill leaves. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conntrack.h"
#include "endpoint.h"
#include "err.h"
#include "file.h"
#include "netcfg.h"
#include "place.h"
#include "rtnl_port.h"
#include "undo.h"

/* --- links --- */

static int host_commit(struct netcfg *c)
{
	int r = nl_commit(&c->rt), saved = errno;
	nl_reset(&c->rt);
	errno = saved;
	return r;
}

/* While anything bears the mark, $CTR_RUN is locked shared: ctr-gc removes only what nobody is
 * still making. */
static int set_mark(struct netcfg *c, const char *name)
{
	_cleanup_free_ char *s = endpoint_mark(NETCFG_MARK);
	if (c->lock < 0) {
		if (place_instance() < 0 || place_make(ctr_run()) < 0)
			return -1;
		c->lock = dir_open(ctr_run());
		if (c->lock < 0 || lock_wait(c->lock, LOCK_SH) < 0)
			return fail_errno(ctr_run());
	}
	rtnl_link_alias(&c->rt, name, s);
	strv_add(&c->made, name);
	return 0;
}

static int bridge_do(struct netcfg *c, const struct netcfg_op *op)
{
	struct link_info l;
	if (op->del) {
		if (rtnl_find(&c->rt, op->name, &l) < 0)
			return -1;
		if (strcmp(l.kind, "bridge") != 0)
			return fail("%s: not a bridge", op->name);
		if (c->dry)
			return 0;
		rtnl_link_del(&c->rt, op->name);
		int r = host_commit(c);
		if (r < 0)
			return -1;
		if (!strstr(l.alias, ":net:")) /* ctr-net forgets its own bridges itself */
			netcfg_forget_bridge(op->name);
		r = netcfg_unguard_loose(c);
		return r;
	}
	struct link_add a = {.kind = LINK_BRIDGE, .name = op->name, .mtu = op->mtu, .netns_fd = -1};
	rtnl_link_add(&c->rt, &a);
	if (set_mark(c, op->name) < 0 || host_commit(c) < 0 || rtnl_find(&c->rt, op->name, &l) < 0)
		return -1;
	bridge_sysctls(op->name);
	rtnl_link_up(&c->rt, l.index, op->name, true);
	for (size_t i = 0; i < op->addrs; i++)
		rtnl_addr_add(&c->rt, l.index, op->name, &op->addr[i]);
	if (host_commit(c) == 0)
		return 0;
	_cleanup_free_ char *why = fail_copy();
	rtnl_link_del(&c->rt, op->name);
	host_commit(c);
	return fail_again(why);
}

static const char *eth(const struct netcfg_op *op)
{
	return op->ifname ? op->ifname : "eth0";
}

/* A free name for the host's end; the pair disappears when the other end is deleted. */
static void host_end(char out[16])
{
	char hex[11];
	rand_hex(hex, 5);
	snprintf(out, 16, "veth%.10s", hex);
}

static int detach_do(struct netcfg *c, const struct netcfg_op *op)
{
	struct nl in;
	struct link_info l;
	char port[16] = "";
	if (netcfg_nl(c, &in, op->ns) < 0)
		return -1;
	int r = rtnl_find(&in, eth(op), &l);
	if (r == 0 && !*l.kind)
		r = (errno = EOPNOTSUPP, fail_errno(eth(op))); /* lo, or a hardware interface */
	if (r == 0 && !c->dry && !netcfg_port_of(c, op->ns, &l, port))
		*port = 0;
	if (r == 0 && !c->dry)
		rtnl_link_del(&in, eth(op));
	r = nl_commit_close(&in, r);
	if (r == 0 && *port)
		r = netcfg_unguard(port);
	if (r == 0 && !c->dry && !op->ns && strcmp(l.kind, "bridge") == 0)
		netcfg_forget_bridge(eth(op));
	return r;
}

/* Both ends up, each where it was asked for. */
static int veth_do(struct netcfg *c, const struct netcfg_op *op)
{
	struct nl in;
	static const struct addr none[2];
	_cleanup_close_ int near = netcfg_ns(c, op->ns);
	_cleanup_close_ int far = near < 0 ? -1 : netcfg_ns(c, op->ns2);
	if (far < 0 || nl_open(&in, NETLINK_ROUTE, near) < 0)
		return -1;
	struct link_add l = {.kind = LINK_VETH,
	    .name = op->ifname,
	    .mtu = op->mtu,
	    .netns_fd = -1,
	    .peer = op->name,
	    .peer_netns_fd = far};
	rtnl_link_add(&in, &l);
	int r = nl_commit(&in);
	nl_reset(&in);
	if (r < 0) {
		nl_close(&in);
		return -1;
	}
	const char *here = op->ns2 ? op->ifname : op->name; /* the end that ctr-gc can see */
	if (!op->ns || !op->ns2)
		r = set_mark(c, here) < 0 ? -1 : host_commit(c);
	if (r == 0)
		r = rtnl_setup(near, op->ifname, NULL, 0, none);
	if (r == 0)
		r = rtnl_setup(far, op->name, NULL, 0, none);
	_cleanup_free_ char *why = r < 0 ? fail_copy() : NULL;
	if (r < 0)
		rtnl_link_del(&in, op->ifname);
	nl_commit_close(&in, 0);
	return r < 0 ? fail_again(why) : 0;
}

/* --- what an interface is told --- */

static const struct {
	size_t at, size; /* those of the member in struct link_info */
	int attr;
} sets[] = {[SET_NAME] = {offsetof(struct link_info, name), 16, IFLA_IFNAME},
    [SET_MTU] = {offsetof(struct link_info, mtu), 4, IFLA_MTU},
    [SET_MAC] = {offsetof(struct link_info, mac), 6, IFLA_ADDRESS},
    [SET_MASTER] = {offsetof(struct link_info, master), 4, IFLA_MASTER}};

static void netcfg_run_renamed(struct netcfg *c, struct netcfg_op *op, const char *to)
{
	for (size_t i = 0; i < c->made.n && !op->ns; i++)
		if (strcmp(c->made.v[i], op->name) == 0) {
			free(c->made.v[i]);
			c->made.v[i] = xstrdup(to);
		}
	op->name = xstrdup(to); /* the old name must stay valid as long as the lines */
}

/* Afterwards the line holds the previous value: carrying it out again undoes it. */
static int set_do(struct netcfg *c, struct netcfg_op *op)
{
	struct nl n;
	struct link_info l, bridge;
	uint8_t old[sizeof op->value] = {0};
	if (netcfg_nl(c, &n, op->ns) < 0)
		return -1;
	int r = rtnl_find(&n, op->name, &l);
	if (r == 0 && op->out && (r = rtnl_find(&n, op->out, &bridge)) == 0) {
		memcpy(op->value, &bridge.index, sizeof bridge.index);
		if (strcmp(bridge.kind, "bridge") != 0)
			r = fail("%s: not a bridge", op->out);
		free(op->out);
		op->out = NULL;
	}
	if (r == 0) {
		size_t size = sets[op->set].size;
		memcpy(old, (const char *)&l + sets[op->set].at, size);
		op->same = memcmp(old, op->value, size) == 0;
		rtnl_link_set(&n, l.index, op->name, sets[op->set].attr, op->value, size);
	}
	r = nl_commit_close(&n, r);
	if (r == 0 && op->set == SET_MAC && !op->same) {
		netcfg_guard_follow(c, op, &l, NULL, op->value, true);
		netcfg_guard_follow(c, op, &l, NULL, l.mac, false);
	}
	if (r == 0 && op->set == SET_NAME)
		netcfg_run_renamed(c, op, (const char *)op->value);
	if (r == 0)
		memcpy(op->value, old, sizeof old);
	return r;
}

static int attach_do(struct netcfg *c, const struct netcfg_op *op)
{
	struct link_info master;
	char host[16];
	c->container = false;
	_cleanup_close_ int ns = netcfg_ns(c, op->ns);
	if (ns < 0 || rtnl_find(&c->rt, op->name, &master) < 0)
		return -1;
	host_end(host);
	struct link_add l = {
	    .name = host, .mtu = op->mtu, .netns_fd = ns, .peer_netns_fd = ns, .peer = eth(op)};
	uint8_t mac[6];
	memcpy(mac, op->mac, sizeof mac);
	if (op->kind == CFG_ATTACH) {
		if (strcmp(master.kind, "bridge") != 0)
			return fail("%s: not a bridge", op->name);
		l.kind = LINK_VETH;
		l.up = true;
		l.master = master.index;
		/* There may be two addresses: endpoint_mac() uses the first. */
		if (!op->has_mac && op->addrs)
			endpoint_mac((struct cidr[2]){op->addr[0], op->addr[0]}, mac);
		l.peer_mac = op->has_mac || op->addrs ? mac : NULL;
	} else {
		l.kind = op->kind == CFG_MACVLAN ? LINK_MACVLAN : LINK_IPVLAN;
		l.name = eth(op);
		l.parent = master.index;
		l.mac = op->has_mac ? op->mac : NULL;
	}
	rtnl_link_add(&c->rt, &l);
	if (op->kind == CFG_ATTACH) {
		if (set_mark(c, host) < 0)
			return -1;
		netcfg_guard(c, op, host, mac);
		rtnl_port_flags(&c->rt, host, true, false);
	}
	bool there = host_commit(c) == 0;
	if (there && rtnl_setup(ns, eth(op), op->addr, op->addrs, op->gw) == 0)
		return 0;
	_cleanup_free_ char *why = fail_copy();
	if (op->kind == CFG_ATTACH) { /* it may have been made, and not finished */
		rtnl_link_del(&c->rt, host);
		host_commit(c);
		netcfg_unguard(host);
	} else if (there) {
		detach_do(c, op);
	}
	return fail("attach %s: %s", op->ns, why);
}

static int small_do(struct netcfg *c, struct netcfg_op *op)
{
	struct nl n;
	struct link_info l = {0};
	int r = netcfg_nl(c, &n, op->ns);
	if (r < 0)
		return -1;
	if (op->name)
		r = rtnl_find(&n, op->name, &l);
	bool again = op->before.n && !op->del; /* it is being undone */
	if (r == 0 && op->del && op->kind != CFG_RULE)
		r = rtnl_save(
		    &n, l.index, op->kind == CFG_ROUTE ? op->addr[0].len : -1, &op->before);
	const struct addr *via = &op->gw[op->addr[0].a.family == AF_INET6];
	if (r == 0 && op->kind == CFG_LINK) {
		op->same = !(l.flags & IFF_UP) == op->del;
		rtnl_link_up(&n, l.index, op->name, !op->del);
	} else if (r == 0 && !again && op->kind == CFG_ADDR)
		(op->del ? rtnl_addr_del : rtnl_addr_add)(&n, l.index, op->name, &op->addr[0]);
	else if (r == 0 && op->kind == CFG_RULE)
		rtnl_rule(&n, !op->del, &op->addr[0], &op->addr[1], op->table, op->pref);
	else if (r == 0 && !again && op->kind == CFG_NEIGH)
		rtnl_neigh(&n, !op->del, l.index, op->name,
		    op->gw[0].family ? &op->gw[0] : &op->gw[1], op->mac);
	else if (r == 0 && !again) {
		struct nlmsghdr *h =
		    (op->del ? rtnl_route_del : rtnl_route_add)(&n, &op->addr[0], via, l.index);
		if (op->table)
			mnl_attr_put_u32(h, RTA_TABLE, (uint32_t)op->table);
	}
	if (r == 0 && again && (r = nl_commit(&n)) == 0) {
		nl_reset(&n);
		r = rtnl_restore(&n, &op->before);
	}
	if (op->kind != CFG_ADDR)
		return nl_commit_close(&n, r);
	if (!op->del) /* before the address is there, so that nothing from it is dropped */
		netcfg_guard_follow(c, op, &l, &op->addr[0], NULL, true);
	r = nl_commit_close(&n, r);
	if (op->del ? r == 0 : r < 0 && errno != EEXIST)
		netcfg_guard_follow(c, op, &l, &op->addr[0], NULL, false);
	return r;
}

static int netcfg_run_apply(struct netcfg *c, struct netcfg_op *op)
{
	switch (op->kind) {
	case CFG_BRIDGE:
		return bridge_do(c, op);
	case CFG_ATTACH:
	case CFG_MACVLAN:
	case CFG_IPVLAN:
		return attach_do(c, op);
	case CFG_DETACH:
		return detach_do(c, op);
	case CFG_ADDR:
	case CFG_ROUTE:
	case CFG_LINK:
	case CFG_NEIGH:
	case CFG_RULE:
		return small_do(c, op);
	case CFG_SET:
		return set_do(c, op);
	case CFG_VETH:
		return veth_do(c, op);
	case CFG_NETNS:
		return op->del ? netcfg_netns_del(c, op->name) : netcfg_netns_add(op->name);
	case CFG_SYSCTL:
		if (!op->del)
			return netcfg_forward(c);
		return forward_off(AF_INET) < 0 || forward_off(AF_INET6) < 0 ? -1 : 0;
	default:
		return 0;
	}
}

static bool deletes_link(const struct netcfg_op *op)
{
	return op->kind == CFG_DETACH ||
	       ((op->kind == CFG_BRIDGE || op->kind == CFG_NETNS) && op->del);
}

/* What is deleted cannot be restored exactly, so it is deleted when nothing else can fail any more,
 * unless a later line needs the name to be free, or adds a route. */
static bool is_last(const struct netcfg *c, const struct netcfg_op *op)
{
	bool last = deletes_link(op);
	for (const struct netcfg_op *q = op + 1; q < c->ops + c->n && last; q++) {
		bool any = op->kind == CFG_NETNS || q->kind == CFG_VETH || q->kind == CFG_SET;
		last = q->del || deletes_link(q) ||
		       (!any && (!str_eq(q->ns, op->ns) || (!op->ns && q->kind != CFG_ROUTE &&
							       !str_eq(q->name, op->name))));
	}
	return last;
}

void netcfg_take_back(void *arg)
{
	struct netcfg *c = arg;
	c->dry = false;
	while (c->done > 0) {
		struct netcfg_op op = c->ops[--c->done];
		if (netcfg_is_nat(&op) || deletes_link(&op) || op.same || op.kind == CFG_SYSCTL)
			continue;
		op.del = !op.del;
		if (op.kind == CFG_ATTACH || op.kind == CFG_MACVLAN || op.kind == CFG_IPVLAN ||
		    op.kind == CFG_VETH)
			op.kind = CFG_DETACH;
		nl_reset(&c->rt);
		if (netcfg_run_apply(c, &op) < 0)
			warn("take back: %s", fail_msg());
	}
	bool turned_on = c->forwarded[0] || c->forwarded[1];
	netcfg_forward_back(c);
	if (turned_on && network_idle() < 0) /* the closing of the chain may have made our table */
		warn("take back: %s", fail_msg());
}

/* All lines are done: take our mark from the interfaces that were made. */
static int netcfg_run_unmark(struct netcfg *c)
{
	nl_reset(&c->rt);
	for (size_t i = 0; i < c->made.n; i++)
		rtnl_link_alias(&c->rt, c->made.v[i], "");
	int r =
	    nl_commit(&c->rt) < 0 && errno != ENODEV ? -1 : 0; /* ENODEV: a later line deleted it */
	nl_reset(&c->rt);
	return r;
}

static int netcfg_run_all_lines(struct netcfg *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (undo_signal_waits())
			return errno = EINTR, fail("interrupted; nothing was changed");
		c->dry = is_last(c, &c->ops[i]);
		if (netcfg_run_apply(c, &c->ops[i]) < 0)
			return netcfg_failed(&c->ops[i]);
		c->done = i + 1;
	}
	return netcfg_nat_commit(c) < 0 ? -1 : netcfg_run_unmark(c);
}

static int last_lines(struct netcfg *c)
{
	c->dry = false;
	c->done = 0; /* the others are meant to stay */
	c->forwarded[0] = c->forwarded[1] = false;
	for (size_t i = 0; i < c->n; i++)
		if (is_last(c, &c->ops[i]) && netcfg_run_apply(c, &c->ops[i]) < 0)
			return netcfg_failed(&c->ops[i]);
	if (conntrack_flush(c->published, c->n_published) < 0)
		warn_fail();
	bool less = false, more = false;
	for (size_t i = 0; i < c->n; i++) {
		bool off = c->ops[i].del || c->ops[i].kind == CFG_UNPUBLISH ||
			   c->ops[i].kind == CFG_DETACH;
		less |= off;
		more |= !off;
	}
	if (less && !more && network_idle() < 0) /* it was the last thing of ours */
		warn_fail();
	return 0;
}

int netcfg_run(struct netcfg *c)
{
	c->lock = -1;
	if (nl_open(&c->rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	int r = netcfg_run_all_lines(c);
	if (r == 0) {
		r = last_lines(c);
	} else {
		_cleanup_free_ char *why = fail_copy();
		netcfg_take_back(c);
		fail_again(why);
	}
	if (c->lock >= 0)
		close(c->lock);
	nl_close(&c->rt);
	return r;
}
