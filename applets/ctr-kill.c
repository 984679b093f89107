/* ctr-kill: send a signal to the first process of containers.
 *
 * Kind: OWNER of nothing.
 */
#include <signal.h>
#include <stdio.h>

#include "err.h"
#include "opt.h"
#include "signames.h"
#include "stop.h"

static const char *name = "KILL";

static const struct opt opts[] = {
    {'s', "signal", "SIGNAL", "name or number (default KILL)", OPT_STR, &name},
    OPT_END,
};
static const struct usage usage = {.synopsis = "NAME...|-", .opts = opts, .anywhere = true};

int ctr_kill_main(int argc, char **argv)
{
	struct strv names = {0};
	int code = 0;
	opt_names(&names, argc, argv, opt_parse(&usage, argc, argv), "NAME");
	int sig = signal_from_name(name);
	if (sig < 0)
		die_usage("--signal: %s", fail_msg());
	if (steer_look(&names) < 0)
		return 1;
	for (size_t i = 0; i < names.n; i++) {
		struct container c;
		bool ok = container_open(&c, names.v[i]) == 0;
		if (ok && !c.pid)
			ok = fail("%s: not running", c.name) == 0;
		bool deliberate =
		    ok && (sig == SIGKILL || sig == SIGTERM || sig == steer_stop_signal(&c));
		if (!ok || steer_signal(&c, sig, deliberate) < 0) {
			warn("%s", fail_msg());
			code = 1;
		} else {
			puts(names.v[i]);
		}
		container_close(&c);
	}
	return code;
}
