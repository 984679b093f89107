/* container_net.h: the monitor's side of a container's networks: from its conf to endpoint.h.
 */
#ifndef CTR_CONTAINER_NET_H
#define CTR_CONTAINER_NET_H

#include "endpoint.h"
#include "etc_hosts.h"
#include "pasta.h"
#include "spec.h"
#include "record.h"

struct container_net {
	struct endpoint net;
	struct pasta pasta;
	struct etc_hosts hosts;
	struct strv networks;
};

/* The file in $CTR_RUN/containers/NAME that says that ctr-netcfg has entered its network. */
#define NETCFG_FILE "netcfg"
/* Its addresses, a line each, or NULL; caller frees. A container without a network of ours is asked
 * for what ctr-netcfg gave it, unless `ask` is false and ctr-netcfg was never there. */
char *container_addresses(const struct container *c, bool ask);
/* Check the network's part of a conf. 0, or -1 with fail(): wrong usage. */
int container_net_check(const struct kv *conf);
void container_net_init(struct container_net *p, const struct container *c);
bool container_net_wanted(const struct container *c);
/* hosts, hostname and resolv.conf: for struct engine, whose `etc` they are. */
extern const char *const container_net_etc[];
/* Before the start: write these into the container's directory. 0, or -1 with fail(). */
int container_net_files(struct container_net *p, const struct container *c, const struct spec *s);
/* Set the network up when the namespaces exist. 0, or -1 with fail() and nothing left. */
int container_net_up(struct container_net *p, const struct container *c, pid_t pid);
void container_net_down(struct container_net *p, const struct container *c);
void container_net_state(const struct container_net *p, struct kv *kv);
/* Take down what its record says was set up and no monitor took down. 0, or -1 with fail(). */
int container_net_clear(const struct container *c);
/* The path of its hosts file; NULL when it has none of ours. Caller frees. */
char *container_net_hosts(const struct container *c);
/* The container has another name now: write it into its leases and everybody's hosts files. Warns
 * of what fails. */
void container_net_rename(const struct container *c);
enum restore_what {
	RESTORE_CONTAINERS = 1, /* what living containers have, too */
	RESTORE_LOOK = 2,       /* only count */
};
/* After somebody flushed our tables: put in again what guarded ports and attachments of CNI have in
 * them, and what `what` adds to that. What is kept of ports that are gone is removed. `self`: the
 * id of the container that this process is about to start, or NULL: of any other that starts it is
 * not known what it has, so the next look is at all of them again. Returns how much was missing, or
 * -1 with fail(). */
int container_net_restore(int what, const char *self);
/* container_net_restore(): `always`, or only where somebody else has touched nf_tables. 0 or more,
 * or -1 with fail(). */
int container_net_heal(bool always);
/* If somebody has removed them, take the leases of a container that runs (NULL: none) again, and
 * those of all that run on the network (NULL: of nobody else), before anybody relies on that. What
 * fails for a container is warned of. 0, or -1 with fail(). */
int container_net_again(struct container *c, const char *network);
/* For ctr-gc: remove what names a container that nobody holds. `joined` are the ids of those with a
 * record of further networks. What fails is warned of, and the rest goes on: -1 then. */
int container_net_gc(owner_alive_fn *alive, const struct strv *joined);

#endif
