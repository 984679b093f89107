/* oldkernel.c: only in the test build (-DCTR_OLDKERNEL): newer calls answer as an old kernel's; see
 * sysno.h. */
#ifdef CTR_OLDKERNEL
#include <stdlib.h>
#include <string.h>

#include "sysno.h"

bool sys_missing(const char *name)
{
	const char *s = getenv("CTR_TEST_NO");
	size_t n = strlen(name);
	if (!s)
		return false;
	if (strcmp(s, "all") == 0)
		return true;
	for (; *s; s += strcspn(s, ","), s += *s == ',')
		if (strncmp(s, name, n) == 0 && (s[n] == 0 || s[n] == ','))
			return true;
	return false;
}
#else
typedef int oldkernel_empty; /* ISO C does not allow an empty file */
#endif
