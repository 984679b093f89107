/* cni_keep.c: what attachments have in nf_tables, kept in files, too, so that it can be put back
 * after others have flushed the tables (a reload of Debian's firewall does); see kept.h.
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
#include "kept.h"
#include "network.h"
#include "nft_bridge.h"

static char *keep_name(const struct cni_call *c, char kind)
{
	return owner_file((char[]){kind, '-', 0}, c->owner);
}

static int keep_put(struct cni_call *c, int dir, char kind, const void *data, size_t len, int how)
{
	_cleanup_free_ char *name = keep_name(c, kind);
	_cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC | how, 0600);
	if (fd < 0)
		return how & O_EXCL && errno == EEXIST ? 0 : fail_errno(name);
	return len && fd_write_all(fd, data, len) < 0 ? fail_errno(name) : 1;
}

int cni_keep_commit(struct cni_call *c, char kind, struct nft *f)
{
	struct buf b = {0};
	_cleanup_close_ int dir = kept_open(true, LOCK_SH);
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
	_cleanup_close_ int dir = kept_open(true, LOCK_SH);
	memcpy(text, port, strnlen(port, 15));
	memcpy(text + 16, mac, 6);
	return dir < 0 || keep_put(c, dir, 's', text, sizeof text, O_TRUNC) < 0
		   ? -1
		   : nft_spoof_add(port, mac, c->owner);
}

int cni_keep_data(struct cni_call *c, char kind, const void *data, size_t len)
{
	_cleanup_close_ int dir = kept_open(true, LOCK_SH);
	return dir < 0 || keep_put(c, dir, kind, data, len, O_EXCL) < 0 ? -1 : 0;
}

int cni_kept_data(const struct cni_call *c, char kind, void *data, size_t len)
{
	size_t n = 0;
	_cleanup_free_ char *name = keep_name(c, kind), *path = kept_path(name),
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
	_cleanup_free_ char *name = keep_name(c, kind), *path = kept_path(name);
	return access(path, F_OK) == 0;
}

int cni_keep_away(const struct cni_call *c, const char *kinds)
{
	int dir = kept_open(false, LOCK_SH);
	for (; dir >= 0 && *kinds; kinds++) {
		_cleanup_free_ char *name = keep_name(c, *kinds);
		if (unlinkat(dir, name, 0) < 0 && errno != ENOENT) {
			int saved = errno;
			close(dir);
			errno = saved;
			return fail_errno(name);
		}
	}
	return dir < 0 && errno != ENOENT ? -1 : dir;
}

/* --- in again --- */

struct gone {
	const struct cni_call *c;
	const struct strv *valid;
};

static int forget_stale(int dir, const char *name, void *arg)
{
	const struct gone *g = arg;
	_cleanup_free_ char *owner = kept_owner(name);
	if (owner && cni_is_stale(g->c, g->valid, owner))
		unlinkat(dir, name, 0);
	return 0;
}

int cni_keep_only(const struct cni_call *c, const struct strv *valid)
{
	struct gone g = {c, valid};
	_cleanup_close_ int dir = kept_open(false, LOCK_EX);
	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	return dir_each(dir, forget_stale, &g);
}
