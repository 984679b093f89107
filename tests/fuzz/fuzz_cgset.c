/* fuzz_cgset.c: KEY=VALUE as ctr-cgset and --cgroup take it, for both kinds of hierarchy, and the
 * cpuset lists behind it. What comes out names one file below the group, and no line break can
 * smuggle a second write in (CVE-2022-0811).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"

static void check(const struct cgroup_write *w)
{
	if (!*w->controller || !*w->file || strchr(w->file, '/') || strchr(w->controller, '/') ||
	    strpbrk(w->value, "\n"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size), *eq = strchr(text, '=');
	if (eq) {
		*eq = 0;
		for (int v2 = 0; v2 < 2; v2++) {
			struct cgroup_write w[CGROUP_WRITES];
			int n = cgroup_translate(text, eq + 1, v2, w);
			if (n == 0 || n > CGROUP_WRITES)
				abort();
			for (int i = 0; i < n; i++) {
				check(&w[i]);
				free(w[i].controller);
				free(w[i].file);
				free(w[i].value);
			}
		}
	}
	free(text);
	return 0;
}
