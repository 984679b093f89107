/* conntrack.c: connection entries of published ports; see conntrack.h.
 *
 * The table is read and matched here, because a kernel before 5.8 would not honour a filter. The host's own outgoing
 * connections may have the same port: an entry counts only when its destination is an address of this host.
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
	const uint8_t *num = nl_data(proto[CTA_PROTO_NUM], 1), *port = nl_data(proto[CTA_PROTO_DST_PORT], 2);
	out->dst.family = out->family;
	const void *dst = nl_data(ip[out->family == AF_INET ? CTA_IP_V4_DST : CTA_IP_V6_DST], addr_len(&out->dst));
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

static bool ours(struct flush *x, const struct ct_entry *e)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct nft_port *p = &x->p[i];
		if (p->proto != e->proto || p->hport != e->dport || p->to.family != e->family)
			continue;
		int oif;
		bool local = false, gw;
		if (addr_is_any(&p->host) ? rtnl_route_get(&x->route, &e->dst, &oif, &local, &gw) == 0 && local
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
	struct nlmsghdr *d = nl_msg(&x->del, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, NLM_F_ACK,
	    sizeof(struct nfgenmsg), "conntrack: delete");
	((struct nfgenmsg *)mnl_nlmsg_get_payload(d))->nfgen_family = (uint8_t)e.family;
	const struct nlattr *const copy[] = {e.orig, e.id, e.zone};
	for (size_t i = 0; i < 3; i++)
		if (copy[i])
			mnl_attr_put(
			    d, copy[i]->nla_type, mnl_attr_get_payload_len(copy[i]), mnl_attr_get_payload(copy[i]));
}

/* How many connections there are at all, -1 unknown: an empty table need not be walked, which takes a millisecond. */
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
	nl_msg(&dump, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS, 0, sizeof(struct nfgenmsg),
	    "conntrack: count");
	if (nl_query(&dump, on_stats, &entries) < 0 || entries == 0) {
		nl_close(&dump); /* no conntrack: nothing to forget */
		return 0;
	}
	int r = nl_open(&x.del, NETLINK_NETFILTER, -1);
	if (r == 0 && (r = nl_open(&x.route, NETLINK_ROUTE, -1)) < 0)
		nl_close(&x.del);
	if (r == 0) {
		nl_msg(&dump, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, NLM_F_DUMP, sizeof(struct nfgenmsg),
		    "conntrack: list");
		r = nl_query(&dump, on_entry, &x);
		if (r == 0 && nl_commit(&x.del) < 0 && errno != ENOENT)
			r = -1;
		nl_close(&x.del);
		nl_close(&x.route);
	}
	nl_close(&dump);
	return r;
}
