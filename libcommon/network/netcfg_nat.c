/* netcfg_nat.c: the lines of ctr-netcfg(1) about NAT, published ports and forwarding; all of them
 * form one transaction, after the links; see netcfg.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "endpoint.h"
#include "err.h"
#include "file.h"
#include "netcfg.h"

static const char *behind(struct netcfg *c, const struct addr *a, struct link_info *l)
{
	for (size_t i = 0; i < c->n; i++) /* for `rules`, which does not make the bridges */
		for (size_t k = 0;
		     c->ops[i].kind == CFG_BRIDGE && !c->ops[i].del && k < c->ops[i].addrs; k++)
			if (cidr_has(&c->ops[i].addr[k], a))
				return c->ops[i].name;
	return network_door(&c->rt, a, l) == 0 ? l->name : NULL;
}

static const char *network_of(struct netcfg *c, const struct cidr *net, struct link_info *l)
{
	struct addr a = cidr_last(net);
	/* Any address of the subnet will do; its last host is hardly ever the host's own address.
	 */
	if (net->len < (int)addr_len(&a) * 8 - 1)
		a.b[addr_len(&a) - 1]--;
	return behind(c, &a, l);
}

static void nat_do(struct netcfg *c, const struct netcfg_op *op)
{
	struct link_info l;
	const char *dev = network_of(c, &op->addr[0], &l);
	if (op->out) {
		(op->del ? nft_out_del : nft_out_add)(&c->nat, &op->addr[0], op->out);
		if (dev && !op->del)
			nft_net_add(&c->nat, &op->addr[0], dev, 0);
	} else if (op->del) {
		nft_net_del(&c->nat, &op->addr[0], NULL, NFT_MASQUERADE);
	} else {
		nft_net_add(&c->nat, &op->addr[0], dev, NFT_MASQUERADE);
	}
}

static struct nft_port *netcfg_nat_keep(struct netcfg *c, const struct nft_port *p)
{
	if ((c->n_published & (c->n_published + 1)) == 0) /* 0, 1, 3, 7, ...: the array doubles */
		c->published =
		    xrealloc(c->published, (2 * c->n_published + 1) * sizeof *c->published);
	c->published[c->n_published] = *p;
	return &c->published[c->n_published++];
}

static void publish_do(struct netcfg *c, const struct netcfg_op *op)
{
	struct link_info l;
	struct cidr net = {op->to, 0};
	_cleanup_free_ char *mark = endpoint_mark("-"); /* made by hand, so gc leaves it alone */
	const char *dev = behind(c, &op->to, &l);
	if (dev) {
		nft_net_add(&c->nat, &net, dev, 0);
		if (op->to.family == AF_INET && !c->nat.print)
			net_sysctl("1", "ipv4/conf/%s/route_localnet", dev);
	}
	struct nft_port p = {.proto = op->port.proto, .host = op->port.host, .to = op->to};
	p.host.family = op->to.family;
	snprintf(p.comment, sizeof p.comment, "%s", mark);
	for (int k = 0; k <= op->port.h1 - op->port.h0; k++) {
		p.hport = (uint16_t)(op->port.h0 + k);
		p.cport = (uint16_t)(op->port.c0 + k);
		nft_port_add(&c->nat, netcfg_nat_keep(c, &p));
	}
}

struct search {
	struct netcfg *c;
	const struct netcfg_op *op;
	bool clash;
};

static void netcfg_nat_on_port(const struct nft_port *p, void *arg)
{
	struct search *s = arg;
	const struct portspec *q = &s->op->port;
	if (p->proto != q->proto || p->hport < q->h0 || p->hport > q->h1 ||
	    (q->host.family ? addr_cmp(&p->host, &q->host) != 0 : !addr_is_any(&p->host)))
		return;
	nft_port_del(&s->c->nat, p);
	*netcfg_nat_keep(s->c, p)->comment = 0; /* an empty comment: it is to be deleted */
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

static int unpublish_do(struct netcfg *c, struct netcfg_op *op)
{
	size_t before = c->n_published;
	struct search s = {.c = c, .op = op};
	if (look_ports(netcfg_nat_on_port, &s) < 0)
		return -1;
	return c->n_published > before ? 0
				       : fail("unpublish: port %u is not published", op->port.h0);
}

/* A port that is published already: the kernel refuses the same address, but not one address beside
 * "all". */
static void on_clash(const struct nft_port *q, void *arg)
{
	struct search *s = arg;
	bool goes = false, clash = false;
	for (size_t i = 0; i < s->c->n_published; i++) {
		const struct nft_port *p = &s->c->published[i];
		if (!nft_port_clash(p, q))
			continue;
		if (*p->comment)
			clash |= addr_is_any(&p->host) != addr_is_any(&q->host);
		else
			goes |= addr_cmp(&p->host, &q->host) == 0;
	}
	if (clash && !goes && !s->clash)
		fail("publish: port %u is published already (ctr-netcfg show)", q->hport);
	s->clash |= clash && !goes;
}

bool netcfg_is_nat(const struct netcfg_op *op)
{
	return op->kind == CFG_NAT || op->kind == CFG_PUBLISH || op->kind == CFG_UNPUBLISH;
}

/* A message begins with the number of the line that it is about. */
static void label_line(struct netcfg *c, size_t from, int line)
{
	for (size_t k = from; line && k < c->nat.body.n; k++) {
		struct nl_msg *m = &c->nat.body.m[k];
		char *label = m->label;
		m->label = xasprintf("line %d: %s", line, label);
		free(label);
	}
}

static int netcfg_nat_lines(struct netcfg *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct netcfg_op *op = &c->ops[i];
		size_t from = c->nat.body.n;
		if (op->kind == CFG_NAT)
			nat_do(c, op);
		else if (op->kind == CFG_PUBLISH)
			publish_do(c, op);
		else if (op->kind == CFG_UNPUBLISH && unpublish_do(c, op) < 0)
			return netcfg_failed(op);
		label_line(c, from, op->line);
	}
	return 0;
}

static int netcfg_nat_commit_batch(struct netcfg *c)
{
	struct search s = {.c = c};
	if (netcfg_nat_lines(c) < 0 || (c->n_published && look_ports(on_clash, &s) < 0) || s.clash)
		return -1;
	if (nft_commit(&c->nat) == 0)
		return 0;
	return errno == EEXIST ? fail("%s: see ctr-netcfg show", fail_msg()) : -1;
}

int netcfg_nat_commit(struct netcfg *c)
{
	bool any = false;
	for (size_t i = 0; i < c->n; i++)
		any |= netcfg_is_nat(&c->ops[i]);
	if (!any)
		return 0;
	if (nft_open(&c->nat) < 0)
		return -1;
	int r = netcfg_nat_commit_batch(c), saved = errno;
	nft_close(&c->nat);
	errno = saved;
	return r;
}

void netcfg_forget_bridge(const char *bridge)
{
	struct nft f;
	if (nft_open(&f) < 0)
		return;
	for (int i = 0; i < 2; i++) {
		struct cidr c = {.a.family = i ? AF_INET6 : AF_INET};
		nft_net_del(&f, &c, bridge, 0);
		nft_commit(&f); /* without nf_tables in use there is nothing to remove */
	}
	nft_close(&f);
}

/* --- forwarding --- */

int netcfg_forward(struct netcfg *c)
{
	for (int i = 0; i < 2; i++) {
		int family = i ? AF_INET6 : AF_INET;
		_cleanup_free_ char *was = file_read(forward_path(family), 16, NULL);
		struct nft f;
		if (!was || *was != '0')
			continue;
		if (c->nat.print) {
			nft_close_forward(&c->nat, family, true);
			continue;
		}
		bool have = nft_open(&f) == 0;
		int r = forward_on(family, have ? &f : NULL);
		if (have)
			nft_close(&f);
		if (r < 0 || (r && !i))
			return fail_about("sysctl forward");
		if (r) /* IPv4's is on, and this kernel cannot close the other */
			warn_about("sysctl forward");
		c->forwarded[i] = r == 0;
	}
	return 0;
}

void netcfg_forward_back(struct netcfg *c)
{
	for (int i = 0; i < 2; i++) {
		if (!c->forwarded[i])
			continue;
		c->forwarded[i] = false;
		if (forward_off(i ? AF_INET6 : AF_INET) < 0)
			warn("take back: %s", fail_msg());
	}
}

int netcfg_rules(struct netcfg *c)
{
	struct buf b = {0};
	nft_text(&b, AF_INET);
	nft_text(&b, AF_INET6);
	fputs(b.p, stdout);
	buf_free(&b);
	c->nat.print = true;
	if (nl_open(&c->rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	int r = 0;
	for (size_t i = 0; i < c->n && r == 0; i++)
		if (c->ops[i].kind == CFG_SYSCTL && !c->ops[i].del)
			r = netcfg_forward(c);
	if (r == 0)
		r = netcfg_nat_lines(c);
	nl_close(&c->rt);
	return r;
}
