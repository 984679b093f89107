/* digest.h: sha256, as the image store writes it: 64 lower-case hex digits, or "sha256:" and those.
 */
#ifndef CTR_DIGEST_H
#define CTR_DIGEST_H

#include <nettle/sha2.h>
#include <stdbool.h>
#include <stddef.h>

#define DIGEST_HEX 65 /* 64 digits and the NUL */

struct digest {
	struct sha256_ctx ctx;
};
/* Begin a sum, add n bytes to it (as often as need be), and write its digits to hex; or all of that
 * for one piece of data. They cannot fail, and there is nothing to free. */
void digest_start(struct digest *d);
void digest_add(struct digest *d, const void *data, size_t n);
void digest_end(struct digest *d, char hex[DIGEST_HEX]);
void digest_of(const void *data, size_t n, char hex[DIGEST_HEX]);
/* Of all that can be read from fd. -1 with errno. */
int digest_fd(int fd, char hex[DIGEST_HEX]);

/* 64 lower-case hex digits and nothing else? */
bool digest_hex_valid(const char *s);
/* The digits of "sha256:HEX" (a pointer into s); NULL with fail() naming `what` for anything else:
 * other algorithms are not known here. */
const char *digest_parse(const char *what, const char *s);

#endif
