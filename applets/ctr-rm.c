/* ctr-rm: remove containers: record, writable layer, log, group.
 *
 * Kind: OWNER of nothing; needs no space on the disk.
 */
#include <stdio.h>

#include "err.h"
#include "opt.h"
#include "stop.h"

static bool force, volumes;

static const struct opt opts[] = {
    {'f', "force", NULL, "kill one that runs; one that is not there is no error", OPT_FLAG, &force},
    {'v', "volumes", NULL, "accepted, as docker's: nameless volumes always go with their container", OPT_FLAG,
	&volumes},
    OPT_END,
};
static const struct usage usage = {.synopsis = "NAME...|-", .opts = opts, .anywhere = true};

int ctr_rm_main(int argc, char **argv)
{
	struct strv names = {0};
	int code = 0, n = opt_parse(&usage, argc, argv);
	opt_names(&names, argc, argv, n, "NAME");
	if (!force && steer_look(&names) < 0)
		return 1;
	for (size_t i = 0; i < names.n; i++) {
		struct container c;
		if (container_open(&c, names.v[i]) < 0) {
			if (!force) {
				warn("%s", fail_msg());
				code = 1;
			}
			continue;
		}
		if (steer_remove(&c, force) < 0) {
			warn("%s", fail_msg());
			code = 1;
		} else {
			puts(names.v[i]);
		}
		container_close(&c);
	}
	return code;
}
