/* cni_loopback.c: lo of a network namespace. */
#include <net/if.h>

#include "cni_link.h"
#include "err.h"
#include "rtnl_port.h"

static void link_lo_addr(int index, const struct cidr *a, void *arg)
{
	struct cni_result *r = arg;
	if (index == 1)
		cni_result_ip(r, a, NULL, 0);
}

int cni_loopback(struct cni_call *c, struct cni_result *out)
{
	struct nl in;
	struct link_info lo;
	static const uint8_t none[6];
	if (nl_open(&in, NETLINK_ROUTE, c->ns) < 0)
		return -1;
	int r = rtnl_find(&in, "lo", &lo);
	if (r == 0 && c->command == CNI_CHECK && !(lo.flags & IFF_UP))
		r = fail("lo: it is down");
	if (r == 0 && c->command != CNI_CHECK) {
		rtnl_link_up(&in, lo.index, "lo", c->command == CNI_ADD);
		r = cni_link_commit(&in);
	}
	if (r == 0 && out) {
		cni_result_if(out, "lo", c->netns, none, 0);
		r = rtnl_addrs(&in, link_lo_addr, out);
	}
	nl_close(&in);
	return r;
}
