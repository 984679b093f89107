/* endpoint_restore.c: what living containers need in our nf_tables tables, put back after somebody
 * flushed the ruleset (reloading Debian's nftables service does); see endpoint.h. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "endpoint.h"
#include "err.h"
#include "nft_bridge.h"
#include "place.h"

static size_t slot(const struct nft_port *p)
{
	size_t kind = (p->to.family == AF_INET6) * 2u + (p->proto == IPPROTO_UDP);
	return kind * 65536 + p->hport;
}

static void on_port(const struct nft_port *p, void *arg)
{
	struct endpoint_restore *r = arg;
	r->there[slot(p) / 8] |= (uint8_t)(1 << slot(p) % 8);
}

static void on_net(const struct cidr *c, const char *out, void *arg)
{
	struct endpoint_restore *r = arg;
	if (out)
		return;
	r->nets = xrealloc(r->nets, (r->n_nets + 1) * sizeof *r->nets);
	r->nets[r->n_nets++] = *c;
}

static void on_guarded(const char *port, const char *comment, void *arg)
{
	(void)comment;
	strv_add(arg, port);
}

int endpoint_restore_open(struct endpoint_restore *r, bool dry)
{
	struct nft look;
	memset(r, 0, sizeof *r);
	r->look = dry;
	if (nft_open(&look) < 0)
		return -1;
	r->there = xcalloc(1, 4 * 65536 / 8);
	int result = nft_ports(&look, NFT_PORTS, on_port, r) < 0 ? -1 : nft_nets(&look, on_net, r);
	nft_close(&look);
	if (result == 0)
		result = nft_spoof_each(true, on_guarded, &r->guarded);
	return result < 0 ? -1 : nft_open(&r->f);
}

/* What one container has on a network, according to its leases. */
struct there {
	struct cidr addr[2];
	char ifname[16];
};

static void on_lease(const struct lease *l, void *arg)
{
	struct there *t = arg;
	if (!*l->ifname) /* given by hand */
		return;
	t->addr[l->addr.family == AF_INET6].a = l->addr;
	memcpy(t->ifname, l->ifname, sizeof t->ifname);
}

/* Guard its port again if the guard is gone; a kernel that cannot guard ports never did. */
static void guard_again(
    struct endpoint_restore *r, const char *id, const char *network, const struct kv *state)
{
	struct there t = {0};
	uint8_t mac[6];
	char port[16], ip[ADDR_TEXT];
	_cleanup_free_ char *dir = network_leases(network);
	if (lease_of_owner(dir, id, on_lease, &t) < 0 || !*t.ifname)
		return;
	endpoint_veth(id, t.ifname, port);
	if (strv_has(&r->guarded, port))
		return;
	int i = !t.addr[0].a.family;
	const char *own = kv_get(state, "mac"), *at = kv_get(state, i ? "ip6" : "ip");
	endpoint_mac(t.addr, mac);
	if (own && str_eq(at, addr_text(&t.addr[i].a, ip)) && mac_parse("mac", own, mac) < 0)
		return;
	/* When only looking, a missing guard does not count: the kernel may not support guards. */
	if (r->look)
		r->missing += r->missing || r->guarded.n;
	else if (endpoint_guard(id, t.ifname, mac, t.addr, true) >= 0)
		r->missing++;
	else if (errno != EOPNOTSUPP && errno != ENOENT)
		warn("%s", fail_msg());
}

static void net_again(
    struct endpoint_restore *r, const char *id, const char *name, const struct kv *state)
{
	struct network n;
	if (network_open(&n, name) < 0)
		return;
	if (strcmp(n.driver, "bridge") == 0)
		guard_again(r, id, name, state);
	for (int i = 0; i < 2 && strcmp(n.driver, "bridge") == 0; i++) {
		bool covered = false;
		if (!n.subnet[i].a.family)
			continue;
		for (size_t k = 0; k < r->n_nets; k++)
			covered |= cidr_has(&r->nets[k], &n.subnet[i].a) &&
				   r->nets[k].len <= n.subnet[i].len;
		r->missing += !covered && !n.internal;
		int flags = covered ? 0 : NFT_MASQUERADE;
		if (n.internal)
			flags = NFT_INTERNAL;
		nft_net_add(&r->f, &n.subnet[i], n.bridge, flags);
		if (!covered && !n.internal)
			on_net(&n.subnet[i], NULL, r);
	}
	network_free(&n);
}

/* "ADDR:PORT->PORT/PROTO", as endpoint_state() writes it. */
static bool port_parse(const char *s, const struct addr *to, struct nft_port *p)
{
	char host[64], proto[8];
	unsigned h, c;
	const char *colon = strstr(s, "->");
	while (colon && colon > s && *colon != ':')
		colon--;
	if (!colon || (size_t)(colon - s) >= sizeof host ||
	    sscanf(colon, ":%5u->%5u/%7[a-z]", &h, &c, proto) != 3 || h > 65535 || c > 65535)
		return false;
	memcpy(host, s, (size_t)(colon - s));
	host[colon - s] = 0;
	memset(p, 0, sizeof *p);
	if (addr_parse("port", host, &p->host) < 0)
		return false;
	p->to = to[p->host.family == AF_INET6];
	p->proto = strcmp(proto, "udp") == 0 ? IPPROTO_UDP : IPPROTO_TCP;
	p->hport = (uint16_t)h;
	p->cport = (uint16_t)c;
	return p->to.family == p->host.family;
}

void endpoint_restore_one(struct endpoint_restore *r, const char *id, const struct kv *state)
{
	static const char *const keys[2] = {"ip", "ip6"};
	struct addr to[2] = {0};
	struct strv on = {0}, ports = {0};
	_cleanup_free_ char *mark = endpoint_mark(id);
	etc_hosts_networks(id, &on);
	for (size_t i = 0; i < on.n; i++)
		net_again(r, id, on.v[i], state);
	for (int i = 0; i < 2; i++) {
		const char *s = kv_get(state, keys[i]);
		if (s && *s && addr_parse(keys[i], s, &to[i]) < 0)
			to[i].family = 0;
	}
	const char *text = kv_get(state, "ports");
	strv_split(&ports, text && kv_get(state, "network") ? text : "", ", ");
	for (size_t i = 0; i < ports.n; i++) {
		struct nft_port p;
		if (!port_parse(ports.v[i], to, &p) || r->there[slot(&p) / 8] & 1 << slot(&p) % 8)
			continue;
		snprintf(p.comment, sizeof p.comment, "%s", mark);
		nft_port_add(&r->f, &p);
		r->missing++;
	}
	strv_free(&ports);
	strv_free(&on);
}

int endpoint_restore_close(struct endpoint_restore *r, int result)
{
	bool act = result == 0 && r->missing && !r->look;
	for (int i = 0; i < 2 && act; i++) {
		_cleanup_free_ char *on = forward_mark(i ? AF_INET6 : AF_INET);
		if (access(on, F_OK) == 0)
			nft_close_forward(&r->f, i ? AF_INET6 : AF_INET, true);
	}
	if (act && nft_commit(&r->f) < 0) {
		result = errno == EOPNOTSUPP || errno == EPROTONOSUPPORT ? 0 : -1;
		r->missing = 0; /* without nf_tables there was nothing to put back */
	}
	nft_close(&r->f);
	free(r->there);
	free(r->nets);
	strv_free(&r->guarded);
	return result < 0 ? -1 : (int)r->missing;
}
