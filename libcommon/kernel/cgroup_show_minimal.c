/* cgroup_show_minimal.c: takes the place of ctr-cgset's --stat and --watch in the minimal build;
 * see cgroup.h. */
#include "cgroup.h"
#include "err.h"

int cgroup_show_stat(const char *path)
{
	return fail("%s: --stat: this build has no statistics (CONFIG=minimal)", path);
}

int cgroup_show_events(const char *path)
{
	return fail("%s: --watch: this build has no events (CONFIG=minimal)", path);
}
