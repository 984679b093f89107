/* cni_link.h: what a main plugin's configuration says of its interface; see cni_call.h. */
#ifndef CTR_CNI_LINK_H
#define CTR_CNI_LINK_H

#include "cni_call.h"

struct cni_vlans {
	uint16_t first, last;
};
struct cni_link {
	char *bridge, *master, *mode;
	bool gateway, default_gw, force, masq, hairpin, promisc, keep_vlan, spoof, dad, down,
	    isolate;
	bool in_container, has_mac;
	int64_t mtu, vlan;
	struct cni_vlans *trunk;
	size_t n_trunk;
	uint8_t mac[6], host_mac[6];
	char host[16]; /* the host's end of a pair */
	char door[16]; /* by which the host reaches the attachments: where the gateway's address is
			*/
};
/* What kind of interface the plugin makes in a network namespace. */
const char *cni_link_kind(const struct cni_call *c);
/* 0, or -1 with fail() and c->code. */
int cni_link_parse(struct cni_call *c, struct cni_link *l);
void cni_link_free(struct cni_link *l);

/* The interfaces (cni_link_make.c). Where not said otherwise: 0, or -1 with fail(). */
/* Commit the batch, and empty it. */
int cni_link_commit(struct nl *n);
/* The bridge: made where it is missing; another's is used as it is. */
int cni_link_bridge_up(const struct cni_link *l, struct nl *rt, struct link_info *b);
/* The VLANs of the pair's port. */
int cni_link_vlans(const struct cni_link *l, struct nl *rt);
/* The gateway of a VLAN, l->door: a pair whose other end is a port of the bridge in that VLAN. */
int cni_link_vlan_gateway(const struct cni_link *l, struct nl *rt, const struct link_info *bridge);
/* macvlan, ipvlan: the parent is named, or has the default route. */
int cni_link_parent(struct cni_call *c, const struct cni_link *l, struct nl *rt, int *index);
int cni_link_sub(struct cni_call *c, const struct cni_link *l);
int cni_link_pair(
    struct cni_call *c, struct cni_link *l, struct nl *rt, const struct link_info *bridge);
void cni_link_choose_mac(struct cni_link *l, const struct cni_result *r);

/* Addresses and routes (cni_link_addr.c): of the interface, which *x gets; of the bridge; of the
 * host's end. */
int cni_link_inside(
    struct cni_call *c, const struct cni_link *l, const struct cni_result *r, struct link_info *x);
int cni_link_gateway(
    const struct cni_link *l, struct nl *rt, const struct link_info *door, const struct cidr *gw);
int cni_link_ptp_host(const struct cni_link *l, struct nl *rt, const struct cni_result *r);

/* nf_tables (cni_link_nat.c). _del takes the elements of the n addresses that are known to be the
 * attachment's; n -1: all are read. */
int cni_link_nat(struct cni_call *c, const struct cni_link *l, const struct cni_result *r);
int cni_link_del_nat(struct cni_call *c, const char *host, const struct addr *had, int n);
int cni_link_check_nat(struct cni_call *c);
int cni_link_gc_nat(struct cni_call *c, const struct strv *valid);

#endif
