/* bundle_minimal.c: the minimal build reads no JSON, so it has no OCI bundles; see create_flags.h.
 */
#include <errno.h>

#include "create_flags.h"
#include "err.h"

int flags_bundle(const struct create_flags *o, struct spec *s, char **dir)
{
	(void)o, (void)s, *dir = NULL;
	errno = ENOTSUP;
	return fail("--bundle: this build has no OCI bundles (CONFIG=minimal)");
}
