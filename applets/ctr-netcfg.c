/* ctr-netcfg.c: networks by hand (OWNER): bridges, veth pairs, addresses, routes, NAT, published
 * ports. Lines of words (netcfg.h) are carried out in order; when one fails, what the earlier
 * ones did is undone. What is made stays until it is deleted by this tool or by ip(8). Until all
 * lines are done, the interfaces bear a mark in their alias, so that ctr-gc removes what a kill
 * leaves. */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "applets.h"
#include "err.h"
#include "file.h"
#include "json.h"
#include "netcfg.h"
#include "network.h"
#include "nft_bridge.h"
#include "container_net.h"
#include "endpoint.h"
#include "opt.h"
#include "record.h"
#include "undo.h"

static const char *file;
static bool as_json;

static const struct opt opts[] = {
    {'f', "file", "FILE", "lines from a file, - for standard input", OPT_STR, &file},
    {0, "json", NULL, "show: an object a line", OPT_FLAG, &as_json},
    OPT_END,
};
static const struct usage usage = {
    .synopsis = "WORD...\n-f FILE\nshow [--json]\nrestore\nrules [-f FILE | WORD...]",
    .more = "Lines:\n"
	    "  bridge add NAME [ADDR/LEN...] [mtu N]      bridge del NAME\n"
	    "  attach BRIDGE NS ADDR/LEN... [if NAME] [gw ADDR] [mac MAC] [mtu N] [[un]guarded]\n"
	    "  macvlan PARENT NS ADDR/LEN... [if NAME] [gw ADDR] [mac MAC] [mtu N]\n"
	    "  ipvlan PARENT NS ADDR/LEN... [if NAME] [gw ADDR] [mtu N]\n"
	    "  detach NS [if NAME]                        netns add|del NAME|FILE\n"
	    "  veth A NS B NS [mtu N]                     (- for NS: here)\n"
	    "  bridge port BR IF [in NS]                  bridge unport IF [in NS]\n"
	    "  link up|down|del IF [in NS]                addr add|del IF ADDR/LEN [in NS]\n"
	    "  link rename IF NAME [in NS]                link mtu|mac IF VALUE [in NS]\n"
	    "  route add|del DEST|default [via ADDR] [dev IF] [table N] [in NS]\n"
	    "  rule add|del [from NET] [to NET] table N [pref N] [in NS]\n"
	    "  neigh add ADDR MAC dev IF [in NS]          neigh del ADDR dev IF [in NS]\n"
	    "  nat add|del SUBNET [out IF]                sysctl forward|noforward\n"
	    "  publish [ADDR:]PORT[-TO][/udp] ADDR:PORT[-TO]    unpublish [ADDR:]PORT[-TO][/udp]\n"
	    "NS is a pid, a name of a container or of netns add, or a namespace's file.\n",
    .opts = opts};

static struct netcfg cfg;

/* A container's network namespace. */
static int ns_named(const char *name)
{
	struct container c;
	if (container_open(&c, name) < 0)
		return -1;
	int fd = c.pid ? endpoint_ns(c.pid) : container_not_running(&c);
	_cleanup_free_ char *mark = record_run_path(c.name, NETCFG_FILE);
	if (fd >= 0) /* ctr-ps looks which addresses it has */
		close(open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	container_close(&c);
	cfg.container = fd >= 0;
	return fd;
}

/* --- show --- */

static json_t *shown;

static void say(const char *what, const char *a, const char *b, const char *c)
{
	if (as_json)
		json_array_append_new(
		    shown, json_make("{kind:s,name:s,s:s*,s:s*}", what, a,
			       strcmp(what, "publish") == 0 ? "to" : "address",
			       *what == 'n' ? NULL : b, *what == 'n' ? "out" : "owner", c));
	else
		printf(
		    "%s %s%s%s%s%s\n", what, a, b ? " " : "", b ? b : "", c ? " " : "", c ? c : "");
}

static void show_addr(int index, const struct cidr *a, void *arg)
{
	const struct link_info *l = ((void **)arg)[0];
	struct buf *b = ((void **)arg)[1];
	char t[CIDR_TEXT];
	if (index == l->index && !(a->a.family == AF_INET6 && a->a.b[0] == 0xfe))
		buf_printf(b, "%s%s", b->n ? " " : "", cidr_text(a, t));
}

static const char *master_name(const struct link_info *all, int index)
{
	while (all->index && all->index != index)
		all++;
	return all->index ? all->name : NULL;
}

struct links {
	struct link_info *v;
	size_t n;
};

static void keep_link(const struct link_info *l, void *arg)
{
	struct links *all = arg;
	all->v = xrealloc(all->v, (all->n + 2) * sizeof *all->v);
	all->v[all->n++] = *l;
	memset(&all->v[all->n], 0, sizeof *l);
}

static void show_link(const struct link_info *l, void *arg)
{
	struct nl n;
	struct buf b = {0};
	if (l->master)
		say("port", l->name, master_name(arg, l->master), *l->alias ? l->alias : NULL);
	if (strcmp(l->kind, "bridge") != 0 || nl_open(&n, NETLINK_ROUTE, -1) < 0)
		return;
	void *args[] = {(void *)l, &b};
	rtnl_addrs(&n, show_addr, args);
	nl_close(&n);
	say("bridge", l->name, b.n ? b.p : NULL, NULL);
	buf_free(&b);
}

static void show_net(const struct cidr *c, const char *out, void *arg)
{
	char t[CIDR_TEXT];
	(void)arg;
	say("nat", cidr_text(c, t), out ? "out" : NULL, out);
}

static void port_text(struct buf *b, const struct addr *a, unsigned port)
{
	char t[ADDR_TEXT];
	bool v6 = a->family == AF_INET6;
	buf_printf(b, "%s%s%s:%u", v6 ? "[" : "", addr_text(a, t), v6 ? "]" : "", port);
}

static void show_port(const struct nft_port *p, void *arg)
{
	struct buf from = {0}, to = {0};
	(void)arg;
	port_text(&from, &p->host, p->hport);
	buf_printf(&from, "/%s", p->proto == IPPROTO_UDP ? "udp" : "tcp");
	port_text(&to, &p->to, p->cport);
	say("publish", from.p, to.p, *p->comment ? p->comment : NULL);
	buf_free(&from);
	buf_free(&to);
}

static const char *const families[2] = {"ip", "ip6"};
/* Interfaces about which our tables say more. */
static const char *const in_sets[] = {"internal", "open", "apart"};

static void show_name(int family, const char *name, void *arg)
{
	say(arg, name, families[family == AF_INET6], NULL);
}

static void show_masq(const struct addr *a, const char *comment, void *arg)
{
	char t[ADDR_TEXT];
	(void)arg;
	say("masquerade", addr_text(a, t), NULL, *comment ? comment : NULL);
}

static void show_guard(const char *port, const char *comment, void *arg)
{
	(void)arg;
	say("guard", port, NULL, *comment ? comment : NULL);
}

static int show(void)
{
	struct nft f;
	shown = json_array();
	struct nl rt;
	struct links all = {0};
	if (nl_open(&rt, NETLINK_ROUTE, -1) < 0 || rtnl_links(&rt, keep_link, &all) < 0)
		die_fail();
	for (size_t i = 0; i < all.n; i++)
		show_link(&all.v[i], all.v);
	if (nft_open(&f) == 0 &&
	    (nft_nets(&f, show_net, NULL) < 0 || nft_ports(&f, NFT_PORTS, show_port, NULL) < 0 ||
		nft_masq_each(&f, show_masq, NULL) < 0))
		die_fail();
	for (int i = 0; i < 2; i++) {
		int family = i ? AF_INET6 : AF_INET;
		_cleanup_free_ char *mark = forward_mark(family);
		for (size_t k = 0; k < sizeof in_sets / sizeof in_sets[0]; k++)
			nft_names(&f, family, in_sets[k], show_name, (void *)in_sets[k]);
		if (nft_is_closed(&f, family) > 0)
			say("closed", families[i], NULL, NULL);
		if (access(mark, F_OK) == 0)
			say("forward", families[i], NULL, NULL);
	}
	if (nft_spoof_each(false, show_guard, NULL) < 0 ||
	    nft_spoof_each(true, show_guard, NULL) < 0)
		die_fail();
	if (as_json)
		json_lines(shown);
	return 0;
}

/* The lines: from a file, from the arguments, or none. */
static void read_lines(int n, char **words)
{
	_cleanup_free_ char *text = NULL;
	if (file && n)
		die_usage("either -f or words");
	if (file) {
		size_t len;
		bool in = strcmp(file, "-") == 0;
		const char *what = in ? "standard input" : file;
		text = in ? fd_read_all(0, what, 64 << 20, &len) : file_read(file, 64 << 20, &len);
		if (!text)
			die_fail();
		if (strlen(text) != len)
			die_code(err_usage_code, "%s: a NUL byte", what);
		if (netcfg_parse_text(&cfg.ops, &cfg.n, what, text) < 0)
			die_code(err_usage_code, "%s", fail_msg());
	} else if (n) {
		cfg.ops = xcalloc(1, sizeof *cfg.ops);
		if (netcfg_parse(cfg.ops, words, (size_t)n) < 0)
			die_usage("%s", fail_msg());
		cfg.n = 1;
	}
}

int ctr_netcfg_main(int argc, char **argv)
{
	int first = opt_parse(&usage, argc, argv);
	const char *verb = first < argc ? argv[first] : "";
	bool rules = strcmp(verb, "rules") == 0, look = strcmp(verb, "show") == 0;
	if (rules || look)
		first = opt_parse(&usage, argc - first, argv + first) +
			first; /* options may follow the word */
	if (strcmp(verb, "restore") == 0) {
		if (argc - first > 1)
			die_usage("restore takes no operand: '%s'", argv[first + 1]);
		if (container_net_restore(RESTORE_CONTAINERS, NULL) < 0)
			die_fail();
		return 0;
	}
	if (look && first < argc)
		die_usage("show takes no operand: '%s'", argv[first]);
	if (look)
		return show();
	read_lines(argc - first, argv + first);
	if (!rules && cfg.n == 0 && !file)
		die_usage("what to do is missing");
	cfg.ns_named = ns_named;
	if (!rules) {
		undo_push(netcfg_take_back, &cfg);
		undo_hold_signals(); /* they are checked after each line */
	}
	int r = rules ? netcfg_rules(&cfg) : netcfg_run(&cfg);
	if (r < 0) {
		if (!rules)
			undo_check_signals();
		die_fail();
	}
	undo_commit();
	/* Somebody flushed the ruleset, and a line failed because of it. */
	if (!rules && container_net_heal(false) < 0)
		warn_fail();
	return 0;
}
