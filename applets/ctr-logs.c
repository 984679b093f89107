/* ctr-logs: what a detached container wrote, stdout to stdout and stderr to stderr.
 *
 * Kind: FILTER.
 */
#include <string.h>

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
    {0, "until", "TIME", "only what is not younger: as --since", OPT_STR, &until},
    {'t', "timestamps", NULL, "show the time of each line", OPT_FLAG, &stamps},
    OPT_END,
};
static const struct usage usage = {.synopsis = "NAME", .opts = opts, .anywhere = true};

int ctr_logs_main(int argc, char **argv)
{
	struct container c;
	struct logview v = {.tail = -1};
	int n = opt_parse(&usage, argc, argv);
	if (argc - n != 1)
		die_usage("one NAME is needed");
	if (strcmp(tail, "all") != 0 && num_parse("--tail", tail, 0, INT64_MAX, &v.tail) < 0)
		die_fail_usage();
	if ((since && (v.since = moment_parse("--since", since)) < 0) ||
	    (until && (v.until = moment_parse("--until", until)) < 0))
		die_fail();
	v.stamps = stamps;
	v.follow = follow;
	if (container_open(&c, argv[n]) < 0)
		die_fail();
	if (c.dir < 0)
		die("%s: %s", c.name, c.why);
	const char *driver = kv_get(&c.conf, "log");
	if (driver && strcmp(driver, "none") != 0)
		die("%s: its output goes to %s%s%s", c.name, driver,
		    *driver == 'j' ? ": journalctl CONTAINER_NAME=" : "",
		    *driver == 'j' ? c.name : "");
	if (logview(&c, &v) < 0)
		die("%s: %s", c.name, fail_msg());
	return 0;
}
