/* ctr-top: the processes of a container, found by its group or else by its pid namespace.
 *
 * Kind: FILTER.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets.h"
#include "cgroup.h"
#include "err.h"
#include "file.h"
#include "host_ps.h"
#include "oci_seen.h"
#include "opt.h"
#include "record.h"
#include "table.h"
#include "title.h"
#include "userdb.h"

static bool no_header, tree;

static const struct opt opts[] = {
    {'n', "no-header", NULL, "no header line", OPT_FLAG, &no_header},
    {0, "tree", NULL, "children below their parents", OPT_FLAG, &tree},
    OPT_END,
};
static const struct usage usage = {.synopsis = "NAME [PS-OPTION...]",
    .more = "With options of ps(1) the host's ps is run, and of its lines those of the "
	    "container are shown.\n",
    .opts = opts};

/* utime and stime, fields 14 and 15; state and parent, 3 and 4 (proc(5)). */
static bool stat_fields(const char *text, char *state, int *ppid, uint64_t *ticks)
{
	const char *s = strrchr(text, ')');
	struct strv f = {0};
	strv_split(&f, s ? s + 1 : "", " ");
	bool ok = f.n > 12;
	if (ok) {
		*state = f.v[0][0];
		*ppid = atoi(f.v[1]);
		*ticks = strtoull(f.v[11], NULL, 10) + strtoull(f.v[12], NULL, 10);
	}
	strv_free(&f);
	return ok;
}

static char *command(int dir, const char *stat)
{
	char *s = title_of(dir);
	if (s && *s)
		return s;
	free(s);
	const char *a = strchr(stat, '('), *b = strrchr(stat, ')');
	return a && b ? xasprintf("[%.*s]", (int)(b - a - 1), a + 1) : xstrdup("");
}

static int row(pid_t pid, void *arg)
{
	char path[32], spid[16], sppid[16], uid[16], st[2] = "", time[32];
	struct stat sb;
	int ppid;
	uint64_t ticks;
	snprintf(path, sizeof path, "/proc/%d", (int)pid);
	_cleanup_close_ int dir = dir_open(path);
	_cleanup_free_ char *stat = dir < 0 ? NULL : file_read_at(dir, "stat", 4096, NULL);
	if (!stat || fstat(dir, &sb) < 0 || !stat_fields(stat, st, &ppid, &ticks))
		return 0; /* it has ended meanwhile */
	_cleanup_free_ char *cmd = command(dir, stat);
	long hz = sysconf(_SC_CLK_TCK);
	_cleanup_free_ char *name = userdb_name(sb.st_uid);
	snprintf(spid, sizeof spid, "%d", (int)pid);
	snprintf(sppid, sizeof sppid, "%d", ppid);
	snprintf(uid, sizeof uid, "%u", sb.st_uid);
	uint64_t sec = ticks / (uint64_t)hz;
	snprintf(time, sizeof time, "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64, sec / 3600,
	    sec / 60 % 60, sec % 60);
	table_row(arg, 6, (const char *[]){spid, sppid, name ? name : uid, st, time, cmd});
	return 0;
}

/* Without a group: all processes in /proc whose pid namespace is the container's. */
static int by_namespace(const struct container *c, struct table *t)
{
	char path[48], want[64], have[64];
	snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)c->pid);
	ssize_t n = readlink(path, want, sizeof want - 1);
	DIR *d = n < 0 ? NULL : opendir("/proc");
	struct dirent *e;
	if (!d)
		return fail_errno(path);
	while ((e = readdir(d))) {
		int pid = atoi(e->d_name);
		snprintf(path, sizeof path, "/proc/%d/ns/pid", pid);
		if (pid > 0 && readlink(path, have, sizeof have - 1) == n &&
		    memcmp(have, want, (size_t)n) == 0)
			row(pid, t);
	}
	closedir(d);
	return 0;
}

/* --- as a tree --- */

enum { COLS = 6, PPID = 1, CMD = 5 };

/* Move the processes whose parent is `parent` (NULL: whose parent is not in the table) to `to`,
 * each followed by its own children. The processes were not all looked at in the same moment, so
 * parents may form a circle: such lines are left over, and as_tree() prints them by themselves. */
static void branch(struct table *from, struct table *to, const char *parent, int depth)
{
	char **v = from->cells.v;
	for (size_t i = COLS; i < from->cells.n; i += COLS) {
		bool child = v[i] && parent && strcmp(v[i + PPID], parent) == 0, root = v[i];
		for (size_t k = COLS; !parent && k < from->cells.n; k += COLS)
			root &= !v[k] || k == i || strcmp(v[k], v[i + PPID]) != 0;
		if (!child && (parent || !root))
			continue;
		_cleanup_free_ char *pid = v[i], *cmd = v[i + CMD];
		v[i] = NULL;
		v[i + CMD] =
		    xasprintf("%*s%s%s", depth ? depth * 4 - 4 : 0, "", depth ? " \\_ " : "", cmd);
		table_row(to, COLS,
		    (const char *[]){pid, v[i + 1], v[i + 2], v[i + 3], v[i + 4], v[i + CMD]});
		branch(from, to, pid, depth + 1);
	}
}

static void as_tree(struct table *t)
{
	struct table out = {0};
	table_row(&out, COLS, (const char *const *)t->cells.v);
	for (size_t had = 0; out.cells.n < t->cells.n && had != out.cells.n;) {
		had = out.cells.n;
		branch(t, &out, NULL, 0);
	}
	for (size_t i = COLS; i < t->cells.n; i += COLS)
		if (t->cells.v[i])
			table_row(&out, COLS, (const char *const *)t->cells.v + i);
	*t = out;
}

/* --- by the host's ps --- */

static bool is_row(pid_t pid, void *arg)
{
	const struct table *t = arg;
	for (size_t i = COLS; i < t->cells.n; i += COLS)
		if (atoi(t->cells.v[i]) == pid)
			return true;
	return false;
}

/* Run the host's ps with the list of processes, because by itself it shows its caller's alone,
 * unless its options ask for more. Not every ps takes such a list, nor with each of its options:
 * then it is run without. */
static int by_ps(struct table *t, char **args)
{
	struct strv words = {0};
	struct buf pids = {0};
	strv_add(&words, "ps");
	for (size_t i = 0; args[i]; i++)
		strv_add(&words, args[i]);
	for (size_t i = COLS; i < t->cells.n; i += COLS)
		buf_printf(&pids, "%s%s", i == COLS ? "-q" : ",", t->cells.v[i]);
	if (pids.p) {
		strv_add(&words, pids.p);
		if (host_ps(words.v, !no_header, is_row, t) == 0)
			return 0;
		words.v[words.n - 1] = NULL;
	}
	return host_ps(words.v, !no_header, is_row, t);
}

int ctr_top_main(int argc, char **argv)
{
	struct container c;
	struct table t = {0};
	int n = opt_parse(&usage, argc, argv);
	for (; argc - n > 1; n++) { /* ours may come after NAME, too */
		bool *ours = strcmp(argv[n + 1], "--tree") == 0 ? &tree : NULL;
		if (strcmp(argv[n + 1], "-n") == 0)
			ours = &no_header;
		if (!ours)
			break;
		*ours = true;
		argv[n + 1] = argv[n];
	}
	if (argc == n)
		die_usage("NAME is missing");
	if (seen_open(&c, argv[n]) < 0)
		die_fail();
	if (!c.pid)
		container_not_running(&c), die_fail();
	table_row(&t, 6, (const char *[]){"PID", "PPID", "USER", "S", "TIME", "COMMAND"});
	bool group = cgroup_populated(container_cgroup(&c)) > 0;
	if ((group ? cgroup_procs(container_cgroup(&c), row, &t) : by_namespace(&c, &t)) < 0)
		die("%s: %s", c.name, fail_msg());
	char *docker[] = {(char *)"-ef", NULL};
	bool bare = argc - n == 1;
	if ((!bare || (table_docker && !tree)) && by_ps(&t, bare ? docker : argv + n + 1) == 0)
		return 0;
	if (!bare)
		die("%s: %s", c.name, fail_msg());
	if (tree)
		as_tree(&t);
	table_print(&t, !no_header);
	return 0;
}
