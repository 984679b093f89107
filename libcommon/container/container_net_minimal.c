/* container_net_minimal.c: without libmnl only --net none, host, container: and ns: are supported;
 * see container_net.h. */
#include <string.h>

#include "container_net.h"
#include "create_nets.h"
#include "err.h"

char *container_addresses(const struct container *c, bool ask)
{
	(void)c, (void)ask;
	return NULL;
}

int container_net_check(const struct kv *conf)
{
	const char *net = kv_get(conf, "net");
	return net_named(net) ? fail("--net %s: this build has no networks (CONFIG=minimal)", net)
			      : 0;
}

void container_net_init(struct container_net *p, const struct container *c)
{
	(void)c;
	memset(p, 0, sizeof *p);
}

int container_net_files(struct container_net *p, const struct container *c, const struct spec *s)
{
	(void)p, (void)c, (void)s;
	return 0;
}

int container_net_up(struct container_net *p, const struct container *c, pid_t pid)
{
	(void)p, (void)pid;
	return container_net_check(&c->conf);
}

void container_net_down(struct container_net *p, const struct container *c)
{
	(void)p, (void)c;
}

void container_net_state(const struct container_net *p, struct kv *kv)
{
	(void)p, (void)kv;
}

int container_net_clear(const struct container *c)
{
	(void)c;
	return 0;
}

void container_net_rename(const struct container *c)
{
	(void)c;
}

int container_net_restore(int what, const char *self)
{
	(void)self;
	(void)what;
	return 0;
}

int container_net_heal(bool always)
{
	(void)always;
	return 0;
}

int container_net_gc(owner_alive_fn *alive, const struct strv *joined)
{
	(void)joined;
	(void)alive;
	return 0;
}

int create_nets(struct create_flags *o, struct buf *lines)
{
	(void)lines;
	if (o->nets.n > 1)
		return fail("--net: given twice");
	if (o->nets.n)
		o->net = o->nets.v[0];
	return 0;
}
