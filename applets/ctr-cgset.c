/* ctr-cgset: create, limit, read, join, freeze, kill and remove cgroups: one vocabulary, cgroup
 * v2's, on v1, v2 and hybrid systems.
 *
 * Kind: OWNER, and with `-- COMMAND` CHAIN. What outlives it is the group that was asked for; on
 * failure a group that was made is removed again.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "applets.h"
#include "cgroup.h"
#include "err.h"
#include "become.h"
#include "file.h"
#include "opt.h"
#include "place.h"
#include "record.h"
#include "spec.h"
#include "str.h"
#include "undo.h"
#include "userdb.h"

static bool create, get, del, kill_first, freeze, thaw, list, stat_it, watch_it, mount_it,
    umount_it;
static const char *pid_s, *file_s, *delegate, *back;
static struct strv device_rules;

static const struct opt opts[] = {
    {'c', "create", NULL, "make the group when it is not there", OPT_FLAG, &create},
    {'g', "get", NULL, "print values: of the KEYs, or of all that are limits", OPT_FLAG, &get},
    {'p', "pid", "PID|-", "move a process (or those on stdin, a line each) into GROUP", OPT_STR,
	&pid_s},
    {'d', "delete", NULL, "remove GROUP and what is below", OPT_FLAG, &del},
    {'k', "kill", NULL, "kill every process in it (with -d first)", OPT_FLAG, &kill_first},
    {0, "freeze", NULL, "stop its processes until --thaw", OPT_FLAG, &freeze},
    {0, "thaw", NULL, "let them go on", OPT_FLAG, &thaw},
    {'l', "list", NULL, "the tree under GROUP (or under $CTR_CGROUP) with its processes", OPT_FLAG,
	&list},
    {0, "stat", NULL, "what the kernel counts, as `key value` lines", OPT_FLAG, &stat_it},
    {0, "watch", NULL, "a line for each oom, limit or populated event, until it is empty", OPT_FLAG,
	&watch_it},
    {'f', "file", "FILE|-", "lines of GROUP KEY=VALUE...", OPT_STR, &file_s},
    {0, "device-rule", "RULE",
	"with KEY=VALUE: the devices its processes may use: 'c 1:3 rwm', '-b *:* m', 'default'",
	OPT_LIST, &device_rules},
    {0, "delegate", "USER", "give GROUP to a user (cgroup v2)", OPT_STR, &delegate},
    {0, "back", "FILE", "with -p: into the groups that FILE, a copy of /proc/PID/cgroup, says",
	OPT_STR, &back},
    {0, "umount", NULL, "unmount the cgroup file system at DIR", OPT_FLAG, &umount_it},
    {0, "mount", NULL,
	"mount cgroup v2, where no cgroups are; or at DIR a v1 hierarchy: CONTROLLER or NAME",
	OPT_FLAG, &mount_it},
    OPT_END,
};
static const struct usage usage = {
    .synopsis = "[-c] GROUP KEY=VALUE... [-- COMMAND [ARG...]]\n-g GROUP [KEY...]\n-p PID|- "
		"GROUP\n-p PID|- --back FILE\n-d [-k] GROUP\n"
		"--freeze|--thaw|--stat|--watch|-k GROUP\n-l [GROUP]\n-f FILE|-\n--delegate USER "
		"GROUP\n--mount [CONTROLLER|NAME DIR]\n--umount DIR",
    .more = "GROUP is relative to $CTR_CGROUP (ctr); a leading / means the hierarchy's root. Keys "
	    "are cgroup v2's:\n"
	    "memory.max memory.high memory.low memory.swap.max cpu.weight cpu.max cpuset.cpus "
	    "cpuset.mems pids.max io.max\n"
	    "io.weight hugetlb.SIZE.max; on v1 they become that hierarchy's files. v1's own names "
	    "work where v1 is "
	    "mounted.\n",
    .opts = opts,
};

/* The path below the roots of the hierarchies; "." is the root itself. Names that begin with c-
 * below $CTR_CGROUP are the containers' own: they can only be read. NULL with fail() when it is no
 * group. */
static char *group_path(const char *g, bool change)
{
	size_t ours = strlen(ctr_cgroup());
	_cleanup_free_ char *plain = strchr(g, '\n') ? NULL : str_plain_path(g);
	if (!plain || (!*plain && *g != '/'))
		return fail("'%s' is not a group", g), NULL;
	const char *from_root = *plain ? plain : ".";
	char *path = *g == '/' ? xstrdup(from_root) : path_join(ctr_cgroup(), plain);
	if (!change || strncmp(path, ctr_cgroup(), ours) ||
	    !strstr(path + ours, "/" CONTAINER_GROUP))
		return path;
	fail("%s: names that begin with c- are the containers' own", g);
	free(path);
	return NULL;
}

static void made(void *path)
{
	cgroup_remove(path);
}

/* --- setting --- */

static int set_devices(const char *path)
{
	struct spec s = {0};
	for (size_t i = 0; i < device_rules.n; i++) {
		struct spec defaults;
		if (strcmp(device_rules.v[i], "default") == 0) {
			spec_default(&defaults);
			s.device_rules = defaults.device_rules;
		} else if (device_rule_read(&s, device_rules.v[i]) < 0) {
			die_usage("--device-rule: '%s' is not [-]TYPE MAJOR:MINOR ACCESS, such as "
				  "'c 1:3 rwm'",
			    device_rules.v[i]);
		}
	}
	return device_rules.n ? cgroup_devices(path, s.device_rules.v, s.device_rules.n) : 0;
}

static int set(const char *path, const struct strv *settings)
{
	if (!create && !cgroup_exists(path))
		return errno = ENOENT, fail("%s: no such group (-c makes it)", path);
	_cleanup_close_ int held = place_lock(path);
	if (held == -2)
		return -1;
	if ((create ? cgroup_make(path, settings, CGROUP_REUSE) : cgroup_set(path, settings)) < 0)
		return -1;
	return cgroup_claim(path);
}

static int set_lines(void)
{
	char *line = NULL;
	size_t room = 0;
	int code = 0, number = 0;
	FILE *f = strcmp(file_s, "-") == 0 ? stdin : fopen(file_s, "re");
	if (!f)
		die_errno(file_s);
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
				/* A value of several words, such as cpu.max=20000 100000. */
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
		die_errno(file_s);
	free(line);
	return code;
}

/* --- reading --- */

static int print_values(const char *path, int argc, char **argv)
{
	static const char *const limits[] = {"memory.max", "memory.high", "memory.low",
	    "memory.swap.max", "cpu.weight", "cpu.max", "cpuset.cpus", "cpuset.mems", "pids.max",
	    "io.weight"};
	int code = 0;
	for (int i = 0; i < argc; i++) {
		_cleanup_free_ char *v = cgroup_get(path, argv[i]);
		if (!v) {
			warn_fail();
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

static void tree(const char *path, const char *name, int depth)
{
	struct strv kids = {0};
	int indent = depth * 2 + 2;
	printf("%*s%s%s\n", depth * 2, "", name, str_ends(name, "/") ? "" : "/");
	cgroup_children(path, &kids);
	cgroup_procs_own(path, print_pid, &indent);
	for (size_t i = 0; i < kids.n; i++) {
		_cleanup_free_ char *sub = path_join(path, kids.v[i]);
		tree(sub, kids.v[i], depth + 1);
	}
	strv_free(&kids);
}

/* --- the rest --- */

/* Into the group; with --back to the groups of each hierarchy in which the process was. */
static int move_pids(const char *path)
{
	struct strv pids = {0};
	int64_t pid;
	int code = 0;
	_cleanup_free_ char *to = back ? file_read(back, 65536, NULL) : NULL;
	if (back && !to)
		die_fail();
	opt_names(&pids, 1, (char *[]){(char *)pid_s, NULL}, 0, NULL);
	for (size_t i = 0; i < pids.n; i++)
		if (num_parse("--pid", pids.v[i], 1, 1 << 22, &pid) < 0)
			die_fail_usage();
	for (size_t i = 0; i < pids.n; i++) {
		pid = strtoll(pids.v[i], NULL, 10);
		_cleanup_free_ char *at = xasprintf("/proc/%s/cgroup", pids.v[i]);
		_cleanup_free_ char *was = to ? NULL : file_read(at, 65536, NULL);
		if ((to ? cgroup_return((pid_t)pid, to) : cgroup_join(path, (pid_t)pid)) == 0)
			continue;
		if (to)
			fail_about(back);
		warn_about(pids.v[i]);
		if (was && cgroup_return((pid_t)pid, was) < 0)
			warn_about(pids.v[i]);
		code = 1;
	}
	return code;
}

/* cgroup-v2.rst, "Delegation": the directory and these files are given to the user; the limits stay
 * ours. */
static int give(const char *path)
{
	static const char *const files[] = {
	    ".", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"};
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
		die("--delegate: needs a pure cgroup v2 system");
	if (cgroup_make(path, &none, CGROUP_REUSE) < 0)
		die_fail();
	_cleanup_close_ int dir = cgroup_open_v2(path);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (fchownat(dir, files[i], uid, gid, 0) < 0 && errno != ENOENT)
			die("%s/%s: chown: %m", path, files[i]);
	return 0;
}

static int unmount_here(int argc, char **argv)
{
	struct statfs fs;
	if (argc != 1)
		die_usage("--umount takes DIR");
	if (statfs(argv[0], &fs) < 0)
		die_errno(argv[0]);
	if (fs.f_type != CGROUP_SUPER_MAGIC && fs.f_type != CGROUP2_SUPER_MAGIC)
		die("%s: not a cgroup file system", argv[0]);
	if (umount2(argv[0], UMOUNT_NOFOLLOW) < 0)
		die("%s: unmount: %m%s", argv[0],
		    errno == EINVAL ? " (it is not where it is mounted)" : "");
	return 0;
}

/* A controller of this kernel is mounted as such; any other word names a hierarchy without
 * controllers. */
static bool is_controller(const char *name)
{
	_cleanup_free_ char *all = file_read("/proc/cgroups", 65536, NULL),
			    *line = xasprintf("\n%s\t", name);
	return all && strstr(all, line);
}

static void unmake(void *dir)
{
	rmdir(dir);
}

static int mount_here(int argc, char **argv)
{
	if (argc == 0) {
		if (cgroup_layout() == CGROUP_NONE &&
		    mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL) < 0)
			die_errno("/sys/fs/cgroup: mount cgroup2");
		return 0;
	}
	if (argc != 2)
		die_usage("--mount takes CONTROLLER DIR or NAME DIR, or nothing");
	if (name_check("NAME", argv[0]) < 0)
		die_fail_usage();
	_cleanup_free_ char *data =
	    is_controller(argv[0]) ? xstrdup(argv[0]) : xasprintf("none,name=%s", argv[0]);
	bool fresh = access(argv[1], F_OK) < 0;
	undo_hold_signals();
	if (dir_make(argv[1], 0755) < 0)
		die_fail();
	if (fresh)
		undo_push(unmake, argv[1]);
	undo_check_signals();
	if (mount("cgroup", argv[1], "cgroup", 0, data) < 0)
		die("%s: mount the hierarchy %s: %m%s", argv[1], argv[0],
		    errno == EBUSY ? " (the controller is another hierarchy's, or cgroup v2's)"
				   : "");
	undo_commit();
	return 0;
}

/* Where the command is not run, a group made for it is removed: so the way back out of it is known
 * before. */
static int turn_into(const char *path, char **argv)
{
	_cleanup_free_ char *was = file_read("/proc/self/cgroup", 65536, NULL);
	if (cgroup_enter(path, false, -1) == 0) {
		umask(applet_umask);
		err_code = become_exec_here(argv);
	}
	_cleanup_free_ char *why = fail_copy();
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
	undo_hold_signals();
	if (set(path, &settings) < 0)
		die_fail();
	if (fresh)
		undo_push(made, (char *)path);
	if (set_devices(path) < 0)
		die_fail();
	undo_check_signals();
	if (!cmd)
		return undo_commit(), 0;
	undo_release_signals();
	return turn_into(path, cmd);
}

int ctr_cgset_main(int argc, char **argv)
{
	int n = opt_parse(&usage, argc, argv);
	argc -= n;
	argv += n;
	if (get + del + (freeze || thaw) + list + stat_it + watch_it + mount_it + umount_it +
		    !!pid_s + !!file_s + !!delegate >
		1 ||
	    (freeze && thaw) ||
	    (kill_first && (get || list || stat_it || watch_it || mount_it || pid_s || file_s)))
		die_usage("one thing at a time");
	if (mount_it)
		return mount_here(argc, argv);
	if (umount_it)
		return unmount_here(argc, argv);
	if (back && (!pid_s || argc))
		die_usage("--back: it takes -p PID, and no GROUP");
	if (back)
		return move_pids(NULL);
	if (file_s)
		return set_lines();
	if (list && argc == 0) {
		tree(ctr_cgroup(), ctr_cgroup(), 0);
		return 0;
	}
	if (argc < 1)
		die_usage("GROUP is missing");
	bool look = get || list || stat_it || watch_it,
	     whole = del || kill_first || freeze || thaw || delegate;
	_cleanup_free_ char *path = group_path(argv[0], !look);
	if (!path)
		die_fail_usage();
	if (whole && strcmp(path, ".") == 0)
		die_usage("/ is the whole system, not a group");
	if (argc > 1 && !get && (look || whole || pid_s))
		die_usage("'%s': one GROUP", argv[1]);
	if ((look || whole || pid_s) && !cgroup_exists(path) && !delegate)
		die("%s: no such group%s", path, pid_s ? " (make it with -c)" : "");
	int shown = 0;
	if (list)
		tree(path, argv[0], 0);
	else if (get)
		return print_values(path, argc - 1, argv + 1);
	else if (stat_it)
		shown = cgroup_show_stat(path);
	else if (watch_it)
		shown = cgroup_show_events(path);
	else if (pid_s)
		return move_pids(path);
	else if (delegate)
		return give(path);
	else if (!whole)
		return apply(path, argc - 1, argv + 1);
	else if (freeze || thaw
		     ? cgroup_freeze(path, freeze) < 0
		     : (kill_first && cgroup_kill(path) < 0) || (del && cgroup_remove(path) < 0))
		die_fail();
	if (shown < 0)
		die_fail();
	return 0;
}
