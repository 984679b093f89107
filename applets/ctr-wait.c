/* ctr-wait: wait until containers have ended, or until another condition holds.
 *
 * Kind: FILTER. The end is waited for by a blocking lock, other conditions by inotify; nothing
 * polls.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "applets.h"
#include "err.h"
#include "health.h"
#include "opt.h"
#include "record.h"

static const char *condition;

static const struct opt opts[] = {
    {0, "condition", "WHAT",
	"wait until it is exited (default; also not-running, next-exit), created, running, paused, "
	"healthy, unhealthy or removed",
	OPT_STR, &condition},
    OPT_END,
};
static const struct usage usage = {.synopsis = "NAME...|-", .opts = opts, .anywhere = true};

static int code_of(const char *name, int fd)
{
	struct container c = {0};
	if (record_exit_read(fd, &c) < 0)
		return fail_about(name);
	if (!c.has_exit)
		return fail("%s: no exit code is known", name);
	printf("%d\n", c.exit_code);
	return 0;
}

static int wait_end(struct container *c, int fd)
{
	if (container_wait_end(c, -1) < 0)
		return fail_about(c->name);
	return code_of(c->name, fd);
}

/* --- other conditions --- */

/* What changes together with a container: its folders, and those that contain them. */
static int watch(const struct container *c)
{
	static const unsigned what =
	    IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_DELETE_SELF;
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	for (int i = 0; i < 4 && fd >= 0; i++) {
		const char *name = i < 2 ? c->name : NULL;
		_cleanup_free_ char *p =
		    i % 2 ? record_run_path(name, NULL) : record_path(name, NULL);
		/* A change of a folder that does not exist yet shows in the one that contains it.
		 */
		inotify_add_watch(fd, p, what);
	}
	return fd;
}

/* Does the condition hold? 1: yes; 0: not yet; -1 with fail(): it cannot hold any more. */
static int holds(struct container *c)
{
	bool wants_removed = strcmp(condition, "removed") == 0;
	bool lives = c->status == ST_RUNNING || c->status == ST_PAUSED ||
		     c->status == ST_RESTARTING || c->status == ST_ORPHANED;
	bool ended = c->status == ST_EXITED || c->status == ST_LOST;
	if (wants_removed)
		return 0;
	if (str_ends(condition, "healthy")) {
		if (c->pid && strcmp(health_status(c), condition) == 0)
			return 1;
		if (!kv_get(&c->conf, "health"))
			return fail("%s: its health is not checked (--health-cmd)", c->name);
	} else if (strcmp(condition, "running") == 0 ? lives && c->pid
						     : !strcmp(status_name(c->status), condition)) {
		return 1;
	}
	return ended ? fail("%s: has exited (%d) and is not %s", c->name, c->exit_code, condition)
		     : 0;
}

static int wait_until(struct container *c, int fd_exit)
{
	_cleanup_free_ char *id = xstrdup(c->id);
	int r;
	for (;;) {
		char events[4096];
		_cleanup_close_ int fd = watch(c);
		container_close(c);
		if (container_open_id(c, id) < 0) { /* it was removed, or is just being removed */
			return errno == ENOENT && !strcmp(condition, "removed")
				   ? code_of(id, fd_exit)
				   : -1;
		}
		container_times(c);
		if ((r = holds(c)) != 0)
			break;
		/* At most a second: where inotify cannot be had, the condition is checked again. */
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (poll(&p, 1, 1000) == 1 && read(fd, events, sizeof events) < 0)
			continue;
	}
	if (r > 0)
		puts("-1"); /* as podman: it has no exit code yet */
	return r < 0 ? -1 : 0;
}

static int wait_for(const char *name)
{
	struct container c;
	if (container_open(&c, name) < 0)
		return -1;
	/* Opened before the wait: a container with --rm is gone afterwards, but the file behind the
	 * descriptor is not. */
	_cleanup_close_ int fd =
	    c.dir < 0 ? -1 : openat(c.dir, "exit", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return fail_errno(c.name);
	int r = condition ? wait_until(&c, fd) : wait_end(&c, fd);
	container_close(&c);
	return r == 0 && fflush(stdout) ? fail_errno("stdout") : r;
}

static void condition_check(void)
{
	if (condition && str_has_word("exited stopped not-running next-exit", condition))
		condition = NULL;
	if (!condition ||
	    str_has_word("created running paused restarting healthy unhealthy removed", condition))
		return;
	die_usage("--condition: '%s' is not exited, not-running, next-exit, created, running, "
		  "paused, healthy, unhealthy or removed",
	    condition);
}

int ctr_wait_main(int argc, char **argv)
{
	struct strv names = {0};
	int code = 0, n = opt_parse(&usage, argc, argv);
	opt_names(&names, argc, argv, n, "NAME");
	condition_check();
	for (size_t i = 0; i < names.n; i++)
		if (wait_for(names.v[i]) < 0) {
			warn_fail();
			code = 1;
		}
	return code;
}
