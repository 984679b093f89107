/* cni_ipam.h: what host-local's configuration says of addresses; see cni_call.h. */
#ifndef CTR_CNI_IPAM_H
#define CTR_CNI_IPAM_H

#include "cni_call.h"

struct cni_range {
	struct cidr subnet;
	struct addr from, to, gw;
	size_t set; /* of each set an attachment has one address */
};
struct cni_ipam {
	char *dir;   /* where the leases are */
	char *index; /* the file that names the attachment's leases; NULL without an attachment */
	struct cni_range *v;
	size_t n, sets;
	struct addr *want; /* asked for, by any of four ways */
	size_t n_want;
};

/* All of it: 0, or -1 with fail() and c->code; _free in both cases. */
int cni_ipam_read(struct cni_call *c, struct cni_ipam *x);
/* Only dir and index, of an x that is zero. */
int cni_ipam_dir(struct cni_call *c, struct cni_ipam *x);
void cni_ipam_free(struct cni_ipam *x);
/* What the file resolvConf says (resolv.conf(5)). */
int cni_ipam_resolv(struct cni_call *c, struct cni_dns *d);

#endif
