/* conntrack.c: connection entries of published ports; see conntrack.h.
 *
 * The host's own outgoing connections may have the same port: an entry counts only when its
 * destination is an address of this host. Linux 6.12 deletes by destination and port itself. Before
 * that, for IPv6 (whose addresses its filter compares the wrong way round: it would delete all
 * others) and for many ports at once the table is read and matched here: that takes the lock of
 * every bucket in turn, 9 ms with the usual 262,144 of them.
 */
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conntrack.h"
#include "err.h"
#include "rtnl.h"

bool conntrack_parse(const struct nlmsghdr *h, struct ct_entry *out)
{
	const struct nlattr *tb[CTA_ZONE + 1], *tuple[CTA_TUPLE_PROTO + 1], *ip[CTA_IP_V6_DST + 1],
	    *proto[CTA_PROTO_DST_PORT + 1];
	memset(out, 0, sizeof *out);
	if (h->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(struct nfgenmsg))
		return false;
	out->family = ((const struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family;
	nl_payload_attrs(tb, CTA_ZONE, h, sizeof(struct nfgenmsg));
	nl_nested(tuple, CTA_TUPLE_PROTO, tb[CTA_TUPLE_ORIG]);
	nl_nested(ip, CTA_IP_V6_DST, tuple[CTA_TUPLE_IP]);
	nl_nested(proto, CTA_PROTO_DST_PORT, tuple[CTA_TUPLE_PROTO]);
	const uint8_t *num = nl_data(proto[CTA_PROTO_NUM], 1),
		      *port = nl_data(proto[CTA_PROTO_DST_PORT], 2);
	out->dst.family = out->family;
	const void *dst = nl_data(
	    ip[out->family == AF_INET ? CTA_IP_V4_DST : CTA_IP_V6_DST], addr_len(&out->dst));
	if (!num || !port || !dst || (out->family != AF_INET && out->family != AF_INET6))
		return false;
	memcpy(out->dst.b, dst, addr_len(&out->dst));
	out->proto = *num;
	out->dport = (uint16_t)(port[0] << 8 | port[1]);
	out->orig = tb[CTA_TUPLE_ORIG];
	out->id = tb[CTA_ID];
	out->zone = tb[CTA_ZONE];
	return true;
}

struct flush {
	const struct nft_port *p;
	size_t n;
	struct nl del, route;
};

static struct nlmsghdr *delete_msg(struct flush *x, int family)
{
	struct nlmsghdr *d = nl_msg(&x->del, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
	    NLM_F_ACK, sizeof(struct nfgenmsg), "conntrack: delete");
	((struct nfgenmsg *)mnl_nlmsg_get_payload(d))->nfgen_family = (uint8_t)family;
	return d;
}

/* --- the kernel's own filter --- */

enum { FEW = 32 }; /* so many filters are faster than the walk */

static void delete_to(struct flush *x, const struct nft_port *p, const struct addr *dst)
{
	enum {
		IP_DST = 1 << 1,
		PROTO_NUM = 1 << 3,
		DST_PORT = 1 << 5
	}; /* the kernel's CTA_FILTER_F_CTA_* */
	struct nlmsghdr *d = delete_msg(x, AF_INET);
	struct nlattr *orig = mnl_attr_nest_start(d, CTA_TUPLE_ORIG),
		      *part = mnl_attr_nest_start(d, CTA_TUPLE_IP);
	mnl_attr_put(d, CTA_IP_V4_DST, 4, dst->b);
	mnl_attr_nest_end(d, part);
	part = mnl_attr_nest_start(d, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(d, CTA_PROTO_NUM, p->proto);
	mnl_attr_put_u16(d, CTA_PROTO_DST_PORT, htons(p->hport));
	mnl_attr_nest_end(d, part);
	mnl_attr_nest_end(d, orig);
	struct nlattr *filter = mnl_attr_nest_start(d, CTA_FILTER);
	mnl_attr_put_u32(d, CTA_FILTER_ORIG_FLAGS, IP_DST | PROTO_NUM | DST_PORT);
	mnl_attr_put_u32(d, CTA_FILTER_REPLY_FLAGS, 0);
	mnl_attr_nest_end(d, filter);
}

static void on_address(int index, const struct cidr *a, void *arg)
{
	struct flush *x = arg;
	(void)index;
	for (size_t i = 0; i < x->n; i++)
		if (addr_is_any(&x->p[i].host) && a->a.family == AF_INET)
			delete_to(x, &x->p[i], &a->a);
}

/* -1: walk. A kernel before 6.12 takes the filter's tuple for that of one entry, and misses its
 * other half (EINVAL). */
static int flush_by_filter(struct flush *x)
{
	bool fits = x->n <= FEW;
	for (size_t i = 0; i < x->n && fits; i++) {
		fits = x->p[i].to.family == AF_INET;
		if (fits && !addr_is_any(&x->p[i].host))
			delete_to(x, &x->p[i], &x->p[i].host);
	}
	fits = fits && rtnl_addrs(&x->route, on_address, x) == 0 && x->del.n <= FEW &&
	       nl_commit(&x->del) == 0;
	nl_reset(&x->del);
	return fits ? 0 : -1;
}

/* --- the walk --- */

static bool ours(struct flush *x, const struct ct_entry *e)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct nft_port *p = &x->p[i];
		if (p->proto != e->proto || p->hport != e->dport || p->to.family != e->family)
			continue;
		int oif;
		bool local = false, gw;
		if (addr_is_any(&p->host)
			? rtnl_route_get(&x->route, &e->dst, &oif, &local, &gw, NULL) == 0 && local
			: addr_cmp(&p->host, &e->dst) == 0)
			return true;
	}
	return false;
}

static void on_entry(const struct nlmsghdr *h, void *arg)
{
	struct flush *x = arg;
	struct ct_entry e;
	if (!conntrack_parse(h, &e) || !ours(x, &e))
		return;
	struct nlmsghdr *d = delete_msg(x, e.family);
	const struct nlattr *const copy[] = {e.orig, e.id, e.zone};
	for (size_t i = 0; i < 3; i++)
		if (copy[i])
			mnl_attr_put(d, copy[i]->nla_type, mnl_attr_get_payload_len(copy[i]),
			    mnl_attr_get_payload(copy[i]));
}

static int flush_by_walk(struct flush *x, struct nl *dump)
{
	nl_msg(dump, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, NLM_F_DUMP,
	    sizeof(struct nfgenmsg), "conntrack: list");
	if (nl_query(dump, on_entry, x) < 0)
		return -1;
	return nl_commit(&x->del) < 0 && errno != ENOENT ? -1 : 0;
}

/* How many connections there are at all, -1 unknown: an empty table need not be looked through. */
static void on_stats(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *tb[CTA_STATS_GLOBAL_ENTRIES + 1];
	nl_payload_attrs(tb, CTA_STATS_GLOBAL_ENTRIES, h, sizeof(struct nfgenmsg));
	const uint32_t *v = nl_data(tb[CTA_STATS_GLOBAL_ENTRIES], 4);
	if (v)
		*(int64_t *)arg = ntohl(*v);
}

int conntrack_flush(const struct nft_port *p, size_t n)
{
	struct flush x = {.p = p, .n = n};
	struct nl dump;
	int64_t entries = -1;
	if (n == 0 || nl_open(&dump, NETLINK_NETFILTER, -1) < 0)
		return 0;
	nl_msg(&dump, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS, 0,
	    sizeof(struct nfgenmsg), "conntrack: count");
	if (nl_query(&dump, on_stats, &entries) < 0 || entries == 0) {
		nl_close(&dump); /* no conntrack: nothing to forget */
		return 0;
	}
	int r = nl_open(&x.del, NETLINK_NETFILTER, -1);
	if (r == 0 && (r = nl_open(&x.route, NETLINK_ROUTE, -1)) < 0)
		nl_close(&x.del);
	if (r == 0) {
		r = flush_by_filter(&x) == 0 ? 0 : flush_by_walk(&x, &dump);
		nl_close(&x.del);
		nl_close(&x.route);
	}
	nl_close(&dump);
	return r;
}
