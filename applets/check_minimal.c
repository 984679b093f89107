/* check_minimal.c: ctr-check in the minimal build, which has no networks and no JSON to fill a
 * template with; see check_info.h. */
#include <stdio.h>

#include "check_info.h"
#include "err.h"

const struct probe check_net_probes[] = {{0}};

void check_net_rules(void)
{
}

int check_info(bool only_version, const char *format, bool json)
{
	if (!only_version || format || json)
		die("this build has no --info and no templates (CONFIG=minimal)");
	return puts("ctrbox " CTR_VERSION) < 0;
}
