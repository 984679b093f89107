/* config.json from anyone: no crash, one line for what is wrong, and what is taken is written and
 * taken again, the same. */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct spec s, t;
	if (spec_parse(&s, "f", (const char *)data, n) < 0) {
		if (!*fail_msg() || strchr(fail_msg(), '\n'))
			abort();
		return 0;
	}
	char *one = spec_text(&s);
	if (spec_parse(&t, "f", one, strlen(one)) < 0)
		abort();
	char *two = spec_text(&t);
	if (strcmp(one, two) != 0)
		abort();
	free(one);
	free(two);
	spec_free(&s);
	spec_free(&t);
	return 0;
}
