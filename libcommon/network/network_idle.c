/* network_idle.c: when nothing of ours is on a network any more, the host is restored: forwarding
 * is off again where we turned it on, and our table is gone; see network.h. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "kept.h"
#include "network.h"
#include "nft_bridge.h"

int forward_off(int family)
{
	_cleanup_free_ char *mark = forward_mark(family);
	struct nft f;
	_cleanup_free_ char *heeded = file_read(mark, 1 << 20, NULL);
	if (!heeded)
		return errno == ENOENT ? 0 : -1;
	net_accept_ra(heeded, "1");
	/* Forwarding is off before the chain opens, so that the host never acts as a router for
	 * others. */
	if (file_poke(forward_path(family), "0") < 0 || (unlink(mark) < 0 && errno != ENOENT))
		return -1;
	if (nft_open(&f) < 0)
		return 1;
	nft_close_forward(&f, family, false);
	int r = nft_commit(&f) < 0 && errno != ENOENT ? -1 : 1;
	nft_close(&f);
	return r;
}

struct stale {
	struct nft del;
	size_t left;
};

/* An interface that no longer exists: the deletion of its bridge was interrupted. */
static void network_idle_on_bridge(int family, const char *name, void *arg)
{
	struct stale *s = arg;
	struct cidr c = {.a.family = family};
	if (if_nametoindex(name))
		s->left++;
	else
		nft_net_del(&s->del, &c, name, 0);
}

/* Elements of interfaces that are gone go from our sets; *left: of those that are there. */
static int network_sweep_bridges(size_t *left)
{
	struct nft look;
	struct stale s = {0};
	*left = 0;
	if (nft_open(&look) < 0)
		return 0; /* a kernel without IPv6 */
	int r = nft_open(&s.del);
	if (r == 0) {
		for (int i = 0; i < 2 && r == 0; i++)
			r = nft_names(
			    &look, i ? AF_INET6 : AF_INET, "bridges", network_idle_on_bridge, &s);
		if (r == 0 && nft_commit(&s.del) < 0 && errno != ENOENT)
			r = -1;
		nft_close(&s.del);
	}
	nft_close(&look);
	*left = s.left;
	return r;
}

static void count_port(const struct nft_port *p, void *arg)
{
	(void)p;
	++*(size_t *)arg;
}

static void count_net(const struct cidr *c, const char *out, void *arg)
{
	(void)c, (void)out;
	++*(size_t *)arg;
}

/* A bridge with CNI attachments: while there is one, the table is needed. */
static void count_open(int family, const char *name, void *arg)
{
	(void)family;
	*(size_t *)arg += if_nametoindex(name) != 0;
}

/* The guard of a port (g-PORT) needs no forwarding. */
static int count_kept(int dirfd, const char *name, void *arg)
{
	(void)dirfd;
	*(size_t *)arg += *name != '.' && *name != 'g';
	return 0;
}

/* What else our tables hold, or held before they were flushed (cni_keep.c). */
static int count_rest(size_t *n)
{
	struct nft look;
	_cleanup_free_ char *kept = kept_path(NULL);
	_cleanup_close_ int dir = dir_open(kept);
	*n = 0;
	if (dir >= 0)
		dir_each(dir, count_kept, n);
	if (nft_open(&look) < 0)
		return 0;
	int r = nft_ports(&look, NFT_PORTS, count_port, n) < 0 ? -1 : nft_nets(&look, count_net, n);
	for (int i = 0; i < 2 && r == 0; i++)
		r = nft_names(&look, i ? AF_INET6 : AF_INET, "open", count_open, n);
	nft_close(&look);
	return r;
}

/* Where another instance turned forwarding on, its closed chain keeps the host from being a router:
 * then the table stays. */
static int restore(int family)
{
	struct nft f;
	int off = forward_off(family);
	if (off < 0 || nft_open(&f) < 0)
		return off;
	int closed = nft_is_closed(&f, family);
	int r = closed < 0 || (!closed && nft_table_del(&f, family) < 0) ? -1 : off;
	nft_close(&f);
	return r;
}

int network_idle(void)
{
	struct strv names = {0};
	size_t bridges = 0, rest = 0;
	_cleanup_close_ int dir = network_records_lock();
	if (dir < 0 && errno != ENOENT)
		return -1;
	int r = network_names(&names);
	size_t records = names.n;
	strv_free(&names);
	if (r < 0 || network_sweep_bridges(&bridges) < 0 || count_rest(&rest) < 0)
		return -1;
	if (records || bridges || rest)
		return 0;
	if (nft_guard_idle() < 0)
		return -1;
	int four = restore(AF_INET), six = restore(AF_INET6);
	return four < 0 || six < 0 ? -1 : four || six;
}
