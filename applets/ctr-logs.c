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

/* A date, seconds since the epoch, or as Go writes how long ago: 90s, 1h30m, 1.5d. */
static int64_t moment(const char *what, const char *s)
{
	static const struct {
		char letter;
		double seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	int64_t t = stamp_parse(s, strlen(s));
	struct timespec now;
	double ago = 0;
	char *end = (char *)s;
	if (t >= 0)
		return t;
	clock_gettime(CLOCK_REALTIME, &now);
	for (const char *p = s; *p; p = end + 1) {
		double n = strtod(p, &end), unit = 0;
		for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
			if (*end == units[i].letter)
				unit = units[i].seconds;
		if (end != p && !*end && p == s && n >= 0 && n < 9e9)
			return (int64_t)(n * 1e9);
		ago += n * unit;
		if (end == p || unit == 0 || !(n >= 0 && ago < 9e9))
			die_usage("%s: '%s' is no time (a date, 90s, 1h30m, 2d)", what, s);
	}
	return (now.tv_sec - (int64_t)ago) * 1000000000;
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
	v.since = since ? moment("--since", since) : 0;
	v.until = until ? moment("--until", until) : 0;
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
