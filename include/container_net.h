/* container_net.h: the monitor's side of a container's networks: from its conf to endpoint.h, and its hosts file kept
 * current.
 */
#ifndef CTR_CONTAINER_NET_H
#define CTR_CONTAINER_NET_H

#include <sys/signalfd.h>
#include "endpoint.h"
#include "etc_hosts.h"
#include "pasta.h"
#include "spec.h"
#include "record.h"

struct plug {
	struct endpoint net;
	struct pasta pasta;
	struct etc_hosts hosts;
	int watch;   /* inotify on the lease directories; -1 none */
	int dnotify; /* where inotify's instances are used up: one directory, told by a signal; -1 none */
	struct strv networks;
	int64_t next; /* no look after the hosts file before this, in ms of the monotonic clock */
	bool late;    /* one is due then */
};

/* Check the network's part of a conf. 0, or -1 with fail(): wrong usage. */
int plug_check(const struct kv *conf);
void plug_init(struct plug *p, const struct container *c);
/* To be watched for reading, or -1. */
int plug_fd(const struct plug *p);
/* Is this signal ours (dnotify)? Then plug_event() and do not forward it. */
bool plug_signal(const struct signalfd_siginfo *i);
/* The network's leases changed: the hosts file follows, at once or with what else comes soon: then plug_due() says in
 * how many ms to call this again (-1: need not). Three hundred containers that start together would else each read
 * three hundred leases three hundred times: the longer a look takes, the longer it is until the next. */
void plug_event(struct plug *p, struct container *c);
int plug_due(const struct plug *p);
bool plug_wanted(const struct container *c);
/* Before the start: hosts, hostname and resolv.conf into the container's directory (rootfs.c binds them). */
int plug_files(struct plug *p, const struct container *c, const struct spec *s);
/* The namespaces exist: set the network up. 0, or -1 with fail() and nothing left. */
int plug_up(struct plug *p, const struct container *c, pid_t pid);
void plug_down(struct plug *p, const struct container *c);
void plug_state(const struct plug *p, struct kv *kv);
/* What its record says was set up and no monitor took down. 0, or -1 with fail(). */
int plug_clear(const struct container *c);
/* For ctr-gc: what names a container that nobody holds. */
int plug_gc(void);

#endif
