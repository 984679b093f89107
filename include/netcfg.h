/* netcfg.h: the lines of words that ctr-netcfg(1) takes: parsed (netcfg.c) and done (netcfg_run.c,
 * netcfg_nat.c).
 */
#ifndef CTR_NETCFG_H
#define CTR_NETCFG_H

#include "addr.h"
#include "nft.h"
#include "portspec.h"
#include "rtnl.h"
#include "str.h"

/* The words that lines begin with. */
/* clang-format off */
#define NETCFG_VERBS(V) \
	V(BRIDGE, "bridge") V(ATTACH, "attach") V(MACVLAN, "macvlan") V(IPVLAN, "ipvlan") \
	V(DETACH, "detach") V(ADDR, "addr") V(ROUTE, "route") V(LINK, "link") V(NAT, "nat") \
	V(PUBLISH, "publish") V(UNPUBLISH, "unpublish") V(SYSCTL, "sysctl") V(VETH, "veth") \
	V(NETNS, "netns") V(NEIGH, "neigh") V(RULE, "rule")
#define NETCFG_KIND(kind, verb) CFG_##kind,
enum netcfg_kind {
	NETCFG_VERBS(NETCFG_KIND)
	CFG_SET /* one thing of an interface: link rename, mtu, mac; bridge port, unport */
};
/* clang-format on */
enum netcfg_set { SET_NAME, SET_MTU, SET_MAC, SET_MASTER };
#define NETNS_DIR "/run/netns" /* as ip-netns(8) */

#define NETCFG_ADDRS 16

struct netcfg_op {
	enum netcfg_kind kind;
	bool del;     /* del, down */
	int line;     /* of the file, 0: an argument */
	char *name;   /* a bridge, an interface, a macvlan's parent; veth: B; netns: its file */
	char *ns;     /* NS as it was written; NULL: the host */
	char *ns2;    /* veth: B's */
	char *ifname; /* in NS; NULL: eth0; veth: A */
	char *out;    /* nat: the interface it leaves by; port: the bridge */
	struct cidr addr[NETCFG_ADDRS]; /* addresses; the destination; the subnet; from, to */
	size_t addrs;
	struct addr gw[2]; /* gw, via: IPv4, IPv6 */
	uint8_t mac[6];
	bool has_mac, guarded, unguarded; /* the latter two as said of attach */
	int mtu, table, pref;
	enum netcfg_set set;
	uint8_t value[16];    /* of CFG_SET; once done what was there before */
	struct portspec port; /* publish: c0..c1 are the target's */
	struct addr to;
	bool same;         /* the setting was the same before: it is not undone */
	struct buf before; /* what rtnl_save() found, for undoing it */
};

/* One line of words. 0, or -1 with fail(); nothing is left to free then. */
int netcfg_parse(struct netcfg_op *op, char *const *words, size_t n);
/* A file's text: blank lines and # comments are skipped. Appends to *ops. -1 with fail()
 * "WHAT:LINE: why". */
int netcfg_parse_text(struct netcfg_op **ops, size_t *n, const char *what, const char *text);
/* Free what one line has, not the line itself. */
void netcfg_free(struct netcfg_op *op);

/* The lines of one run. Zero-initialise; set ops, n and ns_named; the rest belongs to the run. */
struct netcfg {
	struct netcfg_op *ops;
	size_t n;
	/* The network namespace of the container with this name, open; -1 with fail(). */
	int (*ns_named)(const char *name);
	bool container; /* it was one */

	size_t done; /* this many lines have to be undone when a later one fails */
	bool dry;    /* a deletion: only check whether it can be done */
	struct nl rt;
	struct nft nat;
	struct nft_port *published; /* those that come, and (without a comment) those that go */
	size_t n_published;
	bool forwarded[2];
	struct strv made; /* interfaces that bear the mark */
	int lock;         /* $CTR_RUN, held shared while anything bears the mark */
};

/* Carry out all lines in order. 0; -1 with fail() ("line N: why"), and what was done is undone. */
int netcfg_run(struct netcfg *c);
/* Undo what has been done so far, newest first, each line by its opposite; for a process that must
 * end in the middle of netcfg_run(): an undo_fn of undo.h. */
void netcfg_take_back(void *c);
/* Print, in nft(8)'s syntax, what the lines about NAT, ports and forwarding would do. 0, or -1 with
 * fail(). */
int netcfg_rules(struct netcfg *c);

/* The namespace of NS, open, or a socket in it (netcfg_ns.c); NULL: here. -1 with fail(). */
int netcfg_ns(const struct netcfg *c, const char *ns);
int netcfg_nl(const struct netcfg *c, struct nl *n, const char *ns);
/* A namespace bound to a file, and its end (c->dry: only looked at). 0, or -1 with fail(). */
int netcfg_netns_add(const char *file);
int netcfg_netns_del(const struct netcfg *c, const char *file);

/* The parts of netcfg_run() that are about who may send what by a bridge's port (netcfg_guard.c).
 * The port of the host behind which an interface of NS is. */
bool netcfg_port_of(struct netcfg *c, const char *ns, const struct link_info *in, char port[16]);
/* Called before the port is made, because a program in NS may be running already. A container is
 * guarded unless that was refused, another namespace where it was asked for. nft_guard() takes one
 * address of each family. */
void netcfg_guard(
    const struct netcfg *c, const struct netcfg_op *op, const char *port, const uint8_t *mac);
/* An address or a MAC address comes or goes in NS. */
void netcfg_guard_follow(struct netcfg *c, const struct netcfg_op *op, const struct link_info *in,
    const struct cidr *addr, const uint8_t *mac, bool on);
/* The guards of a port, or of all ports that are on no bridge any more, are taken away. 0, or -1
 * with fail(). */
int netcfg_unguard(char *port);
int netcfg_unguard_loose(struct netcfg *c);

/* --- the parts of netcfg_run() that are about NAT and forwarding (netcfg_nat.c) --- */

/* Is the line one of `nat`, `publish` and `unpublish`? */
bool netcfg_is_nat(const struct netcfg_op *op);
/* Do all these lines of the run, in one transaction. 0, or -1 with fail(): then our table is
 * as it was. */
int netcfg_nat_commit(struct netcfg *c);
/* Turn forwarding on where it is off, and keep the host from forwarding for anyone else
 * (nft_close_forward()). 0, or -1 with fail(). */
int netcfg_forward(struct netcfg *c);
/* Turn off what that has turned on. Warns of what fails. */
void netcfg_forward_back(struct netcfg *c);
/* A bridge that was deleted is no longer a network of ours: the next interface with its name may
 * lead to the outside. */
void netcfg_forget_bridge(const char *bridge);
/* -1, and "line N: " before what fail() says. */
int netcfg_failed(const struct netcfg_op *op);

#endif
