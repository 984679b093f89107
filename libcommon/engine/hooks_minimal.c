/* hooks_minimal.c: the minimal build reads no bundles, so there are no hooks; see hooks.h. */
#include "hooks.h"

bool hooks_any(const struct spec *s, enum spec_hook_when when)
{
	(void)s, (void)when;
	return false;
}

int hooks_run(const struct spec *s, enum spec_hook_when when, const struct hook_subject *about)
{
	(void)s, (void)when, (void)about;
	return 0;
}
