/* cni_link_conf.c: the configurations of bridge, ptp, macvlan and ipvlan
 * (containernetworking/plugins); see cni_link.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni_link.h"
#include "err.h"

static int link_trunk(struct cni_call *c, struct cni_link *l)
{
	json_t *list = NULL;
	if (jget_arr(&c->j, c->conf, "", "vlanTrunk", &list) < 0)
		return -1;
	for (size_t i = 0; i < json_array_size(list); i++) {
		_cleanup_free_ char *at = xasprintf("vlanTrunk[%zu]", i);
		const json_t *o = json_array_get(list, i);
		int64_t min = 0, max = 0, id = 0;
		if (!json_is_object(o))
			return jwrong(&c->j, at, "", "must be an object");
		if (jget_int(&c->j, o, at, "minID", 1, 4094, &min) < 0 ||
		    jget_int(&c->j, o, at, "maxID", 1, 4094, &max) < 0 ||
		    jget_int(&c->j, o, at, "id", 1, 4094, &id) < 0)
			return -1;
		if (!min != !max || max < min)
			return jwrong(
			    &c->j, at, "minID", "minID and maxID are wanted, the greater last");
		l->trunk = xrealloc(l->trunk, (l->n_trunk + 2) * sizeof *l->trunk);
		if (min)
			l->trunk[l->n_trunk++] = (struct cni_vlans){(uint16_t)min, (uint16_t)max};
		if (id)
			l->trunk[l->n_trunk++] = (struct cni_vlans){(uint16_t)id, (uint16_t)id};
	}
	return 0;
}

static int link_bridge(struct cni_call *c, struct cni_link *l)
{
	if (cni_str(c, "bridge", &l->bridge) < 0 || cni_bool(c, "isGateway", &l->gateway) < 0 ||
	    cni_bool(c, "isDefaultGateway", &l->default_gw) < 0 ||
	    cni_bool(c, "forceAddress", &l->force) < 0 ||
	    cni_bool(c, "hairpinMode", &l->hairpin) < 0 ||
	    cni_bool(c, "promiscMode", &l->promisc) < 0 ||
	    cni_int(c, "vlan", 0, 4094, &l->vlan) < 0 ||
	    cni_bool(c, "preserveDefaultVlan", &l->keep_vlan) < 0 ||
	    cni_bool(c, "macspoofchk", &l->spoof) < 0 || cni_bool(c, "enabledad", &l->dad) < 0 ||
	    cni_bool(c, "disableContainerInterface", &l->down) < 0 ||
	    cni_bool(c, "portIsolation", &l->isolate) < 0)
		return -1;
	if (link_trunk(c, l) < 0) {
		c->code = CNI_BAD_CONFIG;
		return -1;
	}
	l->gateway |= l->default_gw;
	if (!l->bridge || !*l->bridge) {
		free(l->bridge);
		l->bridge = xstrdup("cni0");
	}
	if (ifname_check("bridge", l->bridge) < 0)
		return cni_fail(c, CNI_BAD_CONFIG, "%s", fail_msg());
	if (l->hairpin && l->promisc)
		return cni_fail(
		    c, CNI_BAD_CONFIG, "hairpinMode and promiscMode exclude each other");
	if (l->vlan && l->n_trunk)
		return cni_fail(c, CNI_BAD_CONFIG, "vlan and vlanTrunk exclude each other");
	int n = snprintf(l->door, sizeof l->door, "%s", l->bridge);
	if (l->vlan && l->gateway)
		n = snprintf(l->door, sizeof l->door, "%s.%d", l->bridge, (int)l->vlan);
	if (n >= (int)sizeof l->door)
		return cni_fail(c, CNI_BAD_CONFIG,
		    "bridge: %s: too long for the gateway of a VLAN, %s.%d", l->bridge, l->bridge,
		    (int)l->vlan);
	if (l->down && c->ipam_type && *c->ipam_type)
		return cni_fail(c, CNI_BAD_CONFIG, "disableContainerInterface: not with ipam");
	return 0;
}

const char *cni_link_kind(const struct cni_call *c)
{
	if (c->does & CNI_IPVLAN)
		return "ipvlan";
	return c->does & CNI_MACVLAN ? "macvlan" : "veth";
}

int cni_link_parse(struct cni_call *c, struct cni_link *l)
{
	*l = (struct cni_link){.keep_vlan = true};
	if (cni_int(c, "mtu", 0, 65535, &l->mtu) < 0 || cni_bool(c, "ipMasq", &l->masq) < 0 ||
	    (c->command == CNI_ADD && cni_backend(c, "ipMasqBackend") < 0))
		return -1;
	static const char *const refused[] = {"bcqueuelen", NULL};
	if (c->does & CNI_MACVLAN && c->command == CNI_ADD && cni_refuse(c, c->conf, refused) < 0)
		return -1;
	int mac = c->does & CNI_IPVLAN ? 0 : cni_mac(c, c->does & CNI_MACVLAN, l->mac);
	if (mac < 0)
		return -1;
	l->has_mac = mac;
	if (c->does & CNI_BRIDGE && link_bridge(c, l) < 0)
		return -1;
	if (c->does & (CNI_MACVLAN | CNI_IPVLAN) &&
	    (cni_str(c, "master", &l->master) < 0 || cni_str(c, "mode", &l->mode) < 0 ||
		cni_bool(c, "linkInContainer", &l->in_container) < 0))
		return -1;
	if (c->does & CNI_IPVLAN && c->command == CNI_ADD && c->prev_json &&
	    !(l->master && *l->master)) {
		if (c->prev.n_ifs != 1)
			return cni_fail(c, CNI_BAD_CONFIG,
			    "master: not given, and prevResult has not just one interface");
		free(l->master);
		l->master = xstrdup(c->prev.ifs[0].name);
	}
	if (c->does & CNI_PTP && !(c->ipam_type && *c->ipam_type))
		return cni_fail(c, CNI_BAD_CONFIG, "ipam: %s needs addresses", c->plugin);
	if (c->owner)
		cni_link_name("veth", c->owner, l->host);
	if (c->does & CNI_PTP)
		strcpy(l->door, l->host);
	return 0;
}

void cni_link_free(struct cni_link *l)
{
	free(l->bridge);
	free(l->master);
	free(l->mode);
	free(l->trunk);
	memset(l, 0, sizeof *l);
}
