/* nft.c: the table `ctrbox`: its rules, its transactions, and what is in it; see nft.h.
 *
 * A transaction is first sent without the base (table, chains, sets, rules): elements alone cost a
 * tenth. Only when the kernel says ENOENT is it sent again with the base before it. The base may be
 * sent any number of times: what exists is kept, the rules are replaced.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "err.h"
#include "nft_base.h"
#include "sysno.h"

int nft_open(struct nft *f)
{
	memset(f, 0, sizeof *f);
	return nl_open(&f->body, NETLINK_NETFILTER, -1);
}

void nft_close(struct nft *f)
{
	nl_close(&f->body);
}

/* In place of a message: what it does, in nft's syntax, where that is what is wanted (ctr-netcfg
 * rules). */
static bool __attribute__((format(printf, 2, 3))) said(const struct nft *f, const char *fmt, ...)
{
	va_list ap;
	if (!f->print)
		return false;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	return true;
}

/* --- elements --- */

struct elem {
	const void *key, *end, *data; /* end: of a range in a concatenation */
	size_t len, data_len;
	const char *comment;
	bool interval_end;
};

static void nft_put_elem(struct nlmsghdr *h, const struct elem *e)
{
	struct nlattr *el = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	if (e->interval_end)
		nft_be32(h, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	nft_value(h, NFTA_SET_ELEM_KEY, e->key, e->len);
	if (e->end)
		nft_value(h, NFTA_SET_ELEM_KEY_END, e->end, e->len);
	if (e->data)
		nft_value(h, NFTA_SET_ELEM_DATA, e->data, e->data_len);
	if (e->comment && *e->comment) {
		/* nft's own format: type 0 (comment), length with NUL, text */
		uint8_t u[COMMENT_SIZE + 2] = {0};
		size_t n = strlen(e->comment) + 1;
		u[1] = (uint8_t)n;
		memcpy(u + 2, e->comment, n);
		mnl_attr_put(h, NFTA_SET_ELEM_USERDATA, n + 2, u);
	}
	mnl_attr_nest_end(h, el);
}

static void elems(struct nft *f, bool add, int excl, int family, const char *set,
    const struct elem *e, int n, const char *label)
{
	struct nlmsghdr *h = nft_msg(&f->body, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
	    add ? NLM_F_CREATE | excl : 0, family, label);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
	struct nlattr *list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (int i = 0; i < n; i++)
		nft_put_elem(h, &e[i]);
	mnl_attr_nest_end(h, list);
}

static const char *verb(bool add)
{
	return add ? "add" : "delete";
}

static void ifname_elem(
    struct nft *f, bool add, int family, const char *set, const char *name, bool twice)
{
	char key[32] = "";
	if (said(f, "%s element %s " NFT_TABLE " %s { %s%s%s\"%s\" }", verb(add), nft_ip(family),
		set, twice ? "\"" : "", twice ? name : "", twice ? "\" . " : "", name))
		return;
	memcpy(key, name, strnlen(name, 15));
	if (twice)
		memcpy(key + 16, name, strnlen(name, 15));
	struct elem e = {.key = key, .len = twice ? 32 : 16};
	elems(f, add, 0, family, set, &e, 1,
	    add ? "nf_tables: add bridge" : "nf_tables: remove bridge");
}

void nft_open_add(struct nft *f, int family, const char *ifname)
{
	ifname_elem(f, true, family, "open", ifname, false);
	ifname_elem(f, true, family, "same", ifname, true);
}

void nft_open_del(struct nft *f, int family, const char *ifname)
{
	ifname_elem(f, false, family, "open", ifname, false);
	ifname_elem(f, false, family, "same", ifname, true);
}

void nft_apart_add(struct nft *f, int family, const char *ifname)
{
	ifname_elem(f, true, family, "apart", ifname, false);
}

static void masq(struct nft *f, bool add, const struct addr *a, const char *comment)
{
	struct elem e = {.key = a->b, .len = addr_len(a), .comment = comment};
	elems(f, add, 0, a->family, "masq", &e, 1, "nf_tables: masquerade an address");
}

void nft_masq_add(struct nft *f, const struct addr *a, const char *comment)
{
	masq(f, true, a, comment);
}

void nft_masq_del(struct nft *f, const struct addr *a)
{
	masq(f, false, a, NULL);
}

/* An interval is two elements: its first address, and the one after its last, marked as the end. */
static void subnet_elem(struct nft *f, bool add, const struct cidr *c)
{
	struct addr first = cidr_first(c), after = cidr_last(c);
	char t[ADDR_TEXT];
	if (said(f, "%s element %s " NFT_TABLE " subnets { %s/%d }", verb(add), nft_ip(c->a.family),
		addr_text(&first, t), c->len))
		return;
	addr_next(&after);
	_cleanup_free_ char *label =
	    xasprintf("nf_tables: %s subnet %s/%d", verb(add), addr_text(&first, t), c->len);
	struct elem e[2] = {{.key = first.b, .len = addr_len(&first)},
	    {.key = after.b, .len = addr_len(&first), .interval_end = true}};
	elems(f, add, 0, c->a.family, "subnets", e, addr_is_any(&after) ? 1 : 2, label);
}

static void nft_net(struct nft *f, bool add, const struct cidr *c, const char *bridge, int flags)
{
	if (bridge) {
		ifname_elem(f, add, c->a.family, "bridges", bridge, false);
		ifname_elem(f, add, c->a.family, "same", bridge, true);
		if (flags & NFT_INTERNAL)
			ifname_elem(f, add, c->a.family, "internal", bridge, false);
	}
	if (flags & NFT_MASQUERADE)
		subnet_elem(f, add, c);
}

void nft_net_add(struct nft *f, const struct cidr *subnet, const char *bridge, int flags)
{
	nft_net(f, true, subnet, bridge, flags);
}

void nft_net_del(struct nft *f, const struct cidr *subnet, const char *bridge, int flags)
{
	nft_net(f, false, subnet, bridge, flags);
}

static void out_elem(struct nft *f, bool add, const struct cidr *c, const char *out)
{
	uint8_t key[32] = {0}, end[32] = {0};
	struct addr first = cidr_first(c), last = cidr_last(c);
	size_t n = addr_len(&first);
	char t[ADDR_TEXT];
	if (said(f, "%s element %s " NFT_TABLE " subnets_out { %s/%d . \"%s\" }", verb(add),
		nft_ip(c->a.family), addr_text(&first, t), c->len, out))
		return;
	memcpy(key, first.b, n);
	memcpy(end, last.b, n);
	memcpy(key + n, out, strnlen(out, 15));
	memcpy(end + n, out, strnlen(out, 15));
	struct elem e = {.key = key, .end = end, .len = n + 16};
	elems(f, add, 0, c->a.family, "subnets_out", &e, 1,
	    "nf_tables: masquerade by interface (needs Linux 5.6)");
}

void nft_out_add(struct nft *f, const struct cidr *subnet, const char *out)
{
	int family = subnet->a.family;
	uint32_t lens[2] = {family == AF_INET ? 4 : 16, 16};
	if (said(f,
		"add set %s " NFT_TABLE
		" subnets_out { type ipv%d_addr . ifname; flags interval; }\n"
		"flush chain %s " NFT_TABLE " masquerade_out\n"
		"add rule %s " NFT_TABLE
		" masquerade_out %s saddr . oifname @subnets_out masquerade",
		nft_ip(family), family == AF_INET ? 4 : 6, nft_ip(family), nft_ip(family),
		nft_ip(family))) {
		out_elem(f, true, subnet, out);
		return;
	}
	struct nlmsghdr *h = nft_put_set(
	    &f->body, family, "subnets_out", "$ . ifname", NFT_SET_INTERVAL | NFT_SET_CONCAT, 100);
	struct nlattr *desc = mnl_attr_nest_start(h, NFTA_SET_DESC),
		      *list = mnl_attr_nest_start(h, NFTA_SET_DESC_CONCAT);
	for (int i = 0; i < 2; i++) {
		struct nlattr *el = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
		nft_be32(h, NFTA_SET_FIELD_LEN, lens[i]);
		mnl_attr_nest_end(h, el);
	}
	mnl_attr_nest_end(h, list);
	mnl_attr_nest_end(h, desc);
	nft_flush_chain(&f->body, family, "masquerade_out");
	nft_put_rule(&f->body, family, "masquerade_out", nft_out_rule);
	out_elem(f, true, subnet, out);
}

void nft_out_del(struct nft *f, const struct cidr *subnet, const char *out)
{
	out_elem(f, false, subnet, out);
}

static void nft_port_elem(struct nft *f, bool add, const struct nft_port *p)
{
	uint8_t key[24] = {0}, data[20] = {0};
	size_t n = addr_len(&p->to), at = 0;
	bool any = addr_is_any(&p->host);
	const char *proto = p->proto == IPPROTO_UDP ? "udp" : "tcp", *set = any ? "ports" : "addrs";
	char t[ADDR_TEXT], to[ADDR_TEXT];
	addr_text(&p->host, t);
	if (said(f, "%s element %s " NFT_TABLE " %s { %s%s%s . %u%s%s%s : %s . %u }", verb(add),
		nft_ip(p->to.family), set, any ? "" : t, any ? "" : " . ", proto, p->hport,
		add ? " comment \"" : "", add ? p->comment : "", add ? "\"" : "",
		addr_text(&p->to, to), p->cport))
		return;
	if (!any) {
		memcpy(key, p->host.b, n);
		at = n;
	}
	uint16_t from = htons(p->hport), dest = htons(p->cport);
	key[at] = p->proto;
	memcpy(key + at + 4, &from, 2);
	memcpy(data, p->to.b, n);
	memcpy(data + n, &dest, 2);
	struct elem e = {.key = key,
	    .len = at + 8,
	    .data = add ? data : NULL,
	    .data_len = n + 4,
	    .comment = add ? p->comment : NULL};
	elems(f, add, NLM_F_EXCL, p->to.family, set, &e, 1, "");
	struct nl_msg *m = &f->body.m[f->body.n - 1];
	free(m->label);
	m->label = xasprintf("%s:%u/%s: %s", t, p->hport, proto, add ? "publish" : "unpublish");
}

void nft_port_add(struct nft *f, const struct nft_port *p)
{
	nft_port_elem(f, true, p);
}

void nft_port_del(struct nft *f, const struct nft_port *p)
{
	nft_port_elem(f, false, p);
}

bool nft_port_clash(const struct nft_port *a, const struct nft_port *b)
{
	return a->hport == b->hport && a->proto == b->proto && a->to.family == b->to.family &&
	       (addr_is_any(&a->host) || addr_is_any(&b->host) ||
		   addr_cmp(&a->host, &b->host) == 0);
}

int nft_ports_away(struct nft *f, const struct nft_port *ports, size_t n)
{
	int r = 0;
	for (size_t i = 0, step = n; i < n; i += step) {
		for (size_t k = 0; k < step; k++)
			nft_port_del(f, &ports[i + k]);
		bool away = nft_commit(f) == 0;
		if (!away && errno != ENOENT)
			r = -1;
		else if (!away &&
			 step > 1) { /* one of them is gone already: from the start, one by one */
			step = 1;
			i = (size_t)-1;
		}
	}
	return r;
}

int nft_ports_del(const struct nft_port *ports, size_t n)
{
	struct nft f;
	if (n == 0)
		return 0;
	if (nft_open(&f) < 0)
		return -1;
	int r = nft_ports_away(&f, ports, n);
	nft_close(&f);
	return r;
}

void nft_close_forward(struct nft *f, int family, bool closed)
{
	if (said(f, "flush chain %s " NFT_TABLE " closed\nadd rule %s " NFT_TABLE " closed drop",
		nft_ip(family), nft_ip(family)))
		return;
	nft_flush_chain(&f->body, family, "closed");
	if (closed)
		nft_put_rule(&f->body, family, "closed", "drop");
}

/* --- the transaction --- */

static void nft_frame(struct nl *n, int type)
{
	struct nlmsghdr *h = nl_msg(n, type, 0, sizeof(struct nfgenmsg), "nf_tables");
	((struct nfgenmsg *)mnl_nlmsg_get_payload(h))->res_id =
	    htons(sys_missing("nf_tables") ? NFNL_SUBSYS_CTNETLINK : NFNL_SUBSYS_NFTABLES);
}

/* BEGIN, perhaps the base, the body, END; only the last before END asks for an answer, failures
 * answer anyway. */
static int send_framed(struct nft *f, int families)
{
	struct nl n = {.fd = f->body.fd,
	    .bus = NETLINK_NETFILTER,
	    .seq = f->body.seq + 1000000,
	    .unbuilt = f->body.unbuilt};
	f->body.seq += 2000000;
	nft_frame(&n, NFNL_MSG_BATCH_BEGIN);
	for (int family = 0; family < 2; family++)
		if (families & (family ? V6 : V4))
			nft_put_base(&n, family ? AF_INET6 : AF_INET);
	for (size_t i = 0; i < f->body.n; i++) {
		const struct nlmsghdr *from = (void *)(f->body.out.p + f->body.m[i].off);
		struct nlmsghdr *h = nl_msg(&n, from->nlmsg_type, 0, 0, "%s", f->body.m[i].label);
		uint32_t seq = h->nlmsg_seq;
		memcpy(h, from, from->nlmsg_len);
		h->nlmsg_seq = seq;
		if (i + 1 == f->body.n)
			h->nlmsg_flags |= NLM_F_ACK;
	}
	nft_frame(&n, NFNL_MSG_BATCH_END);
	int r = nft_send(&n), saved = errno;
	size_t failed = n.failed;
	n.fd = -1;
	nl_close(&n);
	errno = saved;
	if (r < 0 && failed == 0 &&
	    (saved == EOPNOTSUPP || saved == EINVAL || saved == EPROTONOSUPPORT))
		fail("nf_tables: %m (this kernel lacks CONFIG_NF_TABLES: no NAT, no published "
		     "ports)");
	errno = saved;
	return r;
}

/* The families that the transaction touches. */
static int families_of(const struct nl *n)
{
	int r = 0;
	for (size_t i = 0; i < n->n; i++) {
		const struct nlmsghdr *h = (void *)(n->out.p + n->m[i].off);
		int family = ((struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family;
		r |= (family == NFPROTO_IPV4) * V4 | (family == NFPROTO_IPV6) * V6;
	}
	return r;
}

int nft_commit(struct nft *f)
{
	if (f->body.n == 0)
		return 0;
	nl_finish(&f->body);
	int r = send_framed(f, 0);
	if (r < 0 && errno == ENOENT) {
		r = send_framed(f, families_of(&f->body));
		f->rebuilt |= r == 0;
	}
	int saved = errno;
	nl_reset(&f->body);
	errno = saved;
	return r;
}

int nft_table_del(struct nft *f, int family)
{
	nl_reset(&f->body);
	struct nlmsghdr *h =
	    nft_msg(&f->body, NFT_MSG_DELTABLE, 0, family, "nf_tables: delete table ctrbox");
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, NFT_TABLE);
	nl_finish(&f->body);
	int r = send_framed(f, 0) < 0 && errno != ENOENT && errno != EOPNOTSUPP ? -1 : 0;
	nl_reset(&f->body);
	return r;
}
