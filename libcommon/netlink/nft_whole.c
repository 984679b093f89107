/* nft_whole.c: is what we once put into our tables still there, all of it? See nft.h. Whoever
 * flushes a table, a chain or a set, or deletes a rule, leaves the rest as it was.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "err.h"
#include "nft_base.h"

static const char *nft_whole_text_of(const struct nlattr *a)
{
	size_t n = a ? mnl_attr_get_payload_len(a) : 0;
	const char *s = a ? mnl_attr_get_payload(a) : NULL;
	return s && memchr(s, 0, n) ? s : "";
}

static int ask(struct nl *n, int type, int flags, uint8_t family, const char *set,
    void (*fn)(const struct nlmsghdr *, void *), void *arg)
{
	struct nlmsghdr *h = nft_msg(n, type, flags, AF_INET, "nf_tables: look at table ctrbox");
	((struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family = family;
	mnl_attr_put_strz(h, 1, NFT_TABLE); /* NFTA_*_TABLE of a set's elements, NFTA_TABLE_NAME */
	if (set)
		mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
	if (nl_query(n, fn, arg) == 0)
		return 1;
	return errno == ENOENT || errno == EOPNOTSUPP || errno == EINVAL ? 0 : -1;
}

/* --- rules: each chain knows how many rules it has and how many jump to it --- */

static void nothing(const struct nlmsghdr *h, void *arg)
{
	(void)h, (void)arg;
}

struct uses {
	nft_use_fn *fn;
	void *arg;
};

static void nft_whole_on_chain(const struct nlmsghdr *h, void *arg)
{
	const struct uses *u = arg;
	const struct nlattr *tb[NFTA_CHAIN_USE + 1];
	nl_payload_attrs(tb, NFTA_CHAIN_USE, h, sizeof(struct nfgenmsg));
	const uint32_t *use = nl_data(tb[NFTA_CHAIN_USE], 4);
	if (use && strcmp(nft_whole_text_of(tb[NFTA_CHAIN_TABLE]), NFT_TABLE) == 0)
		u->fn(nft_whole_text_of(tb[NFTA_CHAIN_NAME]), ntohl(*use), u->arg);
}

int nft_uses(struct nl *n, uint8_t family, nft_use_fn *fn, void *arg)
{
	struct uses u = {fn, arg};
	int r = ask(n, NFT_MSG_GETTABLE, 0, family, NULL, nothing, NULL);
	return r == 1 ? ask(n, NFT_MSG_GETCHAIN, NLM_F_DUMP, family, NULL, nft_whole_on_chain, &u)
		      : r;
}

struct used {
	int family;
	uint32_t use[16];
};

static void nft_whole_on_use(const char *chain, uint32_t use, void *arg)
{
	struct used *u = arg;
	for (size_t i = 0; i < 16 && nft_base_chain(i); i++)
		if (strcmp(chain, nft_base_chain(i)) == 0)
			u->use[i] = use;
}

static void on_out(const struct cidr *c, const char *out, void *arg)
{
	struct used *u = arg;
	if (out && c->a.family == u->family)
		u->family = -1;
}

/* How much a chain has beyond what jumps to it. */
static uint32_t held(const struct used *u, const char *chain)
{
	for (size_t i = 0; i < 16 && nft_base_chain(i); i++)
		if (strcmp(chain, nft_base_chain(i)) == 0 && u->use[i])
			return u->use[i] - 1;
	return 0;
}

int nft_rules_again(struct nft *f, int family, bool closed)
{
	struct nft look;
	struct used u = {.family = family};
	int missing = 0;
	if (nft_open(&look) < 0)
		return -1;
	int r = nft_uses(
	    &look.body, family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6, nft_whole_on_use, &u);
	if (r == 1)
		r = nft_nets(&look, on_out, &u) < 0 ? -1 : 1;
	nft_close(&look);
	if (r < 0)
		return -1;
	for (size_t i = 0; r && nft_base_chain(i); i++) {
		uint32_t want = nft_base_uses(nft_base_chain(i), family);
		missing += want > u.use[i] ? (int)(want - u.use[i]) : 0;
	}
	if (missing)
		nft_put_base(&f->body, family);
	bool open = closed && !held(&u, "closed"),
	     out = u.family < 0 && !held(&u, "masquerade_out");
	if (open)
		nft_close_forward(f, family, true);
	if (out)
		nft_put_rule(&f->body, family, "masquerade_out", nft_out_rule);
	return missing + open + out;
}

/* --- elements --- */

struct elem {
	char set[15]; /* our sets' names are shorter */
	uint8_t end, key[32];
};
struct elems {
	const char *set;
	struct elem *v;
	size_t n, room;
};

static void on_elem(const struct nlattr *const *tb, void *arg)
{
	struct elems *e = arg;
	const struct nlattr *data[NFTA_DATA_VALUE + 1];
	nl_nested(data, NFTA_DATA_VALUE, tb[NFTA_SET_ELEM_KEY]);
	const uint32_t *flags = nl_data(tb[NFTA_SET_ELEM_FLAGS], 4);
	size_t n = data[NFTA_DATA_VALUE] ? mnl_attr_get_payload_len(data[NFTA_DATA_VALUE]) : 0;
	if (n == 0 || n > sizeof e->v->key)
		return;
	if (e->n == e->room) {
		e->room = 2 * e->room + 16;
		e->v = xrealloc(e->v, e->room * sizeof *e->v);
	}
	struct elem *x = &e->v[e->n++];
	memset(x, 0, sizeof *x);
	memcpy(x->set, e->set, strnlen(e->set, sizeof x->set));
	x->end = flags && ntohl(*flags) & NFT_SET_ELEM_INTERVAL_END;
	memcpy(x->key, mnl_attr_get_payload(data[NFTA_DATA_VALUE]), n);
}

/* The elements that a message adds, or that the kernel tells; their set's name, or NULL. */
static const char *elems_of(const struct nlmsghdr *h, struct elems *e)
{
	const struct nlattr *tb[NFTA_SET_ELEM_LIST_ELEMENTS + 1];
	if ((h->nlmsg_type & 0xff) != NFT_MSG_NEWSETELEM)
		return NULL;
	nl_payload_attrs(tb, NFTA_SET_ELEM_LIST_ELEMENTS, h, sizeof(struct nfgenmsg));
	e->set = nft_whole_text_of(tb[NFTA_SET_ELEM_LIST_SET]);
	nft_each_elem(tb[NFTA_SET_ELEM_LIST_ELEMENTS], on_elem, e);
	return e->set;
}

static void on_message(const struct nlmsghdr *h, void *arg)
{
	elems_of(h, arg);
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct elem));
}

/* Is all that the message adds there? The sets that it is about are read at the first question. */
struct seen {
	struct nl *look;
	struct strv sets[3];
	struct elems there[3];
};

static int slot_of(uint8_t family)
{
	return family == NFPROTO_IPV4 ? 0 : 1 + (family == NFPROTO_BRIDGE);
}

static bool all_there(struct seen *s, const struct nlmsghdr *h)
{
	struct elems want = {0};
	uint8_t family = ((struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family;
	const char *set = elems_of(h, &want);
	struct elems *there = &s->there[slot_of(family)];
	if (set && !strv_has(&s->sets[slot_of(family)], set)) {
		strv_add(&s->sets[slot_of(family)], set);
		ask(s->look, NFT_MSG_GETSETELEM, NLM_F_DUMP, family, set, on_message, there);
		if (there->n)
			qsort(there->v, there->n, sizeof *there->v, by_bytes);
	}
	bool all = set && there->n;
	for (size_t i = 0; i < want.n && all; i++)
		all = bsearch(&want.v[i], there->v, there->n, sizeof *there->v, by_bytes);
	free(want.v);
	return all;
}

int nft_only_missing(struct nft *f)
{
	struct nft look;
	struct nl *n = &f->body;
	int missing = 0;
	if (nft_open(&look) < 0)
		return -1;
	struct seen s = {.look = &look.body};
	nl_finish(n);
	size_t to = 0, at = 0;
	for (size_t i = 0; i < n->n; i++) {
		struct nl_msg m = n->m[i];
		struct nlmsghdr *h = (void *)(n->out.p + m.off);
		size_t len = NLMSG_ALIGN(h->nlmsg_len);
		if (all_there(&s, h)) {
			free(m.label);
			continue;
		}
		missing += (h->nlmsg_type & 0xff) == NFT_MSG_NEWSETELEM;
		memmove(n->out.p + at, h, len);
		m.off = at;
		n->m[to++] = m;
		at += len;
	}
	n->n = to;
	n->out.n = at;
	for (int i = 0; i < 3; i++) {
		strv_free(&s.sets[i]);
		free(s.there[i].v);
	}
	nft_close(&look);
	return missing;
}
