/* range.c: which container uses which range of ids; see range.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "ids.h"
#include "idmap.h"
#include "place.h"
#include "range.h"
#include "str.h"
#include "userns.h"

/* An entry of the file, one for each SUBID_SIZE numbers. The uids come first, the gids have their
 * own entries behind: the number of a gid is GIDS + gid. A range may reach into the next entry's
 * numbers. Versions that knew no more wrote ids only: `from` and `last` are 0 there. */
struct range_entry {
	char id[12];
	uint16_t from; /* where the range begins in these numbers */
	uint16_t last; /* its size - 1 */
};

#define GIDS ((int64_t)1 << 32)

static struct flock range_lock(int64_t entry)
{
	return (struct flock){.l_type = F_WRLCK,
	    .l_start = entry * (off_t)sizeof(struct range_entry),
	    .l_len = sizeof(struct range_entry)};
}

/* Has another container, living or being made, a range in this entry, and one of `size` numbers
 * from `first` on in it? 1: yes, 0: no, -1 with fail(). */
static int range_taken(int fd, int64_t entry, int64_t first, uint32_t size)
{
	struct range_entry e = {0};
	struct flock l = range_lock(entry);
	if (pread(fd, &e, sizeof e, l.l_start) < 0)
		return fail_errno("ranges: read");
	int64_t from = entry * SUBID_SIZE + e.from;
	if (!*e.id || from + e.last < first || from >= first + size)
		return 0;
	if (fcntl(fd, F_OFD_GETLK, &l) < 0 || l.l_type != F_UNLCK)
		return 1;
	_cleanup_free_ char *id = xstrndup(e.id, sizeof e.id), *name = ids_name(id);
	if (!name)
		return errno == ENOENT ? 0 : -1;
	return 1;
}

/* Write the entry of the range that begins with `first`: 0, or -1 with fail(). */
static int range_write(int fd, int64_t first, const char *id, uint32_t size)
{
	struct range_entry e = {
	    .from = (uint16_t)(first % SUBID_SIZE), .last = (uint16_t)(size - 1)};
	memcpy(e.id, id, strnlen(id, sizeof e.id));
	return pwrite(fd, &e, sizeof e, range_lock(first / SUBID_SIZE).l_start) == sizeof e
		   ? 0
		   : fail_errno("ranges: write");
}

/* Locked from the check until its container exists, so that two at once do not both find it free.
 * The lock belongs to this open file, and to no other descriptor (fcntl(2), F_OFD_SETLK). The
 * neighbours are looked at when ours is written, so that of two that overlap one sees the other:
 * they do when /etc/subuid or /etc/subgid has changed. */
static int range_try(int fd, const char *id, int64_t first, uint32_t size)
{
	int64_t n = first / SUBID_SIZE;
	struct flock l = range_lock(n);
	if (fcntl(fd, F_OFD_SETLK, &l) < 0)
		return errno == EAGAIN || errno == EACCES ? 1 : fail_errno("ranges: lock");
	int taken = range_taken(fd, n, n * SUBID_SIZE, SUBID_SIZE);
	if (taken == 0)
		taken = range_write(fd, first, id, size);
	for (int64_t i = n ? n - 1 : n + 1; taken == 0 && i <= n + 1; i += 2)
		if ((taken = range_taken(fd, i, first, size)) == 1)
			range_write(fd, first, "", size);
	return taken;
}

/* The first range is used last: ctr-unshare uses it, and so do containers of versions that knew no
 * other. The search begins at random, so that it is short. */
static uint32_t range_turn(uint32_t i, uint32_t n, const char *id)
{
	char eight[9] = "";
	memcpy(eight, id, strnlen(id, 8));
	return i + 1 == n ? 0 : 1 + (uint32_t)((strtoul(eight, NULL, 16) + i) % (n - 1));
}

int range_take(const char *id, struct spec *s, bool durable)
{
	_cleanup_free_ char *path = path_join(ctr_lib(), "ranges");
	struct idmap_entry u = {0}, g = {0};
	uint32_t n = userns_range(0, &u, &g);
	if (place_make(ctr_lib()) < 0)
		return -1;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_open(path);
	int taken = 1;
	for (uint32_t i = 0; i < n && taken == 1; i++) {
		userns_range(range_turn(i, n, id), &u, &g);
		taken = range_try(fd, id, u.host, u.size);
		if (taken == 0 && (taken = range_try(fd, id, GIDS + g.host, g.size)) == 1)
			range_write(fd, u.host, "", u.size);
	}
	if (taken == 1)
		fail("--userns auto: no range of ids is left, of %u that /etc/subuid and "
		     "/etc/subgid have for root: remove a container, give root more there, or let "
		     "two have one (--userns 0:%u:%u)",
		    n, u.host, u.size);
	if (taken == 0 && durable && fdatasync(fd) < 0)
		taken = fail_tried(path, "write");
	if (taken) {
		close(fd);
		return -1;
	}
	s->uid_map.v[0] = u;
	s->gid_map.v[0] = g;
	return fd;
}
