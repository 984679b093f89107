/* nft_gen.c: has anybody but us changed the ruleset? See nft_base.h.
 *
 * The kernel counts the transactions of a network namespace; we count ours, in a cell of 4 bytes of
 * a file `nft` that all our processes share. Where the two numbers are equal nobody else has
 * touched anything, which is known without a look at it. Two of ours at once may leave them apart:
 * then somebody looks once for nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "nft_base.h"
#include "sysno.h"

static const char *(*folder)(void);

void nft_count_in(const char *(*dir)(void))
{
	folder = dir;
}

/* The namespace's number, and our count of its transactions. NULL: there is no cell. */
static _Atomic uint32_t *cell(void)
{
	static _Atomic uint32_t *p;
	if (p || !folder)
		return p;
	_cleanup_free_ char *path = path_join(folder(), "nft");
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || ftruncate(fd, sizeof *p) < 0)
		return NULL;
	void *m = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return m == MAP_FAILED ? NULL : (p = m);
}

static void on_gen(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *tb[NFTA_GEN_ID + 1];
	nl_payload_attrs(tb, NFTA_GEN_ID, h, sizeof(struct nfgenmsg));
	const uint32_t *id = nl_data(tb[NFTA_GEN_ID], 4);
	if (id)
		*(uint32_t *)arg = ntohl(*id);
}

/* Both numbers as they are now, in one that grows with the second (32 bits, because not every
 * machine counts 64 in one step); 0: not known. The socket is n's, its pending messages are not
 * touched. */
static uint32_t nft_gen_now(const struct nl *n)
{
	struct stat st;
	uint32_t gen = 0;
	struct nl q = {.fd = n->fd, .bus = n->bus, .seq = 0x70000000};
	if (sys_missing("nf_tables") || stat("/proc/thread-self/ns/net", &st) < 0)
		return 0;
	nft_msg(&q, NFT_MSG_GETGEN, 0, AF_INET, "nf_tables");
	int r = nl_query(&q, on_gen, &gen);
	q.fd = -1;
	nl_close(&q);
	return r < 0 ? 0 : (uint32_t)st.st_ino * 0x9e3779b1u + gen;
}

bool nft_strange(const struct nl *n)
{
	_Atomic uint32_t *c = cell();
	uint32_t now = nft_gen_now(n);
	return !c || !now || atomic_load(c) != now;
}

void nft_settle(const struct nl *n, bool known)
{
	_Atomic uint32_t *c = cell();
	if (c)
		atomic_store(c, known ? nft_gen_now(n) : 0);
}

int nft_send(struct nl *n)
{
	_Atomic uint32_t *c = cell();
	uint32_t before = c ? nft_gen_now(n) : 0;
	bool known = c && before && atomic_load(c) == before;
	int r = nl_commit(n), saved = errno;
	if (known && r == 0 && nft_gen_now(n) != before)
		atomic_fetch_add(c, 1);
	errno = saved;
	return r;
}
