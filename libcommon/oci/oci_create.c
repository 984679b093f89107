/* oci_create.c: from a bundle to a created (or running) container; see oci.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "engine.h"
#include "err.h"
#include "file.h"
#include "filter.h"
#include "group.h"
#include "hooks.h"
#include "oci.h"
#include "oci_net.h"
#include "pidfd.h"
#include "scope.h"
#include "stamp.h"
#include "str.h"
#include "place.h"
#include "sys.h"
#include "trace.h"
#include "userdb.h"

struct creation {
	struct oci_create *c;
	struct oci_record r;
	struct spec s;
	struct group group;
	struct scope scope;
	struct engine e;
	char *bundle, *path, *root_at;
	bool recorded;
	bool attach; /* systemd puts the process into the scope */
};

int oci_pid_file(const char *path, pid_t pid)
{
	char num[24];
	int n = snprintf(num, sizeof num, "%d", (int)pid);
	return path ? file_write_at(AT_FDCWD, path, num, (size_t)n, 0644, false) : 0;
}

/* --- the record --- */

static void record_fill(struct creation *k)
{
	struct kv *kv = &k->r.state;
	const struct spec *s = &k->s;
	char stamp[STAMP_SIZE];
	struct timespec now;
	clock_now(CLOCK_REALTIME, &now);
	stamp_text(stamp, now.tv_sec, now.tv_nsec);
	_cleanup_json_ json_t *all = hook_annotations(s);
	_cleanup_free_ char *notes = json_text(all), *owner = userdb_name(geteuid());
	kv_set(kv, "id", k->r.id);
	kv_set(kv, "version", s->version);
	kv_set(kv, "bundle", k->bundle);
	kv_set(kv, "rootfs", s->root_path);
	kv_set(kv, "created", stamp);
	kv_set(kv, "owner", owner ? owner : "");
	kv_set(kv, "boot", boot_id()); /* record_root() has had it */
	kv_set(kv, "cgroup", k->path);
	kv_setf(kv, "own_pidns", "%d", !!(s->ns_new & 1u << NS_PID));
	kv_setf(kv, "userns", "%d", spec_has_ns(s, NS_USER));
	kv_setf(kv, "hooks", "%d", hooks_any(s, HOOK_POSTSTART) || hooks_any(s, HOOK_POSTSTOP));
	kv_set(kv, "annotations", notes);
	oci_record_keep(&k->r);
	k->recorded = true;
}

/* config.json unchanged, with absolute paths: exec, later hooks and update use it. */
static int record_config(struct creation *k)
{
	_cleanup_free_ char *text = spec_text(&k->s);
	return file_write_at(k->r.dir, "config.json", text, strlen(text), 0600, false);
}

static int record_process(struct creation *k, bool done)
{
	kv_setf(&k->r.state, "pid", "%d", (int)k->e.pid);
	kv_setf(&k->r.state, "starttime", "%llu", (unsigned long long)k->e.starttime);
	if (done)
		kv_set(&k->r.state, "created_done", "1");
	return oci_record_write(&k->r);
}

/* --- the steps --- */

/* Starting in a group that has processes would affect those, and in a frozen group nothing starts
 * (config-linux.md, "Control groups"). */
static int group_free(const char *path)
{
	if (!cgroup_exists(path))
		return 0;
	errno = EBUSY;
	if (cgroup_populated(path) == 1)
		return fail("container's cgroup is not empty: %s: there are processes in it", path);
	if (cgroup_frozen(path, false))
		return fail("container's cgroup unexpectedly frozen: %s", path);
	return 0;
}

static int creation_group(struct creation *k)
{
	if (k->c->systemd) {
		/* The unit gets its name first, because systemd may keep a unit whose only process
		 * is killed as it starts.
		 */
		if (scope_name(&k->scope, &k->s, k->r.id) < 0)
			return -1;
		kv_set(&k->r.state, "scope", k->scope.unit);
		if (oci_record_write(&k->r) < 0 || scope_start(&k->scope, &k->s, k->r.id) < 0)
			return -1;
		free(k->path);
		k->path = xstrdup(k->scope.path);
		kv_set(&k->r.state, "cgroup", k->path);
		if (oci_record_write(&k->r) < 0)
			return -1;
	}
	k->group = (struct group){.path = k->path, .named = true};
	/* Another container may name the same group. */
	_cleanup_close_ int held = place_lock(k->path);
	if (held == -2 || (!k->scope.unit && group_free(k->path) < 0))
		return -1;
	int r = group_up(&k->group, &k->s);
	if (r == 1) {
		if (k->s.resources.n)
			warn("%s: its limits are not in effect: %s", k->c->id, fail_msg());
		kv_set(&k->r.state, "cgroup", "");
	}
	k->attach = k->scope.unit && (!k->group.made || !scope_joinable(k->path));
	return r < 0 ? -1 : 0;
}

/* While the child waits: from here on its process is known to the hooks, and to a `delete --force`
 * after a kill. */
static int creation_attach(struct engine *e, void *arg)
{
	struct creation *k = arg;
	if (k->attach)
		scope_attach(k->scope.unit, e->pid);
	return record_process(k, false) < 0 ? -1 : oci_net_devices_up(&k->s, e->pid);
}

static int creation_notify(void *arg, pid_t pid, int listener)
{
	struct creation *k = arg;
	return oci_agent(&k->s, &k->r, pid, listener);
}

static int send_pidfd(const char *path, pid_t pid)
{
	_cleanup_close_ int fd = sys_pidfd_open(pid);
	return fd < 0 ? fail_errno("pidfd") : oci_send_fd(path, "pidfd", 5, fd);
}

/* A class of service that was made for this container is removed with it; one that was named
 * stays. */
static int creation_rdt(struct creation *k)
{
	_cleanup_free_ char *made = oci_rdt_up(&k->s, k->r.id, k->e.pid);
	if (made)
		kv_set(&k->r.state, "rdt", made);
	return made ? 0 : -1;
}

/* Hand over what callers get before they are told that the container exists: the terminal, the
 * pidfd, the pid file. */
static int creation_hand_over(struct creation *k)
{
	const struct oci_create *c = k->c;
	if (c->console_socket && k->e.master >= 0 &&
	    oci_send_fd(c->console_socket, "/dev/ptmx", 9, k->e.master) < 0)
		return -1;
	const char *receiver = c->pidfd_socket; /* or crun's annotation */
	if (!receiver)
		receiver = strv_getenv(&k->s.annotations, "run.oci.pidfd_receiver");
	if (receiver && send_pidfd(receiver, k->e.pid) < 0)
		return -1;
	if (k->s.rdt && creation_rdt(k) < 0)
		return -1;
	if (record_process(k, true) < 0)
		return -1;
	return oci_pid_file(c->pid_file, k->e.pid);
}

static int terminal_wanted(const struct creation *k)
{
	const struct oci_create *c = k->c;
	errno = EINVAL;
	if (k->s.terminal && !c->console_socket && !c->attached)
		return fail("cannot allocate tty if it detaches without setting a console socket "
			    "(--console-socket)");
	if (!k->s.terminal && c->console_socket)
		return fail("cannot use console socket if no tty is allocated (process.terminal)");
	return 0;
}

/* Socket activation as systemd does it: LISTEN_FDS descriptors from 3 on, before those of
 * --preserve-fds (sd_listen_fds(3)). */
static void listen_fds(struct creation *k)
{
	const char *n = getenv("LISTEN_FDS");
	int64_t fds;
	if (!n || num_parse("LISTEN_FDS", n, 1, 1024, &fds) < 0)
		return;
	k->c->preserve += (unsigned)fds;
	strv_setenv(&k->s.env, "LISTEN_FDS", n);
	strv_setenv(&k->s.env, "LISTEN_PID", "1");
	const char *names = getenv("LISTEN_FDNAMES");
	if (names)
		strv_setenv(&k->s.env, "LISTEN_FDNAMES", names);
}

static int creation_engine(struct creation *k)
{
	struct engine *e = &k->e;
	listen_fds(k);
	engine_init(e, &k->s);
	e->id = k->r.id;
	e->home = ctr_lib();
	e->bundle = k->bundle;
	e->root_at = k->root_at;
	e->cgroup = k->group.made && !k->attach ? k->path : NULL;
	e->no_device_list = k->group.no_device_list;
	e->outlives = true;
	e->apart[0] = k->r.dir; /* otherwise a created container would hold it */
	e->no_new_keyring = k->c->no_new_keyring;
	e->preserve = k->c->preserve;
	e->gate = k->c->run ? -1 : k->r.dir;
	for (int i = 0; i < 3; i++)
		e->stdio[i] = i;
	e->attach = creation_attach;
	e->attach_arg = k;
	e->notify = creation_notify;
	if (k->s.seccomp)
		TRACE("seccomp filter flags: %u", filter_flags(k->s.seccomp));
	return engine_make(e);
}

/* Without a mount namespace of its own, its root is mounted in the record. */
static int creation_root(struct creation *k)
{
	if (spec_has_ns(&k->s, NS_MNT))
		return 0;
	_cleanup_free_ char *root = path_real(k->r.root);
	k->root_at = xasprintf("%s/%s/root", root ? root : "", k->r.id);
	return mkdirat(k->r.dir, "root", 0755) < 0 ? fail_errno(k->root_at) : 0;
}

static int creation_steps(struct creation *k)
{
	struct oci_create *c = k->c;
	if (oci_id_check(c->id) < 0 || oci_bundle(&k->s, c->bundle, c->config, &k->bundle) < 0 ||
	    terminal_wanted(k) < 0)
		return -1;
	c->arg0 = xstrdup(k->s.args.v[0]);
	if (!(k->path = c->systemd ? xstrdup("") : oci_group_path(k->s.cgroups_path, c->id)))
		return -1;
	k->s.x_no_pivot = c->no_pivot;
	k->s.x_no_fallback = c->no_fallback;
	k->s.x_no_crlf = c->attached && !isatty(1);
	if (oci_record_make(&k->r, c->root, c->id) < 0)
		return -1;
	record_fill(k);
	if (oci_record_write(&k->r) < 0 || creation_root(k) < 0 ||
	    oci_notify_add(&k->s, &k->r) < 0 || record_config(k) < 0 || creation_group(k) < 0)
		return -1;
	if (creation_engine(k) < 0) {
		if (k->e.no_filter)
			oci_bundle_seccomp(&k->s, k->bundle, c->config);
		c->code = k->e.code;
		return -1;
	}
	scope_settled(&k->scope);
	if (creation_hand_over(k) < 0)
		return -1;
	if (!c->run)
		return 0;
	c->notify = oci_notify_listen(&k->r);
	if (engine_go(&k->e) == 0)
		return 0;
	c->code = k->e.code;
	return -1;
}

/* According to the specification a failed create leaves nothing, and the poststop hooks run
 * (runtime.md, "Lifecycle"). */
static void creation_undo(struct creation *k)
{
	_cleanup_free_ char *why = fail_copy();
	int saved = errno;
	if (k->e.pid > 0)
		engine_drop(&k->e);
	scope_settled(&k->scope);
	if (k->group.made && group_down(&k->group) < 0)
		warn_about(k->c->id);
	if (k->scope.path)
		scope_stop(k->scope.unit);
	oci_rdt_down(kv_get(&k->r.state, "rdt"));
	if (k->recorded) {
		struct hook_subject about = {.id = k->r.id, .bundle = k->bundle};
		if (oci_record_remove(&k->r) < 0)
			warn_about(k->c->id);
		hooks_run(&k->s, HOOK_POSTSTOP, &about);
	} else if (k->r.dir >= 0) {
		oci_record_remove(&k->r);
	}
	fail_again(why);
	errno = saved;
}

int oci_create(struct oci_create *c)
{
	struct creation k = {.c = c, .r.dir = -1};
	c->code = 1;
	c->master = -1;
	int r = creation_steps(&k);
	if (r < 0)
		creation_undo(&k);
	c->pid = k.e.pid;
	if (r == 0 && c->attached)
		c->master = k.e.master;
	else if (r == 0 && k.e.master >= 0)
		close(k.e.master);
	oci_record_close(&k.r);
	spec_free(&k.s);
	free(k.bundle);
	free(k.path);
	free(k.root_at);
	free(k.scope.path);
	strv_free(&k.scope.names);
	return r;
}
