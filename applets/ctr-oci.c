/* ctr-oci: a container runtime according to the OCI runtime specification, with the command line of
 * runc; also found under the names runc and crun.
 *
 * Kind: OWNER. Every command opens or makes one record (oci_record.h) and does one thing with it.
 * What outlives it is the container with its group and record, until `delete`.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "applets.h"
#include "enter.h"
#include "err.h"
#include "file.h"
#include "json.h"
#include "oci_cli.h"
#include "opt.h"
#include "pattern.h"
#include "selfexe.h"
#include "signames.h"
#include "str.h"
#include "trace.h"

static const struct opt globals[] = {
    {0, "root", "DIR", "where records are (/run/ctr-oci; a user: $XDG_RUNTIME_DIR/ctr-oci)",
	OPT_STR, &oci_g.root},
    {0, "log", "FILE", "append errors to FILE as well", OPT_STR, &oci_g.log},
    {0, "log-format", "FORMAT", "of that file: text (default) or json", OPT_STR, &oci_g.log_format},
    {0, "debug", NULL, "tell each step", OPT_FLAG, &oci_g.debug},
    {0, "systemd-cgroup", NULL, "the group is a scope of systemd's", OPT_FLAG, &oci_g.systemd},
    {0, "cgroup-manager", "NAME", "crun's: cgroupfs, systemd or disabled", OPT_STR, &oci_g.manager},
    {0, "rootless", "BOOL", "accepted: what is not permitted is found out", OPT_STR,
	&oci_g.rootless},
    {0, "criu", "PATH", "accepted and ignored", OPT_STR, &oci_g.criu},
    {'v', "version", NULL, "say which it is", OPT_FLAG, &oci_g.version},
    OPT_END,
};
static const struct opt create_opts[] = {
    {'b', "bundle", "DIR", "the bundle (the working directory)", OPT_STR, &oci_o.bundle},
    {'f', "config", "FILE", "another config.json", OPT_STR, &oci_o.config},
    {0, "console-socket", "PATH", "send the terminal's master there", OPT_STR, &oci_o.console},
    {0, "pidfd-socket", "PATH", "send a pidfd of the process there", OPT_STR, &oci_o.pidfd_socket},
    {0, "pid-file", "FILE", "write the process's pid there", OPT_STR, &oci_o.pid_file},
    {0, "no-pivot", NULL, "chroot, no pivot_root", OPT_FLAG, &oci_o.no_pivot},
    {0, "no-mount-fallback", NULL, "no bind mount keeps its source's flags", OPT_FLAG,
	&oci_o.no_fallback},
    {0, "no-new-keyring", NULL, "keep the caller's session keyring", OPT_FLAG, &oci_o.no_keyring},
    {0, "preserve-fds", "N", "N further descriptors from 3 on", OPT_NUM, &oci_o.preserve},
    {'d', "detach", NULL, "run: do not stand by", OPT_FLAG, &oci_o.detach},
    {0, "keep", NULL, "run: do not delete it at its end", OPT_FLAG, &oci_o.keep},
    {0, "no-subreaper", NULL, "run: accepted", OPT_FLAG, &oci_o.no_subreaper},
    OPT_END,
};
static const struct opt exec_opts[] = {
    {'p', "process", "FILE", "the process, as config.json has it", OPT_STR, &oci_o.process},
    {0, "pid-file", "FILE", "write the process's pid there", OPT_STR, &oci_o.pid_file},
    {'d', "detach", NULL, "do not wait for it", OPT_FLAG, &oci_o.detach},
    {0, "console-socket", "PATH", "send the terminal's master there", OPT_STR, &oci_o.console},
    {0, "pidfd-socket", "PATH", "send a pidfd of the process there", OPT_STR, &oci_o.pidfd_socket},
    {'t', "tty", NULL, "with a terminal", OPT_FLAG, &oci_o.tty},
    {'u', "user", "UID[:GID]", "as that user", OPT_STR, &oci_o.user},
    {'g', "additional-gids", "GID", "a further group", OPT_LIST, &oci_o.gids},
    {0, "cwd", "DIR", "its working directory", OPT_STR, &oci_o.cwd},
    {'e', "env", "K=V", "a further variable", OPT_LIST, &oci_o.env},
    {'c', "cap", "CAP", "a further capability", OPT_LIST, &oci_o.caps},
    {0, "no-new-privs", NULL, "set no_new_privs", OPT_FLAG, &oci_o.nnp},
    {0, "preserve-fds", "N", "N further descriptors from 3 on", OPT_NUM, &oci_o.preserve},
    {0, "ignore-paused", NULL, "also in a paused container", OPT_FLAG, &oci_o.ignore_paused},
    {0, "process-label", "LABEL", "its SELinux label", OPT_STR, &oci_o.label},
    {0, "apparmor", "PROFILE", "its AppArmor profile", OPT_STR, &oci_o.apparmor},
    {0, "cgroup", "PATH", "[CONTROLLER,...:]PATH, a group beneath its own", OPT_LIST,
	&oci_o.cgroups},
    {0, "no-subreaper", NULL, "accepted", OPT_FLAG, &oci_o.no_subreaper},
    OPT_END,
};
static const struct opt list_opts[] = {
    {'f', "format", "FORMAT", "table (default) or json", OPT_STR, &oci_o.format},
    {'q', "quiet", NULL, "ids alone", OPT_FLAG, &oci_o.quiet},
    OPT_END,
};
static const struct opt kill_opts[] = {
    {'a', "all", NULL, "to all its processes", OPT_FLAG, &oci_o.all},
    OPT_END,
};
static const struct opt delete_opts[] = {
    {'f', "force", NULL, "kill it first; a missing one is fine", OPT_FLAG, &oci_o.force},
    {'r', "regex", NULL, "ID is a regular expression", OPT_FLAG, &oci_o.regex},
    OPT_END,
};
static const struct opt events_opts[] = {
    {0, "interval", "5s", "time between two statistics", OPT_STR, &oci_o.interval},
    {0, "stats", NULL, "statistics once", OPT_FLAG, &oci_o.stats},
    OPT_END,
};
static const struct opt spec_opts[] = {
    {'b', "bundle", "DIR", "write it there", OPT_STR, &oci_o.bundle},
    {0, "rootless", NULL, "for a user", OPT_FLAG, &oci_o.rootless},
    OPT_END,
};
static const struct opt update_opts[] = {
    {'r', "resources", "FILE", "linux.resources as JSON; -: stdin", OPT_STR, &oci_o.resources},
    {0, "memory", "BYTES", "memory.limit; -1: none", OPT_STR, &oci_o.memory},
    {0, "memory-reservation", "BYTES", "memory.reservation", OPT_STR, &oci_o.reservation},
    {0, "memory-swap", "BYTES", "memory and swap; -1: no limit", OPT_STR, &oci_o.swap},
    {0, "kernel-memory", "BYTES", "accepted", OPT_STR, &oci_o.kernel},
    {0, "kernel-memory-tcp", "BYTES", "accepted", OPT_STR, &oci_o.kernel_tcp},
    {0, "cpu-period", "USEC", "cpu.period", OPT_STR, &oci_o.period},
    {0, "cpu-quota", "USEC", "cpu.quota", OPT_STR, &oci_o.quota},
    {0, "cpu-burst", "USEC", "cpu.burst", OPT_STR, &oci_o.burst},
    {0, "cpu-share", "N", "cpu.shares", OPT_STR, &oci_o.shares},
    {0, "cpu-shares", "N", NULL, OPT_STR, &oci_o.shares},
    {0, "cpu-rt-period", "USEC", "cpu.realtimePeriod", OPT_STR, &oci_o.rt_period},
    {0, "cpu-rt-runtime", "USEC", "cpu.realtimeRuntime", OPT_STR, &oci_o.rt_runtime},
    {0, "cpu-idle", "0|1", "cpu.idle", OPT_STR, &oci_o.idle},
    {0, "cpuset-cpus", "LIST", "cpu.cpus", OPT_STR, &oci_o.cpus},
    {0, "cpuset-mems", "LIST", "cpu.mems", OPT_STR, &oci_o.mems},
    {0, "pids-limit", "N", "pids.limit; -1: none", OPT_STR, &oci_o.pids},
    {0, "blkio-weight", "N", "blockIO.weight", OPT_STR, &oci_o.blkio},
    {0, "l3-cache-schema", "TEXT", "refused", OPT_STR, &oci_o.l3},
    {0, "mem-bw-schema", "TEXT", "refused", OPT_STR, &oci_o.l3},
    OPT_END,
};
static const struct opt no_opts[] = {OPT_END};

/* For the process that was called only: its children have other roots and descriptors. */
static void debug_line(const char *msg)
{
	static pid_t ours;
	ours = ours ? ours : getpid();
	if (ours == getpid())
		oci_log("debug", msg);
}

/* --- create, run, start --- */

static int stand_by(struct oci_create *c)
{
	struct enter e = {.pid = c->pid, .master = c->master, .signals = -1};
	struct oci_record r;
	enter_block_signals(&e);
	int code = enter_wait(&e);
	if (oci_o.keep)
		return code;
	if (oci_record_open(&r, oci_dir, c->id, OCI_LOCK) < 0)
		return code; /* it was deleted meanwhile */
	if (oci_delete(&r, true) < 0)
		warn_fail();
	oci_record_close(&r);
	return code;
}

static int do_create(const char *id, bool run)
{
	struct oci_create c = {.root = oci_dir,
	    .id = id,
	    .bundle = oci_o.bundle,
	    .config = oci_o.config,
	    .pid_file = oci_o.pid_file,
	    .console_socket = oci_o.console,
	    .pidfd_socket = oci_o.pidfd_socket,
	    .no_pivot = oci_o.no_pivot,
	    .no_fallback = oci_o.no_fallback,
	    .no_new_keyring = oci_o.no_keyring,
	    .systemd = oci_g.systemd,
	    .run = run,
	    .attached = run && !oci_o.detach && !oci_o.console,
	    .preserve = (unsigned)oci_o.preserve};
	if (run && !oci_o.detach && !oci_o.no_subreaper)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	TRACE("nsexec container setup; child process in init()");
	if (oci_create(&c) < 0)
		oci_die_command(c.code, c.arg0 ? c.arg0 : "", 1);
	TRACE("init: closing the pipe to signal completion: process %d", (int)c.pid);
	if (!run)
		return 0;
	if (!oci_o.detach && (c.notify < 0 || fork() != 0))
		return stand_by(&c);
	oci_notify_wait(c.notify, c.pid);
	if (!oci_o.detach)
		_exit(0);
	return 0;
}

static int do_start(const char *id)
{
	struct oci_record r;
	struct spec s;
	int code = 1;
	oci_open(&r, id, OCI_LOCK);
	int notify = oci_notify_listen(&r);
	pid_t pid = r.pid;
	if (oci_start(&r, &code) == 0) {
		/* so that others can take its lock while the container gets ready */
		oci_record_close(&r);
		oci_notify_wait(notify, pid);
		return 0;
	}
	_cleanup_free_ char *why = fail_copy();
	if ((code & 0xff) >= 126 && oci_record_spec(&r, &s) == 0) {
		fail_again(why);
		oci_die_command(code, s.args.v[0], 1);
	}
	fail_again(why);
	oci_die(1);
}

/* --- changing --- */

static int do_kill(const char *id, const char *name)
{
	struct oci_record r;
	/* 0 only asks whether it runs, as in kill(2). */
	int sig = name ? 0 : SIGTERM;
	if (name && strcmp(name, "0") != 0)
		sig = signal_from_name(name);
	if (sig < 0)
		oci_die(1);
	oci_open(&r, id, OCI_LOOK);
	if (oci_kill(&r, sig, oci_o.all) < 0)
		oci_die(1);
	return 0;
}

static int do_delete(const char *id)
{
	struct oci_record r;
	int bad = oci_record_open(&r, oci_dir, id, oci_o.force ? OCI_SEIZE : OCI_LOCK);
	if (bad && oci_o.force && r.dir < 0 && errno == ENOENT)
		return 0;
	if ((bad && (!oci_o.force || r.dir < 0)) || oci_delete(&r, oci_o.force) < 0)
		oci_die(1);
	return 0;
}

/* crun's `delete --regex`. */
static int delete_matching(const char *re)
{
	struct strv names = {0};
	if (pattern_check(re) < 0)
		die_fail_usage();
	if (oci_record_names(oci_dir, &names) < 0)
		oci_die(1);
	for (size_t i = 0; i < names.n; i++) {
		if (pattern_found(re, names.v[i]) && do_delete(names.v[i]) != 0)
			return 1;
	}
	strv_free(&names);
	return 0;
}

static int do_pause(const char *id, bool on)
{
	struct oci_record r;
	oci_open(&r, id, OCI_LOCK);
	if (oci_pause(&r, on) < 0)
		oci_die(1);
	return 0;
}

/* --- the command line --- */

static const struct command {
	const char *name, *synopsis;
	const struct opt *opts;
	int min, max; /* the number of operands; max -1: any number */
} commands[] = {
    {"create", "create [OPTIONS] ID", create_opts, 1, 1},
    {"run", "run [OPTIONS] ID", create_opts, 1, 1},
    {"start", "start ID", no_opts, 1, 1},
    {"state", "state ID", no_opts, 1, 1},
    {"kill", "kill [OPTIONS] ID [SIGNAL]", kill_opts, 1, 2},
    {"delete", "delete [OPTIONS] ID", delete_opts, 1, 1},
    {"exec", "exec [OPTIONS] ID COMMAND [ARG...]", exec_opts, 1, -1},
    {"list", "list [OPTIONS]", list_opts, 0, 0},
    {"ps", "ps [OPTIONS] ID [OPTION OF ps(1)...]", list_opts, 1, -1},
    {"pause", "pause ID", no_opts, 1, 1},
    {"resume", "resume ID", no_opts, 1, 1},
    {"update", "update [OPTIONS] ID", update_opts, 1, 1},
    {"events", "events [OPTIONS] ID", events_opts, 1, 1},
    {"spec", "spec [OPTIONS]", spec_opts, 0, 0},
    {"features", "features", no_opts, 0, 0},
    {"checkpoint", "checkpoint ID", NULL, 0, -1},
    {"restore", "restore ID", NULL, 0, -1},
};

static const struct usage usage = {
    .placeless = true,
    .synopsis = "COMMAND [ARG...]",
    .more = "Commands: create run start state kill delete exec list ps pause resume update events "
	    "spec features\n"
	    "`ctr-oci COMMAND --help` shows the options of one. Exit code: 0, 1 (exec: 255) on "
	    "failure, run and exec the\n"
	    "process's own.\n",
    .opts = globals,
};

static int act(const struct command *c, int argc, char **argv)
{
	const char *name = c->name, *id = argc > 0 ? argv[0] : NULL;
	if (str_has_word("create run", name))
		return do_create(id, *name == 'r');
	if (strcmp(name, "start") == 0)
		return do_start(id);
	if (strcmp(name, "state") == 0)
		return oci_do_state(id);
	if (strcmp(name, "kill") == 0)
		return do_kill(id, argc > 1 ? argv[1] : NULL);
	if (strcmp(name, "delete") == 0)
		return oci_o.regex ? delete_matching(id) : do_delete(id);
	if (strcmp(name, "exec") == 0)
		return oci_do_exec(id, argc - 1, argv + 1);
	if (strcmp(name, "list") == 0) {
		if (oci_g.root &&
		    access(oci_dir, F_OK) < 0) { /* the default one need not be there */
			fail_errno(oci_dir);
			oci_die(1);
		}
		return oci_do_list();
	}
	if (strcmp(name, "ps") == 0)
		return oci_do_ps(id, argc - 1, argv + 1);
	if (str_has_word("pause resume", name))
		return do_pause(id, *name == 'p');
	if (strcmp(name, "update") == 0)
		return oci_do_update(id);
	if (strcmp(name, "events") == 0)
		return oci_do_events(id);
	return strcmp(name, "spec") == 0 ? oci_do_spec() : oci_do_features();
}

static void globals_check(void)
{
	if (oci_g.log_format && !str_has_word("text json", oci_g.log_format))
		die_usage("--log-format: '%s' is not text or json", oci_g.log_format);
	oci_g.systemd |= str_eq(oci_g.manager, "systemd");
	if (oci_g.log && str_starts(oci_g.log, "file:")) /* crun's */
		oci_g.log += 5;
	if (!oci_g.log || !*oci_g.log) {
		oci_g.log = NULL;
		return;
	}
	int fd = oci_log_open();
	if (fd < 0)
		die("--log: %s: %m", oci_g.log);
	close(fd); /* it would be among those that --preserve-fds counts */
}

/* As runc's and crun's help begins. */
static void help_head(const char *command, const char *option)
{
	if (!str_has_word("-h --help", option))
		return;
	if (strcmp(oci_called, "ctr-oci") == 0)
		return;
	if (*oci_called == 'c')
		printf("Usage: crun [OPTION...] %s %sCONTAINER\n\n", command,
		    *command == 'u' ? "[OPTION]... " : "");
	else
		printf("NAME:\n   runc %s%s- Open Container Initiative runtime\n\n", command,
		    *command ? " " : "");
	fflush(stdout);
	if (str_ends(command, "point") || strcmp(command, "restore") == 0)
		exit(0);
}

/* The caller's list of CPUs is not the container's, which has its cpuset and execCPUAffinity. */
static void start_afresh(char **argv)
{
	cpu_set_t all;
	if (self_protect(argv, true) < 0)
		die_fail();
	memset(&all, 0xff, sizeof all);
	sched_setaffinity(0, sizeof all, &all);
}

int ctr_oci_main(int argc, char **argv)
{
	err_code = err_usage_code = 1;
	json_any_case = true;
	oci_called = argv[0];
	if (argc == 2)
		help_head("", argv[1]);
	int n = opt_parse(&usage, argc, argv);
	if (oci_g.version) {
		printf("%s version %s.0\ncommit: ctrbox-%s\nspec: " SPEC_VERSION_MAX "\n",
		    oci_called, CTR_VERSION, CTR_VERSION);
		return 0;
	}
	if (n >= argc)
		die_usage("COMMAND is missing");
	const struct command *c = commands, *end = c + sizeof commands / sizeof commands[0];
	while (c < end && strcmp(c->name, argv[n]) != 0)
		c++;
	if (c == end)
		die_usage("%s: no such command: No help topic for '%s'", argv[n], argv[n]);
	if (c->opts == create_opts || c->opts == exec_opts)
		start_afresh(argv);
	if (argc == n + 2)
		help_head(c->name, argv[n + 1]);
	if (!c->opts) {
		fail("%s is not supported: this runtime has no checkpoints", c->name);
		oci_die(1);
	}
	globals_check();
	oci_dir = oci_root(oci_g.root);
	if (oci_g.debug) {
		trace_to = debug_line;
		trace_start();
		TRACE("ctr-oci %s, records in %s", c->name, oci_dir);
	}
	/* Callers write `update ID --memory 1` and `delete ID -f`; exec's and ps's further operands
	 * belong to another command. */
	struct usage sub = {
	    .placeless = true, .synopsis = c->synopsis, .opts = c->opts, .anywhere = c->max >= 0};
	int at = n + opt_parse(&sub, argc - n, argv + n), left = argc - at;
	if (oci_o.preserve > 1024)
		die_usage("--preserve-fds: at most 1024");
	if (oci_o.preserve && fcntl(3, F_GETFD) < 0) /* our own are not the caller's */
		die_usage("preserved-fd 0: descriptor 3 is not open");
	if (left < c->min)
		die_usage("%s: ID is missing", c->name);
	if (c->max >= 0 && left > c->max)
		die_usage("%s: %s: one operand too many", c->name, argv[at + c->max]);
	return act(c, left, argv + at);
}
