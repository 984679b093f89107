/* ctr-logs: what a detached container wrote, stdout to stdout and stderr to stderr.
 *
 * Kind: FILTER.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "log.h"
#include "logview.h"
#include "opt.h"
#include "stamp.h"
#include "record.h"

static bool follow, stamps;
static const char *tail = "all", *since;

static const struct opt opts[] = {
    {'f', "follow", NULL, "go on as it writes, until it ends", OPT_FLAG, &follow},
    {'n', "tail", "N", "only the last N lines", OPT_STR, &tail},
    {0, "since", "TIME",
	"only from this time on: RFC 3339, seconds since 1970, or so long ago (90s, 10m, 2h)",
	OPT_STR, &since},
    {'t', "timestamps", NULL, "show the time of each line", OPT_FLAG, &stamps},
    OPT_END,
};
static const struct usage usage = {.synopsis = "NAME", .opts = opts, .anywhere = true};

static int64_t since_ns(const char *s)
{
	char *end;
	int64_t t = stamp_parse(s, strlen(s));
	if (t >= 0)
		return t;
	errno = 0;
	double n = strtod(s, &end);
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	static const struct {
		char letter;
		double seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	double unit = 0;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (*end == units[i].letter)
			unit = units[i].seconds;
	if (end == s || errno || n < 0 || (*end && (unit == 0 || end[1])))
		die_usage("--since: '%s' is no time", s);
	return *end ? (now.tv_sec - (int64_t)(n * unit)) * 1000000000 : (int64_t)(n * 1e9);
}

int ctr_logs_main(int argc, char **argv)
{
	struct container c;
	struct logview v = {.tail = -1};
	int n = opt_parse(&usage, argc, argv);
	if (argc - n != 1)
		die_usage("one NAME is needed");
	if (strcmp(tail, "all") != 0 && num_parse("--tail", tail, 0, INT64_MAX, &v.tail) < 0)
		die_fail_usage();
	v.since = since ? since_ns(since) : 0;
	v.stamps = stamps;
	v.follow = follow;
	if (container_open(&c, argv[n]) < 0)
		die_fail();
	if (c.dir < 0)
		die("%s: %s", c.name, c.why);
	if (logview(&c, &v) < 0)
		die("%s: %s", c.name, fail_msg());
	return 0;
}
