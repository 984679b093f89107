/* cni_link_nat.c: an attachment's elements in nf_tables: its interface and its masquerading; see
 * cni_link.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cni_link.h"
#include "err.h"
#include "network.h"
#include "nft_bridge.h"

int cni_link_nat(struct cni_call *c, const struct cni_link *l, const struct cni_result *r)
{
	struct nft f;
	bool forward = l->gateway || c->does & CNI_PTP, seen[2] = {false, false};
	if (!r->n_ips || (!forward && !l->masq))
		return 0;
	if (nft_open(&f) < 0)
		return -1;
	int result = 0;
	for (size_t i = 0; i < r->n_ips && result == 0; i++) {
		int family = r->ips[i].addr.a.family;
		if (!seen[family == AF_INET6] && forward && forward_on(family, &f) != 0)
			result = -1;
		seen[family == AF_INET6] = true;
	}
	for (size_t i = 0; i < r->n_ips && result == 0; i++) {
		nft_open_add(&f, r->ips[i].addr.a.family, l->door);
		if (l->masq)
			nft_masq_add(&f, &r->ips[i].addr.a, c->owner);
	}
	if (result == 0)
		result = cni_keep_commit(c, 'n', &f);
	return result;
}

struct masqs {
	const struct cni_call *c;
	const struct strv *valid;
	struct addr *v;
	size_t n;
};

static void link_masq_seen(const struct addr *a, const char *comment, void *arg)
{
	struct masqs *m = arg;
	if (m->valid ? !cni_is_stale(m->c, m->valid, comment) : strcmp(comment, m->c->owner) != 0)
		return;
	m->v = xrealloc(m->v, (m->n + 1) * sizeof *m->v);
	m->v[m->n++] = *a;
}

/* The attachment's elements: by its addresses when they are known, each checked first; otherwise
 * all are read. */
int cni_link_del_nat(struct cni_call *c, const char *host, const struct addr *had, int n)
{
	struct nft f;
	struct masqs m = {.c = c};
	char comment[COMMENT_SIZE];
	int r = 0;
	if (nft_open(&f) < 0)
		return errno == EPROTONOSUPPORT ? 0 : -1;
	if (n < 0)
		r = nft_masq_each(&f, link_masq_seen, &m);
	for (int i = 0; i < n; i++)
		if (nft_masq_find(&f, &had[i], comment) == 1)
			link_masq_seen(&had[i], comment, &m);
	for (size_t i = 0; i < m.n; i++)
		nft_masq_del(&f, &m.v[i]);
	if (m.n && nft_commit(&f) < 0 && errno != ENOENT)
		r = -1;
	for (int i = 0; i < 2 && c->does & CNI_PTP; i++) {
		nft_open_del(&f, i ? AF_INET6 : AF_INET, host);
		if (nft_commit(&f) < 0 && errno != ENOENT)
			r = -1;
	}
	free(m.v);
	nft_close(&f);
	return r;
}

int cni_link_check_nat(struct cni_call *c)
{
	struct nft f;
	char comment[COMMENT_SIZE], t[ADDR_TEXT];
	int r = nft_open(&f);
	if (r < 0)
		return -1;
	for (size_t i = 0; i < c->prev.n_ips && r == 0; i++)
		if (nft_masq_find(&f, &c->prev.ips[i].addr.a, comment) != 1 ||
		    strcmp(comment, c->owner) != 0)
			r = fail("%s is not masqueraded", addr_text(&c->prev.ips[i].addr.a, t));
	nft_close(&f);
	return r;
}

/* --- GC --- */

struct links {
	const struct cni_call *c;
	const struct strv *valid;
	struct strv names;
};

static void link_spoof_seen(const char *port, const char *comment, void *arg)
{
	struct links *x = arg;
	(void)port;
	if (cni_is_stale(x->c, x->valid, comment))
		strv_add(&x->names, comment);
}

int cni_link_gc_nat(struct cni_call *c, const struct strv *valid)
{
	struct nft f;
	struct masqs m = {.c = c, .valid = valid};
	struct links s = {.c = c, .valid = valid};
	if (nft_open(&f) < 0)
		return errno == EPROTONOSUPPORT ? 0 : -1;
	int r = nft_masq_each(&f, link_masq_seen, &m);
	for (size_t i = 0; i < m.n; i++)
		nft_masq_del(&f, &m.v[i]);
	if (m.n && nft_commit(&f) < 0 && errno != ENOENT)
		r = -1;
	free(m.v);
	nft_close(&f);
	if (nft_spoof_each(false, link_spoof_seen, &s) < 0)
		r = -1;
	for (size_t i = 0; i < s.names.n; i++)
		if (nft_spoof_del(NULL, s.names.v[i]) < 0)
			r = -1;
	strv_free(&s.names);
	return r;
}
