/* cni_ipam.c: addresses for attachments, by host-local's configuration
 * (containernetworking/plugins, host-local): a list of sets of ranges, and one address from each
 * set.
 *
 * Leases are files (lease.h) in $CTR_RUN/cni/NETWORK, or dataDir/NETWORK. Beside them `.at-OWNER`
 * lists an attachment's addresses: it is made, empty, before the first lease and filled after the
 * last. Whoever adds or frees holds its lock, so of two at once one waits for the other. When it is
 * empty and nobody holds the lock, a kill came in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cni_ipam.h"
#include "err.h"
#include "file.h"
#include "kept.h"
#include "lease.h"

static bool cni_ipam_ours(const struct cni_call *c)
{
	if (!c->ipam_type || strcmp(c->ipam_type, "ctr-ipam") == 0 || c->does & CNI_IPAM)
		return true;
	if (strcmp(c->ipam_type, "host-local") != 0)
		return false;
	/* Ours, unless CNI_PATH has another plugin of that name. */
	_cleanup_free_ char *path = cni_find((struct cni_call *)c, "host-local");
	return !path || file_same(AT_FDCWD, path, AT_FDCWD, "/proc/self/exe");
}

/* --- leases --- */

struct mine {
	struct addr *v;
	int n, room;
};

static void ipam_mine(const struct lease *l, void *arg)
{
	struct mine *m = arg;
	if (m->n < m->room)
		m->v[m->n++] = l->addr;
}

/* The attachment's addresses: from its index when that is complete, otherwise from its owner's
 * folder, which has each before the lease is made. Returns their number, or -1. */
static int ipam_had(struct cni_call *c, const struct cni_ipam *x, struct addr *had, int room)
{
	size_t len = 0;
	_cleanup_free_ char *text = file_read(x->index, 4096, &len);
	struct mine m = {.v = had, .room = room};
	if (!text)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	if (len && text[len - 1] == '.') {
		for (char *s = text, *w; (w = strsep(&s, "\n"));)
			if (m.n < room && addr_parse("index", w, &had[m.n]) == 0)
				m.n++;
		return m.n;
	}
	return lease_of_owner(x->dir, c->owner, ipam_mine, &m) < 0 ? -1 : m.n;
}

/* Everything that the attachment has, by the index and by the folder of what it was given: a power
 * cut may have taken either. */
static int ipam_free_all(struct cni_call *c, const struct cni_ipam *x)
{
	struct addr had[CNI_ADDRS];
	int n = ipam_had(c, x, had, CNI_ADDRS);
	for (int i = 0; i < n; i++)
		if (lease_free(x->dir, &had[i]) < 0)
			return -1;
	return n < 0 ? -1 : lease_free_held(x->dir, c->owner);
}

/* The index, opened and locked; -1 with errno ENOENT when there is none and none is to be made. */
static int ipam_lock(const struct cni_ipam *x, int flags)
{
	struct stat st;
	for (;;) {
		int fd = open(x->index, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0644);
		if (fd < 0)
			return fail_errno(x->index);
		if (lock_wait(fd, LOCK_EX) < 0 || fstat(fd, &st) < 0) {
			close(fd);
			return -1;
		}
		if (st.st_nlink)
			return fd;
		close(fd); /* a DEL removed it meanwhile */
	}
}

static int ipam_release(struct cni_call *c, const struct cni_ipam *x)
{
	if (c->lock < 0)
		c->lock = ipam_lock(x, 0);
	if (c->lock < 0 && errno != ENOENT && errno != ENOTDIR)
		return -1;
	if (ipam_free_all(c, x) < 0)
		return -1;
	if (c->lock < 0)
		return 0;
	int r = unlink(x->index) < 0 && errno != ENOENT ? fail_errno(x->index) : 0;
	flock(c->lock, LOCK_UN); /* a child that waits for the kernel has it, too */
	close(c->lock);
	c->lock = -1;
	return r;
}

static int ipam_begin(struct cni_call *c, const struct cni_ipam *x)
{
	struct stat st;
	if (dir_make(x->dir, 0755) < 0)
		return -1;
	int fd = ipam_lock(x, O_CREAT);
	bool has = fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0;
	if (has)
		cni_fail(c, CNI_FAILED, "%s has addresses in network %s already (no DEL came)",
		    c->id, c->name);
	if (fd >= 0 && (has || ipam_free_all(c, x) < 0)) { /* left by an ADD that was killed */
		close(fd);
		return -1;
	}
	return fd;
}

/* One address of a set: the one that is asked for, or one of the first range that has a free
 * one. */
static int ipam_take(
    struct cni_call *c, struct cni_ipam *x, size_t set, const char *names, struct cni_result *out)
{
	struct addr got, want = {0};
	for (size_t i = 0; i < x->n && !want.family; i++)
		for (size_t k = 0; k < x->n_want && x->v[i].set == set; k++)
			if (cidr_has(&x->v[i].subnet, &x->want[k]) &&
			    addr_cmp(&x->want[k], &x->v[i].from) >= 0 &&
			    addr_cmp(&x->want[k], &x->v[i].to) <= 0) {
				want = x->want[k];
				x->want[k] = x->want[--x->n_want];
				break;
			}
	int r = -1;
	for (size_t i = 0; i < x->n && r < 0; i++) {
		const struct cni_range *q = &x->v[i];
		if (q->set != set || (want.family && (!cidr_has(&q->subnet, &want) ||
							 addr_cmp(&want, &q->from) < 0 ||
							 addr_cmp(&want, &q->to) > 0)))
			continue;
		struct lease_req req = {.subnet = q->subnet,
		    .from = q->from,
		    .to = q->to,
		    .want = want,
		    .exclude = &q->gw,
		    .excludes = 1,
		    .owner = c->owner,
		    .ifname = c->ifname,
		    .names = names};
		r = lease_take(x->dir, &req, &got);
		if (r == 0) {
			struct cidr a = {got, q->subnet.len};
			cni_result_ip(out, &a, &q->gw, -1);
		} else if (errno != ENOSPC || want.family) {
			return -1;
		}
	}
	return r;
}

static int ipam_fill(int fd, const struct cni_result *r, const char *index)
{
	struct buf b = {0};
	char t[ADDR_TEXT];
	for (size_t i = 0; i < r->n_ips; i++)
		buf_printf(&b, "%s\n", addr_text(&r->ips[i].addr.a, t));
	buf_puts(&b, ".");
	int done = fd_write_all(fd, b.p, b.n) < 0 ? fail_errno(index) : 0;
	buf_free(&b);
	return done;
}

/* Names by which others may know the attachment (capability aliases). */
static int ipam_names(struct cni_call *c, struct buf *out)
{
	struct strv l = {0};
	if (c->runtime && jget_strv(&c->j, c->runtime, "runtimeConfig", "aliases", &l) < 0)
		return cni_fail(c, CNI_BAD_CONFIG, "%s", fail_msg());
	for (size_t i = 0; i < l.n; i++) {
		if (name_check("aliases", l.v[i]) < 0)
			return cni_fail(c, CNI_BAD_CONFIG, "%s", fail_msg());
		buf_printf(out, "%s%s", i ? " " : "", l.v[i]);
	}
	strv_free(&l);
	return 0;
}

static int ipam_add_ours(struct cni_call *c, struct cni_ipam *x, struct cni_result *out)
{
	struct buf names = {0};
	json_t *routes = NULL;
	if (jget_arr(&c->j, c->ipam, "ipam", "routes", &routes) < 0 ||
	    cni_routes_parse(&c->j, routes, "ipam.routes", out) < 0)
		return cni_fail(c, CNI_BAD_CONFIG, "%s", fail_msg());
	if (cni_ipam_resolv(c, &out->dns) < 0 || ipam_names(c, &names) < 0)
		return -1;
	int fd = c->lock = ipam_begin(c, x), r = fd < 0 ? -1 : 0;
	for (size_t set = 0; set < x->sets && r == 0; set++)
		r = ipam_take(c, x, set, names.p, out);
	if (r == 0 && x->n_want) {
		char t[ADDR_TEXT];
		r = cni_fail(c, CNI_BAD_CONFIG, "%s: asked for, and in none of the ranges",
		    addr_text(&x->want[0], t));
	}
	if (r == 0)
		r = ipam_fill(fd, out, x->index);
	buf_free(&names);
	c->crowd = r == 0 ? lease_owners(x->dir) : 0;
	if (r == 0 || fd < 0)
		return r;
	_cleanup_free_ char *why = fail_copy();
	int saved = errno;
	for (size_t i = 0; i < out->n_ips; i++)
		lease_free(x->dir, &out->ips[i].addr.a);
	ipam_release(c, x);
	errno = saved;
	return fail_again(why);
}

int cni_ipam_add(struct cni_call *c, struct cni_result *out)
{
	struct cni_ipam x;
	json_t *o = NULL;
	int r;
	if (!cni_ipam_ours(c)) {
		if (cni_exec(c, c->ipam_type, &o) < 0)
			return -1;
		r = o ? cni_result_parse(&c->j, o, c->ipam_type, out)
		      : fail("%s: it gave no answer", c->ipam_type);
		json_decref(o);
		return r == 0 && !out->n_ips ? fail("%s: it gave no address", c->ipam_type) : r;
	}
	r = cni_ipam_read(c, &x) < 0 ? -1 : ipam_add_ours(c, &x, out);
	cni_ipam_free(&x);
	return r;
}

int cni_ipam_had(struct cni_call *c, struct addr *had, int room)
{
	struct cni_ipam x = {0};
	if (!cni_ipam_ours(c))
		return -1;
	int n = !c->ipam || cni_ipam_dir(c, &x) < 0 ? -1 : ipam_had(c, &x, had, room);
	cni_ipam_free(&x);
	return n;
}

void cni_ipam_hold(struct cni_call *c)
{
	struct cni_ipam x = {0};
	if (c->lock < 0 && cni_ipam_ours(c) && c->ipam && cni_ipam_dir(c, &x) == 0)
		c->lock = ipam_lock(&x, 0);
	cni_ipam_free(&x);
}

int cni_ipam_del(struct cni_call *c)
{
	struct cni_ipam x = {0};
	json_t *o = NULL;
	if (!cni_ipam_ours(c)) {
		int r = cni_exec(c, c->ipam_type, &o);
		json_decref(o);
		return r;
	}
	if (!c->ipam && !(c->does & CNI_IPAM))
		return 0;
	int r = cni_ipam_dir(c, &x) < 0 ? -1 : ipam_release(c, &x);
	cni_ipam_free(&x);
	return r < 0 ? -1 : 0;
}

int cni_ipam_check(struct cni_call *c)
{
	struct cni_ipam x = {0};
	struct addr had[CNI_ADDRS];
	json_t *o = NULL;
	char t[ADDR_TEXT];
	if (!cni_ipam_ours(c)) {
		int r = cni_exec(c, c->ipam_type, &o);
		json_decref(o);
		return r;
	}
	int n = cni_ipam_dir(c, &x) < 0 ? -1 : ipam_had(c, &x, had, CNI_ADDRS);
	if (n == 0)
		n = fail("%s has no address in network %s", c->id, c->name);
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *file = path_join(x.dir, addr_text(&had[i], t)),
				    *text = file_read(file, 16384, NULL);
		size_t len = strlen(c->owner);
		if (!text || strncmp(text, c->owner, len) != 0 || text[len] != '\n')
			n = fail("lease %s: not that of %s", t, c->owner);
	}
	cni_ipam_free(&x);
	return n < 0 ? -1 : 0;
}

struct keep {
	const struct cni_call *c;
	const struct strv *valid;
};

static bool ipam_keep(const struct lease *l, void *arg)
{
	struct keep *k = arg;
	return !cni_is_stale(k->c, k->valid, l->owner);
}

/* An index whose attachment is not valid. A name that was shortened with a hash is shortened here
 * in the same way. */
static int ipam_index_gc(int dirfd, const char *name, void *arg)
{
	struct keep *k = arg;
	if (!str_starts(name, ".at-"))
		return 0;
	_cleanup_free_ char *owner = owner_of_file(name + 4);
	if (cni_is_stale(k->c, k->valid, owner))
		unlinkat(dirfd, name, 0);
	return 0;
}

int cni_ipam_gc(struct cni_call *c, const struct strv *valid)
{
	struct cni_ipam x = {0};
	struct keep k = {c, valid};
	json_t *o = NULL;
	if (!cni_ipam_ours(c)) {
		int r = cni_exec(c, c->ipam_type, &o);
		json_decref(o);
		return r;
	}
	int r = cni_ipam_dir(c, &x) < 0 || lease_gc(x.dir, ipam_keep, &k) < 0 ? -1 : 0;
	_cleanup_close_ int fd = r == 0 ? dir_open(x.dir) : -1;
	if (fd >= 0)
		dir_each(fd, ipam_index_gc, &k);
	cni_ipam_free(&x);
	return r;
}

int cni_ipam_status(struct cni_call *c)
{
	struct cni_ipam x;
	json_t *o = NULL;
	if (!cni_ipam_ours(c)) {
		int r = cni_exec(c, c->ipam_type, &o);
		json_decref(o);
		return r;
	}
	int r = cni_ipam_read(c, &x);
	if (r == 0) {
		c->code = CNI_NOT_AVAILABLE;
		r = dir_make(x.dir, 0755);
	}
	if (r == 0 && access(x.dir, W_OK) < 0)
		r = fail_errno(x.dir);
	cni_ipam_free(&x);
	return r;
}
