/* lease_file.h: a directory of leases: each lease's file, and the folders `.by` that find an
 * owner's; for lease.c and lease_free.c only. */
#ifndef CTR_LEASE_FILE_H
#define CTR_LEASE_FILE_H

#include "lease.h"

#define LEASE_WHOLE ".whole"
#define LEASE_MAX 16384 /* bytes in a lease file */
#define LEASE_BY_SIZE (sizeof ".by/0123456789abcdef/@" + ADDR_TEXT)

/* The directory, open. -1 with fail(), or where it is missing and not made with errno ENOENT. */
int lease_dir(const char *dir, bool make);
/* A lease's text (caller frees) and what it says: 0; -1 with fail(), errno ENOENT when there is
 * none, EBADMSG when it is no lease. */
int lease_read(int dir, const char *name, char **text, struct lease *l);
/* The path of an owner's entry for an address; with `addr` NULL, of the owner's folder.
 * lease_by_add() makes the entry: 0, or -1 with fail(); lease_by_del() removes it, and the folder
 * with the last one. */
const char *lease_by(char out[LEASE_BY_SIZE], const char *owner, const char *addr);
int lease_by_add(int dir, const char *owner, const char *addr);
void lease_by_del(int dir, const char *owner, const char *addr);

#endif
