/* ctr-kill: send a signal to the first process of containers.
 *
 * Kind: OWNER of nothing.
 */
#include <signal.h>

#include "applets.h"
#include "err.h"
#include "opt.h"
#include "signames.h"
#include "stop.h"

static const char *name = "KILL";

static const struct opt opts[] = {
    {'s', "signal", "SIGNAL", "name or number (default KILL)", OPT_STR, &name},
    OPT_END,
};
static const struct usage usage = {
    .synopsis = "NAME...|-", .opts = opts, .anywhere = true, .others = STOP_OTHERS};

static int one(struct container *c, void *arg)
{
	int sig = *(int *)arg;
	if (!c->pid)
		return container_not_running(c);
	return stop_signal(c, sig, sig == SIGKILL || sig == SIGTERM || sig == stop_signal_of(c));
}

int ctr_kill_main(int argc, char **argv)
{
	struct strv names = {0};
	for (int i = 1; i < argc; i++) /* -9 and -KILL, as kill(1) takes them */
		if (argv[i][0] == '-' && argv[i][1] > '0' && argv[i][1] <= 'Z')
			argv[i] = xasprintf("-s%s", argv[i] + 1);
	opt_names(&names, argc, argv, opt_parse(&usage, argc, argv), "NAME");
	int sig = signal_from_name(name);
	if (sig < 0)
		die_usage("--signal: %s", fail_msg());
	return stop_look(&names) < 0 || stop_each(&names, one, &sig);
}
