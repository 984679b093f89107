/* lifecycle.c: start, kill, pause and delete; see oci.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "engine.h"
#include "err.h"
#include "hooks.h"
#include "oci.h"
#include "scope.h"
#include "str.h"
#include "sys.h"

#define END_MS 10000 /* how long to wait for a killed process */

static int life_not(const struct oci_record *r, const char *what)
{
	errno = EINVAL;
	return fail(
	    "cannot %s a container in the %s state: %s", what, oci_status_name(r->status), r->id);
}

static int life_hooks(struct oci_record *r, enum spec_hook_when when, pid_t pid)
{
	struct spec s;
	struct hook_subject about = {
	    .id = r->id, .bundle = kv_get(&r->state, "bundle"), .pid = pid};
	if (!kv_num(&r->state, "hooks", 0))
		return 0;
	oci_record_keep(r);
	if (oci_record_write(r) < 0 || oci_record_spec(r, &s) < 0)
		return -1;
	int done = hooks_run(&s, when, &about);
	spec_free(&s);
	return done;
}

int oci_start(struct oci_record *r, int *code)
{
	*code = 1;
	if (r->status == OCI_STOPPED) {
		errno = EINVAL;
		return fail("cannot start a container that has stopped: %s", r->id);
	}
	if (r->status != OCI_CREATED) {
		errno = EINVAL;
		return r->status == OCI_RUNNING
			   ? fail("cannot start an already running container: %s", r->id)
			   : life_not(r, "start");
	}
	int done = engine_open_gate(r->dir, code);
	if (done < 0 && *code != REPORT_HOOK_FAILED)
		return -1;
	*code = 1;
	engine_remove_gate(r->dir);
	if (done == 0 && life_hooks(r, HOOK_POSTSTART, r->pid) == 0)
		return 0;
	/* A hook failed: stopped and destroyed (runtime.md, "Lifecycle", steps 7, 9 and 12). */
	_cleanup_free_ char *why = fail_copy();
	if (oci_delete(r, true) < 0)
		warn_fail();
	return fail_again(why);
}

static int life_signal(pid_t pid, void *arg)
{
	if (kill(pid, *(int *)arg) < 0 && errno != ESRCH)
		return fail("process %d: signal %d: %m", (int)pid, *(int *)arg);
	return 0;
}

int oci_kill(struct oci_record *r, int sig, bool all)
{
	const char *group = oci_record_group(r);
	bool shared = group && !kv_num(&r->state, "own_pidns", 1);
	if (group && (all || (shared && sig == SIGKILL))) {
		if (sig == SIGKILL)
			return cgroup_populated(group) ? cgroup_kill(group) : 0;
		return cgroup_procs(group, life_signal, &sig) < 0 ? -1 : 0;
	}
	int fd = oci_record_pidfd(r);
	if (fd < 0 && all && r->status == OCI_STOPPED)
		return 0; /* no process is left to receive it, as with runc */
	if (fd < 0)
		return errno == ESRCH ? fail("container not running: %s", r->id) : -1;
	int done = sys_pidfd_send_signal(fd, sig);
	close(fd);
	if (done < 0)
		return fail("%s: signal %d: %m", r->id, sig);
	/* On v1 a frozen process would not die. */
	if (sig == SIGKILL && r->status == OCI_PAUSED && group)
		cgroup_thaw(group);
	return 0;
}

/* End the process that `create` left, and everything in its group. */
static int life_end(struct oci_record *r)
{
	const char *group = oci_record_group(r);
	int fd = r->pid > 0 ? oci_record_pidfd(r) : -1;
	if (fd >= 0) {
		sys_pidfd_send_signal(fd, SIGKILL);
		cgroup_thaw_process(r->pid);
	}
	if (group && cgroup_exists(group) && cgroup_populated(group) == 1 && cgroup_kill(group) < 0)
		return -1;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	bool stuck = fd >= 0 && poll(&p, 1, END_MS) == 0;
	if (fd >= 0)
		close(fd);
	errno = ETIME;
	return stuck ? fail("%s: process %d does not end", r->id, (int)r->pid) : 0;
}

/* Without its state a record does not say what it has started, but its config.json tells the group.
 * What runs there may be another container's by now: it is not ours to kill. */
static int delete_damaged(const struct oci_record *r)
{
	struct spec s;
	if (oci_record_spec(r, &s) < 0)
		return 0;
	_cleanup_free_ char *group = oci_group_path(s.cgroups_path, r->id);
	bool lives = group && cgroup_populated(group) > 0;
	spec_free(&s);
	if (!lives)
		return 0;
	errno = EBUSY;
	return fail(
	    "%s: its state is damaged or gone, and processes run in its group: end them first "
	    "(ctr-cgset --kill %s)",
	    r->id, group);
}

int oci_delete(struct oci_record *r, bool force)
{
	const char *group = oci_record_group(r);
	if (!force && r->status != OCI_STOPPED && r->status != OCI_CREATED) {
		errno = EBUSY;
		return fail("cannot delete container %s that is not stopped: %s", r->id,
		    oci_status_name(r->status));
	}
	if (!r->state.keys.n && delete_damaged(r) < 0)
		return -1;
	if (life_end(r) < 0 || (group && cgroup_remove(group) < 0))
		return -1;
	if (kv_get(&r->state, "scope"))
		scope_stop(kv_get(&r->state, "scope"));
	oci_rdt_down(kv_get(&r->state, "rdt"));
	/* The hooks run when everything is gone (runtime.md, "Lifecycle", step 12), so config.json
	 * is read before. */
	struct spec s;
	bool hooks = kv_num(&r->state, "hooks", 0) && oci_record_spec(r, &s) == 0;
	if (oci_record_remove(r) < 0)
		return -1;
	if (!hooks)
		return 0;
	struct hook_subject about = {.id = r->id, .bundle = kv_get(&r->state, "bundle")};
	hooks_run(&s, HOOK_POSTSTOP, &about);
	spec_free(&s);
	return 0;
}

int oci_pause(struct oci_record *r, bool on)
{
	const char *group = oci_record_group(r);
	if (on ? r->status != OCI_RUNNING && r->status != OCI_CREATED : r->status != OCI_PAUSED) {
		errno = EINVAL;
		return fail("container not %s: %s", on ? "running" : "paused", r->id);
	}
	if (!group)
		return errno = ENODEV, fail("%s: it has no cgroup to be frozen", r->id);
	return cgroup_freeze(group, on);
}
