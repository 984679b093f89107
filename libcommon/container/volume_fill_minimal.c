/* volume_fill_minimal.c: the minimal build has no archives, so its volumes begin empty; see
 * volume.h. */
#include <string.h>

#include "err.h"
#include "volume.h"

const bool volume_can_fill = false;

int volume_fill(const struct spec *s, const char *dst, int to)
{
	(void)s, (void)to;
	return strcmp(dst, "/") ? 0 : fail("copy a root: the minimal build cannot");
}
