/* etc_hosts.c: /etc/hosts and /etc/resolv.conf of a container; see etc_hosts.h.
 *
 * The names of others on the network stand between two markers, and that block is rewritten in
 * place: the file is bind-mounted, so a rename would leave the container with the old one; and what
 * the container wrote itself outside the block stays.
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
#include "etc_hosts.h"
#include "network.h"

#define BEGIN "# ctrbox: names on the network, kept current\n"
#define END "# ctrbox: end\n"

/* NAME:ADDR; the address may be IPv6, in brackets or not. */
static int add_host_split(const char *s, char **name, struct addr *a)
{
	const char *colon = strchr(s, ':');
	if (!colon || colon == s)
		return fail("--add-host: '%s' is not NAME:ADDRESS", s);
	for (const char *p = s; p < colon; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
			return fail("--add-host: '%s': not a host's name", s);
	if (addr_parse("--add-host", colon + 1, a) < 0)
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
	return 0;
}

char *etc_hosts_text(const struct etc_hosts *h)
{
	struct buf b = {0};
	char t[ADDR_TEXT];
	buf_puts(&b, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost "
		     "ip6-loopback\nfe00::\tip6-localnet\nff00::\tip6-mcastprefix\n"
		     "ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n");
	for (size_t i = 0; i < h->add_host.n; i++) {
		char *name;
		struct addr a;
		if (add_host_split(h->add_host.v[i], &name, &a) < 0)
			continue;
		buf_printf(&b, "%s\t%s\n", addr_text(&a, t), name);
		free(name);
	}
	buf_puts(&b, BEGIN END);
	return b.p;
}

/* --- resolv.conf --- */

/* systemd-resolved listens on 127.0.0.53 and keeps the real servers in a file of its own. */
static char *host_resolv(void)
{
	char *s = file_read("/etc/resolv.conf", 65536, NULL);
	if (s && strstr(s, "nameserver 127.0.0.53") &&
	    access("/run/systemd/resolve/resolv.conf", R_OK) == 0) {
		char *other = file_read("/run/systemd/resolve/resolv.conf", 65536, NULL);
		if (other) {
			free(s);
			return other;
		}
	}
	return s ? s : xstrdup("");
}

static bool is_key(const char *line, const char *key)
{
	size_t n = strlen(key);
	return strncmp(line, key, n) == 0 && (line[n] == ' ' || line[n] == '\t');
}

/* A server on loopback is the host's own: in the container nobody listens there. */
static bool usable_server(const char *line)
{
	struct addr a;
	char t[ADDR_TEXT];
	const char *s = line + strlen("nameserver");
	s += strspn(s, " \t");
	snprintf(t, sizeof t, "%.*s", (int)strcspn(s, " \t%"), s);
	return addr_parse("nameserver", t, &a) == 0 && !addr_is_loopback(&a);
}

char *etc_hosts_resolv(const struct etc_hosts *h)
{
	struct buf b = {0};
	_cleanup_free_ char *host = host_resolv();
	bool servers = h->dns.n > 0,
	     none = h->dns_search.n == 1 && strcmp(h->dns_search.v[0], ".") == 0;
	char *save = NULL;
	for (size_t i = 0; i < h->dns.n; i++)
		buf_printf(&b, "nameserver %s\n", h->dns.v[i]);
	for (char *line = strtok_r(host, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (is_key(line, "nameserver") && !h->dns.n && usable_server(line)) {
			buf_printf(&b, "%s\n", line);
			servers = true;
		} else if (((is_key(line, "search") || is_key(line, "domain")) &&
			       !h->dns_search.n) ||
			   is_key(line, "options")) {
			buf_printf(&b, "%s\n", line);
		}
	}
	if (!servers)
		buf_puts(
		    &b, "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"); /* docker's choice where the
									host has only itself */
	if (h->dns_search.n && !none) {
		buf_puts(&b, "search");
		for (size_t i = 0; i < h->dns_search.n; i++)
			buf_printf(&b, " %s", h->dns_search.v[i]);
		buf_puts(&b, "\n");
	}
	return b.p ? b.p : xstrdup("");
}

/* --- the block --- */

struct block {
	const char *id;
	const struct etc_hosts *h;
	struct buf own, others;
};

static void on_lease(const struct lease *l, void *arg)
{
	struct block *b = arg;
	char t[ADDR_TEXT];
	if (strcmp(l->owner, b->id) != 0) {
		if (*l->names)
			buf_printf(&b->others, "%s\t%s\n", addr_text(&l->addr, t), l->names);
		return;
	}
	const char *name = b->h->hostname ? b->h->hostname : l->owner;
	buf_printf(&b->own, "%s\t", addr_text(&l->addr, t));
	if (b->h->domainname && *b->h->domainname)
		buf_printf(&b->own, "%s.%s ", name, b->h->domainname);
	buf_printf(&b->own, "%s", name);
	if (*l->names)
		buf_printf(&b->own, " %s", l->names);
	buf_puts(&b->own, "\n");
}

int etc_hosts_update(int dirfd, const char *file, const char *id, const struct etc_hosts *h,
    const struct strv *networks)
{
	struct block b = {.id = id, .h = h};
	size_t len;
	_cleanup_free_ char *old = file_read_at(dirfd, file, 4 << 20, &len);
	if (!old)
		return -1;
	char *from = strstr(old, BEGIN), *to = from ? strstr(from, END) : NULL;
	if (!to)
		return 0;
	for (size_t i = 0; i < networks->n; i++)
		network_lease_each(networks->v[i], on_lease, &b);
	struct buf out = {0};
	buf_add(&out, old, (size_t)(from - old));
	buf_puts(&out, BEGIN);
	buf_add(&out, b.own.p ? b.own.p : "", b.own.n);
	buf_add(&out, b.others.p ? b.others.p : "", b.others.n);
	buf_puts(&out, to);
	int r = 0;
	if (out.n != len || memcmp(out.p, old, len) != 0) {
		_cleanup_close_ int fd =
		    openat(dirfd, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		/* room first: a full disk must not cost the end marker */
		if (fd < 0 ||
		    (out.n > len && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)out.n) < 0 &&
			errno == ENOSPC) ||
		    pwrite(fd, out.p, out.n, 0) != (ssize_t)out.n ||
		    (out.n < len && ftruncate(fd, (off_t)out.n) < 0))
			r = fail("%s: write: %m", file);
	}
	buf_free(&out);
	buf_free(&b.own);
	buf_free(&b.others);
	return r;
}

struct mine {
	const char *id;
	bool found;
};

static void is_mine(const struct lease *l, void *arg)
{
	struct mine *m = arg;
	m->found |= strcmp(l->owner, m->id) == 0;
}

struct search {
	const char *id;
	struct strv *out;
};

static int in_network(int dirfd, const char *name, void *arg)
{
	(void)dirfd;
	struct search *s = arg;
	struct mine m = {.id = s->id};
	if (network_lease_each(name, is_mine, &m) == 0 && m.found)
		strv_add(s->out, name);
	return 0;
}

void etc_hosts_networks(const char *id, struct strv *out)
{
	struct search s = {id, out};
	network_leases_each(in_network, &s);
}

struct naming {
	const char *id, *name;
	int dir;
};

static void rename_lease(const struct lease *l, void *arg)
{
	struct naming *x = arg;
	char t[ADDR_TEXT];
	if (strcmp(l->owner, x->id) != 0 || !*l->names)
		return;
	_cleanup_free_ char *text = xasprintf(
	    "%s\n%s\n%s%s\n", l->owner, l->ifname, x->name, l->names + strcspn(l->names, " "));
	if (file_write_at(x->dir, addr_text(&l->addr, t), text, strlen(text), 0644, false) < 0)
		warn("%s", fail_msg());
}

void etc_hosts_rename(const char *id, const char *name)
{
	struct strv on = {0};
	etc_hosts_networks(id, &on);
	for (size_t i = 0; i < on.n; i++) {
		_cleanup_free_ char *path = network_leases(on.v[i]);
		_cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct naming x = {id, name, dir};
		if (dir >= 0 && lock_take(dir, LOCK_SH) == 0) /* none is freed meanwhile */
			lease_each(path, rename_lease, &x);
	}
	strv_free(&on);
}
