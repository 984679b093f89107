/* net_restore.c: putting back what living containers have in our nf_tables tables after somebody
 * flushed them; see container_net.h. */
#include <unistd.h>

#include "container_net.h"
#include "endpoint.h"
#include "err.h"
#include "record.h"

static int restore_one(struct container *c, void *arg)
{
	if (c->pid && kv_get(&c->state, "network"))
		endpoint_restore_one(arg, c->id, &c->state);
	return 0;
}

int container_net_restore(bool look, bool containers)
{
	struct endpoint_restore r;
	if (geteuid() || endpoint_restore_open(&r, look) < 0)
		return geteuid() ? 0 : -1;
	return endpoint_restore_close(&r, containers ? container_each(restore_one, &r) : 0);
}

int container_net_heal(bool always)
{
	struct nft f;
	if (!always && (geteuid() || nft_open(&f) < 0))
		return 0;
	bool strange = always || nft_strange(&f.body);
	if (!always)
		nft_close(&f);
	return strange ? container_net_restore(false, true) : 0;
}
