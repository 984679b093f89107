/* kept.c: what attachments of CNI have in nf_tables, put in again; see kept.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "kept.h"
#include "nft_bridge.h"
#include "place.h"

int kept_open(bool make, int how)
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

/* "KIND-CONTAINERID:IFNAME@NETWORK" */
char *kept_owner(const char *name)
{
	if (!*name || name[1] != '-')
		return NULL;
	char *owner = xasprintf("cni:%s", name + 2), *colon = strrchr(owner + 4, ':');
	if (colon)
		*colon = '/';
	return owner;
}

/* Messages that add elements, and nothing else. Two that claim one port: the first has it. */
static void put(struct nft *f, const char *p, size_t len)
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

static int again_one(int dir, const char *name, void *arg)
{
	struct nft *const *f = arg;
	size_t len = 0;
	_cleanup_free_ char *owner = kept_owner(name),
			    *text = owner ? file_read_at(dir, name, KEPT_MAX, &len) : NULL;
	if (text && *name == 's' && len == 22 && !text[15])
		nft_guard_put(f[1], text, (uint8_t *)text + 16, NULL, owner);
	else if (text && strchr("npa", *name))
		put(f[0], text, len);
	return 0;
}

void kept_again(int dir, struct nft *f, struct nft *bridge)
{
	struct nft *both[2] = {f, bridge};
	if (dir >= 0)
		dir_each(dir, again_one, both);
}
