/* ctr-oci: a container runtime by the OCI runtime specification, with runc's command line; also
 * found as runc and crun.
 *
 * Kind: OWNER. Every command opens or makes one record (oci_record.h) and does one thing to it.
 * What outlives it is the container with its group and record, until `delete`.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "caps.h"
#include "cgroup.h"
#include "enter.h"
#include "err.h"
#include "file.h"
#include "json.h"
#include "oci.h"
#include "opt.h"
#include "selfexe.h"
#include "signames.h"
#include "stamp.h"
#include "str.h"
#include "table.h"
#include "tty.h"

static struct {
	const char *root, *log, *log_format, *rootless, *manager, *criu;
	bool debug, systemd, version;
} g;

static struct {
	const char *bundle, *pid_file, *console, *pidfd_socket, *format, *process, *user, *cwd,
	    *label, *apparmor, *cgroup, *resources, *interval;
	bool no_pivot, no_keyring, no_subreaper, detach, keep, all, force, quiet, tty, nnp,
	    ignore_paused, stats, rootless;
	int64_t preserve;
	struct strv env, caps, gids;
	const char *memory, *reservation, *swap, *kernel, *kernel_tcp, *period, *quota, *burst,
	    *shares, *rt_period, *rt_runtime, *cpus, *mems, *pids, *blkio, *idle, *l3, *mb;
} o;

static const struct opt globals[] = {
    {0, "root", "DIR", "where records are (/run/ctr-oci; a user: $XDG_RUNTIME_DIR/ctr-oci)",
	OPT_STR, &g.root},
    {0, "log", "FILE", "append errors to FILE as well", OPT_STR, &g.log},
    {0, "log-format", "FORMAT", "of that file: text (default) or json", OPT_STR, &g.log_format},
    {0, "debug", NULL, "accepted", OPT_FLAG, &g.debug},
    {0, "systemd-cgroup", NULL, "groups by systemd: refused, see the manual", OPT_FLAG, &g.systemd},
    {0, "cgroup-manager", "NAME", "crun's: cgroupfs, or disabled", OPT_STR, &g.manager},
    {0, "rootless", "BOOL", "accepted: what is not permitted is found out", OPT_STR, &g.rootless},
    {0, "criu", "PATH", "accepted and ignored", OPT_STR, &g.criu},
    {'v', "version", NULL, "say which it is", OPT_FLAG, &g.version},
    OPT_END,
};
static const struct opt create_opts[] = {
    {'b', "bundle", "DIR", "the bundle (the working directory)", OPT_STR, &o.bundle},
    {0, "console-socket", "PATH", "send the terminal's master there", OPT_STR, &o.console},
    {0, "pidfd-socket", "PATH", "send a pidfd of the process there", OPT_STR, &o.pidfd_socket},
    {0, "pid-file", "FILE", "write the process's pid there", OPT_STR, &o.pid_file},
    {0, "no-pivot", NULL, "move the root and chroot instead of pivot_root", OPT_FLAG, &o.no_pivot},
    {0, "no-new-keyring", NULL, "keep the caller's session keyring", OPT_FLAG, &o.no_keyring},
    {0, "preserve-fds", "N", "N further descriptors from 3 on", OPT_NUM, &o.preserve},
    {'d', "detach", NULL, "run: do not stand by", OPT_FLAG, &o.detach},
    {0, "keep", NULL, "run: do not delete it at its end", OPT_FLAG, &o.keep},
    {0, "no-subreaper", NULL, "run: accepted", OPT_FLAG, &o.no_subreaper},
    OPT_END,
};
static const struct opt exec_opts[] = {
    {'p', "process", "FILE", "the process, as config.json has it", OPT_STR, &o.process},
    {0, "pid-file", "FILE", "write its pid there", OPT_STR, &o.pid_file},
    {'d', "detach", NULL, "do not wait for it", OPT_FLAG, &o.detach},
    {0, "console-socket", "PATH", "send the terminal's master there", OPT_STR, &o.console},
    {0, "pidfd-socket", "PATH", "send a pidfd of it there", OPT_STR, &o.pidfd_socket},
    {'t', "tty", NULL, "with a terminal", OPT_FLAG, &o.tty},
    {'u', "user", "UID[:GID]", "as that user", OPT_STR, &o.user},
    {'g', "additional-gids", "GID", "a further group", OPT_LIST, &o.gids},
    {0, "cwd", "DIR", "its working directory", OPT_STR, &o.cwd},
    {'e', "env", "K=V", "a further variable", OPT_LIST, &o.env},
    {'c', "cap", "CAP", "a further capability", OPT_LIST, &o.caps},
    {0, "no-new-privs", NULL, "set no_new_privs", OPT_FLAG, &o.nnp},
    {0, "preserve-fds", "N", "N further descriptors from 3 on", OPT_NUM, &o.preserve},
    {0, "ignore-paused", NULL, "also in a paused container", OPT_FLAG, &o.ignore_paused},
    {0, "process-label", "LABEL", "its SELinux label", OPT_STR, &o.label},
    {0, "apparmor", "PROFILE", "its AppArmor profile", OPT_STR, &o.apparmor},
    {0, "cgroup", "PATH", "a group beneath the container's", OPT_STR, &o.cgroup},
    {0, "no-subreaper", NULL, "accepted", OPT_FLAG, &o.no_subreaper},
    OPT_END,
};
static const struct opt list_opts[] = {
    {'f', "format", "FORMAT", "table (default) or json", OPT_STR, &o.format},
    {'q', "quiet", NULL, "ids alone", OPT_FLAG, &o.quiet},
    OPT_END,
};
static const struct opt kill_opts[] = {
    {'a', "all", NULL, "to all its processes", OPT_FLAG, &o.all},
    OPT_END,
};
static const struct opt delete_opts[] = {
    {'f', "force", NULL, "kill it first; a missing one is fine", OPT_FLAG, &o.force},
    OPT_END,
};
static const struct opt events_opts[] = {
    {0, "interval", "5s", "time between two statistics", OPT_STR, &o.interval},
    {0, "stats", NULL, "statistics once", OPT_FLAG, &o.stats},
    OPT_END,
};
static const struct opt spec_opts[] = {
    {'b', "bundle", "DIR", "write it there", OPT_STR, &o.bundle},
    {0, "rootless", NULL, "for a user", OPT_FLAG, &o.rootless},
    OPT_END,
};
static const struct opt update_opts[] = {
    {'r', "resources", "FILE", "linux.resources as JSON; -: stdin", OPT_STR, &o.resources},
    {0, "memory", "BYTES", "memory.limit; -1: none", OPT_STR, &o.memory},
    {0, "memory-reservation", "BYTES", "memory.reservation", OPT_STR, &o.reservation},
    {0, "memory-swap", "BYTES", "memory and swap; -1: no limit", OPT_STR, &o.swap},
    {0, "kernel-memory", "BYTES", "accepted and without effect", OPT_STR, &o.kernel},
    {0, "kernel-memory-tcp", "BYTES", "accepted and without effect", OPT_STR, &o.kernel_tcp},
    {0, "cpu-period", "USEC", "cpu.period", OPT_STR, &o.period},
    {0, "cpu-quota", "USEC", "cpu.quota", OPT_STR, &o.quota},
    {0, "cpu-burst", "USEC", "cpu.burst", OPT_STR, &o.burst},
    {0, "cpu-share", "N", "cpu.shares", OPT_STR, &o.shares},
    {0, "cpu-shares", "N", NULL, OPT_STR, &o.shares},
    {0, "cpu-rt-period", "USEC", "cpu.realtimePeriod", OPT_STR, &o.rt_period},
    {0, "cpu-rt-runtime", "USEC", "cpu.realtimeRuntime", OPT_STR, &o.rt_runtime},
    {0, "cpu-idle", "0|1", "cpu.idle", OPT_STR, &o.idle},
    {0, "cpuset-cpus", "LIST", "cpu.cpus", OPT_STR, &o.cpus},
    {0, "cpuset-mems", "LIST", "cpu.mems", OPT_STR, &o.mems},
    {0, "pids-limit", "N", "pids.limit; -1: none", OPT_STR, &o.pids},
    {0, "blkio-weight", "N", "blockIO.weight", OPT_STR, &o.blkio},
    {0, "l3-cache-schema", "TEXT", "refused", OPT_STR, &o.l3},
    {0, "mem-bw-schema", "TEXT", "refused", OPT_STR, &o.mb},
    OPT_END,
};
static const struct opt no_opts[] = {OPT_END};

static char *root;

/* --- errors --- */

/* What goes to --log: containerd and others look for the last line of level error (logrus' two
 * shapes). */
static void log_error(const char *msg)
{
	char stamp[STAMP_SIZE];
	struct timespec now;
	struct buf b = {0};
	if (!g.log)
		return;
	clock_now(CLOCK_REALTIME, &now);
	stamp_text(stamp, now.tv_sec, -1);
	bool as_json = str_eq(g.log_format, "json");
	buf_puts(&b, as_json ? "{\"level\":\"error\",\"msg\":" : "time=");
	if (!as_json)
		buf_printf(&b, "\"%s\" level=error msg=", stamp);
	buf_json(&b, msg);
	if (as_json)
		buf_printf(&b, ",\"time\":\"%s\"}", stamp);
	buf_puts(&b, "\n");
	_cleanup_close_ int fd = open(g.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0 || fd_write_all(fd, b.p, b.n) < 0)
		warn("%s: %m", g.log);
	buf_free(&b);
}

static _Noreturn void oci_die(int code)
{
	log_error(fail_msg());
	die_code(code, "%s", fail_msg());
}

/* The words that docker and podman know for a command that is not there (exit code 127) or not to
 * be executed (126). */
static _Noreturn void oci_die_command(int code, const char *arg0, int fallback)
{
	_cleanup_free_ char *why = xstrdup(fail_msg());
	if (code == 126 && (strstr(why, "Permission denied") || strstr(why, "Is a directory"))) {
		fail("exec: \"%s\": permission denied: %s", arg0, why);
	} else if (code == 127) {
		if (strchr(arg0, '/'))
			fail("exec: \"%s\": stat %s: no such file or directory: %s", arg0, arg0,
			    why);
		else
			fail("exec: \"%s\": executable file not found in $PATH: %s", arg0, why);
	}
	oci_die(fallback);
}

static void open_record(struct oci_record *r, const char *id, bool lock)
{
	if (oci_record_open(r, root, id, lock) < 0)
		oci_die(1);
}

/* --- create, run, start --- */

static int stand_by(struct oci_create *c)
{
	struct enter e = {.pid = c->pid, .master = c->master, .signals = -1};
	struct oci_record r;
	enter_block_signals(&e);
	int code = enter_wait(&e);
	if (o.keep)
		return code;
	if (oci_record_open(&r, root, c->id, true) < 0)
		return code; /* deleted meanwhile */
	if (oci_delete(&r, true) < 0)
		warn("%s", fail_msg());
	oci_record_close(&r);
	return code;
}

static int do_create(const char *id, bool run)
{
	struct oci_create c = {.root = root,
	    .id = id,
	    .bundle = o.bundle,
	    .pid_file = o.pid_file,
	    .console_socket = o.console,
	    .pidfd_socket = o.pidfd_socket,
	    .no_pivot = o.no_pivot,
	    .no_new_keyring = o.no_keyring,
	    .systemd = g.systemd,
	    .run = run,
	    .attached = run && !o.detach && !o.console,
	    .preserve = (unsigned)o.preserve};
	if (o.preserve > 1024)
		die_usage("--preserve-fds: at most 1024");
	if (run && !o.detach && !o.no_subreaper)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (oci_create(&c) < 0)
		oci_die_command(c.code, c.arg0 ? c.arg0 : "", 1);
	return run && !o.detach ? stand_by(&c) : 0;
}

static int do_start(const char *id)
{
	struct oci_record r;
	struct spec s;
	int code = 1;
	open_record(&r, id, true);
	if (oci_start(&r, &code) == 0)
		return 0;
	_cleanup_free_ char *why = xstrdup(fail_msg());
	if (code >= 126 && oci_record_spec(&r, &s) == 0) {
		fail("%s", why);
		oci_die_command(code, s.args.v[0], 1);
	}
	fail("%s", why);
	oci_die(1);
}

/* --- looking --- */

static int do_state(const char *id)
{
	struct oci_record r;
	open_record(&r, id, false);
	_cleanup_free_ char *text = oci_record_json(&r);
	puts(text);
	return 0;
}

static int do_list(void)
{
	struct strv names = {0};
	struct table t = {0};
	bool as_json = str_eq(o.format, "json");
	json_t *all = json_array();
	if (oci_record_names(root, &names) < 0)
		oci_die(1);
	if (!as_json && !o.quiet)
		table_row(
		    &t, 6, (const char *[]){"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"});
	for (size_t i = 0; i < names.n; i++) {
		struct oci_record r;
		if (oci_record_open(&r, root, names.v[i], false) < 0) {
			warn("%s", fail_msg()); /* one bad record does not hide the others */
			continue;
		}
		const char *keys[] = {"bundle", "created", "owner"}, *v[3];
		char pid[16];
		for (int k = 0; k < 3; k++)
			if (!(v[k] = kv_get(&r.state, keys[k])))
				v[k] = "";
		snprintf(pid, sizeof pid, "%d", (int)r.pid);
		if (as_json) {
			_cleanup_free_ char *text = oci_record_json(&r);
			json_array_append_new(all, json_parse("state", text, strlen(text)));
		} else if (o.quiet) {
			puts(names.v[i]);
		} else {
			table_row(&t, 6,
			    (const char *[]){
				names.v[i], pid, oci_status_name(r.status), v[0], v[1], v[2]});
		}
		oci_record_close(&r);
	}
	if (as_json) {
		_cleanup_free_ char *text = json_text(all);
		puts(text);
	} else if (!o.quiet) {
		table_print(&t, true);
	}
	json_decref(all);
	return 0;
}

static int add_pid(pid_t pid, void *arg)
{
	json_array_append_new(arg, json_integer(pid));
	return 0;
}

static void ps_row(struct table *t, int pid)
{
	char path[40];
	struct stat st;
	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	size_t n = 0;
	_cleanup_free_ char *cmd = file_read(path, 65536, &n), *shown = NULL;
	for (size_t i = 0; cmd && i + 1 < n; i++)
		cmd[i] = cmd[i] ? cmd[i] : ' ';
	*strrchr(path, '/') = 0;
	if (!cmd || stat(path, &st) < 0)
		return; /* it has ended */
	shown = str_escape(cmd);
	_cleanup_free_ char *num = xasprintf("%d", pid), *uid = xasprintf("%u", st.st_uid);
	table_row(t, 3, (const char *[]){uid, num, shown});
}

static int do_ps(const char *id)
{
	struct oci_record r;
	struct table t = {0};
	open_record(&r, id, false);
	const char *group = oci_record_group(&r);
	json_t *pids = json_array();
	if (group && cgroup_procs(group, add_pid, pids) < 0)
		oci_die(1);
	if (!group && r.pid)
		add_pid(r.pid, pids);
	if (str_eq(o.format, "json")) {
		_cleanup_free_ char *text = json_text(pids);
		puts(text);
		return 0;
	}
	table_row(&t, 3, (const char *[]){"UID", "PID", "CMD"});
	for (size_t i = 0; i < json_array_size(pids); i++)
		ps_row(&t, (int)json_integer_value(json_array_get(pids, i)));
	table_print(&t, true);
	return 0;
}

/* "5s", "1m", "500ms": Go's durations as people write them; in whole seconds. */
static int seconds(const char *s)
{
	char *end;
	long n = s ? strtol(s, &end, 10) : 5;
	if (!s)
		return 5;
	if (n <= 0 || (*end && strcmp(end, "s") && strcmp(end, "m") && strcmp(end, "ms")) ||
	    n > 86400)
		die_usage("--interval: '%s' is not a time above 0 (5s, 1m)", s);
	if (strcmp(end, "ms") == 0)
		return n < 1000 ? 1 : (int)(n / 1000);
	return (int)(strcmp(end, "m") == 0 ? n * 60 : n);
}

static int do_events(const char *id)
{
	struct oci_record r;
	int interval = seconds(o.interval);
	open_record(&r, id, false);
	if (o.stats) {
		_cleanup_free_ char *text = oci_stats(&r);
		if (!text)
			oci_die(1);
		puts(text);
		return 0;
	}
	if (oci_events(&r, interval) < 0)
		oci_die(1);
	return 0;
}

/* --- changing --- */

static int do_kill(const char *id, const char *name)
{
	struct oci_record r;
	/* 0 asks only whether it runs, as kill(2)'s does. */
	int sig = str_eq(name, "0") ? 0 : signal_from_name(name ? name : "TERM");
	if (sig < 0)
		oci_die(1);
	open_record(&r, id, false);
	if (oci_kill(&r, sig, o.all) < 0)
		oci_die(1);
	return 0;
}

static int do_delete(const char *id)
{
	struct oci_record r;
	if (oci_record_open(&r, root, id, true) < 0) {
		if (o.force && errno == ENOENT)
			return 0;
		oci_die(1);
	}
	if (oci_delete(&r, o.force) < 0)
		oci_die(1);
	return 0;
}

static int do_pause(const char *id, bool on)
{
	struct oci_record r;
	open_record(&r, id, true);
	if (oci_pause(&r, on) < 0)
		oci_die(1);
	return 0;
}

static void json_num(struct buf *b, const char *key, const char *value)
{
	int64_t n;
	if (!value)
		return;
	if (strcmp(value, "-1") != 0 && strspn(value, "0123456789") != strlen(value)) {
		uint64_t u; /* 100M, as runc takes it */
		if (size_parse(key, value, &u) < 0)
			die_fail_usage();
		n = (int64_t)u;
	} else if (num_parse(key, value, -1, INT64_MAX, &n) < 0) {
		die_fail_usage();
	}
	buf_printf(b, "%s\"%s\":%lld", b->p[b->n - 1] == '{' ? "" : ",", key, (long long)n);
}

static void json_word(struct buf *b, const char *key, const char *value)
{
	if (!value)
		return;
	buf_printf(b, "%s\"%s\":", b->p[b->n - 1] == '{' ? "" : ",", key);
	buf_json(b, value);
}

/* The flags as linux.resources, so that one reader checks both. */
static void update_flags(struct buf *b, const char *limit_now)
{
	buf_puts(b, "{\"memory\":{");
	const char *none = str_eq(o.memory, "-1") ? "-1" : NULL;
	if (o.memory || o.swap)
		json_num(b, "limit", o.memory ? o.memory : limit_now);
	json_num(b, "reservation", o.reservation);
	json_num(b, "swap", o.swap ? o.swap : none);
	buf_puts(b, "},\"cpu\":{");
	json_num(b, "period", o.period);
	json_num(b, "quota", o.quota);
	json_num(b, "burst", o.burst);
	json_num(b, "shares", o.shares);
	json_num(b, "realtimePeriod", o.rt_period);
	json_num(b, "realtimeRuntime", o.rt_runtime);
	json_num(b, "idle", o.idle);
	json_word(b, "cpus", o.cpus);
	json_word(b, "mems", o.mems);
	buf_puts(b, "}");
	if (o.pids) {
		buf_puts(b, ",\"pids\":{");
		json_num(b, "limit", o.pids);
		buf_puts(b, "}");
	}
	if (o.blkio) {
		buf_puts(b, ",\"blockIO\":{");
		json_num(b, "weight", o.blkio);
		buf_puts(b, "}");
	}
	buf_puts(b, "}");
}

static int do_update(const char *id)
{
	struct oci_record r;
	struct spec limits = {0};
	struct buf b = {0};
	size_t len = 0;
	bool in = str_eq(o.resources, "-");
	if (o.l3 || o.mb)
		die_usage("--l3-cache-schema and --mem-bw-schema are not supported");
	open_record(&r, id, true);
	_cleanup_free_ char *text = NULL, *now = NULL;
	if (o.resources) {
		text = in ? fd_read_all(0, "stdin", 1 << 20, &len)
			  : file_read(o.resources, 1 << 20, &len);
		if (!text ||
		    spec_parse_resources(&limits, in ? "stdin" : o.resources, text, len) < 0)
			oci_die(1);
	} else {
		now = oci_record_group(&r) ? cgroup_get(oci_record_group(&r), "memory.max") : NULL;
		update_flags(&b, now && strcmp(now, "max") != 0 ? now : "-1");
		if (spec_parse_resources(&limits, "flags", b.p, b.n) < 0)
			oci_die(1);
	}
	if (oci_update(&r, &limits) < 0)
		oci_die(1);
	return 0;
}

/* --- exec --- */

static void exec_user(struct spec *s)
{
	int64_t uid, gid = 0;
	char *colon = strchr(o.user, ':');
	_cleanup_free_ char *u =
	    xstrndup(o.user, colon ? (size_t)(colon - o.user) : strlen(o.user));
	if (num_parse("--user", u, 0, UINT32_MAX - 1, &uid) < 0 ||
	    (colon && num_parse("--user", colon + 1, 0, UINT32_MAX - 1, &gid) < 0))
		die_fail_usage();
	s->uid = (uint32_t)uid;
	s->gid = (uint32_t)gid;
}

static void exec_more(struct spec *s)
{
	for (size_t i = 0; i < o.env.n; i++) {
		const char *kv = o.env.v[i], *eq = strchr(kv, '=');
		if (!eq || eq == kv)
			die_usage("--env: '%s' is not NAME=VALUE", kv);
		_cleanup_free_ char *key = xstrndup(kv, (size_t)(eq - kv));
		strv_setenv(&s->env, key, eq + 1);
	}
	for (size_t i = 0; i < o.caps.n; i++) {
		uint64_t bit;
		if (caps_from_name(o.caps.v[i], &bit) < 0)
			die_fail_usage();
		s->caps.bounding |= bit;
		s->caps.effective |= bit;
		s->caps.permitted |= bit;
		s->caps.ambient |= s->uid ? bit : 0;
		s->caps.inheritable |= s->uid ? bit : 0;
	}
	for (size_t i = 0; i < o.gids.n; i++) {
		int64_t gid;
		if (num_parse("--additional-gids", o.gids.v[i], 0, UINT32_MAX - 1, &gid) < 0)
			die_fail_usage();
		s->gids.v = xrealloc(s->gids.v, (s->gids.n + 1) * sizeof *s->gids.v);
		s->gids.v[s->gids.n++] = (uint32_t)gid;
	}
}

static void replace(char **at, const char *with)
{
	if (!with)
		return;
	free(*at);
	*at = xstrdup(with);
}

static void exec_process(struct spec *s, int argc, char **argv)
{
	struct winsize w;
	if (o.process) {
		size_t len;
		_cleanup_free_ char *text = file_read(o.process, 1 << 20, &len);
		if (!text || spec_parse_process(s, o.process, text, len) < 0)
			oci_die(255);
	} else {
		if (argc < 1)
			die_usage("process args cannot be empty: COMMAND is missing");
		strv_free(&s->args);
		for (int i = 0; i < argc; i++)
			strv_add(&s->args, argv[i]);
		s->terminal = o.tty;
		s->rows = s->cols = 0;
		if (o.user)
			exec_user(s);
	}
	s->terminal |= o.tty;
	s->has_oom_score_adj &= o.process != NULL;
	if (s->terminal && !s->rows && tty_size(&w) == 0) {
		s->rows = w.ws_row;
		s->cols = w.ws_col;
	}
	exec_more(s);
	if (o.cwd && o.cwd[0] != '/')
		die_usage("--cwd: '%s' is not an absolute path", o.cwd);
	replace(&s->cwd, o.cwd);
	replace(&s->apparmor, o.apparmor);
	replace(&s->selinux_label, o.label);
	s->no_new_privileges |= o.nnp;
}

static int do_exec(const char *id, int argc, char **argv)
{
	struct oci_record r;
	struct spec s;
	struct oci_exec x = {.pid_file = o.pid_file,
	    .console_socket = o.console,
	    .pidfd_socket = o.pidfd_socket,
	    .cgroup = o.cgroup,
	    .detach = o.detach,
	    .ignore_paused = o.ignore_paused,
	    .preserve = (unsigned)o.preserve,
	    .e = {.signals = -1}};
	err_code = err_usage_code = 255;
	if (oci_record_open(&r, root, id, false) < 0 || oci_record_spec(&r, &s) < 0)
		oci_die(255);
	exec_process(&s, argc, argv);
	if (!o.detach)
		enter_block_signals(&x.e);
	if (oci_exec(&r, &s, &x) < 0)
		oci_die_command(x.e.code, s.args.v[0], 255);
	return o.detach ? 0 : enter_wait(&x.e);
}

static int do_spec(void)
{
	_cleanup_free_ char *text = oci_default_config(o.rootless),
			    *path = xasprintf("%s/config.json", o.bundle ? o.bundle : ".");
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		fail("File %s exists. Remove it first", path);
	else if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0 || close(fd) < 0)
		fail("%s: %m", path);
	else
		return 0;
	oci_die(1);
}

static int do_features(void)
{
	_cleanup_free_ char *text = oci_features();
	puts(text);
	return 0;
}

/* --- the command line --- */

static const struct command {
	const char *name, *synopsis;
	const struct opt *opts;
	int min, max; /* operands; max -1: any */
} commands[] = {
    {"create", "create [OPTIONS] ID", create_opts, 1, 1},
    {"run", "run [OPTIONS] ID", create_opts, 1, 1},
    {"start", "start ID", no_opts, 1, 1},
    {"state", "state ID", no_opts, 1, 1},
    {"kill", "kill [OPTIONS] ID [SIGNAL]", kill_opts, 1, 2},
    {"delete", "delete [OPTIONS] ID", delete_opts, 1, 1},
    {"exec", "exec [OPTIONS] ID COMMAND [ARG...]", exec_opts, 1, -1},
    {"list", "list [OPTIONS]", list_opts, 0, 0},
    {"ps", "ps [OPTIONS] ID", list_opts, 1, -1},
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
	if (strcmp(name, "create") == 0 || strcmp(name, "run") == 0)
		return do_create(id, *name == 'r');
	if (strcmp(name, "start") == 0)
		return do_start(id);
	if (strcmp(name, "state") == 0)
		return do_state(id);
	if (strcmp(name, "kill") == 0)
		return do_kill(id, argc > 1 ? argv[1] : NULL);
	if (strcmp(name, "delete") == 0)
		return do_delete(id);
	if (strcmp(name, "exec") == 0)
		return do_exec(id, argc - 1, argv + 1);
	if (strcmp(name, "list") == 0)
		return do_list();
	if (strcmp(name, "ps") == 0)
		return do_ps(id);
	if (strcmp(name, "pause") == 0 || strcmp(name, "resume") == 0)
		return do_pause(id, *name == 'p');
	if (strcmp(name, "update") == 0)
		return do_update(id);
	if (strcmp(name, "events") == 0)
		return do_events(id);
	return strcmp(name, "spec") == 0 ? do_spec() : do_features();
}

static void globals_check(void)
{
	if (g.log_format && strcmp(g.log_format, "text") && strcmp(g.log_format, "json"))
		die_usage("--log-format: '%s' is not text or json", g.log_format);
	if (g.systemd || str_eq(g.manager, "systemd")) {
		fail("systemd cgroup flag passed, but systemd's groups are not supported: use the "
		     "cgroupfs driver");
		oci_die(1);
	}
}

int ctr_oci_main(int argc, char **argv)
{
	err_code = err_usage_code = 1;
	int n = opt_parse(&usage, argc, argv);
	if (g.version) {
		printf("ctr-oci version %s\nspec: 1.3.0\n", CTR_VERSION);
		return 0;
	}
	if (n >= argc)
		die_usage("COMMAND is missing");
	const struct command *c = commands, *end = c + sizeof commands / sizeof commands[0];
	while (c < end && strcmp(c->name, argv[n]) != 0)
		c++;
	if (c == end)
		die_usage("%s: no such command", argv[n]);
	if (!c->opts) {
		fail("%s is not supported: this runtime has no checkpoints", c->name);
		oci_die(1);
	}
	if (c->opts == create_opts || c->opts == exec_opts)
		if (self_protect(argv) < 0)
			die_fail();
	globals_check();
	root = oci_root(g.root);
	/* Callers write `update ID --memory 1` and `delete ID -f`; exec's and ps's further operands
	 * belong to another command. */
	struct usage sub = {.synopsis = c->synopsis, .opts = c->opts, .anywhere = c->max >= 0};
	int at = n + opt_parse(&sub, argc - n, argv + n), left = argc - at;
	if (left < c->min)
		die_usage("%s: ID is missing", c->name);
	if (c->max >= 0 && left > c->max)
		die_usage("%s: %s: one operand too many", c->name, argv[at + c->max]);
	return act(c, left, argv + at);
}
