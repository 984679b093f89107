/* endpoint_restore.c: what living containers have in our nf_tables tables, put in again after
 * somebody flushed the ruleset (Debian's own reload does); see endpoint.h.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "endpoint.h"
#include "err.h"
#include "kept.h"
#include "nft_bridge.h"
#include "portspec.h"

static void endpoint_restore_on_net(const struct cidr *c, const char *out, void *arg)
{
	struct endpoint_restore *r = arg;
	if (out)
		return;
	r->nets = xrealloc(r->nets, (r->n_nets + 1) * sizeof *r->nets);
	r->nets[r->n_nets++] = *c;
}

/* Count the rules that are missing in our tables, as far as these exist, and add them to the
 * transaction. */
static int rules(struct endpoint_restore *r)
{
	for (int i = 0; i < 2; i++) {
		int family = i ? AF_INET6 : AF_INET;
		_cleanup_free_ char *on = forward_mark(family);
		int n = nft_rules_again(&r->f, family, access(on, F_OK) == 0);
		if (n < 0)
			return -1;
		r->missing += (size_t)n;
	}
	int n = nft_guard_rules_again(&r->g);
	r->guards += n > 0 ? (size_t)n : 0;
	return n < 0 ? -1 : nft_guard_base(&r->g);
}

int endpoint_restore_open(struct endpoint_restore *r, bool look, bool containers)
{
	memset(r, 0, sizeof *r);
	r->look = look;
	if (nft_open(&r->f) < 0)
		return -1;
	if (!look && containers)
		nft_settle(&r->f.body, true);
	if (nft_nets(&r->f, endpoint_restore_on_net, r) == 0 && nft_open(&r->g) == 0) {
		r->kept = kept_open(false, look ? LOCK_SH : LOCK_EX);
		if ((r->kept >= 0 || errno == ENOENT) && rules(r) == 0) {
			kept_again(r->kept, &r->f, &r->g);
			return 0;
		}
		nft_close(&r->g);
	}
	nft_close(&r->f);
	free(r->nets);
	return -1;
}

/* Its port is guarded again where that went; a kernel that cannot guard never did. */
static void guard_again(
    struct endpoint_restore *r, const char *id, const char *network, const struct kv *state)
{
	struct endpoint t = {0};
	uint8_t mac[6];
	char port[16], ip[ADDR_TEXT];
	_cleanup_free_ char *mark = endpoint_mark(id);
	if (!kv_num(state, "guarded", 0))
		return;
	r->unsure |= endpoint_held(id, network, &t) < 0;
	if (!*t.ifname)
		return;
	int i = !t.addr[0].a.family;
	const char *own = kv_get(state, "mac"), *at = kv_get(state, i ? "ip6" : "ip");
	endpoint_mac(t.addr, mac);
	if (own && str_eq(at, addr_text(&t.addr[i].a, ip)) && mac_parse("mac", own, mac) < 0)
		return;
	endpoint_veth(id, t.ifname, port);
	nft_guard_put(&r->g, port, mac, t.addr, mark);
}

static void net_again(
    struct endpoint_restore *r, const char *id, const char *name, const struct kv *state)
{
	struct network n;
	if (network_open(&n, name) < 0) {
		r->unsure = true;
		return;
	}
	if (strcmp(n.driver, "bridge") == 0)
		guard_again(r, id, name, state);
	for (int i = 0; i < 2 && strcmp(n.driver, "bridge") == 0; i++) {
		bool covered = false;
		if (!n.subnet[i].a.family)
			continue;
		for (size_t k = 0; k < r->n_nets; k++)
			covered |= cidr_has(&r->nets[k], &n.subnet[i].a) &&
				   r->nets[k].len <= n.subnet[i].len;
		int flags = covered ? 0 : NFT_MASQUERADE;
		if (n.internal)
			flags = NFT_INTERNAL;
		nft_net_add(&r->f, &n.subnet[i], n.bridge, flags);
		if (!covered && !n.internal)
			endpoint_restore_on_net(&n.subnet[i], NULL, r);
	}
	network_free(&n);
}

/* "ADDR:PORT->PORT/PROTO", as endpoint_state() writes it: -p's own form but for the arrow. */
static bool port_parse(const char *s, const struct addr *to, struct nft_port *p)
{
	_cleanup_free_ char *t = xstrdup(s);
	char *arrow = strstr(t, "->");
	struct portspec spec;
	if (!arrow)
		return false;
	*arrow = ':';
	memmove(arrow + 1, arrow + 2, strlen(arrow + 1));
	if (portspec_parse("port", t, &spec) < 0 || !spec.host.family)
		return false;
	*p = (struct nft_port){.host = spec.host,
	    .to = to[spec.host.family == AF_INET6],
	    .proto = spec.proto,
	    .hport = spec.h0,
	    .cport = spec.c0};
	return p->to.family == p->host.family;
}

void endpoint_restore_one(struct endpoint_restore *r, const char *id, const struct kv *state)
{
	static const char *const keys[2] = {"ip", "ip6"};
	struct addr to[2] = {0};
	struct strv on = {0}, ports = {0};
	_cleanup_free_ char *mark = endpoint_mark(id);
	r->unsure |= etc_hosts_networks(id, &on) < 0;
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
		if (!port_parse(ports.v[i], to, &p))
			continue;
		snprintf(p.comment, sizeof p.comment, "%s", mark);
		nft_port_add(&r->f, &p);
	}
	strv_free(&ports);
	strv_free(&on);
}

/* Commit what is missing of one of the two transactions, unless it is only to be looked at. A
 * kernel without that kind of tables lacks nothing of it. */
static int endpoint_restore_settle(struct nft *f, size_t *missing, bool look)
{
	int n = nft_only_missing(f);
	if (n < 0)
		return -1;
	*missing += (size_t)n;
	if (look || !*missing || nft_commit(f) == 0)
		return 0;
	*missing = 0;
	return errno == EOPNOTSUPP || errno == EPROTONOSUPPORT || errno == ENOENT ? 0 : -1;
}

int endpoint_restore_close(struct endpoint_restore *r, int result)
{
	if (result == 0)
		result = endpoint_restore_settle(&r->f, &r->missing, r->look) < 0 ||
				 endpoint_restore_settle(&r->g, &r->guards, r->look) < 0
			     ? -1
			     : 0;
	if ((result < 0 || r->unsure) && !r->look)
		nft_settle(&r->f.body, false);
	nft_close(&r->f);
	nft_close(&r->g);
	free(r->nets);
	if (r->kept >= 0)
		close(r->kept);
	return result < 0 ? -1 : (int)(r->missing + r->guards);
}
