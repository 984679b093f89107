/* ctr-exec: run a further command in a running container: with its namespaces, cgroup, root, user,
 * environment, capabilities and seccomp filter.
 *
 * Kind: CHAIN in spirit: it only stays as the parent to forward signals and the terminal. Nothing
 * outlives it but, with -d, the command.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets.h"
#include "become.h"
#include "caps.h"
#include "cgroup.h"
#include "create.h"
#include "create_flags.h"
#include "enter.h"
#include "err.h"
#include "container_event.h"
#include "file.h"
#include "health.h"
#include "oci_seen.h"
#include "pidfd.h"
#include "record.h"
#include "secret.h"
#include "signals.h"
#include "str.h"
#include "sys.h"
#include "table.h"
#include "title.h"
#include "tty.h"

static struct {
	bool tty, interactive, detach, privileged, check;
	const char *user, *workdir;
	struct strv env, env_file;
} o;

static const struct opt opts[] = {
    {'i', "interactive", NULL, "`ctrbox exec` gives no stdin without it; ctr-exec always does",
	OPT_FLAG, &o.interactive},
    {0, "by-word", NULL, NULL, OPT_FLAG, &table_docker}, /* as `ctrbox exec` */
    {'t', "tty", NULL, "give the command a terminal", OPT_FLAG, &o.tty},
    {'d', "detach", NULL, "do not wait for the command", OPT_FLAG, &o.detach},
    {'e', "env", "K=V|K", "a further variable", OPT_LIST, &o.env},
    {0, "env-file", "FILE", "further variables from a file, a line each", OPT_LIST, &o.env_file},
    {'u', "user", "USER[:GROUP]", "another user than the container's", OPT_STR, &o.user},
    {'w', "workdir", "DIR", "another working directory", OPT_STR, &o.workdir},
    {0, "privileged", NULL, "all capabilities and no seccomp filter", OPT_FLAG, &o.privileged},
    {0, "health-check", NULL, NULL, OPT_FLAG, &o.check}, /* the monitor's (health.h) */
    OPT_END,
};

static const struct usage usage = {
    .synopsis = "NAME COMMAND [ARG...]",
    .more = "Exit code: the command's, 128+N if signal N ended it, 125 ctr-exec failed, 126 not "
	    "executable, 127 not "
	    "found.\n",
    .opts = opts,
};

/* The group of a health check, below the container's in the hierarchy that can freeze: whatever the
 * check starts is found in it. -1 when there is none. */
static int check_group(const char *group)
{
	_cleanup_close_ int dir = cgroup_dir(group, "");
	if (dir < 0)
		dir = cgroup_dir(group, "freezer");
	if (dir < 0 || (mkdirat(dir, HEALTH_GROUP, 0755) < 0 && errno != EEXIST))
		return -1;
	return openat(dir, HEALTH_GROUP "/cgroup.procs", O_WRONLY | O_CLOEXEC);
}

/* The container's spec, changed for this command. */
static void settle(struct spec *s, int argc, char **argv)
{
	strv_free(&s->args);
	for (int i = 0; i < argc; i++)
		strv_add(&s->args, argv[i]);
	if (env_flags(&s->env, &o.env_file, &o.env) < 0)
		die_fail();
	if (o.user) {
		free(s->x_user);
		s->x_user = xstrdup(o.user);
	}
	if (o.workdir) {
		if (o.workdir[0] != '/')
			die_usage("--workdir: '%s' is not an absolute path", o.workdir);
		free(s->cwd);
		s->cwd = xstrdup(o.workdir);
	}
	s->terminal = o.tty && !o.detach;
	s->rows = s->cols = 0;
	struct winsize w;
	if (s->terminal && tty_size(&w) == 0) {
		s->rows = w.ws_row;
		s->cols = w.ws_col;
	}
	if (!o.detach)
		tty_input(o.tty, o.interactive, table_docker);
	if (s->terminal && !strv_getenv(&s->env, "TERM"))
		strv_setenv(&s->env, "TERM", "xterm");
	if (o.privileged) {
		uint64_t all = caps_all();
		s->caps = (struct spec_caps){.bounding = all, .effective = all, .permitted = all};
		s->no_new_privileges = false;
		free(s->seccomp);
		s->seccomp = xstrdup("unconfined");
	}
}

/* A user may not look at the process of --init, which shows nothing of the host: its child is in
 * the same namespaces, and is entered instead. It is opened first and checked afterwards. */
static void past_init(struct enter *e, pid_t init)
{
	struct stat st;
	struct proc p;
	if (fstatat(e->procdir, "ns/user", &st, 0) == 0 || errno != EACCES)
		return;
	_cleanup_free_ char *path = xasprintf("task/%d/children", (int)init),
			    *list = file_read_at(e->procdir, path, 4096, NULL),
			    *child = xasprintf("/proc/%d", list ? atoi(list) : 0);
	int dir = dir_hold(child);
	int fd = dir < 0 ? -1 : sys_pidfd_open((pid_t)atoi(child + strlen("/proc/")));
	if (dir >= 0 && proc_read(dir, ".", &p) && p.ppid == init) {
		e->procdir = dir;
		e->pidfd = fd;
	}
}

/* Say why the container could not be entered. If it has ended meanwhile, that is the reason.
 * `code` is enter_start()'s. */
static _Noreturn void not_entered(const struct container *c, int code, const char *why)
{
	if (code == REPORT_GONE || !container_is_alive(c))
		die_code(code, "%s: it has ended meanwhile (ctr-start %s)", c->name, c->name);
	die_code(code, "%s: %s", c->name, why);
}

static void find(struct container *c, const char *name, struct enter *e)
{
	char path[32];
	if (seen_open(c, name) < 0)
		die_fail();
	_cleanup_free_ char *frozen =
	    c->status == ST_PAUSED ? cgroup_frozen_at(container_cgroup(c), true, true) : NULL;
	if (frozen && strcmp(frozen, container_cgroup(c)) != 0)
		die("%s: paused: the group /%s above it is frozen (ctr-cgset --thaw /%s)", c->name,
		    frozen, frozen);
	if (c->status != ST_RUNNING && c->status != ST_ORPHANED)
		container_not_running(c), die_fail();
	snprintf(path, sizeof path, "/proc/%d", (int)c->pid);
	e->procdir = dir_hold(path);
	if (e->procdir < 0)
		not_entered(c, 125, strerror(errno));
	e->pidfd = container_pidfd(c);
	/* An old kernel: the directory in /proc, which was checked after it was opened, is the
	 * handle. */
	if (e->pidfd < 0 && !container_is_alive(c))
		die_fail();
	past_init(e, c->pid);
}

/* If nobody waited for a detached command, it would remain in the container as a zombie when it
 * ends, and count against the limit of processes: the container's PID 1 is not its parent, and
 * the process that inherits it outside may not wait either. So this process stays, with nothing
 * open. */
static _Noreturn void stay(struct enter *e, const char *name)
{
	_cleanup_free_ char *title = xasprintf("ctr-exec: %s", name);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 3 && null >= 0; i++)
		dup2(null, i);
	sys_close_range(3, ~0u);
	title_wipe(title);
	pid_reap(e->pid);
	_exit(0);
}

static _Noreturn void stay_or_say(struct enter *e, const char *name, int said)
{
	setsid();
	if (enter_start(e) == 0) {
		close(said);
		stay(e, name);
	}
	_exit(dprintf(said, "%c%c%s", e->code >> 8, e->code, fail_msg()) < 0);
}

/* The launcher exits when the command runs, or reports why it does not. */
static int detached(struct enter *e, const struct container *c)
{
	char said[1100];
	int p[2];
	if (pipe2(p, O_CLOEXEC) < 0)
		die_errno("pipe");
	pid_t pid = fork();
	if (pid < 0)
		die_errno("fork");
	if (pid == 0) {
		close(p[0]);
		stay_or_say(e, c->name, p[1]);
	}
	close(p[1]);
	ssize_t n;
	struct pollfd f[2] = {{.fd = p[0], .events = POLLIN}, {.fd = e->signals, .events = POLLIN}};
	for (;;) {
		int sig;
		poll(f, 2, -1);
		if (f[0].revents)
			break;
		while ((sig = signals_next(e->signals)) > 0)
			if (sig == SIGTERM || sig == SIGINT || sig == SIGHUP)
				kill(pid, sig);
	}
	while ((n = read(p[0], said, sizeof said - 1)) < 0 && errno == EINTR)
		;
	if (n <= 1)
		return 0;
	said[n] = 0;
	not_entered(c, said[0] << 8 | (unsigned char)said[1], said + 2);
}

int ctr_exec_main(int argc, char **argv)
{
	struct container c;
	struct spec spec;
	struct enter e = {.spec = &spec, .signals = -1};
	err_code = err_usage_code = 125;
	e.home = ctr_lib();
	int n = opt_parse(&usage, argc, argv);
	if (argc - n < 2)
		die_help(argc > n ? "COMMAND is missing" : "NAME is missing");
	find(&c, argv[n], &e);
	if (create_reload(&c, &spec) < 0)
		die_fail();
	secret_give(&c, &spec, false);
	settle(&spec, argc - n - 1, argv + n + 1);
	_cleanup_free_ char *what = xasprintf("exec_start: %s", argv[n + 1]);
	bool told = !o.check && !seen_is(c.name); /* of another's container we have no events */
	if (told)
		event_container(&c, what, NULL, NULL);
	const char *group = kv_get(&c.state, "cgroup"); /* empty: it has none */
	e.cgroup = group && !*group ? NULL : container_cgroup(&c);
	e.detach = o.detach;
	if (o.check && e.cgroup)
		e.below[0] = check_group(e.cgroup);
	enter_block_signals(&e);
	if (o.detach)
		return detached(&e, &c);
	become_lend_stdio();
	if (enter_start(&e) < 0)
		not_entered(&c, e.code, fail_msg());
	_cleanup_free_ char *title = xasprintf("ctr-exec: %s", c.name);
	title_set(title); /* the values of -e must not be visible to others */
	int code = enter_wait(&e);
	_cleanup_free_ char *said = xasprintf("%d", code);
	if (told)
		event_container(&c, "exec_die", "exitCode", said);
	return code;
}
