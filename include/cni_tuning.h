/* cni_tuning.h: what the plugin tuning changes on an interface; for cni_chain.c. All return 0, or
 * -1 with fail(). */
#ifndef CTR_CNI_TUNING_H
#define CTR_CNI_TUNING_H

#include <sys/types.h>

#include "cni_call.h"

struct tuning {
	json_t *sysctl;
	uint8_t mac[6];
	bool has_mac, promisc, has_promisc, allmulti, has_allmulti;
	int64_t mtu, queue; /* queue -1: not given */
	ino_t ns;           /* of the previous settings: the network namespace */
};

/* Change the interface, keep its previous settings for DEL, and put the new ones into the result
 * `out`. */
int cni_tune(struct cni_call *c, const struct tuning *t, json_t *out);
/* Restore the previous settings, if the interface still exists. */
int cni_untune(struct cni_call *c);
/* For cni_inside(): do the sysctls of `arg`, a JSON object, have the values that it says? */
int cni_tune_sysctls_are(struct cni_call *c, void *arg);

#endif
