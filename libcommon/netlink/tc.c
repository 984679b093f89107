/* tc.c: bandwidth limits by traffic control; see tc.h. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <net/if.h>
#include <string.h>

#include "err.h"
#include "tc.h"

#define LATENCY_MS                                                                                 \
	25 /* the longest that a byte waits beyond the burst, as the reference plugin has it */

static struct nlmsghdr *tc_msg(struct nl *n, int type, int index, uint32_t parent, uint32_t handle,
    const char *name, const char *what)
{
	struct nlmsghdr *h = nl_msg(n, type, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK,
	    sizeof(struct tcmsg), "%s: %s", name, what);
	struct tcmsg *t = mnl_nlmsg_get_payload(h);
	t->tcm_ifindex = index;
	t->tcm_parent = parent;
	t->tcm_handle = handle;
	return h;
}

void tc_tbf(struct nl *n, int index, const char *name, uint64_t rate, uint32_t burst)
{
	struct nlmsghdr *h = tc_msg(n, RTM_NEWQDISC, index, TC_H_ROOT, TC_H_MAKE(1u << 16, 0), name,
	    "limit the bandwidth (CONFIG_NET_SCH_TBF)");
	uint64_t limit = rate * LATENCY_MS / 1000 + burst;
	struct tc_tbf_qopt q = {.limit = limit > UINT32_MAX ? UINT32_MAX : (uint32_t)limit};
	q.rate.rate = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate;
	q.rate.linklayer = TC_LINKLAYER_ETHERNET; /* else it wants a table of times */
	mnl_attr_put_strz(h, TCA_KIND, "tbf");
	struct nlattr *o = mnl_attr_nest_start(h, TCA_OPTIONS);
	mnl_attr_put(h, TCA_TBF_PARMS, sizeof q, &q);
	mnl_attr_put_u32(h, TCA_TBF_BURST, burst);
	if (rate > UINT32_MAX)
		mnl_attr_put_u64(h, TCA_TBF_RATE64, rate);
	mnl_attr_nest_end(h, o);
}

/* The one classifier that every kernel with traffic control has: u32, here with a key that fits
 * every packet. */
static void match_all(struct nlmsghdr *h)
{
	char sel[sizeof(struct tc_u32_sel) + sizeof(struct tc_u32_key)] = {0};
	struct tc_u32_sel s = {.flags = TC_U32_TERMINAL, .nkeys = 1};
	memcpy(sel, &s, sizeof s);
	mnl_attr_put(h, TCA_U32_SEL, sizeof sel, sel);
	mnl_attr_put_u32(h, TCA_U32_CLASSID, TC_H_MAKE(1u << 16, 1));
}

void tc_redirect(struct nl *n, int index, const char *name, int ifb)
{
	struct nlmsghdr *h = tc_msg(n, RTM_NEWQDISC, index, TC_H_INGRESS,
	    TC_H_MAKE(0xffffu << 16, 0), name, "look at what comes in (CONFIG_NET_SCH_INGRESS)");
	mnl_attr_put_strz(h, TCA_KIND, "ingress");
	h = tc_msg(n, RTM_NEWTFILTER, index, TC_H_MAKE(0xffffu << 16, 0), 0, name,
	    "lead what comes in through an ifb (CONFIG_NET_CLS_U32, CONFIG_NET_ACT_MIRRED)");
	((struct tcmsg *)mnl_nlmsg_get_payload(h))->tcm_info =
	    TC_H_MAKE(1u << 16, htons(ETH_P_ALL));
	mnl_attr_put_strz(h, TCA_KIND, "u32");
	struct nlattr *o = mnl_attr_nest_start(h, TCA_OPTIONS);
	match_all(h);
	struct nlattr *list = mnl_attr_nest_start(h, TCA_U32_ACT), *one = mnl_attr_nest_start(h, 1);
	mnl_attr_put_strz(h, TCA_ACT_KIND, "mirred");
	struct nlattr *data = mnl_attr_nest_start(h, TCA_ACT_OPTIONS);
	struct tc_mirred m = {
	    .action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR, .ifindex = (uint32_t)ifb};
	mnl_attr_put(h, TCA_MIRRED_PARMS, sizeof m, &m);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, one);
	mnl_attr_nest_end(h, list);
	mnl_attr_nest_end(h, o);
}

void tc_ifb_add(struct nl *n, const char *name, int mtu, const char *alias)
{
	struct nlmsghdr *h = nl_msg(n, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK,
	    sizeof(struct ifinfomsg), "ifb %s: add", name);
	struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	i->ifi_flags = i->ifi_change = IFF_UP;
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put_strz(h, IFLA_IFALIAS, alias);
	if (mtu)
		mnl_attr_put_u32(h, IFLA_MTU, (uint32_t)mtu);
	struct nlattr *info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "ifb");
	mnl_attr_nest_end(h, info);
}

struct tbf {
	int index, found;
	uint64_t rate;
};

static void on_qdisc(const struct nlmsghdr *h, void *arg)
{
	struct tbf *t = arg;
	const struct nlattr *tb[TCA_OPTIONS + 1], *o[TCA_TBF_MAX + 1];
	if (h->nlmsg_type != RTM_NEWQDISC || mnl_nlmsg_get_payload_len(h) < sizeof(struct tcmsg))
		return;
	const struct tcmsg *m = mnl_nlmsg_get_payload(h);
	if (m->tcm_ifindex != t->index || m->tcm_parent != TC_H_ROOT)
		return;
	nl_payload_attrs(tb, TCA_OPTIONS, h, sizeof *m);
	const char *kind = nl_data(tb[TCA_KIND], 4);
	if (!kind || memcmp(kind, "tbf", 4) != 0)
		return;
	nl_nested(o, TCA_TBF_MAX, tb[TCA_OPTIONS]);
	const struct tc_tbf_qopt *q = nl_data(o[TCA_TBF_PARMS], sizeof *q);
	const void *wide = nl_data(o[TCA_TBF_RATE64], 8);
	t->found = 1;
	t->rate = q ? q->rate.rate : 0;
	if (wide)
		memcpy(&t->rate, wide, 8);
}

int tc_tbf_get(struct nl *n, int index, uint64_t *rate)
{
	struct tbf t = {.index = index};
	struct nlmsghdr *h =
	    nl_msg(n, RTM_GETQDISC, NLM_F_DUMP, sizeof(struct tcmsg), "bandwidth limits");
	((struct tcmsg *)mnl_nlmsg_get_payload(h))->tcm_ifindex = index;
	if (nl_query(n, on_qdisc, &t) < 0)
		return -1;
	*rate = t.rate;
	return t.found;
}
