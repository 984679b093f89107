/* explain.c: ctr-run --explain; see explain.h. Each step of a start (engine.h) is a paragraph of
 * the script: the folder, the group, the files of /etc, the network, and then a chain of tools,
 * each of which prepares one thing and becomes the next. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <unistd.h>

#include "cgroup.h"
#include "connect.h"
#include "container_net.h"
#include "err.h"
#include "explain.h"
#include "explain_parts.h"
#include "file.h"
#include "network.h"
#include "portspec.h"
#include "tree.h"

/* --- 1. its folder --- */

static void step_folder(struct script *x)
{
	const char *own = x->o->name, *parent = x->s->cgroups_path;
	fprintf(x->f,
	    "#!/bin/sh\n# What ctr-run does, step by step. Each tool has a man page.\n"
	    "# What nobody sees inside (-d, --restart, --timeout, labels, logs) has no step, and\n"
	    "# -t has none either: the command has the terminal that the script has.\n"
	    "# `sh THIS clean%s` clears what a killed one left.\n",
	    own ? "" : " NAME");
	fprintf(x->f, "set -eu\numask 022\nname=%s%s\n", x->c->name, own ? "" : "-$$");
	if (!own)
		fputs("[ \"${1-}\" != clean ] || name=${2:?}\n", x->f);
	x->group = geteuid() == 0 && cgroup_layout() != CGROUP_NONE;
	if (x->group)
		fputs("group=", x->f);
	if (x->group && parent && *parent) {
		fputs(*parent == '/' ? "" : "/", x->f);
		explain_word(x->f, parent);
		fputc('/', x->f);
	}
	if (x->group)
		fputs("$name\n", x->f);
	fprintf(x->f,
	    "export d=\"${TMPDIR:-/tmp}/ctr-$name\" # in place of $CTR_LIB/containers/NAME\n"
	    "[ \"${1-}\" != clean ] || { cleanup; exit; }\n"
	    "mkdir -m 700 \"$d\"\ntrap cleanup EXIT\n"
	    "trap 'exit 129' HUP\ntrap 'exit 130' INT\ntrap 'exit 143' TERM\n"
	    "mkdir \"$d/upper\" \"$d/work\"\n");
}

/* --- 2. the group --- */

static void put_rules(struct script *x)
{
	struct spec d;
	spec_default(&d);
	size_t n = x->nodev ? 0 : x->s->device_rules.n, i = 0;
	if (n && !x->o->bundle) {
		fputs(" --device-rule default", x->f);
		i = d.device_rules.n;
	}
	for (; i < n; i++) {
		const struct device_rule *r = &x->s->device_rules.v[i];
		char major[24] = "*", minor[24] = "*";
		if (r->major >= 0)
			snprintf(major, sizeof major, "%" PRId64, r->major);
		if (r->minor >= 0)
			snprintf(minor, sizeof minor, "%" PRId64, r->minor);
		fprintf(x->f, " --device-rule '%s%c %s:%s %s'", r->allow ? "" : "-", r->type, major,
		    minor, r->access);
	}
	spec_free(&d);
}

static void step_group(struct script *x)
{
	if (!x->group)
		return;
	fprintf(x->f, "\n# A control group with its limits%s.\nctr-cgset -c",
	    x->nodev ? "; nothing here enforces a list of devices"
		     : ", and the devices it may use");
	put_rules(x);
	fprintf(x->f, " \"$group\"");
	for (size_t i = 0; i < x->s->resources.n; i++) {
		fputc(' ', x->f);
		explain_word(x->f, x->s->resources.v[i]);
	}
	fputs("\n", x->f);
	buf_puts(&x->cleanup, "\tctr-cgset -dk \"$group\"\n");
}

/* --- 3. the files of /etc --- */

/* "" of the first network, then its number. */
static const char *nth(size_t i, char out[8])
{
	if (i)
		snprintf(out, 8, "%u", (unsigned)i);
	return out;
}

/* A here-document, with an end marker that is no line of the text. */
static void put_file(struct script *x, const char *name, const char *text)
{
	const char *mark = "# ctrbox: end\n", *at = x->has_net ? strstr(text, mark) : NULL;
	size_t n = at ? (size_t)(at - text) : strlen(text);
	_cleanup_free_ char *end = xstrdup("END");
	while (strstr(text, end)) {
		char *longer = xasprintf("%s_", end);
		free(end);
		end = longer;
	}
	fprintf(x->f, "cat >\"$d/%s\" <<'%s'\n%.*s%s%s\n", name, end, (int)n, text,
	    n && text[n - 1] != '\n' ? "\n" : "", end);
	if (!x->has_net || strcmp(name, "hosts") != 0)
		return;
	const struct etc_hosts own = {.hostname = x->s->hostname, .domainname = x->s->domainname};
	for (size_t i = 0; i <= x->further.n; i++) {
		_cleanup_strv_ struct strv w = {0};
		struct buf known = {0};
		struct endpoint_req q = {.aliases = x->o->net_alias};
		if (i)
			net_line_read(&q, &w, x->further.v[i - 1]);
		buf_puts(&known, x->c->name);
		if (x->o->name)
			buf_printf(&known, " %s", x->c->id);
		for (size_t k = 0; k < q.aliases.n; k++)
			buf_printf(&known, " %s", q.aliases.v[k]);
		_cleanup_free_ char *names = etc_hosts_own(&own, known.p);
		fprintf(x->f, "for a in $addr%s; do\n\tprintf '%%s\\t%%s\\n' \"${a%%/*}\" ",
		    nth(i, (char[8]){0}));
		explain_word(x->f, names);
		fputs("\ndone >>\"$d/hosts\"\n", x->f);
		buf_free(&known);
	}
	fputs(at ? "echo '# ctrbox: end' >>\"$d/hosts\"\n" : "", x->f);
}

/* The same function writes them that a start calls, into a folder that goes again. */
static int step_etc(struct script *x)
{
	char dir[] = "/tmp/ctr-explain.XXXXXX";
	struct container_net p;
	container_net_init(&p, x->c);
	if (!mkdtemp(dir))
		return fail_errno(dir);
	x->c->dir = dir_open(dir);
	int r = x->c->dir < 0 ? fail_errno(dir) : container_net_files(&p, x->c, x->s);
	for (size_t i = 0; i < 3 && r == 0; i++) {
		_cleanup_free_ char *text = file_read_at(x->c->dir, explain_etc[i], FILE_ANY, NULL);
		if (!text)
			continue;
		if (i == 0)
			fprintf(x->f, "\n# The files of /etc that are the container's own.\n");
		x->etc |= 1u << i;
		put_file(x, explain_etc[i], text);
	}
	if (x->c->dir >= 0)
		close(x->c->dir);
	x->c->dir = -1;
	tree_remove_at(AT_FDCWD, dir);
	return r;
}

/* --- 4. the network --- */

/* Each -p, in the notation of ctr-netcfg or pasta. */
static int port_lines(struct script *x, bool pasta)
{
	bool some[2] = {false, false};
	if (x->o->publish_all)
		return fail_usage("--explain: -P: say with -p which ports");
	if (!pasta && x->net.internal && x->o->publish.n)
		return fail("-p: network %s is internal: nothing enters or leaves it", x->net.name);
	for (size_t i = 0; i < x->o->publish.n; i++) {
		struct portspec p;
		char ip[CIDR_TEXT] = "", host[32], in[32];
		if (portspec_parse("--publish", x->o->publish.v[i], &p) < 0)
			return -1;
		if (p.host.family)
			addr_text(&p.host, ip);
		if (!p.h0)
			return fail_usage(
			    "--explain: -p %s: say which port of the host", x->o->publish.v[i]);
		bool udp = p.proto == IPPROTO_UDP, six = p.host.family == AF_INET6;
		snprintf(host, sizeof host, p.h0 == p.h1 ? "%d" : "%d-%d", p.h0, p.h1);
		snprintf(in, sizeof in, p.h0 == p.h1 ? "%d" : "%d-%d", p.c0, p.c1);
		some[udp] = true;
		if (pasta) {
			buf_printf(&x->outside, " -%c %s%s%s:%s", udp ? 'u' : 't', ip,
			    *ip ? "/" : "", host, in);
			continue;
		}
		_cleanup_free_ char *at = xasprintf("%s%s%s%s%s%s", six ? "[" : "", ip,
		    six ? "]" : "", *ip ? ":" : "", host, udp ? "/udp" : "");
		for (int k = 0; k < 2; k++) {
			if (!x->net.subnet[k].a.family || (*ip && six != k))
				continue;
			const char *any = k && !*ip ? "[::]:" : "";
			/* The addresses are $2 and $3, or one of them is $2. */
			const char *only = x->net.subnet[0].a.family ? "[${3%/*}]" : "[${2%/*}]";
			const char *last = k ? only : "${2%/*}";
			buf_printf(&x->outside, " && ctr-netcfg publish '%s%s' \"%s:%s\"", any, at,
			    last, in);
			if (!k || *any == 0 || !x->net.subnet[0].a.family)
				buf_printf(&x->cleanup, "\tctr-netcfg unpublish %s\n", at);
		}
	}
	for (int i = 0; i < 2 && pasta; i++)
		if (!some[i])
			buf_puts(&x->outside, i ? " -u none" : " -t none");
	return 0;
}

/* In the groups that the script had: the container's have no /dev/net/tun. */
static int step_pasta(struct script *x)
{
	fputs("\n# pasta(1) carries what it sends and gets; it ends with the network namespace.\n",
	    x->f);
	if (x->group)
		fputs("cat /proc/self/cgroup >\"$d/groups\"\n", x->f);
	buf_printf(&x->outside,
	    "%spasta -q --config-net --no-map-gw -T none -U none --pid \"$d/pasta.pid\" "
	    "--no-netns-quit --netns /proc/self/fd/0 </proc/$1/ns/net 2>\"$d/pasta.log\" %s",
	    x->group ? "ctr-cgset -p $$ --back \"$d/groups\" && " : "",
	    geteuid() ? "--userns /proc/$1/ns/user" : "--netns-only --runas 0");
	buf_puts(&x->cleanup,
	    "\tp=$(cat \"$d/pasta.pid\") && grep -qs 'pas[st]' \"/proc/$p/comm\" && kill \"$p\"\n");
	int r = port_lines(x, true);
	buf_puts(&x->outside, " || { cat \"$d/pasta.log\" >&2; false; }");
	return r;
}

static void step_bridge(struct script *x)
{
	char t[CIDR_TEXT];
	const struct network *n = &x->net;
	struct buf own = {0}, nat = {0};
	for (int i = 0; i < 2; i++) {
		struct cidr at = {n->gateway[i], n->subnet[i].len};
		if (!n->subnet[i].a.family)
			continue;
		if (at.a.family)
			buf_printf(&own, " %s", cidr_text(&at, t));
		buf_printf(&nat, "ctr-netcfg nat add %s\n", cidr_text(&n->subnet[i], t));
	}
	if (n->mtu)
		buf_printf(&own, " mtu %d", n->mtu);
	fprintf(x->f, "grep -q '^ *%s:' /proc/net/dev || ctr-netcfg bridge add '%s'%s\n", n->bridge,
	    n->bridge, own.p ? own.p : "");
	if (!n->internal)
		fprintf(x->f, "ctr-netcfg sysctl forward\n%s", nat.p);
	buf_free(&own);
	buf_free(&nat);
}

/* Its interface, put in from outside. */
static void net_attach(struct script *x, size_t i, const char *mac)
{
	const struct network *n = &x->net;
	char t[CIDR_TEXT], at[8] = "";
	buf_printf(&x->outside,
	    "%sctr-nsenter -F -n -t $1 -- sh -c 'cd /proc/sys/net || exit\n"
	    "for k in v6/conf/default/accept_ra v6/conf/default/autoconf "
	    "v6/conf/default/accept_redirects v4/conf/default/accept_redirects; do "
	    "[ ! -e ip$k ] || echo 0 >ip$k; done",
	    i ? " && " : "");
	if (!n->subnet[1].a.family || i)
		buf_printf(&x->outside,
		    "\nk=ipv6/conf/default/disable_ipv6; [ ! -e $k ] || echo %d >$k",
		    !n->subnet[1].a.family);
	buf_printf(&x->outside, "' && set -- $1 $addr%s && ctr-netcfg %s '%s' $*", nth(i, at),
	    strcmp(n->driver, "bridge") == 0 ? "attach" : n->driver, n->bridge);
	if (i)
		buf_printf(&x->outside, " if eth%s", at);
	for (int k = 0; k < 2 && !n->internal; k++)
		if (n->gateway[k].family && !x->out[k]) {
			buf_printf(&x->outside, " gw %s", addr_text(&n->gateway[k], t));
			x->out[k] = true;
		}
	if (mac)
		buf_printf(&x->outside, " mac %s", mac);
	if (n->mtu)
		buf_printf(&x->outside, " mtu %d", n->mtu);
}

static int net_one(struct script *x, size_t nr, const struct endpoint_req *q)
{
	const char *net = q->net, *ip[2] = {q->ip, q->ip6};
	const struct network *n = &x->net;
	char at[8] = "";
	if (x->has_net)
		network_free(&x->net);
	x->has_net = false;
	if (network_open_or_default(&x->net, net) < 0)
		return -1;
	x->has_net = true;
	if (strchr(n->bridge, '\''))
		return fail_usage("--explain: %s: a quote in an interface's name", n->bridge);
	bool bridge = strcmp(n->driver, "bridge") == 0;
	bool one = ip[0] || ip[1], dual = n->subnet[0].a.family && n->subnet[1].a.family;
	if (one && dual && !(ip[0] && ip[1]))
		return fail_usage("--explain: network %s has addresses of two kinds: both --ip and "
				  "--ip6, or neither",
		    net);
	fprintf(x->f, "\n# An address on network %s, %s.\n", net,
	    bridge ? "its bridge, and the way out" : "by an interface of the host's");
	nth(nr, at);
	for (int i = 0; i < (one ? 2 : 1); i++)
		if (!one || ip[i])
			fprintf(x->f, "addr%s=\"%s%s%s$(ctr-ipam alloc -n %s%s%s \"$name\")\"\n",
			    at, i && ip[0] ? "$addr" : "", i && ip[0] ? at : "",
			    i && ip[0] ? " " : "", net, one ? " -a " : "", one ? ip[i] : "");
	fprintf(x->f, "export addr%s\n", at);
	buf_printf(&x->cleanup, "\tctr-ipam free -n %s \"$name\"\n", net);
	if (bridge)
		step_bridge(x);
	net_attach(x, nr, q->mac);
	return nr ? 0 : port_lines(x, false);
}

static int step_net(struct script *x)
{
	const char *net = x->o->net;
	if (!net_named(net))
		return 0;
	if (strcmp(net, "pasta") == 0)
		return step_pasta(x);
	strv_split(&x->further, x->o->further ? x->o->further : "", "\n");
	for (size_t i = 0; i <= x->further.n; i++) {
		_cleanup_strv_ struct strv w = {0};
		struct endpoint_req q = {
		    .net = net, .ip = x->o->ip, .ip6 = x->o->ip6, .mac = x->o->mac};
		if (i)
			net_line_read(&q, &w, x->further.v[i - 1]);
		if (net_one(x, i, &q) < 0)
			return -1;
	}
	return 0;
}

int explain_script(FILE *f, const struct create_flags *o, struct container *c, const struct spec *s,
    const char *root)
{
	char *text = NULL;
	size_t n = 0;
	struct script x = {.o = o, .c = c, .s = s, .root = root, .net.lock = -1};
	if (flags_shared(o, NS_USER))
		return fail_usage("--explain: another container's user namespace has no steps");
	x.f = open_memstream(&text, &n);
	if (!x.f)
		return fail_errno("memory");
	/* The rule of group.h where there is no device list. */
	x.nodev =
	    geteuid() == 0 && !s->x_privileged && s->device_rules.n && !cgroup_devices_possible();
	step_folder(&x);
	step_group(&x);
	int r = step_net(&x) < 0 || step_etc(&x) < 0 || explain_chain(&x) < 0 ? -1 : 0;
	fclose(x.f);
	/* The function is needed before the steps, but its text is known only after them. */
	if (r == 0) {
		char *steps = strstr(text, "set -eu\n");
		fprintf(f, "%.*scleanup() {\n\tset +e\n%s\trm -rf \"$d\"\n}\n%s",
		    (int)(steps - text), text, x.cleanup.p ? x.cleanup.p : "", steps);
	}
	free(text);
	if (x.has_net)
		network_free(&x.net);
	strv_free(&x.further);
	buf_free(&x.cleanup);
	buf_free(&x.outside);
	return r;
}
