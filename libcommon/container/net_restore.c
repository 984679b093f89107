/* net_restore.c: putting back what living containers have in our nf_tables tables after somebody
 * flushed them; see container_net.h. */
#include <errno.h>
#include <sys/socket.h>
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

int container_net_each(const struct strv *ids, int (*fn)(struct container *, void *), void *arg)
{
	int r = 0;
	if (!ids)
		return container_each(fn, arg);
	for (size_t i = 0; i < ids->n; i++) {
		struct container c;
		bool there = container_open_id(&c, ids->v[i]) == 0;
		if (there ? fn(&c, arg) < 0 : errno != ENOENT)
			r = -1;
		container_close(&c);
	}
	return r;
}

int container_net_restore(const struct strv *ids, bool look)
{
	struct endpoint_restore r;
	if (geteuid() || endpoint_restore_open(&r, look) < 0)
		return geteuid() ? 0 : -1;
	return endpoint_restore_close(&r, container_net_each(ids, restore_one, &r));
}

int container_net_heal(bool always)
{
	struct nft f;
	if (!always && (geteuid() || nft_open(&f) < 0))
		return 0;
	bool strange = always || nft_strange(&f.body);
	if (!always)
		nft_close(&f);
	return strange ? container_net_restore(NULL, false) : 0;
}
