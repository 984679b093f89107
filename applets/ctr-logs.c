/* ctr-logs: what a detached container wrote, stdout to stdout and stderr to stderr.
 *
 * Kind: FILTER.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets.h"
#include "err.h"
#include "log.h"
#include "logview.h"
#include "opt.h"
#include "stamp.h"
#include "record.h"

static bool follow, stamps;
static const char *tail = "all", *since, *until;

static const struct opt opts[] = {
    {'f', "follow", NULL, "go on as it writes, until it ends", OPT_FLAG, &follow},
    {'n', "tail", "N", "only the last N lines", OPT_STR, &tail},
    {0, "since", "TIME",
	"only from this time on: RFC 3339, seconds since 1970, or so long ago (90s, 10m, 2h)",
	OPT_STR, &since},
    {0, "until", "TIME", "only what is not younger: as --since; with -f it ends then", OPT_STR,
	&until},
    {'t', "timestamps", NULL, "show the time of each line", OPT_FLAG, &stamps},
    OPT_END,
};
static const struct usage usage = {.synopsis = "NAME...", .opts = opts, .anywhere = true};

static void show(const char *name, const struct logview *v)
{
	struct container c;
	if (container_open(&c, name) < 0)
		die_fail();
	if (c.dir < 0)
		die("%s: %s", c.name, c.why);
	const char *driver = kv_get(&c.conf, "log");
	if (driver && strcmp(driver, "none") != 0)
		die("%s: its output goes to %s%s%s", c.name, driver,
		    *driver == 'j' ? ": journalctl CONTAINER_NAME=" : "",
		    *driver == 'j' ? c.name : "");
	if (logview(&c, v) < 0)
		die("%s: %s", c.name, fail_msg());
	if (driver)
		warn("%s: keeps no log (--log-driver none)", c.name);
	else if (c.has_exit && faccessat(c.dir, "log", F_OK, 0) < 0)
		warn("%s: ran in the foreground, which has no log (-d has one)", c.name);
	container_close(&c);
}

/* Several are followed by a process each. */
static int follow_all(char **names, int n, const struct logview *v)
{
	int code = 0, status;
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();
		if (pid < 0)
			die_errno("fork");
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			show(names[i], v);
			exit(0);
		}
	}
	while (wait(&status) > 0)
		code |= status != 0;
	return code;
}

int ctr_logs_main(int argc, char **argv)
{
	struct logview v = {.tail = -1};
	int n = opt_parse(&usage, argc, argv);
	if (argc == n)
		die_usage("NAME is missing");
	if (strcmp(tail, "all") != 0 && num_parse("--tail", tail, -1, INT64_MAX, &v.tail) < 0)
		die_fail_usage();
	if ((since && (v.since = moment_parse("--since", since)) < 0) ||
	    (until && (v.until = moment_parse("--until", until)) < 0))
		die_fail();
	v.stamps = stamps;
	v.follow = follow;
	for (int i = n; i < argc; i++)
		if (container_look(argv[i]) < 0)
			die_fail();
	if (follow && argc - n > 1)
		return follow_all(argv + n, argc - n, &v);
	for (; n < argc; n++)
		show(argv[n], &v);
	return 0;
}
