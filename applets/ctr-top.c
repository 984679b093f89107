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

#include "cgroup.h"
#include "err.h"
#include "file.h"
#include "oci_seen.h"
#include "opt.h"
#include "record.h"
#include "table.h"
#include "userdb.h"

static bool no_header;

static const struct opt opts[] = {
    {'n', "no-header", NULL, "no header line", OPT_FLAG, &no_header},
    OPT_END,
};
static const struct usage usage = {.synopsis = "NAME", .opts = opts, .anywhere = true};

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
	size_t n;
	char *s = file_read_at(dir, "cmdline", FILE_ANY, &n);
	for (size_t i = 0; s && i + 1 < n; i++)
		s[i] = s[i] ? s[i] : ' ';
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
	_cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
		return fail("%s: %m", path);
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

int ctr_top_main(int argc, char **argv)
{
	struct container c;
	struct table t = {0};
	int n = opt_parse(&usage, argc, argv);
	if (argc - n != 1)
		die_usage("one NAME is needed");
	if (seen_open(&c, argv[n]) < 0)
		die_fail();
	if (!c.pid)
		die("%s: %s, not running", c.name, status_name(c.status));
	table_row(&t, 6, (const char *[]){"PID", "PPID", "USER", "S", "TIME", "COMMAND"});
	bool group = cgroup_populated(container_cgroup(&c)) > 0;
	if ((group ? cgroup_procs(container_cgroup(&c), row, &t) : by_namespace(&c, &t)) < 0)
		die("%s: %s", c.name, fail_msg());
	table_print(&t, !no_header);
	return 0;
}
