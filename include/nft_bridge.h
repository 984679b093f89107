/* nft_bridge.h: our table `ctrbox` in nf_tables' family bridge: frames that come in by a port of a
 * bridge with another source address than the port's are dropped. Two elements a port, each with a
 * comment.
 */
#ifndef CTR_NFT_BRIDGE_H
#define CTR_NFT_BRIDGE_H

#include <stdint.h>

#include "nft.h"

/* Let the port send only from `mac`. 0, or -1 with fail() (CONFIG_NF_TABLES_BRIDGE). */
int nft_spoof_add(const char *port, const uint8_t mac[6], const char *comment);
/* Take away what has this comment, and the port's (NULL: not known). 0 (also when there is none),
 * or -1 with fail(). */
int nft_spoof_del(const char *port, const char *comment);
/* Is `port` checked, and may it send from `mac`? 1, 0, or -1 with fail(). */
int nft_spoof_has(const char *port, const uint8_t mac[6]);
/* Every port that is checked, or guarded (nft_guard()), with its comment. 0, or -1 with fail(). */
int nft_spoof_each(
    bool guarded, void (*fn)(const char *port, const char *comment, void *arg), void *arg);

/* From now on a bridge's port passes only what comes from that MAC and those addresses (family 0:
 * none; with IPv6 the link-local one of the MAC, too): frames, ARP and neighbour advertisements,
 * and nothing else than IP and ARP. on false: no longer; what is not there is no error. 1: the
 * table was missing, and was made. */
int nft_guard(
    const char *port, const uint8_t *mac, const struct cidr *addr, const char *comment, bool on);
/* The same by what stands there: whatever gone() says is to go. Reads all of it. */
typedef bool nft_guard_gone_fn(const char *port, const char *comment, void *arg);
int nft_guard_clear(nft_guard_gone_fn *gone, void *arg);

/* Append the same to a transaction, and all of the table before it where some of its rules are
 * missing: how many (0 when there is no table), or -1 with fail(). */
void nft_guard_put(struct nft *f, const char *port, const uint8_t *mac, const struct cidr *addr,
    const char *comment);
int nft_guard_rules_again(struct nft *f);
/* The table, at the beginning of a transaction. */
int nft_guard_base(struct nft *f);

/* Where no port is checked the table goes. 0, or -1 with fail(). */
int nft_guard_idle(void);

#endif
