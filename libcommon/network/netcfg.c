/* netcfg.c: parses lines such as `attach br0 web 10.1.0.2/24 gw 10.1.0.1`, word by word; see
 * netcfg.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "err.h"
#include "netcfg.h"
#include "rtnl.h"

struct words {
	char *const *v;
	size_t n, at;
	const char *verb;
};

static const char *netcfg_next(struct words *w)
{
	return w->at < w->n ? w->v[w->at++] : NULL;
}

static int missing(const struct words *w, const char *what)
{
	return fail("%s: %s is missing", w->verb, what);
}

static bool is_next(struct words *w, const char *s)
{
	bool r = w->at < w->n && strcmp(w->v[w->at], s) == 0;
	w->at += r;
	return r;
}

static int take_if(struct words *w, char **out)
{
	const char *s = netcfg_next(w);
	if (!s)
		return missing(w, "an interface");
	if (ifname_check(w->verb, s) < 0)
		return -1;
	free(*out);
	*out = xstrdup(s);
	return 0;
}

static int take_ns(struct words *w, struct netcfg_op *op)
{
	const char *s = netcfg_next(w);
	if (!s)
		return missing(w, "NS (a pid, a container or a namespace's file)");
	op->ns = xstrdup(s);
	return 0;
}

static int take_cidr(struct words *w, struct netcfg_op *op)
{
	const char *s = netcfg_next(w);
	if (!s)
		return missing(w, "ADDRESS/LENGTH");
	if (op->addrs == NETCFG_ADDRS)
		return fail("%s: more than %d addresses", w->verb, NETCFG_ADDRS);
	return cidr_parse(w->verb, s, &op->addr[op->addrs]) < 0 ? -1 : (op->addrs++, 0);
}

static int take_gw(struct words *w, struct netcfg_op *op)
{
	const char *s = netcfg_next(w);
	struct addr a;
	if (!s)
		return missing(w, "the gateway's address");
	if (addr_parse(w->verb, s, &a) < 0)
		return -1;
	op->gw[a.family == AF_INET6] = a;
	return 0;
}

static int take_num(struct words *w, const char *what, int64_t min, int64_t max, int *out)
{
	const char *s = netcfg_next(w);
	int64_t v;
	if (!s)
		return fail("%s: a number is missing after %s", w->verb, what);
	if (num_parse(what, s, min, max, &v) < 0)
		return -1;
	*out = (int)v;
	return 0;
}

static int take_mac(struct words *w, struct netcfg_op *op)
{
	const char *m = netcfg_next(w);
	op->has_mac = true;
	return m ? mac_parse("mac", m, op->mac) : missing(w, "a MAC address");
}

/* One side of a rule: an address or a subnet. */
static int take_side(struct words *w, struct cidr *c)
{
	const char *s = netcfg_next(w);
	if (!s)
		return missing(w, "ADDRESS/LENGTH");
	if (cidr_parse(w->verb, s, c) < 0)
		return -1;
	c->a = cidr_first(c);
	return 0;
}

static int not_understood(const char *verb, const char *s)
{
	struct addr a;
	int len = strchr(s, ':') ? 64 : 24;
	if (addr_parse("", s, &a) == 0)
		return fail("%s: %s: /LEN is missing, as in %s/%d", verb, s, s, len);
	return fail("%s: '%s' is not understood here", verb, s);
}

/* What may follow: addresses, and those of the optional words that are in `allowed`. */
static int netcfg_tail(struct words *w, struct netcfg_op *op, const char *allowed)
{
	while (w->at < w->n) {
		const char *s = w->v[w->at];
		int r;
		bool number = strpbrk(s, ".:") && !s[strspn(s, "0123456789abcdefABCDEF.:")];
		if (strchr(allowed, 'a') && (number || strchr(s, '/')))
			r = take_cidr(w, op);
		else if (strchr(allowed, 'i') && is_next(w, "if"))
			r = take_if(w, &op->ifname);
		else if (strchr(allowed, 'd') && is_next(w, "dev"))
			r = take_if(w, &op->name);
		else if (strchr(allowed, 'o') && is_next(w, "out"))
			r = take_if(w, &op->out);
		else if (strchr(allowed, 'n') && !op->ns && is_next(w, "in"))
			r = take_ns(w, op);
		else if ((strchr(allowed, 'g') && is_next(w, "gw")) ||
			 (strchr(allowed, 'v') && is_next(w, "via")))
			r = take_gw(w, op);
		else if (strchr(allowed, 't') && is_next(w, "mtu"))
			r = take_num(w, "mtu", 68, 65535, &op->mtu);
		else if (strchr(allowed, 'm') && is_next(w, "mac"))
			r = take_mac(w, op);
		else if (strchr(allowed, 'u') && is_next(w, "unguarded"))
			r = 0, op->unguarded = true;
		else if (strchr(allowed, 'u') && is_next(w, "guarded"))
			r = 0, op->guarded = true;
		else if (strchr(allowed, 'b') && is_next(w, "table"))
			r = take_num(w, "table", 1, INT32_MAX, &op->table);
		else if (strchr(allowed, 'p') && is_next(w, "pref"))
			r = take_num(w, "pref", 1, INT32_MAX, &op->pref);
		else if (strchr(allowed, 'f') && is_next(w, "from"))
			r = take_side(w, &op->addr[0]);
		else if (strchr(allowed, 'f') && is_next(w, "to"))
			r = take_side(w, &op->addr[1]);
		else
			return not_understood(w->verb, s);
		if (r < 0)
			return -1;
	}
	return 0;
}

static int add_or_del(struct words *w, struct netcfg_op *op, const char *yes, const char *no)
{
	if (is_next(w, yes))
		return 0;
	if (!is_next(w, no))
		return fail("%s: %s or %s is missing", w->verb, yes, no);
	op->del = true;
	return 0;
}

/* ADDR:PORT, ADDR:FROM-TO or [V6]:PORT. */
static int take_target(struct words *w, struct netcfg_op *op)
{
	const char *s = netcfg_next(w), *colon = s ? strrchr(s, ':') : NULL;
	uint8_t proto; /* it has none of its own */
	if (!s)
		return missing(w, "ADDRESS:PORT, where the port leads");
	if (!colon || colon == s || strchr(s, '/')) /* its protocol is that of the host's port */
		return fail("publish: '%s' is not ADDRESS:PORT", s);
	_cleanup_free_ char *a = xstrndup(s, (size_t)(colon - s));
	if (addr_parse("publish", a, &op->to) < 0 ||
	    port_range_parse("publish", colon + 1, &op->port.c0, &op->port.c1, &proto) < 0)
		return -1;
	if (op->port.c1 - op->port.c0 != op->port.h1 - op->port.h0)
		return fail("publish: %d ports cannot lead to %d", op->port.h1 - op->port.h0 + 1,
		    op->port.c1 - op->port.c0 + 1);
	if (op->port.host.family && op->port.host.family != op->to.family)
		return fail("publish: one address is IPv4, the other IPv6");
	return 0;
}

/* [HOSTADDR:]PORT[/proto]: portspec's syntax for a container's port, with the numbers taken for the
 * host's. */
static int take_host_port(struct words *w, struct netcfg_op *op)
{
	const char *s = netcfg_next(w), *colon = s ? strrchr(s, ':') : NULL;
	if (!s)
		return missing(w, "[ADDRESS:]PORT of the host");
	struct portspec p;
	_cleanup_free_ char *spec =
	    colon ? xasprintf("%.*s::%s", (int)(colon - s), s, colon + 1) : xstrdup(s);
	if (portspec_parse(w->verb, spec, &p) < 0)
		return -1;
	op->port = (struct portspec){.host = p.host, .proto = p.proto, .h0 = p.c0, .h1 = p.c1};
	return 0;
}

/* link rename|mtu|mac IF VALUE [in NS], bridge port BR IF, bridge unport IF: 1 when it is one of
 * them. */
static int take_set(struct words *w, struct netcfg_op *op)
{
	int r;
	if (op->kind == CFG_LINK && is_next(w, "rename")) {
		char *to = NULL;
		op->set = SET_NAME;
		r = take_if(w, &op->name) < 0 || take_if(w, &to) < 0 ? -1 : 1;
		if (to)
			memcpy(op->value, to, strlen(to));
		free(to);
	} else if (op->kind == CFG_LINK && is_next(w, "mtu")) {
		op->set = SET_MTU;
		r = take_if(w, &op->name) < 0 || take_num(w, "mtu", 68, 65535, &op->mtu) < 0 ? -1
											     : 1;
		memcpy(op->value, &op->mtu, sizeof op->mtu);
	} else if (op->kind == CFG_LINK && is_next(w, "mac")) {
		op->set = SET_MAC;
		r = take_if(w, &op->name) < 0 || take_mac(w, op) < 0 ? -1 : 1;
		memcpy(op->value, op->mac, 6);
	} else if (op->kind == CFG_BRIDGE && is_next(w, "port")) {
		op->set = SET_MASTER;
		r = take_if(w, &op->out) < 0 || take_if(w, &op->name) < 0 ? -1 : 1;
	} else if (op->kind == CFG_BRIDGE && is_next(w, "unport")) {
		op->set = SET_MASTER;
		r = take_if(w, &op->name) < 0 ? -1 : 1;
	} else {
		return 0;
	}
	op->kind = CFG_SET;
	return r < 0 || netcfg_tail(w, op, "n") < 0 ? -1 : 1;
}

/* A NAME in the folder of ip-netns(8), or a FILE; never something that would be taken for a pid. */
static int take_netns(struct words *w, struct netcfg_op *op)
{
	const char *s = netcfg_next(w);
	if (!s)
		return missing(w, "NAME or FILE");
	if (strchr(s, '/')) {
		op->name = xstrdup(s);
		return 0;
	}
	if (name_check(w->verb, s) < 0)
		return -1;
	if (strspn(s, "0123456789") == strlen(s))
		return fail("netns: %s would be a pid", s);
	op->name = xasprintf(NETNS_DIR "/%s", s);
	return 0;
}

static int take_veth(struct words *w, struct netcfg_op *op)
{
	struct netcfg_op far = {0};
	int r = take_if(w, &op->ifname) < 0 || take_ns(w, op) < 0 || take_if(w, &op->name) < 0 ||
			take_ns(w, &far) < 0
		    ? -1
		    : netcfg_tail(w, op, "t");
	op->ns2 = far.ns;
	for (int i = 0; i < 2; i++) { /* the host's side */
		char **ns = i ? &op->ns2 : &op->ns;
		if (str_eq(*ns, "-")) {
			free(*ns);
			*ns = NULL;
		}
	}
	return r;
}

static int take_attachment(struct words *w, struct netcfg_op *op)
{
	if (take_if(w, &op->name) < 0 || take_ns(w, op) < 0 ||
	    netcfg_tail(w, op, op->kind == CFG_ATTACH ? "aigmtu" : "aigmt") < 0)
		return -1;
	if (op->kind == CFG_IPVLAN && op->has_mac)
		return not_understood(w->verb, "mac"); /* its MAC is the parent's */
	return op->addrs ? 0 : take_cidr(w, op);
}

static int take_route(struct words *w, struct netcfg_op *op)
{
	if (add_or_del(w, op, "add", "del") < 0)
		return -1;
	if (is_next(w, "default"))
		op->addrs = 1; /* the gateway decides the family */
	else if (take_cidr(w, op) < 0)
		return -1;
	if (netcfg_tail(w, op, "vdbn") < 0)
		return -1;
	if (!op->addr[0].a.family)
		op->addr[0].a.family = op->gw[1].family ? AF_INET6 : AF_INET;
	if (!op->gw[op->addr[0].a.family == AF_INET6].family && !op->name && !op->del)
		return fail("route: via ADDRESS or dev IF is missing");
	return 0;
}

/* `link del IF` is a detach() by the interface's name. */
static int take_link(struct words *w, struct netcfg_op *op)
{
	bool del = is_next(w, "del");
	if ((!del && add_or_del(w, op, "up", "down") < 0) || take_if(w, &op->name) < 0)
		return -1;
	if (del) {
		op->kind = CFG_DETACH;
		op->ifname = xstrdup(op->name);
	}
	return netcfg_tail(w, op, "n");
}

static int take_rule(struct words *w, struct netcfg_op *op)
{
	if (add_or_del(w, op, "add", "del") < 0 || netcfg_tail(w, op, "fbpn") < 0)
		return -1;
	int from = op->addr[0].a.family, to = op->addr[1].a.family;
	if (!op->table || (!from && !to))
		return missing(w, "from or to SUBNET, or table N,");
	return !from || !to || from == to ? 0 : fail("rule: one address is IPv4, the other IPv6");
}

static int netcfg_parse_lines(struct words *w, struct netcfg_op *op)
{
	int set = take_set(w, op);
	if (set)
		return set < 0 ? -1 : 0;
	switch (op->kind) {
	case CFG_BRIDGE:
		if (add_or_del(w, op, "add", "del") < 0 || take_if(w, &op->name) < 0)
			return -1;
		return netcfg_tail(w, op, op->del ? "" : "at");
	case CFG_ATTACH:
	case CFG_MACVLAN:
	case CFG_IPVLAN:
		return take_attachment(w, op);
	case CFG_DETACH:
		return take_ns(w, op) < 0 ? -1 : netcfg_tail(w, op, "i");
	case CFG_ADDR:
		if (add_or_del(w, op, "add", "del") < 0 || take_if(w, &op->name) < 0 ||
		    take_cidr(w, op) < 0)
			return -1;
		return netcfg_tail(w, op, "n");
	case CFG_ROUTE:
		return take_route(w, op);
	case CFG_LINK:
		return take_link(w, op);
	case CFG_NAT:
		return add_or_del(w, op, "add", "del") < 0 || take_cidr(w, op) < 0
			   ? -1
			   : netcfg_tail(w, op, "o");
	case CFG_PUBLISH:
		return take_host_port(w, op) < 0 || take_target(w, op) < 0 ? -1
									   : netcfg_tail(w, op, "");
	case CFG_UNPUBLISH:
		return take_host_port(w, op) < 0 ? -1 : netcfg_tail(w, op, "");
	case CFG_SYSCTL:
		return add_or_del(w, op, "forward", "noforward") < 0 ? -1 : netcfg_tail(w, op, "");
	case CFG_VETH:
		return take_veth(w, op);
	case CFG_NETNS:
		return add_or_del(w, op, "add", "del") < 0 || take_netns(w, op) < 0
			   ? -1
			   : netcfg_tail(w, op, "");
	case CFG_NEIGH:
		if (add_or_del(w, op, "add", "del") < 0 || take_gw(w, op) < 0 ||
		    (!op->del && take_mac(w, op) < 0) || netcfg_tail(w, op, "dn") < 0)
			return -1;
		return op->name ? 0 : missing(w, "dev IF");
	case CFG_RULE:
		return take_rule(w, op);
	case CFG_SET:
		break;
	}
	return -1;
}

int netcfg_parse(struct netcfg_op *op, char *const *words, size_t n)
{
#define NAME(kind, verb) verb,
#define LISTED(kind, verb) " " verb
	static const char *const verbs[] = {NETCFG_VERBS(NAME)};
	struct words w = {words, n, 1, n ? words[0] : ""};
	memset(op, 0, sizeof *op);
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(w.verb, verbs[i]) == 0) {
			op->kind = (enum netcfg_kind)i;
			int r = netcfg_parse_lines(&w, op);
			if (r < 0)
				netcfg_free(op);
			return r;
		}
	return fail("'%s': not one of" NETCFG_VERBS(LISTED), w.verb);
}

int netcfg_parse_text(struct netcfg_op **ops, size_t *n, const char *what, const char *text)
{
	for (int line = 1; *text; line++) {
		struct strv w = {0};
		size_t len = strcspn(text, "\n"), k = 0;
		_cleanup_free_ char *s = xstrndup(text, len);
		text += len + (text[len] == '\n');
		strv_split(&w, s, " \t\r");
		while (k < w.n && *w.v[k] != '#')
			k++;
		*ops = xrealloc(*ops, (*n + 1) * sizeof **ops);
		int r = k ? netcfg_parse(&(*ops)[*n], w.v, k) : 0;
		strv_free(&w);
		if (r < 0)
			return fail_in("%s:%d", what, line);
		if (k)
			(*ops)[(*n)++].line = line;
	}
	return 0;
}

void netcfg_free(struct netcfg_op *op)
{
	free(op->name);
	free(op->ns);
	free(op->ns2);
	free(op->ifname);
	free(op->out);
	buf_free(&op->before);
	memset(op, 0, sizeof *op);
}

int netcfg_failed(const struct netcfg_op *op)
{
	return op->line ? fail_in("line %d", op->line) : -1;
}
