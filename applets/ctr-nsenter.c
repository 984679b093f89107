/* ctr-nsenter: enter the namespaces of a process, of a container or of namespace files, and become
 * a command there.
 *
 * Kind: CHAIN, with the flags of nsenter(1). To enter a pid namespace it must fork (setns(2): only
 * the next child is in it), and stays to forward signals and the exit code; with --no-fork it
 * executes the command without being in that namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets.h"
#include "caps.h"
#include "cgroup.h"
#include "chain.h"
#include "create.h"
#include "err.h"
#include "file.h"
#include "filter.h"
#include "become.h"
#include "ns.h"
#include "oci_seen.h"
#include "opt.h"
#include "place.h"
#include "record.h"
#include "str.h"
#include "sys.h"
#include "sysno.h"

static const char *target, *root_dir, *work_dir, *uid_s, *gid_s;
static bool all, no_fork, target_env, keep_creds, privileged;
static char *container; /* the target, if it was named as a container */

static struct {
	bool wanted;
	const char *path; /* =FILE */
} ns[NS_COUNT];
static int fds[NS_COUNT]; /* of those that are wanted, else -1 */

static int want(enum spec_ns kind, const char *value)
{
	ns[kind].wanted = true;
	ns[kind].path = value;
	return 0;
}
NS_WANT(want)

static const struct opt opts[] = {
    {'t', "target", "PID|NAME", "the process or container whose namespaces they are", OPT_STR,
	&target},
    {'a', "all", NULL, "every namespace of the target", OPT_FLAG, &all},
    {'m', "mount", "[FILE]", "the mount namespace", OPT_CALL, want_mnt},
    {'u', "uts", "[FILE]", "the uts namespace", OPT_CALL, want_uts},
    {'i', "ipc", "[FILE]", "the ipc namespace", OPT_CALL, want_ipc},
    {'n', "net", "[FILE]", "the network namespace", OPT_CALL, want_net},
    {'p', "pid", "[FILE]", "the pid namespace", OPT_CALL, want_pid},
    {'U', "user", "[FILE]", "the user namespace", OPT_CALL, want_user},
    {'C', "cgroup", "[FILE]", "the cgroup namespace", OPT_CALL, want_cgroup},
    {'T', "time", "[FILE]", "the time namespace", OPT_CALL, want_time},
    {'r', "root", "[DIR]", "the root directory (default: the target's)", OPT_STR, &root_dir},
    {'w', "wd", "[DIR]", "the working directory (default: the target's)", OPT_STR, &work_dir},
    {'S', "setuid", "UID", "this user in the namespaces", OPT_STR, &uid_s},
    {'G', "setgid", "GID", "this group in the namespaces", OPT_STR, &gid_s},
    {0, "preserve-credentials", NULL, "leave user and groups alone in a user namespace", OPT_FLAG,
	&keep_creds},
    {0, "env", NULL, "take the target's environment", OPT_FLAG, &target_env},
    {0, "privileged", NULL,
	"with -p: keep every capability and no filter, which a container that traces us may take",
	OPT_FLAG, &privileged},
    {'F', "no-fork", NULL, "do not fork: exec, though not in the pid namespace", OPT_FLAG,
	&no_fork},
    OPT_END,
};
static const struct usage usage = {
    .placeless = true,
    .synopsis = "[COMMAND [ARG...]]",
    .more = "COMMAND defaults to $SHELL or /bin/sh. Exit code: the command's, 128+N if signal N "
	    "ended it, 125 "
	    "ctr-nsenter failed,\n"
	    "126 not executable, 127 not found.\n",
    .opts = opts,
};

/* The target's directory in /proc, opened before its identity is checked, so that it stays that
 * process's. */
static int target_dir(int *pidfd)
{
	char path[32];
	int64_t pid;
	struct container c = {.dir = -1};
	*pidfd = -1;
	if (!target)
		return -1;
	if (strspn(target, "0123456789") == strlen(target) && *target && strlen(target) < 10) {
		if (num_parse("--target", target, 1, 1 << 22, &pid) < 0)
			die_fail_usage();
	} else {
		if (seen_open(&c, target) < 0)
			die_fail();
		if (!c.pid)
			container_not_running(&c), die_fail();
		pid = c.pid;
		container = xstrdup(c.name);
	}
	snprintf(path, sizeof path, "/proc/%d", (int)pid);
	int dir = dir_hold(path);
	if (dir < 0)
		die("process %d: %s", (int)pid,
		    errno == ENOENT ? "No such process" : strerror(errno));
	*pidfd = sys_pidfd_open((pid_t)pid);
	if (c.dir >= 0 && !container_is_alive(&c))
		die("%s: ended meanwhile", c.name);
	return dir;
}

struct search {
	int ns, found;
};

static int is_init(int proc, const char *name, void *arg)
{
	struct search *s = arg;
	if (s->found >= 0 || *name < '0' || *name > '9')
		return 0;
	int dir = dir_hold_at(proc, name);
	if (dir < 0 || !file_same(s->ns, "", dir, "ns/pid")) {
		close(dir);
		return 0;
	}
	_cleanup_free_ char *text = file_read_at(dir, "status", FILE_ANY, NULL);
	const char *p = text ? strstr(text, "NSpid:") : NULL; /* the last number is that in there */
	size_t n = p ? strcspn(p, "\n") : 0;
	if (n > 2 && p[n - 1] == '1' && p[n - 2] == '\t')
		s->found = dir;
	else
		close(dir);
	return 0;
}

/* The directory in /proc of the first process of the pid namespace that --pid=FILE names; -1 where
 * it is our own, or has none. */
static int init_of_file(void)
{
	struct search s = {.found = -1};
	_cleanup_close_ int file = open(ns[NS_PID].path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_close_ int proc = dir_open("/proc");
	s.ns = file;
	if (file >= 0 && proc >= 0 && !file_same(file, "", proc, "self/ns/pid"))
		dir_each(proc, is_init, &s);
	return s.found;
}

static void open_files(int dir)
{
	for (int i = 0; i < NS_COUNT; i++) {
		char rel[16];
		fds[i] = -1;
		if (!ns[i].wanted && !all)
			continue;
		snprintf(rel, sizeof rel, "ns/%s", ns_kinds[i].file);
		if (i == NS_TIME && sys_missing("time")) /* before Linux 5.6 */
			errno = ENOENT;
		else
			fds[i] = openat(ns[i].path ? AT_FDCWD : dir, ns[i].path ? ns[i].path : rel,
			    O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0 && !(all && errno == ENOENT))
			die("%s namespace: %s: %m%s", ns_kinds[i].file,
			    ns[i].path ? ns[i].path : target,
			    errno == ENOENT ? " (this kernel has no such namespaces)" : "");
	}
}

static bool same_as_ours(enum spec_ns kind)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/self/ns/%s", ns_kinds[kind].file);
	return file_same(fds[kind], "", AT_FDCWD, path);
}

/* A single setns() for all namespaces where the kernel supports it (5.8) and all are the target's;
 * otherwise one by one. Our own user namespace cannot be joined again (EINVAL), and need not be. */
static void join(int pidfd)
{
	int flags = 0;
	bool files = false;
	for (int i = 0; i < NS_COUNT; i++) {
		if (fds[i] >= 0 && same_as_ours(i)) {
			close(fds[i]);
			fds[i] = -1;
		}
		if (fds[i] >= 0) {
			flags |= (int)ns_kinds[i].flag;
			files |= ns[i].path != NULL;
		}
	}
	if (!flags || (pidfd >= 0 && !files && sys_setns_pidfd(pidfd, flags) == 0))
		return;
	enum spec_ns bad = ns_join(fds);
	if (bad < NS_COUNT)
		die("%s namespace: %m", ns_kinds[bad].file);
}

static void roots(int root, int wd)
{
	if (root >= 0 && (fchdir(root) < 0 || chroot(".") < 0 || chdir("/") < 0))
		die_errno("root directory");
	if (wd >= 0 && fchdir(wd) < 0)
		die_errno("working directory");
}

static void ids(void)
{
	int64_t uid = -1, gid = -1;
	bool user = fds[NS_USER] >= 0;
	if ((uid_s && num_parse("--setuid", uid_s, 0, 0xfffffffe, &uid) < 0) ||
	    (gid_s && num_parse("--setgid", gid_s, 0, 0xfffffffe, &gid) < 0))
		die_fail_usage();
	if (user && !keep_creds) { /* otherwise the ids would not be mapped there */
		uid = uid < 0 ? 0 : uid;
		gid = gid < 0 ? 0 : gid;
	}
	if (gid >= 0 && ((setgroups(0, NULL) < 0 && errno != EPERM) ||
			    setresgid((gid_t)gid, (gid_t)gid, (gid_t)gid) < 0))
		die("group %s: %m", gid_s ? gid_s : "0");
	if (uid >= 0 && setresuid((uid_t)uid, (uid_t)uid, (uid_t)uid) < 0)
		die("user %s: %m", uid_s ? uid_s : "0");
}

/* Will the target's files be ours? Without a mount namespace of its own it may have a root. */
static bool target_files(int dir, int root)
{
	if (root >= 0)
		return file_same(root, "", dir, "root");
	return file_same(fds[NS_MNT], "", dir, "ns/mnt") &&
	       (!same_as_ours(NS_MNT) || file_same(AT_FDCWD, "/", dir, "root"));
}

/* PATH and LD_PRELOAD describe the container's files, and must not be applied to ours. */
static void take_env(int dir, int root)
{
	size_t n;
	if (dir < 0)
		die_usage("--env needs --target");
	if (!target_files(dir, root))
		die_usage("--env: the target's environment is for its own files: add -m or -r");
	char *e = file_read_at(dir, "environ", FILE_ANY, &n); /* it stays allocated for putenv() */
	if (!e)
		die_fail();
	clearenv();
	for (char *s = e; s < e + n; s += strlen(s) + 1)
		if (strchr(s, '='))
			putenv(s);
}

/* The hexadecimal value after this key in /proc/PID/status. */
static uint64_t status_bits(int dir, const char *key)
{
	_cleanup_free_ char *text = file_read_at(dir, "status", FILE_ANY, NULL);
	const char *p = text ? strstr(text, key) : NULL;
	if (p)
		return strtoull(p + strlen(key), NULL, 16);
	die("the target's /proc/PID/status: %s is missing", key);
}

/* Whoever is root in the pid namespace and can see us may trace us, and look at our root and
 * descriptors. So we are cloned into it last, and by then have no more than the target has: its
 * mounts (open_files), its groups (their list of devices binds it, and not us), its capabilities,
 * its filter. */
static struct sock_fprog *take_less(int dir, uint64_t *bounding)
{
	struct sock_fprog *prog = NULL;
	struct container c;
	struct spec spec;
	if ((ns[NS_MNT].path && !file_same(fds[NS_MNT], "", dir, "ns/mnt")) ||
	    (root_dir && *root_dir) || (work_dir && *work_dir))
		die_usage("--mount=FILE, --root=DIR, --wd=DIR: the processes of the pid namespace "
			  "could take what lies there: add --privileged");
	*bounding = status_bits(dir, "CapBnd:");
	if (container && (seen_open(&c, container) < 0 || create_reload(&c, &spec) < 0 ||
			     become_filter(&spec, ctr_lib(), &prog) < 0))
		die_fail();
	if (container && c.status == ST_PAUSED)
		die("%s: paused (whoever enters its groups stands still)", container);
	_cleanup_free_ char *groups = file_read_at(dir, "cgroup", FILE_ANY, NULL);
	if (groups && geteuid() == 0)
		cgroup_return(0, groups);
	return prog;
}

static void lessen(const struct sock_fprog *prog, uint64_t bounding)
{
	if (caps_drop_bounding(bounding) < 0)
		die_errno("capabilities: bounding set");
	/* Our terminal is among what a tracer could take: it would type into the caller's shell. */
	if ((filter_no_typing() < 0 && errno != EINVAL) ||
	    (prog && filter_load(prog, FILTER_FLAGS, NULL) < 0))
		die_fail();
	ids();
	if (geteuid() == 0 && caps_apply(bounding, bounding, bounding, 0, 0) < 0)
		die_fail();
	if (sys_close_range(3, ~0u) < 0)
		die_errno("close descriptors");
}

int ctr_nsenter_main(int argc, char **argv)
{
	int pidfd, rootfd = -1, wdfd = -1;
	err_code = err_usage_code = 125;
	int n = opt_parse(&usage, argc, argv);
	int dir = target_dir(&pidfd);
	for (int i = 0; i < NS_COUNT; i++)
		if (ns[i].wanted && !ns[i].path && dir < 0)
			die_usage("--%s without =FILE needs --target", ns_kinds[i].file);
	if ((all || root_dir || work_dir) && dir < 0 && !(root_dir && *root_dir) &&
	    !(work_dir && *work_dir))
		die_usage("--target is missing");
	/* A process that the target's processes can see must not have the host's root. */
	if (!no_fork && !privileged) {
		int init = ns[NS_PID].path ? init_of_file() : -1;
		if (init >= 0 && dir >= 0 && !file_same(dir, "ns/pid", init, "ns/pid"))
			die_usage("-t and --pid=FILE name two pid namespaces: add --privileged");
		if (dir < 0)
			dir = init;
		if (dir >= 0 && ns[NS_PID].wanted)
			ns[NS_MNT].wanted = true;
	}
	open_files(dir);
	if (root_dir && (rootfd = *root_dir ? dir_hold(root_dir) : dir_hold_at(dir, "root")) < 0)
		die("root directory %s: %m", root_dir);
	if (work_dir && (wdfd = *work_dir ? dir_hold(work_dir) : dir_hold_at(dir, "cwd")) < 0)
		die("working directory %s: %m", work_dir);
	if (target_env)
		take_env(dir, rootfd);
	bool forked = fds[NS_PID] >= 0 && !no_fork && !same_as_ours(NS_PID);
	bool less = forked && dir >= 0 && !privileged;
	uint64_t bounding = 0;
	struct sock_fprog *prog = less ? take_less(dir, &bounding) : NULL;
	if (forked && !privileged)
		prctl(PR_SET_DUMPABLE, 0);
	join(pidfd);
	roots(rootfd, wdfd);
	if (less)
		lessen(prog, bounding);
	pid_t child = forked ? fork() : 0;
	if (child < 0)
		die_errno("fork");
	if (child > 0)
		return chain_stay(child);
	if (forked)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!less)
		ids();
	chain_run(argv + n);
}
