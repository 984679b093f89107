/* portspec.h: published ports as people write them: [HOST:]HOSTPORT:PORT[/tcp|udp], ranges
 * included, and host ports held bound.
 */
#ifndef CTR_PORTSPEC_H
#define CTR_PORTSPEC_H

#include "addr.h"

struct portspec {
	struct addr host; /* family 0: every address of the host */
	uint16_t h0, h1;  /* 0: any free port */
	uint16_t c0, c1;  /* as many as h0..h1 */
	uint8_t proto;    /* IPPROTO_TCP or IPPROTO_UDP */
};

/* "80", "8080:80", "127.0.0.1:8080:80/udp", "[fd00::1]:8000-8010:80-90", "127.0.0.1::80". 0, or -1
 * with fail().
 * [::1] is refused: the kernel cannot translate it. */
int portspec_parse(const char *what, const char *s, struct portspec *out);
/* "PORT" or "FROM-TO" with an optional "/proto" ("/tcp" when there is none). */
int port_range_parse(const char *what, const char *s, uint16_t *from, uint16_t *to, uint8_t *proto);

/* Bind a host port so that nobody else gets it: not listening, a UDP socket with a filter that
 * drops all. port 0: the kernel chooses; *port is what it is. `try`: to be closed at once, so old
 * connections (TIME_WAIT) are no hindrance. A close-on-exec descriptor, or -1 with fail() and errno
 * EADDRINUSE. */
int port_hold(const struct addr *host, uint8_t proto, uint16_t *port, bool try);

#endif
