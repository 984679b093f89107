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

#define RANGE_TEXT 16 /* bytes of the file for each range: an id has 12 */

/* Does a living container use it? 1: yes, 0: no, -1 with fail(). */
static int range_taken(int fd, off_t at)
{
	char id[RANGE_TEXT + 1] = "";
	if (pread(fd, id, RANGE_TEXT, at) < 0)
		return fail_errno("ranges: read");
	if (!*id)
		return 0;
	_cleanup_free_ char *name = ids_name(id);
	if (name)
		return 1;
	return errno == ENOENT ? 0 : -1;
}

/* Locked from the check until its container exists, so that two at once do not both find it free.
 * The lock belongs to this open file, and to no other descriptor (fcntl(2), F_OFD_SETLK). */
static int range_try(int fd, const char *id, uint32_t first)
{
	char text[RANGE_TEXT] = "";
	off_t at = (off_t)(first / SUBID_SIZE) * RANGE_TEXT;
	struct flock l = {.l_type = F_WRLCK, .l_start = at, .l_len = RANGE_TEXT};
	int taken = range_taken(fd, at);
	if (taken)
		return taken;
	if (fcntl(fd, F_OFD_SETLK, &l) < 0)
		return errno == EAGAIN || errno == EACCES ? 1 : fail_errno("ranges: lock");
	taken = range_taken(fd, at);
	if (taken == 0) {
		memcpy(text, id, strnlen(id, RANGE_TEXT - 1));
		return pwrite(fd, text, RANGE_TEXT, at) == RANGE_TEXT ? 0
								      : fail_errno("ranges: write");
	}
	l.l_type = F_UNLCK;
	fcntl(fd, F_OFD_SETLK, &l);
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
		taken = range_try(fd, id, u.host);
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
