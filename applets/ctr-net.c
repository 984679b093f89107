/* ctr-net.c: named networks (OWNER): create, ls, inspect, rm, connect, disconnect. The records are
 * network.h's; a network's bridge appears with its first container and goes with ctr-net rm.
 */
#include <errno.h>
#include <sys/file.h>

#include "applets.h"
#include "err.h"
#include "file.h"
#include "json.h"
#include "connect.h"
#include "container_net.h"
#include "create_flags.h"
#include "docker_shape.h"
#include "list_filter.h"
#include "opt.h"
#include "prune.h"
#include "rows.h"
#include "stamp.h"
#include "table.h"
#include "template_fn.h"

static struct strv subnets, gateways, ranges, aliases, labels, filters;
static const char *driver, *parent, *ip, *ip6, *mac, *format;
static bool ipv6, internal, as_json, no_header, quiet, force;
static int64_t mtu;

static const struct opt opts[] = {
    {'d', "driver", "DRIVER", "create: bridge (default), macvlan or ipvlan", OPT_STR, &driver},
    {0, "subnet", "CIDR", "create: the subnet, one of each family (default: a free one)",
	OPT_COMMAS, &subnets},
    {0, "gateway", "ADDR", "create: the gateway's address (default: the first)", OPT_COMMAS,
	&gateways},
    {0, "ip-range", "CIDR", "create: lease addresses of this part only", OPT_COMMAS, &ranges},
    {'6', "ipv6", NULL, "create: with an IPv6 subnet, a free one if none is given", OPT_FLAG,
	&ipv6},
    {0, "internal", NULL, "create: nothing leaves it or enters it", OPT_FLAG, &internal},
    {0, "mtu", "N", "create: largest packet in bytes", OPT_NUM, &mtu},
    {0, "parent", "IF", "create: the bridge's name; the host's interface for macvlan and ipvlan",
	OPT_STR, &parent},
    {0, "label", "K=V", "create: a label", OPT_LIST, &labels},
    {'f', "filter", "K=V", "ls: only those: name, id, driver, label, dangling, scope, type",
	OPT_LIST, &filters},
    {0, "ip", "ADDR", "connect: this IPv4 address", OPT_STR, &ip},
    {0, "ip6", "ADDR", "connect: this IPv6 address", OPT_STR, &ip6},
    {0, "mac-address", "MAC", "connect: this hardware address", OPT_STR, &mac},
    {0, "alias", "NAME", "connect: a further name", OPT_COMMAS, &aliases},
    {0, "format", "TEMPLATE", "ls, inspect: docker's, over .Name .Driver .IPAM.Config and more",
	OPT_STR, &format},
    LIST_ROWS("ls: "),
    OPT_END,
};
/* The short letter is another option's in `ls`. */
static const struct opt inspect_opts[] = {INSPECT_ROWS, OPT_END};
static const struct opt rm_opts[] = {
    {'f', "force", NULL, "rm: one that is not there is no error", OPT_FLAG, &force}, OPT_END};
static const struct usage usage = {
    .synopsis =
	"create [OPTIONS] NAME\nls [OPTIONS]\ninspect [OPTIONS] NAME...\nrm NAME...\nconnect "
	"[OPTIONS] NETWORK CONTAINER\ndisconnect NETWORK CONTAINER",
    .opts = opts,
    .anywhere = true,
    .others = "v:so anyway\nopt o driver-opt:--mtu and --parent of a network\n"};

static int family_of(const struct addr *a)
{
	return a->family == AF_INET6;
}

static void subnets_of(struct network *n)
{
	struct cidr c;
	struct addr a, b;
	for (size_t i = 0; i < subnets.n; i++) {
		if (cidr_parse("--subnet", subnets.v[i], &c) < 0)
			die_fail_usage();
		if (n->subnet[family_of(&c.a)].a.family)
			die_usage("--subnet: two of one family");
		n->subnet[family_of(&c.a)] = c;
	}
	if (ipv6 && !n->subnet[1].a.family)
		n->subnet[1] =
		    (struct cidr){{.family = AF_INET6}, -1}; /* network_create() chooses it */
	if (ipv6 && subnets.n == 0)                          /* and an IPv4 one, too */
		n->subnet[0].len = -1;
	for (size_t i = 0; i < gateways.n; i++) {
		if (addr_parse("--gateway", gateways.v[i], &a) < 0)
			die_fail_usage();
		if (!n->subnet[family_of(&a)].a.family)
			die_usage("--gateway %s: no --subnet of that family", gateways.v[i]);
		if (n->gateway[family_of(&a)].family)
			die_usage("--gateway: two of one family");
		n->gateway[family_of(&a)] = a;
	}
	for (size_t i = 0; i < ranges.n; i++) {
		if (addr_range_parse("--ip-range", ranges.v[i], &a, &b) < 0)
			die_fail_usage();
		if (!n->subnet[family_of(&a)].a.family)
			die_usage("--ip-range %s: no --subnet of that family", ranges.v[i]);
		if (n->from[family_of(&a)].family)
			die_usage("--ip-range: two of one family");
		n->from[family_of(&a)] = a;
		n->to[family_of(&a)] = b;
	}
}

static int do_create(int argc, char **argv)
{
	struct network n = {0};
	bool bridge = !driver || strcmp(driver, "bridge") == 0;
	if (argc != 1)
		die_usage("create takes one NAME");
	if (geteuid())
		die("networks are root's: a user has ctr-run --net none, host and pasta");
	if (name_check("network", argv[0]) < 0)
		die_fail_usage();
	if (!bridge && !str_has_word("macvlan ipvlan", driver))
		die_usage("--driver: '%s' is not bridge, macvlan or ipvlan", driver);
	if (!bridge && !parent)
		die_usage("--driver %s: needs --parent IF, the host's interface", driver);
	if (!bridge && subnets.n == 0)
		die_usage("--driver %s: needs --subnet, that of the interface's network", driver);
	if (!bridge && internal)
		die_usage("--internal: with %s it is the interface's network, which others reach",
		    driver);
	if (!net_named(argv[0]) || str_has_word("pasta default private slirp4netns", argv[0]))
		die_usage("'%s' means something else to ctr-run --net", argv[0]);
	if (mtu && (mtu < 68 || mtu > 65535))
		die_usage("--mtu: %lld is not 68 to 65535", (long long)mtu);
	if (parent && ifname_check("--parent", parent) < 0)
		die_fail_usage();
	n.name = xstrdup(argv[0]);
	n.driver = xstrdup(bridge ? "bridge" : driver);
	n.bridge = parent ? xstrdup(parent) : NULL;
	n.internal = internal;
	n.mtu = (int)mtu;
	n.labels = label_lines(&labels);
	if (!n.labels)
		die_fail();
	subnets_of(&n);
	if (mtu && mtu < 1280 && n.subnet[1].a.family)
		die_usage("--mtu: %lld: IPv6 needs 1280", (long long)mtu);
	if (network_create(&n) < 0)
		die_fail();
	puts(n.name);
	return 0;
}

struct users {
	char *first; /* who it is, in words */
	struct strv ids;
	json_t *json;
};

static void on_lease(const struct lease *l, void *arg)
{
	struct users *u = arg;
	char t[ADDR_TEXT];
	_cleanup_free_ char *name = xstrndup(l->names, strcspn(l->names, " "));
	const char *shown = *name ? name : l->owner;
	strv_add(&u->ids, l->owner);
	if (!u->first)
		u->first = *l->ifname ? xasprintf("container %s", shown)
				      : xasprintf("%s, who has %s by hand (ctr-ipam free)",
					    l->owner, addr_text(&l->addr, t));
	if (u->json)
		json_array_append_new(
		    u->json, json_make("{id:s,name:s,interface:s,address:s}", l->owner, name,
				 l->ifname, addr_text(&l->addr, t)));
}

/* The number of different owners, without those that are known to be dead: ctr-gc removes their
 * leases. */
static size_t count_users(struct users *u)
{
	size_t n = 0;
	strv_sort(&u->ids);
	for (size_t i = 0; i < u->ids.n; i++)
		if (i == 0 || strcmp(u->ids.v[i], u->ids.v[i - 1]) != 0)
			n += container_owner_alive(u->ids.v[i], NULL) != 0;
	return n;
}

static json_t *as_object(const struct network *n, const struct users *u)
{
	char t[CIDR_TEXT], g[ADDR_TEXT], r[2 * ADDR_TEXT + 1];
	json_t *list = json_array();
	for (int i = 0; i < 2; i++) {
		if (!n->subnet[i].a.family)
			continue;
		json_t *s = json_make("{subnet:s}", cidr_text(&n->subnet[i], t));
		if (n->gateway[i].family)
			json_object_set_new(
			    s, "gateway", json_string(addr_text(&n->gateway[i], g)));
		if (n->from[i].family) {
			strcpy(r, addr_text(&n->from[i], g));
			strcat(strcat(r, "-"), addr_text(&n->to[i], g));
			json_object_set_new(s, "range", json_string(r));
		}
		json_array_append_new(list, s);
	}
	char when[STAMP_SIZE];
	stamp_text(when, n->created, -1);
	return json_make("{name:s,driver:s,bridge:s,subnets:o,internal:b,mtu:i,created:s,"
			 "labels:o,containers:O}",
	    n->name, n->driver, n->bridge, list, n->internal, n->mtu, when,
	    docker_labels(n->labels), u->json);
}

/* In the form of docker's JSON. */
static json_t *as_docker(const json_t *o)
{
	json_t *config = json_array(), *s;
	size_t i;
	const char *len[2] = {"", ""}; /* with their slash */
	json_array_foreach(json_object_get(o, "subnets"), i, s)
	{
		const json_t *gw = json_object_get(s, "gateway");
		const char *subnet = json_string_value(json_object_get(s, "subnet"));
		len[strchr(subnet, ':') != NULL] = strchr(subnet, '/');
		json_array_append_new(config,
		    json_make("{Subnet:s,Gateway:s*,IPRange:s*}", subnet, json_string_value(gw),
			json_string_value(json_object_get(s, "range"))));
	}
	json_t *on = json_make("{s:b}", TEMPLATE_MAP, true);
	json_array_foreach(json_object_get(o, "containers"), i, s)
	{
		const char *id = json_string_value(json_object_get(s, "id"));
		json_t *one = json_object_get(on, id);
		const char *addr = json_string_value(json_object_get(s, "address"));
		struct container c;
		_cleanup_free_ char *mac = NULL;
		if (!one && container_open_id(&c, id) == 0) {
			/* the record has that of the first network */
			const char *has = kv_get(&c.state, "mac");
			if (has && str_eq(kv_get(&c.conf, "net"),
				       json_string_value(json_object_get(o, "name"))))
				mac = xstrdup(has);
			container_close(&c);
		}
		if (!one)
			json_object_set_new(on, id,
			    one = json_make("{Name:O,EndpointID:s,MacAddress:s,IPv4Address:e,"
					    "IPv6Address:e}",
				json_object_get(s, "name"), id, mac));
		bool six = strchr(addr, ':');
		_cleanup_free_ char *whole = xasprintf("%s%s", addr, len[six]);
		json_object_set_new(one, six ? "IPv6Address" : "IPv4Address", docker_text(whole));
	}
	const json_t *name = json_object_get(o, "name");
	return json_make("{Name:O,Id:O,ID:O,Created:O,Scope:s,Driver:O,EnableIPv4:b,EnableIPv6:b,"
			 "IPAM:{Driver:s,Options:n,Config:o},Internal:O,Attachable:b,Ingress:b,"
			 "ConfigFrom:{Network:e},ConfigOnly:b,Containers:o,Options:{s:b},Labels:O}",
	    name, name, name, json_object_get(o, "created"), "local", json_object_get(o, "driver"),
	    *len[0] != 0, *len[1] != 0, "default", config, json_object_get(o, "internal"), false,
	    false, false, on, TEMPLATE_MAP, true, json_object_get(o, "labels"));
}

static int list_templated(const json_t *list, bool listing)
{
	static const char *const heads[] = {"ID", "NETWORK ID", NULL};
	struct strv lines = {0};
	const json_t *o;
	size_t i;
	json_array_foreach(list, i, o)
	{
		json_t *row = as_docker(o);
		if (listing) {
			docker_row_labels(row);
			json_object_set(row, "CreatedAt", json_object_get(row, "Created"));
			json_object_set(row, "IPv4", json_object_get(row, "EnableIPv4"));
			json_object_set(row, "IPv6", json_object_get(row, "EnableIPv6"));
		}
		if (rows_add(&lines, format, row) < 0)
			die_fail_usage();
	}
	if (rows_print(&lines, format, heads, !no_header) < 0)
		die_fail_usage();
	return 0;
}

static int list_networks(const struct strv *names, bool listing)
{
	struct table t = {0};
	json_t *list = json_array();
	char a[CIDR_TEXT];
	int code = 0;
	table_row(&t, 5, (const char *[]){"NAME", "DRIVER", "BRIDGE", "SUBNET", "CONTAINERS"});
	for (size_t i = 0; i < names->n; i++) {
		struct network n;
		struct users u = {.json = json_array()};
		if (network_open(&n, names->v[i]) <
		    0) { /* one bad record must not prevent the listing */
			warn_fail();
			code = 1;
			continue;
		}
		network_lease_each(n.name, on_lease, &u);
		size_t users = count_users(&u);
		struct listed l = {n.name, n.driver, n.labels, users == 0};
		if (!filter_holds(&filters, &filter_network, &l)) {
			network_free(&n);
			continue;
		}
		_cleanup_free_ char *count = xasprintf("%zu", users);
		struct buf b = {0};
		for (int k = 0; k < 2; k++)
			if (n.subnet[k].a.family)
				buf_printf(&b, "%s%s", b.n ? "," : "", cidr_text(&n.subnet[k], a));
		table_row(
		    &t, 5, (const char *[]){n.name, n.driver, n.bridge, b.p ? b.p : "", count});
		if (quiet && !format)
			puts(n.name);
		json_t *one = as_object(&n, &u);
		if (!listing && !as_json && !format) {
			json_t *ours = one;
			one = as_docker(ours);
			json_object_del(one, "ID"); /* for lists */
			json_decref(ours);
		}
		json_array_append_new(list, one);
		buf_free(&b);
		network_free(&n);
	}
	if (format)
		list_templated(list, listing);
	else if (as_json || !listing)
		template_json(list, as_json);
	else if (!quiet)
		table_print(&t, !no_header);
	return code;
}

static int do_ls(int argc, char **argv)
{
	struct strv names = {0};
	if (argc)
		die_usage("ls takes no operand: '%s'", argv[0]);
	if (filter_check(&filters, &filter_network) < 0 || network_names(&names) < 0)
		die_fail();
	return list_networks(&names, true);
}

static int do_inspect(int argc, char **argv)
{
	struct strv names = {0};
	opt_names(&names, argc, argv, 0, "NAME");
	return list_networks(&names, false);
}

/* Whoever starts a container on it holds this lock shared until the lease is there. */
int net_remove(const char *name)
{
	struct network n;
	struct stat st;
	struct users u = {0};
	if (network_open(&n, name) < 0)
		return -1;
	int r = container_net_again(NULL, name);
	if (r == 0 && (lock_wait(n.lock, LOCK_EX) < 0 || fstat(n.lock, &st) < 0 || !st.st_nlink))
		r = fail("network %s: removed already", name);
	if (r == 0) {
		network_lease_each(name, on_lease, &u);
		const char *more = u.ids.n > 1 ? " and others" : "";
		r = u.ids.n ? fail("network %s: in use by %s%s", name, u.first, more)
			    : network_remove(&n);
	}
	network_free(&n);
	if (r == 0 && network_idle() < 0)
		warn_fail();
	return r;
}

/* A slip of the hand loses nothing: all names are looked at first. */
static int do_rm(int argc, char **argv)
{
	struct strv names = {0};
	struct network n;
	int code = 0;
	opt_names(&names, argc, argv, 0, "NAME");
	for (size_t pass = force; pass < 2 && !code; pass++)
		for (size_t i = 0; i < names.n; i++)
			if ((pass ? net_remove(names.v[i]) : network_open(&n, names.v[i])) < 0) {
				if (force && errno == ENOENT)
					continue;
				warn_fail();
				code = 1;
			} else if (pass) {
				puts(names.v[i]);
			} else {
				network_free(&n);
			}
	return code;
}

/* --- connect --- */

/* The container, opened, with the lock of its networks' record held. */
static void open_held(struct container *c, const char *name)
{
	if (container_open(c, name) < 0)
		die_fail();
	const char *net = kv_get(&c->conf, "net");
	if (!net_named(net))
		die("%s: --net %s: only a container made with --net NAME joins further ones", name,
		    net ? net : "none");
	if (connect_hold(c) < 0)
		die_fail();
}

static int do_connect(int argc, char **argv)
{
	struct container c;
	if (argc != 2)
		die_usage("connect takes NETWORK and CONTAINER");
	struct network n;
	if (network_open_or_default(&n, argv[0]) < 0)
		die_fail();
	network_free(&n);
	open_held(&c, argv[1]);
	struct endpoint_req r = {
	    .net = argv[0], .ip = ip, .ip6 = ip6, .mac = mac, .aliases = aliases};
	if (endpoint_check(&r) < 0)
		die_fail_usage();
	if (connect_to(&c, &r) < 0)
		die_fail();
	return 0;
}

static int do_disconnect(int argc, char **argv)
{
	struct container c;
	if (argc != 2)
		die_usage("disconnect takes NETWORK and CONTAINER");
	open_held(&c, argv[1]);
	if (connect_off(&c, argv[0]) < 0)
		die_fail();
	return 0;
}

static const struct word words[] = {{"create", do_create, NULL, NULL}, {"ls", do_ls, NULL, NULL},
    {"inspect", do_inspect, inspect_opts, "inspect [--json|-f TEMPLATE] NAME..."},
    {"rm", do_rm, rm_opts, "rm [-f] NAME..."}, {"connect", do_connect, NULL, NULL},
    {"disconnect", do_disconnect, rm_opts, "disconnect NETWORK CONTAINER"}, {0}};

int ctr_net_main(int argc, char **argv)
{
	int first;
	const struct word *w = opt_word(&usage, words, argc, argv, &first);
	format = rows_format(format, quiet || as_json || w->fn != do_ls,
	    "table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}");
	return w->fn(argc - first, argv + first);
}
