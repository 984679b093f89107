/* portspec.h: published ports as people write them, [HOST:]HOSTPORT:PORT[/tcp|udp] with ranges, and
 * holding a host port by binding it. */
#ifndef CTR_PORTSPEC_H
#define CTR_PORTSPEC_H

#include "addr.h"

struct portspec {
	struct addr host; /* family 0: all addresses of the host */
	uint16_t h0, h1;  /* 0: any free port */
	uint16_t c0, c1;  /* as many as h0..h1 */
	uint8_t proto;    /* IPPROTO_TCP or IPPROTO_UDP */
};

/* For example "80", "8080:80", "127.0.0.1:8080:80/udp", "[fd00::1]:8000-8010:80-90",
 * "127.0.0.1::80". 0, or -1 with fail(). [::1] is refused, because the kernel cannot translate it.
 */
int portspec_parse(const char *what, const char *s, struct portspec *out);
/* "PORT" or "FROM-TO", with "/tcp" or "/udp" behind it or not (then it is tcp). */
int port_range_parse(const char *what, const char *s, uint16_t *from, uint16_t *to, uint8_t *proto);

/* Bind a host port so that nobody else gets it. The socket does not listen, and a UDP socket has a
 * filter that drops everything. port 0: the kernel chooses, and *port becomes what it chose. Old
 * connections (TIME_WAIT) are no obstacle. Returns a close-on-exec descriptor, or -1 with fail()
 * and errno EADDRINUSE. */
int port_hold(const struct addr *host, uint8_t proto, uint16_t *port);

#endif
