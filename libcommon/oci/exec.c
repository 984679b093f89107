/* exec.c: a further process in a running container; see oci.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "err.h"
#include "file.h"
#include "filter.h"
#include "oci.h"
#include "str.h"
#include "place.h"
#include "scope.h"
#include "sys.h"
#include "trace.h"

static int exec_refused(const struct oci_record *r, const struct oci_exec *x)
{
	errno = EINVAL;
	if (r->status == OCI_PAUSED && !x->ignore_paused)
		return fail(
		    "cannot exec in a paused container (use --ignore-paused to override): %s",
		    r->id);
	if (r->status == OCI_STOPPED || r->status == OCI_CREATING)
		return fail("cannot exec in a %s container: %s", oci_status_name(r->status), r->id);
	return 0;
}

/* --cgroup [CONTROLLER,...:]PATH: an existing group below the container's, for all controllers or
 * for those. `e->cgroup` is to be freed; 0, or -1 with fail(). */
static int exec_group(const struct oci_record *r, const char *arg, struct enter *e)
{
	const char *group = oci_record_group(r), *colon = strchr(arg, ':');
	const char *sub = colon ? colon + 1 : arg;
	struct strv controllers = {0};
	sub += strspn(sub, "/");
	_cleanup_free_ char *path = path_join(group ? group : "", sub);
	errno = ENOENT;
	if (!group || !*sub)
		path[group ? strlen(group) : 0] = 0;
	_cleanup_free_ char *way = xasprintf("/%s/", sub);
	if (strstr(way, "/../"))
		return fail("bad sub cgroup path: %s is not a sub cgroup path", sub);
	_cleanup_free_ char *names = xstrndup(arg, colon ? (size_t)(colon - arg) : 0);
	strv_split(&controllers, names, ",");
	int at = 0;
	for (size_t i = 0; i < controllers.n; i++) {
		const char *c = controllers.v[i];
		const struct cgroup_hierarchy *h = cgroup_with(c);
		if (!h)
			return fail("bad --cgroup: unknown controller %s in %s", c, arg);
		_cleanup_close_ int dir = cgroup_dir(path, h->v2 ? "" : c);
		int fd = dir < 0 ? -1 : openat(dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
		while (at < 16 && e->below[at] > 0)
			at++;
		if (fd < 0 || at == 16)
			return fail("bad --cgroup: adding pid to it: /%s/cgroup.procs: no such "
				    "file or directory",
			    sub);
		e->below[at] = fd;
	}
	if (!colon && *path && !cgroup_exists(path))
		return fail("bad --cgroup: adding pid to it: /%s/cgroup.procs: no such file or "
			    "directory",
		    sub);
	if (!colon && *path) {
		free((char *)e->cgroup);
		e->cgroup = xstrdup(path);
	}
	strv_free(&controllers);
	return 0;
}

static int exec_hand_over(const struct oci_exec *x)
{
	if (x->console_socket && x->e.master >= 0 &&
	    oci_send_fd(x->console_socket, "/dev/ptmx", 9, x->e.master) < 0)
		return -1;
	if (x->pidfd_socket) {
		_cleanup_close_ int fd = sys_pidfd_open(x->e.pid);
		if (fd < 0 || oci_send_fd(x->pidfd_socket, "pidfd", 5, fd) < 0)
			return fd < 0 ? fail_errno("pidfd") : -1;
	}
	return oci_pid_file(x->pid_file, x->e.pid);
}

struct exec_agent {
	const struct spec *s;
	const struct oci_record *r;
};

static int exec_notify(void *arg, pid_t pid, int listener)
{
	const struct exec_agent *a = arg;
	return oci_agent(a->s, a->r, pid, listener);
}

int oci_exec(struct oci_record *r, struct spec *s, struct oci_exec *x)
{
	struct enter *e = &x->e;
	char path[32];
	e->home = ctr_lib();
	e->code = 255;
	if (exec_refused(r, x) < 0)
		return -1;
	if (s->terminal && x->detach && !x->console_socket)
		return fail("cannot allocate tty if it detaches without setting a console socket "
			    "(--console-socket)");
	snprintf(path, sizeof path, "/proc/%d", (int)r->pid);
	_cleanup_close_ int procdir = dir_hold(path);
	_cleanup_close_ int pidfd = oci_record_pidfd(r);
	if (pidfd < 0 && errno != ENOSYS)
		return -1;
	if (exec_group(r, "", e) < 0)
		return -1;
	for (size_t i = 0; i < x->cgroups->n; i++)
		if (exec_group(r, x->cgroups->v[i], e) < 0)
			return -1;
	const char *scope = kv_get(&r->state, "scope");
	bool attach = scope && (!e->cgroup || !scope_joinable(e->cgroup));
	if (attach)
		e->cgroup = NULL;
	s->x_no_crlf = !x->detach && !x->console_socket && !isatty(1);
	e->spec = s;
	e->pidfd = pidfd;
	e->procdir = procdir;
	e->detach = x->detach;
	e->inherit = true;
	struct exec_agent agent = {s, r};
	e->notify = exec_notify;
	e->notify_arg = &agent;
	if (s->seccomp)
		TRACE("seccomp filter flags: %u", filter_flags(s->seccomp));
	cgroup_into_frozen = x->ignore_paused;
	e->preserve = x->preserve;
	if (enter_start(e) < 0)
		return -1;
	if (attach)
		scope_attach(scope, e->pid);
	if (exec_hand_over(x) == 0) {
		if (x->console_socket && e->master >= 0) {
			close(e->master);
			e->master = -1;
		}
		return 0;
	}
	_cleanup_free_ char *why = fail_copy();
	kill(e->pid, SIGKILL);
	waitpid(e->pid, NULL, __WALL);
	return fail_again(why);
}
