/* nft_rule.c: from a rule in nft(8)'s syntax to the kernel's expressions, for just the phrases that
 * our rules consist of. So the rules are written once, readable, and `ctr-netcfg rules` prints what
 * is really put in.
 *
 * Register numbers are the 4-byte ones (NFT_REG32_00 on); a concatenation lies in consecutive ones.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "err.h"
#include "nft_base.h"

#define R0 NFT_REG32_00
#define CT_STATE_ESTABLISHED 2u /* linux/netfilter/nf_conntrack_common.h: 1 << (ctinfo + 1) */
#define CT_STATE_RELATED 4u
#define CT_STATUS_DNAT 32u

static struct nlattr *outer;

static struct nlattr *expr(struct nlmsghdr *h, const char *name)
{
	outer = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	mnl_attr_put_strz(h, NFTA_EXPR_NAME, name);
	return mnl_attr_nest_start(h, NFTA_EXPR_DATA);
}

static void expr_end(struct nlmsghdr *h, struct nlattr *data)
{
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, outer);
}

void nft_be32(struct nlmsghdr *h, int type, uint32_t v)
{
	mnl_attr_put_u32(h, (uint16_t)type, htonl(v));
}

void nft_value(struct nlmsghdr *h, int type, const void *p, size_t n)
{
	struct nlattr *a = mnl_attr_nest_start(h, (uint16_t)type);
	mnl_attr_put(h, NFTA_DATA_VALUE, n, p);
	mnl_attr_nest_end(h, a);
}

static void nft_rule_meta(struct nlmsghdr *h, uint32_t key, uint32_t reg)
{
	struct nlattr *d = expr(h, "meta");
	nft_be32(h, NFTA_META_KEY, key);
	nft_be32(h, NFTA_META_DREG, reg);
	expr_end(h, d);
}

static void payload(struct nlmsghdr *h, uint32_t base, uint32_t off, uint32_t len, uint32_t reg)
{
	struct nlattr *d = expr(h, "payload");
	nft_be32(h, NFTA_PAYLOAD_DREG, reg);
	nft_be32(h, NFTA_PAYLOAD_BASE, base);
	nft_be32(h, NFTA_PAYLOAD_OFFSET, off);
	nft_be32(h, NFTA_PAYLOAD_LEN, len);
	expr_end(h, d);
}

static void cmp(struct nlmsghdr *h, uint32_t op, const void *p, size_t n)
{
	struct nlattr *d = expr(h, "cmp");
	nft_be32(h, NFTA_CMP_SREG, R0);
	nft_be32(h, NFTA_CMP_OP, op);
	nft_value(h, NFTA_CMP_DATA, p, n);
	expr_end(h, d);
}

/* In a set, or (map) what it maps to, in the register. */
static void lookup(struct nlmsghdr *h, const char *set, bool invert, bool map)
{
	struct nlattr *d = expr(h, "lookup");
	mnl_attr_put_strz(h, NFTA_LOOKUP_SET, set);
	nft_be32(h, NFTA_LOOKUP_SREG, R0);
	if (map)
		nft_be32(h, NFTA_LOOKUP_DREG, R0);
	if (invert)
		nft_be32(h, NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
	expr_end(h, d);
}

static void ct_bits(struct nlmsghdr *h, uint32_t key, uint32_t bits)
{
	uint32_t zero = 0;
	struct nlattr *d = expr(h, "ct");
	nft_be32(h, NFTA_CT_KEY, key);
	nft_be32(h, NFTA_CT_DREG, R0);
	expr_end(h, d);
	d = expr(h, "bitwise");
	nft_be32(h, NFTA_BITWISE_SREG, R0);
	nft_be32(h, NFTA_BITWISE_DREG, R0);
	nft_be32(h, NFTA_BITWISE_LEN, 4);
	nft_value(h, NFTA_BITWISE_MASK, &bits, 4);
	nft_value(h, NFTA_BITWISE_XOR, &zero, 4);
	expr_end(h, d);
	cmp(h, NFT_CMP_NEQ, &zero, 4);
}

static void fib_local(struct nlmsghdr *h)
{
	uint32_t local = 2; /* RTN_LOCAL */
	struct nlattr *d = expr(h, "fib");
	nft_be32(h, NFTA_FIB_DREG, R0);
	nft_be32(h, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nft_be32(h, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
	expr_end(h, d);
	cmp(h, NFT_CMP_EQ, &local, 4);
}

/* No route leads to the source by the interface that it came in by. */
static void fib_no_way_back(struct nlmsghdr *h)
{
	uint32_t none = 0;
	struct nlattr *d = expr(h, "fib");
	nft_be32(h, NFTA_FIB_DREG, R0);
	nft_be32(h, NFTA_FIB_RESULT, NFT_FIB_RESULT_OIF);
	nft_be32(h, NFTA_FIB_FLAGS, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT);
	expr_end(h, d);
	cmp(h, NFT_CMP_EQ, &none, 4);
}

static void nft_rule_verdict(struct nlmsghdr *h, int code, const char *chain)
{
	struct nlattr *d = expr(h, "immediate");
	nft_be32(h, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	struct nlattr *data = mnl_attr_nest_start(h, NFTA_IMMEDIATE_DATA);
	struct nlattr *v = mnl_attr_nest_start(h, NFTA_DATA_VERDICT);
	nft_be32(h, NFTA_VERDICT_CODE, (uint32_t)code);
	if (chain)
		mnl_attr_put_strz(h, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(h, v);
	mnl_attr_nest_end(h, data);
	expr_end(h, d);
}

/* Address (when asked), protocol and port into registers, the map's answer into nat. */
static void dnat(struct nlmsghdr *h, int family, bool addr, const char *map)
{
	uint32_t len = family == AF_INET ? 4 : 16, reg = R0;
	if (addr) {
		payload(h, NFT_PAYLOAD_NETWORK_HEADER, family == AF_INET ? 16 : 24, len, reg);
		reg += len / 4;
	}
	nft_rule_meta(h, NFT_META_L4PROTO, reg);
	payload(h, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, reg + 1);
	lookup(h, map, false, true);
	struct nlattr *d = expr(h, "nat");
	nft_be32(h, NFTA_NAT_TYPE, NFT_NAT_DNAT);
	nft_be32(h, NFTA_NAT_FAMILY, family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6);
	nft_be32(h, NFTA_NAT_REG_ADDR_MIN, R0);
	nft_be32(h, NFTA_NAT_REG_PROTO_MIN, R0 + len / 4);
	expr_end(h, d);
}

static bool eat(const char **p, const char *phrase)
{
	size_t n = strlen(phrase);
	if (strncmp(*p, phrase, n) != 0)
		return false;
	*p += n;
	return true;
}

static void nft_rule_word(const char **p, char out[32])
{
	size_t n = strcspn(*p, " ");
	snprintf(out, 32, "%.*s", (int)n, *p);
	*p += n;
}

/* "saddr ..." and "daddr ..." */
static int address(struct nlmsghdr *h, int family, bool src, const char **p)
{
	static const uint8_t one[16] = {[15] = 1}, any[16], loop = 127;
	bool v4 = family == AF_INET;
	uint32_t len = v4 ? 4 : 16, from = v4 ? 12 : 8, off = src ? from : from + len;
	char name[32];
	if (eat(p, ". oifname @")) {
		payload(h, NFT_PAYLOAD_NETWORK_HEADER, off, len, R0);
		nft_rule_meta(h, NFT_META_OIFNAME, R0 + len / 4);
		nft_rule_word(p, name);
		lookup(h, name, false, false);
		return 0;
	}
	if (eat(p, "@")) {
		payload(h, NFT_PAYLOAD_NETWORK_HEADER, off, len, R0);
		nft_rule_word(p, name);
		lookup(h, name, false, false);
		return 0;
	}
	uint32_t op = eat(p, "!= ") ? NFT_CMP_NEQ : NFT_CMP_EQ;
	if (family == AF_INET && eat(p, "127.0.0.0/8")) {
		payload(h, NFT_PAYLOAD_NETWORK_HEADER, off, 1, R0);
		cmp(h, op, &loop, 1);
		return 0;
	}
	if (family == AF_INET6 && eat(p, "::1")) {
		payload(h, NFT_PAYLOAD_NETWORK_HEADER, off, 16, R0);
		cmp(h, op, one, 16);
		return 0;
	}
	if (family == AF_INET6 && eat(p, ":: ")) {
		payload(h, NFT_PAYLOAD_NETWORK_HEADER, off, 16, R0);
		cmp(h, op, any, 16);
		return 0;
	}
	return -1;
}

/* Of family bridge: where a frame comes in and whose it says it is, not in a set; what it carries.
 */
static bool bridge_phrase(struct nlmsghdr *h, const char **p)
{
	static const struct {
		const char *text;
		uint32_t base, off, len;
	} claims[] = {{"iifname . ether saddr != @", NFT_PAYLOAD_LL_HEADER, 6, 6},
	    {"iifname . arp saddr ip != @", NFT_PAYLOAD_NETWORK_HEADER, 14, 4},
	    {"iifname . ip saddr != @", NFT_PAYLOAD_NETWORK_HEADER, 12, 4},
	    {"iifname . ip6 saddr != @", NFT_PAYLOAD_NETWORK_HEADER, 8, 16},
	    {"iifname . icmpv6 taddr != @", NFT_PAYLOAD_TRANSPORT_HEADER, 8, 16}};
	static const struct {
		const char *text;
		uint8_t number[2];
	} kinds[] = {{"arp", {8, 6}}, {"ip6", {0x86, 0xdd}}, {"ip", {8, 0}}};
	static const uint8_t icmpv6 = 58;
	char name[32];
	for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++)
		if (eat(p, claims[i].text)) {
			nft_rule_meta(h, NFT_META_IIFNAME, R0);
			payload(h, claims[i].base, claims[i].off, claims[i].len, R0 + 4);
			nft_rule_word(p, name);
			lookup(h, name, true, false);
			return true;
		}
	if (eat(p, "icmpv6 type ")) {
		nft_rule_word(p, name);
		uint8_t type = (uint8_t)atoi(name);
		nft_rule_meta(h, NFT_META_L4PROTO, R0);
		cmp(h, NFT_CMP_EQ, &icmpv6, 1);
		payload(h, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, R0);
		cmp(h, NFT_CMP_EQ, &type, 1);
		return true;
	}
	if (!eat(p, "meta protocol "))
		return false;
	uint32_t op = eat(p, "!= ") ? NFT_CMP_NEQ : NFT_CMP_EQ;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (eat(p, kinds[i].text)) {
			nft_rule_meta(h, NFT_META_PROTOCOL, R0);
			cmp(h, op, kinds[i].number, 2);
			return true;
		}
	return false;
}

static int phrase(struct nlmsghdr *h, int family, const char **p)
{
	const char *ip = family == AF_INET ? "ip " : "ip6 ";
	char name[32];
	if (eat(p, "iifname . oifname @")) {
		nft_rule_meta(h, NFT_META_IIFNAME, R0);
		nft_rule_meta(h, NFT_META_OIFNAME, R0 + 4);
		nft_rule_word(p, name);
		lookup(h, name, false, false);
		return 0;
	}
	if (bridge_phrase(h, p))
		return 0;
	bool in = eat(p, "iifname ");
	if (in || eat(p, "oifname ")) {
		nft_rule_meta(h, in ? NFT_META_IIFNAME : NFT_META_OIFNAME, R0);
		bool invert = eat(p, "!= ");
		if (!eat(p, "@"))
			return -1;
		nft_rule_word(p, name);
		lookup(h, name, invert, false);
		return 0;
	}
	if (eat(p, "fib saddr . iif oif missing"))
		return fib_no_way_back(h), 0;
	if (eat(p, "fib daddr type local"))
		return fib_local(h), 0;
	if (eat(p, "ct state established,related"))
		return ct_bits(h, NFT_CT_STATE, CT_STATE_ESTABLISHED | CT_STATE_RELATED), 0;
	if (eat(p, "ct status dnat"))
		return ct_bits(h, NFT_CT_STATUS, CT_STATUS_DNAT), 0;
	if (eat(p, "masquerade"))
		return expr_end(h, expr(h, "masq")), 0;
	if (eat(p, "accept"))
		return nft_rule_verdict(h, NF_ACCEPT, NULL), 0;
	if (eat(p, "drop"))
		return nft_rule_verdict(h, NF_DROP, NULL), 0;
	if (eat(p, "jump ")) {
		nft_rule_word(p, name);
		return nft_rule_verdict(h, NFT_JUMP, name), 0;
	}
	if (eat(p, "dnat ")) {
		if (!eat(p, ip) || !eat(p, "to "))
			return -1;
		bool addr = eat(p, ip);
		if ((addr && !eat(p, "daddr . ")) || !eat(p, "meta l4proto . th dport map @"))
			return -1;
		nft_rule_word(p, name);
		return dnat(h, family, addr, name), 0;
	}
	if (!eat(p, ip))
		return -1;
	bool src = eat(p, "saddr ");
	return src || eat(p, "daddr ") ? address(h, family, src, p) : -1;
}

int nft_compile(struct nlmsghdr *h, int family, const char *rule)
{
	struct nlattr *list = mnl_attr_nest_start(h, NFTA_RULE_EXPRESSIONS);
	const char *p = rule;
	while (*p) {
		if (phrase(h, family, &p) < 0)
			return fail("nf_tables rule: '%s' at '%s'", rule, p);
		p += strspn(p, " ");
	}
	mnl_attr_nest_end(h, list);
	return 0;
}
