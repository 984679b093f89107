/* endpoint_mark.c: the names and marks of a container's part of a network; see endpoint.h. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "endpoint.h"
#include "err.h"
#include "fnv.h"
#include "nft_bridge.h"
#include "place.h"

char *endpoint_mark(const char *id)
{
	return xasprintf("ctr:%s:%s", ctr_instance(), id);
}

int endpoint_ns(pid_t pid)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* does not wait on a fifo */
	return fd < 0 ? fail_errno(path) : fd;
}

/* The host's end of a veth: an interface name has at most 15 bytes, and an id may be longer. */
void endpoint_veth(const char *id, const char *ifname, char out[16])
{
	_cleanup_free_ char *s = xasprintf("%s/%s/%s", ctr_instance(), id, ifname);
	snprintf(out, 16, "ctr%012llx", (unsigned long long)(fnv1a(s) & 0xffffffffffffu));
}

static void on_held(const struct lease *l, void *arg)
{
	struct endpoint *h = arg;
	if (!*l->ifname) /* given by hand (ctr-ipam): its owner is no container */
		return;
	h->addr[l->addr.family == AF_INET6].a = l->addr;
	memcpy(h->ifname, l->ifname, sizeof h->ifname);
}

int endpoint_held(const char *id, const char *network, struct endpoint *h)
{
	_cleanup_free_ char *dir = leases_of(network);
	return lease_of_owner(dir, id, on_held, h);
}

int endpoint_guard(
    const char *id, const char *ifname, const uint8_t *mac, const struct cidr *addr, bool on)
{
	char port[16];
	_cleanup_free_ char *mark = endpoint_mark(id);
	endpoint_veth(id, ifname, port);
	return nft_guard(port, mac, addr, mark, on);
}

void endpoint_mac(const struct cidr addr[2], uint8_t mac[6])
{
	/* Made from the address, as docker does it: an earlier owner of the address had the same
	 * MAC, so no neighbour's cache is wrong. */
	const struct addr *a = addr[0].a.family ? &addr[0].a : &addr[1].a;
	const uint8_t *tail = a->b + addr_len(a) - 4;
	mac[0] = 0x02;
	mac[1] = 0x42;
	memcpy(mac + 2, tail, 4);
}
