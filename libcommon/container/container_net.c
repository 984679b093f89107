/* container_net.c: the monitor's part in a container's networks; see container_net.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "event.h"
#include "err.h"
#include "file.h"
#include "nl.h"
#include "connect.h"
#include "container_net.h"
#include "trace.h"

static void hosts_of(struct etc_hosts *h, const struct kv *conf, const struct spec *s)
{
	memset(h, 0, sizeof *h);
	if (s) {
		/* With --uts host; on its network the host's hosts file has the name. */
		static char own[HOST_NAME_MAX + 1];
		h->hostname = s->hostname;
		if (!s->hostname && !s->ns_path[NS_UTS] && !str_eq(kv_get(conf, "net"), "host") &&
		    gethostname(own, sizeof own) == 0)
			h->hostname = own;
		h->domainname = s->domainname;
	}
	record_lines(&h->add_host, conf, "add_host");
	record_lines(&h->dns, conf, "dns");
	record_lines(&h->dns_search, conf, "dns_search");
	record_lines(&h->dns_option, conf, "dns_option");
}

static void hosts_free(struct etc_hosts *h)
{
	strv_free(&h->add_host);
	strv_free(&h->dns);
	strv_free(&h->dns_search);
	strv_free(&h->dns_option);
}

int container_net_check(const struct kv *conf)
{
	struct endpoint_req r;
	struct etc_hosts h;
	net_request(&r, conf);
	hosts_of(&h, conf, NULL);
	if (geteuid() && net_named(r.net) && strcmp(r.net, "pasta"))
		return errno = EPERM,
		       fail("--net %s: it is for root; a user has none, host and pasta", r.net);
	int result = endpoint_check(&r) < 0 || etc_hosts_check(&h) < 0 ? -1 : 0;
	net_request_free(&r);
	hosts_free(&h);
	return result;
}

void container_net_init(struct container_net *p, const struct container *c)
{
	memset(p, 0, sizeof *p);
	(void)c;
	p->pasta.errors = -1;
}

/* --- looking --- */

static void container_net_show_addr(int index, const struct cidr *a, void *arg)
{
	struct buf *b = arg;
	char t[ADDR_TEXT];
	bool v6 = a->a.family == AF_INET6;
	(void)index;
	if (v6 ? a->a.b[0] == 0xfe || addr_is_loopback(&a->a) : a->a.b[0] == 127)
		return;
	buf_printf(b, "%s%s", b->n ? "\n" : "", addr_text(&a->a, t));
}

char *container_addresses(const struct container *c, bool ask)
{
	const char *known = kv_get(&c->state, "ip"), *net = kv_get(&c->conf, "net");
	struct buf b = {0};
	struct nl n;
	if (!c->pid || known || (net && *net && strcmp(net, "none")))
		return c->pid && known ? xstrdup(known) : NULL;
	_cleanup_free_ char *mark = record_run_path(c->name, NETCFG_FILE);
	if (!ask && access(mark, F_OK) < 0)
		return NULL;
	_cleanup_close_ int ns = endpoint_ns(c->pid);
	if (ns < 0 || nl_open(&n, NETLINK_ROUTE, ns) < 0)
		return NULL;
	rtnl_addrs(&n, container_net_show_addr, &b);
	nl_close(&n);
	return b.p;
}

/* --- the files --- */

static int container_net_put(const struct container *c, const char *name, const char *text)
{
	return file_write_at(c->dir, name, text, strlen(text), 0644, false) < 0
		   ? fail_in("%s: %s", c->name, name)
		   : 0;
}

/* For --net container:X: the same files as X. */
static void share_files(const struct container *c, const char *other)
{
	static const char *const names[] = {"hosts", "resolv.conf"};
	struct container o;
	if (container_open(&o, other) < 0)
		return;
	for (size_t i = 0; i < 2; i++) {
		unlinkat(c->dir, names[i], 0);
		if (linkat(o.dir, names[i], c->dir, names[i], 0) < 0 && errno != ENOENT)
			warn("%s: %s of %s: %m", c->name, names[i], other);
	}
	container_close(&o);
}

/* The address at which the host can be reached from inside: only determined when --add-host asks
 * for it. */
static void gateway_of(struct etc_hosts *h, const char *net, bool host)
{
	struct network n;
	bool asked = false;
	for (size_t i = 0; i < h->add_host.n; i++)
		asked |= str_ends(h->add_host.v[i], "host-gateway");
	if (asked && host)
		h->gateway = (struct addr){.family = AF_INET, .b = {127, 0, 0, 1}};
	if (!asked || !net_named(net) || str_eq(net, "pasta") ||
	    network_open_or_default(&n, net) < 0)
		return;
	h->gateway = n.gateway[n.gateway[0].family == 0];
	network_free(&n);
}

int container_net_files(struct container_net *p, const struct container *c, const struct spec *s)
{
	const char *net = kv_get(&c->conf, "net");
	if (kv_get(&c->conf, "bundle")) /* an OCI bundle itself decides what is in it */
		return 0;
	hosts_free(&p->hosts);
	hosts_of(&p->hosts, &c->conf, s);
	if (net && str_starts(net, "container:")) {
		share_files(c, net + strlen("container:"));
		return 0;
	}
	bool none = !net || !*net || strcmp(net, "none") == 0, host = str_eq(net, "host");
	gateway_of(&p->hosts, net, host);
	_cleanup_free_ char *text =
	    etc_hosts_text(&p->hosts, host, !container_net_wanted(c) || str_eq(net, "pasta"));
	if (kv_num(&c->conf, "no_hosts", 0))
		unlinkat(c->dir, "hosts", 0);
	else if (container_net_put(c, "hosts", text) < 0)
		return -1;
	bool dns = p->hosts.dns.n || p->hosts.dns_search.n || p->hosts.dns_option.n;
	if (none && !p->hosts.add_host.n && !dns)
		return 0;
	_cleanup_free_ char *plain =
	    host && !dns ? file_read("/etc/resolv.conf", FILE_ANY, NULL) : NULL;
	_cleanup_free_ char *resolv = plain ? NULL : etc_hosts_resolv(&p->hosts);
	_cleanup_free_ char *hostname = xasprintf("%s\n", s->hostname ? s->hostname : "localhost");
	if (container_net_put(c, "resolv.conf", plain ? plain : resolv) < 0)
		return -1;
	return s->hostname ? container_net_put(c, "hostname", hostname) : 0;
}

struct up {
	struct container_net *p;
	const struct container *c;
	int ns;
};

static int one_up(struct endpoint_req *r, void *arg)
{
	const struct up *u = arg;
	struct container_net *p = u->p;
	const struct container *c = u->c;
	struct endpoint further = {0};
	size_t k = p->networks.n;
	char ifname[16], had[16];
	snprintf(ifname, sizeof ifname, "eth%zu", k);
	_cleanup_free_ char *hosts = container_net_hosts(c);
	r->ifname = ifname;
	r->hosts = hosts;
	r->self = &p->hosts;
	r->alive = container_owner_alive;
	net_had(c, r, had);
	if (container_net_again(NULL, r->net) < 0 ||
	    endpoint_up(r, c->id, c->name, u->ns, k ? &further : &p->net) < 0)
		return -1;
	if (k || !container_passing(c)) /* `state` has the first's */
		net_given(c, k ? &further : &p->net);
	strv_add(&p->networks, k ? further.network : p->net.network);
	endpoint_forget(&further); /* gc finds it by its mark */
	event_tell("network", "connect", r->net, "container", c->id, "name", r->net, EVENT_END);
	return 0;
}

/* What ctr-net connect and disconnect have recorded (connect_lines()): those networks, after
 * that of --net. */
static int all_up(
    struct container_net *p, const struct container *c, struct endpoint_req *first, int ns)
{
	struct strv further = {0};
	int r = connect_lines(c->dir, &further);
	/* what a connect or disconnect during an earlier life has begun */
	if (r == 0 && connect_lines_settle(&further, first->net))
		r = connect_record(c, &further);
	if (r == 0)
		r = net_requests_each(first, &further, one_up, &(struct up){p, c, ns});
	strv_free(&further);
	return r;
}

int container_net_up(struct container_net *p, const struct container *c, pid_t pid)
{
	struct endpoint_req r;
	nl_close_late(false); /* sockets that the end of an earlier life has left open */
	_cleanup_close_ int ns = endpoint_ns(pid);
	if (ns < 0)
		return -1;
	if (str_eq(kv_get(&c->conf, "net"), "pasta")) {
		net_request(&r, &c->conf);
		int up = pasta_up(&p->pasta, &r, pid, ns);
		net_request_free(&r);
		return up;
	}
	TRACE(
	    "network: addresses, an interface, routes, published ports; names for the neighbours");
	if (container_net_clear(c) < 0) /* what a life whose monitor was killed has left */
		warn_about(c->name);
	net_request(&r, &c->conf);
	strv_free(&p->networks);
	int result = all_up(p, c, &r, ns);
	net_request_free(&r);
	if (result == 0 && p->net.rebuilt && container_net_restore(RESTORE_CONTAINERS, c->id) < 0)
		warn_fail();
	if (result < 0) {
		_cleanup_free_ char *why = fail_copy();
		container_net_down(p, c);
		return fail_again(why);
	}
	return 0;
}

void container_net_down(struct container_net *p, const struct container *c)
{
	bool more = faccessat(c->dir, "networks", F_OK, 0) == 0;
	pasta_down(&p->pasta);
	nl_close_late(true);
	endpoint_down(&p->net);
	if (more && endpoint_clear(c->id) < 0)
		warn_about(c->name);
	for (size_t i = 0; i < p->networks.n; i++)
		event_tell("network", "disconnect", p->networks.v[i], "container", c->id, "name",
		    p->networks.v[i], EVENT_END);
	strv_free(&p->networks);
}

void container_net_state(const struct container_net *p, struct kv *kv)
{
	endpoint_state(&p->net, kv);
	if (p->pasta.ports)
		kv_set(kv, "ports", p->pasta.ports);
}

int container_net_clear(const struct container *c)
{
	return kv_get(&c->state, "network") ? endpoint_clear(c->id) : 0;
}

void container_net_rename(const struct container *c)
{
	_cleanup_free_ char *hosts = container_net_hosts(c);
	etc_hosts_rename(c->id, c->name, hosts ? hosts : "");
}

/* A connect or disconnect of a running container that was interrupted. */
static int settle_one(struct container *c)
{
	if (!c->pid || faccessat(c->dir, "networks", F_OK, 0) < 0)
		return 0;
	_cleanup_close_ int held = connect_hold(c);
	int r = held < 0 || container_net_again(c, NULL) < 0 ? -1 : connect_settle(c);
	if (r > 0)
		printf("networks of %s\n", c->name);
	return r;
}

static void is_leased(const struct lease *l, void *arg)
{
	(void)l;
	*(bool *)arg = true;
}

/* A damaged record keeps its name from others, and ctr-net cannot remove it. Its bridge goes with
 * it. Of the others, leases that were lost are taken again. */
static int damaged_networks(void)
{
	_cleanup_strv_ struct strv names = {0};
	_cleanup_close_ int dir = network_records(false);
	int failed = 0;
	if (dir < 0 && errno == ENOENT)
		return 0;
	if (dir < 0 || lock_wait(dir, LOCK_EX) < 0 || network_names(&names) < 0) {
		warn_fail();
		return -1;
	}
	for (size_t i = 0; i < names.n; i++) {
		char *name = names.v[i];
		struct network n;
		bool used = false;
		if (network_open(&n, name) == 0) {
			network_free(&n);
			if (container_net_again(NULL, name) < 0)
				warn_fail();
			continue;
		}
		bool damaged = errno == EINVAL || file_is_none();
		_cleanup_free_ char *from = xasprintf("%s/networks/%s", ctr_lib(), name);
		n = (struct network){.name = name, .driver = "bridge", .bridge = ""};
		if (damaged)
			network_lease_each(name, is_leased, &used);
		if (!damaged || used || record_aside(from, name) < 0 || network_remove(&n) < 0) {
			warn("%s%s", fail_msg(), used ? ": it is in use, and left alone" : "");
			failed = -1;
		}
	}
	return failed;
}

/* Say what failed. */
static int container_net_said(int r)
{
	if (r < 0)
		warn_fail();
	return r;
}

int container_net_gc(owner_alive_fn *alive, const struct strv *joined)
{
	int failed = 0;
	if (geteuid()) /* a user's containers have none of it */
		return 0;
	for (size_t i = 0; i < joined->n; i++) {
		struct container c;
		int r = container_open_id(&c, joined->v[i]);
		if (r < 0 ? errno != ENOENT : settle_one(&c) < 0)
			failed = container_net_said(-1);
		container_close(&c);
	}
	failed |= endpoint_gc(alive, NULL);
	failed |= damaged_networks();
	struct nft f;
	if (nft_open(&f) < 0) /* a kernel without nf_tables has nothing of ours */
		return failed;
	/* Where nobody else has touched them since all were looked at, no container misses anything
	 * there. */
	bool strange = nft_strange(&f.body);
	nft_close(&f);
	int missing =
	    container_net_said(container_net_restore(strange ? RESTORE_CONTAINERS : 0, NULL));
	int idle = container_net_said(network_idle());
	if (idle > 0)
		puts("forwarding off");
	if (missing > 0)
		printf("restored %d rules and ports\n", missing);
	return missing < 0 || idle < 0 ? -1 : failed;
}
