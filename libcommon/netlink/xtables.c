/* xtables.c: what the older iptables, beside nf_tables, does with what is forwarded; see nft.h.
 *
 * Looked at only where its table is there: to ask for it makes it.
 */
#include <linux/netfilter.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "file.h"
#include "nft.h"

/* The policy is the verdict of the rule at the hook's underflow. */
static bool policy_drops(const char *entries, size_t size, unsigned at, size_t target_offset)
{
	uint16_t target;
	struct xt_standard_target t;
	if (at > size || size - at < target_offset + sizeof target)
		return false;
	memcpy(&target, entries + at + target_offset, sizeof target);
	if (size - at < target + sizeof t)
		return false;
	memcpy(&t, entries + at + target, sizeof t);
	return !*t.target.u.user.name && t.verdict == -NF_DROP - 1;
}

bool xtables_drop_forward(int family)
{
	bool v4 = family == AF_INET;
	_cleanup_free_ char *tables = file_read(
	    v4 ? "/proc/self/net/ip_tables_names" : "/proc/self/net/ip6_tables_names", 4096, NULL);
	if (!tables || !strstr(tables, "filter\n"))
		return false;
	/* IPv6's structures of the calls are the same, but for the entries. */
	struct ipt_getinfo info = {.name = "filter"};
	socklen_t len = sizeof info;
	int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
	_cleanup_close_ int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0 || getsockopt(fd, level, IPT_SO_GET_INFO, &info, &len) < 0)
		return false;
	len = (socklen_t)(sizeof(struct ipt_get_entries) + info.size);
	_cleanup_free_ struct ipt_get_entries *e = xcalloc(1, len);
	memcpy(e->name, info.name, sizeof e->name);
	e->size = info.size;
	return getsockopt(fd, level, IPT_SO_GET_ENTRIES, e, &len) == 0 &&
	       policy_drops((char *)e->entrytable, info.size, info.underflow[NF_INET_FORWARD],
		   v4 ? offsetof(struct ipt_entry, target_offset)
		      : offsetof(struct ip6t_entry, target_offset));
}
