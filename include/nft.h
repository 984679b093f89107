/* nft.h: our one nf_tables table `ctrbox`, in families ip and ip6 (ctrbox-security(7), Networks):
 * what it holds is a fixed set of rules over sets and maps, so that a network or a published port
 * is an element, never a rule.
 *
 * Everything appended between nft_open() and nft_commit() is one transaction: all or nothing.
 * Tables of others are only looked at.
 */
#ifndef CTR_NFT_H
#define CTR_NFT_H

#include "addr.h"
#include "nl.h"

#define NFT_TABLE "ctrbox"
#define COMMENT_SIZE 200

/* A port of the host, and its target. */
struct nft_port {
	uint8_t proto;    /* IPPROTO_TCP or IPPROTO_UDP */
	struct addr host; /* any address: 0.0.0.0 or :: */
	uint16_t hport, cport;
	struct addr to; /* the same family */
	char comment[COMMENT_SIZE];
};

struct nft {
	struct nl body; /* the transaction, without its frame; its socket is the one used */
	bool rebuilt;   /* after nft_commit(): the table was missing and was made */
	bool print;     /* instead: on stdout, in nft(8)'s syntax; then it need not be open */
};

/* Begin a transaction on a socket of its own, which nft_close() closes. 0, or -1 with fail() naming
 * the kernel option that is missing. */
int nft_open(struct nft *f);
void nft_close(struct nft *f);

enum nft_net_flags { NFT_MASQUERADE = 1, NFT_INTERNAL = 2 };
/* Append to the transaction that a network comes or goes: a subnet behind a bridge (or behind any
 * interface of the host; NULL: not known). */
void nft_net_add(struct nft *f, const struct cidr *subnet, const char *bridge, int flags);
void nft_net_del(struct nft *f, const struct cidr *subnet, const char *bridge, int flags);
/* Masquerade only what leaves by one interface. Linux 5.6. */
void nft_out_add(struct nft *f, const struct cidr *subnet, const char *out);
void nft_out_del(struct nft *f, const struct cidr *subnet, const char *out);
/* An interface of CNI attachments: what comes in or leaves through it is forwarded, also to pods of
 * other nodes; and one of those that cannot reach each other. Adding one again is no error, nor is
 * deleting one that does not exist. */
void nft_open_add(struct nft *f, int family, const char *ifname);
void nft_open_del(struct nft *f, int family, const char *ifname);
void nft_apart_add(struct nft *f, int family, const char *ifname);
/* Masquerade one address of an attachment, which the comment names. */
void nft_masq_add(struct nft *f, const struct addr *a, const char *comment);
void nft_masq_del(struct nft *f, const struct addr *a);
/* Append to the transaction that a port of the host is published, or is no longer. nft_commit()
 * reports EEXIST when it is taken. */
void nft_port_add(struct nft *f, const struct nft_port *p);
void nft_port_del(struct nft *f, const struct nft_port *p);
/* Would the two give one port of one address two targets? */
bool nft_port_clash(const struct nft_port *a, const struct nft_port *b);
/* Delete those of them that exist, in a transaction of its own. 0, or -1 with fail(). */
int nft_ports_del(const struct nft_port *ports, size_t n);
/* The same on an open socket. Its nft_close() waits some 10 ms for the kernel's clean-up: close it
 * when everything else is done. */
int nft_ports_away(struct nft *f, const struct nft_port *ports, size_t n);
/* From now on drop what the host would forward and what does not belong to our networks: for
 * whoever turned forwarding on. With closed false: no longer. */
void nft_close_forward(struct nft *f, int family, bool closed);

/* Commit. Makes the table where it is missing. 0, or -1 with fail() and errno: EEXIST a port or a
 * part of a subnet is taken already. Empties the transaction. */
int nft_commit(struct nft *f);

/* The folder of the file in which we count our transactions, asked for at the first. */
void nft_count_in(const char *(*dir)(void));
/* May somebody else have changed anything in this network namespace since nft_settle()? What we
 * change is known. Settle before looking whether all is there; known false: it is not known to
 * be. */
bool nft_strange(const struct nl *n);
void nft_settle(const struct nl *n, bool known);
/* How many of our rules the table of a family lacks, where there is one, and (`closed`, in any
 * case) what keeps the host from being a router; or -1 with fail(). What is to be put in for it is
 * appended to f. */
int nft_rules_again(struct nft *f, int family, bool closed);
/* Leave in the transaction only what adds an element that is not there. How many those are, or -1
 * with fail(). */
int nft_only_missing(struct nft *f);

/* Every port of both families that is published at all addresses of the host, or at one. 0 (also
 * when there is no table), or -1 with fail(). */
enum { NFT_AT_ALL = 1, NFT_AT_ONE = 2, NFT_PORTS = 3 };
int nft_ports(struct nft *f, int which, void (*fn)(const struct nft_port *p, void *arg), void *arg);
/* Every subnet that is masqueraded; out: only by that interface, NULL: by any. */
int nft_nets(
    struct nft *f, void (*fn)(const struct cidr *subnet, const char *out, void *arg), void *arg);
/* Every interface in a set: `bridges`, `internal`, `open` and `apart` (of CNI attachments). 0, also
 * when there is none, or -1 with fail(). */
int nft_names(struct nft *f, int family, const char *set,
    void (*fn)(int family, const char *name, void *arg), void *arg);
/* Does the host drop what it would forward for others (nft_close_forward)? 1, 0, or -1 with fail().
 */
int nft_is_closed(struct nft *f, int family);
/* Our table of a family goes, where it is. 0, or -1 with fail(). */
int nft_table_del(struct nft *f, int family);
/* The elements of p's host port, or of an address that is masqueraded, as they stand in the kernel:
 * 1 with the comment (and p's target), 0 when there is none, -1 with fail(). */
int nft_port_find(struct nft *f, struct nft_port *p);
int nft_masq_find(struct nft *f, const struct addr *a, char comment[COMMENT_SIZE]);
/* Every address of an attachment that is masqueraded. */
int nft_masq_each(
    struct nft *f, void (*fn)(const struct addr *a, const char *comment, void *arg), void *arg);
/* Parse one NFT_MSG_NEWSETELEM message of a map. For fuzzers, too. */
void nft_ports_parse(
    const struct nlmsghdr *h, void (*fn)(const struct nft_port *p, void *arg), void *arg);

/* Base chains of other tables at the forward hook that drop by policy, or by a rule without a
 * condition: they may drop what our networks forward. Not those that accept what comes in by the
 * bridge, and what leaves by it: two rules that name it. */
int nft_foreign_drops(struct nft *f, const char *bridge,
    void (*fn)(const char *family, const char *table, const char *chain, void *arg), void *arg);

/* Is the policy of the older iptables' FORWARD chain drop? */
bool xtables_drop_forward(int family);

/* Our rules in nft(8)'s own syntax, elements not included. */
void nft_text(struct buf *out, int family);
/* Append the expressions of a rule, given in nft's syntax, to a message. -1 with fail() for what is
 * not in our vocabulary. */
int nft_compile(struct nlmsghdr *h, int family, const char *rule);

#endif
