/* become_filter.c: the filter that a spec asks for; see become.h. */
#include <string.h>

#include "filter.h"
#include "seccomp_profile.h"
#include "become.h"
#include "str.h"

int become_filter(const struct spec *s, const char *home, struct sock_fprog **out)
{
	*out = NULL;
	if (s->seccomp && strcmp(s->seccomp, "unconfined") == 0)
		return 0;
	if (!s->seccomp) {
		*out = filter_default(s->caps.bounding);
		return 0;
	}
	_cleanup_free_ char *cache = home ? path_join(home, "cache/seccomp") : NULL;
	*out = filter_compile_cached(
	    cache, "seccomp profile", s->seccomp, strlen(s->seccomp), s->caps.bounding);
	return *out ? 0 : -1;
}
