/* launch.c: starting a container: one clone, and the parent and the child doing their halves side by side; see
 * launch.h and DESIGN.md section 5.
 *
 * Child and parent share a SOCK_SEQPACKET pair. The child goes into its group before all else, and then waits twice:
 * for the id maps (a user namespace), and for "go", when its network is there. Exec closes the child's end: that is
 * success. Where the parent has nothing to do meanwhile, the child borrows its memory as vfork(2)'s does, and does not
 * wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "err.h"
#include "hooks.h"
#include "idmap.h"
#include "idmounts.h"
#include "image.h"
#include "launch.h"
#include "pidfd.h"
#include "rootfs.h"
#include "filter.h"
#include "handed.h"
#include "str.h"
#include "sys.h"
#include "userns.h"
#include "undo.h"

static const struct {
	unsigned long flag;
	const char *name;
} ns_info[NS_COUNT] = {
    [NS_MNT] = {CLONE_NEWNS, "mount"},
    [NS_PID] = {CLONE_NEWPID, "pid"},
    [NS_NET] = {CLONE_NEWNET, "network"},
    [NS_IPC] = {CLONE_NEWIPC, "ipc"},
    [NS_UTS] = {CLONE_NEWUTS, "uts"},
    [NS_CGROUP] = {CLONE_NEWCGROUP, "cgroup"},
    [NS_USER] = {CLONE_NEWUSER, "user"},
    [NS_TIME] = {0x80, "time"},
};

struct sides {
	int ours, childs;
	int ns_fd[NS_COUNT]; /* namespaces to join, -1 none */
	int own_pidns;       /* to come back to, when a pid namespace is joined */
	int image;           /* x_image_file's mount, detached; -1 none */
	int *idmounts;       /* idmounts.h; NULL none */
	struct handed *handed; /* handed.h; NULL none */
	int group;           /* the v2 side of the container's group, for CLONE_INTO_CGROUP; -1 none */
	bool borrowed;       /* the child runs in the parent's memory, which stands still: no one says go */
};

/* --- the child --- */

static char wait_byte(int report, const char *want)
{
	char c = 0;
	ssize_t n;
	do
		n = recv(report, &c, 1, 0);
	while (n < 0 && errno == EINTR);
	if (n != 1 || !strchr(want, c))
		_exit(125); /* the parent gave up, and has said why */
	return c;
}

static int join_namespaces(const struct sides *x)
{
	for (int i = 0; i < NS_COUNT; i++)
		if (x->ns_fd[i] >= 0 && i != NS_PID && setns(x->ns_fd[i], (int)ns_info[i].flag) < 0)
			return fail("join the %s namespace: %m", ns_info[i].name);
	return 0;
}

/* netdevice(7): a new network namespace has only lo, and it is down. */
static int loopback_up(void)
{
	struct ifreq r = {.ifr_name = "lo"};
	_cleanup_close_ int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return 0; /* a kernel without IPv4 */
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	return ioctl(s, SIOCSIFFLAGS, &r) < 0
		   ? fail("lo: set up: %m%s", errno == EPERM ? " (inside another container: it needs CAP_NET_ADMIN "
							       "there, or --net host)"
							     : "")
		   : 0;
}

static int names(const struct spec *s)
{
	if (s->hostname && sethostname(s->hostname, strlen(s->hostname)) < 0)
		return fail("hostname %s: %m", s->hostname);
	if (s->domainname && setdomainname(s->domainname, strlen(s->domainname)) < 0)
		return fail("domainname %s: %m", s->domainname);
	return 0;
}

static bool hooks_meanwhile(const struct spec *s)
{
	return hooks_any(s, HOOK_PRESTART) || hooks_any(s, HOOK_CREATE_RUNTIME);
}

static int child_steps(struct launch *l, const struct sides *x, int *code)
{
	const struct spec *s = l->spec;
	struct rootfs r = {.spec = s, .dir = l->dir, .passing = l->passing, .image = x->image, .fd = -1};
	/* Or we are root of one ourselves (unshare -r); with an overlay that is found out when it cannot be mounted. */
	r.userns = s->ns_new & 1u << NS_USER || x->ns_fd[NS_USER] >= 0 || (!s->x_lower.n && userns_nested());
	r.netns = s->ns_new & 1u << NS_NET;
	setsid();
	if (s->ns_new & 1u << NS_USER) {
		if (wait_byte(x->childs, "MI") == 'I')
			r.idmounts = x->idmounts;
		/* Without a 0 in the map (one id, kept) the capabilities alone do. */
		if ((setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL)
			return fail("become root of the user namespace: %m");
		/* Another user's /proc/PID belongs to root until the next exec, else: proc(5), "dumpable" */
		prctl(PR_SET_DUMPABLE, 1);
	}
	umask(0);
	if (join_namespaces(x) < 0 || (r.netns && loopback_up() < 0) ||
	    handed_mount(x->handed, s->ns_new) < 0 || rootfs_prepare(&r) < 0 ||
	    rootfs_mounts(&r) < 0) {
		if (r.no_overlay)
			*code = LAUNCH_NO_OVERLAY;
		return -1;
	}
	if (hooks_meanwhile(s)) {
		struct {
			int code;
		} ready = {0};
		send(x->childs, &ready, sizeof ready, MSG_NOSIGNAL);
	}
	if (!x->borrowed)
		wait_byte(x->childs, "G");
	if (s->ns_new & 1u << NS_CGROUP && unshare(CLONE_NEWCGROUP) < 0)
		return fail("cgroup namespace: %m");
	if (rootfs_cgroups(&r) < 0 || hooks_run(s, HOOK_CREATE_CONTAINER, 0) < 0 || rootfs_enter(&r) < 0)
		return -1;
	if (names(s) < 0 || rootfs_finish(&r) < 0)
		return -1;
	return hooks_run(s, HOOK_START_CONTAINER, 0);
}

static _Noreturn void child(struct launch *l, const struct sides *x, struct sock_fprog *prog)
{
	if (!x->borrowed) /* the stack is the parent's own, else */
		undo_forget();
	close(x->ours);
	for (size_t i = 0; i < 3; i++)
		if (l->locks[i] >= 0)
			close(l->locks[i]); /* the locks are the monitor's life, not ours */
	int code = 125;
	if ((l->cgroup && cgroup_enter(l->cgroup, x->group >= 0 && sys_clone_entered_cgroup(), -1) < 0) ||
	    child_steps(l, x, &code) < 0)
		report_failure(x->childs, code);
	struct become b = {.spec = l->spec, .seccomp = prog, .report = x->childs, .pdeathsig = true};
	memcpy(b.stdio, l->stdio, sizeof b.stdio);
	report_failure(x->childs, become(&b));
}

struct borrower {
	struct launch *l;
	const struct sides *x;
	struct sock_fprog *prog;
};

static void borrowing_child(void *arg)
{
	const struct borrower *b = arg;
	child(b->l, b->x, b->prog);
}

/* --- the parent --- */

/* Nothing for the parent to do, nobody who could reach the child's memory through a pid namespace that it shares, and
 * an exec for sure (init stays). What the child allocates is not given back, so not at every restart. */
static bool may_borrow(const struct launch *l, const struct sides *x)
{
	const struct spec *s = l->spec;
	for (int i = 0; i < NS_COUNT; i++)
		if (x->ns_fd[i] >= 0)
			return false;
	return !l->again && !l->attach && !s->x_init && !hooks_meanwhile(s) && s->ns_new & 1u << NS_PID &&
	       !(s->ns_new & (1u << NS_USER | 1u << NS_TIME));
}

static int open_namespaces(const struct spec *s, struct sides *x)
{
	for (int i = 0; i < NS_COUNT; i++) {
		x->ns_fd[i] = -1;
		if (!s->ns_path[i])
			continue;
		x->ns_fd[i] = openat(AT_FDCWD, s->ns_path[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (x->ns_fd[i] < 0)
			return fail("%s: %m", s->ns_path[i]);
	}
	if (x->ns_fd[NS_PID] < 0)
		return 0;
	/* setns(2) on a pid namespace is for the caller's next children: joined here, and left again after the clone.
	 */
	x->own_pidns = openat(AT_FDCWD, "/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	if (x->own_pidns < 0 || setns(x->ns_fd[NS_PID], CLONE_NEWPID) < 0)
		return fail("join the pid namespace: %m");
	return 0;
}

static void close_namespaces(struct sides *x)
{
	for (int i = 0; i < NS_COUNT; i++)
		if (x->ns_fd[i] >= 0)
			close(x->ns_fd[i]);
	if (x->own_pidns >= 0) {
		setns(x->own_pidns, CLONE_NEWPID);
		close(x->own_pidns);
	}
}

static int clone_failed(uint64_t flags)
{
	if (errno == EPERM && !(flags & CLONE_NEWUSER) && geteuid() != 0)
		return fail("new namespaces: %m (not root: add --userns auto)");
	if (errno == EPERM || errno == ENOSPC)
		return fail("new namespaces: %m%s", flags & CLONE_NEWUSER
							? " (user namespaces may be switched off or used up: sysctls "
							  "user.max_user_namespaces, kernel.unprivileged_userns_clone, "
							  "kernel.apparmor_restrict_unprivileged_userns; inside "
							  "another container its seccomp filter refuses them)"
							: " (inside another container: it needs CAP_SYS_ADMIN there)");
	if (errno == EINVAL)
		return fail("new namespaces: %m (this kernel lacks one of them: ctr-check says which)");
	return fail("new namespaces: %m");
}

/* Tell the child to go on. It may have failed and left already: its report is read next. */
static void tell(int fd, char c)
{
	send(fd, &c, 1, MSG_NOSIGNAL);
}

/* In a user namespace the writable layer must be its root's: overlayfs is read-only where it cannot make its work
 * directory. */
static int give_layer(const struct launch *l)
{
	const struct spec *s = l->spec;
	static const char *const names[] = {"upper", "work"};
	if (!l->dir || !s->uid_map.n || geteuid() != 0 || (!s->x_lower.n && !s->x_image_file))
		return 0;
	uid_t uid = 0;
	gid_t gid = 0;
	idmap_outside(s->uid_map.v, s->uid_map.n, 0, &uid);
	idmap_outside(s->gid_map.v, s->gid_map.n, 0, &gid);
	_cleanup_close_ int dir = openat(AT_FDCWD, l->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < 2; i++)
		if (dir < 0 || fchownat(dir, names[i], uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			return fail("%s/%s: chown to %u: %m", l->dir, names[i], uid);
	return 0;
}

static int parent_steps(struct launch *l, struct sides *x)
{
	const struct spec *s = l->spec;
	int code = 125;
	if (s->ns_new & 1u << NS_USER) {
		if (idmap_write(l->pid, s->uid_map.v, s->uid_map.n, s->gid_map.v, s->gid_map.n) < 0)
			return -1;
		bool mapped = idmounts_map(s, x->idmounts, x->image, l->pid);
		if (!mapped && give_layer(l) < 0)
			return -1;
		tell(x->ours, mapped ? 'I' : 'M');
	}
	if (pid_starttime(l->pid, &l->starttime) < 0 && !x->borrowed) { /* it may have ended, then */
		fail("process %d: %m", (int)l->pid);
		if (report_wait(x->ours, &code, NULL) < 0) /* and said why */
			l->code = code;
		return -1;
	}
	if (l->attach && l->attach(l, l->attach_arg) < 0)
		return -1;
	if (hooks_meanwhile(s)) {
		int r = report_wait(x->ours, &code, NULL);
		l->code = code;
		if (r < 0)
			return -1;
		if (hooks_run(s, HOOK_PRESTART, l->pid) < 0 || hooks_run(s, HOOK_CREATE_RUNTIME, l->pid) < 0)
			return -1;
	}
	if (!x->borrowed)
		tell(x->ours, 'G');
	int r = report_wait(x->ours, &code, &l->master);
	l->code = code;
	return r;
}

static void reap(struct launch *l)
{
	kill(l->pid, SIGKILL); /* our child, not waited for yet: the pid is still its */
	while (waitpid(l->pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	if (l->master >= 0)
		close(l->master);
	l->master = -1;
	l->pid = 0;
}

/* A squashfs or erofs file is mounted by us: the container's group has no loop devices. Before Linux 5.2 no mount can
 * be handed over; then the child does it. */
static int open_image(const struct spec *s, struct sides *x)
{
	if (!s->x_image_file || geteuid() != 0) /* a user's is refused by the child */
		return 0;
	x->image = image_loop_mount(s->x_image_file, NULL);
	return x->image >= 0 || errno == ENOSYS ? 0 : -1;
}

static int start(struct launch *l, struct sides *x, struct sock_fprog *prog)
{
	const struct spec *s = l->spec;
	uint64_t flags = 0;
	for (int i = 0; i < NS_COUNT; i++)
		if (s->ns_new & 1u << i && i != NS_CGROUP && i != NS_TIME)
			flags |= ns_info[i].flag;
	x->group = l->cgroup ? cgroup_open_v2(l->cgroup) : -1;
	struct borrower b = {l, x, prog};
	x->borrowed = may_borrow(l, x);
	l->pid = x->borrowed ? sys_clone_borrow(flags, x->group, borrowing_child, &b) : -1;
	if (l->pid < 0) { /* an old kernel, or a group that cannot be entered so; a real failure is met again */
		x->borrowed = false;
		l->pid = sys_clone(flags, x->group, NULL);
	}
	if (l->pid == 0)
		child(l, x, prog);
	if (l->pid < 0)
		return clone_failed(flags);
	close(x->childs);
	x->childs = -1;
	if (parent_steps(l, x) < 0) {
		_cleanup_free_ char *why = xstrdup(fail_msg());
		reap(l);
		return fail("%s", why);
	}
	return 0;
}

int launch(struct launch *l)
{
	struct sides x = {.ours = -1, .childs = -1, .own_pidns = -1, .image = -1, .group = -1};
	struct sock_fprog *prog = NULL;
	int pair[2];
	l->pid = 0;
	l->master = -1;
	l->code = 125;
	if (launch_seccomp(l->spec, &prog) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail("socketpair: %m");
	x.ours = pair[0];
	x.childs = pair[1];
	int r = open_namespaces(l->spec, &x);
	if (r == 0)
		r = open_image(l->spec, &x);
	if (r == 0)
		x.idmounts = idmounts_open(l->spec, l->dir);
	if (r == 0)
		x.handed = handed_open(l->spec, l->dir);
	if (r == 0)
		r = start(l, &x, prog);
	close_namespaces(&x);
	close(x.ours);
	if (x.childs >= 0)
		close(x.childs);
	if (x.image >= 0)
		close(x.image);
	idmounts_close(l->spec, x.idmounts);
	handed_close(x.handed);
	if (x.group >= 0)
		close(x.group);
	filter_free(prog);
	return r;
}
