/* conntrack.h: forget the kernel's connection entries of published ports (ctnetlink), so that a
 * packet of an old flow follows the new map.
 */
#ifndef CTR_CONNTRACK_H
#define CTR_CONNTRACK_H

#include "nft.h"

/* Delete the entries whose original destination is one of these host ports at an address of this
 * host (of 127.0.0.0/8 only 127.0.0.1, where the kernel does it). A kernel without ctnetlink is not
 * an error. 0, or -1 with fail(). */
int conntrack_flush(const struct nft_port *p, size_t n);

/* A connection's original tuple, as parsed. */
struct ct_entry {
	int family;
	uint8_t proto;
	struct addr dst;
	uint16_t dport;
	const struct nlattr *orig, *id, *zone;
};
/* Parse one IPCTNL_MSG_CT_NEW message; false when it is none or has no such port. For fuzzers, too.
 */
bool conntrack_parse(const struct nlmsghdr *h, struct ct_entry *out);

#endif
