/* net_devices.c: the host's interfaces that are moved into a container; see oci_net.h.
 * config-linux.md, "Network Devices". */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "nl.h"
#include "oci_net.h"
#include "rtnl.h"
#include "str.h"

static void link_change(struct nl *n, int index, const char *name, int netns_fd, bool up)
{
	struct nlmsghdr *h =
	    nl_msg(n, RTM_NEWLINK, NLM_F_ACK, sizeof(struct ifinfomsg), "%s: move", name);
	struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	i->ifi_index = index;
	if (up)
		i->ifi_flags = i->ifi_change = IFF_UP;
	if (netns_fd < 0)
		return;
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)netns_fd);
}

static int net_device_up(struct nl *host, const char *from, const char *to, int ns)
{
	struct link_info info;
	struct nl inside;
	struct buf saved = {0};
	if (rtnl_find(host, from, &info) < 0 || rtnl_save(host, info.index, -1, &saved) < 0)
		return buf_free(&saved), -1;
	/* It is renamed while it is down, and has its new name as soon as it is there: if that name
	 * is taken, the result is EEXIST. */
	rtnl_link_up(host, info.index, from, false);
	link_change(host, info.index, to, ns, false);
	int r = nl_commit(host);
	if (r == 0 && (r = nl_open(&inside, NETLINK_ROUTE, ns)) == 0) {
		struct link_info there;
		r = rtnl_find(&inside, to, &there);
		if (r == 0) {
			link_change(&inside, there.index, to, -1, true);
			r = nl_commit(&inside);
		}
		if (r == 0 && there.index == info.index)
			r = rtnl_restore(&inside, &saved);
		nl_close(&inside);
	}
	buf_free(&saved);
	return r;
}

int oci_net_devices_up(const struct spec *s, pid_t pid)
{
	struct nl host;
	char path[40];
	if (!s->net_devices.n)
		return 0;
	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
	/* A namespace that is joined is opened by its path, because the process may still be on its
	 * way there. */
	const char *joined = s->ns_path[NS_NET];
	_cleanup_close_ int ns = open(joined ? joined : path, O_RDONLY | O_CLOEXEC);
	if (ns < 0)
		return fail_errno(joined ? joined : path);
	if (nl_open(&host, NETLINK_ROUTE, -1) < 0)
		return -1;
	int r = 0;
	for (size_t i = 0; i < s->net_devices.n && r == 0; i++) {
		const char *kv = s->net_devices.v[i], *eq = strchr(kv, '=');
		_cleanup_free_ char *from = xstrndup(kv, (size_t)(eq - kv));
		r = net_device_up(&host, from, eq + 1, ns);
		if (r < 0)
			fail_in("linux.netDevices.%s", from);
	}
	nl_close(&host);
	return r;
}
