/* engine_child.c: the child's half of a start: from the clone to exec; see engine_child.h. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "cgroup.h"
#include "engine_child.h"
#include "err.h"
#include "handed.h"
#include "hooks.h"
#include "image.h"
#include "become.h"
#include "report.h"
#include "ns.h"
#include "placement.h"
#include "rootfs.h"
#include "str.h"
#include "sys.h"
#include "undo.h"
#include "userns.h"
#include "trace.h"
#include "sysno.h"

bool engine_hooks_meanwhile(const struct spec *s)
{
	return hooks_any(s, HOOK_PRESTART) || hooks_any(s, HOOK_CREATE_RUNTIME);
}

uint64_t engine_new_namespaces(const struct spec *s, const struct sides *x)
{
	uint64_t flags = 0;
	for (int i = 0; i < NS_COUNT; i++)
		if (s->ns_new & 1u << i && i != NS_CGROUP && i != NS_TIME && x->ns_fd[i] < 0 &&
		    !(i == NS_IPC && s->ns_new & 1u << NS_USER)) /* child_become_root() makes it */
			flags |= ns_kinds[i].flag;
	return flags;
}

static char child_wait_byte(int report, const char *want)
{
	char c = 0;
	ssize_t n;
	do
		n = recv(report, &c, 1, 0);
	while (n < 0 && errno == EINTR);
	if (n != 1 || !strchr(want, c))
		_exit(125); /* the parent has given up, and has reported why */
	return c;
}

/* All but the pid namespace, which is joined before: by child_join_pid() or before the clone. */
static int child_join(const struct sides *x)
{
	int fd[NS_COUNT];
	memcpy(fd, x->ns_fd, sizeof fd);
	fd[NS_PID] = -1;
	enum spec_ns bad = ns_join(fd);
	return bad < NS_COUNT ? fail("join the %s namespace: %m", spec_ns_names[bad]) : 0;
}

/* Become root of the user namespace. Where 0 is not mapped, the capabilities suffice, but files
 * that are made need an owner who is mapped: then it is the process's user. */
static int child_inner_root(const struct spec *s)
{
	if (((setresgid(0, 0, 0) < 0 && setresgid(s->gid, s->gid, s->gid) < 0) ||
		(setresuid(0, 0, 0) < 0 && setresuid(s->uid, s->uid, s->uid) < 0)) &&
	    errno != EINVAL)
		return fail_errno("become root of the user namespace");
	/* Until the next exec, /proc/PID would otherwise belong to root: proc(5), "dumpable". */
	prctl(PR_SET_DUMPABLE, 1);
	return 0;
}

/* What only the host's root may do, and then joining the user namespace. */
static int child_join_user(const struct engine *e, const struct sides *x)
{
	become_hand_stdio(e->spec, e->stdio);
	become_raise(e->spec, 0);
	return child_join(x) < 0 ? -1 : child_inner_root(e->spec);
}

/* Joining a pid namespace affects only the next child, that of become_appear(): whoever may trace
 * there must not see us earlier. Joining takes privileges of the user namespace that we are about
 * to leave. */
static int child_join_pid(const struct engine *e, const struct sides *x)
{
	const struct spec *s = e->spec;
	uint64_t flags = engine_new_namespaces(s, x);
	placement_prepare(s);
	if (become_oom_score(s) < 0)
		return -1;
	if (setns(x->ns_fd[NS_PID], CLONE_NEWPID) < 0)
		return fail_errno("join the pid namespace");
	if (x->ns_fd[NS_USER] >= 0 && child_join_user(e, x) < 0)
		return -1;
	if (unshare((int)flags) < 0)
		return ns_failed("new namespaces", flags);
	return report_ready(x->childs) < 0 ? fail_errno("report") : 0;
}

static int child_names(const struct spec *s)
{
	if (s->hostname && sethostname(s->hostname, strlen(s->hostname)) < 0)
		return fail("hostname %s: %m", s->hostname);
	if (s->domainname && setdomainname(s->domainname, strlen(s->domainname)) < 0)
		return fail("domainname %s: %m", s->domainname);
	return 0;
}

static int child_become_root(const struct spec *s, const struct sides *x, struct rootfs *r)
{
	if (child_wait_byte(x->childs, "MI") == 'I')
		r->idmounts = x->idmounts;
	if (child_inner_root(s) < 0)
		return -1;
	/* The file system of message queues belongs to whoever makes the namespace: our new
	 * root. */
	if (s->ns_new & 1u << NS_IPC && x->ns_fd[NS_IPC] < 0 && unshare(CLONE_NEWIPC) < 0)
		return ns_failed("new ipc namespace", CLONE_NEWIPC);
	return 0;
}

static int child_steps(struct engine *e, const struct sides *x, int *code)
{
	const struct spec *s = e->spec;
	struct hook_subject about = {.id = e->id, .bundle = e->bundle, .pid = getpid()};
	struct rootfs r = {.spec = s,
	    .dir = e->dir,
	    .etc = e->etc,
	    .passing = e->passing,
	    .cgroup = e->cgroup,
	    .at = e->root_at,
	    .can_copy = e->can_copy,
	    .image = x->image,
	    .fd = -1};
	/* Or we are root of a user namespace already (unshare -r); with an overlay this shows when
	 * it cannot be mounted. */
	r.userns = s->ns_new & 1u << NS_USER || x->ns_fd[NS_USER] >= 0 ||
		   (!s->x_lower.n && userns_nested());
	/* In a user namespace no device node can be opened anyway. */
	r.nodev = e->no_device_list && !r.userns;
	r.netns = s->ns_new & 1u << NS_NET;
	r.proc = x->proc;
	setsid();
	if (x->proc >= 0 && child_join_pid(e, x) < 0)
		return -1;
	if (s->ns_new & 1u << NS_USER && child_become_root(s, x, &r) < 0)
		return -1;
	umask(0);
	TRACE(
	    "setsid, umask 0, lo up: a session of its own; the modes of what is made are as said");
	bool joined = x->joined || (x->proc >= 0 && x->ns_fd[NS_USER] >= 0);
	if (x->mapped)
		r.idmounts = x->idmounts;
	if ((!joined && child_join(x) < 0) ||
	    (s->ns_new & 1u << NS_TIME && placement_time(s) < 0) ||
	    (r.netns && ns_loopback_up() < 0) || handed_mount(x->handed, s->ns_new) < 0 ||
	    rootfs_prepare(&r) < 0 || rootfs_mounts(&r) < 0) {
		if (r.code)
			*code = r.code;
		return -1;
	}
	if (engine_hooks_meanwhile(s))
		report_ready(x->childs);
	if (!x->borrowed)
		child_wait_byte(x->childs, "G");
	if (s->ns_new & 1u << NS_CGROUP && unshare(CLONE_NEWCGROUP) < 0)
		return ns_failed("cgroup namespace", CLONE_NEWCGROUP);
	TRACE("unshare(CLONE_NEWCGROUP): its group is the root of the groups it sees");
	/* runc's callers rely on this hook's working directory. */
	if (hooks_any(s, HOOK_CREATE_CONTAINER) && fchdir(r.fd) < 0)
		return fail_errno("new root");
	if (rootfs_cgroups(&r) < 0 || hooks_run(s, HOOK_CREATE_CONTAINER, &about) < 0 ||
	    rootfs_enter(&r) < 0)
		return -1;
	return child_names(s) < 0 ? -1 : rootfs_finish(&r);
}

struct at_gate {
	struct engine *e;
	const struct sides *x;
};

/* Everything is as the command needs it. A failure from here on is reported to whoever opened the
 * gate. */
static int child_at_gate(struct become *b, void *arg)
{
	const struct at_gate *a = arg;
	const struct sides *x = a->x;
	struct hook_subject about = {.id = a->e->id, .bundle = a->e->bundle, .pid = getpid()};
	if (x->waits) {
		if (report_ready(x->childs) < 0)
			_exit(125); /* the parent is gone, and nobody knows of us */
		if (x->gate.go < 0) {
			child_wait_byte(x->childs, "X");
		} else {
			/* It may wait for days, so it holds nothing of its maker's and of its
			 * caller's. */
			sys_close_others(
			    3 + (int)b->preserve, (const int[]){x->gate.go, x->gate.said}, 2);
			b->report = x->gate.said;
			gate_signals();
			if (gate_wait(&x->gate) < 0)
				return -1;
		}
	}
	/* The hook gets the environment of the command, as with runc. Our memory may be the
	 * parent's, so its own is put back. */
	char **ours = environ;
	environ = b->envp;
	int r = hooks_run(b->spec, HOOK_START_CONTAINER, &about);
	environ = ours;
	if (r < 0 && x->waits && x->gate.go >= 0)
		report_failure(b->report, REPORT_HOOK_FAILED);
	return r;
}

_Noreturn void engine_join_user(struct engine *e, const struct sides *x, int tell)
{
	struct sides joined = *x;
	undo_forget();
	if ((e->cgroup &&
		cgroup_enter(e->cgroup, x->group >= 0 && sys_clone_entered_cgroup(), -1) < 0) ||
	    become_oom_score(e->spec) < 0 || child_join_user(e, x) < 0)
		report_failure(x->childs, 125);
	uint64_t flags = engine_new_namespaces(e->spec, x) | CLONE_PARENT | SIGCHLD;
	pid_t pid = (pid_t)sys_clone_plain(flags);
	if (pid < 0) {
		ns_failed("new namespaces", flags);
		report_failure(x->childs, 125);
	}
	if (pid == 0) {
		close(tell);
		joined.joined = true;
		engine_child(e, &joined);
	}
	_exit(write(tell, &pid, sizeof pid) != sizeof pid);
}

/* Before Linux 5.2 the parent cannot pass on the mount of a squashfs or erofs file. We make it
 * before we are in the group, whose device list has no loop devices. */
static int child_image(const struct engine *e, struct sides *x)
{
	const struct spec *s = e->spec;
	if (!s->x_image_file || x->image >= 0 || geteuid() != 0 ||
	    (s->ns_new & (1u << NS_USER | 1u << NS_MNT)) != 1u << NS_MNT || x->proc >= 0)
		return 0;
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 || chdir(e->dir) < 0)
		return fail_errno(e->dir);
	x->image = image_loop_mount(s->x_image_file, e->dir);
	return x->image;
}

_Noreturn void engine_child(struct engine *e, const struct sides *x)
{
	if (!x->borrowed) /* otherwise the stack is the parent's own */
		undo_forget();
	close(x->ours);
	/* The locks belong to the monitor's life, not to ours. And before Linux 5.9 open
	 * descriptors are searched for with poll(2) (sys.c): polling a shared epoll would take away
	 * an event of a signal that is not ours. */
	for (size_t i = 0; i < sizeof e->apart / sizeof e->apart[0]; i++)
		if (e->apart[i] >= 0)
			close(e->apart[i]);
	int code = 125;
	struct sides own = *x;
	if (child_image(e, &own) < 0 ||
	    (e->cgroup && !x->joined &&
		cgroup_enter(e->cgroup, x->group >= 0 && sys_clone_entered_cgroup(), -1) < 0) ||
	    child_steps(e, &own, &code) < 0)
		report_failure(x->childs, code);
	struct at_gate gate = {e, x};
	struct become b = {
	    .spec = e->spec,
	    .seccomp = x->seccomp,
	    .report = x->childs,
	    .pdeathsig = !e->outlives,
	    .keyring_stays = e->no_new_keyring,
	    .preserve = e->preserve,
	    .agent = e->notify,
	    .drop = e->no_device_list ? CAPS_MKNOD : 0,
	    .appears = x->proc >= 0,
	    .keep = {x->proc >= 0 ? x->gate.go : 0, x->proc >= 0 ? x->gate.said : 0},
	    .gate = child_at_gate,
	    .gate_arg = &gate,
	};
	memcpy(b.stdio, e->stdio, sizeof b.stdio);
	code = become(&b);
	report_failure(b.report, code);
}
