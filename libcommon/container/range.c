/* range.c: which container uses which range of ids; see range.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "ids.h"
#include "idmap.h"
#include "place.h"
#include "range.h"
#include "record.h"
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

/* In id[0]: another container joined that user namespace, and may live longer. */
#define RANGE_SHARED 0x80

#define RANGE_AT(entry) ((off_t)(entry) * (off_t)sizeof(struct range_entry))

/* 0, or 1 when another open file has it locked; -1 with fail(). */
static int range_lock(int fd, int what, uint32_t entry)
{
	struct flock l = {.l_type = F_WRLCK, .l_start = RANGE_AT(entry), .l_len = RANGE_AT(1)};
	if (fcntl(fd, what, &l) < 0)
		return errno == EAGAIN ? 1 : fail_errno("ranges: lock");
	return what == F_OFD_GETLK && l.l_type != F_UNLCK;
}

/* Does the record of c have this number, which is the first of a range, in its maps? In doubt it
 * does. */
static int range_used(struct container *c, void *number)
{
	_cleanup_free_ char *text = NULL;
	size_t n;
	int r = container_config(c, &text, &n);
	return r < 0 || (r && strstr(text, number));
}

/* Has another container, living or being made, a range in this entry, and one of `size` numbers
 * from `first` on in it? 1: yes, 0: no, -1 with fail(). */
static int range_taken(int fd, uint32_t entry, int64_t first, uint32_t size)
{
	struct range_entry e = {0};
	char id[sizeof e.id + 1] = "";
	if (pread(fd, &e, sizeof e, RANGE_AT(entry)) < 0)
		return fail_errno("ranges: read");
	int64_t from = (int64_t)entry * SUBID_SIZE + e.from;
	if (!*e.id || from + e.last < first || from >= first + size)
		return 0;
	memcpy(id, e.id, sizeof e.id);
	id[0] &= ~RANGE_SHARED;
	int r = range_lock(fd, F_OFD_GETLK, entry);
	if (r == 0)
		r = ids_there(id);
	if (r == 0 && e.id[0] & RANGE_SHARED) {
		snprintf(id, sizeof id, "%u", (uint32_t)from);
		r = container_each(range_used, id);
	}
	return r;
}

/* Write the entry of the range that begins with `first`: 0, or -1 with fail(). */
static int range_write(int fd, int64_t first, const char *id, uint32_t size)
{
	struct range_entry e = {
	    .from = (uint16_t)(first % SUBID_SIZE), .last = (uint16_t)(size - 1)};
	memcpy(e.id, id, strnlen(id, sizeof e.id));
	return pwrite(fd, &e, sizeof e, RANGE_AT(first / SUBID_SIZE)) < 0
		   ? fail_errno("ranges: write")
		   : 0;
}

/* Locked from the check until its container exists, so that two at once do not both find it free.
 * The lock belongs to this open file, and to no other descriptor (fcntl(2), F_OFD_SETLK). The
 * neighbours are looked at when ours is written, so that of two that overlap one sees the other:
 * they do when /etc/subuid or /etc/subgid has changed. */
static int range_try(int fd, const char *id, int64_t first, uint32_t size)
{
	uint32_t n = (uint32_t)(first / SUBID_SIZE);
	int r = range_lock(fd, F_OFD_SETLK, n);
	if (r == 0)
		r = range_taken(fd, n, first - first % SUBID_SIZE, SUBID_SIZE);
	if (r == 0)
		r = range_write(fd, first, id, size);
	for (uint32_t i = n ? n - 1 : 1; r == 0 && i <= n + 1; i += 2)
		if ((r = range_taken(fd, i, first, size)) == 1)
			range_write(fd, first, "", size);
	return r;
}

/* The first range is used last: ctr-unshare uses it, and so do containers of versions that knew no
 * other. The search begins at random, so that it is short. */
static uint32_t range_turn(uint32_t i, uint32_t n, const char *id)
{
	return i + 1 == n ? 0 : 1 + (uint32_t)((strtoull(id, NULL, 16) + i) % (n - 1));
}

static int range_open(void)
{
	_cleanup_free_ char *path = path_join(ctr_lib(), "ranges");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? fail_open(path) : fd;
}

static void range_share_one(int fd, int64_t first)
{
	off_t at = RANGE_AT(first / SUBID_SIZE);
	char c = 0;
	if (pread(fd, &c, 1, at) == 1 && c) {
		c |= RANGE_SHARED;
		pwrite(fd, &c, 1, at);
	}
}

void range_share(const struct spec *s)
{
	_cleanup_close_ int fd = range_open();
	if (fd >= 0 && s->uid_map.n && s->gid_map.n) {
		range_share_one(fd, s->uid_map.v->host);
		range_share_one(fd, GIDS + s->gid_map.v->host);
	}
}

int range_take(const char *id, struct spec *s, bool durable)
{
	struct idmap_entry *u = s->uid_map.v, *g = s->gid_map.v;
	uint32_t n = userns_range(0, u, g);
	if (place_make(ctr_lib()) < 0)
		return -1;
	int fd = range_open(), taken = 1;
	if (fd < 0)
		return -1;
	for (uint32_t i = 0; i < n && taken == 1; i++) {
		userns_range(range_turn(i, n, id), u, g);
		taken = range_try(fd, id, u->host, u->size);
		if (taken == 0 && (taken = range_try(fd, id, GIDS + g->host, g->size)) == 1)
			range_write(fd, u->host, "", u->size);
	}
	if (taken == 1)
		fail("--userns auto: no range of ids is left, of %u that root has in /etc/subuid "
		     "and /etc/subgid: remove a container, or let two have one "
		     "(--userns 0:%u:%u)",
		    n, u->host, u->size);
	if (taken == 0 && durable && fdatasync(fd) < 0)
		taken = fail_errno("ranges: write");
	if (taken) {
		close(fd);
		return -1;
	}
	return fd;
}
