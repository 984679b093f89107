/* digest.c: sha256 by nettle, which uses the processor's instructions for it where there are any;
 * see digest.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "digest.h"
#include "err.h"
#include "str.h"

void digest_start(struct digest *d)
{
	sha256_init(&d->ctx);
}

void digest_add(struct digest *d, const void *data, size_t n)
{
	sha256_update(&d->ctx, n, data);
}

void digest_end(struct digest *d, char hex[DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[SHA256_DIGEST_SIZE];
	sha256_digest(&d->ctx, sizeof raw, raw);
	for (size_t i = 0; i < sizeof raw; i++) {
		hex[2 * i] = digits[raw[i] >> 4];
		hex[2 * i + 1] = digits[raw[i] & 15];
	}
	hex[2 * sizeof raw] = 0;
}

void digest_of(const void *data, size_t n, char hex[DIGEST_HEX])
{
	struct digest d;
	digest_start(&d);
	digest_add(&d, data, n);
	digest_end(&d, hex);
}

int digest_fd(int fd, char hex[DIGEST_HEX])
{
	char data[4096];
	struct digest d;
	ssize_t n;
	digest_start(&d);
	while ((n = read(fd, data, sizeof data)) > 0 || (n < 0 && errno == EINTR))
		digest_add(&d, data, n > 0 ? (size_t)n : 0);
	digest_end(&d, hex);
	return n < 0 ? -1 : 0;
}

bool digest_hex_valid(const char *s)
{
	return strlen(s) == DIGEST_HEX - 1 && strspn(s, "0123456789abcdef") == DIGEST_HEX - 1;
}

const char *digest_parse(const char *what, const char *s)
{
	if (!str_starts(s, "sha256:") || !digest_hex_valid(s + 7)) {
		fail("%s: '%s' is not a digest (sha256: and 64 hex digits)", what, s);
		return NULL;
	}
	return s + 7;
}
