/* addr.h: IPv4 and IPv6 addresses, subnets and MAC addresses: parsing, text, arithmetic. No sockets
 * here.
 */
#ifndef CTR_ADDR_H
#define CTR_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDR_TEXT 46 /* longest address with its NUL */
#define CIDR_TEXT 50
#define MAC_TEXT 18

struct addr {
	int family;    /* AF_INET or AF_INET6; 0: none */
	uint8_t b[16]; /* network order; the first 4 for AF_INET */
};
struct cidr {
	struct addr a; /* as it was written: host bits are kept */
	int len;
};

/* "10.0.0.1", "fd00::1", "[fd00::1]". 0, or -1 with fail() naming `what`. */
int addr_parse(const char *what, const char *s, struct addr *out);
/* ADDR/LEN; without /LEN it is an error. */
int cidr_parse(const char *what, const char *s, struct cidr *out);
/* "FROM-TO" or a subnet; both ends included, same family, FROM <= TO. */
int addr_range_parse(const char *what, const char *s, struct addr *from, struct addr *to);
/* Six hex pairs apart by ':' ; a group address is refused. */
int mac_parse(const char *what, const char *s, uint8_t out[6]);
/* Write an address in its usual form ("02:42:0a:01:00:02", "10.0.0.1", "10.0.0.0/24") to `out`, and
 * return that. */
char *mac_text(const uint8_t mac[6], char out[MAC_TEXT]);
char *addr_text(const struct addr *a, char out[ADDR_TEXT]);
char *cidr_text(const struct cidr *c, char out[CIDR_TEXT]);

size_t addr_len(const struct addr *a); /* 4 or 16 */
/* Compare addresses as numbers, IPv4 before IPv6: less than 0, 0 or more than 0. */
int addr_cmp(const struct addr *a, const struct addr *b);
/* The next address, wrapping at the end of the family. */
void addr_next(struct addr *a);
/* a - b, at most UINT64_MAX; a >= b and the same family. */
uint64_t addr_distance(const struct addr *a, const struct addr *b);
bool addr_is_any(const struct addr *a);
bool addr_is_loopback(const struct addr *a);

struct addr cidr_first(const struct cidr *c); /* the network's address */
struct addr cidr_last(const struct cidr *c);  /* its highest */
bool cidr_has(const struct cidr *c, const struct addr *a);
bool cidr_overlap(const struct cidr *a, const struct cidr *b);

#endif
