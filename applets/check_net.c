/* check_net.c: what ctr-check tries of networks; see check_info.h. */
#include <errno.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check_info.h"
#include "container_net.h"
#include "err.h"
#include "network.h"
#include "rtnl.h"

static int own_net(void)
{
	return unshare(CLONE_NEWNET | (geteuid() ? CLONE_NEWUSER : 0)) < 0 ? errno : 0;
}

static int p_link(enum link_kind kind)
{
	struct nl n;
	struct link_add l = {
	    .kind = kind, .name = "ctr0", .netns_fd = -1, .peer = "ctr1", .peer_netns_fd = -1};
	int e = own_net();
	if (e || nl_open(&n, NETLINK_ROUTE, -1) < 0)
		return e ? e : errno;
	rtnl_link_add(&n, &l);
	return nl_commit(&n) < 0 ? errno : 0;
}
static int p_bridge(void)
{
	return p_link(LINK_BRIDGE);
}
static int p_veth(void)
{
	return p_link(LINK_VETH);
}

/* All our rules, in a namespace that disappears with this process. */
static int p_nft(void)
{
	struct nft f;
	int e = own_net();
	if (e || nft_open(&f) < 0)
		return e ? e : errno;
	nft_close_forward(&f, AF_INET, true);
	return nft_commit(&f) < 0 ? errno : 0;
}

/* Rules of others that stop what our networks send. */
static void foreign_drops(void)
{
	struct strv names = {0};
	struct network n;
	network_names(&names);
	for (size_t i = 0; i < names.n; i++)
		if (network_open(&n, names.v[i]) == 0)
			network_drops(&n);
}

void check_net_rules(void)
{
	foreign_drops();
	int gone = container_net_restore(RESTORE_CONTAINERS | RESTORE_LOOK, NULL);
	if (gone > 0)
		warn("%d rules and ports of running containers are missing, as after nft flush "
		     "ruleset: ctr-netcfg restore puts them back",
		    gone);
}

const struct probe check_net_probes[] = {
    {"bridges", "no networks of containers", "CONFIG_BRIDGE", p_bridge, false, 0, NULL},
    {"veth pairs", "no networks of containers", "CONFIG_VETH", p_veth, false, 0, NULL},
    {"nf_tables", "no NAT, no published ports",
	"CONFIG_NF_TABLES, NFT_NAT, NFT_MASQ, NFT_FIB_IPV4, NFT_CT", p_nft, false, 0, NULL},
    {0},
};
