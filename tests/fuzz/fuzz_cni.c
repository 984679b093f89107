/* fuzz_cni.c: the CNI plugins' door: a configuration as every plugin reads it, nothing done; and a
 * result that is read and written in each version's shape reads again as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cni_ipam.h"
#include "cni_link.h"
#include "err.h"

static const unsigned plugins[] = {CNI_BRIDGE | CNI_PORTS | CNI_BANDWIDTH | CNI_TUNING | CNI_SPOOF,
    CNI_PTP, CNI_MACVLAN, CNI_IPVLAN, CNI_IPAM,
    CNI_PORTS | CNI_BANDWIDTH | CNI_TUNING | CNI_FIREWALL};

/* What was written must read, and say as much of addresses as there was. */
static void again(const struct cni_result *r)
{
	static const int versions[] = {CNI_V(0, 2, 0), CNI_V(0, 4, 0), CNI_V(1, 1, 0)};
	size_t families = 0;
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < r->n_ips; i++)
			if (r->ips[i].addr.a.family == (k ? AF_INET6 : AF_INET)) {
				families++;
				break;
			}
	for (size_t i = 0; i < 3; i++) {
		struct cni_result b;
		json_t *o = cni_result_json(r, versions[i], "x");
		if (cni_result_parse(&(struct jctx){.what = "again"}, o, "", &b) < 0 ||
		    b.n_ips != (i ? r->n_ips : families) ||
		    (i && (b.n_ifs != r->n_ifs || b.n_routes != r->n_routes)))
			abort();
		cni_result_free(&b);
		json_decref(o);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct cni_call c = {.plugin = "fuzz", .id = "c1", .ifname = "eth0", .ns = -1, .lock = -1};
	c.does = plugins[data[0] % 6];
	c.command = (enum cni_command)(data[0] / 6 % 5);
	if (c.command == CNI_GC || c.command == CNI_STATUS)
		c.id = NULL;
	char *text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = 0;
	struct cni_link l = {0};
	struct cni_ports p = {0};
	struct cni_ipam x = {0};
	struct strv valid = {0};
	if (cni_conf_read(&c, text, size - 1) == 0) {
		cni_link_parse(&c, &l);
		cni_ports_parse(&c, &p);
		cni_chain_parse(&c);
		cni_ipam_read(&c, &x);
		if (cni_valid(&c, &valid) == 0 && valid.n && cni_is_stale(&c, &valid, valid.v[0]))
			abort();
		again(&c.prev);
	}
	cni_link_free(&l);
	cni_ipam_free(&x);
	free(p.v);
	strv_free(&valid);
	cni_call_free(&c);
	return 0;
}
