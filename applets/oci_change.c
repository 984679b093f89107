/* oci_change.c: ctr-oci's commands with the most options: update and exec; see oci_cli.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>

#include "caps.h"
#include "cgroup.h"
#include "enter.h"
#include "err.h"
#include "file.h"
#include "oci_cli.h"
#include "placement.h"
#include "title.h"
#include "trace.h"
#include "tty.h"

/* --- update --- */

static void json_num(struct buf *b, const char *key, const char *value)
{
	int64_t n;
	if (!value)
		return;
	if (strcmp(value, "-1") != 0 && strspn(value, "0123456789") != strlen(value)) {
		uint64_t u; /* such as 100M, as in runc */
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

/* The options as linux.resources, so that a single parser checks both. */
static void update_flags(struct buf *b, const char *limit_now)
{
	buf_puts(b, "{\"memory\":{");
	const char *none = str_eq(oci_o.memory, "-1") ? "-1" : NULL;
	if (oci_o.memory || oci_o.swap)
		json_num(b, "limit", oci_o.memory ? oci_o.memory : limit_now);
	json_num(b, "reservation", oci_o.reservation);
	json_num(b, "swap", oci_o.swap ? oci_o.swap : none);
	buf_puts(b, "},\"cpu\":{");
	json_num(b, "period", oci_o.period);
	json_num(b, "quota", oci_o.quota);
	json_num(b, "burst", oci_o.burst);
	json_num(b, "shares", oci_o.shares);
	json_num(b, "realtimePeriod", oci_o.rt_period);
	json_num(b, "realtimeRuntime", oci_o.rt_runtime);
	json_num(b, "idle", oci_o.idle);
	json_word(b, "cpus", oci_o.cpus);
	json_word(b, "mems", oci_o.mems);
	buf_puts(b, "}");
	if (oci_o.pids) {
		buf_puts(b, ",\"pids\":{");
		json_num(b, "limit", oci_o.pids);
		buf_puts(b, "}");
	}
	if (oci_o.blkio) {
		buf_puts(b, ",\"blockIO\":{");
		json_num(b, "weight", oci_o.blkio);
		buf_puts(b, "}");
	}
	buf_puts(b, "}");
}

int oci_do_update(const char *id)
{
	struct oci_record r;
	struct spec limits = {0};
	struct buf b = {0};
	size_t len = 0;
	bool in = str_eq(oci_o.resources, "-");
	if (oci_o.l3)
		die_usage("--l3-cache-schema, --mem-bw-schema: not supported");
	oci_open(&r, id, OCI_LOCK);
	_cleanup_free_ char *text = NULL, *now = NULL;
	if (oci_o.resources) {
		text = in ? fd_read_all(0, "stdin", 1 << 20, &len)
			  : file_read(oci_o.resources, 1 << 20, &len);
		if (!text ||
		    spec_parse_resources(&limits, in ? "stdin" : oci_o.resources, text, len) < 0)
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
	char *colon = strchr(oci_o.user, ':');
	_cleanup_free_ char *u =
	    xstrndup(oci_o.user, colon ? (size_t)(colon - oci_o.user) : strlen(oci_o.user));
	if (num_parse("--user", u, 0, UINT32_MAX - 1, &uid) < 0 ||
	    (colon && num_parse("--user", colon + 1, 0, UINT32_MAX - 1, &gid) < 0))
		die_fail_usage();
	s->uid = (uint32_t)uid;
	s->gid = (uint32_t)gid;
}

static void exec_more(struct spec *s)
{
	for (size_t i = 0; i < oci_o.env.n; i++) {
		const char *kv = oci_o.env.v[i], *eq = strchr(kv, '=');
		if (!eq || eq == kv)
			die_usage("--env: '%s' is not NAME=VALUE", kv);
		_cleanup_free_ char *key = xstrndup(kv, (size_t)(eq - kv));
		strv_setenv(&s->env, key, eq + 1);
	}
	for (size_t i = 0; i < oci_o.caps.n; i++) {
		uint64_t bit;
		if (caps_from_name(oci_o.caps.v[i], &bit) < 0) {
			warn("%s: not in effect", fail_msg()); /* a newer one, as in config.json */
			continue;
		}
		s->caps.bounding |= bit;
		s->caps.effective |= bit;
		s->caps.permitted |= bit;
		s->caps.ambient |= s->uid || s->caps.inheritable ? bit : 0;
		s->caps.inheritable |= s->uid ? bit : 0;
	}
	for (size_t i = 0; i < oci_o.gids.n; i++) {
		int64_t gid;
		if (num_parse("--additional-gids", oci_o.gids.v[i], 0, UINT32_MAX - 1, &gid) < 0)
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
	if (oci_o.process) {
		size_t len;
		/* Callers give <(...), too. */
		_cleanup_close_ int fd = open(oci_o.process, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fail_open(oci_o.process);
		_cleanup_free_ char *text =
		    fd < 0 ? NULL : fd_read_all(fd, oci_o.process, 1 << 20, &len);
		if (!text || spec_parse_process(s, oci_o.process, text, len) < 0)
			oci_die(255);
	} else {
		if (argc < 1)
			die_usage("process args cannot be empty: COMMAND is missing");
		strv_free(&s->args);
		for (int i = 0; i < argc; i++)
			strv_add(&s->args, argv[i]);
		s->terminal = oci_o.tty;
		s->rows = s->cols = 0;
		if (oci_o.user)
			exec_user(s);
	}
	s->terminal |= oci_o.tty;
	s->has_oom_score_adj &= oci_o.process != NULL;
	if (s->terminal && !s->rows && tty_size(&w) == 0) {
		s->rows = w.ws_row;
		s->cols = w.ws_col;
	}
	exec_more(s);
	if (oci_o.cwd && oci_o.cwd[0] != '/')
		die_usage("--cwd: '%s' is not an absolute path", oci_o.cwd);
	replace(&s->cwd, oci_o.cwd);
	replace(&s->apparmor, oci_o.apparmor);
	replace(&s->selinux_label, oci_o.label);
	s->no_new_privileges |= oci_o.nnp;
}

/* Our own affinity until the child has its final one (config.md, "execCPUAffinity"). */
static void exec_affinity(const struct spec *s)
{
	unsigned long mask[16];
	if (!s->affinity_initial)
		return;
	if (placement_cpus(s->affinity_initial, mask) < 0)
		oci_die(255);
	TRACE("nsexec: affinity: %#lx", mask[0]);
}

int oci_do_exec(const char *id, int argc, char **argv)
{
	struct oci_record r;
	struct spec s;
	struct oci_exec x = {.pid_file = oci_o.pid_file,
	    .console_socket = oci_o.console,
	    .pidfd_socket = oci_o.pidfd_socket,
	    .cgroups = &oci_o.cgroups,
	    .detach = oci_o.detach,
	    .ignore_paused = oci_o.ignore_paused,
	    .preserve = (unsigned)oci_o.preserve,
	    .e = {.signals = -1}};
	err_code = err_usage_code = 255;
	if (oci_record_open(&r, oci_dir, id, OCI_LOOK) < 0 || oci_record_spec(&r, &s) < 0)
		oci_die(255);
	exec_process(&s, argc, argv);
	/* The words that runc's own tests look for. */
	TRACE("nsexec container setup; child process in init(); setns_init: about to exec");
	exec_affinity(&s);
	if (!oci_o.detach)
		enter_block_signals(&x.e);
	if (oci_exec(&r, &s, &x) < 0)
		oci_die_command(x.e.code, s.args.v[0], 255);
	if (oci_o.detach)
		return 0;
	title_set("ctr-oci exec"); /* the values of -e must not be visible to others */
	return enter_wait(&x.e);
}
