/* lease_file.c: the files in a directory of leases; see lease_file.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "fnv.h"
#include "lease.h"
#include "lease_file.h"
#include "place.h"

char *leases_of(const char *network)
{
	return xasprintf("%s/leases/%s", ctr_run(), network);
}

int lease_dir(const char *dir, bool make)
{
	int fd = dir_open(dir);
	if (fd < 0 && errno == ENOENT && make && dir_make(dir, 0700) == 0)
		fd = dir_open(dir);
	if (fd < 0 && (make || errno != ENOENT))
		fail_errno(dir);
	return fd;
}

bool lease_whole(const char *dir, bool mark)
{
	_cleanup_close_ int fd = lease_dir(dir, mark);
	if (mark) /* without it, all are looked at again */
		mknodat(fd, LEASE_WHOLE, S_IFREG | 0600, 0);
	return faccessat(fd, LEASE_WHOLE, F_OK, 0) == 0;
}

bool lease_parse(char *text, size_t len, struct lease *l)
{
	char *line[3] = {text, NULL, NULL};
	if (memchr(text, 0, len))
		return false;
	for (int i = 0; i < 3 && line[i]; i++) {
		char *nl = strchr(line[i], '\n');
		if (!nl)
			break;
		*nl = 0;
		if (nl > line[i] && nl[-1] == '\r') /* host-local ends its lines with CR LF */
			nl[-1] = 0;
		if (i < 2)
			line[i + 1] = nl + 1;
	}
	size_t owner = strlen(line[0]), ifname = line[1] ? strlen(line[1]) : 0;
	if (owner == 0 || owner >= sizeof l->owner || ifname >= sizeof l->ifname)
		return false;
	memcpy(l->owner, line[0], owner + 1);
	memcpy(l->ifname, line[1] ? line[1] : "", ifname + 1);
	l->names = line[2] ? line[2] : line[0] + owner;
	return true;
}

/* The text of a lease and its meaning: 0; -1 with fail() and errno ENOENT when there is none,
 * EBADMSG when it is not a lease. */
int lease_read(int dir, const char *name, char **text, struct lease *l)
{
	size_t len;
	memset(l, 0, sizeof *l);
	l->names = (char *)"";
	*text = file_read_at(dir, name, LEASE_MAX, &len);
	if (!*text && errno != EFBIG && errno != EINVAL)
		return -1;
	if (*text && lease_parse(*text, len, l) && addr_parse("lease", name, &l->addr) == 0)
		return 0;
	return errno = EBADMSG, fail("lease %s: it is damaged", name);
}

/* --- by owner --- */

/* With `addr` NULL: the folder. */
const char *lease_by(char out[LEASE_BY_SIZE], const char *owner, const char *addr)
{
	snprintf(out, LEASE_BY_SIZE, ".by/%016llx%s%s", (unsigned long long)fnv1a(owner),
	    addr ? "/@" : "", addr ? addr : "");
	return out;
}

int lease_by_add(int dir, const char *owner, const char *addr)
{
	char entry[LEASE_BY_SIZE], folder[LEASE_BY_SIZE];
	/* Whoever frees the owner's last lease removes the folder. */
	for (int i = 0; i < 100; i++) {
		if (symlinkat("lease", dir, lease_by(entry, owner, addr)) == 0 || errno == EEXIST)
			return 0;
		if (errno != ENOENT)
			break;
		if ((mkdirat(dir, ".by", 0700) < 0 && errno != EEXIST) ||
		    (mkdirat(dir, lease_by(folder, owner, NULL), 0700) < 0 && errno != EEXIST))
			break;
	}
	return fail("lease: %s: %m", entry);
}

void lease_by_del(int dir, const char *owner, const char *addr)
{
	char p[LEASE_BY_SIZE];
	unlinkat(dir, lease_by(p, owner, addr), 0);
	unlinkat(dir, lease_by(p, owner, NULL), AT_REMOVEDIR); /* if it was the last one */
}

unsigned lease_owners(const char *dir)
{
	struct stat st;
	_cleanup_free_ char *by = path_join(dir, ".by");
	return stat(by, &st) == 0 && st.st_nlink > 2 ? (unsigned)st.st_nlink - 2 : 0;
}
