/* monitor_start.c: one start of a container by its monitor: its group, the pipes of its streams,
 * its networks, its record; and tearing these down. See monitor_parts.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "err.h"
#include "file.h"
#include "monitor.h"
#include "monitor_parts.h"
#include "pidfd.h"
#include "place.h"
#include "secret.h"
#include "share.h"
#include "str.h"
#include "volume.h"

/* --- its group --- */

/* A user without a delegated group: reported where it matters, that is, where limits were asked
 * for; otherwise once per boot. */
static void monitor_start_no_group(const struct monitor *m)
{
	_cleanup_free_ char *mark = path_join(ctr_run(), "no-cgroup");
	int fd = open(mark, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	if (m->spec->resources.n)
		warn("%s: its limits are not in effect: %s", m->c->name, fail_msg());
	else if (fd >= 0)
		warn("%s: no cgroup: %s (said once)", m->c->name, fail_msg());
}

static int monitor_start_group(struct monitor *m)
{
	const struct spec *s = m->spec;
	if (place_instance() < 0)
		return -1;
	free(m->cgroup);
	m->cgroup = container_group_path(s->cgroups_path, m->c->id);
	m->group = (struct group){.path = m->cgroup, .stale = m->c->state.keys.n > 0};
	int r = group_up(&m->group, s);
	if (r < 0)
		fail_without(m->cgroup);
	if (r == 1)
		monitor_start_no_group(m);
	return r < 0 ? -1 : 0;
}

static void monitor_start_remove_group(struct monitor *m)
{
	if (group_down(&m->group) < 0)
		warn("%s: %s (ctr-gc clears it)", m->c->name, fail_msg());
}

/* --- descriptors of the command --- */

struct ends {
	int childs[3];
	/* The monitor's ends: for reading stdout and stderr, for writing to the fifo. */
	int keep[3];
};

static int monitor_start_pipe(int *r, int *w)
{
	int p[2];
	if (pipe2(p, O_CLOEXEC) < 0)
		return fail_errno("pipe");
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	*r = p[0];
	*w = p[1];
	return 0;
}

/* `-d -i`: a fifo that ctr-attach writes to. The monitor holds it open in both directions, so it
 * never reaches its end. */
static int monitor_start_fifo(struct monitor *m, struct ends *e)
{
	_cleanup_free_ char *p = record_run_path(m->c->name, "stdin");
	if (mkfifo(p, 0600) < 0 && errno != EEXIST)
		return fail_tried(p, "mkfifo");
	e->keep[0] = open(p, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (e->keep[0] < 0)
		return fail_errno(p);
	if (m->spec->terminal)
		return 0;
	e->childs[0] = open(p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	/* The command's user may open /dev/stdin again. The folder lets in nobody else. */
	return e->childs[0] < 0 || fchmod(e->childs[0], 0666) < 0 ? fail_errno(p) : 0;
}

static int monitor_start_ends(struct monitor *m, struct ends *e)
{
	const struct kv *conf = &m->c->conf;
	const char *log = kv_get(conf, "log"), *tag = kv_get(conf, "log_tag");
	m->log.flush_ms = 1000 * kv_num(conf, "log_flush", 0);
	int dir = log ? -1 : m->c->dir;
	if (log && strcmp(log, "none") != 0
		? log_open_sink(&m->log, *log, tag, m->c->name, m->c->id) < 0
		: log_open(&m->log, dir, (uint64_t)kv_num(conf, "log_max_size", 0),
		      (unsigned)kv_num(conf, "log_max_files", 1)) < 0)
		return -1;
	m->logging = true;
	m->prompt = kv_num(conf, "stdin", 0);
	if (m->prompt && monitor_start_fifo(m, e) < 0)
		return -1;
	if (m->spec->terminal)
		return 0;
	if (monitor_start_pipe(&e->keep[1], &e->childs[1]) < 0 ||
	    monitor_start_pipe(&e->keep[2], &e->childs[2]) < 0)
		return -1;
	return 0;
}

static void monitor_start_close(struct ends *e, bool keep_too)
{
	for (int i = 0; i < 3; i++) {
		if (e->childs[i] > 2)
			close(e->childs[i]);
		e->childs[i] = -1;
		if (keep_too && e->keep[i] >= 0)
			close(e->keep[i]);
	}
}

/* --- starting --- */

bool monitor_removed(const struct monitor *m)
{
	char c = 0;
	_cleanup_free_ char *p = record_run_path(m->c->name, STOPPING);
	_cleanup_close_ int fd = open(p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd >= 0 && read(fd, &c, 1) == 1 && c == *STOPPING_REMOVE;
}

bool monitor_given_up(const void *monitor)
{
	return asked_to_end() || monitor_removed(monitor);
}

int monitor_state(struct monitor *m)
{
	struct kv kv = {0};
	uint64_t own = 0;
	const char *boot = boot_id();
	pid_starttime(getpid(), &own);
	kv_set(&kv, "id", m->c->id);
	kv_set(&kv, "boot", boot ? boot : "");
	if (m->l.pid) {
		kv_setf(&kv, "pid", "%d", (int)m->l.pid);
		kv_setf(&kv, "starttime", "%llu", (unsigned long long)m->l.starttime);
	} else {
		kv_set(&kv, "restarting", "1");
	}
	kv_setf(&kv, "monitor", "%d", (int)getpid());
	kv_setf(&kv, "monitor_starttime", "%llu", (unsigned long long)own);
	kv_set(&kv, "cgroup", m->group.made ? m->cgroup : "");
	kv_setf(&kv, "restarts", "%d", m->restarts);
	container_net_state(&m->net, &kv);
	int r = record_state_write(m->c->name, &kv);
	kv_free(&kv);
	/* Only so that it tells who we are, when `state` is lost (record.c). */
	fcntl(m->c->dir, F_SETLK, &(struct flock){.l_type = F_RDLCK});
	if (r == 0 && m->detached && m->l.pid)
		monitor_hold_state(m);
	return r;
}

void monitor_state_again(struct monitor *m)
{
	_cleanup_close_ int fd = openat(m->c->dir, "started", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (lock_try(fd, LOCK_EX) == 0)
		return;
	container_refresh_name(m->c);
	if (monitor_state(m) < 0)
		warn_about(m->c->name);
}

/* The first process, which was started a moment ago and is not reaped yet. */
static void monitor_start_end(struct monitor *m)
{
	kill(m->l.pid, SIGKILL);
	waitpid(m->l.pid, NULL, __WALL);
	m->l.pid = 0;
	m->l.code = 125;
}

/* Its output is read from now on. (Otherwise monitor_teardown() closes the pipes.) */
static int watch_output(struct monitor *m, const struct ends *e)
{
	int r = 0;
	for (int i = 1; i < 3; i++)
		if (e->keep[i] >= 0 && monitor_watch(m, ON_OUT + (enum source)(i - 1), e->keep[i]))
			r = -1;
	if (r < 0)
		monitor_start_end(m);
	return r;
}

/* When the pid cannot be recorded, nobody could find the process: then the container does not
 * start. */
static int monitor_start_record(struct monitor *m)
{
	if (monitor_state(m) == 0) {
		/* What is restarted at boot is what was started and has not been stopped since. */
		if (m->detached && !m->l.passing && !m->restarts) {
			if (!m->fresh)
				file_sync(m->c->dir, "exit");
			file_sync(m->c->dir, "started");
		}
		container_started(m->c);
		return 0;
	}
	monitor_start_end(m);
	return -1;
}

static int monitor_start_attach(struct engine *l, void *arg)
{
	struct monitor *m = arg;
	return container_net_up(&m->net, m->c, l->pid);
}

/* --pidfile is written at each start. */
static int monitor_start_pidfile(struct monitor *m)
{
	const char *path = kv_get(&m->c->conf, "pidfile");
	char num[24];
	int n = snprintf(num, sizeof num, "%d\n", (int)m->l.pid);
	if (!path || file_write_at(AT_FDCWD, path, num, (size_t)n, 0644, false) == 0)
		return 0;
	monitor_start_end(m);
	return fail_in("--pidfile");
}

/* The owner of its volumes may have to change (`U`): to the ids that its user has, which are known
 * when it is created. */
static int monitor_start_engine(struct monitor *m)
{
	if (!volume_owned(m->spec))
		return engine_run(&m->l);
	if (engine_make(&m->l) < 0)
		return -1;
	if (volume_own(m->spec, m->l.pid) == 0)
		return engine_go(&m->l);
	_cleanup_free_ char *why = fail_copy();
	engine_drop(&m->l);
	m->l.code = 125;
	return fail_again(why);
}

static int monitor_start_shared(struct monitor *m)
{
	struct share share;
	if (share_up(&share, m->spec, &m->c->conf) < 0)
		return -1;
	int r = monitor_start_engine(m), why = errno;
	share_down(&share, m->spec);
	errno = why;
	return r;
}

/* The bundle that hooks are told of: the one it was made from, otherwise its own directory, which
 * has a config.json. */
const char *monitor_bundle(const struct monitor *m)
{
	const char *bundle = kv_get(&m->c->conf, "bundle");
	return bundle && *bundle ? bundle : m->dir;
}

int monitor_start(struct monitor *m)
{
	/* From here until the start is recorded, nobody renames the container or changes its
	 * limits. */
	struct ends e = {{-1, -1, -1}, {-1, -1, -1}};
	engine_init(&m->l, m->spec); /* first: a failure's exit code is in it */
	if (container_starting(m->c) < 0)
		return -1;
	container_refresh_name(m->c);
	const int apart[] = {m->c->dir, m->c->life, m->c->starting, m->epoll};
	memcpy(m->l.apart, apart, sizeof apart);
	m->l.again = m->restarts > 0;
	m->l.can_copy = volume_can_fill;
	m->l.passing = container_passing(m->c);
	free(m->dir);
	m->dir = record_path(m->c->name, NULL);
	_cleanup_free_ char *run = record_run_path(m->c->name, NULL);
	m->l.id = m->c->id;
	m->l.bundle = monitor_bundle(m);
	if (place_make(ctr_run()) < 0 || dir_make(run, 0700) < 0 || monitor_start_group(m) < 0)
		return -1;
	for (int i = 0; i < 3 && !m->detached; i++)
		e.childs[i] = i;
	if (m->detached && monitor_start_ends(m, &e) < 0)
		return monitor_start_close(&e, true), -1;
	m->l.dir = m->dir;
	m->l.etc = container_net_etc;
	m->l.home = ctr_lib();
	m->l.cgroup = m->group.made ? m->cgroup : NULL;
	m->l.no_device_list = m->group.no_device_list;
	memcpy(m->l.stdio, e.childs, sizeof e.childs);
	m->l.attach = container_net_wanted(m->c) ? monitor_start_attach : NULL;
	m->l.attach_arg = m;
	m->l.given_up = monitor_given_up;
	secret_give(m->c, m->spec, true);
	notify_begin(m);
	int64_t limit = kv_num(&m->c->conf, "timeout", 0);
	m->kill_at = limit ? now_ms() + 1000 * limit : 0;
	if (container_net_files(&m->net, m->c, m->spec) < 0 ||
	    record_started_write(m->c->dir, m->fresh && !m->restarts) < 0 ||
	    monitor_start_shared(m) < 0 || monitor_start_pidfile(m) < 0)
		return monitor_start_close(&e, true), -1;
	monitor_start_close(&e, false);
	if (monitor_start_record(m) < 0)
		return monitor_start_close(&e, true), -1;
	m->fd[ON_FIFO] = e.keep[0];
	return watch_output(m, &e);
}

void monitor_teardown(struct monitor *m)
{
	monitor_drop_state(m);
	container_net_down(&m->net, m->c);
	monitor_start_remove_group(m);
	relay_close(&m->in);
	relay_close(&m->out);
	for (enum source s = ON_OUT; s < SOURCES; s++)
		monitor_unwatch(m, s);
	if (m->logging) {
		log_flush(&m->log);
		log_close(&m->log, !m->l.passing && !monitor_removed(m));
		m->logging = false;
	}
}
