/* ctr-stop: end containers: their stop signal, then after a while SIGKILL to everything in them.
 *
 * Kind: OWNER of nothing; what it changes is the containers' being alive.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "err.h"
#include "opt.h"
#include "steer.h"

static int64_t seconds = 10;

static const struct opt opts[] = {
    {'t', "time", "SECONDS", "wait so long before SIGKILL (default 10)", OPT_NUM, &seconds},
    OPT_END,
};
static const struct usage usage = {.synopsis = "NAME...|-", .opts = opts};

int ctr_stop_main(int argc, char **argv)
{
	struct strv names = {0};
	struct timespec t0, t;
	int code = 0;
	opt_names(&names, argc, argv, opt_parse(&usage, argc, argv), "NAME");
	if (seconds > 1000000)
		die_usage("--time: %lld is too long", (long long)seconds);
	struct container *c = xcalloc(names.n, sizeof *c);
	bool *sent = xcalloc(names.n, sizeof *sent);
	/* All are told first, then waited for: ten containers take as long as the slowest. */
	for (size_t i = 0; i < names.n; i++) {
		sent[i] =
		    container_open(&c[i], names.v[i]) == 0 && steer_signal(&c[i], steer_stop_signal(&c[i]), true) == 0;
		if (!sent[i])
			warn("%s", fail_msg());
	}
	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (size_t i = 0; i < names.n; i++) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		int64_t left = seconds * 1000 - ((t.tv_sec - t0.tv_sec) * 1000 + (t.tv_nsec - t0.tv_nsec) / 1000000);
		if (sent[i] && steer_end(&c[i], left < 0 ? 0 : (int)left) < 0) {
			warn("%s", fail_msg());
			sent[i] = false;
		}
		if (sent[i])
			puts(names.v[i]);
		else
			code = 1;
	}
	return code;
}
