/* lease_free.c: freeing leases, and listing them; see lease.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "lease_file.h"

/* Under the exclusive lock, so that what was read is still true. 1: freed; 0: there was none; -1
 * with fail(). */
static int lease_free_drop(int dir, const char *name, const char *owner)
{
	bool there = unlinkat(dir, name, 0) == 0;
	if (!there && errno != ENOENT)
		return fail("lease %s: free: %m", name);
	if (*owner)
		lease_by_del(dir, owner, name);
	return there;
}

int lease_free(const char *dir, const struct addr *a)
{
	char t[ADDR_TEXT];
	struct lease l;
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = lease_dir(dir, false);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (lock_wait(fd, LOCK_EX) < 0)
		return -1;
	if (lease_read(fd, addr_text(a, t), &text, &l) < 0 && errno != EBADMSG)
		return errno == ENOENT ? 0 : -1;
	return lease_free_drop(fd, t, l.owner);
}

struct walk {
	void (*fn)(const struct lease *, void *);
	bool (*keep)(const struct lease *, void *);
	void *arg;
	const char *owner;
	int dir, freed;    /* dir is that of the leases, where they are looked up by their owner */
	struct strv *kept; /* the folders of the owners whose leases are kept */
};

/* A file that is no lease: one that a kill left half-made. Under the exclusive lock nobody is
 * writing it. */
static int visit_other(int dirfd, const char *name, const struct walk *w)
{
	static const char *const ours[] = {".last4", ".last6", ".by", LEASE_WHOLE};
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		if (strcmp(name, ours[i]) == 0)
			return 0;
	/* .at-ID lists an attachment's addresses; whoever keeps it there (cni_ipam.c) removes
	 * it. */
	if (w->keep && *name == '.' && !str_starts(name, ".at-") && unlinkat(dirfd, name, 0) < 0 &&
	    errno != ENOENT)
		warn("leases: %s: %m: it is left alone", name);
	return 0;
}

/* After a failure (errno): is it gone, or not a regular file and so none of ours? gc says of the
 * latter that it is left alone. */
static bool stray(const struct walk *w, const char *name)
{
	bool is = file_is_none();
	if (is && w->keep)
		warn("leases: %s: %m: it is left alone", name);
	return is || errno == ENOENT;
}

static int visit(int dirfd, const char *name, void *arg)
{
	struct walk *w = arg;
	struct lease l;
	struct addr a;
	_cleanup_free_ char *text = NULL;
	if (name[0] == '.' || addr_parse("lease", name, &a) < 0)
		return visit_other(dirfd, name, w);
	bool good = lease_read(dirfd, name, &text, &l) == 0;
	if (!good && errno != EBADMSG)
		return stray(w, name) ? 0 : -1;
	if (w->fn) {
		if (good)
			w->fn(&l, w->arg);
		return 0;
	}
	/* A file that holds no lease (a power cut can empty it) belongs to the owner in whose
	 * folder it was looked up; without such a folder it is nobody's, and gc removes it. */
	const char *nobody = w->dir ? w->owner : "", *owner = good ? l.owner : nobody;
	if (!good && !w->owner) /* all are looked at again */
		unlinkat(dirfd, LEASE_WHOLE, 0);
	bool go = w->owner ? strcmp(owner, w->owner) == 0 : !good || !w->keep(&l, w->arg);
	int r = go ? lease_free_drop(dirfd, name, owner) : 0;
	char folder[LEASE_BY_SIZE];
	if (!go && w->kept)
		strv_add(w->kept, strrchr(lease_by(folder, owner, NULL), '/') + 1);
	w->freed += r > 0;
	return r < 0 && !stray(w, name) ? -1 : 0;
}

static int stale_entry(int dirfd, const char *name, void *arg)
{
	const struct walk *w = arg;
	if (faccessat(w->dir, name + 1, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		unlinkat(dirfd, name, 0);
	return 0;
}

static int stale_folder(int dirfd, const char *name, void *arg)
{
	const struct walk *w = arg;
	if (strv_among(w->kept, name))
		return 0;
	_cleanup_close_ int fd =
	    openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || dir_scan(fd, stale_entry, arg) < 0)
		warn("leases: .by/%s: %m: it is left alone", name);
	unlinkat(dirfd, name, AT_REMOVEDIR);
	return 0;
}

static int walk(const char *dir, struct walk *w)
{
	_cleanup_close_ int fd = lease_dir(dir, false);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (!w->fn && lock_wait(fd, LOCK_EX) < 0)
		return -1;
	int r = dir_each(fd, visit, w);
	if (w->kept) {
		/* Entries whose leases were never made, or were removed, because of a kill; those
		 * of an owner that has other leases still wait for the end of these. */
		_cleanup_close_ int all = openat(fd, ".by", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		strv_sort(w->kept);
		w->dir = fd;
		if (all >= 0 && dir_scan(all, stale_folder, w) < 0)
			r = -1;
	}
	return r < 0 ? -1 : w->freed;
}

static int visit_by(int dirfd, const char *name, void *arg)
{
	(void)dirfd;
	struct walk *w = arg;
	return *name == '@' ? visit(w->dir, name + 1, w) : 0;
}

/* The leases of one owner, by means of the owner's folder. */
static int walk_owner(const char *dir, struct walk *w)
{
	char p[LEASE_BY_SIZE];
	_cleanup_close_ int fd = lease_dir(dir, false);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (!w->fn && lock_wait(fd, LOCK_EX) < 0)
		return -1;
	_cleanup_close_ int his =
	    openat(fd, lease_by(p, w->owner, NULL), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (his < 0)
		return errno == ENOENT ? 0 : fail("%s/%s: %m", dir, p);
	w->dir = fd;
	return dir_each(his, visit_by, w) < 0 ? -1 : w->freed;
}

int lease_free_held(const char *dir, const char *owner)
{
	struct walk w = {.owner = owner};
	return walk_owner(dir, &w);
}

int lease_free_owner(const char *dir, const char *owner)
{
	struct walk w = {.owner = owner};
	int r = lease_free_held(dir, owner);
	/* There is no folder: another program may have written the leases. */
	return r ? r : walk(dir, &w);
}

struct his {
	const char *owner;
	void (*fn)(const struct lease *, void *);
	void *arg;
};

static void on_his(const struct lease *l, void *arg)
{
	const struct his *h = arg;
	if (strcmp(l->owner, h->owner) == 0)
		h->fn(l, h->arg);
}

int lease_of_owner(
    const char *dir, const char *owner, void (*fn)(const struct lease *l, void *arg), void *arg)
{
	struct his h = {owner, fn, arg};
	struct walk w = {.owner = owner, .fn = on_his, .arg = &h};
	return walk_owner(dir, &w) < 0 ? -1 : 0;
}

int lease_gc(const char *dir, bool (*keep)(const struct lease *l, void *arg), void *arg)
{
	_cleanup_strv_ struct strv kept = {0};
	struct walk w = {.keep = keep, .arg = arg, .kept = &kept};
	return walk(dir, &w);
}

int lease_each(const char *dir, void (*fn)(const struct lease *l, void *arg), void *arg)
{
	struct walk w = {.fn = fn, .arg = arg};
	return walk(dir, &w) < 0 ? -1 : 0;
}
