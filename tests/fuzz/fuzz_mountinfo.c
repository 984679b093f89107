/* fuzz_mountinfo.c: /proc/self/mountinfo, which holds whatever names others have mounted on. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"

#define MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cgroup_hierarchy h[MAX];
	char *text = xstrndup((const char *)data, size);
	size_t n = cgroup_parse_mountinfo(text, h, MAX);
	if (n > MAX)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (!h[i].mount || !h[i].name || strchr(h[i].name, '/') || !h[i].options ||
		    !h[i].controllers || h[i].controllers[0] == ',')
			abort();
		free(h[i].mount);
		free(h[i].name);
		free(h[i].options);
		free(h[i].controllers);
	}
	free(text);
	return 0;
}
