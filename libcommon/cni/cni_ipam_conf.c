/* cni_ipam_conf.c: host-local's configuration: ranges, requested addresses, resolvConf; see
 * cni_ipam.h.
 */
#include <stdlib.h>
#include <string.h>

#include "cni_ipam.h"
#include "err.h"
#include "file.h"
#include "kept.h"
#include "place.h"

static int ipam_addr(
    struct cni_call *c, const json_t *o, const char *at, const char *key, struct addr *out)
{
	_cleanup_free_ char *s = NULL;
	if (jget_str(&c->j, o, at, key, &s) < 0)
		return -1;
	if (s && *s && addr_parse(key, s, out) < 0)
		return jwrong(&c->j, at, key, "'%s' is not an address", s);
	return 0;
}

static int ipam_range(
    struct cni_call *c, const json_t *o, const char *at, size_t set, struct cni_ipam *x)
{
	struct cni_range r = {.set = set};
	_cleanup_free_ char *s = NULL;
	char t[CIDR_TEXT];
	if (!json_is_object(o))
		return jwrong(&c->j, at, "", "must be an object");
	if (jget_str(&c->j, o, at, "subnet", &s) < 0)
		return -1;
	if (!s || cidr_parse("subnet", s, &r.subnet) < 0)
		return jwrong(&c->j, at, "subnet", "ADDRESS/LENGTH is wanted");
	struct addr first = cidr_first(&r.subnet), last = cidr_last(&r.subnet);
	int bits = (int)addr_len(&first) * 8;
	if (addr_cmp(&first, &r.subnet.a) != 0) {
		r.subnet.a = first;
		return jwrong(&c->j, at, "subnet", "%s has host bits: the network is %s", s,
		    cidr_text(&r.subnet, t));
	}
	if (r.subnet.len > bits - 2)
		return jwrong(&c->j, at, "subnet", "%s is too small", s);
	r.gw = first;
	addr_next(&r.gw);
	r.from = r.gw;
	r.to = last;
	if (ipam_addr(c, o, at, "gateway", &r.gw) < 0 ||
	    ipam_addr(c, o, at, "rangeStart", &r.from) < 0 ||
	    ipam_addr(c, o, at, "rangeEnd", &r.to) < 0)
		return -1;
	if (!cidr_has(&r.subnet, &r.from) || !cidr_has(&r.subnet, &r.to) ||
	    addr_cmp(&r.from, &r.to) > 0)
		return jwrong(&c->j, at, "rangeStart", "the range is not within %s", s);
	for (size_t i = 0; i < x->n; i++) {
		struct cni_range *q = &x->v[i];
		if (q->set == set && q->subnet.a.family != r.subnet.a.family)
			return jwrong(&c->j, at, "subnet", "a set of ranges of two families");
		if (q->subnet.a.family == r.subnet.a.family && addr_cmp(&q->from, &r.to) <= 0 &&
		    addr_cmp(&r.from, &q->to) <= 0)
			return jwrong(&c->j, at, "subnet", "%s overlaps with another range", s);
	}
	x->v = xrealloc(x->v, (x->n + 1) * sizeof *x->v);
	x->v[x->n++] = r;
	x->sets = set + 1;
	return 0;
}

static int ipam_sets(struct cni_call *c, const json_t *list, const char *path, struct cni_ipam *x)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *set = json_array_get(list, i);
		size_t to = x->sets;
		if (!json_is_array(set) || !json_array_size(set))
			return jwrong(&c->j, path, "", "each must be a list of ranges");
		if (to == CNI_ADDRS)
			return jwrong(&c->j, path, "", "more than %d lists", CNI_ADDRS);
		for (size_t k = 0; k < json_array_size(set); k++) {
			_cleanup_free_ char *at = xasprintf("%s[%zu][%zu]", path, i, k);
			if (ipam_range(c, json_array_get(set, k), at, to, x) < 0)
				return -1;
		}
	}
	return 0;
}

static int ipam_want(struct cni_call *c, const char *text, struct cni_ipam *x)
{
	_cleanup_free_ char *s = xstrndup(text, strcspn(text, "/"));
	struct addr a;
	if (addr_parse("requested address", s, &a) < 0)
		return -1;
	for (size_t i = 0; i < x->n_want; i++)
		if (addr_cmp(&x->want[i], &a) == 0)
			return 0;
	(void)c;
	x->want = xrealloc(x->want, (x->n_want + 1) * sizeof a);
	x->want[x->n_want++] = a;
	return 0;
}

static int ipam_wants(struct cni_call *c, struct cni_ipam *x)
{
	const char *ip = strv_getenv(&c->args, "IP");
	struct strv list = {0}, more = {0};
	int r = ip && *ip ? ipam_want(c, ip, x) : 0;
	if (r == 0 && c->cni_args)
		r = jget_strv(&c->j, c->cni_args, "args.cni", "ips", &list) < 0 ? -1 : 0;
	if (r == 0 && c->runtime)
		r = jget_strv(&c->j, c->runtime, "runtimeConfig", "ips", &more) < 0 ? -1 : 0;
	strv_addall(&list, &more);
	for (size_t i = 0; i < list.n && r == 0; i++)
		r = ipam_want(c, list.v[i], x);
	strv_free(&list);
	strv_free(&more);
	return r;
}

int cni_ipam_dir(struct cni_call *c, struct cni_ipam *x)
{
	_cleanup_free_ char *dir = NULL;
	if (c->ipam && jget_str(&c->j, c->ipam, "ipam", "dataDir", &dir) < 0)
		return -1;
	if (dir && *dir && *dir != '/')
		return jwrong(&c->j, "ipam", "dataDir", "must be absolute");
	if ((!dir || !*dir) && place_check() < 0)
		return -1;
	x->dir = dir && *dir ? path_join(dir, c->name) : xasprintf("%s/cni/%s", ctr_run(), c->name);
	if (c->owner) {
		_cleanup_free_ char *name = owner_file(".at-", c->owner);
		x->index = path_join(x->dir, name);
	}
	return 0;
}

void cni_ipam_free(struct cni_ipam *x)
{
	free(x->dir);
	free(x->index);
	free(x->v);
	free(x->want);
}

int cni_ipam_read(struct cni_call *c, struct cni_ipam *x)
{
	json_t *list = NULL, *run = NULL;
	memset(x, 0, sizeof *x);
	c->code = CNI_BAD_CONFIG;
	if (!c->ipam)
		return jwrong(&c->j, "", "ipam", "is missing");
	if (cni_ipam_dir(c, x) < 0)
		return -1;
	if (c->runtime && jget_arr(&c->j, c->runtime, "runtimeConfig", "ipRanges", &run) < 0)
		return -1;
	if (ipam_sets(c, run, "runtimeConfig.ipRanges", x) < 0)
		return -1;
	if (json_object_get(c->ipam, "subnet") && ipam_range(c, c->ipam, "ipam", x->sets, x) < 0)
		return -1;
	if (jget_arr(&c->j, c->ipam, "ipam", "ranges", &list) < 0 ||
	    ipam_sets(c, list, "ipam.ranges", x) < 0 || ipam_wants(c, x) < 0)
		return -1;
	if (!x->n)
		return jwrong(&c->j, "ipam", "ranges", "no range of addresses");
	for (size_t i = 1; i < x->n && c->version < CNI_V(0, 3, 0); i++)
		for (size_t k = 0; k < i; k++)
			if (x->v[i].set != x->v[k].set &&
			    x->v[i].subnet.a.family == x->v[k].subnet.a.family)
				return jwrong(&c->j, "ipam", "ranges",
				    "cniVersion %s has one address of a family", c->version_text);
	c->code = CNI_FAILED;
	return 0;
}

/* resolv.conf(5) */
int cni_ipam_resolv(struct cni_call *c, struct cni_dns *d)
{
	_cleanup_free_ char *file = NULL, *text = NULL;
	if (jget_str(&c->j, c->ipam, "ipam", "resolvConf", &file) < 0)
		return -1;
	if (!file || !*file)
		return 0;
	text = file_read(file, 65536, NULL);
	if (!text)
		return fail_in("ipam.resolvConf");
	for (char *s = text, *line; (line = strsep(&s, "\n"));) {
		struct strv w = {0};
		line[strcspn(line, "#;")] = 0;
		strv_split(&w, line, " \t\r");
		if (w.n > 1 && strcmp(w.v[0], "nameserver") == 0)
			strv_add(&d->servers, w.v[1]);
		if (w.n > 1 && strcmp(w.v[0], "domain") == 0) {
			free(d->domain);
			d->domain = xstrdup(w.v[1]);
		}
		for (size_t i = 1; i < w.n; i++) {
			if (strcmp(w.v[0], "search") == 0)
				strv_add(&d->search, w.v[i]);
			if (strcmp(w.v[0], "options") == 0)
				strv_add(&d->options, w.v[i]);
		}
		strv_free(&w);
	}
	return 0;
}
