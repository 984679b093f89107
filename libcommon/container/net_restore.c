/* net_restore.c: putting back what living containers have in our nf_tables tables after somebody
 * flushed them; see container_net.h. */
#include <unistd.h>

#include "container_net.h"
#include "endpoint.h"
#include "err.h"
#include "record.h"

struct restore {
	struct endpoint_restore r;
	const char *self;
};

static int restore_one(struct container *c, void *arg)
{
	struct restore *a = arg;
	if (c->pid && kv_get(&c->state, "network"))
		endpoint_restore_one(&a->r, c->id, &c->state);
	/* It starts, or its state is lost: what it has put in is not known yet. */
	else if (!c->pid && (container_net_wanted(c) || c->status == ST_CORRUPT) &&
		 !(c->id && str_eq(c->id, a->self)))
		a->r.unsure |= record_held(c->dir) != 0;
	return 0;
}

int container_net_restore(int what, const char *self)
{
	struct restore a = {.self = self};
	bool containers = what & RESTORE_CONTAINERS;
	if (geteuid() || endpoint_restore_open(&a.r, what & RESTORE_LOOK, containers) < 0)
		return geteuid() ? 0 : -1;
	return endpoint_restore_close(&a.r, containers ? container_each(restore_one, &a) : 0);
}

int container_net_heal(bool always)
{
	struct nft f;
	if (!always && (geteuid() || nft_open(&f) < 0))
		return 0;
	bool strange = always || nft_strange(&f.body);
	if (!always)
		nft_close(&f);
	return strange ? container_net_restore(RESTORE_CONTAINERS, NULL) : 0;
}
