/* fuzz_registry.c: what a registry demands (WWW-Authenticate), and references to images. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct challenge c;
	struct registry_ref r;
	char *text = xstrndup((const char *)data, size);
	if (challenge_parse(text, &c) == 0) {
		if (!c.basic && !c.realm)
			abort();
		challenge_free(&c);
	}
	if (registry_ref_parse(text, &r) == 0) {
		/* a part of a URL: nothing in it may mean anything there */
		if (strpbrk(r.repo, "?#% ") || strstr(r.repo, "..") || strpbrk(r.tag, "?#%/ "))
			abort();
		registry_ref_free(&r);
	}
	free(text);
	return 0;
}
