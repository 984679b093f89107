/* nft_bridge.h: our table `ctrbox` in nf_tables' family bridge. It drops frames that enter a bridge
 * by one of its ports with a source address that does not belong to that port. Each port has its
 * elements in the table's sets, and every element bears a comment that names its owner. */
#ifndef CTR_NFT_BRIDGE_H
#define CTR_NFT_BRIDGE_H

#include <stdint.h>

#include "nft.h"

/* Let the port send frames from `mac` only. 0, or -1 with fail() (where the kernel lacks
 * CONFIG_NF_TABLES_BRIDGE). */
int nft_spoof_add(const char *port, const uint8_t mac[6], const char *comment);
/* Remove the elements that bear this comment, and those of the port (NULL: the port is not known).
 * 0 (also when there are none), or -1 with fail(). */
int nft_spoof_del(const char *port, const char *comment);
/* Is `port` checked, and may it send from `mac`? 1, 0, or -1 with fail(). */
int nft_spoof_has(const char *port, const uint8_t mac[6]);
/* Call fn for every port that is checked or, with `guarded`, for every port that nft_guard()
 * guards, with the element's comment. 0, or -1 with fail(). */
int nft_spoof_each(
    bool guarded, void (*fn)(const char *port, const char *comment, void *arg), void *arg);

/* From now on a bridge's port passes only IP and ARP that come from that MAC and those addresses
 * (family 0: there is none of that family; with IPv6 the link-local address that belongs to the MAC
 * is allowed, too). Frames, ARP messages and neighbour advertisements are all checked. `on` false:
 * the port is no longer guarded, and one that was not guarded is no error. Returns 1 when the table
 * was missing and has been made. */
int nft_guard(
    const char *port, const uint8_t *mac, const struct cidr *addr, const char *comment, bool on);
/* Where the port is guarded already: allow it another address or MAC address (either may be NULL),
 * or no longer. 0 (also where it is not guarded), or -1 with fail(). */
int nft_guard_more(
    const char *port, const struct cidr *addr, const uint8_t *mac, const char *comment, bool on);
/* Stop guarding every port of which gone() returns true. This reads the whole table. */
typedef bool nft_guard_gone_fn(const char *port, const char *comment, void *arg);
int nft_guard_clear(nft_guard_gone_fn *gone, void *arg);
int nft_guard_away(const char *port); /* of this one, whatever it is guarded with */

/* nft_guard_put() appends the elements of one guarded port to a transaction.
 * nft_guard_rules_again() puts the whole table before them where some of its rules are missing: it
 * returns how many were missing (0 when there is no table), or -1 with fail(). */
void nft_guard_put(struct nft *f, const char *port, const uint8_t *mac, const struct cidr *addr,
    const char *comment);
int nft_guard_rules_again(struct nft *f);
/* Append the table itself, which must stand at the beginning of a transaction. */
int nft_guard_base(struct nft *f);

/* Delete the table if no port is checked or guarded any more. 0, or -1 with fail(). */
int nft_guard_idle(void);

#endif
