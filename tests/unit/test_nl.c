/* test_nl.c: what netlink answers is parsed, with hostile lengths too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conntrack.h"
#include "nft.h"
#include "rtnl.h"

static void attributes(void **state)
{
	(void)state;
	const struct nlattr *tb[4];
	struct {
		struct nlattr a;
		uint32_t v;
		struct nlattr b;
		uint8_t rest[4];
	} m = {{8, 1}, 7, {8, 2}, {1, 2, 3, 4}};
	nl_attrs(tb, 3, &m, sizeof m);
	assert_true(tb[1] && tb[2] && !tb[3]);
	assert_non_null(nl_data(tb[1], 4));
	assert_null(nl_data(tb[1], 5));
	assert_null(nl_data(NULL, 1));
	static const uint16_t lengths[] = {0, 1, 3, 9, 12, 13, 4096, 65535};
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		m.b.nla_len = lengths[i];
		uint8_t *exact = malloc(sizeof m); /* the sanitizer watches its ends */
		memcpy(exact, &m, sizeof m);
		nl_attrs(tb, 3, exact, sizeof m);
		assert_non_null(tb[1]);
		assert_null(tb[2]);
		free(exact);
	}
	nl_attrs(tb, 3, &m, 3);
	assert_null(tb[1]);
}

/* Every prefix and every flipped byte of a real message: no reader may leave it. */
static int found;
static void on_port(const struct nft_port *p, void *arg)
{
	(void)arg;
	found += p->hport == 90 && strcmp(p->comment, "ctr:1:2") == 0;
}

static size_t port_message(char *buf)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	h->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM;
	((struct nfgenmsg *)mnl_nlmsg_put_extra_header(h, sizeof(struct nfgenmsg)))->nfgen_family =
	    AF_INET;
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, "ports");
	struct nlattr *list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS),
		      *el = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	static const uint8_t key[8] = {6, 0, 0, 0, 0, 90}, data[8] = {10, 0, 0, 2, 0, 80},
			     comment[] = "\0\x08"
					 "ctr:1:2";
	struct nlattr *k = mnl_attr_nest_start(h, NFTA_SET_ELEM_KEY);
	mnl_attr_put(h, NFTA_DATA_VALUE, 8, key);
	mnl_attr_nest_end(h, k);
	struct nlattr *d = mnl_attr_nest_start(h, NFTA_SET_ELEM_DATA);
	mnl_attr_put(h, NFTA_DATA_VALUE, 8, data);
	mnl_attr_nest_end(h, d);
	mnl_attr_put(h, NFTA_SET_ELEM_USERDATA, 10, comment);
	mnl_attr_nest_end(h, el);
	mnl_attr_nest_end(h, list);
	return h->nlmsg_len;
}

static void ports(void **state)
{
	(void)state;
	char buf[512] = {0};
	size_t len = port_message(buf);
	found = 0;
	nft_ports_parse((void *)buf, on_port, NULL);
	assert_int_equal(found, 1);
	for (size_t cut = sizeof(struct nlmsghdr); cut < len; cut++) {
		char *m = malloc(cut);
		memcpy(m, buf, cut);
		((struct nlmsghdr *)m)->nlmsg_len = (uint32_t)cut;
		nft_ports_parse((void *)m, on_port, NULL);
		free(m);
	}
	for (size_t i = sizeof(struct nlmsghdr); i < len; i++)
		for (int v = 0; v < 256; v += 17) {
			char *m = malloc(len);
			memcpy(m, buf, len);
			m[i] = (char)v;
			struct ct_entry e;
			struct link_info l;
			nft_ports_parse((void *)m, on_port, NULL);
			((struct nlmsghdr *)m)->nlmsg_type = RTM_NEWLINK;
			rtnl_link_parse((void *)m, &l);
			((struct nlmsghdr *)m)->nlmsg_type = 1 << 8;
			conntrack_parse((void *)m, &e);
			free(m);
		}
}

static void rules(void **state)
{
	(void)state;
	static char buf[8192];
	static const char *const good[] = {"iifname @bridges ip daddr 127.0.0.0/8 drop",
	    "ct status dnat ip saddr @subnets oifname @bridges masquerade",
	    "fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @addrs",
	    "iifname . oifname @same accept", "jump closed"};
	static const char *const bad[] = {
	    "x", "iifname eth0", "ip saddr 10.0.0.0/8", "ip6 daddr != ::1 drop", "dnat to 1.2.3.4"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_int_equal(nft_compile(mnl_nlmsg_put_header(buf), AF_INET, good[i]), 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(nft_compile(mnl_nlmsg_put_header(buf), AF_INET, bad[i]), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(attributes), cmocka_unit_test(ports), cmocka_unit_test(rules)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
