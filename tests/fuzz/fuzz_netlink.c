/* fuzz_netlink.c: one netlink message, as each of our readers sees it. */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conntrack.h"
#include "nft.h"
#include "rtnl.h"

static void on_port(const struct nft_port *p, void *arg)
{
	(void)arg;
	if (strnlen(p->comment, COMMENT_SIZE) == COMMENT_SIZE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link_info l;
	struct ct_entry e;
	if (size < sizeof(struct nlmsghdr) || size > 65536)
		return 0;
	struct nlmsghdr *h = malloc(size);
	memcpy(h, data, size);
	h->nlmsg_len = (uint32_t)size;
	static const uint16_t types[] = {RTM_NEWLINK, 10 << 8 | 12, 1 << 8};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		h->nlmsg_type = types[i];
		rtnl_link_parse(h, &l);
		nft_ports_parse(h, on_port, NULL);
		conntrack_parse(h, &e);
	}
	free(h);
	return 0;
}
