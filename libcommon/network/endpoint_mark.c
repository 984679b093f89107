/* endpoint_mark.c: what a container's part of a network is called; see endpoint.h. */
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
	return xasprintf("ctr:%s:%.150s", ctr_instance(), id);
}

int endpoint_ns(pid_t pid)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* never waits for a fifo */
	return fd < 0 ? fail("%s: %m", path) : fd;
}

/* The host's end of a veth: an interface's name has 15 bytes, an id more. */
void endpoint_veth(const char *id, const char *ifname, char out[16])
{
	_cleanup_free_ char *s = xasprintf("%s/%s/%s", ctr_instance(), id, ifname);
	snprintf(out, 16, "ctr%012llx", (unsigned long long)(fnv1a(s) & 0xffffffffffffu));
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
	/* From the address, as docker's: who had the address before had the same, so no neighbour's
	 * cache is wrong. */
	const struct addr *a = addr[0].a.family ? &addr[0].a : &addr[1].a;
	const uint8_t *tail = a->b + addr_len(a) - 4;
	mac[0] = 0x02;
	mac[1] = 0x42;
	memcpy(mac + 2, tail, 4);
}
