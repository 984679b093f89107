/* ctr-stop: end containers: by their stop signal, and after a while by SIGKILL to all their
 * processes.
 *
 * Kind: OWNER of nothing; all that it changes is whether the containers run.
 */

#include "applets.h"
#include "err.h"
#include "opt.h"
#include "signames.h"
#include "stop.h"

static const char *time_given, *sig_given;

static const struct opt opts[] = {
    {'t', "time", "SECONDS",
	"wait so long before SIGKILL (default: --stop-timeout, 10; -1: for ever)", OPT_STR,
	&time_given},
    {0, "timeout", "SECONDS", NULL, OPT_STR, &time_given},
    {'s', "signal", "SIG", "send this, not each one's own stop signal", OPT_STR, &sig_given},
    OPT_END,
};
static const struct usage usage = {
    .synopsis = "NAME...|-", .opts = opts, .anywhere = true, .others = STOP_OTHERS};

int ctr_stop_main(int argc, char **argv)
{
	struct strv names = {0};
	opt_names(&names, argc, argv, opt_parse(&usage, argc, argv), "NAME");
	int64_t seconds = stop_seconds(time_given);
	if (seconds < 0)
		die_fail();
	int sig = sig_given ? signal_from_name(sig_given) : 0;
	if (sig < 0)
		die_fail_usage();
	return stop_all(&names, seconds, sig, stdout) < 0;
}
