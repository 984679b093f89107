/* become.c: the last steps of a process that becomes a container's command; the children of ctr-run
 * and ctr-exec share them.
 *
 * become() takes the steps in an order that the kernel demands; each step says why it stands where
 * it does.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "caps.h"
#include "err.h"
#include "rlimits.h"
#include "file.h"
#include "init.h"
#include "become.h"
#include "report.h"
#include "placement.h"
#include "rootfs_parts.h"
#include "filter.h"
#include "sys.h"
#include "title.h"
#include "tty.h"
#include "userdb.h"
#include "trace.h"

#ifdef SYS_setresuid32 /* on 32-bit ARM the calls without "32" have 16-bit ids */
#undef SYS_setgroups
#undef SYS_setresgid
#undef SYS_setresuid
#define SYS_setgroups SYS_setgroups32
#define SYS_setresgid SYS_setresgid32
#define SYS_setresuid SYS_setresuid32
#endif

/* --- the terminal --- */

/* Open a file that lies directly in the container's /dev, and is no link: the container may have
 * made it one, by way of another process's root in /proc, to a file that only we may open
 * (CVE-2026-88264, -88265). */
static int dev_open(const char *name, int flags)
{
	_cleanup_close_ int root = dir_hold("/"),
			    dev = path_open_in_root(root, "/dev", O_PATH | O_DIRECTORY, 0);
	return dev < 0 ? -1 : openat(dev, name, flags | O_NOFOLLOW | O_NOCTTY, 0600);
}

int become_null(int flags)
{
	struct stat st;
	int fd = dev_open("null", flags);
	if (fd < 0)
		return fail_errno("/dev/null");
	if (fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
		return fd;
	close(fd);
	return errno = ENODEV, fail("/dev/null in the container is not the null device");
}

/* /dev/console is the terminal, mounted on a file of the container's /dev (config-linux.md,
 * "Default Devices"), through a descriptor that was just created and is no link (CVE-2025-52565). A
 * second terminal (of ctr-exec) does not touch it. */
static bool dev_is_shared(const struct spec *s)
{
	for (size_t i = 0; i < s->mounts.n; i++)
		if (strcmp(s->mounts.v[i].dest, "/dev") == 0 &&
		    (strv_has(&s->mounts.v[i].options, "shared") ||
			strv_has(&s->mounts.v[i].options, "rshared")))
			return true;
	return false;
}

static void console(const struct become *b, int slave)
{
	struct stat st;
	_cleanup_close_ int fd = dev_open("console", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC);
	/* When /dev is bind-mounted from the host, its console is the host's: with mounts that are
	 * shared, that one would be covered for the host, too. */
	if (fd < 0 && errno == EEXIST && !b->entering && !dev_is_shared(b->spec))
		fd = dev_open("console", O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode))
		return;
	mount(FD_PATH(slave), FD_PATH(fd), NULL, MS_BIND, NULL);
}

static int terminal(const struct become *b)
{
	int master, slave;
	if (tty_open_pair("/dev/pts/ptmx", &master, &slave) < 0)
		return fail_in("/dev/pts/ptmx: open a terminal");
	struct winsize size = {.ws_row = b->spec->rows, .ws_col = b->spec->cols};
	if (size.ws_row && size.ws_col &&
	    ioctl(master, TIOCSWINSZ, &size) < 0) /* before exec: moby#35407 */
		return fail_errno("terminal: set size");
	struct termios t;
	if (b->spec->x_no_crlf && tcgetattr(slave, &t) == 0) {
		t.c_oflag &= ~(tcflag_t)ONLCR;
		tcsetattr(slave, TCSANOW, &t);
	}
	struct report r = {.code = -1};
	if (fd_send(b->report, &r, sizeof r, master) < 0)
		return fail_errno("terminal: send");
	close(master);
	console(b, slave);
	if (!b->appears && ioctl(slave, TIOCSCTTY, 0) < 0)
		return fail_errno("terminal: make it the controlling one");
	for (int i = 0; i < 3; i++)
		if (dup2(slave, i) < 0)
			return fail_errno("terminal: dup2");
	if (slave > 2)
		close(slave);
	return 0;
}

static int descriptors(const struct become *b)
{
	for (int i = 0; i < 3; i++) {
		int fd = b->stdio[i];
		if (fd < 0 && (fd = become_null(O_RDWR)) < 0)
			return -1;
		if (fd != i && dup2(fd, i) < 0)
			return fail_errno("dup2");
	}
	return 0;
}

/* --- small settings --- */

static int rlimit_resource(const char *type)
{
	static const struct {
		const char *name;
		int resource;
	} known[] = {{"AS", RLIMIT_AS}, {"CORE", RLIMIT_CORE}, {"CPU", RLIMIT_CPU},
	    {"DATA", RLIMIT_DATA}, {"FSIZE", RLIMIT_FSIZE}, {"LOCKS", RLIMIT_LOCKS},
	    {"MEMLOCK", RLIMIT_MEMLOCK}, {"MSGQUEUE", RLIMIT_MSGQUEUE}, {"NICE", RLIMIT_NICE},
	    {"NOFILE", RLIMIT_NOFILE}, {"NPROC", RLIMIT_NPROC}, {"RSS", RLIMIT_RSS},
	    {"RTPRIO", RLIMIT_RTPRIO}, {"RTTIME", RLIMIT_RTTIME}, {"SIGPENDING", RLIMIT_SIGPENDING},
	    {"STACK", RLIMIT_STACK}};
	for (size_t i = 0; str_starts(type, "RLIMIT_") && i < sizeof known / sizeof known[0]; i++)
		if (strcmp(type + 7, known[i].name) == 0)
			return known[i].resource;
	errno = EINVAL;
	return fail("%s: no such resource limit", type);
}

/* setrlimit(2): EPERM means a hard limit above the caller's, or a number of files above
 * fs.nr_open. */
static int limit_failed(const struct spec_rlimit *l, int res)
{
	struct rlimit have = {0};
	int why = errno;
	_cleanup_free_ char *files =
	    res == RLIMIT_NOFILE ? file_read("/proc/sys/fs/nr_open", 32, NULL) : NULL;
	getrlimit(res, &have);
	errno = why;
	fail("%s: set to %lld:%lld: %m", l->type, l->soft + 0ll, l->hard + 0ll);
	if (why != EPERM)
		return -1;
	fail("%s (the caller's hard limit is %llu, and going above it takes CAP_SYS_RESOURCE",
	    fail_msg(), have.rlim_max + 0ull);
	return fail(files ? "%s; no process goes above %.*s, the sysctl fs.nr_open)" : "%s)",
	    fail_msg(), (int)strcspn(files ? files : "", "\n"), files);
}

#define OWN_STACK (256 << 10) /* what is left to do may need so much */

static int limits(const struct spec *s)
{
	for (size_t i = 0; i < s->rlimits.n; i++)
		rlimits_keep(rlimit_resource(s->rlimits.v[i].type));
	rlimits_back_early();
	for (size_t i = 0; i < s->rlimits.n; i++) {
		const struct spec_rlimit *l = &s->rlimits.v[i];
		int res = rlimit_resource(l->type);
		struct rlimit rl = {l->soft, l->hard};
		if (res < 0)
			return -1;
		struct rlimit now = rl;
		if (res == RLIMIT_STACK && rl.rlim_cur < OWN_STACK)
			now.rlim_cur = rl.rlim_max < OWN_STACK ? rl.rlim_max : OWN_STACK;
		if (setrlimit(res, &now) < 0)
			return limit_failed(l, res);
		if (res == RLIMIT_STACK)
			rlimits_stack(&rl);
	}
	return 0;
}

void become_raise(const struct spec *s, pid_t pid)
{
	for (size_t i = 0; i < s->rlimits.n; i++) {
		struct rlimit have;
		int res = rlimit_resource(s->rlimits.v[i].type);
		if (res < 0 || prlimit(pid, res, NULL, &have) < 0 ||
		    have.rlim_max >= s->rlimits.v[i].hard)
			continue;
		have.rlim_max = s->rlimits.v[i].hard;
		prlimit(pid, res, &have, NULL);
	}
}

static void signals(void)
{
	static const char by_default[64]; /* any machine's struct of rt_sigaction(2) */
	sigset_t none;
	/* signal(3) keeps the first realtime signals to itself; a caller may ignore them, too. */
	for (int i = 1; i < NSIG; i++)
		syscall(SYS_rt_sigaction, i, by_default, NULL, NSIG / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Keys of the caller's session must not be found in the container (keyrings(7)); a kernel without
 * keyrings has none, and where an outer filter denies them it denies them in the container, too.
 * The new session has no name, because the next container would join one that has. */
static int keyring(void)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0) >= 0 ||
	    errno == ENOSYS || errno == EPERM)
		return 0;
	return fail_errno("a session keyring of its own");
}

/* --- user and privileges --- */

struct who {
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t n_groups;
	bool more_groups; /* there are groups beside the user's own */
	bool keep_groups; /* crun's annotation: podman --group-add keep-groups */
	char *home;
};

static int who_is(const struct spec *s, struct who *w)
{
	struct user u = {0};
	_cleanup_close_ int root = dir_hold("/");
	char numbers[32];
	snprintf(numbers, sizeof numbers, "%u:%u", s->uid, s->gid);
	if (userdb_lookup(root, s->x_user ? s->x_user : numbers, &s->x_groups, &u) < 0)
		return -1;
	*w = (struct who){.uid = u.uid,
	    .gid = u.gid,
	    .groups = u.groups,
	    .n_groups = u.n_groups,
	    .home = u.home,
	    .keep_groups =
		str_eq(strv_getenv(&s->annotations, "run.oci.keep_original_groups"), "1")};
	w->groups = xrealloc(w->groups, (w->n_groups + s->gids.n + 1) * sizeof *w->groups);
	for (size_t i = 0; i < s->gids.n; i++)
		w->groups[w->n_groups++] = s->gids.v[i];
	w->more_groups = w->n_groups;
	/* The user's own group is put among the further groups, too, as login(1) does it. Otherwise
	 * a set-group-id program would take the user out of it, and so give him files whose mode
	 * forbids to the group what it allows to others (CVE-2022-36109). */
	if (s->x_user && w->uid)
		w->groups[w->n_groups++] = w->gid;
	return 0;
}

static bool setgroups_denied(void)
{
	_cleanup_free_ char *s = file_read("/proc/self/setgroups", 16, NULL);
	/* A process that enters a container has a /proc in which it is not (enter.c), so the file
	 * cannot be read. It has CAP_SETGID, so nothing but a denied setgroups gives EPERM. */
	return s ? str_starts(s, "deny") : errno == ENOENT;
}

#define ONE_ID                                                                                     \
	" (this user namespace has a single id; more take a range in /etc/subuid and "             \
	"/etc/subgid, and newuidmap, of "                                                          \
	"package uidmap)"

/* Why an id cannot be used, as the end of a message. Keeps errno. */
static const char *unmapped(void)
{
	int why = errno;
	bool single = why == EINVAL && setgroups_denied();
	errno = why;
	if (single)
		return ONE_ID;
	return why == EINVAL ? " (not in the id map)" : "";
}

/* By the system calls themselves: musl's functions would look for other threads, of which there are
 * none, with nine more calls. */
static int set_user(const struct who *w)
{
	/* With a single-id map setgroups is denied, and there is nothing to set. */
	if (!w->keep_groups && syscall(SYS_setgroups, w->n_groups, w->groups) < 0) {
		int why = errno;
		bool denied = setgroups_denied();
		errno = why;
		if (why != EPERM || w->more_groups || !denied)
			return fail("supplementary groups: %m%s",
			    denied ? ONE_ID : " (it needs CAP_SETGID)");
	}
	if (syscall(SYS_setresgid, w->gid, w->gid, w->gid) < 0)
		return fail("group %u: %m%s", w->gid, unmapped());
	if (syscall(SYS_setresuid, w->uid, w->uid, w->uid) < 0)
		return fail("user %u: %m%s", w->uid, unmapped());
	return 0;
}

static int caps_of(const struct become *b, const struct who *w)
{
	struct spec_caps c = b->spec->caps;
	c.bounding &= ~b->drop;
	/* As docker: -u USER other than root starts with the bounding set only. What a bundle says
	 * of its user is done as it stands there, up to the exec, as runc does it. */
	if (b->spec->x_user && w->uid != 0 && !b->same_user) {
		c.effective &= c.ambient;
		c.permitted &= c.ambient;
	}
	return caps_apply(c.bounding, c.effective, c.permitted, c.inheritable, c.ambient);
}

static int load_filter(const struct become *b)
{
	int listener = -1;
	if (filter_load(b->seccomp, filter_flags(b->spec->seccomp), b->agent ? &listener : NULL) <
	    0)
		return -1;
	return listener < 0 ? 0 : report_listener(b->report, listener);
}

/* Without no_new_privs a filter needs CAP_SYS_ADMIN at that moment, so it goes in before the
 * capabilities go; with it, last of all. The parent-death signal is cleared by a change of
 * credentials, so it follows the last one (seccomp(2), PR_SET_PDEATHSIG in prctl(2)). */
static int privileges(const struct become *b, const struct who *w)
{
	const struct spec *s = b->spec;
	TRACE("capabilities %#llx stay; user %u:%u; %s; %s", (unsigned long long)s->caps.bounding,
	    w->uid, w->gid, s->no_new_privileges ? "no new privileges" : "set-id programs work",
	    b->seccomp ? "system calls are filtered (seccomp)" : "no filter of system calls");
	if (prctl(PR_SET_KEEPCAPS, 1) < 0 || caps_drop_bounding(s->caps.bounding & ~b->drop) < 0)
		return fail("capabilities: bounding set: %m (it needs CAP_SETPCAP)");
	if (!s->no_new_privileges && b->seccomp && load_filter(b) < 0)
		return -1;
	if ((!b->same_user && set_user(w) < 0) || caps_of(b, w) < 0 || become_death_signal(b) < 0)
		return -1;
	if (!s->no_new_privileges)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail_errno("no_new_privs");
	return b->seccomp ? load_filter(b) : 0;
}

/* --- the command --- */

int become_make_cwd(const char *cwd)
{
	_cleanup_close_ int root = dir_hold("/");
	return path_make_in_root(root, cwd, true, 0755);
}

/* A missing directory is made for WORKDIR, but not for a further command, as docker does. A path
 * outside the root must not become our working directory (CVE-2024-21626). */
static int enter_cwd(const char *cwd, bool make)
{
	char now[4096];
	int r = rootfs_in_fds && chdir("/") < 0 ? -1 : chdir(cwd);
	if (r < 0 && errno == ENOENT && make) {
		/* A CHAIN applet still has the caller's umask; the command's is set later. */
		umask(022);
		_cleanup_close_ int dir = become_make_cwd(cwd);
		r = dir < 0 ? -1 : fchdir(dir);
	}
	if (r < 0)
		return fail_tried(cwd, "working directory");
	if (syscall(SYS_getcwd, now, sizeof now) < 0 || now[0] != '/')
		return fail("%s: the working directory lies outside the container", cwd);
	return 0;
}

int become_oom_score(const struct spec *s)
{
	char num[24];
	snprintf(num, sizeof num, "%d", (int)s->oom_score_adj);
	if (!s->has_oom_score_adj || file_poke("/proc/self/oom_score_adj", num) == 0)
		return 0;
	return errno == EACCES ? fail_in("going below the caller's takes CAP_SYS_RESOURCE") : -1;
}

void become_hidden(void)
{
	prctl(PR_SET_DUMPABLE, 0);
}

/* With --init we stay PID 1, and the command is our child. Returns in the child only, or with
 * -1. */
static int stay_as_init(void)
{
	title_wipe("ctr-init"); /* the container can read /proc/1/cmdline and environ */
	pid_t pid = fork();
	if (pid < 0)
		return fail_errno("fork");
	if (pid > 0)
		_exit(init_loop(pid, false));
	/* They were blocked until here, so that none is lost between the fork and the loop. */
	signals();
	return 0;
}

/* A variable that is named twice has its last value: getenv(3) would find the first. */
static void env_once(struct strv *env)
{
	struct strv sorted = {0}, once = {0};
	bool twice = false;
	strv_addall(&sorted, env);
	strv_sort(&sorted);
	for (size_t i = 1; i < sorted.n; i++)
		twice |= strncmp(sorted.v[i], sorted.v[i - 1], strcspn(sorted.v[i], "=") + 1) == 0;
	strv_free(&sorted);
	for (size_t i = 0; twice && i < env->n; i++) {
		size_t later = i + 1, n = strcspn(env->v[i], "=") + 1;
		while (later < env->n && strncmp(env->v[later], env->v[i], n) != 0)
			later++;
		if (later == env->n)
			strv_add(&once, env->v[i]);
	}
	if (twice) {
		strv_free(env);
		*env = once;
	}
}

int become(struct become *b)
{
	const struct spec *s = b->spec;
	struct who w = {0};
	struct strv env = {0};
	strv_addall(&env, &s->env);
	env_once(&env);
	if (b->same_user)
		w.uid = geteuid();
	else if (who_is(s, &w) < 0)
		return 125;
	const char *home = strv_getenv(&env, "HOME");
	if (!b->same_user && (!home || !*home))
		strv_setenv(&env, "HOME", w.home && *w.home ? w.home : "/");
	if ((s->terminal ? terminal(b) : descriptors(b)) < 0)
		return 125;
	bool init = s->x_init && !b->entering;
	if (!b->entering && !b->appears && become_oom_score(s) < 0)
		return 125;
	TRACE("standard input, output and error; limits; working directory %s",
	    s->cwd ? s->cwd : "/");
	become_hidden();
	if (!b->same_user)
		become_give_stdio(b, w.uid, w.gid);
	if (!b->keyring_stays && keyring() < 0)
		return 125;
	/* Before the limits are set: on an old kernel they tell how many descriptors there can
	 * be. */
	if (sys_close_range_cloexec(3 + b->preserve) < 0)
		return fail_errno("close-on-exec on all descriptors"), 125;
	if (limits(s) < 0 || placement_apply(s, b->entering, b->appears) < 0 ||
	    enter_cwd(s->cwd && *s->cwd ? s->cwd : "/", !b->entering) < 0)
		return 125;
	umask(s->umask >= 0 ? (mode_t)s->umask : 022);
	if (!init)
		signals();
	const char *path = strv_getenv(&env, "PATH");
	path = path ? path : SPEC_PATH;
	if (privileges(b, &w) < 0 || (b->appears && become_appear(b) < 0))
		return 125;
	/* That a command cannot be run is reported to whoever creates the container, not to whoever
	 * starts it: this is when podman expects it, and dockerd does not clean up after a failed
	 * start. */
	int code = b->gate ? become_exec(s->args.v[0], NULL, NULL, path) : 0;
	if (code)
		return code;
	rlimits_back_stack();
	b->envp = strv_argv(&env);
	TRACE("execve(2) of %s", s->args.v[0]);
	if ((b->gate && b->gate(b, b->gate_arg) < 0) || (init && stay_as_init() < 0))
		return 125;
	return become_exec(s->args.v[0], s->args.v, b->envp, path);
}
