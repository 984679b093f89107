/* endpoint.h: a container on its network: lease, veth, addresses, published ports, and the files in its /etc
 * (DESIGN.md sections 4 to 6). What outlives a kill carries the container's id: ctr-gc clears it by netplug_gc().
 */
#ifndef CTR_ENDPOINT_H
#define CTR_ENDPOINT_H

#include "kv.h"
#include "network.h"
#include "nft.h"

/* What was asked for: plain data, as conf keeps it. */
struct netreq {
	const char *net;            /* NAME or bridge; of none, host, container:X and ns:FILE nothing is set up here */
	const char *ip, *ip6, *mac; /* NULL: chosen */
	struct strv publish;        /* -p specs (portspec.h) */
	struct strv exposed;        /* -P: "80", "53/udp": each gets a free port of the host */
	struct strv aliases;        /* further names on the network */
	const char *ifname;         /* NULL: eth0 */
};

/* What was set up. Zero-initialise. */
struct netplug {
	char *id, *network, *bridge;
	char ifname[16];
	struct cidr addr[2]; /* IPv4, IPv6; family 0: none */
	uint8_t mac[6];
	struct nft_port *ports;
	size_t nports;
	int *held; /* the host ports' sockets, for the monitor to keep */
	size_t nheld;
};

/* Check what the command line said; nothing is made. Each 0, or -1 with fail(). */
int netplug_check(const struct netreq *r);
/* Is there a network to set up (not none, host, container:, ns:)? */
bool netplug_wanted(const char *net);

/* Are the addresses asked for the network's? Whether they are free shows at the start. 0, or -1 with fail(). */
int netplug_fits(const struct netreq *r, const struct network *n);

/* Set all of it up for the container `id`, called `name`, whose network namespace is open as netns_fd. 0; -1 with
 * fail() and everything undone. */
int netplug_up(const struct netreq *r, const char *id, const char *name, int netns_fd, struct netplug *out);
/* Take down what netplug_up made; the sockets are closed. Warns of what fails, and goes on. */
void netplug_down(struct netplug *p);
/* Its memory only. */
void netplug_forget(struct netplug *p);
/* The file `networks` in a container's directory, which ctr-net connect and disconnect keep for its next start: a line
 * for each further network, "NETWORK IP IP6 ALIAS...", "-" for what is not given; a line "-": it is off that of --net.
 * 0, or -1 with fail(). */
int netplug_further(int dir, struct strv *out);
/* The same by the id alone, from whatever is left: idempotent. -1 with fail() when something could not be cleared. */
int netplug_clear(const char *id);
/* Take a running container (process pid) off one network: its interface and leases there. A default route that it had
 * there leads over the first of `networks` (names, or lines as above) that has a gateway. 0, or -1 with fail(). */
int netplug_disconnect(
    const char *id, const char *ifname, const struct network *n, pid_t pid, const struct strv *networks);
/* Clear all that names a container of this INSTANCE that is not alive. Prints a line on stdout for each. 0 or -1. */
int netplug_gc(bool (*alive)(const char *id));
/* Into the state file: network= ip= ip6= mac= ports= (docker's form). */
void netplug_state(const struct netplug *p, struct kv *kv);

/* "ctr:INSTANCE:ID": the comment of elements and the alias of host veths. Caller frees. */
char *netplug_mark(const char *id);
/* The network namespace of a process, open; or -1 with fail(). */
int netplug_ns(pid_t pid);
/* In an id's place: what ctr-netcfg has begun to make, while it holds a shared lock on $CTR_RUN. */
#define NETCFG_MARK "ctr-netcfg"

/* --- the files in /etc (etc_hosts.c) --- */

struct nethosts {
	const char *hostname, *domainname;
	struct strv add_host; /* NAME:ADDR */
	struct strv dns, dns_search;
};
/* The texts; caller frees. -1 from the check with fail() for a bad --add-host or --dns. */
int nethosts_check(const struct nethosts *h);
char *nethosts_text(const struct nethosts *h);
char *nethosts_resolv(const struct nethosts *h);
/* Rewrite the block between our markers in the hosts file, in place (a bind mount keeps the inode): the container's own
 * addresses and every other on the networks it is on. Without the markers it is left alone. 0 or -1 with fail(). */
int nethosts_update(int dirfd, const char *file, const char *id, const struct nethosts *h, const struct strv *networks);
/* The networks on which the id has a lease, appended. */
void nethosts_networks(const char *id, struct strv *out);
/* Its leases say this name from now on, and so do the others' hosts files. Warns of what fails. */
void nethosts_rename(const char *id, const char *name);

#endif
