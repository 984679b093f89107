/* volume_fill_minimal.c: the minimal build has no archives, so its volumes begin empty; see
 * volume.h. */
#include <string.h>

#include "err.h"
#include "volume.h"

const bool volume_can_fill = false;

bool volume_owned(const struct spec *s)
{
	(void)s;
	return false;
}

int volume_own(const struct spec *s, pid_t pid)
{
	(void)s, (void)pid;
	return -1;
}

int volume_own_check(const char *path)
{
	(void)path;
	return fail("U: the minimal build cannot");
}

int volume_fill(const struct spec *s, const char *dst, int to)
{
	(void)s, (void)to;
	return strcmp(dst, "/") ? 0 : fail("copy a root: the minimal build cannot");
}
