/* ctr-pause: freeze containers: no process in them runs until ctr-unpause.
 *
 * Kind: OWNER of nothing; the group's freezer is the container's.
 */
#include <stdio.h>

#include "cgroup.h"
#include "err.h"
#include "opt.h"
#include "record.h"

static const struct opt opts[] = {OPT_END};
static const struct usage usage = {.synopsis = "NAME...|-", .opts = opts, .anywhere = true};

int ctr_pause_main(int argc, char **argv)
{
	struct strv names = {0};
	int code = 0, n = opt_parse(&usage, argc, argv);
	opt_names(&names, argc, argv, n, "NAME");
	for (size_t i = 0; i < names.n; i++) {
		struct container c;
		int r = container_open(&c, names.v[i]);
		if (r == 0 && c.status != ST_RUNNING)
			r = fail("%s: %s, not running", c.name, status_name(c.status));
		if (r == 0)
			r = cgroup_freeze(container_cgroup(&c), true);
		if (r < 0) {
			warn("%s", fail_msg());
			code = 1;
		} else {
			puts(names.v[i]);
		}
		container_close(&c);
	}
	return code;
}
