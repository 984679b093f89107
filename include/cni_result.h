/* cni_result.h: a CNI result (specification 1.1, section 5) in each of its versions' shapes.
 */
#ifndef CTR_CNI_RESULT_H
#define CTR_CNI_RESULT_H

#include "json.h"
#include "rtnl_port.h"

/* Versions as numbers: 0x010100 is 1.1.0. */
#define CNI_V(major, minor, patch) ((major) << 16 | (minor) << 8 | (patch))

struct cni_if {
	char *name, *sandbox; /* sandbox NULL: of the host */
	char mac[64];         /* InfiniBand's has 59 characters */
	int mtu;              /* 0: not told */
};
struct cni_ip {
	struct cidr addr;
	struct addr gw;
	int ifindex; /* into the interfaces; -1: none */
};
struct cni_dns {
	struct strv servers, search, options;
	char *domain;
};
struct cni_result {
	struct cni_if *ifs;
	struct cni_ip *ips;
	struct route *routes; /* via.family 0: by the address's gateway */
	size_t n_ifs, n_ips, n_routes;
	struct cni_dns dns;
};

/* A result of any version. 0, or -1 with fail(); then there is nothing to free. */
int cni_result_parse(
    const struct jctx *c, const json_t *o, const char *path, struct cni_result *out);
/* Routes as configurations and results have them: appended. `o` may be NULL. */
int cni_routes_parse(
    const struct jctx *c, const json_t *list, const char *path, struct cni_result *out);
/* {nameservers, domain, search, options}. 0, or -1 with fail(). */
int cni_dns_parse(const struct jctx *c, const json_t *o, const char *path, struct cni_dns *out);
bool cni_dns_empty(const struct cni_dns *d);
void cni_dns_free(struct cni_dns *d);
/* The result in that version's shape. Caller owns. */
json_t *cni_result_json(const struct cni_result *r, int version, const char *version_text);
void cni_result_free(struct cni_result *r);

/* Append an interface, an address or a route, and return it. It lies in the result's array: the
 * pointer is good until the next one is appended. `name` and `sandbox` are copied; sandbox, mac, gw
 * and via may be NULL; mtu is in bytes, 0 where it is not told. */
struct cni_if *cni_result_if(
    struct cni_result *r, const char *name, const char *sandbox, const uint8_t mac[6], int mtu);
struct cni_ip *cni_result_ip(
    struct cni_result *r, const struct cidr *addr, const struct addr *gw, int ifindex);
struct route *cni_result_route(
    struct cni_result *r, const struct cidr *dst, const struct addr *via);

#endif
