/* endpoint.h: a container's connection to a network: lease, veth, addresses, published ports, and
 * the files in its /etc. What outlives a kill bears the container's id: ctr-gc removes it by
 * endpoint_gc(). */
#ifndef CTR_ENDPOINT_H
#define CTR_ENDPOINT_H

#include "kv.h"
#include "etc_hosts.h"
#include "network.h"
#include "nft.h"
#include "owner.h"

/* What was asked for: plain data, as conf keeps it. */
struct endpoint_req {
	const char *
	    net; /* NAME or bridge; of none, host, container:X and ns:FILE nothing is set up here */
	const char *ip, *ip6, *mac;   /* NULL: chosen */
	struct strv publish;          /* -p specs (portspec.h) */
	struct strv exposed;          /* -P: "80", "53/udp": each gets a free port of the host */
	struct strv aliases;          /* further names on the network */
	struct addr had[2];           /* what it had the last time, IPv4 and IPv6: again, if free */
	const char *ifname;           /* NULL: eth0 */
	const char *hosts;            /* its own hosts file; NULL: it has none of ours */
	const struct etc_hosts *self; /* what it calls itself there; NULL: by its name */
	owner_alive_fn *alive;        /* asked of who published a port before us */
	void *alive_arg;
};

/* What was set up. Zero-initialise. */
struct endpoint {
	char *id, *network, *bridge;
	char ifname[16];
	struct cidr addr[2]; /* IPv4, IPv6; family 0: none */
	uint8_t mac[6];
	bool rebuilt; /* somebody else touched nf_tables: of ours, something may be missing */
	bool guarded; /* what is said of its port in the table of family bridge */
	bool linked;  /* its interface is there */
	struct nft_port *ports;
	size_t nports;
	int *held; /* the host ports' sockets, for the monitor to keep */
	size_t nheld;
};

/* Check what the command line said; nothing is made. Each 0, or -1 with fail(). */
int endpoint_check(const struct endpoint_req *r);

/* Can the network give the addresses asked for (MAC too)? Whether they are free shows at the start.
 * 0, or -1 with fail(). */
int endpoint_fits(const struct endpoint_req *r, const struct network *n);

/* Set all of it up for the container `id`, called `name`, whose network namespace is open as
 * netns_fd. 0; -1 with fail() and everything undone. */
int endpoint_up(const struct endpoint_req *r, const char *id, const char *name, int netns_fd,
    struct endpoint *out);
/* The container runs, and somebody has removed its leases there: take those of what it was given
 * (r->had, r->ifname), and put it back into the folder of names; with `all`, which says that all
 * that run are put back, even if no lease was lost. The leases go to h (its addr, and ifname if one
 * was there). What its interfaces have by now is not asked: it may have changed that. 1: leases
 * were lost; 0: none were; -1 with fail(). */
int endpoint_again(
    const struct endpoint_req *r, const char *id, const char *name, bool all, struct endpoint *h);
/* What leases it has on a network: h's addr, and ifname; untouched where there are none. 0, or -1
 * with fail(). */
int endpoint_held(const char *id, const char *network, struct endpoint *h);
/* Take down what endpoint_up() made; the sockets are closed. Warns of what fails, and continues. */
void endpoint_down(struct endpoint *p);
/* Free only its memory. */
void endpoint_forget(struct endpoint *p);
/* Take down all connections of the container with this id, whatever is left of them; it may be
 * called again. 0, or -1 with fail() when something could not be removed. */
int endpoint_clear(const char *id);
/* Take a running container, whose network namespace is open as netns_fd, off one network: its
 * interface and leases there. A default route that it had there leads over the first of `networks`
 * (names, or lines that begin with one and a space) that has a gateway. 0, or -1 with fail(). */
int endpoint_disconnect(const char *id, const char *ifname, const struct network *n, int netns_fd,
    const struct strv *networks);
/* Free what the id has on one network. First its names are taken out of the others' hosts files,
 * and with `subnet` (IPv4, IPv6) the others' names of these subnets out of its own file; then its
 * leases are freed. 0, or -1 with fail(). */
int endpoint_release(const char *id, const char *network, const struct cidr *subnet);
/* Remove everything that names an owner of this INSTANCE that is known to be dead. Prints a line on
 * stdout for each. 0, or -1 when something could not be removed, or it is not known whether an
 * owner is alive (said by warn()). */
int endpoint_gc(owner_alive_fn *alive, void *arg);
/* After somebody flushed the ruleset, or a part of it: call _open() once, _one() for every living
 * container with its state file, and _close() at the end (`result` is 0, or -1 when the caller has
 * failed meanwhile). Without `containers` there are no calls of _one(), and nothing is settled;
 * where a living container is passed over the caller sets `unsure`, and the next one looks again.
 * _open() and _close() return -1 with fail() on failure, _close() otherwise how many things were
 * missing. */
struct endpoint_restore {
	struct nft f, g;   /* what is put in: into our tables, and into that of family bridge */
	bool look;         /* only count: nothing is changed */
	bool unsure;       /* of a container that lives it is not known what it should have */
	struct cidr *nets; /* that are masqueraded */
	size_t n_nets, missing, guards;
	int kept; /* kept.h, locked */
};
int endpoint_restore_open(struct endpoint_restore *r, bool look, bool containers);
void endpoint_restore_one(struct endpoint_restore *r, const char *id, const struct kv *state);
int endpoint_restore_close(struct endpoint_restore *r, int result);
/* Write what was set up into the state file: network= ip= ip6= mac= ports= (docker's form). */
void endpoint_state(const struct endpoint *p, struct kv *kv);

/* "ctr:INSTANCE:ID": the comment of elements and the alias of host veths. Caller frees. */
char *endpoint_mark(const char *id);
/* The host's end of a container's veth: an interface name has at most 15 bytes, an id may have
 * more. */
void endpoint_veth(const char *id, const char *ifname, char out[16]);
/* The network namespace of a process, open; or -1 with fail(). */
int endpoint_ns(pid_t pid);
/* In place of an id: what ctr-netcfg is still making, while it holds a shared lock on $CTR_RUN. */
#define NETCFG_MARK "ctr-netcfg"

/* Prevent the container from pretending to be another on the bridge (nft_guard()). A kernel without
 * CONFIG_NF_TABLES_BRIDGE starts it all the same. 0; 1: our table there was missing; or -1 with
 * fail(). */
int endpoint_guard(
    const char *id, const char *ifname, const uint8_t *mac, const struct cidr *addr, bool on);
/* The MAC address for a container that asked for none: made from its address (IPv4, IPv6). */
void endpoint_mac(const struct cidr addr[2], uint8_t mac[6]);

#endif
