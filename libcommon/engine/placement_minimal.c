/* placement_minimal.c: the minimal build supports none of these settings; see placement.h. */
#include <string.h>

#include "err.h"
#include "placement.h"

int placement_apply(const struct spec *s, bool entering, bool forks)
{
	(void)entering, (void)forks;
	if (s->selinux_label || (s->apparmor && strcmp(s->apparmor, "unconfined") != 0))
		return fail("this build does not support labels (CONFIG=minimal)");
	return 0;
}

int placement_scheduler(const struct spec *s, pid_t pid)
{
	(void)s, (void)pid;
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
