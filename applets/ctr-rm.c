/* ctr-rm: remove containers: record, writable layer, log, group.
 *
 * Kind: OWNER of nothing; needs no space on the disk.
 */
#include <stdio.h>

#include "applets.h"
#include "opt.h"
#include "stop.h"

static bool force, volumes;

static const struct opt opts[] = {
    {'f', "force", NULL, "kill one that runs; one that is not there is no error", OPT_FLAG, &force},
    {'v', "volumes", NULL, "accepted, as docker's: nameless volumes always go with their container",
	OPT_FLAG, &volumes},
    OPT_END,
};
static const struct usage usage = {
    .synopsis = "NAME...|-", .opts = opts, .anywhere = true, .others = STOP_OTHERS};

int ctr_rm_main(int argc, char **argv)
{
	struct strv names = {0};
	int n = opt_parse(&usage, argc, argv);
	opt_names(&names, argc, argv, n, "NAME");
	if (!force && stop_look(&names) < 0)
		return 1;
	return stop_remove_all(&names, force, stdout) < 0;
}
