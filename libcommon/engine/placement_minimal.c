/* placement_minimal.c: the minimal build's spec asks for none of it; see placement.h. */
#include "placement.h"

int placement_apply(const struct spec *s, bool entering)
{
	(void)s;
	(void)entering;
	return 0;
}

void placement_prepare(const struct spec *s)
{
	(void)s;
}

int placement_time(const struct spec *s)
{
	(void)s;
	return 0;
}
