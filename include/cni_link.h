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
	uint8_t mac[6];
	char host[16]; /* the host's end of a pair */
};
/* 0, or -1 with fail() and c->code. */
int cni_link_parse(struct cni_call *c, struct cni_link *l);
void cni_link_free(struct cni_link *l);

#endif
