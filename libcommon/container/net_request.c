/* net_request.c: the networks that a container's record asks for, and what it was given on them;
 * see connect.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "connect.h"
#include "err.h"
#include "file.h"

void record_lines(struct strv *out, const struct kv *conf, const char *key)
{
	const char *s = kv_get(conf, key);
	if (s)
		strv_split(out, s, "\n");
}

void net_request(struct endpoint_req *r, const struct kv *conf)
{
	memset(r, 0, sizeof *r);
	r->alive = container_owner_alive;
	r->net = kv_get(conf, "net");
	r->ip = kv_get(conf, "ip");
	r->ip6 = kv_get(conf, "ip6");
	r->mac = kv_get(conf, "mac");
	record_lines(&r->publish, conf, "publish");
	record_lines(&r->aliases, conf, "net_alias");
	if (kv_num(conf, "publish_all", 0))
		record_lines(&r->exposed, conf, "expose");
}

void net_request_free(struct endpoint_req *r)
{
	strv_free(&r->publish);
	strv_free(&r->exposed);
	strv_free(&r->aliases);
}

int connect_lines(int dir, struct strv *out)
{
	_cleanup_free_ char *text = file_read_at(dir, "networks", FILE_ANY, NULL);
	if (text)
		strv_split(out, text, "\n");
	return text || errno == ENOENT ? 0 : -1;
}

#define HAD "addresses" /* in its folder: a line "NETWORK ADDR INTERFACE" for each it had */

void net_had(const struct container *c, struct endpoint_req *r, char ifname[16])
{
	_cleanup_free_ char *text = file_read_at(c->dir, HAD, 1 << 16, NULL);
	_cleanup_strv_ struct strv l = {0};
	strv_split(&l, text ? text : "", "\n");
	for (size_t i = 0; i < l.n; i++) {
		_cleanup_strv_ struct strv w = {0};
		struct addr a;
		strv_split(&w, l.v[i], " ");
		if (w.n < 2 || strcmp(w.v[0], r->net) != 0 || addr_parse(HAD, w.v[1], &a) < 0)
			continue;
		r->had[a.family == AF_INET6] = a;
		if (w.n > 2)
			snprintf(ifname, 16, "%s", w.v[2]);
	}
}

void net_given(const struct container *c, const struct endpoint *e)
{
	const char *net = e->network;
	size_t n = 0;
	char t[ADDR_TEXT];
	struct buf b = {0};
	_cleanup_free_ char *was = file_read_at(c->dir, HAD, 1 << 16, &n);
	_cleanup_strv_ struct strv l = {0};
	strv_split(&l, was ? was : "", "\n");
	for (size_t i = 0; i < l.n; i++)
		if (!str_starts(l.v[i], net) || l.v[i][strlen(net)] != ' ')
			buf_printf(&b, "%s\n", l.v[i]);
	for (int i = 0; i < 2; i++)
		if (e->addr[i].a.family)
			buf_printf(&b, "%s %s %s\n", net, addr_text(&e->addr[i].a, t), e->ifname);
	if (b.n && (!was || strcmp(was, b.p) != 0))
		file_write_at(c->dir, HAD, b.p, b.n, 0600, false);
	buf_free(&b);
}

void net_line(struct buf *b, const struct endpoint_req *q)
{
	buf_printf(b, "%s %s %s", q->net, q->ip ? q->ip : "-", q->ip6 ? q->ip6 : "-");
	if (q->mac)
		buf_printf(b, " %s", q->mac);
	for (size_t i = 0; i < q->aliases.n; i++)
		buf_printf(b, " %s", q->aliases.v[i]);
}

bool net_line_read(struct endpoint_req *q, struct strv *w, const char *line)
{
	size_t k = 3;
	strv_split(w, line, " ");
	*q = (struct endpoint_req){0};
	if (w->n < k)
		return false;
	q->net = w->v[0];
	q->ip = *w->v[1] == '-' ? NULL : w->v[1];
	q->ip6 = *w->v[2] == '-' ? NULL : w->v[2];
	if (k < w->n && strchr(w->v[k], ':')) /* an alias has none */
		q->mac = w->v[k++];
	q->aliases = (struct strv){w->v + k, w->n - k, 0};
	return true;
}

int net_requests_each(struct endpoint_req *first, const struct strv *further,
    int (*fn)(struct endpoint_req *, void *), void *arg)
{
	int r = strv_has(further, "-") ? 0 : fn(first, arg);
	for (size_t i = 0; i < further->n && r == 0; i++) {
		struct strv w = {0};
		struct endpoint_req q;
		if (net_line_read(&q, &w, further->v[i]) && name_valid(q.net))
			r = fn(&q, arg);
		strv_free(&w);
	}
	return r;
}
