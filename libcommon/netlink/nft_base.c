/* nft_base.c: what the table `ctrbox` always has: chains, sets and rules, as text; see nft_base.h.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "err.h"
#include "nft_base.h"
#include "sysno.h"

/* 14 is no subsystem's number: the kernel answers as one without nf_tables does. */
#define NFT_SUBSYS (sys_missing("nf_tables") ? 14 : NFNL_SUBSYS_NFTABLES)
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
    /* no route leads to the source address by the interface that the packet came in by: a container
     * pretends to have that address */
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
    /* for packets of which br_netfilter does not tell the way in */
    {"postrouting", "ct status dnat $ saddr @masq oifname @open masquerade", V4 | V6},
    {"postrouting", "$ saddr 127.0.0.0/8 oifname @open masquerade", V4},
    {"postrouting", "$ saddr @masq oifname != @open masquerade", V4 | V6},
    {"forward", "ct state established,related accept", V4 | V6},
    {"forward", "iifname . oifname @same accept", V4 | V6},
    {"forward", "iifname @apart oifname @apart drop", V4 | V6},
    {"forward", "iifname @internal drop", V4 | V6},
    {"forward", "oifname @internal drop", V4 | V6},
    {"forward", "ct status dnat accept", V4 | V6},
    {"forward", "oifname @bridges drop", V4 | V6}, /* what comes from the other networks, too */
    {"forward", "iifname @bridges accept", V4 | V6},
    /* as the reference plugins have it: other nodes of a cluster reach a pod at its own address */
    {"forward", "oifname @open accept", V4 | V6},
    {"forward", "iifname @open accept", V4 | V6},
    {"forward", "jump closed", V4 | V6},
};

const char nft_out_rule[] = "$ saddr . oifname @subnets_out masquerade";

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

const char *nft_ip(int family)
{
	return family == AF_INET ? "ip" : "ip6";
}

struct nlmsghdr *nft_msg(struct nl *n, int type, int flags, int family, const char *label)
{
	struct nlmsghdr *h =
	    nl_msg(n, NFT_SUBSYS << 8 | type, flags, sizeof(struct nfgenmsg), "%s", label);
	((struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family =
	    family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
	return h;
}

static void put_chain(struct nl *n, int family, const struct chain *c)
{
	struct nlmsghdr *h = nft_msg(
	    n, NFT_MSG_NEWCHAIN, NLM_F_CREATE, family, "nf_tables: table ctrbox: add chain");
	mnl_attr_put_strz(h, NFTA_CHAIN_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_CHAIN_NAME, c->name);
	if (!c->type)
		return;
	mnl_attr_put_strz(h, NFTA_CHAIN_TYPE, c->type);
	struct nlattr *hook = mnl_attr_nest_start(h, NFTA_CHAIN_HOOK);
	nft_be32(h, NFTA_HOOK_HOOKNUM, c->hook);
	nft_be32(h, NFTA_HOOK_PRIORITY, (uint32_t)c->priority);
	mnl_attr_nest_end(h, hook);
}

void nft_flush_chain(struct nl *n, int family, const char *chain)
{
	struct nlmsghdr *h =
	    nft_msg(n, NFT_MSG_DELRULE, 0, family, "nf_tables: table ctrbox: flush chain");
	mnl_attr_put_strz(h, NFTA_RULE_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_RULE_CHAIN, chain);
}

void nft_put_rule(struct nl *n, int family, const char *chain, const char *text)
{
	_cleanup_free_ char *t = for_family(text, nft_ip(family));
	struct nlmsghdr *h =
	    nft_msg(n, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, family, "nf_tables: add rule");
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

struct nlmsghdr *nft_put_set(
    struct nl *n, int family, const char *name, const char *type, uint32_t flags, uint32_t id)
{
	uint32_t t, len;
	const char *colon = strchr(type, ':');
	struct nlmsghdr *h = nft_msg(n, NFT_MSG_NEWSET, NLM_F_CREATE, family,
	    "nf_tables: table ctrbox: add set (before Linux 5.6: too old)");
	type_of(type, type + strlen(type), family, &t, &len);
	mnl_attr_put_strz(h, NFTA_SET_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_SET_NAME, name);
	nft_be32(h, NFTA_SET_FLAGS, flags | (colon ? NFT_SET_MAP : 0));
	nft_be32(h, NFTA_SET_KEY_TYPE, t);
	nft_be32(h, NFTA_SET_KEY_LEN, len);
	nft_be32(h, NFTA_SET_ID, id);
	if (strcmp(type, "ifname") == 0) {
		/* nft's note to itself (key byte order: the host's); without it it lists the names
		 * as "" */
		static const uint8_t order[] = {0, 4, 1, 0, 0, 0};
		mnl_attr_put(h, NFTA_SET_USERDATA, sizeof order, order);
	}
	if (colon) {
		type_of(colon + 2, colon + strlen(colon), family, &t, &len);
		nft_be32(h, NFTA_SET_DATA_TYPE, t);
		nft_be32(h, NFTA_SET_DATA_LEN, len);
	}
	return h;
}

void nft_put_base(struct nl *n, int family)
{
	struct nlmsghdr *h = nft_msg(n, NFT_MSG_NEWTABLE, NLM_F_CREATE, family,
	    "nf_tables: add table ctrbox (CONFIG_NF_TABLES_IPV4, CONFIG_NF_TABLES_IPV6)");
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, NFT_TABLE);
	EACH(i, sets)
	nft_put_set(n, family, sets[i].name, sets[i].type, sets[i].interval ? NFT_SET_INTERVAL : 0,
	    (uint32_t)i + 1);
	EACH(i, chains)
	if (chains[i].families & bit(family))
		put_chain(n, family, &chains[i]);
	EACH(i, chains) /* `closed` and `masquerade_out` keep what they have */
	if (chains[i].families & bit(family) && chains[i].type)
		nft_flush_chain(n, family, chains[i].name);
	EACH(i, rules)
	if (rules[i].families & bit(family))
		nft_put_rule(n, family, rules[i].chain, rules[i].text);
}

const char *nft_base_chain(size_t i)
{
	return i < sizeof chains / sizeof chains[0] ? chains[i].name : NULL;
}

uint32_t nft_base_uses(const char *chain, int family)
{
	uint32_t n = 0;
	EACH(k, rules)
	n += rules[k].families & bit(family) &&
	     (strcmp(rules[k].chain, chain) == 0 ||
		 (str_starts(rules[k].text, "jump ") && strcmp(rules[k].text + 5, chain) == 0));
	return n;
}

void nft_text(struct buf *out, int family)
{
	_cleanup_free_ char *type = NULL;
	const char *addr = family == AF_INET ? "ipv4_addr" : "ipv6_addr";
	buf_printf(out, "table %s %s {\n", nft_ip(family), NFT_TABLE);
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
			_cleanup_free_ char *t = for_family(rules[k].text, nft_ip(family));
			buf_printf(out, "\t\t%s\n", t);
		}
		buf_puts(out, "\t}\n");
	}
	buf_puts(out, "}\n");
}
