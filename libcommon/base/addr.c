/* addr.c: addresses as bytes in network order, so that IPv4 and IPv6 share all arithmetic; see
 * addr.h. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "addr.h"
#include "err.h"
#include "str.h"

size_t addr_len(const struct addr *a)
{
	return a->family == AF_INET6 ? 16 : 4;
}

int addr_parse(const char *what, const char *s, struct addr *out)
{
	char t[ADDR_TEXT];
	size_t n = strlen(s);
	const char *from = s;
	if (n > 2 && s[0] == '[' && s[n - 1] == ']') {
		from++;
		n -= 2;
	}
	*out = (struct addr){0};
	if (n < sizeof t) {
		memcpy(t, from, n);
		t[n] = 0;
		if (from == s && inet_pton(AF_INET, t, out->b) == 1)
			out->family = AF_INET;
		else if (inet_pton(AF_INET6, t, out->b) == 1)
			out->family = AF_INET6;
	}
	return out->family ? 0 : fail("%s: '%s' is not an IPv4 or IPv6 address", what, s);
}

int cidr_parse(const char *what, const char *s, struct cidr *out)
{
	const char *slash = strchr(s, '/');
	if (!slash || slash - s >= ADDR_TEXT + 2)
		return fail("%s: '%s' is not ADDRESS/LENGTH (10.0.0.0/24, say)", what, s);
	_cleanup_free_ char *a = xstrndup(s, (size_t)(slash - s));
	int64_t len;
	if (addr_parse(what, a, &out->a) < 0 ||
	    num_parse(what, slash + 1, 0, (int64_t)addr_len(&out->a) * 8, &len) < 0)
		return -1;
	out->len = (int)len;
	return 0;
}

int addr_range_parse(const char *what, const char *s, struct addr *from, struct addr *to)
{
	const char *dash = strchr(s, '-');
	if (!dash) {
		struct cidr c;
		if (cidr_parse(what, s, &c) < 0)
			return -1;
		*from = cidr_first(&c);
		*to = cidr_last(&c);
		return 0;
	}
	_cleanup_free_ char *a = xstrndup(s, (size_t)(dash - s));
	if (addr_parse(what, a, from) < 0 || addr_parse(what, dash + 1, to) < 0)
		return -1;
	if (from->family != to->family || addr_cmp(from, to) > 0)
		return fail("%s: '%s' does not go upwards", what, s);
	return 0;
}

char *mac_text(const uint8_t mac[6], char out[MAC_TEXT])
{
	snprintf(out, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
	    mac[4], mac[5]);
	return out;
}

int mac_parse(const char *what, const char *s, uint8_t out[6])
{
	for (int i = 0; i < 6; i++, s += 3) {
		if (!isxdigit((unsigned char)s[0]) || !isxdigit((unsigned char)s[1]) ||
		    s[2] != (i < 5 ? ':' : 0))
			return fail("%s: '%s' is not a MAC address (02:42:ac:11:00:02, say)", what,
			    s - 3 * i);
		unsigned v = 0;
		for (int k = 0; k < 2; k++)
			v = v * 16 + (unsigned)(isdigit((unsigned char)s[k])
						    ? s[k] - '0'
						    : (s[k] | 32) - 'a' + 10);
		out[i] = (uint8_t)v;
	}
	return out[0] & 1 ? fail("%s: a group address, not a single interface's", what) : 0;
}

char *addr_text(const struct addr *a, char out[ADDR_TEXT])
{
	if (!inet_ntop(a->family, a->b, out, ADDR_TEXT))
		strcpy(out, "?");
	return out;
}

char *cidr_text(const struct cidr *c, char out[CIDR_TEXT])
{
	addr_text(&c->a, out);
	size_t n = strlen(out);
	out[n++] = '/';
	if (c->len >= 100)
		out[n++] = '1';
	if (c->len >= 10)
		out[n++] = (char)('0' + c->len / 10 % 10);
	out[n++] = (char)('0' + c->len % 10);
	out[n] = 0;
	return out;
}

int addr_cmp(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->b, b->b, addr_len(a));
}

void addr_next(struct addr *a)
{
	for (size_t i = addr_len(a); i-- > 0;)
		if (++a->b[i])
			return;
}

uint64_t addr_distance(const struct addr *a, const struct addr *b)
{
	uint64_t hi = 0, lo = 0;
	int borrow = 0;
	uint8_t d[16] = {0};
	size_t n = addr_len(a);
	for (size_t i = n; i-- > 0;) {
		int v = a->b[i] - b->b[i] - borrow;
		borrow = v < 0;
		d[16 - n + i] = (uint8_t)v;
	}
	for (int i = 0; i < 8; i++) {
		hi = hi << 8 | d[i];
		lo = lo << 8 | d[8 + i];
	}
	return hi ? UINT64_MAX : lo;
}

bool addr_is_any(const struct addr *a)
{
	static const uint8_t zero[16];
	return a->family == 0 || memcmp(a->b, zero, addr_len(a)) == 0;
}

bool addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = {[15] = 1};
	return a->family == AF_INET ? a->b[0] == 127
				    : a->family == AF_INET6 && memcmp(a->b, one, 16) == 0;
}

/* Host bits all clear (set false) or all set. */
static struct addr host_bits(const struct cidr *c, bool set)
{
	struct addr r = c->a;
	for (int i = 0; i < (int)addr_len(&r); i++) {
		int keep = c->len - i * 8;
		uint8_t mask = keep >= 8 ? 0xff : 0;
		if (keep > 0 && keep < 8)
			mask = (uint8_t)(0xff << (8 - keep));
		r.b[i] = set ? (uint8_t)(r.b[i] | ~mask) : (uint8_t)(r.b[i] & mask);
	}
	return r;
}

struct addr cidr_first(const struct cidr *c)
{
	return host_bits(c, false);
}

struct addr cidr_last(const struct cidr *c)
{
	return host_bits(c, true);
}

bool cidr_has(const struct cidr *c, const struct addr *a)
{
	struct addr f = cidr_first(c), l = cidr_last(c);
	return a->family == c->a.family && addr_cmp(a, &f) >= 0 && addr_cmp(a, &l) <= 0;
}

bool cidr_overlap(const struct cidr *a, const struct cidr *b)
{
	struct addr fa = cidr_first(a), fb = cidr_first(b);
	return cidr_has(a, &fb) || cidr_has(b, &fa);
}
