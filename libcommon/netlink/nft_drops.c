/* nft_drops.c: which chains of others may drop what we forward; see nft.h. What the kernel sends is
 * parsed like any input: every length is checked.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "err.h"
#include "nft.h"

struct drops {
	struct strv other; /* table, chain, policy, …: others' chains of a family */
	bool all;          /* the chain's end, or a rule, drops every packet that reaches it */
	const char *bridge;
	int accepts; /* rules that accept packets and name the bridge */
	bool named;  /* the rule that is being read names the bridge */
};

static const char *name_in(const struct nlattr *a)
{
	return nl_data(a, 1) && memchr(mnl_attr_get_payload(a), 0, mnl_attr_get_payload_len(a))
		   ? mnl_attr_get_payload(a)
		   : NULL;
}

static void nft_drops_on_chain(const struct nlmsghdr *h, void *arg)
{
	struct drops *x = arg;
	const struct nlattr *tb[NFTA_CHAIN_POLICY + 1], *hook[NFTA_HOOK_HOOKNUM + 1];
	if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN))
		return;
	nl_payload_attrs(tb, NFTA_CHAIN_POLICY, h, sizeof(struct nfgenmsg));
	nl_nested(hook, NFTA_HOOK_HOOKNUM, tb[NFTA_CHAIN_HOOK]);
	const uint32_t *policy = nl_data(tb[NFTA_CHAIN_POLICY], 4),
		       *num = nl_data(hook[NFTA_HOOK_HOOKNUM], 4);
	const char *table = name_in(tb[NFTA_CHAIN_TABLE]), *chain = name_in(tb[NFTA_CHAIN_NAME]);
	if (!policy || !num || !table || !chain || ntohl(*num) != NF_INET_FORWARD ||
	    strcmp(table, NFT_TABLE) == 0)
		return;
	strv_add(&x->other, table);
	strv_add(&x->other, chain);
	strv_add(&x->other, ntohl(*policy) == NF_DROP ? "drop" : "");
}

/* Does this expression drop the packet? 1 yes; 0 it does neither; -1 it is a condition or ends the
 * rule in another way; 2 it accepts it. */
static int drops(const struct nlattr *expr, struct drops *x)
{
	const struct nlattr *tb[NFTA_EXPR_DATA + 1], *in[NFTA_CMP_DATA + 1],
	    *data[NFTA_DATA_VERDICT + 1], *verdict[NFTA_VERDICT_CODE + 1];
	nl_nested(tb, NFTA_EXPR_DATA, expr);
	const char *name = name_in(tb[NFTA_EXPR_NAME]);
	if (!name || strcmp(name, "counter") == 0 || strcmp(name, "log") == 0)
		return name ? 0 : -1;
	if (strcmp(name, "cmp") == 0) {
		nl_nested(in, NFTA_CMP_DATA, tb[NFTA_EXPR_DATA]);
		nl_nested(data, NFTA_DATA_VALUE, in[NFTA_CMP_DATA]);
		x->named |= str_eq(name_in(data[NFTA_DATA_VALUE]), x->bridge);
	}
	if (strcmp(name, "immediate") != 0)
		return strcmp(name, "reject") == 0 ? 1 : -1;
	nl_nested(in, NFTA_IMMEDIATE_DATA, tb[NFTA_EXPR_DATA]);
	nl_nested(data, NFTA_DATA_VERDICT, in[NFTA_IMMEDIATE_DATA]);
	nl_nested(verdict, NFTA_VERDICT_CODE, data[NFTA_DATA_VERDICT]);
	const uint32_t *code = nl_data(verdict[NFTA_VERDICT_CODE], 4);
	if (code && ntohl(*code) == NF_DROP)
		return 1;
	return code && ntohl(*code) == NF_ACCEPT ? 2 : -1;
}

static void on_rule(const struct nlmsghdr *h, void *arg)
{
	struct drops *x = arg;
	const struct nlattr *tb[NFTA_RULE_EXPRESSIONS + 1], *e;
	int r = 0, last = 0;
	if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE))
		return;
	nl_payload_attrs(tb, NFTA_RULE_EXPRESSIONS, h, sizeof(struct nfgenmsg));
	x->named = false;
	if (tb[NFTA_RULE_EXPRESSIONS])
		mnl_attr_for_each_nested(e, tb[NFTA_RULE_EXPRESSIONS])
		{
			last = drops(e, x);
			r = r ? r : last;
		}
	x->accepts += x->named && last == 2;
	x->all |= r == 1;
}

static int nft_drops_dump(struct nft *f, int type, int family, char **chain,
    void (*fn)(const struct nlmsghdr *, void *), void *arg)
{
	struct nlmsghdr *h = nl_msg(&f->body, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type),
	    NLM_F_DUMP, sizeof(struct nfgenmsg), "nf_tables: list chains");
	((struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family = (uint8_t)family;
	if (chain) {
		mnl_attr_put_strz(h, NFTA_RULE_TABLE, chain[0]);
		mnl_attr_put_strz(h, NFTA_RULE_CHAIN, chain[1]);
	}
	return nl_query(&f->body, fn, arg) < 0 && errno != EOPNOTSUPP && errno != ENOENT &&
		       errno != EINVAL
		   ? -1
		   : 0;
}

static void on_closed(const struct nlmsghdr *h, void *arg)
{
	*(int *)arg |= h->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE);
}

int nft_is_closed(struct nft *f, int family)
{
	char *chain[2] = {(char *)NFT_TABLE, (char *)"closed"};
	int closed = 0, proto = family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
	return nft_drops_dump(f, NFT_MSG_GETRULE, proto, chain, on_closed, &closed) < 0 ? -1
											: closed;
}

int nft_foreign_drops(struct nft *f, const char *bridge,
    void (*fn)(const char *family, const char *table, const char *chain, void *arg), void *arg)
{
	static const uint8_t families[] = {NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_INET};
	static const char *const names[] = {"ip", "ip6", "inet"};
	int r = 0;
	for (size_t i = 0; i < sizeof families && r == 0; i++) {
		struct drops x = {.bridge = bridge};
		r = nft_drops_dump(f, NFT_MSG_GETCHAIN, families[i], NULL, nft_drops_on_chain, &x);
		for (size_t k = 0; k < x.other.n && r == 0; k += 3) {
			x.all = *x.other.v[k + 2];
			x.accepts = 0;
			r = nft_drops_dump(
			    f, NFT_MSG_GETRULE, families[i], x.other.v + k, on_rule, &x);
			if (x.all && x.accepts < 2)
				fn(names[i], x.other.v[k], x.other.v[k + 1], arg);
		}
		strv_free(&x.other);
	}
	return r;
}
