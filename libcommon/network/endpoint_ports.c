/* endpoint_ports.c: the ports that a container publishes: checked, reserved and forwarded; see
 * endpoint_ports.h. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conntrack.h"
#include "endpoint_ports.h"
#include "err.h"
#include "place.h"
#include "portspec.h"

/* The same port of the host must not be given to two of the container's. */
int endpoint_ports_check(const struct endpoint_req *r)
{
	struct portspec a, b;
	for (size_t i = 1; i < r->publish.n; i++)
		for (size_t k = 0; k < i; k++) {
			if (portspec_parse("-p", r->publish.v[i], &a) < 0 ||
			    portspec_parse("-p", r->publish.v[k], &b) < 0)
				return -1;
			bool same = !a.host.family || !b.host.family ||
				    (a.host.family == b.host.family &&
					(addr_is_any(&a.host) || addr_is_any(&b.host) ||
					    addr_cmp(&a.host, &b.host) == 0));
			if (same && a.proto == b.proto && a.h0 && b.h0 && a.h0 <= b.h1 &&
			    b.h0 <= a.h1)
				return fail("-p %s: the port is asked for by -p %s already",
				    r->publish.v[i], r->publish.v[k]);
		}
	return 0;
}

/* Is the port that -P would publish already published by a -p? */
static bool is_published(const struct endpoint_req *r, const struct portspec *s)
{
	struct portspec p;
	for (size_t i = 0; i < r->publish.n; i++)
		if (portspec_parse("-p", r->publish.v[i], &p) == 0 && p.proto == s->proto &&
		    p.c0 <= s->c0 && p.c1 >= s->c1)
			return true;
	return false;
}

static void keep_held(struct endpoint *p, int fd, bool many)
{
	if (many) { /* moved out of the way of the low numbers, to which a limit applies */
		int high = fcntl(fd, F_DUPFD_CLOEXEC, 1024);
		if (high >= 0) {
			close(fd);
			fd = high;
		}
	}
	p->held = xrealloc(p->held, (p->nheld + 1) * sizeof *p->held);
	p->held[p->nheld++] = fd;
}

static int add_port(
    struct endpoint *p, const struct portspec *s, unsigned k, const char *mark, bool many)
{
	uint16_t hport = s->h0 ? (uint16_t)(s->h0 + k) : 0;
	bool any = false;
	for (int i = 0; i < 2; i++) {
		int family = i ? AF_INET6 : AF_INET;
		if (!p->addr[i].a.family || (s->host.family && s->host.family != family))
			continue;
		struct nft_port *q = &p->ports[p->nports];
		*q = (struct nft_port){.proto = s->proto,
		    .host = s->host,
		    .cport = (uint16_t)(s->c0 + k),
		    .to = p->addr[i].a};
		q->host.family = family;
		snprintf(q->comment, sizeof q->comment, "%s", mark);
		/* the second family gets the same number as the first */
		int fd = port_hold(&q->host, s->proto, &hport);
		if (fd < 0)
			return errno == EMFILE ? fail_in("-p: one descriptor a port (ulimit -n)")
					       : -1;
		keep_held(p, fd, many);
		q->hport = hport;
		p->nports++;
		any = true;
	}
	char t[ADDR_TEXT];
	return any ? 0
		   : fail("-p: %s: the container has no address of that family",
			 addr_text(&s->host, t));
}

int endpoint_ports_hold(const struct endpoint_req *r, struct endpoint *p)
{
	size_t n = r->publish.n + r->exposed.n, total = 0;
	struct portspec *s = xcalloc(n + 1, sizeof *s);
	_cleanup_free_ char *mark = endpoint_mark(p->id);
	int result = place_instance();
	for (size_t i = 0; i < n && result == 0; i++) {
		if (i < r->publish.n)
			result = portspec_parse("-p", r->publish.v[i], &s[i]);
		else
			result = port_range_parse(
			    "-P", r->exposed.v[i - r->publish.n], &s[i].c0, &s[i].c1, &s[i].proto);
		total += (size_t)(s[i].c1 - s[i].c0 + 1);
	}
	struct rlimit old, wide;
	bool many = total > 200 && getrlimit(RLIMIT_NOFILE, &old) == 0;
	/* One descriptor for each port; the limit is restored, the descriptors stay open. */
	if (many) {
		wide = old;
		wide.rlim_cur = wide.rlim_max;
		setrlimit(RLIMIT_NOFILE, &wide);
	}
	p->ports = total ? xcalloc(total * 2, sizeof *p->ports) : NULL;
	for (size_t i = 0; i < n && result == 0; i++)
		for (unsigned k = 0; k <= (unsigned)(s[i].c1 - s[i].c0) && result == 0; k++)
			result = i >= r->publish.n && is_published(r, &s[i])
				     ? 0
				     : add_port(p, &s[i], k, mark, many);
	int saved = errno;
	if (many)
		setrlimit(RLIMIT_NOFILE, &old);
	free(s);
	errno = saved;
	return result;
}

/* --- publishing --- */

struct stale {
	const struct endpoint_req *r;
	const struct network *n;
	const struct endpoint *p;
	struct nft del;
	const char *mine;
	size_t found;
	bool covered[2]; /* the subnet is part of one that is masqueraded */
	char other[COMMENT_SIZE];
};

static bool is_dead(const struct endpoint_req *r, const char *id)
{
	return r->alive && r->alive(id, r->alive_arg) == 0;
}

/* An element that is in our way: it is removed when its owner is no longer alive, and stays
 * otherwise. */
static void on_taken(const struct nft_port *q, void *arg)
{
	struct stale *s = arg;
	for (size_t i = 0; i < s->p->nports; i++) {
		if (!nft_port_clash(q, &s->p->ports[i]))
			continue;
		const char *id =
		    str_starts(q->comment, s->mine) ? q->comment + strlen(s->mine) : "";
		bool hand = !*q->comment || strcmp(id, "-") == 0;
		if (*id && !hand && (strcmp(id, s->p->id) == 0 || is_dead(s->r, id))) {
			nft_port_del(&s->del, q);
			s->found++;
		} else {
			snprintf(s->other, sizeof s->other, "%s",
			    hand ? "ctr-netcfg publish" : q->comment);
		}
	}
}

static void endpoint_ports_on_net(const struct cidr *c, const char *out, void *arg)
{
	struct stale *s = arg;
	for (int i = 0; i < 2; i++)
		s->covered[i] |=
		    !out && cidr_has(c, &s->n->subnet[i].a) && c->len <= s->n->subnet[i].len;
}

static int clear_stale(struct stale *s, int which)
{
	struct nft look;
	_cleanup_free_ char *mine = endpoint_mark("");
	s->mine = mine;
	if (nft_open(&look) < 0)
		return -1;
	int r = nft_open(&s->del);
	if (r == 0) {
		r = nft_ports(&look, which, on_taken, s) < 0
			? -1
			: nft_nets(&look, endpoint_ports_on_net, s);
		if (r == 0 && *s->other)
			r = fail("port of the host: published already by %s", s->other);
		if (r == 0 && s->found)
			r = nft_commit(&s->del);
		nft_close(&s->del);
	}
	nft_close(&look);
	return r;
}

static void append(
    const struct network *n, const struct endpoint *p, struct nft *f, const bool *covered)
{
	bool bridge = strcmp(n->driver, "bridge") == 0;
	for (int i = 0; i < 2 && bridge; i++) {
		int flags = covered[i] ? 0 : NFT_MASQUERADE;
		if (n->internal)
			flags = NFT_INTERNAL;
		if (n->subnet[i].a.family)
			nft_net_add(f, &n->subnet[i], n->bridge, flags);
	}
	for (size_t i = 0; i < p->nports; i++)
		nft_port_add(f, &p->ports[i]);
}

/* Only UDP can have an older conntrack entry that still matters: a TCP port had no listener until
 * now, and when a port is unpublished its entries are dropped. Reading the kernel's table takes
 * several milliseconds. */
static int forget_flows(const struct endpoint *p, bool all)
{
	size_t n = 0;
	struct nft_port *q = xcalloc(p->nports + 1, sizeof *q);
	for (size_t i = 0; i < p->nports; i++)
		if (all || p->ports[i].proto == IPPROTO_UDP)
			q[n++] = p->ports[i];
	int r = conntrack_flush(q, n);
	free(q);
	return r;
}

int endpoint_ports_publish(
    const struct endpoint_req *r, const struct network *n, const struct endpoint *p, struct nft *f)
{
	struct stale s = {.r = r, .n = n, .p = p};
	int result = -1, look = 0;
	/* The kernel itself refuses the same address, but not one address beside "all". The ports
	 * of containers need not be searched, because they are bound. */
	for (size_t i = 0; i < p->nports; i++)
		look |= addr_is_any(&p->ports[i].host) ? NFT_AT_ONE : NFT_AT_ALL;
	for (bool again = f; again; look = NFT_PORTS) {
		nl_reset(&f->body);
		if (look && clear_stale(&s, look) < 0)
			return -1;
		append(n, p, f, s.covered);
		result = nft_commit(f);
		again = result < 0 && errno == EEXIST && look != NFT_PORTS;
	}
	if (result < 0 && p->nports == 0) { /* everything that needs no NAT still works */
		warn("network %s: nothing of it reaches the outside: %s", n->name, fail_msg());
		return 0;
	}
	/* The ports are forwarded; an old flow of theirs may go to the wrong place for a while. */
	if (result == 0 && forget_flows(p, s.found) < 0)
		warn_fail();
	return result;
}
