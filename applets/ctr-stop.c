/* ctr-stop: end containers: their stop signal, then after a while SIGKILL to everything in them.
 *
 * Kind: OWNER of nothing; what it changes is the containers' being alive.
 */
#include <stdio.h>

#include "err.h"
#include "opt.h"
#include "stop.h"

static int64_t seconds = 10;

static const struct opt opts[] = {
    {'t', "time", "SECONDS", "wait so long before SIGKILL (default 10)", OPT_NUM, &seconds},
    OPT_END,
};
static const struct usage usage = {.synopsis = "NAME...|-", .opts = opts, .anywhere = true};

int ctr_stop_main(int argc, char **argv)
{
	struct strv names = {0};
	opt_names(&names, argc, argv, opt_parse(&usage, argc, argv), "NAME");
	if (seconds > 1000000)
		die_usage("--time: %lld is too long", (long long)seconds);
	return steer_stop(&names, seconds, stdout) < 0;
}
