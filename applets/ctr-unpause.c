/* ctr-unpause: let paused containers go on.
 *
 * Kind: OWNER of nothing; the group's freezer is the container's.
 */
#include "applets.h"
#include "opt.h"
#include "pause.h"
#include "stop.h"

static const struct opt opts[] = {OPT_END};
static const struct usage usage = {
    .synopsis = "NAME...|-", .opts = opts, .anywhere = true, .others = STOP_OTHERS};

static int one(struct container *c, void *arg)
{
	(void)arg;
	return pause_container(c, false);
}

int ctr_unpause_main(int argc, char **argv)
{
	struct strv names = {0};
	opt_names(&names, argc, argv, opt_parse(&usage, argc, argv), "NAME");
	return stop_each(&names, one, NULL);
}
