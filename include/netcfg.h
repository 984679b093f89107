/* netcfg.h: the lines of words that ctr-netcfg(1) takes, parsed. Nothing is done here.
 */
#ifndef CTR_NETCFG_H
#define CTR_NETCFG_H

#include "addr.h"
#include "portspec.h"
#include "str.h"

enum netcfg_kind {
	CFG_BRIDGE,
	CFG_ATTACH,
	CFG_MACVLAN,
	CFG_IPVLAN,
	CFG_DETACH,
	CFG_ADDR,
	CFG_ROUTE,
	CFG_LINK,
	CFG_NAT,
	CFG_PUBLISH,
	CFG_UNPUBLISH,
	CFG_SYSCTL
};

#define NETCFG_ADDRS 16

struct netcfg_op {
	enum netcfg_kind kind;
	bool del;                       /* del, down */
	int line;                       /* of the file, 0: an argument */
	char *name;                     /* a bridge, an interface, a macvlan's parent */
	char *ns;                       /* NS as it was written; NULL: the host */
	char *ifname;                   /* in NS; NULL: eth0 */
	char *out;                      /* nat: the interface it leaves by */
	struct cidr addr[NETCFG_ADDRS]; /* addresses; the destination; the subnet */
	size_t addrs;
	struct addr gw[2]; /* gw, via: IPv4, IPv6 */
	uint8_t mac[6];
	bool has_mac;
	int mtu;
	struct portspec port; /* publish: c0..c1 are the target's */
	struct addr to;
	bool same;         /* what it found was so already: not taken back */
	struct buf before; /* what rtnl_save() found, for taking it back */
};

/* One line of words. 0, or -1 with fail(); nothing is left to free then. */
int netcfg_parse(struct netcfg_op *op, char *const *words, size_t n);
/* A file's text: blank lines and # comments are skipped. Appends to *ops. -1 with fail() "WHAT:LINE: why". */
int netcfg_parse_text(struct netcfg_op **ops, size_t *n, const char *what, const char *text);
void netcfg_free(struct netcfg_op *op);

#endif
