/* userns.c: user namespaces, and the ids that a user may map in them; see userns.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "idmap.h"
#include "pidfd.h"
#include "str.h"
#include "tree.h"
#include "undo.h"
#include "userdb.h"
#include "userns.h"

/* The caller's range in /etc/subuid or /etc/subgid; false when there is none. */
static bool sub_range(const char *file, uint32_t *start, uint32_t *count)
{
	_cleanup_free_ char *text = file_read(file, FILE_ANY, NULL);
	_cleanup_free_ char *name = userdb_name(geteuid());
	return text && subid_find(text, name ? name : "", geteuid(), start, count) == 0;
}

static bool helpers_there(void)
{
	return (access("/usr/bin/newuidmap", X_OK) == 0 || access("/bin/newuidmap", X_OK) == 0) &&
	       (access("/usr/bin/newgidmap", X_OK) == 0 || access("/bin/newgidmap", X_OK) == 0);
}

/* One of the two maps. `inner` is the id that the caller's own id becomes (0, or the same with
 * keep-id); the others come from the range of subordinate ids. */
static void user_side(struct idmap *m, uint32_t own, uint32_t inner, uint32_t start, uint32_t count)
{
	uint32_t below = inner < count ? inner : count;
	idmap_add(m, 0, start, below);
	idmap_add(m, inner, own, 1);
	idmap_add(m, inner + 1, start + below, count - below);
}

bool userns_nested(void)
{
	_cleanup_free_ char *map = file_read("/proc/self/uid_map", 65536, NULL);
	return map && !strstr(map, "4294967295");
}

const char *userns_opaque(bool own)
{
	return own || userns_nested() ? "user.overlay.opaque" : "trusted.overlay.opaque";
}

/* One of the two maps of userns_range(). Where no ids are set aside for root or for podman's
 * `containers`, those above the ones that useradd(8) and systemd hand out are taken, up to
 * 0x7fffffff. */
static uint32_t range_of(const char *file, uint32_t nth, struct idmap_entry *e)
{
	_cleanup_free_ char *text = file_read(file, FILE_ANY, NULL);
	uint32_t n = text ? subid_nth(text, "root", 0, nth, e) : 0;
	if (!n && text)
		n = subid_nth(text, "containers", 0, nth, e);
	if (n)
		return n;
	*e = (struct idmap_entry){0, 0x70000000 + nth * SUBID_SIZE, SUBID_SIZE};
	return 0x10000000 / SUBID_SIZE;
}

uint32_t userns_range(uint32_t nth, struct idmap_entry *uids, struct idmap_entry *gids)
{
	uint32_t u = range_of("/etc/subuid", nth, uids), g = range_of("/etc/subgid", nth, gids);
	return u < g ? u : g;
}

int userns_auto(struct idmap *uids, struct idmap *gids, bool keep_id)
{
	uint32_t us = 0, uc = 0, gs = 0, gc = 0;
	if (geteuid() == 0) {
		if (keep_id)
			return errno = EINVAL,
			       fail("--userns keep-id: it is for users other than root");
		if (userns_nested())
			return errno = EPERM, fail("--userns auto: root of a user namespace has no "
						   "ids to set aside: give a map, "
						   "--userns 0:0:1");
		struct idmap_entry u = {0}, g = {0};
		userns_range(0, &u, &g);
		idmap_add(uids, 0, u.host, u.size);
		idmap_add(gids, 0, g.host, g.size);
		return 0;
	}
	if (!sub_range("/etc/subuid", &us, &uc) || !sub_range("/etc/subgid", &gs, &gc) ||
	    !helpers_there())
		uc = gc = 0;
	user_side(uids, geteuid(), keep_id ? geteuid() : 0, us, uc);
	user_side(gids, getegid(), keep_id ? getegid() : 0, gs, gc);
	return 0;
}

/* --- being in one --- */

bool userns_single(void)
{
	uint32_t start, count;
	return geteuid() != 0 && !(helpers_there() && sub_range("/etc/subuid", &start, &count) &&
				     sub_range("/etc/subgid", &start, &count));
}

/* unshare(2) keeps our id and gives us every capability; the map has to be written from outside, by
 * a child that stays there. */
int userns_enter(const struct idmap *uids, const struct idmap *gids)
{
	struct idmap own_uids = {0}, own_gids = {0};
	int go[2];
	char c = 0;
	if (geteuid() == 0)
		return 0;
	if (!uids || !uids->n) {
		if (userns_auto(&own_uids, &own_gids, false) < 0)
			return -1;
		uids = &own_uids, gids = &own_gids;
	}
	if (pipe2(go, O_CLOEXEC) < 0)
		return fail_errno("pipe");
	pid_t me = getpid(), pid = fork();
	if (pid == 0) {
		undo_forget();
		close(go[1]);
		_exit(read(go[0], &c, 1) != 1 ||
		      idmap_write(me, uids->v, uids->n, gids->v, gids->n) < 0);
	}
	close(go[0]);
	int r = pid < 0 ? -1 : unshare(CLONE_NEWUSER);
	if (r < 0)
		fail_errno("a user namespace");
	else if (write(go[1], &c, 1) != 1)
		r = -1;
	close(go[1]);
	int status = pid_reap(pid);
	if (r == 0 && status != 0)
		return errno = EPERM, fail("the map of this user's ids was refused (subuid(5))");
	return r;
}

int userns_do(int (*fn)(void *arg), void *arg)
{
	int p[2];
	char why[FAIL_MAX];
	if (geteuid() == 0 || userns_single())
		return fn(arg);
	if (pipe2(p, O_CLOEXEC) < 0)
		return fail_errno("pipe");
	pid_t pid = fork();
	if (pid == 0) {
		undo_forget();
		if (userns_enter(NULL, NULL) == 0 && fn(arg) == 0)
			_exit(0);
		_exit(write(p[1], fail_msg(), strlen(fail_msg())) >= 0);
	}
	close(p[1]);
	ssize_t n = pid < 0 ? -1 : read(p[0], why, sizeof why - 1);
	close(p[0]);
	int status = pid_reap(pid);
	why[n < 0 ? 0 : n] = 0;
	if (!status)
		return 0;
	errno = EPERM;
	return fail_again(*why ? why : "a child in the user namespace was killed");
}

struct tree {
	int dirfd;
	const char *name;
};

static int remove_there(void *arg)
{
	struct tree *t = arg;
	return tree_remove_at(t->dirfd, t->name);
}

int userns_tree_remove(int dirfd, const char *name)
{
	if (tree_remove_at(dirfd, name) == 0)
		return 0;
	if ((errno != EACCES && errno != EPERM) || geteuid() == 0 || userns_single())
		return -1;
	return userns_do(remove_there, &(struct tree){dirfd, name});
}
