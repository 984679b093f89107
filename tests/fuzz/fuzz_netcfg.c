/* fuzz_netcfg.c: lines of ctr-netcfg, and what -p takes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "netcfg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct netcfg_op *ops = NULL;
	struct portspec p;
	size_t n = 0;
	char *text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = 0;
	netcfg_parse_text(&ops, &n, "fuzz", text);
	if (portspec_parse("-p", text, &p) == 0 &&
	    (p.c0 == 0 || p.c1 < p.c0 || (p.h0 && p.h1 - p.h0 != p.c1 - p.c0)))
		abort();
	for (size_t i = 0; i < n; i++)
		netcfg_free(&ops[i]);
	free(ops);
	free(text);
	return 0;
}
