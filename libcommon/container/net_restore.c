/* net_restore.c: putting back what living containers have in our nf_tables tables after somebody
 * flushed them, and their leases after somebody removed those; see container_net.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connect.h"
#include "container_net.h"
#include "endpoint.h"
#include "err.h"
#include "host_names.h"
#include "lease.h"
#include "record.h"

static int restore_one(struct container *c, void *arg)
{
	if (c->pid && kv_get(&c->state, "network"))
		endpoint_restore_one(arg, c->id, &c->state);
	return 0;
}

int container_net_each(const struct strv *ids, int (*fn)(struct container *, void *), void *arg)
{
	int r = 0;
	if (!ids)
		return container_each(fn, arg);
	for (size_t i = 0; i < ids->n; i++) {
		struct container c;
		bool there = container_open_id(&c, ids->v[i]) == 0;
		if (there ? fn(&c, arg) < 0 : errno != ENOENT)
			r = -1;
		container_close(&c);
	}
	return r;
}

int container_net_restore(const struct strv *ids, bool look)
{
	struct endpoint_restore r;
	if (geteuid() || endpoint_restore_open(&r, look) < 0)
		return geteuid() ? 0 : -1;
	return endpoint_restore_close(&r, container_net_each(ids, restore_one, &r));
}

int container_net_heal(bool always)
{
	struct nft f;
	if (!always && (geteuid() || nft_open(&f) < 0))
		return 0;
	bool strange = always || nft_strange(&f.body);
	if (!always)
		nft_close(&f);
	return strange ? container_net_restore(NULL, false) : 0;
}

struct again {
	const char *network; /* NULL: all */
	struct container *c;
	struct endpoint_req first; /* that of --net */
	char *hosts;
	int n, taken; /* networks that were looked at in c */
	bool failed;  /* of somebody, not all is known to be there */
};

static int again_on(struct endpoint_req *r, void *arg)
{
	static const char *const keys[2] = {"ip", "ip6"};
	struct again *a = arg;
	char ifname[16];
	snprintf(ifname, sizeof ifname, "eth%d", a->n++);
	if (a->network && strcmp(a->network, r->net) != 0)
		return 0;
	net_had(a->c, r, ifname);
	for (int i = 0; i < 2 && r == &a->first; i++) { /* that a monitor of ours has set up */
		const char *s = kv_get(&a->c->state, keys[i]);
		if (s && addr_parse(keys[i], s, &r->had[i]) < 0)
			r->had[i].family = 0;
	}
	r->hosts = a->hosts;
	r->ifname = ifname;
	struct endpoint has = {.network = xstrdup(r->net)};
	int n = endpoint_again(r, a->c->id, a->c->name, a->network, &has);
	/* The release before did not write down what a connect gave. */
	if (n >= 0 && *has.ifname && r != &a->first)
		net_given(a->c, &has);
	endpoint_forget(&has);
	a->taken += n > 0;
	if (n < 0) {
		warn_about(a->c->name); /* it keeps nobody else from starting */
		a->failed = true;
	}
	return 0;
}

static int net_restore_one(struct container *c, void *arg)
{
	struct again *a = arg;
	_cleanup_strv_ struct strv further = {0};
	a->failed |= c->status == ST_CORRUPT && record_held(c->dir) != 0;
	if (!c->pid || !container_net_wanted(c) || !container_is_alive(c))
		return 0;
	_cleanup_free_ char *hosts = container_net_hosts(c);
	a->c = c;
	a->hosts = hosts;
	a->n = 0;
	net_request(&a->first, &c->conf);
	if (connect_lines(c->dir, &further) < 0) {
		warn_about(c->name);
		a->failed = true;
	}
	net_requests_each(&a->first, &further, again_on, a);
	net_request_free(&a->first);
	return 0;
}

int container_net_again(struct container *c, const char *network)
{
	struct again a = {0};
	if (c)
		net_restore_one(c, &a);
	if (!network)
		return 0;
	_cleanup_free_ char *dir = network_leases(network), *hosts = host_names_dir(network);
	a.network = network;
	if (lease_whole(dir, false) && access(hosts, F_OK) == 0)
		return 0;
	if (container_each(net_restore_one, &a) < 0)
		return -1;
	if (a.taken)
		warn("network %s: leases that were lost are taken again", network);
	if (!a.failed)
		lease_whole(dir, true);
	return 0;
}
