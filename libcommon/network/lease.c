/* lease.c: address leases as files; see lease.h.
 *
 * Processes that take a lease hold a shared flock on the directory, those that free one an
 * exclusive flock, so that a lease which was read is still the same when it is unlinked. Takers
 * need no lock among themselves, because link(2) fails with EEXIST.
 *
 * `.last4` and `.last6` hold the address handed out last, so that a freed one is not used again at
 * once. They are hints: whatever they contain, no address is given out twice. `.by/HASH/@ADDR` says
 * that an owner whose name has this hash may hold ADDR. It is made before the lease and removed
 * after it, so that an owner's leases can be found without reading all.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "lease.h"
#include "lease_file.h"

#define TRIES 64 /* addresses that are tried one by one before the directory is read */

/* --- the file --- */

/* A file without a name where the file system supports that (O_TMPFILE), so that a kill leaves
 * nothing; otherwise a dot file. */
static int open_aside(int dir, char name[40])
{
	name[0] = 0;
	int fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	char hex[17];
	rand_hex(hex, 8);
	snprintf(name, 40, ".new-%s", hex);
	return openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static int link_to(int dir, int fd, const char *aside, const char *name)
{
	if (*aside)
		return linkat(dir, aside, dir, name, 0);
	if (linkat(fd, "", dir, name, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno == EEXIST)
		return -1;
	char self[40]; /* AT_EMPTY_PATH needs CAP_DAC_READ_SEARCH */
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, dir, name, AT_SYMLINK_FOLLOW);
}

/* --- choosing --- */

/* The address after the one in the hint, if it is in the range. */
static void hint_read(int fd, struct addr *a, const struct lease_req *r)
{
	char t[ADDR_TEXT];
	struct addr h;
	ssize_t n = fd < 0 ? -1 : read(fd, t, sizeof t - 1);
	if (n <= 0)
		return;
	t[n] = 0;
	t[strcspn(t, " \n")] = 0;
	if (addr_parse("hint", t, &h) < 0 || h.family != r->subnet.a.family ||
	    addr_cmp(&h, &r->from) < 0 || addr_cmp(&h, &r->to) >= 0)
		return;
	*a = h;
	addr_next(a);
}

static void hint_write(int fd, const struct addr *a)
{
	char t[ADDR_TEXT + 2], text[ADDR_TEXT];
	int n = snprintf(t, sizeof t, "%-*s\n", ADDR_TEXT - 1, addr_text(a, text));
	if (fd >= 0 && pwrite(fd, t, (size_t)n, 0) < 0)
		return; /* it is only a hint */
}

static bool usable(const struct lease_req *r, const struct addr *a)
{
	for (size_t i = 0; i < r->excludes; i++)
		if (addr_cmp(a, &r->exclude[i]) == 0)
			return false;
	int host = (int)addr_len(a) * 8 - r->subnet.len;
	struct addr first = cidr_first(&r->subnet), last = cidr_last(&r->subnet);
	if (host >= 2 && addr_cmp(a, &first) == 0)
		return false; /* the network's address, or IPv6's subnet-router anycast address */
	return !(host >= 2 && a->family == AF_INET && addr_cmp(a, &last) == 0);
}

struct taken {
	uint8_t *bits;
	uint64_t size;
	const struct addr *from, *to;
};

static int lease_mark(int dirfd, const char *name, void *arg)
{
	(void)dirfd;
	struct taken *t = arg;
	struct addr a;
	if (name[0] == '.' || addr_parse("lease", name, &a) < 0 || a.family != t->from->family)
		return 0;
	if (addr_cmp(&a, t->from) < 0 || addr_cmp(&a, t->to) > 0)
		return 0;
	uint64_t d = addr_distance(&a, t->from);
	if (d < t->size)
		t->bits[d / 8] |= (uint8_t)(1 << d % 8);
	return 0;
}

struct taker {
	int dir, fd;
	const char *aside;
	const struct lease_req *r;
};

/* 1: taken; 0: somebody else has it; -1 with fail(). */
static int try_one(struct taker *t, const struct addr *a)
{
	char text[ADDR_TEXT];
	if (!usable(t->r, a))
		return 0;
	addr_text(a, text);
	if (lease_by_add(t->dir, t->r->owner, text) < 0)
		return -1;
	if (link_to(t->dir, t->fd, t->aside, text) == 0)
		return 1;
	int why = errno;
	struct lease l;
	_cleanup_free_ char *other = NULL;
	if (lease_read(t->dir, text, &other, &l) < 0 || strcmp(l.owner, t->r->owner) != 0)
		lease_by_del(t->dir, t->r->owner, text);
	errno = why;
	return why == EEXIST ? 0 : fail("lease %s: %m", text);
}

static void lease_step(const struct lease_req *r, struct addr *a)
{
	if (addr_cmp(a, &r->to) == 0)
		*a = r->from;
	else
		addr_next(a);
}

/* The range is crowded: read the directory once and search it for a free address, from `a` on and
 * around. */
static int take_from_map(struct taker *t, struct addr *a)
{
	uint64_t d = addr_distance(&t->r->to, &t->r->from), cap = 1 << 24;
	struct taken m = {.size = d < cap ? d + 1 : cap, .from = &t->r->from, .to = &t->r->to};
	m.bits = xcalloc(1, (size_t)(m.size + 7) / 8);
	int got = dir_each(t->dir, lease_mark, &m) < 0 ? -1 : 0;
	uint64_t at = addr_distance(a, &t->r->from);
	for (uint64_t i = 0; i < m.size && got == 0; i++, lease_step(t->r, a)) {
		if (at >= m.size) { /* past the end of the map: continue at the start */
			*a = t->r->from;
			at = 0;
		}
		if (!(m.bits[at / 8] & 1 << at % 8))
			got = try_one(t, a);
		if (got)
			break;
		at++;
	}
	free(m.bits);
	return got;
}

static int choose(struct taker *t, struct addr *a)
{
	const struct lease_req *r = t->r;
	if (r->want.family) {
		char text[ADDR_TEXT];
		*a = r->want;
		int got = try_one(t, a);
		if (got == 0) {
			struct lease l;
			_cleanup_free_ char *other = NULL;
			lease_read(t->dir, addr_text(a, text), &other, &l);
			_cleanup_free_ char *name = xstrndup(l.names, strcspn(l.names, " "));
			errno = EADDRINUSE;
			return fail(
			    "taken by %s: %s: already on lease", *name ? name : l.owner, text);
		}
		return got < 0 ? -1 : 0;
	}
	int got = 0;
	for (int i = 0; i < TRIES && got == 0; i++) {
		got = try_one(t, a);
		if (got == 0)
			lease_step(r, a);
	}
	if (got == 0)
		got = take_from_map(t, a);
	if (got)
		return got < 0 ? -1 : 0;
	char x[ADDR_TEXT], y[ADDR_TEXT];
	errno = ENOSPC;
	return fail("no address is free in %s-%s", addr_text(&r->from, x), addr_text(&r->to, y));
}

static int lease_take_file(int dir, const struct lease_req *r, struct addr *out)
{
	char aside[40];
	const char *last = r->subnet.a.family == AF_INET ? ".last4" : ".last6";
	_cleanup_free_ char *text = xasprintf(
	    "%s\n%s\n%s\n", r->owner, r->ifname ? r->ifname : "", r->names ? r->names : "");
	_cleanup_close_ int fd = open_aside(dir, aside);
	if (fd < 0)
		return fail_errno("lease: make a file");
	/* Without the file there is no hint. */
	_cleanup_close_ int hint =
	    openat(dir, last, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct taker t = {.dir = dir, .fd = fd, .aside = aside, .r = r};
	struct addr a = r->from;
	int result = -1;
	if (fd_write_all(fd, text, strlen(text)) < 0) {
		fail_errno("lease: write");
	} else {
		hint_read(hint, &a, r);
		result = choose(&t, &a);
	}
	int saved = errno;
	if (*aside)
		unlinkat(dir, aside, 0);
	if (result == 0) {
		if (!r->want.family)
			hint_write(hint, &a);
		*out = a;
	}
	errno = saved;
	return result;
}

int lease_check(const struct lease_req *r)
{
	char t[ADDR_TEXT], c[CIDR_TEXT];
	bool good = !r->want.family || (cidr_has(&r->subnet, &r->want) && usable(r, &r->want));
	return good ? 0
		    : fail("%s: not a host's address within %s", addr_text(&r->want, t),
			  cidr_text(&r->subnet, c));
}

int lease_take(const char *dir, const struct lease_req *asked, struct addr *out)
{
	struct lease_req r = *asked;
	char c[CIDR_TEXT];
	if (!*r.owner || strlen(r.owner) >= 256 || strpbrk(r.owner, "\n\r"))
		return fail("lease: '%s' cannot be an owner's name", r.owner);
	if (r.names && (strlen(r.names) > LEASE_MAX / 2 || strpbrk(r.names, "\n\r")))
		return fail("lease: too many names");
	if (!r.from.family) {
		r.from = cidr_first(&r.subnet);
		r.to = cidr_last(&r.subnet);
	}
	if (!cidr_has(&r.subnet, &r.from) || !cidr_has(&r.subnet, &r.to))
		return fail("range: it is not within %s", cidr_text(&r.subnet, c));
	if (lease_check(&r) < 0)
		return -1;
	_cleanup_close_ int fd = lease_dir(dir, true);
	if (fd < 0 || lock_wait(fd, LOCK_SH) < 0)
		return -1;
	return lease_take_file(fd, &r, out);
}
