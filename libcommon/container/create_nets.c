/* create_nets.c: several --net, each with options of its own, in docker's notation
 * (name=NAME,ip=...) and podman's (NAME:ip=...); see create_nets.h. One is treated as a
 * single --net; the others become the lines that ctr-net connect would have written. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "connect.h"
#include "create_nets.h"
#include "err.h"
#include "portspec.h"

struct one {
	struct endpoint_req q; /* net NULL: its name is missing */
	int64_t priority;
};

static int create_nets_option(struct one *n, const char *word)
{
	static const struct {
		const char *key;
		size_t at;
	} keys[] = {{"name=", offsetof(struct endpoint_req, net)},
	    {"ip=", offsetof(struct endpoint_req, ip)},
	    {"ip6=", offsetof(struct endpoint_req, ip6)},
	    {"mac-address=", offsetof(struct endpoint_req, mac)},
	    {"mac=", offsetof(struct endpoint_req, mac)}};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (str_starts(word, keys[i].key)) {
			*(char **)((char *)&n->q + keys[i].at) =
			    xstrdup(word + strlen(keys[i].key));
			return 0;
		}
	if (str_starts(word, "gw-priority="))
		return num_parse("gw-priority", word + 12, INT32_MIN, INT32_MAX, &n->priority);
	if (!str_starts(word, "alias="))
		return fail(
		    "--net: '%s' is not one of name= ip= ip6= mac= alias= gw-priority=", word);
	strv_add(&n->q.aliases, word + 6);
	return name_check("alias", word + 6);
}

static int create_nets_parse(struct one *n, const char *s)
{
	struct strv w = {0};
	const char *colon = strchr(s, ':');
	bool docker = str_starts(s, "name=");
	if (!docker && (!colon || !strchr(colon, '=') || !net_named(s))) {
		n->q.net = s;
		return 0;
	}
	if (!docker)
		n->q.net = xstrndup(s, (size_t)(colon - s));
	strv_split(&w, docker ? s : colon + 1, ",");
	int r = 0;
	for (size_t i = 0; i < w.n && r == 0; i++)
		r = create_nets_option(n, w.v[i]);
	strv_free(&w);
	return r == 0 && !n->q.net ? fail("--net %s: name= is missing", s) : r;
}

static int further(struct create_flags *o, const struct endpoint_req *q, struct buf *lines)
{
	if (!net_named(o->net) || !net_named(q->net) || str_eq(q->net, "pasta") ||
	    str_eq(o->net, "pasta"))
		return fail("--net %s: not beside --net %s", q->net, o->net);
	if (endpoint_check(q) < 0)
		return -1;
	net_line(lines, q);
	buf_puts(lines, "\n");
	return 0;
}

/* The first is the one of the highest priority: its gateway is the way out. */
int create_nets(struct create_flags *o, struct buf *lines)
{
	struct one *all = xcalloc(o->nets.n + 1, sizeof *all), *first = all;
	struct portspec none;
	/* The record's list of words would lose an empty one. */
	if (strv_has(&o->publish, "") && portspec_parse("-p", "", &none) < 0)
		return -1;
	for (struct one *n = all; n < all + o->nets.n; n++) {
		if (create_nets_parse(n, o->nets.v[n - all]) < 0)
			return -1;
		for (struct one *k = all; k < n; k++)
			if (strcmp(k->q.net, n->q.net) == 0)
				return fail("--net %s: given twice", n->q.net);
		if (n->priority > first->priority)
			first = n;
	}
	const struct endpoint_req *q = &first->q;
	o->net = q->net;
	o->ip = q->ip ? q->ip : o->ip;
	o->ip6 = q->ip6 ? q->ip6 : o->ip6;
	o->mac = q->mac ? q->mac : o->mac;
	strv_addall(&o->net_alias, &q->aliases);
	for (struct one *n = all; n < all + o->nets.n; n++)
		if (n != first && further(o, &n->q, lines) < 0)
			return -1;
	free(all);
	return 0;
}
