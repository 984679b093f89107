/* cni_ports.c: published ports: elements in the maps of nft.h, each with its attachment's name. */
#include <errno.h>
#include <linux/ip.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cni_call.h"
#include "conntrack.h"
#include "err.h"
#include "network.h"

static int ports_proto(const char *s)
{
	static const struct {
		const char *name;
		int number;
	} known[] = {{"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {"sctp", IPPROTO_SCTP}};
	for (size_t i = 0; i < 3; i++)
		if (strcasecmp(s, known[i].name) == 0)
			return known[i].number;
	return -1;
}

static int ports_one(struct cni_call *c, const json_t *o, size_t i, struct nft_port *p)
{
	_cleanup_free_ char *at = xasprintf("runtimeConfig.portMappings[%zu]", i), *proto = NULL,
			    *host = NULL;
	int64_t from = 0, to = 0;
	c->code = CNI_BAD_CONFIG;
	if (!json_is_object(o))
		return jwrong(&c->j, at, "", "must be an object");
	if (jget_int(&c->j, o, at, "hostPort", 1, 65535, &from) < 0 ||
	    jget_int(&c->j, o, at, "containerPort", 1, 65535, &to) < 0 ||
	    jget_str(&c->j, o, at, "protocol", &proto) < 0 ||
	    jget_str(&c->j, o, at, "hostIP", &host) < 0)
		return -1;
	if (!from || !to)
		return jwrong(&c->j, at, from ? "containerPort" : "hostPort", "is missing");
	int number = ports_proto(proto && *proto ? proto : "tcp");
	if (number < 0)
		return jwrong(&c->j, at, "protocol", "'%s' is not tcp, udp or sctp", proto);
	*p = (struct nft_port){
	    .proto = (uint8_t)number, .hport = (uint16_t)from, .cport = (uint16_t)to};
	if (host && *host && addr_parse("hostIP", host, &p->host) < 0)
		return jwrong(&c->j, at, "hostIP", "'%s' is not an address", host);
	if (p->host.family == AF_INET6 && addr_is_loopback(&p->host))
		return cni_fail(c, CNI_UNSUPPORTED,
		    "hostIP: %s: the kernel cannot translate IPv6's loopback", host);
	snprintf(p->comment, sizeof p->comment, "%s", c->owner);
	c->code = CNI_FAILED;
	return 0;
}

static int ports_options(struct cni_call *c)
{
	static const char *const refused[] = {
	    "externalSetMarkChain", "conditionsV4", "conditionsV6", "masqAll", NULL};
	bool snat = true;
	int64_t bit = -1; /* we mark no packets, so any bit will do */
	if (cni_bool(c, "snat", &snat) < 0 || cni_int(c, "markMasqBit", 0, 31, &bit) < 0)
		return -1;
	if (bit >= 0 && json_object_get(c->conf, "externalSetMarkChain"))
		return cni_fail(
		    c, CNI_BAD_CONFIG, "markMasqBit and externalSetMarkChain exclude each other");
	if (!snat)
		return cni_fail(c, CNI_UNSUPPORTED,
		    "snat: false: a pod reaches its own published port only with it");
	return cni_backend(c, "backend") < 0 ? -1 : cni_refuse(c, c->conf, refused);
}

int cni_ports_parse(struct cni_call *c, struct cni_ports *out)
{
	json_t *list = NULL;
	memset(out, 0, sizeof *out);
	if (c->command == CNI_ADD && ports_options(c) < 0)
		return -1;
	if (c->runtime && jget_arr(&c->j, c->runtime, "runtimeConfig", "portMappings", &list) < 0)
		return cni_fail(c, CNI_BAD_CONFIG, "%s", fail_msg());
	out->n = json_array_size(list);
	out->any = out->n > 0;
	out->v = xcalloc(out->n + 1, sizeof *out->v);
	for (size_t i = 0; i < out->n; i++)
		if (ports_one(c, json_array_get(list, i), i, &out->v[i]) < 0)
			return -1;
	return 0;
}

/* The attachment's first address of that family. */
static const struct addr *ports_target(struct cni_call *c, const struct cni_result *r, int family)
{
	for (size_t i = 0; i < r->n_ips; i++) {
		const struct cni_ip *ip = &r->ips[i];
		const struct cni_if *x = ip->ifindex >= 0 && (size_t)ip->ifindex < r->n_ifs
					     ? &r->ifs[ip->ifindex]
					     : NULL;
		if (ip->addr.a.family == family &&
		    (!x || (x->sandbox && strcmp(x->name, c->ifname) == 0)))
			return &ip->addr.a;
	}
	return NULL;
}

/* Every mapping, for every address family that the attachment has and that the mapping's host
 * address allows. */
static struct nft_port *ports_spread(
    struct cni_call *c, const struct cni_ports *p, const struct cni_result *r, size_t *n)
{
	struct nft_port *v = xcalloc(p->n * 2 + 1, sizeof *v);
	*n = 0;
	for (int i = 0; i < 2; i++) {
		int family = i ? AF_INET6 : AF_INET;
		const struct addr *to = ports_target(c, r, family);
		for (size_t k = 0; to && k < p->n; k++) {
			if (p->v[k].host.family && p->v[k].host.family != family)
				continue;
			v[*n] = p->v[k];
			v[*n].host.family = family;
			v[(*n)++].to = *to;
		}
	}
	return v;
}

/* Open the interface behind which the target is. Connections from 127.0.0.1 reach it, too, which
 * our rules keep on the host. */
static int ports_open(struct nft *f, const struct addr *to)
{
	struct nl rt;
	struct link_info l;
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	int r = network_door(&rt, to, &l);
	if (r == 0)
		nft_open_add(f, to->family, l.name);
	if (r == 0 && to->family == AF_INET) {
		rtnl_inet_conf(&rt, l.index, l.name, IPV4_DEVCONF_ROUTE_LOCALNET, 1);
		r = nl_commit(&rt);
	}
	nl_close(&rt);
	return r;
}

static int ports_taken(struct nft *f, const struct nft_port *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct nft_port q = v[i];
		*q.comment = 0;
		if (nft_port_find(f, &q) == 1)
			return fail("port %u of the host: published already by %s", q.hport,
			    *q.comment ? q.comment : "ctr-netcfg publish");
	}
	return fail("a port of the host is published already");
}

/* An old UDP flow would continue to its previous target. */
static void ports_forget(struct nft_port *v, size_t n)
{
	size_t udp = 0;
	for (size_t i = 0; i < n; i++)
		if (v[i].proto == IPPROTO_UDP)
			v[udp++] = v[i];
	if (udp && conntrack_flush(v, udp) < 0)
		warn_fail();
}

int cni_ports_add(struct cni_call *c, struct cni_ports *p, const struct cni_result *r)
{
	struct nft f;
	size_t n;
	struct nft_port *v = ports_spread(c, p, r, &n);
	if (!n) {
		free(v);
		return cni_fail(
		    c, CNI_BAD_CONFIG, "portMappings: %s has no address for them", c->ifname);
	}
	if (nft_open(&f) < 0) {
		free(v);
		return -1;
	}
	int result = 0;
	for (size_t i = 0; i < n; i++) {
		if ((i == 0 || v[i].to.family != v[i - 1].to.family) &&
		    ports_open(&f, &v[i].to) < 0)
			result = -1;
		nft_port_add(&f, &v[i]);
	}
	if (result == 0 && cni_keep_commit(c, 'p', &f) < 0) {
		result = -1;
		if (errno == EEXIST)
			ports_taken(&f, v, n);
	}
	if (result == 0)
		ports_forget(v, n);
	free(v);
	return result;
}

/* --- taking away --- */

struct sweep {
	const struct cni_call *c;
	const struct strv *valid; /* for GC; NULL: remove what is c->owner's */
	struct nft_port *v;
	size_t n;
};

static void ports_seen(const struct nft_port *p, void *arg)
{
	struct sweep *s = arg;
	if (s->valid ? !cni_is_stale(s->c, s->valid, p->comment)
		     : strcmp(p->comment, s->c->owner) != 0)
		return;
	s->v = xrealloc(s->v, (s->n + 1) * sizeof *s->v);
	s->v[s->n++] = *p;
}

static int ports_away(struct sweep *s, struct nft *f)
{
	int r = s->n ? nft_ports_away(f, s->v, s->n) : 0;
	ports_forget(s->v, s->n);
	free(s->v);
	return r;
}

int cni_ports_del(struct cni_call *c, const struct cni_ports *p)
{
	struct nft f;
	struct sweep s = {.c = c};
	/* A DEL may leave out the ports that the ADD named: then those are removed that were kept.
	 */
	bool all = !p->any && cni_kept(c, 'p');
	if (!p->any && !all)
		return 0;
	if (nft_open(&f) < 0)
		return errno == EPROTONOSUPPORT ? 0 : -1;
	_cleanup_close_ int kept = cni_keep_away(c, "p");
	int r = kept < 0 && errno != ENOENT ? -1 : 0;
	if (all)
		r = nft_ports(&f, NFT_PORTS, ports_seen, &s);
	for (size_t i = 0; i < 2 * p->n && r == 0; i++) {
		struct nft_port q = p->v[i / 2];
		int family = i % 2 ? AF_INET6 : AF_INET;
		if (q.host.family && q.host.family != family)
			continue;
		q.host.family = q.to.family = family;
		*q.comment = 0;
		int found = nft_port_find(&f, &q);
		if (found < 0 && errno != EOPNOTSUPP && errno != EINVAL)
			r = -1;
		if (found > 0)
			ports_seen(&q, &s);
	}
	return ports_away(&s, &f) < 0 ? -1 : r;
}

int cni_ports_check(struct cni_call *c, struct cni_ports *p)
{
	struct nft f;
	size_t n;
	char t[ADDR_TEXT];
	struct nft_port *v = ports_spread(c, p, &c->prev, &n);
	int r = nft_open(&f);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct nft_port q = v[i];
		*q.comment = 0;
		if (nft_port_find(&f, &q) != 1 || strcmp(q.comment, c->owner) != 0 ||
		    q.cport != v[i].cport || addr_cmp(&q.to, &v[i].to) != 0)
			r = fail("port %u of the host does not lead to %s port %u", v[i].hport,
			    addr_text(&v[i].to, t), v[i].cport);
	}
	if (r == 0 || n)
		nft_close(&f);
	free(v);
	return r;
}

int cni_ports_gc(struct cni_call *c, const struct strv *valid)
{
	struct nft f;
	struct sweep s = {.c = c, .valid = valid};
	if (nft_open(&f) < 0)
		return errno == EPROTONOSUPPORT ? 0 : -1;
	int r = nft_ports(&f, NFT_PORTS, ports_seen, &s);
	return ports_away(&s, &f) < 0 ? -1 : r;
}
