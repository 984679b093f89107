/* fuzz_volume.c: -v and --mount. */
#include <stdint.h>
#include <stdlib.h>

#include "volume_flags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct volume_req v;
	char *text = xstrndup((const char *)data, size);
	if (volume_parse_v(text, &v) == 0)
		volume_req_free(&v);
	if (volume_parse_mount(text, &v) == 0)
		volume_req_free(&v);
	free(text);
	return 0;
}
