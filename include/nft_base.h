/* nft_base.h: messages about the table `ctrbox` in family ip or ip6, for the other files nft*.c
 * only. */
#ifndef CTR_NFT_BASE_H
#define CTR_NFT_BASE_H

#include "nft.h"

enum { V4 = 1, V6 = 2 }; /* families, as bits */

/* A message of nf_tables, its generic header filled in. */
struct nlmsghdr *nft_msg(struct nl *n, int type, int flags, int family, const char *label);
/* An attribute: a number, or what a register or a key holds. */
void nft_be32(struct nlmsghdr *h, int type, uint32_t v);
void nft_value(struct nlmsghdr *h, int type, const void *p, size_t n);
/* "ip" or "ip6". */
const char *nft_ip(int family);
/* Append all of the table. What exists is kept, the rules are replaced. */
void nft_put_base(struct nl *n, int family);
void nft_flush_chain(struct nl *n, int family, const char *chain);
/* nl_commit() of a transaction, which is counted as ours. */
int nft_send(struct nl *n);
/* Call fn for each element of a message's list, its attributes by type. */
void nft_each_elem(
    const struct nlattr *list, void (*fn)(const struct nlattr *const *tb, void *arg), void *arg);
/* Call fn for each of our chains of a family of nf_tables (NFPROTO_*): how many rules it has and
 * how many jump to it. 1; 0 our table is not there; -1 with fail(). */
typedef void nft_use_fn(const char *chain, uint32_t use, void *arg);
int nft_uses(struct nl *n, uint8_t family, nft_use_fn *fn, void *arg);
/* The i-th chain of the table, NULL after the last; how many of its rules stand in it or jump to
 * it.
 */
const char *nft_base_chain(size_t i);
uint32_t nft_base_uses(const char *chain, int family);
/* What chain masquerade_out holds for `nat add SUBNET out IF`. */
extern const char nft_out_rule[];
/* `text`: in nft's syntax, $ for ip or ip6. */
void nft_put_rule(struct nl *n, int family, const char *chain, const char *text);
/* `type`: as nft writes it, $ for the address's. Returns the message, for more attributes. */
struct nlmsghdr *nft_put_set(
    struct nl *n, int family, const char *name, const char *type, uint32_t flags, uint32_t id);

#endif
