/* explain_minimal.c: the minimal build does not have the tools that the script would call; see
 * explain.h. */
#include "err.h"
#include "explain.h"

int explain_script(FILE *f, const struct create_flags *o, struct container *c, const struct spec *s,
    const char *root)
{
	(void)f, (void)o, (void)c, (void)s, (void)root;
	return fail_usage("--explain: this build has none (CONFIG=minimal)");
}
