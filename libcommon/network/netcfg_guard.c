/* netcfg_guard.c: who may send what by a bridge's port; see netcfg.h. */
#include <net/if.h>
#include <string.h>

#include "endpoint.h"
#include "err.h"
#include "kept.h"
#include "netcfg.h"
#include "nft_bridge.h"

/* Guarded by attach, and on no bridge any more. */
static bool is_loose(const char *port, const char *comment, void *arg)
{
	struct netcfg *c = arg;
	struct link_info l;
	_cleanup_free_ char *mark = endpoint_mark("-");
	return strcmp(comment, mark) == 0 && (rtnl_find(&c->rt, port, &l) < 0 || !l.master);
}

int netcfg_unguard_loose(struct netcfg *c)
{
	return nft_guard_clear(is_loose, c);
}

bool netcfg_port_of(struct netcfg *c, const char *ns, const struct link_info *in, char port[16])
{
	struct link_info h;
	return ns && strcmp(in->kind, "veth") == 0 && if_indextoname((unsigned)in->link, port) &&
	       rtnl_find(&c->rt, port, &h) == 0 && strcmp(h.kind, "veth") == 0 &&
	       h.link == in->index;
}

int netcfg_unguard(char *port)
{
	return kept_guard(port, NULL, NULL, 0, false, false) < 0 ? -1 : nft_guard_away(port);
}

void netcfg_guard(
    const struct netcfg *c, const struct netcfg_op *op, const char *port, const uint8_t *mac)
{
	_cleanup_free_ char *mark = endpoint_mark("-");
	size_t at[2] = {0, 0};
	bool more = op->guarded || (c->container && !op->unguarded);
	int r = more ? kept_guard(port, mac, op->addr, op->addrs, true, true) : 0;
	while (more && r >= 0) {
		struct cidr pair[2] = {0};
		more = false;
		for (int i = 0; i < 2; i++) {
			while (at[i] < op->addrs && (op->addr[at[i]].a.family == AF_INET6) != i)
				at[i]++;
			if (at[i] < op->addrs)
				pair[i] = op->addr[at[i]++], more = true;
		}
		if (more)
			r = nft_guard(port, mac, pair, mark, true);
	}
	if (r < 0)
		warn("attach %s: it can take another's address: %s", op->ns, fail_msg());
}

void netcfg_guard_follow(struct netcfg *c, const struct netcfg_op *op, const struct link_info *in,
    const struct cidr *addr, const uint8_t *mac, bool on)
{
	char port[16];
	_cleanup_free_ char *mark = endpoint_mark("-");
	if (netcfg_port_of(c, op->ns, in, port) &&
	    (kept_guard(port, mac, addr, addr ? 1 : 0, false, on) < 0 ||
		nft_guard_more(port, addr, mac, mark, on) < 0))
		warn_fail();
}
