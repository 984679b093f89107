/* ctr-cgset: create, limit, read, join, freeze, kill and remove cgroups: one vocabulary, cgroup v2's, on v1, v2 and
 * hybrid systems.
 *
 * Kind: OWNER, and with `-- COMMAND` CHAIN. What outlives it is the group that was asked for; on failure a group that
 * was made is removed again.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cgroup.h"
#include "err.h"
#include "file.h"
#include "opt.h"
#include "state.h"
#include "str.h"
#include "undo.h"
#include "userdb.h"

static bool create, get, del, kill_first, freeze, thaw, list, stat_it, watch_it, mount_it;
static const char *pid_s, *file_s, *delegate;

static const struct opt opts[] = {
    {'c', "create", NULL, "make the group when it is not there", OPT_FLAG, &create},
    {'g', "get", NULL, "print values: of the KEYs, or of all that are limits", OPT_FLAG, &get},
    {'p', "pid", "PID|-", "move a process (or those on stdin, a line each) into GROUP", OPT_STR, &pid_s},
    {'d', "delete", NULL, "remove GROUP and what is below", OPT_FLAG, &del},
    {'k', "kill", NULL, "kill every process in it (with -d first)", OPT_FLAG, &kill_first},
    {0, "freeze", NULL, "stop its processes until --thaw", OPT_FLAG, &freeze},
    {0, "thaw", NULL, "let them go on", OPT_FLAG, &thaw},
    {'l', "list", NULL, "the tree under GROUP (or under $CTR_CGROUP) with its processes", OPT_FLAG, &list},
    {0, "stat", NULL, "what the kernel counts, as `key value` lines", OPT_FLAG, &stat_it},
    {0, "watch", NULL, "a line for each oom, limit or populated event, until it is empty", OPT_FLAG, &watch_it},
    {'f', "file", "FILE|-", "lines of GROUP KEY=VALUE...", OPT_STR, &file_s},
    {0, "delegate", "USER", "give GROUP to a user (cgroup v2)", OPT_STR, &delegate},
    {0, "mount", NULL, "mount cgroup v2, where no cgroups are; or a named v1 hierarchy: NAME DIR", OPT_FLAG, &mount_it},
    OPT_END,
};
static const struct usage usage = {
    .synopsis =
	"[-c] GROUP KEY=VALUE... [-- COMMAND [ARG...]]\n-g GROUP [KEY...]\n-p PID|- GROUP\n-d [-k] GROUP\n"
	"--freeze|--thaw|--stat|--watch|-k GROUP\n-l [GROUP]\n-f FILE|-\n--delegate USER GROUP\n--mount [NAME DIR]",
    .more =
	"GROUP is relative to $CTR_CGROUP (ctr); a leading / means the hierarchy's root. Keys are cgroup v2's:\n"
	"memory.max memory.high memory.low memory.swap.max cpu.weight cpu.max cpuset.cpus cpuset.mems pids.max io.max\n"
	"io.weight hugetlb.SIZE.max; on v1 they become that hierarchy's files. v1's own names work where v1 is "
	"mounted.\n",
    .opts = opts,
};

/* The path under the hierarchies' roots; "." is the root itself. Names that begin with c- under $CTR_CGROUP are the
 * containers' own: they can be looked at. NULL with fail() when it is no group. */
static char *group_path(const char *g, bool change)
{
	const char *rel = g + strspn(g, "/");
	struct strv names = {0};
	if (!*g || strlen(g) > 400 || strchr(g, '\n'))
		return fail("'%s' is not a group", g), NULL;
	char *path = g[0] == '/' ? xstrdup(rel) : xasprintf("%s/%s", ctr_cgroup(), rel);
	size_t ours = strlen(ctr_cgroup());
	strv_split(&names, rel, "/");
	if (strv_has(&names, "..") || strv_has(&names, ".")) {
		fail("'%s' is not a group", g);
	} else if (change && strncmp(path, ctr_cgroup(), ours) == 0 && strstr(path + ours, "/c-")) {
		fail("%s: names that begin with c- are the containers' own", g);
	} else {
		strv_free(&names);
		return *path ? path : (free(path), xstrdup("."));
	}
	strv_free(&names);
	free(path);
	return NULL;
}

static void made(void *path)
{
	cgroup_remove(path);
}

/* --- setting --- */

static int set(const char *path, const struct strv *settings)
{
	if (!create)
		return cgroup_exists(path) ? cgroup_set(path, settings)
					   : (errno = ENOENT, fail("%s: no such group (-c makes it)", path));
	return cgroup_make(path, settings, CGROUP_REUSE);
}

static int set_lines(void)
{
	char *line = NULL;
	size_t room = 0;
	int code = 0, number = 0;
	FILE *f = strcmp(file_s, "-") == 0 ? stdin : fopen(file_s, "re");
	if (!f)
		die("%s: %m", file_s);
	while (getline(&line, &room, f) > 0) {
		struct strv w = {0}, settings = {0};
		number++;
		strv_split(&w, line, " \t\n");
		if (w.n && w.v[0][0] != '#') {
			_cleanup_free_ char *path = group_path(w.v[0], true);
			for (size_t i = 1; i < w.n; i++) {
				if (strchr(w.v[i], '=') || !settings.n) {
					strv_add(&settings, w.v[i]);
					continue;
				}
				/* a value of several words: cpu.max=20000 100000 */
				char *more = xasprintf("%s %s", settings.v[settings.n - 1], w.v[i]);
				free(settings.v[settings.n - 1]);
				settings.v[settings.n - 1] = more;
			}
			if (!path || set(path, &settings) < 0) {
				warn("%s:%d: %s", file_s, number, fail_msg());
				code = 1;
			}
		}
		strv_free(&w);
		strv_free(&settings);
	}
	if (ferror(f))
		die("%s: %m", file_s);
	free(line);
	return code;
}

/* --- reading --- */

static int print_values(const char *path, int argc, char **argv)
{
	static const char *const limits[] = {"memory.max", "memory.high", "memory.low", "memory.swap.max", "cpu.weight",
	    "cpu.max", "cpuset.cpus", "cpuset.mems", "pids.max", "io.weight"};
	int code = 0;
	for (int i = 0; i < argc; i++) {
		_cleanup_free_ char *v = cgroup_get(path, argv[i]);
		if (!v) {
			warn("%s", fail_msg());
			code = 1;
		} else {
			puts(v);
		}
	}
	for (size_t i = 0; argc == 0 && i < sizeof limits / sizeof limits[0]; i++) {
		_cleanup_free_ char *v = cgroup_get(path, limits[i]);
		if (v)
			printf("%s=%s\n", limits[i], v);
	}
	return code;
}

static int print_pid(pid_t pid, void *arg)
{
	char path[40];
	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	_cleanup_free_ char *comm = file_read(path, 64, NULL);
	if (comm)
		comm[strcspn(comm, "\n")] = 0;
	_cleanup_free_ char *safe = str_escape(comm ? comm : "?");
	printf("%*s%d %s\n", *(int *)arg, "", (int)pid, safe);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void tree(const char *path, const char *name, int depth)
{
	struct strv kids = {0};
	int indent = depth * 2 + 2;
	printf("%*s%s%s\n", depth * 2, "", name, str_ends(name, "/") ? "" : "/");
	cgroup_children(path, &kids);
	if (kids.n)
		qsort(kids.v, kids.n, sizeof *kids.v, by_name);
	cgroup_procs_own(path, print_pid, &indent);
	for (size_t i = 0; i < kids.n; i++) {
		_cleanup_free_ char *sub = xasprintf("%s/%s", path, kids.v[i]);
		tree(sub, kids.v[i], depth + 1);
	}
	strv_free(&kids);
}

static int print_stat(const char *path)
{
	struct kv kv = {0};
	if (cgroup_stat(path, &kv) < 0)
		die_fail();
	for (size_t i = 0; i < kv.keys.n; i++)
		printf("%s %s\n", kv.keys.v[i], kv.vals.v[i]);
	return 0;
}

/* --- watching: v2's event files change with an inotify event. Of v1's memory an eventfd tells when it is out
 * (cgroup-v1/memory.rst, "OOM Control"); what else v1 counts is looked at each second. --- */

enum { W_MEMORY, W_PIDS, W_CGROUP, W_N };
static const struct {
	const char *name, *controller, *file;
} watched[W_N] = {
    {"memory", "memory", "memory.events"}, {"pids", "pids", "pids.events"}, {"cgroup", "", "cgroup.events"}};

static char *events(const char *path, int dir, int i, bool v1)
{
	uint64_t kills;
	if (i != W_MEMORY || !v1)
		return file_read_at(dir, watched[i].file, 4096, NULL);
	_cleanup_free_ char *hits = file_read_at(dir, "memory.failcnt", 64, NULL);
	return hits && cgroup_oom_kills(path, &kills) == 0
		   ? xasprintf("max %soom_kill %llu\n", hits, (unsigned long long)kills)
		   : NULL;
}

static void differences(const char *what, const char *before, const char *after)
{
	struct strv b = {0}, a = {0};
	strv_split(&b, before, "\n");
	strv_split(&a, after, "\n");
	for (size_t i = 0; i < a.n; i++)
		if (!strv_has(&b, a.v[i]))
			printf("%s %s\n", what, a.v[i]);
	strv_free(&b);
	strv_free(&a);
}

static int oom_eventfd(int memory)
{
	_cleanup_close_ int control = openat(memory, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char line[32];
	snprintf(line, sizeof line, "%d %d", fd, control);
	return file_poke_at(memory, "cgroup.event_control", line) < 0 ? -1 : fd;
}

static int watch(const char *path)
{
	int in = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), dirs[W_N], oom_fd = -1;
	char at[64], junk[4096], *seen[W_N] = {NULL};
	bool v1[W_N], look = false;
	if (!cgroup_with(""))
		die("%s: --watch: there is no cgroup v2 here to tell of events (v1 can only be polled: --stat)", path);
	for (int i = 0; i < W_N; i++) {
		const struct cgroup_hierarchy *h = cgroup_with(watched[i].controller);
		dirs[i] = cgroup_dir(path, watched[i].controller);
		v1[i] = h && !h->v2;
		look |= v1[i];
		snprintf(at, sizeof at, "/proc/self/fd/%d/%s", dirs[i], watched[i].file);
		if (!v1[i] && inotify_add_watch(in, at, IN_MODIFY) < 0 && i == W_CGROUP)
			die("%s: watch: %m", path);
	}
	if (v1[W_MEMORY])
		oom_fd = oom_eventfd(dirs[W_MEMORY]);
	for (bool empty = false; !empty;) {
		for (int i = 0; i < W_N; i++) {
			char *text = events(path, dirs[i], i, v1[i]);
			if (seen[i] || i == W_CGROUP)
				differences(watched[i].name, seen[i] ? seen[i] : "", text ? text : "");
			empty = i == W_CGROUP && (!text || strstr(text, "populated 0"));
			free(seen[i]);
			seen[i] = text;
		}
		if (fflush(stdout))
			die("stdout: %m");
		struct pollfd p[2] = {{.fd = in, .events = POLLIN}, {.fd = oom_fd, .events = POLLIN}};
		if (!empty)
			poll(p, 2, look ? 1000 : -1);
		while (read(in, junk, sizeof junk) > 0)
			;
		/* The eventfd tells of the moment before the kill is counted. */
		if (oom_fd >= 0 && read(oom_fd, junk, 8) == 8)
			poll(NULL, 0, 100);
	}
	return 0;
}

/* --- the rest --- */

static int move_pids(const char *path)
{
	struct strv pids = {0};
	int64_t pid;
	int code = 0;
	opt_names(&pids, 1, (char *[]){(char *)pid_s, NULL}, 0, NULL);
	for (size_t i = 0; i < pids.n; i++)
		if (num_parse("--pid", pids.v[i], 1, 1 << 22, &pid) < 0)
			die_usage("%s", fail_msg());
	for (size_t i = 0; i < pids.n; i++) {
		pid = strtoll(pids.v[i], NULL, 10);
		_cleanup_free_ char *at = xasprintf("/proc/%s/cgroup", pids.v[i]);
		_cleanup_free_ char *was = file_read(at, 65536, NULL);
		if (cgroup_join(path, (pid_t)pid) == 0)
			continue;
		warn("%s: %s", pids.v[i], fail_msg());
		if (was)
			cgroup_return((pid_t)pid, was);
		code = 1;
	}
	return code;
}

/* cgroup-v2.rst, "Delegation": the directory and these files become the user's; the limits stay ours. */
static int give(const char *path)
{
	static const char *const files[] = {".", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"};
	struct strv none = {0};
	int64_t num = -1;
	uid_t uid;
	gid_t gid = (gid_t)-1;
	if (userdb_find(delegate, &uid, &gid) < 0) {
		if (num_parse("--delegate", delegate, 0, 0xfffffffe, &num) < 0)
			die("--delegate: no user '%s'", delegate);
		uid = (uid_t)num;
	}
	if (cgroup_layout() != CGROUP_V2)
		die("--delegate: needs a system of cgroup v2 alone");
	if (cgroup_make(path, &none, CGROUP_REUSE) < 0)
		die_fail();
	_cleanup_close_ int dir = cgroup_open_v2(path);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (fchownat(dir, files[i], uid, gid, 0) < 0 && errno != ENOENT)
			die("%s/%s: chown: %m", path, files[i]);
	return 0;
}

static void unmake(void *dir)
{
	rmdir(dir);
}

static int mount_here(int argc, char **argv)
{
	if (argc == 0) {
		if (cgroup_layout() == CGROUP_NONE && mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL) < 0)
			die("/sys/fs/cgroup: mount cgroup2: %m");
		return 0;
	}
	if (argc != 2)
		die_usage("--mount takes NAME DIR, or nothing");
	if (name_check("NAME", argv[0]) < 0)
		die_usage("%s", fail_msg());
	_cleanup_free_ char *data = xasprintf("none,name=%s", argv[0]);
	bool fresh = access(argv[1], F_OK) < 0;
	if (dir_make(argv[1], 0755) < 0)
		die_fail();
	if (fresh)
		undo_push(unmake, argv[1]);
	if (mount("cgroup", argv[1], "cgroup", 0, data) < 0)
		die("%s: mount the hierarchy %s: %m%s", argv[1], argv[0],
		    errno == ENODEV ? " (this kernel has no cgroup v1)" : "");
	undo_commit();
	return 0;
}

/* Where the command is not run, a group made for it is removed: so the way back out of it is known before. */
static int become(const char *path, char **argv)
{
	_cleanup_free_ char *was = file_read("/proc/self/cgroup", 65536, NULL);
	if (cgroup_enter(path, false, -1) == 0) {
		execvp(argv[0], argv);
		fail("%s: %m", argv[0]);
		err_code = errno == ENOENT ? 127 : 126;
	}
	_cleanup_free_ char *why = xstrdup(fail_msg());
	if (was)
		cgroup_return(0, was);
	die("%s", why);
}

static int apply(const char *path, int argc, char **argv)
{
	struct strv settings = {0};
	char **cmd = NULL;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			cmd = argv + i + 1;
			break;
		}
		if (!strchr(argv[i], '='))
			die_usage("'%s' is not KEY=VALUE", argv[i]);
		strv_add(&settings, argv[i]);
	}
	if (cmd && !cmd[0])
		die_usage("COMMAND is missing after --");
	if (cmd)
		err_code = err_usage_code = 125;
	bool fresh = create && !cgroup_exists(path);
	if (set(path, &settings) < 0)
		die_fail();
	if (fresh)
		undo_push(made, (char *)path);
	if (cmd)
		return become(path, cmd);
	undo_commit();
	return 0;
}

int ctr_cgset_main(int argc, char **argv)
{
	int n = opt_parse(&usage, argc, argv);
	argc -= n;
	argv += n;
	if (get + del + (freeze || thaw) + list + stat_it + watch_it + mount_it + !!pid_s + !!file_s + !!delegate > 1 ||
	    (freeze && thaw) || (kill_first && (get || list || stat_it || watch_it || mount_it || pid_s || file_s)))
		die_usage("one thing at a time");
	if (mount_it)
		return mount_here(argc, argv);
	if (file_s)
		return set_lines();
	if (list && argc == 0) {
		tree(ctr_cgroup(), ctr_cgroup(), 0);
		return 0;
	}
	if (argc < 1)
		die_usage("GROUP is missing");
	bool look = get || list || stat_it || watch_it, whole = del || kill_first || freeze || thaw || delegate;
	_cleanup_free_ char *path = group_path(argv[0], !look);
	if (!path)
		die_usage("%s", fail_msg());
	if (whole && strcmp(path, ".") == 0)
		die_usage("/ is the whole system, not a group");
	if (argc > 1 && !get && (look || whole || pid_s))
		die_usage("'%s': one GROUP", argv[1]);
	if ((look || whole || pid_s) && !cgroup_exists(path) && !delegate)
		die("%s: no such group%s", path, pid_s ? " (make it with -c)" : "");
	if (list)
		tree(path, argv[0], 0);
	else if (get)
		return print_values(path, argc - 1, argv + 1);
	else if (stat_it)
		return print_stat(path);
	else if (watch_it)
		return watch(path);
	else if (pid_s)
		return move_pids(path);
	else if (delegate)
		return give(path);
	else if (!whole)
		return apply(path, argc - 1, argv + 1);
	else if (freeze || thaw ? cgroup_freeze(path, freeze) < 0
				: (kill_first && cgroup_kill(path) < 0) || (del && cgroup_remove(path) < 0))
		die_fail();
	return 0;
}
