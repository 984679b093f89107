/* create_nets.c: several --net, each with options of its own, in docker's notation
 * (name=NAME,ip=...) and podman's (NAME:ip=...); see create_nets.h. The first is treated as a
 * single --net; the others become the lines that ctr-net connect would have written. */
#include <stddef.h>
#include <string.h>

#include "addr.h"
#include "create_nets.h"
#include "endpoint.h"
#include "err.h"
#include "portspec.h"

struct one {
	char *name, *ip, *ip6, *mac;
	struct strv alias;
};

static int create_nets_option(struct one *n, const char *word)
{
	static const struct {
		const char *key;
		size_t at;
	} keys[] = {{"name=", offsetof(struct one, name)}, {"ip=", offsetof(struct one, ip)},
	    {"ip6=", offsetof(struct one, ip6)}, {"mac-address=", offsetof(struct one, mac)},
	    {"mac=", offsetof(struct one, mac)}};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (str_starts(word, keys[i].key)) {
			*(char **)((char *)n + keys[i].at) = xstrdup(word + strlen(keys[i].key));
			return 0;
		}
	if (!str_starts(word, "alias="))
		return fail("--net: '%s' is not one of name= ip= ip6= mac= alias=", word);
	strv_add(&n->alias, word + 6);
	return name_check("alias", word + 6);
}

static int create_nets_parse(struct one *n, const char *s)
{
	struct strv w = {0};
	const char *colon = strchr(s, ':');
	bool docker = str_starts(s, "name=");
	if (!docker && (!colon || !strchr(colon, '=') || !net_named(s))) {
		n->name = xstrdup(s);
		return 0;
	}
	if (!docker)
		n->name = xstrndup(s, (size_t)(colon - s));
	strv_split(&w, docker ? s : colon + 1, ",");
	int r = 0;
	for (size_t i = 0; i < w.n && r == 0; i++)
		r = create_nets_option(n, w.v[i]);
	strv_free(&w);
	return r;
}

static int further(struct create_flags *o, const struct one *n, struct buf *lines)
{
	struct addr a;
	if (!net_named(o->net) || !net_named(n->name) || str_eq(n->name, "pasta") ||
	    str_eq(o->net, "pasta"))
		return fail("--net %s: not beside --net %s", n->name, o->net);
	if (name_check("--net", n->name) < 0)
		return -1;
	if (n->mac)
		return fail("--net %s: mac= is for the first --net", n->name);
	if ((n->ip && addr_parse("ip", n->ip, &a) < 0) ||
	    (n->ip6 && addr_parse("ip6", n->ip6, &a) < 0))
		return -1;
	buf_printf(lines, "%s %s %s", n->name, n->ip ? n->ip : "-", n->ip6 ? n->ip6 : "-");
	for (size_t i = 0; i < n->alias.n; i++)
		buf_printf(lines, " %s", n->alias.v[i]);
	buf_puts(lines, "\n");
	return 0;
}

int create_nets(struct create_flags *o, struct buf *lines)
{
	struct strv names = {0};
	struct portspec none;
	/* The record's list of words would lose an empty one. */
	if (strv_has(&o->publish, "") && portspec_parse("-p", "", &none) < 0)
		return -1;
	for (size_t i = 0; i < o->nets.n; i++) {
		struct one n = {0};
		if (create_nets_parse(&n, o->nets.v[i]) < 0)
			return -1;
		if (!n.name)
			return fail("--net %s: name= is missing", o->nets.v[i]);
		if (strv_has(&names, n.name))
			return fail("--net %s: given twice", n.name);
		strv_add(&names, n.name);
		if (i > 0) {
			if (further(o, &n, lines) < 0)
				return -1;
			continue;
		}
		o->net = n.name;
		o->ip = n.ip ? n.ip : o->ip;
		o->ip6 = n.ip6 ? n.ip6 : o->ip6;
		o->mac = n.mac ? n.mac : o->mac;
		for (size_t k = 0; k < n.alias.n; k++)
			strv_add(&o->net_alias, n.alias.v[k]);
	}
	strv_free(&names);
	return 0;
}
