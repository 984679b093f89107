/* etc_hosts.c: a container's /etc/hosts and /etc/resolv.conf; see etc_hosts.h.
 *
 * The names of the other containers on the network stand between two markers, and this block is
 * rewritten in place: the file is bind-mounted, so after a rename the container would still see the
 * old one. What the container itself wrote outside the block is kept.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "lease.h"
#include "endpoint.h"
#include "etc_hosts.h"
#include "host_names.h"
#include "network.h"

/* NAME:ADDR or NAME=ADDR; the address may be IPv6, in brackets or not. */
static int add_host_split(const char *s, char **name, struct addr *a)
{
	const char *colon = s + strcspn(s, ":=");
	if (!*colon || colon == s)
		return fail("--add-host: '%s' is not NAME:ADDRESS", s);
	for (const char *p = s; p < colon; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
			return fail("--add-host: '%s': not a host's name", s);
	*a = (struct addr){0}; /* host-gateway: the host, through the network's gateway */
	if (strcmp(colon + 1, "host-gateway") != 0 && addr_parse("--add-host", colon + 1, a) < 0)
		return -1;
	*name = xstrndup(s, (size_t)(colon - s));
	return 0;
}

int etc_hosts_check(const struct etc_hosts *h)
{
	struct addr a;
	for (size_t i = 0; i < h->add_host.n; i++) {
		char *name;
		if (add_host_split(h->add_host.v[i], &name, &a) < 0)
			return -1;
		free(name);
	}
	for (size_t i = 0; i < h->dns.n; i++)
		if (addr_parse("--dns", h->dns.v[i], &a) < 0)
			return -1;
	for (size_t i = 0; i < h->dns_search.n; i++)
		if (!*h->dns_search.v[i] || strpbrk(h->dns_search.v[i], " \t\r\n"))
			return fail("--dns-search: '%s' is not a domain", h->dns_search.v[i]);
	for (size_t i = 0; i < h->dns_option.n; i++)
		if (!*h->dns_option.v[i] || strpbrk(h->dns_option.v[i], " \t\r\n"))
			return fail("--dns-option: '%s' is not a word", h->dns_option.v[i]);
	return 0;
}

char *etc_hosts_text(const struct etc_hosts *h, bool host, bool self)
{
	struct buf b = {0};
	char t[ADDR_TEXT];
	_cleanup_free_ char *own = etc_hosts_own(h, "");
	_cleanup_free_ char *hosts = host ? file_read("/etc/hosts", FILE_ANY, NULL) : NULL;
	if (host && !hosts && errno != ENOENT)
		warn_fail();
	if (hosts)
		buf_printf(&b, "%s\n", hosts);
	else
		buf_puts(&b, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
			     "fe00::\tip6-localnet\nff00::\tip6-mcastprefix\n"
			     "ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n");
	if (self && *own)
		buf_printf(&b, "127.0.1.1\t%s\n", own);
	for (size_t i = 0; i < h->add_host.n; i++) {
		char *name;
		struct addr a;
		if (add_host_split(h->add_host.v[i], &name, &a) < 0)
			continue;
		if (!a.family)
			a = h->gateway;
		if (a.family)
			buf_printf(&b, "%s\t%s\n", addr_text(&a, t), name);
		else
			warn("--add-host %s: this network has no gateway", h->add_host.v[i]);
		free(name);
	}
	buf_puts(&b, HOSTS_BEGIN HOSTS_END);
	return b.p;
}

/* --- resolv.conf --- */

/* systemd-resolved listens on 127.0.0.53 and keeps the real servers in a file of its own. */
static const char stub_servers[] = "/run/systemd/resolve/resolv.conf";

static bool is_key(const char *line, const char *key)
{
	size_t n = strlen(key);
	return strncmp(line, key, n) == 0 && (line[n] == ' ' || line[n] == '\t');
}

/* The address in a line "nameserver ADDR". A server on loopback is the host's own: in the container
 * nobody listens there. A link-local address names an interface of the host, which does not exist
 * there, either. */
static bool server_of(const char *line, char t[ADDR_TEXT], bool *stub)
{
	struct addr a;
	const char *s = line + strlen("nameserver");
	s += strspn(s, " \t");
	size_t n = strcspn(s, " \t%#;");
	/* its own and, since version 253, its proxy's */
	*stub = n == 10 && (strncmp(s, "127.0.0.53", n) == 0 || strncmp(s, "127.0.0.54", n) == 0);
	if (n >= ADDR_TEXT || s[n] == '%')
		return false;
	memcpy(t, s, n);
	t[n] = 0;
	if (addr_parse("nameserver", t, &a) < 0 || addr_is_loopback(&a) ||
	    addr_is_any(&a)) /* 0.0.0.0: the host itself */
		return false;
	return a.family == AF_INET || a.b[0] != 0xfe || (a.b[1] & 0xc0) != 0x80;
}

/* The name servers in a resolv.conf, each once; where systemd-resolved's stub is named, its real
 * servers. */
static void servers_of(struct strv *out, char *text, bool follow)
{
	char t[ADDR_TEXT], *save = NULL;
	for (char *line = strtok_r(text, "\r\n", &save); line;
	     line = strtok_r(NULL, "\r\n", &save)) {
		bool stub = false;
		if (is_key(line, "nameserver") && server_of(line, t, &stub) && !strv_has(out, t))
			strv_add(out, t);
		_cleanup_free_ char *real =
		    stub && follow ? file_read(stub_servers, FILE_ANY, NULL) : NULL;
		if (real)
			servers_of(out, real, false);
	}
}

static void words_line(struct buf *b, const char *key, const struct strv *words)
{
	for (size_t i = 0; i < words->n; i++)
		buf_printf(b, "%s %s", i ? "" : key, words->v[i]);
	if (words->n)
		buf_puts(b, "\n");
}

char *etc_hosts_resolv(const struct etc_hosts *h)
{
	struct buf b = {0};
	struct strv servers = {0};
	_cleanup_free_ char *host = file_read("/etc/resolv.conf", FILE_ANY, NULL);
	_cleanup_free_ char *copy = xstrdup(host ? host : "");
	bool none = h->dns_search.n == 1 && strcmp(h->dns_search.v[0], ".") == 0;
	for (size_t i = 0; i < h->dns.n; i++)
		strv_add(&servers, h->dns.v[i]);
	if (!servers.n)
		servers_of(&servers, copy, true);
	if (!servers.n) { /* docker's choice when the host has only a local server */
		warn("no name server of the host's can be reached from a container: 8.8.8.8 and "
		     "8.8.4.4 "
		     "are used (--dns chooses)");
		strv_add(&servers, "8.8.8.8");
		strv_add(&servers, "8.8.4.4");
	}
	for (size_t i = 0; i < servers.n; i++)
		buf_printf(&b, "nameserver %s\n", servers.v[i]);
	strv_free(&servers);
	char *save = NULL;
	for (char *line = host ? strtok_r(host, "\r\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\r\n", &save)) {
		bool search = is_key(line, "search") || is_key(line, "domain");
		if ((search && !h->dns_search.n) || (is_key(line, "options") && !h->dns_option.n))
			buf_printf(&b, "%s\n", line);
	}
	if (!none)
		words_line(&b, "search", &h->dns_search);
	words_line(&b, "options", &h->dns_option);
	return b.p ? b.p : xstrdup("");
}

/* --- its leases --- */

struct search {
	const char *id;
	struct strv *out;
	int failed;
};

static int in_network(int dirfd, const char *name, void *arg)
{
	(void)dirfd;
	struct search *s = arg;
	struct endpoint h = {0};
	if (endpoint_held(s->id, name, &h) < 0)
		s->failed = -1;
	if (*h.ifname)
		strv_add(s->out, name);
	return 0;
}

int etc_hosts_networks(const char *id, struct strv *out)
{
	struct search s = {id, out, 0};
	return network_leases_each(in_network, &s) < 0 ? -1 : s.failed;
}

struct naming {
	const char *name;
	int dir;
	struct cidr addr[2];
	char *before; /* its present name */
};

static void rename_lease(const struct lease *l, void *arg)
{
	struct naming *x = arg;
	char t[ADDR_TEXT];
	size_t n = strcspn(l->names, " ");
	if (!*l->names)
		return;
	_cleanup_free_ char *text =
	    xasprintf("%s\n%s\n%s%s\n", l->owner, l->ifname, x->name, l->names + n);
	free(x->before);
	x->before = xstrndup(l->names, n);
	x->addr[l->addr.family == AF_INET6].a = l->addr;
	if (file_write_at(x->dir, addr_text(&l->addr, t), text, strlen(text), 0600, false) < 0)
		warn_fail();
}

void etc_hosts_rename(const char *id, const char *name, const char *file)
{
	struct strv on = {0};
	if (etc_hosts_networks(id, &on) < 0)
		warn_fail();
	for (size_t i = 0; i < on.n; i++) {
		_cleanup_free_ char *path = leases_of(on.v[i]);
		_cleanup_close_ int dir = dir_open(path);
		struct naming x = {name, dir, {{{0}, 0}, {{0}, 0}}, NULL};
		/* So that no lease is freed meanwhile. */
		if (dir < 0 || lock_wait(dir, LOCK_SH) < 0)
			continue;
		if (lease_of_owner(path, id, rename_lease, &x) < 0 ||
		    (x.before && host_names_rename(on.v[i], id, x.addr, x.before, name, file) < 0))
			warn_fail();
		free(x.before);
	}
	strv_free(&on);
}

/* --- what it is called --- */

static void add_word(struct buf *b, const char *word, size_t n)
{
	if (!n)
		return;
	_cleanup_free_ char *w = xstrndup(word, n), *pad = xasprintf(" %s ", b->n ? b->p : "");
	_cleanup_free_ char *find = xasprintf(" %s ", w);
	if (!strstr(pad, find))
		buf_printf(b, "%s%s", b->n ? " " : "", w);
}

char *etc_hosts_own(const struct etc_hosts *h, const char *further)
{
	struct buf b = {0};
	const char *name = h->hostname ? h->hostname : "";
	if (*name && h->domainname && *h->domainname) {
		_cleanup_free_ char *full = xasprintf("%s.%s", name, h->domainname);
		add_word(&b, full, strlen(full));
	}
	add_word(&b, name, strlen(name));
	add_word(&b, name, strcspn(name, "."));
	for (const char *p = further; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		add_word(&b, p, n);
		p += n;
	}
	return b.p ? b.p : xstrdup("");
}
