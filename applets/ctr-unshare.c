/* ctr-unshare: make new namespaces, and become a command in them.
 *
 * Kind: CHAIN, with the flags of unshare(1). To keep a namespace, or to write id maps, a process
 * has to stay outside: a helper process, which ends before the command begins. With a pid namespace
 * the command is its PID 1, and we stay to forward signals and the exit code.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets.h"
#include "chain.h"
#include "err.h"
#include "file.h"
#include "idmap.h"
#include "image.h"
#include "ns.h"
#include "opt.h"
#include "pidfd.h"
#include "placement.h"
#include "signames.h"
#include "str.h"
#include "sys.h"
#include "tty.h"
#include "userns_flag.h"

static struct wish {
	bool wanted;
	const char *keep; /* the value of =FILE: where the namespace is kept when we are gone */
} wish[NS_COUNT];
static bool as_root, as_me, fork_too, die_too;
static int with_us = SIGKILL; /* what the command gets when we end */
static struct strv mapped, images, map_users, map_groups;
static const char *outside;
static const char *map, *propagation = "private", *proc, *hostname, *domainname, *monotonic,
			*boottime;

static int want(enum spec_ns ns, const char *file)
{
	wish[ns] = (struct wish){true, file ? file : wish[ns].keep};
	return 0;
}
NS_WANT(want)

static int map_auto(const char *none)
{
	(void)none;
	map = "auto";
	return 0;
}

static int map_one(const char *id)
{
	return fail(
	    "one id only: say --map-users %s:%u:1 --map-groups GID:%u:1", id, geteuid(), getegid());
}

/* The command always dies with us. */
static int kill_child(const char *sig)
{
	with_us = sig ? signal_from_name(sig) : SIGKILL;
	fork_too = true;
	return with_us > 0 ? 0 : fail("'%s' is not a signal", sig);
}

static int mount_proc(const char *dir)
{
	proc = dir ? dir : "/proc";
	return want(NS_MNT, wish[NS_MNT].keep);
}

static const struct opt opts[] = {
    {'m', "mount", "[=FILE]", "a mount namespace, kept at FILE", OPT_CALL, want_mnt},
    {'u', "uts", "[=FILE]", "of the host's names", OPT_CALL, want_uts},
    {'i', "ipc", "[=FILE]", "of System V IPC and message queues", OPT_CALL, want_ipc},
    {'n', "net", "[=FILE]", "of the network; its lo is up", OPT_CALL, want_net},
    {'p', "pid", "[=FILE]", "of process ids: the command is its PID 1", OPT_CALL, want_pid},
    {'U', "user", "[=FILE]", "of users (see --map)", OPT_CALL, want_user},
    {'C', "cgroup", "[=FILE]", "of cgroups: our own group looks like the root", OPT_CALL,
	want_cgroup},
    {'T', "time", "[=FILE]", "of the clocks since boot", OPT_CALL, want_time},
    {0, "map", "auto|keep-id|MAP",
	"with -U: the id maps, as ctr-run --userns has them (default: auto)", OPT_STR, &map},
    {0, "map-users", "C:H:N", "with -U: N users from C on are those from H on outside", OPT_LIST,
	&map_users},
    {0, "map-groups", "C:H:N", "the same of groups (default: as the users)", OPT_LIST, &map_groups},
    {0, "map-auto", NULL, NULL, OPT_CALL, map_auto},
    {0, "map-user", "UID", NULL, OPT_CALL, map_one},
    {0, "map-group", "GID", NULL, OPT_CALL, map_one},
    {'r', "map-root-user", NULL, "-U, and our user alone is in it, as root", OPT_FLAG, &as_root},
    {'c', "map-current-user", NULL, "-U, and our user alone is in it, as itself", OPT_FLAG, &as_me},
    {0, "hostname", "NAME", "-u, and the host name there", OPT_STR, &hostname},
    {0, "domainname", "NAME", "-u, and the NIS domain name there", OPT_STR, &domainname},
    {0, "monotonic", "SECONDS", "-T, and its monotonic clock is ahead by so much", OPT_STR,
	&monotonic},
    {0, "boottime", "SECONDS", "-T, and so is its clock since boot", OPT_STR, &boottime},
    {0, "mount-proc", "[=DIR]", "-m, and a /proc of its own", OPT_CALL, mount_proc},
    {0, "propagation", "private|slave|shared|unchanged",
	"of the mounts in a new mount namespace (default: private)", OPT_STR, &propagation},
    {0, "mapped", "DIR[:AT]",
	"with -U and -m: DIR, mounted there or at AT, with the owners that the map gives", OPT_LIST,
	&mapped},
    {0, "image", "FILE:DIR",
	"-m, and a squashfs or erofs file (or verity:HASH:FILE) mounted at DIR", OPT_LIST, &images},
    {0, "outside", "SH-LINE",
	"when the namespaces are there, run this outside first; $1 is the pid of one in them",
	OPT_STR, &outside},
    {'f', "fork", NULL, "stay, and let the command be a child (as with -p)", OPT_FLAG, &fork_too},
    {0, "die-with-parent", NULL, "be killed when our caller ends", OPT_FLAG, &die_too},
    {0, "kill-child", "[=SIGNAL]", NULL, OPT_CALL, kill_child},
    OPT_END,
};
/* unshare(1)'s */
static const char others[] =
    "R root:ctr-root --direct DIR, put before the command\n"
    "w wd:ctr-priv -w DIR, put before the command\n"
    "S setuid G setgid:ctr-priv -u USER:GROUP, put before the command\n"
    "setgroups:settled by the map: a user without a range of groups has deny\n"
    "keep-caps:so of itself for root of the map; ctr-priv -u drops them\n";
static const struct usage usage = {
    .placeless = true,
    .others = others,
    .synopsis = "[COMMAND [ARG...]]",
    .more = "COMMAND defaults to $SHELL or /bin/sh. Exit code: the command's, 128+N if signal N "
	    "ended it,\n125 ctr-unshare failed, 126 not executable, 127 not found.\n",
    .opts = opts,
};

/* --- the helper outside --- */

struct ask {
	enum { MAP, KEEP, RUN, TREE } what;
	size_t i; /* TREE: the i-th --mapped */
};
static struct spec maps;

static int keep_one(pid_t whom, enum spec_ns ns)
{
	const char *to = wish[ns].keep;
	_cleanup_free_ char *from = xasprintf("/proc/%d/ns/%s%s", (int)whom, ns_kinds[ns].file,
	    ns == NS_PID || ns == NS_TIME ? "_for_children" : "");
	_cleanup_close_ int fd =
	    openat(AT_FDCWD, to, O_RDONLY | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0444);
	struct statfs fs;
	if (fd < 0)
		return fail("keep the %s namespace at '%s': %m", spec_ns_names[ns], to);
	if (fstatfs(fd, &fs) == 0 && fs.f_type == NSFS_MAGIC)
		return errno = EEXIST,
		       fail("%s: a namespace is kept there already (umount it)", to);
	if (mount(from, to, NULL, MS_BIND, NULL) == 0)
		return 0;
	return fail("%s: keep the %s namespace: %m%s", to, spec_ns_names[ns],
	    ns == NS_MNT && errno == EINVAL
		? " (a mount namespace is kept on a private mount only: mount --make-private)"
		: "");
}

static int keep_all(pid_t whom)
{
	for (int i = 0; i < NS_COUNT; i++) {
		if (!wish[i].keep || keep_one(whom, i) == 0)
			continue;
		while (i-- > 0) /* none is kept when the command does not run */
			if (wish[i].keep)
				umount2(wish[i].keep, MNT_DETACH);
		return -1;
	}
	return 0;
}

static int run_outside(pid_t whom)
{
	char pid[16];
	snprintf(pid, sizeof pid, "%d", (int)whom);
	pid_t sh = fork();
	if (sh == 0) {
		execl("/bin/sh", "sh", "-c", outside, "sh", pid, (char *)NULL);
		_exit(127);
	}
	return pid_reap(sh) ? fail("--outside: this line failed: %s", outside) : 0;
}

/* A copy of DIR's mount with mapped ids, to be mounted over it in the new mount namespace
 * (mount_setattr(2), MOUNT_ATTR_IDMAP). Returns a descriptor. */
static int map_tree(const char *what, pid_t whom)
{
	_cleanup_free_ char *dir = xstrdup(what);
	char *colon = strrchr(dir, ':');
	if (colon)
		*colon = 0;
	_cleanup_free_ char *ns = xasprintf("/proc/%d/ns/user", (int)whom);
	_cleanup_close_ int user = openat(AT_FDCWD, ns, O_RDONLY | O_CLOEXEC);
	struct mount_attr_s a = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)user};
	int fd = user < 0 ? -1 : sys_mount_copy(AT_FDCWD, dir, 0, &a);
	if (fd < 0)
		return fail("--mapped: %s: %m (an id-mapped mount takes root, Linux 5.12 and a "
			    "file system that can)",
		    dir);
	return fd;
}

static int answer(struct ask a, pid_t whom)
{
	char path[48];
	snprintf(path, sizeof path, "/proc/%d/setgroups", (int)whom);
	switch (a.what) {
	case MAP:
		if ((as_root || as_me) && file_poke(path, "deny") < 0) /* as unshare(1) */
			return -1;
		return idmap_write(
		    whom, maps.uid_map.v, maps.uid_map.n, maps.gid_map.v, maps.gid_map.n);
	case KEEP:
		return keep_all(whom);
	case RUN:
		return run_outside(whom);
	case TREE:
		return map_tree(mapped.v[a.i], whom);
	}
	return -1;
}

static _Noreturn void help(int sock, pid_t whom)
{
	struct ask a;
	while (recv(sock, &a, sizeof a, 0) == sizeof a) {
		int r = answer(a, whom);
		const char *said = r < 0 ? fail_msg() : "";
		if (a.what == TREE && r >= 0) {
			fd_send(sock, said, 1, r);
			close(r);
		} else {
			send(sock, said, strlen(said) + 1, MSG_NOSIGNAL);
		}
	}
	_exit(0);
}

static int helper = -1;
static pid_t helper_pid;

static void helper_start(void)
{
	int pair[2];
	pid_t us = getpid();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		die_errno("socketpair");
	helper_pid = fork();
	if (helper_pid < 0)
		die_errno("fork");
	if (helper_pid == 0) {
		close(pair[0]);
		help(pair[1], us);
	}
	close(pair[1]);
	helper = pair[0];
}

/* Dies when the helper could not do it. Returns the descriptor that came with the answer, or -1. */
static int helper_asked(struct ask what)
{
	char said[1024];
	int fd = -1;
	ssize_t n = send(helper, &what, sizeof what, MSG_NOSIGNAL) < 0
			? -1
			: fd_recv(helper, said, sizeof said, &fd);
	if (n < 1)
		die("the process that stays outside has ended");
	if (*said)
		die("%s", said);
	return fd;
}

static void helper_end(void)
{
	if (helper < 0)
		return;
	close(helper);
	pid_reap(helper_pid);
}

/* --- the namespaces --- */

static void maps_wanted(void)
{
	if (as_root && as_me)
		die_usage("-r and -c contradict each other");
	if ((as_root || as_me || map_users.n) && (map || (map_users.n && (as_root || as_me))))
		die_usage("--map: there is a map already");
	if (map && strcmp(map, "host") == 0)
		die_usage("--map: 'host' is none: leave -U out");
	if (as_root || as_me) {
		idmap_add(&maps.uid_map, as_root ? 0 : geteuid(), geteuid(), 1);
		idmap_add(&maps.gid_map, as_root ? 0 : getegid(), getegid(), 1);
	} else if (map_users.n || map_groups.n) {
		static const char *const flags[] = {"--map-users", "--map-groups"};
		if (userns_lines(&maps, flags, &map_users, &map_groups) < 0)
			die_fail_usage();
	} else if (userns_request(&maps, "--map", map ? map : "auto") < 0) {
		die_fail_usage();
	}
}

static void offset(const char *flag, const char *text, struct spec_time_offset *o)
{
	if (!text)
		return;
	if (num_parse(flag, text, -1000000000, 1000000000, &o->secs) < 0)
		die_fail_usage();
	o->set = true;
	wish[NS_TIME].wanted = true;
}

static unsigned long propagation_flag(void)
{
	static const struct {
		const char *word;
		unsigned long flag;
	} known[] = {{"private", MS_REC | MS_PRIVATE}, {"slave", MS_REC | MS_SLAVE},
	    {"shared", MS_REC | MS_SHARED}, {"unchanged", 0}};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(known[i].word, propagation) == 0)
			return known[i].flag;
	die_usage("--propagation: '%s' is not private, slave, shared or unchanged", propagation);
}

static void become_user(void)
{
	if (unshare(CLONE_NEWUSER) < 0)
		die("user namespace: %m%s",
		    errno == EPERM || errno == ENOSPC
			? " (they may be switched off or used up: sysctls "
			  "user.max_user_namespaces, kernel.unprivileged_userns_clone)"
			: "");
	helper_asked((struct ask){MAP, 0});
	if (!as_me && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL)
		die_errno("become root of the user namespace");
	prctl(PR_SET_DUMPABLE, 1);
}

static void make_others(void)
{
	int flags = 0;
	for (int i = 0; i < NS_COUNT; i++)
		if (wish[i].wanted && i != NS_USER && i != NS_TIME)
			flags |= (int)ns_kinds[i].flag;
	int r = flags ? unshare(flags) : 0;
	if (r < 0 && errno == EPERM && geteuid())
		die("new namespaces: %m (not root: add -U)");
	if (r < 0) {
		ns_failed("new namespaces", (uint64_t)flags);
		die_fail();
	}
	if (wish[NS_TIME].wanted && placement_time(&maps) < 0)
		die_fail();
}

/* Before Linux 5.2 it is mounted there already. */
static void put_at(int fd, const char *at)
{
	if (sys_move_mount(fd, AT_FDCWD, at) < 0 && errno != ENOSYS)
		die("%s: mount: %m", at);
}

static void settle(unsigned long prop)
{
	if (wish[NS_MNT].wanted && prop && mount(NULL, "/", NULL, prop, NULL) < 0)
		die_errno("/: change propagation");
	for (size_t i = 0; i < images.n; i++) {
		char *at = strrchr(images.v[i], ':');
		if (!at)
			die_usage("--image: '%s' is not FILE:DIR", images.v[i]);
		*at++ = 0;
		_cleanup_close_ int fd = image_loop_mount(images.v[i], at);
		if (fd < 0)
			die_fail();
		put_at(fd, at);
	}
	for (size_t i = 0; i < mapped.n; i++) {
		_cleanup_close_ int fd = helper_asked((struct ask){TREE, i});
		const char *colon = strrchr(mapped.v[i], ':');
		put_at(fd, colon ? colon + 1 : mapped.v[i]);
	}
	if (wish[NS_NET].wanted && ns_loopback_up() < 0)
		die_fail();
	if (hostname && sethostname(hostname, strlen(hostname)) < 0)
		die("hostname %s: %m (64 bytes at most)", hostname);
	if (domainname && setdomainname(domainname, strlen(domainname)) < 0)
		die("domainname %s: %m (64 bytes at most)", domainname);
	if (outside)
		helper_asked((struct ask){RUN, 0});
}

/* In the process that becomes the command. */
static _Noreturn void go(char **argv)
{
	if (proc && mount("proc", proc, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		die("%s: mount proc: %m", proc);
	chain_run(argv);
}

/* A pid namespace can be kept only once its first process exists. That process waits for our word;
 * it ends with us. */
static int stay(char **argv, bool keeps)
{
	int gate[2];
	char c;
	if (pipe2(gate, O_CLOEXEC) < 0)
		die_errno("pipe");
	pid_t us = getpid(), child = fork();
	if (child < 0)
		die_errno("fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, with_us);
		close(gate[1]);
		if (helper >= 0)
			close(helper);
		bool alone = read(gate[0], &c, 1) != 1;
		if (alone ||
		    (getppid() && getppid() != us)) /* 0: we are in another pid namespace */
			_exit(125);
		go(argv);
	}
	if (keeps)
		helper_asked((struct ask){KEEP, 0});
	helper_end();
	if (write(gate[1], "", 1) != 1)
		die("the command's process has ended");
	close(gate[0]);
	close(gate[1]);
	return chain_stay(child);
}

int ctr_unshare_main(int argc, char **argv)
{
	bool keeps = false;
	pid_t parent = getppid();
	err_code = err_usage_code = 125;
	int n = opt_parse(&usage, argc, argv);
	offset("--monotonic", monotonic, &maps.offset_monotonic);
	offset("--boottime", boottime, &maps.offset_boottime);
	wish[NS_UTS].wanted |= hostname || domainname;
	wish[NS_USER].wanted |= as_root || as_me || map || map_users.n || map_groups.n;
	wish[NS_MNT].wanted |= images.n != 0;
	unsigned long prop = propagation_flag();
	chain_ready();
	if (wish[NS_USER].wanted)
		maps_wanted();
	for (int i = 0; i < NS_COUNT; i++)
		keeps |= wish[i].keep != NULL;
	if (mapped.n && !(wish[NS_USER].wanted && wish[NS_MNT].wanted))
		die_usage("--mapped: it takes -U and -m");
	if (keeps || outside || wish[NS_USER].wanted)
		helper_start();
	if (wish[NS_USER].wanted)
		become_user();
	make_others();
	settle(prop);
	if (die_too && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || (parent && getppid() != parent)))
		die("--die-with-parent: our caller has ended");
	if (wish[NS_PID].wanted || wish[NS_TIME].wanted || fork_too)
		return stay(argv + n, keeps);
	if (keeps)
		helper_asked((struct ask){KEEP, 0});
	helper_end();
	go(argv + n);
}
