/* nft_bridge.c: source addresses of bridges' ports; see nft_bridge.h. As in nft.c, elements are
 * first sent alone, and with the table before them when the kernel says that it is not there.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "err.h"
#include "nft_base.h"
#include "nft_bridge.h"
#include "sysno.h"

#define KEY 32 /* at most: an interface's name in 16 bytes, and an address */
#define SPOOF_LABEL "nf_tables: table bridge ctrbox (CONFIG_NF_TABLES_BRIDGE)"
enum {
	T_IPV4 = 7,
	T_IPV6 = 8,
	T_ETHER = 9,
	T_IFNAME = 41
}; /* nft(8)'s numbers of types, by which it lists our sets */

static const struct {
	const char *name;
	uint32_t type, len;
} sets[] = {{"checked", T_IFNAME, 16}, {"macs", T_IFNAME << 6 | T_ETHER, 24},
    {"guarded", T_IFNAME, 16}, {"from4", T_IFNAME << 6 | T_IPV4, 20},
    {"from6", T_IFNAME << 6 | T_IPV6, KEY}};
enum { CHECKED, MACS, GUARDED, FROM4, FROM6, SETS };

/* A guarded port has a MAC and addresses. Nobody there is a router (134, 137: advertisement,
 * redirect), nobody asks whether another's new address is taken (135 from ::, which would keep it
 * from being used), and another protocol could hide these: a frame with two VLAN tags of 0 is taken
 * for one without. */
static const char *const rules[] = {
    "iifname @checked iifname . ether saddr != @macs drop",
    "iifname @guarded iifname . ether saddr != @macs drop",
    "iifname @guarded meta protocol arp iifname . arp saddr ip != @from4 drop",
    "iifname @guarded meta protocol ip iifname . ip saddr != @from4 drop",
    "iifname @guarded meta protocol ip6 ip6 saddr != :: iifname . ip6 saddr != @from6 drop",
    "iifname @guarded icmpv6 type 134 drop",
    "iifname @guarded icmpv6 type 137 drop",
    "iifname @guarded icmpv6 type 136 iifname . icmpv6 taddr != @from6 drop",
    "iifname @guarded icmpv6 type 135 ip6 saddr :: iifname . icmpv6 taddr != @from6 drop",
    "iifname @guarded meta protocol != arp meta protocol != ip meta protocol != ip6 drop",
};

static void nft_bridge_be32(struct nlmsghdr *h, int type, uint32_t v)
{
	mnl_attr_put_u32(h, (uint16_t)type, htonl(v));
}

static struct nlmsghdr *msg(struct nl *n, int type, int flags)
{
	struct nlmsghdr *h = nl_msg(
	    n, NFNL_SUBSYS_NFTABLES << 8 | type, flags, sizeof(struct nfgenmsg), "%s", SPOOF_LABEL);
	((struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family = NFPROTO_BRIDGE;
	return h;
}

static void nft_bridge_frame(struct nl *n, int type)
{
	struct nlmsghdr *h = nl_msg(n, type, 0, sizeof(struct nfgenmsg), "%s", SPOOF_LABEL);
	((struct nfgenmsg *)mnl_nlmsg_get_payload(h))->res_id = htons(NFNL_SUBSYS_NFTABLES);
}

static int put_base(struct nl *n)
{
	struct nlmsghdr *h = msg(n, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, NFT_TABLE);
	for (size_t i = 0; i < SETS; i++) {
		h = msg(n, NFT_MSG_NEWSET, NLM_F_CREATE);
		mnl_attr_put_strz(h, NFTA_SET_TABLE, NFT_TABLE);
		mnl_attr_put_strz(h, NFTA_SET_NAME, sets[i].name);
		nft_bridge_be32(h, NFTA_SET_FLAGS, 0);
		nft_bridge_be32(h, NFTA_SET_KEY_TYPE, sets[i].type);
		nft_bridge_be32(h, NFTA_SET_KEY_LEN, sets[i].len);
		nft_bridge_be32(h, NFTA_SET_ID, (uint32_t)i + 1);
	}
	h = msg(n, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	mnl_attr_put_strz(h, NFTA_CHAIN_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_CHAIN_NAME, "spoof");
	mnl_attr_put_strz(h, NFTA_CHAIN_TYPE, "filter");
	struct nlattr *hook = mnl_attr_nest_start(h, NFTA_CHAIN_HOOK);
	nft_bridge_be32(h, NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING);
	nft_bridge_be32(h, NFTA_HOOK_PRIORITY, (uint32_t)-300);
	mnl_attr_nest_end(h, hook);
	h = msg(n, NFT_MSG_DELRULE, 0);
	mnl_attr_put_strz(h, NFTA_RULE_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_RULE_CHAIN, "spoof");
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		h = msg(n, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
		mnl_attr_put_strz(h, NFTA_RULE_TABLE, NFT_TABLE);
		mnl_attr_put_strz(h, NFTA_RULE_CHAIN, "spoof");
		if (nft_compile(h, AF_INET6, rules[i]) < 0)
			return -1;
	}
	return 0;
}

static struct nlattr *elem_start(struct nlmsghdr *h, const char *set, struct nlattr **list)
{
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
	*list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	return mnl_attr_nest_start(h, NFTA_LIST_ELEM);
}

static void nft_bridge_put_elem(
    struct nl *n, bool add, const char *set, const void *key, size_t len, const char *comment)
{
	struct nlattr *list;
	struct nlmsghdr *h = msg(
	    n, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, NLM_F_ACK | (add ? NLM_F_CREATE : 0));
	struct nlattr *el = elem_start(h, set, &list);
	nft_value(h, NFTA_SET_ELEM_KEY, key, len);
	if (comment) {
		uint8_t u[COMMENT_SIZE + 2] = {0};
		size_t size = strlen(comment) + 1;
		u[1] = (uint8_t)size;
		memcpy(u + 2, comment, size);
		mnl_attr_put(h, NFTA_SET_ELEM_USERDATA, size + 2, u);
	}
	mnl_attr_nest_end(h, el);
	mnl_attr_nest_end(h, list);
}

static void make_key(uint8_t key[KEY], const char *port, const uint8_t *mac)
{
	memset(key, 0, KEY);
	memcpy(key, port, strnlen(port, 15));
	if (mac)
		memcpy(key + 16, mac, 6);
}

/* Who is behind a port. */
struct who {
	const char *port, *comment;
	const uint8_t *mac;
	const struct cidr *addr; /* NULL: only the MAC is looked at */
};

static void nft_bridge_put(
    struct nl *n, const struct who *w, bool add, int set, const void *what, size_t len)
{
	uint8_t key[KEY];
	make_key(key, w->port, NULL);
	memcpy(key + 16, what, len);
	nft_bridge_put_elem(n, add, sets[set].name, key, sets[set].len, add ? w->comment : NULL);
}

static void put_who(struct nl *n, const struct who *w, bool add)
{
	const uint8_t *m = w->mac;
	uint8_t link[16] = {0xfe, 0x80, [8] = m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]};
	nft_bridge_put(n, w, add, w->addr ? GUARDED : CHECKED, "", 0);
	nft_bridge_put(n, w, add, MACS, m, 6);
	if (!w->addr)
		return;
	if (w->addr[0].a.family)
		nft_bridge_put(n, w, add, FROM4, w->addr[0].a.b, 4);
	if (w->addr[1].a.family) {
		nft_bridge_put(n, w, add, FROM6, w->addr[1].a.b, 16);
		nft_bridge_put(n, w, add, FROM6, link, 16);
	}
}

static int who_commit(const struct who *w, bool add)
{
	struct nl n;
	if (strlen(w->comment) + 1 > COMMENT_SIZE)
		return fail("%s: its name is too long", w->port);
	if (sys_missing("nf_tables"))
		return errno = EOPNOTSUPP, fail(SPOOF_LABEL ": %m");
	if (nl_open(&n, NETLINK_NETFILTER, -1) < 0)
		return -1;
	int r = -1;
	for (int base = 0; base < 2; base++) {
		nl_reset(&n);
		nft_bridge_frame(&n, NFNL_MSG_BATCH_BEGIN);
		if (base && put_base(&n) < 0)
			break;
		put_who(&n, w, add);
		nft_bridge_frame(&n, NFNL_MSG_BATCH_END);
		r = nft_send(&n);
		if (r == 0 || errno != ENOENT || !add) {
			r = r == 0 ? base : -1;
			break;
		}
	}
	int saved = errno;
	nl_close(&n);
	errno = saved;
	return r;
}

int nft_spoof_add(const char *port, const uint8_t mac[6], const char *comment)
{
	return who_commit(&(struct who){port, comment, mac, NULL}, true) < 0 ? -1 : 0;
}

int nft_guard(
    const char *port, const uint8_t *mac, const struct cidr *addr, const char *comment, bool on)
{
	int r = who_commit(&(struct who){port, comment, mac, addr}, on);
	if (r < 0 && !on && (errno == ENOENT || errno == EOPNOTSUPP))
		return 0;
	return r;
}

void nft_guard_put(struct nft *f, const char *port, const uint8_t *mac, const struct cidr *addr,
    const char *comment)
{
	put_who(&f->body, &(struct who){port, comment, mac, addr}, true);
}

int nft_guard_base(struct nft *f)
{
	return put_base(&f->body);
}

static void nft_bridge_on_use(const char *chain, uint32_t use, void *arg)
{
	if (strcmp(chain, "spoof") == 0)
		*(uint32_t *)arg = use;
}

int nft_guard_rules_again(struct nft *f)
{
	const uint32_t want = sizeof rules / sizeof rules[0];
	uint32_t use = 0;
	int r = nft_uses(&f->body, NFPROTO_BRIDGE, nft_bridge_on_use, &use);
	if (r < 1)
		return r;
	return use < want ? (int)(want - use) : 0;
}

/* --- what is there --- */

struct elem {
	uint8_t key[KEY];
	char comment[COMMENT_SIZE];
};
struct elems {
	struct elem *v;
	size_t n, len;
};

static void nft_bridge_comment_of(const struct nlattr *a, char out[COMMENT_SIZE])
{
	size_t n = a ? mnl_attr_get_payload_len(a) : 0;
	const uint8_t *u = a ? mnl_attr_get_payload(a) : NULL;
	out[0] = 0;
	if (n < 3 || u[0] != 0 || u[1] + 2u > n || u[1] >= COMMENT_SIZE)
		return;
	memcpy(out, u + 2, u[1]);
	out[u[1]] = 0;
}

static void one_elem(const struct nlattr *a, struct elems *e)
{
	const struct nlattr *one[NFTA_LIST_ELEM + 1], *tb[NFTA_SET_ELEM_USERDATA + 1],
	    *key[NFTA_DATA_VALUE + 1];
	nl_attrs(one, NFTA_LIST_ELEM, a, a->nla_len);
	nl_nested(tb, NFTA_SET_ELEM_USERDATA, one[NFTA_LIST_ELEM]);
	nl_nested(key, NFTA_DATA_VALUE, tb[NFTA_SET_ELEM_KEY]);
	const void *p = nl_data(key[NFTA_DATA_VALUE], e->len);
	if (!p)
		return;
	e->v = xrealloc(e->v, (e->n + 1) * sizeof *e->v);
	struct elem *x = &e->v[e->n++];
	memset(x, 0, sizeof *x);
	memcpy(x->key, p, e->len);
	nft_bridge_comment_of(tb[NFTA_SET_ELEM_USERDATA], x->comment);
}

static void on_elems(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *tb[NFTA_SET_ELEM_LIST_ELEMENTS + 1];
	if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM) ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(struct nfgenmsg))
		return;
	nl_payload_attrs(tb, NFTA_SET_ELEM_LIST_ELEMENTS, h, sizeof(struct nfgenmsg));
	const struct nlattr *list = tb[NFTA_SET_ELEM_LIST_ELEMENTS];
	size_t left = list ? mnl_attr_get_payload_len(list) : 0;
	const char *p = list ? mnl_attr_get_payload(list) : NULL;
	while (left >= sizeof(struct nlattr)) {
		const struct nlattr *a = (const struct nlattr *)p;
		size_t step = NLA_ALIGN(a->nla_len);
		if (a->nla_len < sizeof *a || a->nla_len > left)
			return;
		one_elem(a, arg);
		if (step > left)
			return;
		p += step;
		left -= step;
	}
}

/* All of the set, or what has this key. No table, no kernel support: none. */
static int nft_bridge_look(struct nl *n, const char *set, const void *key, struct elems *e)
{
	struct nlattr *list;
	struct nlmsghdr *h = msg(n, NFT_MSG_GETSETELEM, key ? 0 : NLM_F_DUMP);
	if (key) {
		struct nlattr *el = elem_start(h, set, &list);
		nft_value(h, NFTA_SET_ELEM_KEY, key, e->len);
		mnl_attr_nest_end(h, el);
		mnl_attr_nest_end(h, list);
	} else {
		mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
		mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
	}
	if (nl_query(n, on_elems, e) == 0)
		return 0;
	return errno == ENOENT || errno == EOPNOTSUPP || errno == EINVAL ? 0 : -1;
}

static bool is_the(const char *port, const char *comment, void *arg)
{
	(void)port;
	return strcmp(comment, arg) == 0;
}

static int away(
    struct nl *n, const char *set, const struct elems *e, nft_guard_gone_fn *gone, void *arg)
{
	int r = 0;
	for (size_t i = 0; i < e->n && r == 0; i++) {
		if (!gone((const char *)e->v[i].key, e->v[i].comment, arg))
			continue;
		nl_reset(n);
		nft_bridge_frame(n, NFNL_MSG_BATCH_BEGIN);
		nft_bridge_put_elem(n, false, set, e->v[i].key, e->len, NULL);
		nft_bridge_frame(n, NFNL_MSG_BATCH_END);
		r = nft_send(n) < 0 && errno != ENOENT ? -1 : 0;
	}
	nl_reset(n);
	return r;
}

int nft_spoof_del(const char *port, const char *comment)
{
	struct nl n;
	uint8_t key[KEY];
	int r = 0;
	if (nl_open(&n, NETLINK_NETFILTER, -1) < 0)
		return errno == EPROTONOSUPPORT ? 0 : -1;
	for (int i = 0; i < 2 && r == 0; i++) {
		struct elems e = {.len = sets[i].len};
		if (port)
			make_key(key, port, NULL);
		r = nft_bridge_look(&n, sets[i].name, port && i == 0 ? key : NULL, &e);
		/* the port is not guarded, so the other set has nothing of it */
		if (i == 0 && e.n == 0 && port) {
			free(e.v);
			break;
		}
		if (r == 0)
			r = away(&n, sets[i].name, &e, is_the, (void *)comment);
		free(e.v);
	}
	int saved = errno;
	nl_close(&n);
	errno = saved;
	return r;
}

int nft_guard_more(
    const char *port, const struct cidr *addr, const uint8_t *mac, const char *comment, bool on)
{
	struct nl n;
	uint8_t key[KEY];
	struct elems e = {.len = sets[GUARDED].len};
	struct who w = {port, comment, mac, addr};
	if (sys_missing("nf_tables") || nl_open(&n, NETLINK_NETFILTER, -1) < 0)
		return 0;
	make_key(key, port, NULL);
	int r = nft_bridge_look(&n, sets[GUARDED].name, key, &e);
	nl_reset(&n);
	if (r == 0 && e.n) {
		nft_bridge_frame(&n, NFNL_MSG_BATCH_BEGIN);
		if (mac)
			nft_bridge_put(&n, &w, on, MACS, mac, 6);
		if (addr)
			nft_bridge_put(&n, &w, on, addr->a.family == AF_INET6 ? FROM6 : FROM4,
			    addr->a.b, addr_len(&addr->a));
		nft_bridge_frame(&n, NFNL_MSG_BATCH_END);
		r = nft_send(&n) < 0 && errno != ENOENT ? -1 : 0;
	}
	free(e.v);
	nl_close(&n);
	return r;
}

int nft_guard_clear(nft_guard_gone_fn *gone, void *arg)
{
	struct nl n;
	int r = 0;
	if (sys_missing("nf_tables") || nl_open(&n, NETLINK_NETFILTER, -1) < 0)
		return 0; /* a kernel without: nothing of ours is there */
	for (int i = MACS; i < SETS && r == 0; i++) {
		struct elems e = {.len = sets[i].len};
		r = nft_bridge_look(&n, sets[i].name, NULL, &e);
		if (r == 0)
			r = away(&n, sets[i].name, &e, gone, arg);
		free(e.v);
	}
	nl_close(&n);
	return r;
}

static bool is_port(const char *port, const char *comment, void *arg)
{
	(void)comment;
	return strcmp(port, arg) == 0;
}

int nft_guard_away(const char *port)
{
	return nft_guard_clear(is_port, (void *)port);
}

int nft_guard_idle(void)
{
	struct nl n;
	size_t left = 0;
	int r = 0;
	if (sys_missing("nf_tables") || nl_open(&n, NETLINK_NETFILTER, -1) < 0)
		return 0;
	for (int i = 0; i < SETS && r == 0; i++) {
		struct elems e = {.len = sets[i].len};
		r = nft_bridge_look(&n, sets[i].name, NULL, &e);
		left += e.n;
		free(e.v);
	}
	if (r == 0 && !left) {
		nl_reset(&n);
		nft_bridge_frame(&n, NFNL_MSG_BATCH_BEGIN);
		mnl_attr_put_strz(msg(&n, NFT_MSG_DELTABLE, NLM_F_ACK), NFTA_TABLE_NAME, NFT_TABLE);
		nft_bridge_frame(&n, NFNL_MSG_BATCH_END);
		r = nft_send(&n) < 0 && errno != ENOENT && errno != EOPNOTSUPP ? -1 : 0;
	}
	nl_close(&n);
	return r;
}

int nft_spoof_has(const char *port, const uint8_t mac[6])
{
	struct nl n;
	uint8_t key[KEY];
	struct elems checked = {.len = 16}, macs = {.len = sets[MACS].len};
	make_key(key, port, mac);
	if (nl_open(&n, NETLINK_NETFILTER, -1) < 0)
		return -1;
	int r = nft_bridge_look(&n, "checked", key, &checked) < 0 ||
			nft_bridge_look(&n, "macs", key, &macs) < 0
		    ? -1
		    : 0;
	if (r == 0)
		r = checked.n && macs.n;
	free(checked.v);
	free(macs.v);
	nl_close(&n);
	return r;
}

int nft_spoof_each(
    bool guarded, void (*fn)(const char *port, const char *comment, void *arg), void *arg)
{
	struct nl n;
	struct elems e = {.len = 16};
	if (sys_missing("nf_tables") || nl_open(&n, NETLINK_NETFILTER, -1) < 0)
		return 0; /* a kernel without */
	int r = nft_bridge_look(&n, guarded ? "guarded" : "checked", NULL, &e);
	nl_close(&n);
	for (size_t i = 0; i < e.n; i++)
		fn((const char *)e.v[i].key, e.v[i].comment, arg);
	free(e.v);
	return r;
}
