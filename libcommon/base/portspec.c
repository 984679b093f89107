/* portspec.c: published ports as people write them, and reserving them; see portspec.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "portspec.h"
#include "str.h"

static int portspec_range(const char *what, const char *s, size_t n, uint16_t *from, uint16_t *to)
{
	_cleanup_free_ char *t = xstrndup(s, n);
	char *dash = *t ? strchr(t + 1, '-') : NULL; /* -1 is a number, out of range */
	int64_t a, b;
	if (dash && !dash[1])
		return fail("%s: '%s' is not FROM-TO", what, t);
	if (dash)
		*dash = 0;
	if (num_parse(what, t, 1, 65535, &a) < 0 ||
	    num_parse(what, dash ? dash + 1 : t, 1, 65535, &b) < 0)
		return -1;
	if (b < a)
		return fail("%s: the range %s-%s goes downwards", what, t, dash + 1);
	*from = (uint16_t)a;
	*to = (uint16_t)b;
	return 0;
}

/* The protocol after the slash; shortens *len to what stands before it. */
static int protocol(const char *what, const char *s, size_t *len, uint8_t *proto)
{
	const char *slash = memchr(s, '/', *len);
	*proto = IPPROTO_TCP;
	if (!slash)
		return 0;
	if (strcasecmp(slash, "/udp") == 0)
		*proto = IPPROTO_UDP;
	else if (strcasecmp(slash, "/tcp") != 0)
		return fail("%s: protocol '%s' is not tcp or udp", what, slash + 1);
	*len = (size_t)(slash - s);
	return 0;
}

int port_range_parse(const char *what, const char *s, uint16_t *from, uint16_t *to, uint8_t *proto)
{
	size_t n = strlen(s);
	return protocol(what, s, &n, proto) < 0 ? -1 : portspec_range(what, s, n, from, to);
}

static const char *last_colon(const char *s, size_t n)
{
	while (n-- > 0)
		if (s[n] == ':')
			return s + n;
	return NULL;
}

static int host_part(const char *what, const char *s, size_t n, struct addr *out)
{
	_cleanup_free_ char *t = xstrndup(s, n);
	if (addr_parse(what, t, out) < 0)
		return -1;
	if (out->family == AF_INET6 && *t != '[')
		return fail("%s: write an IPv6 address in brackets: [%s]", what, t);
	if (out->family == AF_INET6 && addr_is_loopback(out))
		return fail("%s: a port of [::1] cannot be forwarded by the kernel (it has no "
			    "route_localnet for "
			    "IPv6): use 127.0.0.1",
		    what);
	return 0;
}

int portspec_parse(const char *what, const char *s, struct portspec *out)
{
	size_t n = strlen(s);
	memset(out, 0, sizeof *out);
	if (protocol(what, s, &n, &out->proto) < 0)
		return -1;
	const char *c = last_colon(s, n), *h = c ? last_colon(s, (size_t)(c - s)) : NULL;
	const char *cont = c ? c + 1 : s, *host = h ? h + 1 : s;
	if (cont == s + n || (h && s[0] != '[' && memchr(s, ':', (size_t)(h - s))) ||
	    host + strspn(host, "0123456789-:") < s + n)
		return fail("%s: '%s' is not [ADDR:]HOSTPORT:PORT[/tcp|/udp] (ADDR::PORT: any "
			    "host's port; an IPv6 address in brackets)",
		    what, s);
	if (portspec_range(what, cont, n - (size_t)(cont - s), &out->c0, &out->c1) < 0)
		return -1;
	if (h && host_part(what, s, (size_t)(h - s), &out->host) < 0)
		return -1;
	size_t hn = c ? (size_t)(c - host) : 0;
	bool any = hn == 1 && *host == '0'; /* docker's word for it */
	if (c && hn > 0 && !any && portspec_range(what, host, hn, &out->h0, &out->h1) < 0)
		return -1;
	if (out->h0 && out->h1 - out->h0 != out->c1 - out->c0)
		return fail("%s: '%s': %d host ports for %d ports of the container", what, s,
		    out->h1 - out->h0 + 1, out->c1 - out->c0 + 1);
	return 0;
}

int port_hold(const struct addr *host, uint8_t proto, uint16_t *port)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} u = {0};
	int one = 1;
	char t[ADDR_TEXT];
	socklen_t len = host->family == AF_INET ? sizeof u.in : sizeof u.in6;
	u.sa.sa_family = (sa_family_t)host->family;
	if (host->family == AF_INET) {
		memcpy(&u.in.sin_addr, host->b, 4);
		u.in.sin_port = htons(*port);
	} else {
		memcpy(&u.in6.sin6_addr, host->b, 16);
		u.in6.sin6_port = htons(*port);
	}
	int fd = socket(
	    host->family, (proto == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail("port %u: socket: %m", *port);
	if (host->family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (proto == IPPROTO_UDP) {
		struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
		struct sock_fprog prog = {.len = 1, .filter = &none};
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog);
	}
	int r = bind(fd, &u.sa, len);
	if (r < 0 && errno == EADDRINUSE && proto == IPPROTO_TCP) {
		/* With SO_REUSEADDR old connections (TIME_WAIT) are no obstacle. But another
		 * process could then bind the same port with that option, so it is taken back at
		 * once. */
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
		r = bind(fd, &u.sa, len);
		int saved = errno;
		one = 0;
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
		errno = saved;
	}
	if (r < 0 || getsockname(fd, &u.sa, &len) < 0) {
		int saved = errno;
		close(fd);
		errno = saved;
		return fail("port %s:%u/%s of the host: %m%s", addr_text(host, t), *port,
		    proto == IPPROTO_UDP ? "udp" : "tcp",
		    saved == EADDRINUSE ? " (another container or a program of the host has it)"
					: "");
	}
	*port = ntohs(host->family == AF_INET ? u.in.sin_port : u.in6.sin6_port);
	return fd;
}
