/* cni_result.c: results read and written in the form of each version; see cni_result.h.
 *
 * Up to 0.4.0 each address has its "version"; 1.1.0 adds attributes of interfaces and routes.
 * Before 0.3.0 there is one address for each family, each with its routes, and no interfaces.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cni_result.h"
#include "err.h"

struct cni_if *cni_result_if(
    struct cni_result *r, const char *name, const char *sandbox, const uint8_t mac[6], int mtu)
{
	r->ifs = xrealloc(r->ifs, (r->n_ifs + 1) * sizeof *r->ifs);
	struct cni_if *i = &r->ifs[r->n_ifs++];
	*i = (struct cni_if){
	    .name = xstrdup(name), .sandbox = sandbox ? xstrdup(sandbox) : NULL, .mtu = mtu};
	if (mac)
		mac_text(mac, i->mac);
	return i;
}

struct cni_ip *cni_result_ip(
    struct cni_result *r, const struct cidr *addr, const struct addr *gw, int ifindex)
{
	r->ips = xrealloc(r->ips, (r->n_ips + 1) * sizeof *r->ips);
	struct cni_ip *i = &r->ips[r->n_ips++];
	*i = (struct cni_ip){.addr = *addr, .ifindex = ifindex};
	if (gw)
		i->gw = *gw;
	return i;
}

struct route *cni_result_route(struct cni_result *r, const struct cidr *dst, const struct addr *via)
{
	r->routes = xrealloc(r->routes, (r->n_routes + 1) * sizeof *r->routes);
	struct route *x = &r->routes[r->n_routes++];
	*x = (struct route){
	    .dst = *dst, .mtu = -1, .advmss = -1, .priority = -1, .table = -1, .scope = -1};
	if (via)
		x->via = *via;
	return x;
}

void cni_dns_free(struct cni_dns *d)
{
	strv_free(&d->servers);
	strv_free(&d->search);
	strv_free(&d->options);
	free(d->domain);
	memset(d, 0, sizeof *d);
}

void cni_result_free(struct cni_result *r)
{
	for (size_t i = 0; i < r->n_ifs; i++) {
		free(r->ifs[i].name);
		free(r->ifs[i].sandbox);
	}
	free(r->ifs);
	free(r->ips);
	free(r->routes);
	cni_dns_free(&r->dns);
	memset(r, 0, sizeof *r);
}

/* --- reading --- */

/* A member that is an address, or (len) an address with its prefix length. 1; 0 when there is none;
 * -1. */
static int result_addr(const struct jctx *c, const json_t *o, const char *path, const char *key,
    struct addr *a, struct cidr *cidr)
{
	_cleanup_free_ char *s = NULL;
	int r = jget_str(c, o, path, key, &s);
	if (r <= 0 || !*s)
		return r < 0 ? -1 : 0;
	if ((a ? addr_parse(key, s, a) : cidr_parse(key, s, cidr)) < 0)
		return jwrong(
		    c, path, key, "'%s' is not %s", s, a ? "an address" : "ADDRESS/LENGTH");
	return 1;
}

int cni_routes_parse(
    const struct jctx *c, const json_t *list, const char *path, struct cni_result *out)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		_cleanup_free_ char *at = xasprintf("%s[%zu]", path, i);
		struct cidr dst = {0};
		struct addr via = {0};
		if (!json_is_object(o))
			return jwrong(c, at, "", "must be an object");
		int r = result_addr(c, o, at, "dst", NULL, &dst);
		if (r == 0)
			return jwrong(c, at, "dst", "is missing");
		if (r < 0 || result_addr(c, o, at, "gw", &via, NULL) < 0)
			return -1;
		if (via.family && via.family != dst.a.family)
			return jwrong(c, at, "gw", "is of another family than dst");
		struct route *x = cni_result_route(out, &dst, &via);
		if (jget_int(c, o, at, "mtu", 0, 65535, &x->mtu) < 0 ||
		    jget_int(c, o, at, "advmss", 0, 65535, &x->advmss) < 0 ||
		    jget_int(c, o, at, "priority", 0, UINT32_MAX, &x->priority) < 0 ||
		    jget_int(c, o, at, "table", 0, UINT32_MAX, &x->table) < 0 ||
		    jget_int(c, o, at, "scope", 0, 255, &x->scope) < 0)
			return -1;
	}
	return 0;
}

int cni_dns_parse(const struct jctx *c, const json_t *o, const char *path, struct cni_dns *out)
{
	_cleanup_free_ char *at = xasprintf("%s%sdns", path, *path ? "." : "");
	json_t *dns = NULL;
	int r = jget_obj(c, o, path, "dns", &dns);
	if (r <= 0)
		return r;
	if (jget_strv(c, dns, at, "nameservers", &out->servers) < 0 ||
	    jget_str(c, dns, at, "domain", &out->domain) < 0 ||
	    jget_strv(c, dns, at, "search", &out->search) < 0 ||
	    jget_strv(c, dns, at, "options", &out->options) < 0)
		return -1;
	return 0;
}

bool cni_dns_empty(const struct cni_dns *d)
{
	return !d->servers.n && !d->search.n && !d->options.n && !(d->domain && *d->domain);
}

static int parse_ifs(
    const struct jctx *c, const json_t *list, const char *path, struct cni_result *out)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		_cleanup_free_ char *at = xasprintf("%s.interfaces[%zu]", path, i), *name = NULL,
				    *mac = NULL, *sandbox = NULL;
		int64_t mtu = 0;
		if (!json_is_object(o))
			return jwrong(c, at, "", "must be an object");
		if (jget_str(c, o, at, "name", &name) < 0 || jget_str(c, o, at, "mac", &mac) < 0 ||
		    jget_str(c, o, at, "sandbox", &sandbox) < 0 ||
		    jget_int(c, o, at, "mtu", 0, INT32_MAX, &mtu) < 0)
			return -1;
		struct cni_if *x = cni_result_if(
		    out, name ? name : "", sandbox && *sandbox ? sandbox : NULL, NULL, (int)mtu);
		if (mac && strlen(mac) >= sizeof x->mac)
			return jwrong(c, at, "mac", "longer than a MAC address");
		strcpy(x->mac, mac ? mac : "");
	}
	return 0;
}

static int parse_ip(
    const struct jctx *c, const json_t *o, const char *at, const char *key, struct cni_result *out)
{
	struct cidr a = {0};
	struct addr gw = {0};
	int64_t index = -1;
	if (!json_is_object(o))
		return jwrong(c, at, "", "must be an object");
	int r = result_addr(c, o, at, key, NULL, &a);
	if (r == 0)
		return jwrong(c, at, key, "is missing");
	if (r < 0 || result_addr(c, o, at, "gateway", &gw, NULL) < 0 ||
	    jget_int(c, o, at, "interface", -1, INT32_MAX, &index) < 0)
		return -1;
	cni_result_ip(out, &a, &gw, (int)index);
	return 0;
}

static int parse_ips(
    const struct jctx *c, const json_t *list, const char *path, struct cni_result *out)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		_cleanup_free_ char *at = xasprintf("%s.ips[%zu]", path, i);
		if (parse_ip(c, json_array_get(list, i), at, "address", out) < 0)
			return -1;
	}
	return 0;
}

/* ip4 and ip6: the form before 0.3.0. */
static int parse_old(const struct jctx *c, const json_t *o, const char *path, const char *key,
    struct cni_result *out)
{
	json_t *ip = NULL, *routes = NULL;
	_cleanup_free_ char *at = xasprintf("%s.%s", path, key);
	int r = jget_obj(c, o, path, key, &ip);
	if (r <= 0)
		return r;
	return parse_ip(c, ip, at, "ip", out) < 0 || jget_arr(c, ip, at, "routes", &routes) < 0
		   ? -1
		   : cni_routes_parse(c, routes, at, out);
}

int cni_result_parse(
    const struct jctx *c, const json_t *o, const char *path, struct cni_result *out)
{
	json_t *ifs = NULL, *ips = NULL, *routes = NULL;
	_cleanup_free_ char *at = xasprintf("%s.routes", path);
	memset(out, 0, sizeof *out);
	if (jget_arr(c, o, path, "interfaces", &ifs) < 0 || jget_arr(c, o, path, "ips", &ips) < 0 ||
	    jget_arr(c, o, path, "routes", &routes) < 0 || parse_ifs(c, ifs, path, out) < 0 ||
	    parse_ips(c, ips, path, out) < 0 || parse_old(c, o, path, "ip4", out) < 0 ||
	    parse_old(c, o, path, "ip6", out) < 0 || cni_routes_parse(c, routes, at, out) < 0 ||
	    cni_dns_parse(c, o, path, &out->dns) < 0) {
		cni_result_free(out);
		return -1;
	}
	return 0;
}

/* --- writing --- */

static void cni_result_put(json_t *o, const char *key, json_t *v)
{
	if (json_object_set_new(o, key, v) < 0)
		err_no_memory();
}

static void put_list(json_t *o, const char *key, const struct strv *l)
{
	if (!l->n)
		return;
	json_t *a = json_array();
	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(a, json_make("s", l->v[i]));
	cni_result_put(o, key, a);
}

static json_t *dns_json(const struct cni_dns *d)
{
	json_t *o = json_object();
	put_list(o, "nameservers", &d->servers);
	if (d->domain && *d->domain)
		cni_result_put(o, "domain", json_make("s", d->domain));
	put_list(o, "search", &d->search);
	put_list(o, "options", &d->options);
	return o;
}

static void put_number(json_t *o, const char *key, int64_t v)
{
	if (v >= 0)
		cni_result_put(o, key, json_integer(v));
}

static json_t *route_json(const struct route *r, int version)
{
	char t[CIDR_TEXT], a[ADDR_TEXT];
	json_t *o = json_make(
	    "{dst:s,gw:s*}", cidr_text(&r->dst, t), r->via.family ? addr_text(&r->via, a) : NULL);
	if (version < CNI_V(1, 1, 0))
		return o;
	put_number(o, "mtu", r->mtu);
	put_number(o, "advmss", r->advmss);
	put_number(o, "priority", r->priority);
	put_number(o, "table", r->table);
	put_number(o, "scope", r->scope);
	return o;
}

/* Before 0.3.0: the first address of a family. */
static void put_old(json_t *top, const struct cni_result *r, int family, const char *key)
{
	char t[CIDR_TEXT], a[ADDR_TEXT];
	json_t *routes = json_array();
	for (size_t i = 0; i < r->n_routes; i++)
		if (r->routes[i].dst.a.family == family)
			json_array_append_new(routes, route_json(&r->routes[i], 0));
	for (size_t i = 0; i < r->n_ips; i++) {
		const struct cni_ip *ip = &r->ips[i];
		if (ip->addr.a.family != family || json_object_get(top, key))
			continue;
		json_t *o = json_make("{ip:s,gateway:s*}", cidr_text(&ip->addr, t),
		    ip->gw.family ? addr_text(&ip->gw, a) : NULL);
		if (json_array_size(routes))
			cni_result_put(o, "routes", json_incref(routes));
		cni_result_put(top, key, o);
	}
	json_decref(routes);
}

static json_t *ip_json(const struct cni_ip *ip, int version)
{
	char t[CIDR_TEXT], a[ADDR_TEXT];
	json_t *o = json_object();
	if (version < CNI_V(1, 0, 0))
		cni_result_put(o, "version", json_string(ip->addr.a.family == AF_INET ? "4" : "6"));
	if (ip->ifindex >= 0)
		cni_result_put(o, "interface", json_integer(ip->ifindex));
	cni_result_put(o, "address", json_string(cidr_text(&ip->addr, t)));
	if (ip->gw.family)
		cni_result_put(o, "gateway", json_string(addr_text(&ip->gw, a)));
	return o;
}

json_t *cni_result_json(const struct cni_result *r, int version, const char *version_text)
{
	json_t *top = json_make("{cniVersion:s}", version_text), *list;
	if (version < CNI_V(0, 3, 0)) {
		put_old(top, r, AF_INET, "ip4");
		put_old(top, r, AF_INET6, "ip6");
		cni_result_put(top, "dns", dns_json(&r->dns));
		return top;
	}
	if (r->n_ifs) {
		cni_result_put(top, "interfaces", list = json_array());
		for (size_t i = 0; i < r->n_ifs; i++) {
			const struct cni_if *x = &r->ifs[i];
			json_t *o = json_make("{name:s,mac:s*,sandbox:s*}", x->name,
			    *x->mac ? x->mac : NULL, x->sandbox);
			if (version >= CNI_V(1, 1, 0) && x->mtu)
				cni_result_put(o, "mtu", json_integer(x->mtu));
			json_array_append_new(list, o);
		}
	}
	if (r->n_ips) {
		cni_result_put(top, "ips", list = json_array());
		for (size_t i = 0; i < r->n_ips; i++)
			json_array_append_new(list, ip_json(&r->ips[i], version));
	}
	if (r->n_routes) {
		cni_result_put(top, "routes", list = json_array());
		for (size_t i = 0; i < r->n_routes; i++)
			json_array_append_new(list, route_json(&r->routes[i], version));
	}
	cni_result_put(top, "dns", dns_json(&r->dns));
	return top;
}
