/* kept.c: what attachments of CNI have in nf_tables, and ports that are guarded, put in again; see
 * kept.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "endpoint.h"
#include "err.h"
#include "file.h"
#include "kept.h"
#include "nft_bridge.h"
#include "place.h"
#include "rtnl.h"

char *kept_path(const char *name)
{
	return xasprintf("%s/cni/.kept%s%s", ctr_run(), name ? "/" : "", name ? name : "");
}

int kept_open(bool make, int how)
{
	_cleanup_free_ char *dir = kept_path(NULL);
	if (make && (place_check() < 0 || dir_make(dir, 0700) < 0))
		return -1;
	int fd = dir_open(dir);
	if (fd >= 0 && lock_wait(fd, how) == 0)
		return fd;
	int saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	return fail_errno(dir);
}

char *owner_file(const char *prefix, const char *owner)
{
	char *s = xasprintf("%s%s", prefix, owner + strlen(OWNER_CNI)), *slash = strchr(s, '/');
	if (slash)
		*slash = ':';
	return s;
}

char *owner_of_file(const char *name)
{
	char *s = xasprintf(OWNER_CNI "%s", name), *colon = strrchr(s + strlen(OWNER_CNI), ':');
	if (colon)
		*colon = '/';
	return s;
}

/* "KIND-CONTAINERID:IFNAME@NETWORK" */
char *kept_owner(const char *name)
{
	return *name && name[1] == '-' ? owner_of_file(name + 2) : NULL;
}

/* Append the messages of a file that add elements, and no others. Where two files claim one port,
 * the first has it. */
static void kept_put(struct nft *f, const char *p, size_t len)
{
	int left = (int)len;
	for (const struct nlmsghdr *h = (const void *)p;
	     mnl_nlmsg_ok(h, left) && h->nlmsg_len < 4096; h = mnl_nlmsg_next(h, &left)) {
		if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM) ||
		    h->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg)))
			continue;
		struct nlmsghdr *to =
		    nl_msg(&f->body, h->nlmsg_type, 0, 0, "what CNI attachments have");
		uint32_t seq = to->nlmsg_seq;
		memcpy(to, h, h->nlmsg_len);
		to->nlmsg_seq = seq;
		to->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE;
	}
}

/* --- ports that `ctr-netcfg attach` guards --- */

struct said {
	uint8_t on, family, b[16]; /* family 0: a MAC */
};

static size_t kept_say(struct said *s, bool on, int family, const void *b, size_t n)
{
	*s = (struct said){.on = on, .family = (uint8_t)family};
	memcpy(s->b, b, n);
	return 1;
}

int kept_guard(
    const char *port, const uint8_t *mac, const struct cidr *addr, size_t addrs, bool make, bool on)
{
	_cleanup_free_ char *name = xasprintf("g-%s", port);
	_cleanup_close_ int dir = kept_open(make, LOCK_SH);
	if (dir >= 0 && !mac && !addr)
		unlinkat(dir, name, 0);
	if (dir < 0 || (!mac && !addr))
		return dir < 0 && errno != ENOENT ? -1 : 0;
	_cleanup_free_ struct said *s = xcalloc(addrs + 1, sizeof *s);
	size_t n = mac ? kept_say(s, on, 0, mac, 6) : 0;
	for (size_t i = 0; i < addrs; i++)
		n += kept_say(s + n, on, addr[i].a.family, addr[i].a.b, addr_len(&addr[i].a));
	int how = O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC | (make ? O_CREAT | O_TRUNC : 0);
	_cleanup_close_ int fd = openat(dir, name, how, 0600);
	if (fd < 0 && !make && errno == ENOENT)
		return 0;
	return fd < 0 || fd_write_all(fd, s, n * sizeof *s) < 0 ? fail_errno(name) : 0;
}

/* Does line i still hold, with no later line about the same thing, and is it about a MAC (or else
 * an address)? */
static bool kept_holds(const struct said *s, size_t n, size_t i, bool mac)
{
	bool it = s[i].on && !s[i].family == mac;
	for (size_t k = i + 1; k < n; k++)
		it &= s[k].family != s[i].family || memcmp(s[k].b, s[i].b, sizeof s->b) != 0;
	return it;
}

/* Guard a port again by its file. The file stays while the port is on no bridge, and goes with the
 * port itself. */
static void guard_put(int dir, const char *name, struct nft *f, const struct said *s, size_t n)
{
	struct nl rt;
	struct link_info l;
	_cleanup_free_ char *mark = endpoint_mark("-");
	const uint8_t *mac = NULL;
	bool v6 = false;
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return;
	if (rtnl_find(&rt, name + 2, &l) < 0) {
		l.master = 0;
		if (errno == ENODEV)
			unlinkat(dir, name, 0);
	}
	nl_close(&rt);
	for (size_t i = 0; i < n; i++) {
		v6 |= s[i].family == AF_INET6 && kept_holds(s, n, i, false);
		if (kept_holds(s, n, i, true))
			mac = s[i].b;
	}
	for (size_t i = 0; i < n && l.master && mac; i++) {
		struct cidr pair[2] = {0};
		bool own = kept_holds(s, n, i, true);
		const uint8_t *m = s[i].b;
		struct addr *a = &pair[s[i].family != AF_INET].a;
		/* The link-local address stays when the MAC changes. */
		const uint8_t link[16] = {
		    0xfe, 0x80, [8] = m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]};
		if (s[i].family ? kept_holds(s, n, i, false) : v6) {
			a->family = s[i].family ? s[i].family : AF_INET6;
			memcpy(a->b, s[i].family ? m : link, sizeof link);
		}
		if (own || a->family == AF_INET || a->family == AF_INET6)
			nft_guard_put(f, name + 2, own ? m : mac, pair, mark);
	}
}

static int again_one(int dir, const char *name, void *arg)
{
	struct nft *const *f = arg;
	size_t len = 0;
	_cleanup_free_ char *owner = kept_owner(name),
			    *text = owner ? file_read_at(dir, name, KEPT_MAX, &len) : NULL;
	if (text && *name == 's' && len == 22 && *text && !text[15])
		nft_guard_put(f[1], text, (uint8_t *)text + 16, NULL, owner);
	else if (text && *name == 'g' && strlen(name) < 18)
		guard_put(
		    dir, name, f[1], (const struct said *)(void *)text, len / sizeof(struct said));
	else if (text && strchr("npa", *name))
		kept_put(f[0], text, len);
	return 0;
}

void kept_again(int dir, struct nft *f, struct nft *bridge)
{
	struct nft *both[2] = {f, bridge};
	if (dir >= 0)
		dir_each(dir, again_one, both);
}
