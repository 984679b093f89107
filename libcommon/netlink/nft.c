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
#include "nft.h"
#include "sysno.h"

/* 14: nobody's. */
#define NFT_SUBSYS (sys_missing("nf_tables") ? 14 : NFNL_SUBSYS_NFTABLES)
#define V4 1
#define V6 2

/* nft(8)'s numbers of data types, 6 bits each in a concatenation: it lists our sets by them. */
enum { T_IPV4 = 7, T_IPV6 = 8, T_PROTO = 12, T_SERVICE = 13, T_IFNAME = 41 };

static const struct chain {
	const char *name, *type;
	uint32_t hook;
	int priority;
	int families;
} chains[] = {
    /* jumped to, hence first */
    {"closed", NULL, 0, 0, V4 | V6},         /* holds `drop` where ctrbox turned forwarding on */
    {"masquerade_out", NULL, 0, 0, V4 | V6}, /* `nat add SUBNET out IF` */
    {"raw", "filter", NF_INET_PRE_ROUTING, -300, V4 | V6},
    {"prerouting", "nat", NF_INET_PRE_ROUTING, -100, V4 | V6},
    {"output", "nat", NF_INET_LOCAL_OUT, -100, V4 | V6},
    {"postrouting", "nat", NF_INET_POST_ROUTING, 100, V4 | V6},
    {"forward", "filter", NF_INET_FORWARD, 0, V4 | V6},
};
static const char *const hooks[] = {"prerouting", "input", "forward", "output", "postrouting"};

/* Sets and maps; $ is ip or ip6's address type. */
static const struct set {
	const char *name, *type; /* type: as nft writes it */
	bool interval, map;
} sets[] = {
    {"bridges", "ifname", false, false},
    {"internal", "ifname", false, false},
    {"same", "ifname . ifname", false, false},
    {"subnets", "$", true, false},
    /* of CNI attachments (cni.h): their bridges, and host ends of pairs; those of them that do not
     * reach each other; the addresses that are masqueraded, each with its attachment's name */
    {"open", "ifname", false, false},
    {"apart", "ifname", false, false},
    {"masq", "$", false, false},
    {"ports", "inet_proto . inet_service : $ . inet_service", false, true},
    {"addrs", "$ . inet_proto . inet_service : $ . inet_service", false, true},
};

/* $ is ip or ip6. */
static const struct rule {
	const char *chain, *text;
	int families;
} rules[] = {
    /* route_localnet is on for our bridges only, and nobody there may use it */
    {"raw", "iifname @bridges $ daddr 127.0.0.0/8 drop", V4},
    {"raw", "iifname @bridges $ saddr 127.0.0.0/8 drop", V4},
    /* who answers to another source address is not there: a container that pretends to be it */
    {"raw", "iifname @bridges fib saddr . iif oif missing drop", V4},
    {"raw", "iifname @bridges $ saddr != :: fib saddr . iif oif missing drop", V6},
    {"raw", "iifname @open $ daddr 127.0.0.0/8 drop", V4},
    {"raw", "iifname @open $ saddr 127.0.0.0/8 drop", V4},
    {"prerouting",
	"$ daddr != 127.0.0.0/8 fib daddr type local dnat $ to $ daddr . meta l4proto . th dport "
	"map @addrs",
	V4},
    {"prerouting",
	"$ daddr != 127.0.0.0/8 fib daddr type local dnat $ to meta l4proto . th dport map @ports",
	V4},
    {"prerouting", "fib daddr type local dnat $ to $ daddr . meta l4proto . th dport map @addrs",
	V6},
    {"prerouting", "fib daddr type local dnat $ to meta l4proto . th dport map @ports", V6},
    {"output", "fib daddr type local dnat $ to $ daddr . meta l4proto . th dport map @addrs", V4},
    {"output", "fib daddr type local dnat $ to meta l4proto . th dport map @ports", V4},
    /* the kernel cannot lead [::1] elsewhere: it is refused at once, and clients go on to 127.0.0.1
     */
    {"output",
	"$ daddr != ::1 fib daddr type local dnat $ to $ daddr . meta l4proto . th dport map "
	"@addrs",
	V6},
    {"output", "$ daddr != ::1 fib daddr type local dnat $ to meta l4proto . th dport map @ports",
	V6},
    /* a container that uses a published port of its own network, and the host's 127.0.0.1 */
    {"postrouting", "ct status dnat $ saddr @subnets oifname @bridges masquerade", V4 | V6},
    {"postrouting", "$ saddr 127.0.0.0/8 oifname @bridges masquerade", V4},
    {"postrouting", "$ saddr @subnets oifname != @bridges masquerade", V4 | V6},
    {"postrouting", "jump masquerade_out", V4 | V6},
    /* the same three for CNI attachments; the first needs Linux 5.7, which tells a forwarded
       packet's way in */
    {"postrouting", "ct status dnat iifname . oifname @same masquerade", V4 | V6},
    /* br_netfilter does not tell the way in */
    {"postrouting", "ct status dnat $ saddr @masq oifname @open masquerade", V4 | V6},
    {"postrouting", "$ saddr 127.0.0.0/8 oifname @open masquerade", V4},
    {"postrouting", "$ saddr @masq oifname != @open masquerade", V4 | V6},
    {"forward", "ct state established,related accept", V4 | V6},
    {"forward", "iifname . oifname @same accept", V4 | V6},
    {"forward", "iifname @apart oifname @apart drop", V4 | V6},
    {"forward", "iifname @internal drop", V4 | V6},
    {"forward", "oifname @internal drop", V4 | V6},
    {"forward", "ct status dnat accept", V4 | V6},
    {"forward", "oifname @bridges drop", V4 | V6}, /* from the other networks, too */
    {"forward", "iifname @bridges accept", V4 | V6},
    /* as the reference plugins have it: other nodes of a cluster reach a pod at its own address */
    {"forward", "oifname @open accept", V4 | V6},
    {"forward", "iifname @open accept", V4 | V6},
    {"forward", "jump closed", V4 | V6},
};
static const char out_rule[] = "$ saddr . oifname @subnets_out masquerade";

#define EACH(var, table) for (size_t var = 0; var < sizeof table / sizeof table[0]; var++)

static int bit(int family)
{
	return family == AF_INET ? V4 : V6;
}

/* The text with each $ replaced. */
static char *for_family(const char *text, const char *with)
{
	struct buf b = {0};
	for (; *text; text++)
		if (*text == '$')
			buf_puts(&b, with);
		else
			buf_add(&b, text, 1);
	return b.p ? b.p : xstrdup("");
}

static const char *ip(int family)
{
	return family == AF_INET ? "ip" : "ip6";
}

static void be32(struct nlmsghdr *h, int type, uint32_t v)
{
	mnl_attr_put_u32(h, (uint16_t)type, htonl(v));
}

int nft_open(struct nft *f)
{
	memset(f, 0, sizeof *f);
	return nl_open(&f->body, NETLINK_NETFILTER, -1);
}

void nft_close(struct nft *f)
{
	nl_close(&f->body);
}

static struct nlmsghdr *msg(struct nl *n, int type, int flags, int family, const char *label)
{
	struct nlmsghdr *h =
	    nl_msg(n, NFT_SUBSYS << 8 | type, flags, sizeof(struct nfgenmsg), "%s", label);
	((struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family =
	    family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
	return h;
}

/* --- the base --- */

static void put_chain(struct nl *n, int family, const struct chain *c)
{
	struct nlmsghdr *h =
	    msg(n, NFT_MSG_NEWCHAIN, NLM_F_CREATE, family, "nf_tables: table ctrbox: add chain");
	mnl_attr_put_strz(h, NFTA_CHAIN_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_CHAIN_NAME, c->name);
	if (!c->type)
		return;
	mnl_attr_put_strz(h, NFTA_CHAIN_TYPE, c->type);
	struct nlattr *hook = mnl_attr_nest_start(h, NFTA_CHAIN_HOOK);
	be32(h, NFTA_HOOK_HOOKNUM, c->hook);
	be32(h, NFTA_HOOK_PRIORITY, (uint32_t)c->priority);
	mnl_attr_nest_end(h, hook);
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

static void flush_chain(struct nl *n, int family, const char *chain)
{
	struct nlmsghdr *h =
	    msg(n, NFT_MSG_DELRULE, 0, family, "nf_tables: table ctrbox: flush chain");
	mnl_attr_put_strz(h, NFTA_RULE_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_RULE_CHAIN, chain);
}

static void put_rule(struct nl *n, int family, const char *chain, const char *text)
{
	_cleanup_free_ char *t = for_family(text, ip(family));
	struct nlmsghdr *h =
	    msg(n, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, family, "nf_tables: add rule");
	free(n->m[n->n - 1].label);
	n->m[n->n - 1].label = xasprintf("nf_tables: chain %s: add rule '%s'", chain, t);
	mnl_attr_put_strz(h, NFTA_RULE_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_RULE_CHAIN, chain);
	if (nft_compile(h, family, t) < 0)
		n->unbuilt = true;
}

/* The type's number and length of a concatenation, from nft's text up to `end`. */
static void type_of(const char *text, const char *end, int family, uint32_t *type, uint32_t *len)
{
	*type = *len = 0;
	while (text < end) {
		uint32_t t = T_IFNAME, l = 16;
		if (*text == '$') {
			t = family == AF_INET ? T_IPV4 : T_IPV6;
			l = family == AF_INET ? 4 : 16;
		} else if (str_starts(text, "inet_proto")) {
			t = T_PROTO;
			l = 4; /* padded to a register */
		} else if (str_starts(text, "inet_service")) {
			t = T_SERVICE;
			l = 4;
		}
		*type = *type << 6 | t;
		*len += l;
		text += strcspn(text, ".:");
		text += strspn(text, ". ");
		if (*text == ':')
			return;
	}
}

static struct nlmsghdr *put_set(
    struct nl *n, int family, const char *name, const char *type, uint32_t flags, uint32_t id)
{
	uint32_t t, len;
	const char *colon = strchr(type, ':');
	struct nlmsghdr *h = msg(n, NFT_MSG_NEWSET, NLM_F_CREATE, family,
	    "nf_tables: table ctrbox: add set (before Linux 5.6: too old)");
	type_of(type, type + strlen(type), family, &t, &len);
	mnl_attr_put_strz(h, NFTA_SET_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_SET_NAME, name);
	be32(h, NFTA_SET_FLAGS, flags | (colon ? NFT_SET_MAP : 0));
	be32(h, NFTA_SET_KEY_TYPE, t);
	be32(h, NFTA_SET_KEY_LEN, len);
	be32(h, NFTA_SET_ID, id);
	if (strcmp(type, "ifname") == 0) {
		/* nft's note to itself (key byte order: the host's); without it it lists the names
		 * as "" */
		static const uint8_t order[] = {0, 4, 1, 0, 0, 0};
		mnl_attr_put(h, NFTA_SET_USERDATA, sizeof order, order);
	}
	if (colon) {
		type_of(colon + 2, colon + strlen(colon), family, &t, &len);
		be32(h, NFTA_SET_DATA_TYPE, t);
		be32(h, NFTA_SET_DATA_LEN, len);
	}
	return h;
}

static void put_base(struct nl *n, int family)
{
	struct nlmsghdr *h = msg(n, NFT_MSG_NEWTABLE, NLM_F_CREATE, family,
	    "nf_tables: add table ctrbox (CONFIG_NF_TABLES_IPV4, CONFIG_NF_TABLES_IPV6)");
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, NFT_TABLE);
	EACH(i, sets)
	put_set(n, family, sets[i].name, sets[i].type, sets[i].interval ? NFT_SET_INTERVAL : 0,
	    (uint32_t)i + 1);
	EACH(i, chains)
	if (chains[i].families & bit(family))
		put_chain(n, family, &chains[i]);
	EACH(i, chains) /* `closed` and `masquerade_out` keep what they have */
	if (chains[i].families & bit(family) && chains[i].type)
		flush_chain(n, family, chains[i].name);
	EACH(i, rules)
	if (rules[i].families & bit(family))
		put_rule(n, family, rules[i].chain, rules[i].text);
}

/* --- elements --- */

static void put_value(struct nlmsghdr *h, int type, const void *p, size_t n)
{
	struct nlattr *a = mnl_attr_nest_start(h, (uint16_t)type);
	mnl_attr_put(h, NFTA_DATA_VALUE, n, p);
	mnl_attr_nest_end(h, a);
}

struct elem {
	const void *key, *end, *data; /* end: of a range in a concatenation */
	size_t len, data_len;
	const char *comment;
	bool interval_end;
};

static void put_elem(struct nlmsghdr *h, const struct elem *e)
{
	struct nlattr *el = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	if (e->interval_end)
		be32(h, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	put_value(h, NFTA_SET_ELEM_KEY, e->key, e->len);
	if (e->end)
		put_value(h, NFTA_SET_ELEM_KEY_END, e->end, e->len);
	if (e->data)
		put_value(h, NFTA_SET_ELEM_DATA, e->data, e->data_len);
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
	struct nlmsghdr *h = msg(&f->body, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
	    add ? NLM_F_CREATE | excl : 0, family, label);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
	struct nlattr *list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (int i = 0; i < n; i++)
		put_elem(h, &e[i]);
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
	if (said(f, "%s element %s " NFT_TABLE " %s { %s%s%s\"%s\" }", verb(add), ip(family), set,
		twice ? "\"" : "", twice ? name : "", twice ? "\" . " : "", name))
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
	if (said(f, "%s element %s " NFT_TABLE " subnets { %s/%d }", verb(add), ip(c->a.family),
		addr_text(&first, t), c->len))
		return;
	addr_next(&after);
	_cleanup_free_ char *label =
	    xasprintf("nf_tables: %s subnet %s/%d", verb(add), addr_text(&first, t), c->len);
	struct elem e[2] = {{.key = first.b, .len = addr_len(&first)},
	    {.key = after.b, .len = addr_len(&first), .interval_end = true}};
	elems(f, add, 0, c->a.family, "subnets", e, addr_is_any(&after) ? 1 : 2, label);
}

static void net(struct nft *f, bool add, const struct cidr *c, const char *bridge, int flags)
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
	net(f, true, subnet, bridge, flags);
}

void nft_net_del(struct nft *f, const struct cidr *subnet, const char *bridge, int flags)
{
	net(f, false, subnet, bridge, flags);
}

static void out_elem(struct nft *f, bool add, const struct cidr *c, const char *out)
{
	uint8_t key[32] = {0}, end[32] = {0};
	struct addr first = cidr_first(c), last = cidr_last(c);
	size_t n = addr_len(&first);
	char t[ADDR_TEXT];
	if (said(f, "%s element %s " NFT_TABLE " subnets_out { %s/%d . \"%s\" }", verb(add),
		ip(c->a.family), addr_text(&first, t), c->len, out))
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
		ip(family), family == AF_INET ? 4 : 6, ip(family), ip(family), ip(family))) {
		out_elem(f, true, subnet, out);
		return;
	}
	struct nlmsghdr *h = put_set(
	    &f->body, family, "subnets_out", "$ . ifname", NFT_SET_INTERVAL | NFT_SET_CONCAT, 100);
	struct nlattr *desc = mnl_attr_nest_start(h, NFTA_SET_DESC),
		      *list = mnl_attr_nest_start(h, NFTA_SET_DESC_CONCAT);
	for (int i = 0; i < 2; i++) {
		struct nlattr *el = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
		be32(h, NFTA_SET_FIELD_LEN, lens[i]);
		mnl_attr_nest_end(h, el);
	}
	mnl_attr_nest_end(h, list);
	mnl_attr_nest_end(h, desc);
	flush_chain(&f->body, family, "masquerade_out");
	put_rule(&f->body, family, "masquerade_out", out_rule);
	out_elem(f, true, subnet, out);
}

void nft_out_del(struct nft *f, const struct cidr *subnet, const char *out)
{
	out_elem(f, false, subnet, out);
}

static void port(struct nft *f, bool add, const struct nft_port *p)
{
	uint8_t key[24] = {0}, data[20] = {0};
	size_t n = addr_len(&p->to), at = 0;
	bool any = addr_is_any(&p->host);
	const char *proto = p->proto == IPPROTO_UDP ? "udp" : "tcp", *set = any ? "ports" : "addrs";
	char t[ADDR_TEXT], to[ADDR_TEXT];
	addr_text(&p->host, t);
	if (said(f, "%s element %s " NFT_TABLE " %s { %s%s%s . %u%s%s%s : %s . %u }", verb(add),
		ip(p->to.family), set, any ? "" : t, any ? "" : " . ", proto, p->hport,
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
	port(f, true, p);
}

void nft_port_del(struct nft *f, const struct nft_port *p)
{
	port(f, false, p);
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
		ip(family), ip(family)))
		return;
	flush_chain(&f->body, family, "closed");
	if (closed)
		put_rule(&f->body, family, "closed", "drop");
}

/* --- the transaction --- */

static void frame(struct nl *n, int type)
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
	frame(&n, NFNL_MSG_BATCH_BEGIN);
	for (int family = 0; family < 2; family++)
		if (families & (family ? V6 : V4))
			put_base(&n, family ? AF_INET6 : AF_INET);
	for (size_t i = 0; i < f->body.n; i++) {
		const struct nlmsghdr *from = (void *)(f->body.out.p + f->body.m[i].off);
		struct nlmsghdr *h = nl_msg(&n, from->nlmsg_type, 0, 0, "%s", f->body.m[i].label);
		uint32_t seq = h->nlmsg_seq;
		memcpy(h, from, from->nlmsg_len);
		h->nlmsg_seq = seq;
		if (i + 1 == f->body.n)
			h->nlmsg_flags |= NLM_F_ACK;
	}
	frame(&n, NFNL_MSG_BATCH_END);
	int r = nl_commit(&n), saved = errno;
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
		r |= ((struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family == NFPROTO_IPV4
			 ? V4
			 : V6;
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
	    msg(&f->body, NFT_MSG_DELTABLE, 0, family, "nf_tables: delete table ctrbox");
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, NFT_TABLE);
	nl_finish(&f->body);
	int r = send_framed(f, 0) < 0 && errno != ENOENT && errno != EOPNOTSUPP ? -1 : 0;
	nl_reset(&f->body);
	return r;
}

void nft_text(struct buf *out, int family)
{
	_cleanup_free_ char *type = NULL;
	const char *addr = family == AF_INET ? "ipv4_addr" : "ipv6_addr";
	buf_printf(out, "table %s %s {\n", ip(family), NFT_TABLE);
	EACH(i, sets)
	{
		free(type);
		type = for_family(sets[i].type, addr);
		buf_printf(out, "\t%s %s {\n\t\ttype %s\n%s\t}\n", sets[i].map ? "map" : "set",
		    sets[i].name, type, sets[i].interval ? "\t\tflags interval\n" : "");
	}
	EACH(i, chains)
	{
		const struct chain *c = &chains[i];
		if (!(c->families & bit(family)))
			continue;
		buf_printf(out, "\tchain %s {\n", c->name);
		if (c->type)
			buf_printf(out, "\t\ttype %s hook %s priority %d; policy accept;\n",
			    c->type, hooks[c->hook], c->priority);
		EACH(k, rules)
		if (rules[k].families & bit(family) && strcmp(rules[k].chain, c->name) == 0) {
			_cleanup_free_ char *t = for_family(rules[k].text, ip(family));
			buf_printf(out, "\t\t%s\n", t);
		}
		buf_puts(out, "\t}\n");
	}
	buf_puts(out, "}\n");
}
