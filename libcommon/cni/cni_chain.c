/* cni_chain.c: what plugins of a chain change on an existing interface: bandwidth, source
 * addresses, and whether bridges can reach each other (firewall); cni_tuning.c has the rest. */
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cni_call.h"
#include "cni_tuning.h"
#include "err.h"
#include "file.h"
#include "nft_bridge.h"
#include "tc.h"

struct bandwidth {
	int64_t in_rate, in_burst, out_rate,
	    out_burst; /* bits; of the container: in is what it gets */
};

static int chain_wrong(struct cni_call *c, int r)
{
	if (r < 0)
		c->code = CNI_BAD_CONFIG;
	return r;
}

/* --- configurations --- */

/* Each line of the node's list is a regular expression (of ^ $ . * and plain characters): one of
 * them has to match. */
static bool chain_like(const char *re, const char *s)
{
	if (!*re || strcmp(re, "$") == 0)
		return !*re || !*s;
	char what = *re == '.' ? 0 : *re;
	if (what == '\\' && re[1])
		what = *++re;
	if (re[1] == '*') {
		do
			if (chain_like(re + 2, s))
				return true;
		while (*s && (!what || *s == what) && s++);
		return false;
	}
	return *s && (!what || *s == what) && chain_like(re + 1, s + 1);
}

static int chain_allowed(struct cni_call *c, const char *key)
{
	_cleanup_free_ char *list = file_read("/etc/cni/tuning/allowlist.conf", 65536, NULL);
	if (!list)
		return errno == ENOENT ? 0 : -1;
	for (char *s = list, *line; (line = strsep(&s, "\n"));) {
		line += strspn(line, " \t");
		line[strcspn(line, " \t\r")] = 0;
		if (line[strcspn(line, "[](){}|+?")])
			return cni_fail(c, CNI_UNSUPPORTED,
			    "/etc/cni/tuning/allowlist.conf: %s: only ^ $ . * are known", line);
		for (const char *at = key; *line && *at; at++)
			if (chain_like(line + (*line == '^'), at))
				return 0;
			else if (*line == '^')
				break;
	}
	return cni_fail(
	    c, CNI_BAD_CONFIG, "sysctl.%s: /etc/cni/tuning/allowlist.conf does not allow it", key);
}

static int chain_sysctl_keys(struct cni_call *c, const json_t *o, const char *at, json_t *all)
{
	const char *key;
	json_t *v, *own = NULL;
	if (jget_obj(&c->j, o, at, "sysctl", &own) < 0)
		return chain_wrong(c, -1);
	json_object_foreach(own, key, v)
	{
		if (!json_is_string(v))
			return chain_wrong(c, jwrong(&c->j, "sysctl", key, "must be a string"));
		if ((!str_starts(key, "net.") && !str_starts(key, "net/")) || strstr(key, ".."))
			return cni_fail(c, CNI_BAD_CONFIG, "sysctl.%s: not one of net.", key);
		if (c->command != CNI_DEL && chain_allowed(c, key) < 0)
			return -1;
		json_object_set(all, key, v);
	}
	return 0;
}

static int chain_tuning(struct cni_call *c, struct tuning *t)
{
	/* ctr-netcfg's mac and mtu are those of the interface that it makes. */
	bool own = !(c->does & CNI_MAIN);
	static const char *const refused[] = {"ethtool", NULL};
	const json_t *from[2] = {c->conf, c->cni_args};
	*t = (struct tuning){.queue = -1};
	if (!(c->does & CNI_TUNING))
		return 0;
	t->sysctl = json_object();
	for (int i = 0; i < 2 && (i == 0 || from[i]); i++) {
		const char *at = i ? "args.cni" : "";
		const json_t *o = from[i];
		int p = 0, m = 0;
		if (chain_sysctl_keys(c, o, at, t->sysctl) < 0)
			return -1;
		if (own && ((p = jget_bool(&c->j, o, at, "promisc", &t->promisc)) < 0 ||
			       (m = jget_bool(&c->j, o, at, "allmulti", &t->allmulti)) < 0 ||
			       jget_int(&c->j, o, at, "mtu", 0, 65535, &t->mtu) < 0 ||
			       jget_int(&c->j, o, at, "txQLen", 0, INT32_MAX, &t->queue) < 0))
			return chain_wrong(c, -1);
		t->has_allmulti |= m > 0;
	}
	t->has_promisc = t->promisc;
	int mac = own ? cni_mac(c, true, t->mac) : 0;
	t->has_mac = mac > 0;
	return mac < 0 || cni_refuse(c, c->conf, refused) < 0 ? -1 : 0;
}

static int chain_rates(struct cni_call *c, const json_t *o, const char *path, struct bandwidth *b)
{
	const int64_t most = (int64_t)1 << 53, burst = (int64_t)UINT32_MAX * 8;
	static const char *const refused[] = {"shapedSubnets", "unshapedSubnets", NULL};
	if (jget_int(&c->j, o, path, "ingressRate", 0, most, &b->in_rate) < 0 ||
	    jget_int(&c->j, o, path, "ingressBurst", 0, burst, &b->in_burst) < 0 ||
	    jget_int(&c->j, o, path, "egressRate", 0, most, &b->out_rate) < 0 ||
	    jget_int(&c->j, o, path, "egressBurst", 0, burst, &b->out_burst) < 0)
		return chain_wrong(c, -1);
	return cni_refuse(c, o, refused);
}

static int chain_bandwidth(struct cni_call *c, struct bandwidth *b)
{
	json_t *run = NULL;
	memset(b, 0, sizeof *b);
	if (!(c->does & CNI_BANDWIDTH))
		return 0;
	if (chain_rates(c, c->conf, "", b) < 0)
		return -1;
	if (c->runtime && jget_obj(&c->j, c->runtime, "runtimeConfig", "bandwidth", &run) < 0)
		return chain_wrong(c, -1);
	if (!b->in_rate && !b->out_rate && run &&
	    chain_rates(c, run, "runtimeConfig.bandwidth", b) < 0)
		return -1;
	if (!b->in_rate != !b->in_burst || !b->out_rate != !b->out_burst)
		return cni_fail(
		    c, CNI_BAD_CONFIG, "bandwidth: a rate and its burst are given together");
	if ((b->in_rate && b->in_rate < 8) || (b->out_rate && b->out_rate < 8))
		return cni_fail(c, CNI_BAD_CONFIG, "bandwidth: less than a byte a second");
	return 0;
}

/* Is it one of the bridges that cannot reach each other? 1, 0, or -1. */
static int chain_firewall(struct cni_call *c)
{
	_cleanup_free_ char *policy = NULL, *backend = NULL;
	if (!(c->does & CNI_FIREWALL))
		return 0;
	static const char *const refused[] = {"iptablesAdminChainName", NULL};
	if (cni_str(c, "ingressPolicy", &policy) < 0 || cni_str(c, "backend", &backend) < 0)
		return -1;
	if (backend && strcmp(backend, "firewalld") == 0)
		return cni_fail(
		    c, CNI_UNSUPPORTED, "backend: firewalld: its tables are not ours to change");
	if (cni_backend(c, "backend") < 0 || cni_refuse(c, c->conf, refused) < 0)
		return -1;
	if (!policy || !*policy || strcmp(policy, "open") == 0)
		return 0;
	if (strcmp(policy, "same-bridge") == 0)
		return 1;
	return cni_fail(
	    c, CNI_UNSUPPORTED, "ingressPolicy: '%s' is not open or same-bridge", policy);
}

static int chain_spoof(struct cni_call *c, bool *on)
{
	*on = false;
	return c->does & CNI_SPOOF && c->prev_json ? cni_bool(c, "macspoofchk", on) : 0;
}

int cni_chain_parse(struct cni_call *c)
{
	struct tuning t = {0};
	struct bandwidth b;
	bool spoof;
	int r = chain_tuning(c, &t) < 0 || chain_bandwidth(c, &b) < 0 || chain_firewall(c) < 0 ||
			chain_spoof(c, &spoof) < 0
		    ? -1
		    : 0;
	json_decref(t.sysctl);
	return r;
}

/* --- the host's end --- */

static int chain_mac(struct cni_call *c, struct link_info *in)
{
	struct nl n;
	if (nl_open(&n, NETLINK_ROUTE, c->ns) < 0)
		return -1;
	int r = rtnl_find(&n, c->ifname, in);
	nl_close(&n);
	return r;
}

/* Among the host's interfaces in the result: the other end of the container's veth. */
static int chain_host(
    struct cni_call *c, const struct cni_result *r, struct nl *rt, struct link_info *out)
{
	struct link_info in;
	if (chain_mac(c, &in) < 0)
		return -1;
	for (size_t i = 0; i < r->n_ifs; i++)
		if (!r->ifs[i].sandbox && rtnl_find(rt, r->ifs[i].name, out) == 0 &&
		    strcmp(out->kind, "veth") == 0 && out->index == in.link)
			return 0;
	return fail("%s: no pair of interfaces with an end on the host", c->ifname);
}

static int chain_limit(
    struct cni_call *c, const struct bandwidth *b, const struct cni_result *r, json_t *out)
{
	struct nl rt;
	struct link_info h, ifb = {0};
	char name[16], mac[MAC_TEXT];
	if (!b->in_rate && !b->out_rate)
		return 0;
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	int done = chain_host(c, r, &rt, &h);
	if (done == 0 && b->in_rate)
		tc_tbf(&rt, h.index, h.name, (uint64_t)b->in_rate / 8, (uint32_t)(b->in_burst / 8));
	if (done == 0 && b->out_rate) {
		cni_link_name("bwp", c->owner, name);
		tc_ifb_add(&rt, name, h.mtu, c->owner);
		done = nl_commit(&rt);
		nl_reset(&rt);
		if (done == 0)
			done = rtnl_find(&rt, name, &ifb);
		if (done == 0) {
			tc_redirect(&rt, h.index, h.name, ifb.index);
			tc_tbf(&rt, ifb.index, name, (uint64_t)b->out_rate / 8,
			    (uint32_t)(b->out_burst / 8));
		}
	}
	done = nl_commit_close(&rt, done);
	json_t *list = json_object_get(out, "interfaces");
	if (done == 0 && b->out_rate && list) {
		mac_text(ifb.mac, mac);
		json_array_append_new(list, json_make("{name:s,mac:s}", name, mac));
	}
	return done;
}

static int chain_limited(struct cni_call *c, const struct bandwidth *b)
{
	struct nl rt;
	struct link_info h;
	char name[16];
	uint64_t rate = 0;
	if (!b->in_rate && !b->out_rate)
		return 0;
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	int r = chain_host(c, &c->prev, &rt, &h);
	if (r == 0 && b->in_rate &&
	    (tc_tbf_get(&rt, h.index, &rate) != 1 || rate != (uint64_t)b->in_rate / 8))
		r = fail(
		    "%s: its bandwidth is not limited to %lld bits", h.name, (long long)b->in_rate);
	cni_link_name("bwp", c->owner, name);
	if (r == 0 && b->out_rate && rtnl_find(&rt, name, &h) < 0)
		r = -1;
	if (r == 0 && b->out_rate &&
	    (tc_tbf_get(&rt, h.index, &rate) != 1 || rate != (uint64_t)b->out_rate / 8))
		r = fail(
		    "%s: its bandwidth is not limited to %lld bits", name, (long long)b->out_rate);
	nl_close(&rt);
	return r;
}

/* From now on the bridges that the result names cannot reach each other. */
static int chain_apart(struct cni_call *c, const struct cni_result *r)
{
	struct nl rt;
	struct nft f;
	struct link_info l;
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	if (nft_open(&f) < 0) {
		nl_close(&rt);
		return -1;
	}
	bool any = false;
	for (size_t i = 0; i < r->n_ifs; i++) {
		if (r->ifs[i].sandbox || rtnl_find(&rt, r->ifs[i].name, &l) < 0 ||
		    strcmp(l.kind, "bridge") != 0)
			continue;
		for (int k = 0; k < 2; k++)
			nft_apart_add(&f, k ? AF_INET6 : AF_INET, l.name);
		any = true;
	}
	nl_close(&rt);
	int done =
	    any ? cni_keep_commit(c, 'a', &f) : fail("ingressPolicy: prevResult has no bridge");
	nft_close(&f);
	return done;
}

static void chain_drops(const char *family, const char *table, const char *chain, void *arg)
{
	(void)arg;
	warn("table %s %s, chain %s, drops what is forwarded, and is not ours to change", family,
	    table, chain);
}

static int chain_open(struct cni_call *c, const struct cni_result *r)
{
	struct nft f;
	int apart = chain_firewall(c);
	if (apart < 0 || (apart && chain_apart(c, r) < 0))
		return -1;
	if (nft_open(&f) == 0) {
		nft_foreign_drops(&f, r->n_ifs ? r->ifs[0].name : "", chain_drops, NULL);
		nft_close(&f);
	}
	return 0;
}

/* --- the commands --- */

static int chain_spoof_add(struct cni_call *c, const struct cni_result *r)
{
	struct nl rt;
	struct link_info h, in;
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	int done = chain_host(c, r, &rt, &h);
	nl_close(&rt);
	return done < 0 || chain_mac(c, &in) < 0 ? -1 : cni_keep_port(c, h.name, in.mac);
}

int cni_chain_add(struct cni_call *c, struct cni_result *r, json_t *out)
{
	struct tuning t;
	struct bandwidth b;
	bool spoof;
	if (chain_tuning(c, &t) < 0 || chain_bandwidth(c, &b) < 0 || chain_spoof(c, &spoof) < 0)
		return -1;
	if (c->does & CNI_TUNING && cni_tune(c, &t, out) < 0)
		return -1;
	if (spoof && chain_spoof_add(c, r) < 0)
		return -1;
	if (c->does & CNI_FIREWALL && chain_open(c, r) < 0)
		return -1;
	if (chain_limit(c, &b, r, out) == 0)
		return 0;
	_cleanup_free_ char *why = fail_copy();
	int saved = errno;
	cni_chain_del(c);
	errno = saved;
	return fail_again(why);
}

int cni_chain_del(struct cni_call *c)
{
	char name[16];
	bool spoof = c->does & CNI_SPOOF && cni_kept(c, 's');
	const char *own = c->does & CNI_FIREWALL ? "a" : "";
	_cleanup_close_ int kept = cni_keep_away(c, spoof ? "s" : own);
	int r = kept < 0 && errno != ENOENT ? -1 : 0;
	if (r == 0 && spoof)
		r = nft_spoof_del(NULL, c->owner);
	if (cni_untune(c) < 0)
		r = -1;
	if (!(c->does & CNI_BANDWIDTH))
		return r;
	cni_link_name("bwp", c->owner, name);
	return rtnl_link_away(-1, name) < 0 && errno != ENODEV ? -1 : r;
}

int cni_chain_check(struct cni_call *c)
{
	struct tuning t;
	struct bandwidth b;
	struct link_info in;
	bool spoof;
	if (chain_tuning(c, &t) < 0 || chain_bandwidth(c, &b) < 0 || chain_spoof(c, &spoof) < 0)
		return -1;
	if (json_object_size(t.sysctl) && cni_inside(c, cni_tune_sysctls_are, t.sysctl) < 0)
		return -1;
	if (c->does & CNI_TUNING && chain_mac(c, &in) < 0)
		return -1;
	if (t.has_mac && memcmp(in.mac, t.mac, 6) != 0)
		return fail("%s: its MAC address was changed", c->ifname);
	if (t.mtu && in.mtu != t.mtu)
		return fail("%s: its MTU is %d, not %d", c->ifname, in.mtu, (int)t.mtu);
	if (c->does & CNI_TUNING && !(c->does & CNI_MAIN) &&
	    t.promisc != !!(in.flags & IFF_PROMISC))
		return fail("%s: promiscuous: %s", c->ifname, t.promisc ? "no" : "yes");
	if (t.has_allmulti && t.allmulti != !!(in.flags & IFF_ALLMULTI))
		return fail("%s: all multicast: %s", c->ifname, t.allmulti ? "no" : "yes");
	if (t.queue >= 0 && t.queue != in.queue)
		return fail("%s: its queue is %d long, not %d", c->ifname, in.queue, (int)t.queue);
	return chain_limited(c, &b);
}

struct links {
	const struct cni_call *c;
	const struct strv *valid;
	struct strv names;
};

static void chain_seen(const struct link_info *l, void *arg)
{
	struct links *x = arg;
	if (strcmp(l->kind, "ifb") == 0 && cni_is_stale(x->c, x->valid, l->alias))
		strv_add(&x->names, l->name);
}

int cni_chain_gc(struct cni_call *c, const struct strv *valid)
{
	struct nl rt;
	struct links x = {.c = c, .valid = valid};
	if (!(c->does & CNI_BANDWIDTH))
		return 0;
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0)
		return -1;
	int r = rtnl_links(&rt, chain_seen, &x);
	for (size_t i = 0; i < x.names.n && r == 0; i++) {
		rtnl_link_del(&rt, x.names.v[i]);
		r = nl_commit(&rt) < 0 && errno != ENODEV ? -1 : 0;
		nl_reset(&rt);
	}
	strv_free(&x.names);
	nl_close(&rt);
	return r;
}
