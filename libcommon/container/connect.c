/* connect.c: connecting containers to further networks, and taking again what running ones have on
 * theirs after somebody removed the leases; see connect.h and container_net.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "connect.h"
#include "container_net.h"
#include "err.h"
#include "event.h"
#include "file.h"
#include "host_names.h"
#include "lease.h"

int connect_hold(struct container *c)
{
	int r = c->pid ? 1 : container_lock(c), fd = openat(c->dir, "conf", O_RDONLY | O_CLOEXEC);
	if (r == 1 && fd >= 0 && lock_wait(fd, LOCK_EX) == 0)
		return fd;
	if (r == 0)
		fail("%s: it is starting or ending: try again", c->name);
	else if (r == 1 && fd < 0)
		fail_tried(c->name, "conf");
	if (fd >= 0)
		close(fd);
	return -1;
}

/* --- the record --- */

int connect_record(const struct container *c, const struct strv *lines)
{
	/* Until no monitor of the release before can run: it looks for this, and without it frees
	 * what it set up by the addresses, which may be another container's by now. */
	_cleanup_free_ char *mark = record_run_path(c->name, "networks");
	if (c->pid && mknod(mark, S_IFREG | 0600, 0) < 0 && errno != EEXIST)
		return fail_errno(mark);
	struct buf b = {0};
	for (size_t i = 0; i < lines->n; i++)
		buf_printf(&b, "%s\n", lines->v[i]);
	int r = file_write_at(c->dir, "networks", b.p ? b.p : "", b.n, 0600, true);
	buf_free(&b);
	return r;
}

/* The index of this network's line; lines->n when there is none. */
static size_t line_of(const struct strv *lines, const char *network)
{
	size_t i = 0, n = strlen(network);
	while (i < lines->n &&
	       (strncmp(lines->v[i], network, n) != 0 || (lines->v[i][n] && lines->v[i][n] != ' ')))
		i++;
	return i;
}

static void line_drop(struct strv *lines, size_t i)
{
	free(lines->v[i]);
	memmove(lines->v + i, lines->v + i + 1, (--lines->n - i) * sizeof *lines->v);
}

/* When it leaves a network, that network's line is removed, or a line is added that says so of one
 * of --net's. */
static void off_line(struct strv *lines, const char *network, const char *first)
{
	size_t i = line_of(lines, network);
	if (i < lines->n)
		line_drop(lines, i);
	else if (str_eq(first, network) && !strv_has(lines, "-"))
		strv_add(lines, "-");
}

/* The network that a line about something unfinished names; NULL for other lines. Caller frees. */
static char *begun(const char *line)
{
	const char *blank = strchr(line, ' ');
	if ((*line != '+' && *line != '!') || !blank)
		return NULL;
	return xstrndup(blank + 1, strcspn(blank + 1, " "));
}

bool connect_lines_settle(struct strv *lines, const char *first)
{
	bool any = false;
	for (size_t i = 0; i < lines->n;) {
		_cleanup_free_ char *network = begun(lines->v[i]);
		if (!network) {
			i++;
			continue;
		}
		bool off = lines->v[i][0] == '!';
		line_drop(lines, i);
		if (off)
			off_line(lines, network, first);
		any = true;
		i = 0;
	}
	return any;
}

/* --- the running container --- */

/* The interfaces that it has on our networks. */
static int ifs_of(const struct container *c, struct strv *out)
{
	_cleanup_strv_ struct strv on = {0};
	int r = etc_hosts_networks(c->id, &on);
	for (size_t i = 0; i < on.n && r == 0; i++) {
		struct endpoint h = {0};
		r = endpoint_held(c->id, on.v[i], &h);
		strv_add(out, h.ifname);
	}
	return r;
}

/* The network namespace of a container that still runs, open; or -1 with fail(). */
static int ns_of(const struct container *c)
{
	int ns = endpoint_ns(c->pid);
	if (ns >= 0 && container_is_alive(c))
		return ns;
	if (ns >= 0)
		close(ns);
	return fail_tried(c->name, "its network namespace");
}

/* `begun`: "IF ..." of a connect that was cut short; without its lease, which somebody may have
 * removed, the interface is found by that. */
static int off_now(
    struct container *c, const char *network, const char *begun, const struct strv *lines)
{
	struct network n;
	struct endpoint h = {0};
	if (!c->pid || endpoint_held(c->id, network, &h) < 0)
		return c->pid ? -1 : 0;
	if (!*h.ifname && begun)
		snprintf(h.ifname, sizeof h.ifname, "%.*s", (int)strcspn(begun, " "), begun);
	if (!*h.ifname)
		return 0;
	if (network_open(&n, network) < 0)
		return -1;
	struct strv on = {0};
	if (!strv_has(lines, "-"))
		strv_add(&on, kv_get(&c->conf, "net"));
	for (size_t i = 0; i < lines->n; i++)
		strv_add(&on, lines->v[i]);
	_cleanup_close_ int ns = ns_of(c);
	int r = ns < 0 ? -1 : endpoint_disconnect(c->id, h.ifname, &n, ns, &on);
	strv_free(&on);
	network_free(&n);
	return r;
}

static int connect_settle_one(struct container *c, struct strv *lines)
{
	struct strv after = {0};
	for (size_t i = 0; i < lines->n; i++)
		strv_add(&after, lines->v[i]);
	int r = connect_lines_settle(&after, kv_get(&c->conf, "net"));
	for (size_t i = 0; i < lines->n && r > 0; i++) {
		_cleanup_free_ char *network = begun(lines->v[i]);
		const char *line = lines->v[i];
		if (network && off_now(c, network, *line == '+' ? line + 1 : NULL, &after) < 0)
			r = -1;
	}
	if (r > 0 && connect_record(c, &after) < 0)
		r = -1;
	strv_free(lines);
	*lines = after;
	return r;
}

int connect_settle(struct container *c)
{
	struct strv lines = {0};
	int r = connect_lines(c->dir, &lines);
	if (r == 0)
		r = connect_settle_one(c, &lines);
	strv_free(&lines);
	return r;
}

/* --- leases that somebody has removed --- */

struct again {
	const char *network; /* NULL: all */
	struct container *c;
	struct endpoint_req first; /* that of --net */
	char *hosts;
	int n, taken;  /* networks that were looked at in c */
	bool every;    /* of c, all networks */
	int naps;      /* that were taken until a monitor answers */
	bool failed;   /* of somebody, not all is known to be there */
	char *unknown; /* lives there, at an address that only its silent monitor knows */
};

static int again_on(struct endpoint_req *r, void *arg)
{
	static const char *const keys[2] = {"ip", "ip6"};
	struct again *a = arg;
	char ifname[16];
	snprintf(ifname, sizeof ifname, "eth%d", a->n++);
	bool asked = !a->network || strcmp(a->network, r->net) == 0;
	if (!asked && !a->every)
		return 0;
	net_had(a->c, r, ifname);
	for (int i = 0; i < 2 && r == &a->first; i++) { /* that a monitor of ours has set up */
		const char *s = kv_get(&a->c->state, keys[i]);
		if (s && addr_parse(keys[i], s, &r->had[i]) < 0)
			r->had[i].family = 0;
	}
	r->hosts = a->hosts;
	r->ifname = ifname;
	struct endpoint has = {.network = xstrdup(r->net)};
	int n = endpoint_again(r, a->c->id, a->c->name, asked && a->network, &has);
	if (n >= 0 && a->network && asked && !a->c->pid && !*has.ifname && !n && !a->unknown)
		a->unknown = xstrdup(a->c->name);
	/* The release before did not write down what a connect gave. */
	if (n >= 0 && *has.ifname && r != &a->first)
		net_given(a->c, &has);
	endpoint_forget(&has);
	a->taken += n > 0;
	if (n < 0) {
		warn_about(a->c->name); /* it keeps nobody else from starting */
		a->failed = true;
	}
	return 0;
}

/* It lives, its `state` is gone or spoilt, and its monitor did not write it again when it was asked
 * to: it is stopped, say. One that starts or ends is none of these. */
static bool silent(const struct container *c)
{
	if (c->pid || !container_net_wanted(c))
		return false;
	if (c->status == ST_CORRUPT)
		return record_held(c->dir) != 0;
	if (kv_get(&c->state, "pid") || (c->status != ST_RUNNING && c->status != ST_PAUSED))
		return false;
	_cleanup_close_ int fd = openat(c->dir, "started", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 || lock_try(fd, LOCK_SH) != 0;
}

/* A connect or disconnect that was cut short is undone or completed, unless its process is still at
 * it. False: not all of it is. */
static bool again_settled(struct container *c, struct strv *lines)
{
	if (!connect_lines_settle(lines, NULL))
		return true;
	_cleanup_close_ int held = openat(c->dir, "conf", O_RDONLY | O_CLOEXEC);
	if (held < 0 || lock_try(held, LOCK_EX) != 1)
		return false;
	int r = connect_settle(c);
	if (r < 0)
		warn_about(c->name);
	return r >= 0;
}

static int net_restore_one(struct container *c, void *arg)
{
	struct again *a = arg;
	_cleanup_strv_ struct strv further = {0};
	/* Only the monitor knows what a container has that is removed at its end, and a busy
	 * machine's monitors take longer than a listing waits for them. */
	for (int i = 0; container_passing(c) && silent(c) && (i < 10 || a->naps++ < 100); i++) {
		nap_ms(20);
		if (container_refresh(c) < 0)
			return 0;
	}
	a->failed |= c->status == ST_CORRUPT && record_held(c->dir) != 0;
	if (!container_net_wanted(c) || !(c->pid ? container_is_alive(c) : silent(c)))
		return 0;
	_cleanup_free_ char *hosts = container_net_hosts(c);
	a->c = c;
	a->hosts = hosts;
	a->n = 0;
	net_request(&a->first, &c->conf);
	if (connect_lines(c->dir, &further) < 0) {
		warn_about(c->name);
		a->failed = true;
	}
	for (size_t i = 0; i < further.n; i++)
		a->every |= a->network && c->pid && strchr("+!", *further.v[i]);
	net_requests_each(&a->first, &further, again_on, a);
	if (a->every)
		a->failed |= !again_settled(c, &further);
	a->every = false;
	net_request_free(&a->first);
	return 0;
}

int container_net_again(struct container *c, const char *network)
{
	struct again a = {0};
	if (c)
		net_restore_one(c, &a);
	if (!network)
		return 0;
	_cleanup_free_ char *dir = leases_of(network), *hosts = host_names_dir(network);
	a.network = network;
	if (lease_whole(dir, false) && access(hosts, F_OK) == 0)
		return 0;
	int r = container_each(net_restore_one, &a);
	if (a.taken)
		warn("network %s: leases that were lost are taken again", network);
	if (r == 0 && a.unknown)
		r = fail("network %s: %s has an address there that is not known: its state is "
			 "lost and its monitor does not answer (wake that by kill -CONT, or ctr-rm "
			 "-f %s)",
		    network, a.unknown, a.unknown);
	else if (r == 0 && !a.failed)
		lease_whole(dir, true);
	free(a.unknown);
	return r;
}

/* --- connecting --- */

static int up_now(struct container *c, struct endpoint_req *r)
{
	struct endpoint p;
	struct etc_hosts self = {0};
	_cleanup_close_ int ns = ns_of(c);
	if (ns < 0)
		return -1;
	_cleanup_free_ char *host = file_read_at(c->dir, "hostname", 256, NULL),
			    *hosts = container_net_hosts(c);
	if (host)
		host[strcspn(host, "\n")] = 0;
	self.hostname = host;
	r->hosts = hosts;
	r->self = &self;
	r->alive = container_owner_alive;
	int result = endpoint_up(r, c->id, c->name, ns, &p);
	if (result == 0 && p.rebuilt && container_net_restore(RESTORE_CONTAINERS, NULL) < 0)
		warn_fail();
	if (result == 0) {
		net_given(c, &p);
		endpoint_forget(&p);
	}
	r->self = NULL;
	r->hosts = NULL;
	return result;
}

/* Connect a running container: what is begun is recorded, done, and recorded as done. When the last
 * cannot be recorded, it is undone. */
static int on_now(struct container *c, struct endpoint_req *r, struct strv *lines, const char *line)
{
	_cleanup_strv_ struct strv used = {0};
	char ifname[16];
	if (ifs_of(c, &used) < 0)
		return -1;
	int k = used.n != 0;
	do {
		snprintf(ifname, sizeof ifname, "eth%d", k++);
	} while (strv_has(&used, ifname));
	r->ifname = ifname;
	strv_addf(lines, "+%s %s", ifname, line);
	if (connect_record(c, lines) < 0)
		return -1;
	int done = up_now(c, r);
	line_drop(lines, lines->n - 1);
	if (done == 0) {
		strv_add(lines, line);
		if (connect_record(c, lines) == 0)
			return 0;
		line_drop(lines, lines->n - 1);
	}
	_cleanup_free_ char *why = fail_copy();
	if (off_now(c, r->net, NULL, lines) == 0)
		connect_record(c, lines); /* if it cannot be written, the next call finds the line
					     and sees that it was undone */
	return fail_again(why);
}

/* --- connect and disconnect --- */

static int to(struct container *c, struct endpoint_req *r, struct strv *lines)
{
	struct network n;
	bool first = str_eq(kv_get(&c->conf, "net"), r->net) && !strv_has(lines, "-");
	if (line_of(lines, r->net) < lines->n || first)
		return fail("%s: on network %s already", c->name, r->net);
	if (network_open_or_default(&n, r->net) < 0)
		return -1;
	int result = endpoint_fits(r, &n);
	struct buf b = {0};
	net_line(&b, r);
	if (result == 0 && c->pid) {
		result = on_now(c, r, lines, b.p);
	} else if (result == 0) {
		strv_add(lines, b.p);
		result = connect_record(c, lines);
	}
	buf_free(&b);
	network_free(&n);
	return result;
}

/* Read the lines that are recorded, and settle those that were begun and not finished. */
static int recorded(struct container *c, const char *network, struct strv *lines)
{
	if (container_net_again(c, network) < 0)
		return -1;
	int result = connect_lines(c->dir, lines);
	return result == 0 ? connect_settle_one(c, lines) : result;
}

int connect_to(struct container *c, struct endpoint_req *r)
{
	struct strv lines = {0};
	int result = recorded(c, r->net, &lines);
	if (result >= 0)
		result = to(c, r, &lines);
	strv_free(&lines);
	if (result == 0)
		event_tell(
		    "network", "connect", r->net, "container", c->id, "name", r->net, EVENT_END);
	return result;
}

static int off(struct container *c, const char *network, struct strv *lines)
{
	const char *ports = kv_get(&c->conf, "publish"), *first = kv_get(&c->conf, "net");
	if (line_of(lines, network) == lines->n) {
		if (!str_eq(first, network) || strv_has(lines, "-"))
			return fail("%s: not on network %s", c->name, network);
		if ((ports && *ports) || kv_num(&c->conf, "publish_all", 0))
			return fail(
			    "%s: its published ports go through network %s", c->name, network);
	}
	if (c->pid) {
		strv_addf(lines, "!- %s", network);
		if (connect_record(c, lines) < 0)
			return -1;
		return connect_settle_one(c, lines) < 0 ? -1 : 0;
	}
	off_line(lines, network, first);
	return connect_record(c, lines);
}

int connect_off(struct container *c, const char *network)
{
	struct strv lines = {0};
	int result = recorded(c, network, &lines);
	if (result >= 0)
		result = off(c, network, &lines);
	strv_free(&lines);
	if (result == 0)
		event_tell("network", "disconnect", network, "container", c->id, "name", network,
		    EVENT_END);
	return result;
}
