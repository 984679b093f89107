/* engine.c: the parent's half of a start: one clone, and everything that the child waits for; see
 * engine.h.
 *
 * When the child executes the command, its end of the socket is closed: that means success. Where
 * the parent has nothing to do meanwhile, the child borrows its memory as after vfork(2), and does
 * not wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "engine.h"
#include "engine_child.h"
#include "err.h"
#include "foreign_proc.h"
#include "file.h"
#include "filter.h"
#include "handed.h"
#include "hooks.h"
#include "idmap.h"
#include "idmounts.h"
#include "mountopts.h"
#include "image.h"
#include "become.h"
#include "placement.h"
#include "report.h"
#include "ns.h"
#include "pidfd.h"
#include "str.h"
#include "sys.h"
#include "trace.h"

void engine_init(struct engine *e, const struct spec *spec)
{
	*e = (struct engine){.spec = spec,
	    .gate = -1,
	    .stdio = {-1, -1, -1},
	    .apart = {-1, -1, -1, -1},
	    .master = -1,
	    .code = 125,
	    .sock = -1};
	for (int i = 0; i < NS_COUNT; i++)
		e->ns_fd[i] = -1;
}

struct borrower {
	struct engine *e;
	const struct sides *x;
};

static void borrowing_child(void *arg)
{
	const struct borrower *b = arg;
	engine_child(b->e, b->x);
}

/* Borrow the parent's memory only if the parent has nothing to do meanwhile, no other process
 * shares the child's pid namespace, and the child certainly executes a command (with --init it
 * stays). What the child allocates is not freed, so this is not done on a restart. */
static bool may_borrow(const struct engine *e, const struct sides *x)
{
	const struct spec *s = e->spec;
	for (int i = 0; i < NS_COUNT; i++)
		if (x->ns_fd[i] >= 0)
			return false;
	return !x->waits && !e->again && !e->attach && !s->x_init && !engine_hooks_meanwhile(s) &&
	       s->ns_new & 1u << NS_PID && !(s->ns_new & (1u << NS_USER | 1u << NS_TIME));
}

static int open_namespaces(const struct engine *e, struct sides *x)
{
	const struct spec *s = e->spec;
	for (int i = 0; i < NS_COUNT; i++) {
		x->ns_fd[i] = -1;
		if (e->ns_fd[i] >= 0)
			x->ns_fd[i] = fcntl(e->ns_fd[i], F_DUPFD_CLOEXEC, 3);
		else if (s->ns_path[i])
			x->ns_fd[i] =
			    openat(AT_FDCWD, s->ns_path[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		else
			continue;
		if (x->ns_fd[i] < 0)
			return fail(
			    "%s: %m", s->ns_path[i] ? s->ns_path[i] : "a namespace to join");
	}
	if (x->ns_fd[NS_PID] < 0)
		return 0;
	struct mountopts o = {0};
	for (size_t i = 0; i < s->mounts.n; i++)
		if (str_eq(s->mounts.v[i].type, "proc") && !o.data &&
		    mountopts_parse(&o, &s->mounts.v[i].options) < 0)
			return fail_about(s->mounts.v[i].dest);
	x->proc = foreign_proc(x->ns_fd[NS_PID], o.data);
	int why = errno;
	mountopts_free(&o);
	errno = why;
	if (x->proc >= 0)
		return 0;
	if (errno != ENOSYS)
		return -1;
	/* Before Linux 5.2 the child must mount /proc itself, and be in the namespace from the
	 * start. setns(2) on a pid namespace affects the caller's later children: it is joined
	 * here, and left again after the clone. */
	x->own_pidns = openat(AT_FDCWD, "/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	if (x->own_pidns < 0 || setns(x->ns_fd[NS_PID], CLONE_NEWPID) < 0)
		return fail_errno("join the pid namespace");
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
	if (errno == EPERM)
		return fail("new namespaces: %m%s",
		    flags & CLONE_NEWUSER
			? " (user namespaces may be switched off: sysctls "
			  "kernel.unprivileged_userns_clone, "
			  "kernel.apparmor_restrict_unprivileged_userns; inside "
			  "another container its seccomp filter refuses them, in a chroot the "
			  "kernel)"
			: " (inside another container: it needs CAP_SYS_ADMIN there)");
	if (errno == EAGAIN)
		return fail(
		    "new namespaces: %m (as many processes as a limit of the caller's allows: "
		    "ulimit -u, its group's pids.max, kernel.pid_max)");
	return ns_failed("new namespaces", flags);
}

/* Tell the child to go on. It may have failed and ended already: its report is read next. */
static void engine_tell(int fd, char c)
{
	send(fd, &c, 1, MSG_NOSIGNAL);
}

/* In a user namespace the writable layer must belong to its root: overlayfs is read-only where it
 * cannot create its work directory. */
static int give_layer(const struct engine *e)
{
	const struct spec *s = e->spec;
	static const char *const names[] = {"upper", "work"};
	if (!e->dir || !s->uid_map.n || geteuid() != 0 || (!s->x_lower.n && !s->x_image_file))
		return 0;
	uid_t uid = 0;
	gid_t gid = 0;
	idmap_outside(s->uid_map.v, s->uid_map.n, 0, &uid);
	idmap_outside(s->gid_map.v, s->gid_map.n, 0, &gid);
	_cleanup_close_ int dir = dir_hold(e->dir);
	for (size_t i = 0; i < 2; i++)
		if (dir < 0 || fchownat(dir, names[i], uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			return fail("%s/%s: chown to %u: %m", e->dir, names[i], uid);
	return 0;
}

/* The hooks on the runtime's side run when the child has made its mounts, and before it enters its
 * root. */
static int parent_hooks(struct engine *e, struct sides *x)
{
	struct hook_subject about = {e->id, e->bundle, e->pid, e->given_up, e->attach_arg};
	if (!engine_hooks_meanwhile(e->spec))
		return 0;
	if (report_wait(x->ours, &e->code, NULL) < 0)
		return -1;
	e->code = 125;
	return hooks_run(e->spec, HOOK_PRESTART, &about) < 0
		   ? -1
		   : hooks_run(e->spec, HOOK_CREATE_RUNTIME, &about);
}

/* A score below the caller's needs CAP_SYS_RESOURCE in the host's user namespace, which the child
 * does not have. What fails here fails again in the child, which reports it. */
static void engine_oom_score(const struct engine *e)
{
	char path[40], num[24];
	snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)e->pid);
	snprintf(num, sizeof num, "%d", (int)e->spec->oom_score_adj);
	if (e->spec->has_oom_score_adj && file_poke(path, num) < 0)
		return;
}

/* The child has executed the command, waits at its gate, or has failed; one that joined a pid
 * namespace has another pid by then. */
static int last_word(struct engine *e, struct sides *x)
{
	struct reported said = {.code = e->code, .master = -1};
	int r;
	while ((r = x->proc >= 0 ? foreign_proc_wait(x->ours, -1) : 0) == 0 &&
	       (r = report_next(x->ours, &said)) >= 2)
		if (r == 3 &&
		    report_hand_over(x->ours, e->pid, &said, e->notify, e->attach_arg) < 0)
			return -1;
	e->code = said.code;
	e->master = said.master;
	if (!said.pid)
		return x->proc >= 0 && r == 0 ? fail("the process that joins was killed") : r;
	pid_reap(e->pid);
	e->pid = said.pid;
	/* It has ended already, as a short command may. */
	if (pid_starttime(e->pid, &e->starttime) < 0)
		e->starttime = 0;
	return r;
}

/* When the child dies, the report socket is closed as by execve(2). Whether it was killed for want
 * of memory the group tells, or the name that it took (report_starved()). Then -1 with fail(),
 * otherwise 0. */
static int killed_for_memory(const struct engine *e)
{
	const char *limit = strv_getenv(&e->spec->resources, "memory.max");
	uint64_t kills = 0;
	bool starved = report_starved(e->pid);
	if (!starved && (!e->cgroup || !limit || cgroup_oom_kills(e->cgroup, &kills) < 0 || !kills))
		return 0;
	errno = ENOMEM;
	return fail("its limit of memory (-m) is too low to start with: %s bytes; try -m 4m",
	    limit ? limit : "some");
}

static int parent_steps(struct engine *e, struct sides *x)
{
	const struct spec *s = e->spec;
	e->code = 125;
	if (x->proc >= 0 && report_wait(x->ours, &e->code, NULL) != 1)
		return -1;
	if (s->ns_new & 1u << NS_USER) {
		if (idmap_write(e->pid, s->uid_map.v, s->uid_map.n, s->gid_map.v, s->gid_map.n) < 0)
			return -1;
		become_hand_stdio(s, e->stdio);
		become_raise(s, e->pid);
		engine_oom_score(e);
		char path[40];
		snprintf(path, sizeof path, "/proc/%d/ns/user", (int)e->pid);
		_cleanup_close_ int ns = open(path, O_RDONLY | O_CLOEXEC);
		int mapped = idmounts_map(s, x->idmounts, x->image, ns);
		if (mapped < 0 || (!mapped && give_layer(e) < 0))
			return -1;
		engine_tell(x->ours, mapped ? 'I' : 'M');
	}
	if (pid_starttime(e->pid, &e->starttime) < 0 && !x->borrowed) { /* it may have ended */
		fail("process %d: %m", (int)e->pid);
		kill(e->pid, SIGKILL);                /* if it is alive, it waits for an answer */
		report_wait(x->ours, &e->code, NULL); /* it may have said why */
		return -1;
	}
	if ((e->attach && e->attach(e, e->attach_arg) < 0) || parent_hooks(e, x) < 0)
		return -1;
	if (!x->borrowed)
		engine_tell(x->ours, 'G');
	int r = last_word(e, x);
	if (r == 0 && x->waits)
		return fail("the container's process ended before it was created");
	if (r == 0 && s->resources.n && killed_for_memory(e) < 0)
		return -1;
	return r < 0 ? -1 : 0;
}

void engine_drop(struct engine *e)
{
	if (e->pid > 0) {
		/* It is our child and not reaped, so the pid is still its own. */
		kill(e->pid, SIGKILL);
		pid_reap(e->pid);
	}
	if (e->master >= 0)
		close(e->master);
	if (e->sock >= 0)
		close(e->sock);
	e->master = e->sock = -1;
	e->pid = 0;
}

/* We mount a squashfs or erofs file, because the container's group has no access to loop devices.
 * Before Linux 5.2 a mount cannot be passed on; then the child does it. */
static int open_image(const struct spec *s, struct sides *x)
{
	if (!s->x_image_file || geteuid() != 0) /* for a user, the child refuses it */
		return 0;
	x->image = image_loop_mount(s->x_image_file, NULL);
	return x->image >= 0 || errno == ENOSYS ? 0 : -1;
}

static int start_own(struct engine *e, struct sides *x, uint64_t flags)
{
	struct borrower b = {e, x};
	x->borrowed = may_borrow(e, x);
	e->pid = x->borrowed ? sys_clone_borrow(flags, x->group, borrowing_child, &b) : -1;
	/* An old kernel, or a group that cannot be entered in this way; any other failure occurs
	 * again below. */
	if (e->pid < 0) {
		x->borrowed = false;
		e->pid = sys_clone(flags, x->group, NULL);
	}
	if (e->pid == 0)
		engine_child(e, x);
	return e->pid;
}

/* The child of the process that joins the namespaces (engine_join_user()), in place of a child of
 * ours. */
static int start_joined(struct engine *e, struct sides *x)
{
	int p[2];
	if (pipe2(p, O_CLOEXEC) < 0)
		return fail_errno("pipe");
	pid_t maker = sys_clone(0, x->group, NULL);
	if (maker == 0)
		engine_join_user(e, x, p[1]);
	close(p[1]);
	if (maker < 0 || read(p[0], &e->pid, sizeof e->pid) != sizeof e->pid)
		e->pid = -1;
	close(p[0]);
	pid_reap(maker);
	if (maker < 0)
		return clone_failed(0);
	if (e->pid > 0)
		return 0;
	close(x->childs);
	x->childs = -1;
	return report_wait(x->ours, &e->code, NULL) < 0 ? -1
							: fail("the process that joins was killed");
}

static int engine_start(struct engine *e, struct sides *x)
{
	const struct spec *s = e->spec;
	/* with x->proc the new namespaces are made by child_join_pid() */
	uint64_t flags = x->proc >= 0 ? 0 : engine_new_namespaces(s, x);
	TRACE("clone(2) with flags %#llx: a process in new namespaces, which waits or borrows our "
	      "memory",
	    (unsigned long long)flags);
	x->group = e->cgroup ? cgroup_open_v2(e->cgroup) : -1;
	if (x->proc < 0 && x->ns_fd[NS_USER] >= 0) {
		if (start_joined(e, x) < 0)
			return -1;
	} else if (start_own(e, x, flags) < 0) {
		return clone_failed(flags);
	}
	close(x->childs);
	x->childs = -1;
	if (parent_steps(e, x) == 0)
		return 0;
	_cleanup_free_ char *why = fail_copy();
	engine_drop(e);
	return fail_again(why);
}

static void close_sides(const struct engine *e, struct sides *x)
{
	close_namespaces(x);
	const int fds[] = {x->ours, x->childs, x->image, x->group, x->proc};
	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	gate_close(&x->gate);
	idmounts_close(e->spec, x->idmounts);
	handed_close(x->handed);
	filter_free(x->seccomp);
}

/* Map the ids of mounts that need it. For a new user namespace that is done when it exists
 * (parent_steps()). */
static int map_mounts(struct engine *e, struct sides *x)
{
	const struct spec *s = e->spec;
	if (idmounts_open(s, e->dir, &x->idmounts) < 0)
		return -1;
	if (s->ns_new & 1u << NS_USER)
		return 0;
	if (x->ns_fd[NS_USER] < 0 || !(s->uid_map.n || x->idmounts)) {
		x->mapped = x->idmounts;
		return 0;
	}
	int r = idmounts_map(s, x->idmounts, x->image, x->ns_fd[NS_USER]);
	x->mapped = r > 0;
	if (r == 0 && s->uid_map.n)
		return give_layer(e);
	return r < 0 ? -1 : 0;
}

static int engine_make_child(struct engine *e, bool waits)
{
	struct sides x = {.ours = -1,
	    .childs = -1,
	    .own_pidns = -1,
	    .proc = -1,
	    .image = -1,
	    .group = -1,
	    .gate = {-1, -1},
	    .waits = waits};
	int pair[2];
	for (int i = 0; i < NS_COUNT; i++)
		x.ns_fd[i] = -1;
	e->pid = 0;
	e->master = e->sock = -1;
	e->code = 125;
	e->no_filter = become_filter(e->spec, e->home, &x.seccomp) < 0;
	if (e->no_filter)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		filter_free(x.seccomp);
		return fail_errno("socketpair");
	}
	x.ours = pair[0];
	x.childs = pair[1];
	int r = open_namespaces(e, &x);
	if (r == 0 && e->gate >= 0)
		r = gate_make(e->gate, &x.gate);
	if (r == 0)
		r = open_image(e->spec, &x);
	if (r == 0)
		r = map_mounts(e, &x);
	if (r == 0)
		x.handed = handed_open(e->spec, e->home, e->dir);
	if (r == 0)
		r = engine_start(e, &x);
	if (r == 0 && waits && e->gate < 0) {
		e->sock = x.ours;
		x.ours = -1;
	}
	if (r == 0 && x.proc >= 0)
		r = placement_scheduler(e->spec, e->pid);
	close_sides(e, &x);
	if (r < 0 && e->gate >= 0)
		engine_remove_gate(e->gate);
	return r;
}

int engine_make(struct engine *e)
{
	return engine_make_child(e, true);
}

/* A poststart hook that fails stops the container (runtime.md, "Lifecycle", since version 1.2). */
static int started(struct engine *e)
{
	struct hook_subject about = {e->id, e->bundle, e->pid, e->given_up, e->attach_arg};
	if (hooks_run(e->spec, HOOK_POSTSTART, &about) == 0)
		return 0;
	_cleanup_free_ char *why = fail_copy();
	engine_drop(e);
	e->code = 125;
	return fail_again(why);
}

int engine_go(struct engine *e)
{
	engine_tell(e->sock, 'X');
	int r = report_wait(e->sock, &e->code, NULL);
	close(e->sock);
	e->sock = -1;
	if (r == 0)
		return started(e);
	_cleanup_free_ char *why = fail_copy();
	engine_drop(e);
	return fail_again(why);
}

int engine_run(struct engine *e)
{
	return engine_make_child(e, false) < 0 ? -1 : started(e);
}
