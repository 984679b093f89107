/* fuzz_lease.c: a lease file's text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lease.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lease l;
	char *text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = 0;
	if (lease_parse(text, size, &l) &&
	    (!*l.owner || strlen(l.names) > size || strpbrk(l.owner, "\n")))
		abort();
	free(text);
	return 0;
}
