/* nft_list.c: what is in our maps and sets, and which chains of others may drop our traffic; see
 * nft.h.
 *
 * What the kernel sends is parsed like any input: every length is checked.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "err.h"
#include "nft_base.h"

static bool text_is(const struct nlattr *a, const char *s)
{
	size_t n = strlen(s) + 1;
	return nl_data(a, n) && mnl_attr_get_payload_len(a) == n &&
	       memcmp(mnl_attr_get_payload(a), s, n) == 0;
}

static const void *elem_value(const struct nlattr *a, size_t len)
{
	const struct nlattr *tb[NFTA_DATA_VALUE + 1];
	nl_nested(tb, NFTA_DATA_VALUE, a);
	return tb[NFTA_DATA_VALUE] && mnl_attr_get_payload_len(tb[NFTA_DATA_VALUE]) == len
		   ? mnl_attr_get_payload(tb[NFTA_DATA_VALUE])
		   : NULL;
}

static void nft_list_comment_of(const struct nlattr *a, char out[COMMENT_SIZE])
{
	size_t n = a ? mnl_attr_get_payload_len(a) : 0, at = 0;
	const uint8_t *u = a ? mnl_attr_get_payload(a) : NULL;
	out[0] = 0;
	while (at + 2 <= n && at + 2 + u[at + 1] <= n) {
		if (u[at] == 0 && u[at + 1] > 0) {
			size_t len = strnlen((const char *)u + at + 2, u[at + 1]);
			if (len >= COMMENT_SIZE)
				len = COMMENT_SIZE - 1;
			memcpy(out, u + at + 2, len);
			out[len] = 0;
			return;
		}
		at += 2 + (size_t)u[at + 1];
	}
}

static bool port_of(const struct nlattr *const *tb, int family, bool any, struct nft_port *p)
{
	size_t n = family == AF_INET ? 4 : 16, at = any ? 0 : n;
	const uint8_t *key = elem_value(tb[NFTA_SET_ELEM_KEY], at + 8),
		      *data = elem_value(tb[NFTA_SET_ELEM_DATA], n + 4);
	if (!key || !data)
		return false;
	memset(p, 0, sizeof *p);
	p->host.family = p->to.family = family;
	if (!any)
		memcpy(p->host.b, key, n);
	memcpy(p->to.b, data, n);
	p->proto = key[at];
	p->hport = (uint16_t)(key[at + 4] << 8 | key[at + 5]);
	p->cport = (uint16_t)(data[n] << 8 | data[n + 1]);
	nft_list_comment_of(tb[NFTA_SET_ELEM_USERDATA], p->comment);
	return true;
}

/* Call fn for each element's attributes. */
void nft_each_elem(
    const struct nlattr *list, void (*fn)(const struct nlattr *const *tb, void *arg), void *arg)
{
	const struct nlattr *tb[NFTA_SET_ELEM_KEY_END + 1], *one[NFTA_LIST_ELEM + 1];
	size_t left = list ? mnl_attr_get_payload_len(list) : 0;
	const char *p = list ? mnl_attr_get_payload(list) : NULL;
	while (left >= sizeof(struct nlattr)) {
		const struct nlattr *a = (const struct nlattr *)p;
		if (a->nla_len < sizeof *a || a->nla_len > left)
			return;
		nl_attrs(one, NFTA_LIST_ELEM, a, a->nla_len);
		if (one[NFTA_LIST_ELEM]) {
			nl_nested(tb, NFTA_SET_ELEM_KEY_END, one[NFTA_LIST_ELEM]);
			fn(tb, arg);
		}
		size_t step = NLA_ALIGN(a->nla_len);
		if (step > left)
			return;
		p += step;
		left -= step;
	}
}

struct ports {
	void (*fn)(const struct nft_port *p, void *arg);
	void *arg;
	int family;
	bool any;
};

static void nft_list_on_port(const struct nlattr *const *tb, void *arg)
{
	struct ports *x = arg;
	struct nft_port p;
	if (port_of(tb, x->family, x->any, &p))
		x->fn(&p, x->arg);
}

/* The element list of a NEWSETELEM message; *family and *set tell whose. NULL when it is none of
 * ours. */
static const struct nlattr *elem_list(
    const struct nlmsghdr *h, int *family, const struct nlattr **set)
{
	const struct nlattr *tb[NFTA_SET_ELEM_LIST_ELEMENTS + 1];
	if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM) ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(struct nfgenmsg))
		return NULL;
	int f = ((const struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family;
	*family = f == NFPROTO_IPV4 ? AF_INET : AF_INET6;
	nl_payload_attrs(tb, NFTA_SET_ELEM_LIST_ELEMENTS, h, sizeof(struct nfgenmsg));
	*set = tb[NFTA_SET_ELEM_LIST_SET];
	return f == NFPROTO_IPV4 || f == NFPROTO_IPV6 ? tb[NFTA_SET_ELEM_LIST_ELEMENTS] : NULL;
}

void nft_ports_parse(
    const struct nlmsghdr *h, void (*fn)(const struct nft_port *p, void *arg), void *arg)
{
	struct ports x = {.fn = fn, .arg = arg};
	const struct nlattr *set, *list = elem_list(h, &x.family, &set);
	if (!list)
		return;
	x.any = text_is(set, "ports");
	if (x.any || text_is(set, "addrs"))
		nft_each_elem(list, nft_list_on_port, &x);
}

static void ports_message(const struct nlmsghdr *h, void *arg)
{
	struct ports *x = arg;
	nft_ports_parse(h, x->fn, x->arg);
}

static int dump_set(struct nft *f, int family, const char *set,
    void (*fn)(const struct nlmsghdr *, void *), void *arg)
{
	struct nlmsghdr *h = nl_msg(&f->body, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM,
	    NLM_F_DUMP, sizeof(struct nfgenmsg), "nf_tables: list %s", set);
	((struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family =
	    family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
	if (nl_query(&f->body, fn, arg) == 0 || errno == ENOENT || errno == EOPNOTSUPP ||
	    errno == EINVAL)
		return 0;
	return -1;
}

static const int both[2] = {AF_INET, AF_INET6};

int nft_ports(struct nft *f, int which, void (*fn)(const struct nft_port *p, void *arg), void *arg)
{
	struct ports x = {.fn = fn, .arg = arg};
	for (int i = 0; i < 2; i++)
		if ((which & NFT_AT_ALL && dump_set(f, both[i], "ports", ports_message, &x) < 0) ||
		    (which & NFT_AT_ONE && dump_set(f, both[i], "addrs", ports_message, &x) < 0))
			return -1;
	return 0;
}

/* --- one element by its key --- */

struct found {
	struct nft_port *port;
	char *comment;
	bool any, there;
	int family;
};

static void on_found(const struct nlattr *const *tb, void *arg)
{
	struct found *x = arg;
	struct nft_port p;
	if (x->port && !port_of(tb, x->family, x->any, &p))
		return;
	x->there = true;
	if (x->port)
		*x->port = p;
	else
		nft_list_comment_of(tb[NFTA_SET_ELEM_USERDATA], x->comment);
}

static void found_message(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *set;
	int family;
	const struct nlattr *list = elem_list(h, &family, &set);
	if (list)
		nft_each_elem(list, on_found, arg);
}

static int nft_list_find(
    struct nft *f, struct found *x, const char *set, const void *key, size_t len)
{
	struct nlmsghdr *h = nl_msg(&f->body, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM, 0,
	    sizeof(struct nfgenmsg), "nf_tables: look in %s", set);
	((struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family =
	    x->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
	struct nlattr *list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	struct nlattr *el = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	nft_value(h, NFTA_SET_ELEM_KEY, key, len);
	mnl_attr_nest_end(h, el);
	mnl_attr_nest_end(h, list);
	if (nl_query(&f->body, found_message, x) < 0)
		return errno == ENOENT ? 0 : -1;
	return x->there;
}

int nft_port_find(struct nft *f, struct nft_port *p)
{
	uint8_t key[24] = {0};
	struct found x = {.port = p, .family = p->to.family, .any = addr_is_any(&p->host)};
	size_t at = x.any ? 0 : addr_len(&p->to);
	uint16_t port = htons(p->hport);
	if (!x.any)
		memcpy(key, p->host.b, at);
	key[at] = p->proto;
	memcpy(key + at + 4, &port, 2);
	return nft_list_find(f, &x, x.any ? "ports" : "addrs", key, at + 8);
}

int nft_masq_find(struct nft *f, const struct addr *a, char comment[COMMENT_SIZE])
{
	struct found x = {.comment = comment, .family = a->family};
	return nft_list_find(f, &x, "masq", a->b, addr_len(a));
}

struct masqs {
	void (*fn)(const struct addr *a, const char *comment, void *arg);
	void *arg;
	int family;
};

static void on_masq(const struct nlattr *const *tb, void *arg)
{
	struct masqs *x = arg;
	struct addr a = {.family = x->family};
	char comment[COMMENT_SIZE];
	const void *key = elem_value(tb[NFTA_SET_ELEM_KEY], addr_len(&a));
	if (!key)
		return;
	memcpy(a.b, key, addr_len(&a));
	nft_list_comment_of(tb[NFTA_SET_ELEM_USERDATA], comment);
	x->fn(&a, comment, x->arg);
}

static void masqs_message(const struct nlmsghdr *h, void *arg)
{
	struct masqs *x = arg;
	const struct nlattr *set, *list = elem_list(h, &x->family, &set);
	if (list)
		nft_each_elem(list, on_masq, x);
}

int nft_masq_each(
    struct nft *f, void (*fn)(const struct addr *a, const char *comment, void *arg), void *arg)
{
	struct masqs x = {.fn = fn, .arg = arg};
	for (int i = 0; i < 2; i++)
		if (dump_set(f, both[i], "masq", masqs_message, &x) < 0)
			return -1;
	return 0;
}

struct nets {
	void (*fn)(const struct cidr *subnet, const char *out, void *arg);
	void *arg;
	bool out; /* masquerade by interface */
	int family;
	struct addr open,
	    end; /* an interval's beginning; the address after its last, 0 after the highest */
};

static void interval_done(struct nets *x, const char *ifname)
{
	struct cidr c = {.a = x->open, .len = 0};
	for (; c.len <= (int)addr_len(&c.a) * 8; c.len++) {
		struct addr first = cidr_first(&c), after = cidr_last(&c);
		addr_next(&after);
		if (addr_cmp(&first, &x->open) == 0 && addr_cmp(&after, &x->end) == 0) {
			x->fn(&c, ifname, x->arg);
			break;
		}
	}
	x->end = (struct addr){.family = x->family};
}

static void nft_list_on_net(const struct nlattr *const *tb, void *arg)
{
	struct nets *x = arg;
	struct addr a = {.family = x->family};
	if (x->out) {
		const char *low = elem_value(tb[NFTA_SET_ELEM_KEY], addr_len(&a) + 16),
			   *high = elem_value(tb[NFTA_SET_ELEM_KEY_END], addr_len(&a) + 16);
		if (!low || !high || !memchr(low + addr_len(&a), 0, 16))
			return;
		memcpy(a.b, high, addr_len(&a));
		addr_next(&a);
		x->end = a;
		memcpy(a.b, low, addr_len(&a));
		x->open = a;
		interval_done(x, low + addr_len(&a));
		return;
	}
	const void *key = elem_value(tb[NFTA_SET_ELEM_KEY], addr_len(&a));
	const uint32_t *flags = nl_data(tb[NFTA_SET_ELEM_FLAGS], 4);
	if (!key)
		return;
	memcpy(a.b, key, addr_len(&a));
	if (flags && ntohl(*flags) & NFT_SET_ELEM_INTERVAL_END) {
		x->end =
		    a; /* the kernel lists from the highest down: end first, then its beginning */
		return;
	}
	x->open = a;
	interval_done(x, NULL);
}

static void nets_message(const struct nlmsghdr *h, void *arg)
{
	struct nets *x = arg;
	const struct nlattr *set, *list = elem_list(h, &x->family, &set);
	if (list)
		nft_each_elem(list, nft_list_on_net, x);
}

int nft_nets(
    struct nft *f, void (*fn)(const struct cidr *subnet, const char *out, void *arg), void *arg)
{
	for (int i = 0; i < 4; i++) {
		struct nets x = {.fn = fn,
		    .arg = arg,
		    .out = i & 1,
		    .family = both[i / 2],
		    .end.family = both[i / 2]};
		if (dump_set(f, x.family, x.out ? "subnets_out" : "subnets", nets_message, &x) < 0)
			return -1;
	}
	return 0;
}

struct bridges {
	void (*fn)(int family, const char *name, void *arg);
	void *arg;
	int family;
};

static void nft_list_on_bridge(const struct nlattr *const *tb, void *arg)
{
	struct bridges *x = arg;
	const char *key = elem_value(tb[NFTA_SET_ELEM_KEY], 16);
	if (key && memchr(key, 0, 16))
		x->fn(x->family, key, x->arg);
}

static void bridges_message(const struct nlmsghdr *h, void *arg)
{
	struct bridges *x = arg;
	const struct nlattr *set, *list = elem_list(h, &x->family, &set);
	if (list)
		nft_each_elem(list, nft_list_on_bridge, x);
}

int nft_names(struct nft *f, int family, const char *set,
    void (*fn)(int family, const char *name, void *arg), void *arg)
{
	struct bridges x = {.fn = fn, .arg = arg};
	return dump_set(f, family, set, bridges_message, &x);
}
