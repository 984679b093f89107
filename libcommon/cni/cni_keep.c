/* cni_keep.c: what attachments have in nf_tables, also kept in files, in case somebody flushes the
 * ruleset (reloading Debian's nftables service does).
 *
 * Each is a file, $CTR_RUN/cni/.kept/KIND-OWNER, with the messages that add its elements, as they
 * were sent to the kernel; for a checked source address it has the port and the MAC. Beside them
 * `.tables` holds the handles of our tables from when everything was in place: a table that was
 * made since then has another handle.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cni_call.h"
#include "err.h"
#include "file.h"
#include "network.h"
#include "nft_bridge.h"
#include "place.h"

#define KEPT_MAX (1 << 20)

static char *keep_name(const struct cni_call *c, char kind)
{
	char *s = xasprintf("%c-%s", kind, c->owner + 4);
	for (char *p = s; *p; p++)
		if (*p == '/')
			*p = ':';
	return s;
}

/* The folder, locked: shared while an attachment's elements and its file change together,
 * exclusively while they are put in again. */
static int keep_open(bool make, int how)
{
	_cleanup_free_ char *dir = xasprintf("%s/cni/.kept", ctr_run());
	if (make && (place_check() < 0 || dir_make(dir, 0700) < 0))
		return -1;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && lock_wait(fd, how) == 0)
		return fd;
	int saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	return fail("%s: %m", dir);
}

static int keep_put(struct cni_call *c, int dir, char kind, const void *data, size_t len, int how)
{
	_cleanup_free_ char *name = keep_name(c, kind);
	_cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC | how, 0600);
	if (fd < 0)
		return how & O_EXCL && errno == EEXIST ? 0 : fail("%s: %m", name);
	return len && fd_write_all(fd, data, len) < 0 ? fail("%s: %m", name) : 1;
}

int cni_keep_commit(struct cni_call *c, char kind, struct nft *f)
{
	struct buf b = {0};
	_cleanup_close_ int dir = keep_open(true, LOCK_SH);
	int r = dir < 0 ? -1 : keep_put(c, dir, kind, NULL, 0, O_EXCL), made = r > 0;
	if (r >= 0) {
		nl_finish(&f->body);
		buf_add(&b, f->body.out.p, f->body.out.n);
		r = nft_commit(f);
	}
	if (r == 0)
		r = keep_put(c, dir, kind, b.p, b.n, O_TRUNC) < 0 ? -1 : 0;
	else if (made > 0) {
		_cleanup_free_ char *name = keep_name(c, kind);
		int saved = errno;
		unlinkat(dir, name, 0);
		errno = saved;
	}
	buf_free(&b);
	return r;
}

int cni_keep_port(struct cni_call *c, const char *port, const uint8_t mac[6])
{
	char text[22] = "";
	_cleanup_close_ int dir = keep_open(true, LOCK_SH);
	memcpy(text, port, strnlen(port, 15));
	memcpy(text + 16, mac, 6);
	return dir < 0 || keep_put(c, dir, 's', text, sizeof text, O_TRUNC) < 0
		   ? -1
		   : nft_spoof_add(port, mac, c->owner);
}

int cni_keep_data(struct cni_call *c, char kind, const void *data, size_t len)
{
	_cleanup_close_ int dir = keep_open(true, LOCK_SH);
	return dir < 0 || keep_put(c, dir, kind, data, len, O_EXCL) < 0 ? -1 : 0;
}

int cni_kept_data(const struct cni_call *c, char kind, void *data, size_t len)
{
	size_t n = 0;
	_cleanup_free_ char *name = keep_name(c, kind),
			    *path = xasprintf("%s/cni/.kept/%s", ctr_run(), name),
			    *text = file_read(path, KEPT_MAX, &n);
	if (!text)
		return -1;
	if (n != len)
		return errno = ENODATA, -1;
	memcpy(data, text, len);
	return 0;
}

bool cni_kept(const struct cni_call *c, char kind)
{
	_cleanup_free_ char *name = keep_name(c, kind),
			    *path = xasprintf("%s/cni/.kept/%s", ctr_run(), name);
	return access(path, F_OK) == 0;
}

int cni_keep_away(const struct cni_call *c, const char *kinds)
{
	int dir = keep_open(false, LOCK_SH);
	for (; dir >= 0 && *kinds; kinds++) {
		_cleanup_free_ char *name = keep_name(c, *kinds);
		if (unlinkat(dir, name, 0) < 0 && errno != ENOENT) {
			int saved = errno;
			close(dir);
			errno = saved;
			return fail("%s: %m", name);
		}
	}
	return dir < 0 && errno != ENOENT ? -1 : dir;
}

/* --- in again --- */

struct again {
	const struct cni_call *c;
	const struct strv *valid; /* for GC: the others are removed; or NULL */
	struct nft *f;
};

/* Messages that add elements, and nothing else. Of two that claim the same port, the first one gets
 * it. */
static void again_put(struct nft *f, const char *p, size_t len)
{
	int left = (int)len;
	for (const struct nlmsghdr *h = (const void *)p; mnl_nlmsg_ok(h, left);
	     h = mnl_nlmsg_next(h, &left)) {
		if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM) ||
		    h->nlmsg_len > 4096)
			continue;
		struct nlmsghdr *to =
		    nl_msg(&f->body, h->nlmsg_type, 0, 0, "what CNI attachments have");
		uint32_t seq = to->nlmsg_seq;
		memcpy(to, h, h->nlmsg_len);
		to->nlmsg_seq = seq;
		to->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE;
	}
}

/* "KIND-CONTAINERID:IFNAME@NETWORK" */
static char *again_owner(const char *name)
{
	if (!*name || name[1] != '-')
		return NULL;
	char *owner = xasprintf("cni:%s", name + 2), *colon = strrchr(owner + 4, ':');
	if (colon)
		*colon = '/';
	return owner;
}

static int again_one(int dir, const char *name, void *arg)
{
	struct again *a = arg;
	size_t len = 0;
	_cleanup_free_ char *owner = again_owner(name), *text = NULL;
	if (!owner)
		return 0;
	if (a->valid && cni_is_stale(a->c, a->valid, owner)) {
		unlinkat(dir, name, 0);
		return 0;
	}
	text = file_read_at(dir, name, KEPT_MAX, &len);
	if (!text)
		return 0;
	if (*name == 's' && len == 22 && !text[15]) {
		if (nft_spoof_add(text, (uint8_t *)text + 16, owner) < 0)
			warn("%s", fail_msg());
	} else if (strchr("npa", *name)) {
		again_put(a->f, text, len);
	}
	if (a->f->body.n > 500 && nft_commit(a->f) < 0)
		warn("%s", fail_msg());
	return 0;
}

/* The tables as they are now: their handles as text, and whether they have their rules. */
static bool again_whole(struct nft *f, char out[64])
{
	static const int families[] = {AF_INET, AF_INET6, AF_BRIDGE};
	bool rules = true;
	for (size_t i = 0, n = 0; i < 3; i++) {
		uint64_t h;
		rules &= nft_whole(f, families[i], &h) > 0 || !h;
		n += (size_t)snprintf(out + n, 64 - n, "%llx ", (unsigned long long)h);
	}
	return rules;
}

/* Put everything in again, with the folder locked exclusively. */
static int again_all(struct again *a, int dir)
{
	char now[64];
	for (int i = 0; i < 2; i++) {
		_cleanup_free_ char *on = forward_mark(i ? AF_INET6 : AF_INET);
		if (access(on, F_OK) == 0)
			nft_close_forward(a->f, i ? AF_INET6 : AF_INET, true);
	}
	dir_each(dir, again_one, a);
	int r = nft_commit(a->f);
	again_whole(a->f, now);
	return r < 0 ? -1 : file_write_at(dir, ".tables", now, strlen(now), 0600, false);
}

int cni_heal(const struct cni_call *c, const struct strv *valid)
{
	struct nft f;
	struct again a = {c, valid, &f};
	char now[64];
	for (int how = valid ? LOCK_EX : LOCK_SH;; how = LOCK_EX) {
		_cleanup_close_ int dir = keep_open(false, how);
		if (dir < 0 || nft_open(&f) < 0)
			return errno == ENOENT || errno == EPROTONOSUPPORT ? 0 : -1;
		_cleanup_free_ char *was = file_read_at(dir, ".tables", 64, NULL);
		f.base = !again_whole(&f, now);
		if (!f.base && !valid && str_eq(was, now))
			return 0;
		if (how == LOCK_EX)
			return again_all(&a, dir);
		nft_close(&f);
	}
}
