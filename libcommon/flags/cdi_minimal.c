/* cdi_minimal.c: the minimal build reads no JSON, so it knows no CDI devices; see cdi.h. */
#include <errno.h>

#include "cdi.h"
#include "err.h"

int cdi_device(struct spec *s, const char *arg)
{
	(void)s;
	errno = ENOTSUP;
	return fail("--device %s: this build has no CDI devices (CONFIG=minimal)", arg);
}
