/* kept.h: what attachments of CNI have in nf_tables is kept in files of $CTR_RUN/cni/.kept, too, so
 * that it can be put back after others have flushed the tables. Each file is KIND-OWNER, and has
 * the messages that put the elements in, as they went to the kernel; that of a checked source
 * address (kind s) has the port and the MAC. Kind g is what is said of a port that ctr-netcfg
 * guards, and is named after the port.
 */
#ifndef CTR_KEPT_H
#define CTR_KEPT_H

#include "addr.h"
#include "nft.h"

#define KEPT_MAX (1 << 20)

/* The folder, locked (LOCK_SH, LOCK_EX): shared while an attachment's elements and file change
 * together, alone while they are put in again. -1 with fail(), errno. */
int kept_open(bool make, int how);
/* The folder's path (NULL), or that of a file in it; caller frees. */
char *kept_path(const char *name);
/* The owner that the name of such a file tells; NULL: it is none of these files. Caller frees. */
char *kept_owner(const char *name);
/* An attachment's owner as part of a file's name, "CONTAINERID:IFNAME@NETWORK" after the prefix,
 * and the owner of what follows such a prefix. Caller frees. */
char *owner_file(const char *prefix, const char *owner);
char *owner_of_file(const char *name);
/* Keep that a port is guarded (nft_guard()) with `make`, or that a MAC or addresses (NULL: none)
 * are allowed to a port that is, or no longer are; with neither that it is not guarded. 0, or -1
 * with fail(). */
int kept_guard(const char *port, const uint8_t *mac, const struct cidr *addr, size_t addrs,
    bool make, bool on);
/* Append all of it to the transactions of our tables and of that of family bridge. dir -1: none. */
void kept_again(int dir, struct nft *f, struct nft *bridge);

#endif
