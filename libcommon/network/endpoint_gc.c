/* endpoint_gc.c: removing what a kill left of containers' networks, recognised by the marks that
 * everything bears; see endpoint.h. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conntrack.h"
#include "err.h"
#include "file.h"
#include "host_names.h"
#include "lease.h"
#include "endpoint.h"
#include "nft_bridge.h"
#include "place.h"

struct sweep {
	bool (*dead)(const char *id, struct sweep *s);
	const char *id; /* only this one */
	owner_alive_fn *alive;
	void *arg;
	/* The last answer is kept, because elements of one owner follow each other. */
	char *last;
	bool last_dead;
	const char *network; /* the network whose leases are being read */
	char *mine;          /* "ctr:INSTANCE:" */
	struct nft_port *ports;
	size_t nports;
	struct strv links;
	bool say, no_netcfg;
	int failed;
};

/* gc prints each failure and goes on; for one container's end the caller prints the last. */
static void endpoint_gc_failed(struct sweep *s)
{
	if (s->alive)
		warn_fail();
	s->failed = -1;
}

static bool is_it(const char *id, struct sweep *s)
{
	return strcmp(id, s->id) == 0;
}

static bool not_alive(const char *id, struct sweep *s)
{
	if (strcmp(id, NETCFG_MARK) == 0)
		return s->no_netcfg;
	if (!str_eq(s->last, id)) {
		int alive = s->alive(id, s->arg);
		free(s->last);
		s->last = xstrdup(id);
		s->last_dead = alive == 0;
		if (alive < 0) { /* it is not known: what it owns is left alone */
			endpoint_gc_failed(s);
		}
	}
	return s->last_dead;
}

/* The id in a mark of ours whose container is gone; NULL when the mark is another instance's, a
 * network's, or made by hand. */
static const char *endpoint_gc_marked(struct sweep *s, const char *mark)
{
	if (!str_starts(mark, s->mine))
		return NULL;
	const char *id = mark + strlen(s->mine);
	return *id && strcmp(id, "-") && !str_starts(id, "net:") && s->dead(id, s) ? id : NULL;
}

static void endpoint_gc_on_port(const struct nft_port *p, void *arg)
{
	struct sweep *s = arg;
	const char *id = endpoint_gc_marked(s, p->comment);
	if (!id)
		return;
	s->ports = xrealloc(s->ports, (s->nports + 1) * sizeof *s->ports);
	s->ports[s->nports++] = *p;
	if (s->say)
		printf("port %u/%s of %s\n", p->hport, p->proto == 17 ? "udp" : "tcp", id);
}

static void endpoint_gc_on_link(const struct link_info *l, void *arg)
{
	struct sweep *s = arg;
	const char *id = endpoint_gc_marked(s, l->alias);
	if (!id)
		return;
	strv_add(&s->links, l->name);
	if (s->say)
		printf("interface %s of %s\n", l->name, id);
}

static bool on_guarded(const char *port, const char *comment, void *arg)
{
	struct sweep *s = arg;
	if (s->no_netcfg && str_starts(comment, s->mine) &&
	    strcmp(comment + strlen(s->mine), "-") == 0) /* ctr-netcfg's, of a port that ended */
		return !if_nametoindex(port);
	return endpoint_gc_marked(s, comment) != NULL;
}

static bool keep_lease(const struct lease *l, void *arg)
{
	struct sweep *s = arg;
	char t[ADDR_TEXT];
	if (!*l->ifname ||
	    !s->dead(l->owner,
		s)) /* no interface: given by hand (ctr-ipam), its owner is no container */
		return true;
	struct cidr addr[2] = {0};
	addr[l->addr.family == AF_INET6].a = l->addr;
	if (host_names_leave(s->network, l->owner, addr, NULL) < 0)
		warn_fail();
	if (s->say)
		printf("lease %s of %s\n", addr_text(&l->addr, t), l->owner);
	return false;
}

static int one_network(int dirfd, const char *name, void *arg)
{
	struct sweep *s = arg;
	struct stat st;
	_cleanup_free_ char *dir = leases_of(name);
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode)) {
		if (s->alive)
			warn("%s: not a network's: it is left alone", dir);
		return 0;
	}
	s->network = name;
	if (s->id) {
		if (endpoint_release(s->id, name, NULL) < 0)
			endpoint_gc_failed(s);
		return 0;
	}
	if (lease_gc(dir, keep_lease, s) < 0)
		endpoint_gc_failed(s);
	return 0;
}

static void links_away(struct sweep *s, struct nl *rt)
{
	for (size_t i = 0; i < s->links.n; i++) {
		rtnl_link_del(rt, s->links.v[i]);
		if (nl_commit(rt) < 0 && errno != ENODEV)
			endpoint_gc_failed(s);
		nl_reset(rt);
	}
}

static int sweep(struct sweep *s)
{
	struct nft f;
	struct nl rt;
	s->mine = endpoint_mark("");
	if (nft_open(&f) == 0) {
		if (nft_ports(&f, NFT_PORTS, endpoint_gc_on_port, s) < 0)
			endpoint_gc_failed(s);
		nft_close(&f);
	}
	if (nft_ports_del(s->ports, s->nports) < 0)
		endpoint_gc_failed(s);
	conntrack_flush(s->ports, s->nports);
	if (nl_open(&rt, NETLINK_ROUTE, -1) == 0) {
		if (rtnl_links(&rt, endpoint_gc_on_link, s) < 0)
			endpoint_gc_failed(s);
		links_away(s, &rt);
		nl_close(&rt);
	}
	if (nft_guard_clear(on_guarded, s) < 0)
		endpoint_gc_failed(s);
	network_leases_each(one_network, s);
	strv_free(&s->links);
	free(s->ports);
	free(s->mine);
	free(s->last);
	return s->failed;
}

int endpoint_clear(const char *id)
{
	struct sweep s = {.dead = is_it, .id = id};
	return sweep(&s);
}

int endpoint_gc(owner_alive_fn *alive, void *arg)
{
	struct sweep s = {.dead = not_alive, .alive = alive, .arg = arg, .say = true};
	/* Each ctr-netcfg holds this lock shared while something that it makes is unfinished. */
	_cleanup_close_ int fd = dir_open(ctr_run());
	s.no_netcfg = fd >= 0 && lock_try(fd, LOCK_EX) == 1;
	return sweep(&s);
}
