/* ctr-restart: stop containers (if they run) and start them again.
 *
 * Kind: OWNER. What outlives it is each container's monitor, as with ctr-run -d.
 */
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>

#include "applets.h"
#include "container_event.h"
#include "container_images.h"
#include "create.h"
#include "err.h"
#include "file.h"
#include "monitor.h"
#include "signames.h"
#include "stop.h"

static int64_t seconds;
static const char *time_given, *signal_given;
static int sig;

static const struct opt opts[] = {
    {'t', "time", "SECONDS",
	"wait so long before SIGKILL (default: --stop-timeout, 10; -1: for ever)", OPT_STR,
	&time_given},
    {0, "timeout", "SECONDS", NULL, OPT_STR, &time_given},
    {'s', "signal", "SIGNAL", "this one instead of the container's stop signal", OPT_STR,
	&signal_given},
    OPT_END,
};
static const struct usage usage = {
    .synopsis = "NAME...|-", .opts = opts, .anywhere = true, .others = STOP_OTHERS};

/* Several restarts at once take turns by an exclusive lock on `exit`, which ctr-pause and
 * ctr-unpause take shared. When a restart that began after `asked` has done what this one was to
 * do: 1. Otherwise 0, or -1 with fail(). */
static int in_turn(struct container *c, const struct timespec *asked, int *lock)
{
	struct stat st;
	*lock = openat(c->dir, "exit", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*lock < 0 || lock_take(*lock, LOCK_EX) < 0)
		return fail_tried(c->name, "exit");
	if (container_refresh(c) < 0)
		return -1;
	return c->status == ST_RUNNING && fstatat(c->dir, "started", &st, 0) == 0 &&
	       (st.st_mtim.tv_sec > asked->tv_sec ||
		   (st.st_mtim.tv_sec == asked->tv_sec && st.st_mtim.tv_nsec > asked->tv_nsec));
}

static int restart(struct container *c, void *arg)
{
	struct spec spec;
	(void)arg;
	struct timespec asked;
	_cleanup_close_ int turn = -1;
	clock_gettime(CLOCK_REALTIME, &asked);
	int done = c->dir < 0 ? 0 : in_turn(c, &asked, &turn);
	if (done)
		return done < 0 ? -1 : 0;
	if (container_passing(c) && c->status == ST_RUNNING)
		return fail(
		    "%s: is removed when it ends (--rm), so it cannot be restarted", c->name);
	if (stop_signal(c, sig ? sig : stop_signal_of(c), true) < 0 ||
	    stop_wait(c, (int)stop_patience(c, seconds) * 1000) < 0)
		return -1;
	int r = container_lock(c);
	if (r <= 0)
		return r < 0 ? -1 : fail("%s: was started again meanwhile", c->name);
	if (c->status == ST_CORRUPT)
		return fail("%s: corrupt: %s", c->name, c->why);
	if (container_spec_next(c, &spec) < 0)
		return -1;
	if (monitor_detached(c, &spec, false))
		return fail_about(c->name);
	event_container(c, "restart", NULL, NULL);
	return 0;
}

int ctr_restart_main(int argc, char **argv)
{
	struct strv names = {0};
	opt_names(&names, argc, argv, opt_parse(&usage, argc, argv), "NAME");
	seconds = stop_seconds(time_given);
	if (seconds < 0)
		die_fail();
	if (signal_given && (sig = signal_from_name(signal_given)) <= 0)
		die_usage("--signal: %s", fail_msg());
	return stop_each(&names, restart, NULL);
}
