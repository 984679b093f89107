/* record.c: the containers' records and what is derived from them; see record.h.
 *
 * Nothing here is cached between calls but the two directories: the files and the lock are the truth.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "err.h"
#include "file.h"
#include "container_net.h"
#include "pidfd.h"
#include "record.h"
#include "stamp.h"
#include "str.h"
#include "sys.h"

static int containers_dir(const char *where)
{
	_cleanup_free_ char *p = xasprintf("%s/containers", where);
	return openat(AT_FDCWD, p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static char *run_dir(const char *name)
{
	return xasprintf("%s/containers/%s", ctr_run(), name);
}

const char *status_name(enum status s)
{
	static const char *const names[] = {
	    "created", "running", "paused", "restarting", "exited", "lost", "orphaned", "corrupt"};
	return names[s];
}

/* --- reading --- */

static void corrupt(struct container *c)
{
	c->status = ST_CORRUPT;
	free(c->why);
	c->why = xstrdup(fail_msg());
}

/* "SECONDS.NANOS" at s; false when it is not that. */
static bool stamp(const char *s, int64_t *sec, long *ns)
{
	char *end;
	*sec = strtoll(s, &end, 10);
	if (end == s || *end != '.' || end[1] < '0' || end[1] > '9')
		return false;
	*ns = strtol(end + 1, &end, 10);
	return *ns < 1000000000;
}

int exit_read(int fd, struct container *c)
{
	char text[96], *rest;
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	text[n < 0 ? 0 : n] = 0;
	c->has_exit = false;
	if (!text[strspn(text, " \n")]) /* blanks only: not filled */
		return 0;
	long code = strtol(text, &rest, 10);
	if (rest == text || code < 0 || code > 255 || *rest != ' ' || !stamp(rest, &c->finished, &c->finished_ns))
		return errno = EINVAL, fail("exit: '%.40s' is not CODE SECONDS.NANOS", text);
	c->exit_code = (int)code;
	c->oom = strstr(rest, " oom");
	c->has_exit = true;
	return 0;
}

static void read_exit(struct container *c)
{
	char text[96];
	long ns;
	_cleanup_close_ int s = openat(c->dir, "started", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n = s < 0 ? 0 : read(s, text, sizeof text - 1);
	text[n < 0 ? 0 : n] = 0;
	if (s >= 0 && !stamp(text, &c->started, &ns) && strspn(text, " \n") != strlen(text)) {
		fail("started: '%.40s' is not a time", text);
		corrupt(c);
	}
	_cleanup_close_ int e = openat(c->dir, "exit", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (e >= 0 && exit_read(e, c) < 0)
		corrupt(c);
}

static int listed[2] = {-1, -1}; /* both directories of containers, kept by a listing: a path is looked up by its end */

/* The process that `state` names, if it is still that one. */
static void read_state(struct container *c)
{
	_cleanup_free_ char *path =
	    listed[1] >= 0 ? xasprintf("%s/state", c->name) : xasprintf("%s/containers/%s/state", ctr_run(), c->name);
	if (faccessat(listed[1], path, F_OK, 0) < 0)
		return;
	if (kv_read_at(&c->state, listed[1], path) < 0) {
		corrupt(c);
		return;
	}
	char boot[37];
	uint64_t now;
	const char *b = kv_get(&c->state, "boot");
	pid_t pid = (pid_t)kv_num(&c->state, "pid", 0);
	uint64_t start = (uint64_t)kv_num(&c->state, "starttime", 0);
	if (pid > 0 && b && boot_id(boot) == 0 && strcmp(boot, b) == 0 && pid_starttime(pid, &now) == 0 &&
	    now == start) {
		c->pid = pid;
		c->starttime = start;
	}
}

/* Is the lock of this directory held by another? Taken and given back: a start that meets this instant waits. */
static bool held(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool h = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return h;
}

static void derive(struct container *c, bool locked_by_us)
{
	if (c->status == ST_CORRUPT)
		return;
	bool alive = c->pid != 0, again = kv_num(&c->state, "restarting", 0);
	/* The lock is asked only where it makes a difference: a thousand that have ended are listed in less time by
	 * that. */
	bool live = (alive || again || (c->started && !c->has_exit)) && !locked_by_us && held(c->dir);
	if (live && again)
		c->status = ST_RESTARTING;
	else if (live && alive)
		c->status = cgroup_frozen(container_cgroup(c)) ? ST_PAUSED : ST_RUNNING;
	else if (alive)
		c->status = ST_ORPHANED;
	else if (c->has_exit)
		c->status = ST_EXITED;
	else if (c->started)
		c->status = live ? ST_RUNNING : ST_LOST; /* live: between the end of PID 1 and the record of it */
	else
		c->status = ST_CREATED;
}

static void read_at(struct container *c, int parent, const char *dirname, bool locked_by_us)
{
	if (c->dir < 0)
		c->dir = openat(parent, dirname, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (c->dir < 0) {
		fail("%s: %m", dirname);
		corrupt(c);
		return;
	}
	if (kv_read_at(&c->conf, c->dir, "conf") < 0)
		corrupt(c);
	const char *id = kv_get(&c->conf, "id");
	if (c->status != ST_CORRUPT && !id) {
		fail("conf: no id in it");
		corrupt(c);
	}
	c->id = xstrdup(id ? id : c->name);
	read_state(c);
	read_exit(c);
	derive(c, locked_by_us);
}

void container_read(struct container *c, const char *dirname)
{
	*c = (struct container){.dir = -1, .name = xstrdup(dirname)};
	if (listed[0] < 0) {
		listed[0] = containers_dir(ctr_lib());
		listed[1] = containers_dir(ctr_run());
	}
	read_at(c, listed[0], dirname, false);
}

struct id_search {
	const char *prefix;
	char *name;
	int hits;
};

static int id_match(int parent, const char *name, void *arg)
{
	struct id_search *f = arg;
	if (name[0] == '.')
		return 0;
	struct kv conf;
	_cleanup_free_ char *path = xasprintf("%s/conf", name);
	if (kv_read_at(&conf, parent, path) < 0)
		return 0;
	const char *id = kv_get(&conf, "id");
	if (id && str_starts(id, f->prefix)) {
		free(f->name);
		f->name = xstrdup(name);
		f->hits++;
	}
	kv_free(&conf);
	return 0;
}

int container_open(struct container *c, const char *name)
{
	*c = (struct container){.dir = -1};
	_cleanup_close_ int parent = containers_dir(ctr_lib());
	if (parent < 0 && errno != ENOENT)
		return fail("%s/containers: %m", ctr_lib());
	if (!name_valid(name) || parent < 0)
		return errno = ENOENT, fail("%s: no such container", name);
	c->dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (c->dir >= 0) {
		c->name = xstrdup(name);
		read_at(c, parent, name, false);
		return 0;
	}
	struct id_search f = {.prefix = name};
	if (strlen(name) >= 3 && strspn(name, "0123456789abcdef") == strlen(name))
		dir_each(parent, id_match, &f);
	if (f.hits != 1) {
		free(f.name);
		errno = f.hits ? EEXIST : ENOENT;
		return fail(f.hits ? "%s: more than one container's id begins so" : "%s: no such container", name);
	}
	c->name = f.name;
	read_at(c, parent, f.name, false);
	return 0;
}

void container_close(struct container *c)
{
	if (c->dir >= 0)
		close(c->dir);
	kv_free(&c->conf);
	kv_free(&c->state);
	free(c->name);
	free(c->id);
	free(c->why);
	*c = (struct container){.dir = -1};
}

static int add_name(int parent, const char *name, void *arg)
{
	(void)parent;
	if (name[0] != '.')
		strv_add(arg, name);
	return 0;
}

int container_names(struct strv *out)
{
	_cleanup_close_ int parent = containers_dir(ctr_lib());
	if (parent < 0)
		return errno == ENOENT ? 0 : fail("%s/containers: %m", ctr_lib());
	if (dir_each(parent, add_name, out) < 0)
		return -1;
	strv_sort(out);
	return 0;
}

/* --- the lock --- */

/* The directory behind our descriptor is still the one of that name: not removed or renamed while we waited. */
static bool still_there(const struct container *c)
{
	struct stat ours, named;
	_cleanup_close_ int parent = containers_dir(ctr_lib());
	return parent >= 0 && fstat(c->dir, &ours) == 0 && fstatat(parent, c->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

/* Is it said to run, by what is written now? */
static bool said_to_live(const struct container *c)
{
	struct container now = {.dir = -1, .name = c->name};
	read_state(&now);
	bool r = now.pid || kv_num(&now.state, "restarting", 0);
	kv_free(&now.state);
	free(now.why);
	return r;
}

int container_lock(struct container *c)
{
	if (c->dir < 0)
		return fail("%s: %s", c->name, c->why ? c->why : "cannot be opened");
	int r = lock_try(c->dir, LOCK_EX);
	/* A listing holds the lock shared for an instant, ctr-gc and a start or an end exclusively: no life yet. */
	for (int i = 0; r == 0 && i < 1000; i++) {
		struct timespec ms = {0, 2000000};
		if (held(c->dir) && said_to_live(c))
			return 0;
		nanosleep(&ms, NULL);
		r = lock_try(c->dir, LOCK_EX);
	}
	if (r <= 0)
		return r < 0 ? fail_in("%s", c->name) : 0;
	if (!still_there(c)) {
		errno = ENOENT;
		return fail("%s: no such container (it was removed or renamed meanwhile)", c->name);
	}
	kv_free(&c->conf);
	kv_free(&c->state);
	struct container fresh = {.dir = c->dir, .name = c->name};
	free(c->id);
	free(c->why);
	*c = fresh;
	read_at(c, -1, c->name, true);
	return 1;
}

int container_wait_end(struct container *c, int timeout_ms)
{
	/* flock has no time-out of its own: an alarm-like timer would need a signal, so the wait is left to a child
	 * only when there is a deadline and a monitor's pidfd to poll is missing. */
	if (timeout_ms < 0) {
		if (lock_take(c->dir, LOCK_SH) < 0)
			return -1;
		flock(c->dir, LOCK_UN);
		return 1;
	}
	struct timespec t0, t;
	clock_now(CLOCK_MONOTONIC, &t0);
	pid_t monitor = (pid_t)kv_num(&c->state, "monitor", 0);
	uint64_t start = (uint64_t)kv_num(&c->state, "monitor_starttime", 0);
	int fd = monitor > 0 ? pidfd_open_checked(monitor, start) : -1;
	for (;;) {
		if (!held(c->dir)) {
			if (fd >= 0)
				close(fd);
			return 1;
		}
		clock_now(CLOCK_MONOTONIC, &t);
		int64_t gone = (t.tv_sec - t0.tv_sec) * 1000 + (t.tv_nsec - t0.tv_nsec) / 1000000;
		if (gone >= timeout_ms)
			break;
		int left = (int)(timeout_ms - gone);
		if (fd < 0 ||
		    pidfd_wait(fd, monitor, NULL, left) != 0) { /* no pidfds on this kernel: look every 20 ms */
			struct timespec ms = {0, 20000000};
			nanosleep(&ms, NULL);
		}
	}
	if (fd >= 0)
		close(fd);
	return 0;
}

struct held_search {
	const char *id;
	bool held;
};

static int held_match(int parent, const char *name, void *arg)
{
	struct held_search *f = arg;
	_cleanup_close_ int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct kv conf;
	if (dir < 0 || kv_read_at(&conf, dir, "conf") < 0)
		return 0;
	if (str_eq(kv_get(&conf, "id"), f->id))
		f->held = held(dir);
	kv_free(&conf);
	return f->held;
}

bool container_id_held(const char *id)
{
	struct held_search f = {.id = id};
	_cleanup_close_ int parent = containers_dir(ctr_lib());
	if (parent >= 0)
		dir_each(parent, held_match, &f);
	return f.held;
}

int container_pidfd(const struct container *c)
{
	errno = ESRCH;
	if (!c->pid)
		return fail("%s: not running", c->name);
	int fd = pidfd_open_checked(c->pid, c->starttime);
	return fd < 0 ? fail("%s: process %d: %m", c->name, (int)c->pid) : fd;
}

bool container_is_alive(const struct container *c)
{
	uint64_t now;
	return c->pid && pid_starttime(c->pid, &now) == 0 && now == c->starttime;
}

const char *container_cgroup(const struct container *c)
{
	static char path[512];
	const char *s = kv_get(&c->state, "cgroup");
	if (s && *s)
		return s;
	s = kv_get(&c->conf, "cgroup_parent");
	snprintf(path, sizeof path, "%s/c-%s-%s", s ? s : ctr_cgroup(), ctr_instance(), c->id);
	return path;
}

/* --- making and removing --- */

static int put(int dir, const char *name, const char *text, size_t len, mode_t mode)
{
	_cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	return fd < 0 || fd_write_all(fd, text, len) < 0 ? fail("%s: write: %m", name) : 0;
}

/* Blanks to be overwritten in place: the end of a container must be recordable on a full disk. */
static int put_blank(int dir, const char *name)
{
	static const char blank[] = "                                               \n";
	return put(dir, name, blank, sizeof blank - 1, 0644);
}

static int fill_new(int dir, const struct kv *conf, const char *config_json)
{
	struct buf b = {0};
	kv_text(conf, &b);
	int r = put(dir, "conf", b.p, b.n, 0644);
	buf_free(&b);
	if (r < 0 || put(dir, "config.json", config_json, strlen(config_json), 0600) < 0 ||
	    put_blank(dir, "started") < 0 || put_blank(dir, "exit") < 0)
		return -1;
	if (mkdirat(dir, "upper", 0755) < 0 || mkdirat(dir, "work", 0700) < 0)
		return fail("upper, work: mkdir: %m");
	return 0;
}

int container_create(const char *name, const struct kv *conf, const char *config_json)
{
	char hex[13], tmp[32];
	_cleanup_free_ char *top = xasprintf("%s/containers", ctr_lib());
	_cleanup_close_ int parent = containers_dir(ctr_lib());
	if (parent < 0 && dir_make(top, 0711) < 0)
		return fail_in("CTR_LIB (set it to a folder that can be written)");
	if (parent < 0 && (parent = containers_dir(ctr_lib())) < 0)
		return fail_in("%s", name);
	if (faccessat(parent, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return errno = EEXIST, fail("%s: there is a container of this name already", name);
	int dir = -1;
	do { /* again, if ctr-gc came before the lock and took it for a dead one's */
		if (dir >= 0)
			close(dir);
		rand_hex(hex, 6);
		snprintf(tmp, sizeof tmp, ".new-%s", hex);
		if (mkdirat(parent, tmp, 0711) < 0)
			return fail("%s: make its folder in %s: %m", name, top);
		dir = dir_open_at(parent, tmp);
	} while (dir < 0 ? errno == ENOENT : lock_take(dir, LOCK_EX) == 0 && faccessat(parent, tmp, F_OK, 0) < 0);
	if (dir >= 0 && fill_new(dir, conf, config_json) == 0) {
		if (sys_rename_new(parent, tmp, name) == 0)
			return dir;
		if (errno == EEXIST || errno == ENOTEMPTY)
			fail("%s: there is a container of this name already", name);
		else
			fail("%s: rename: %m", name);
	}
	int saved = errno;
	_cleanup_free_ char *why = xstrdup(fail_msg());
	tree_remove_at(parent, tmp);
	if (dir >= 0)
		close(dir);
	errno = saved;
	return fail("%s", why);
}

/* What a container that wrote nothing is made of, innermost first (names that end in a slash are folders), so that its
 * removal need read no folder. What there is beside it stays: it is then found by reading. */
static void erase_known(int dir)
{
	static const char known[] = "work/work/incompat/volatile/dirty\0work/work/incompat/volatile/\0"
				    "work/work/incompat/\0work/work/\0work/\0upper/\0exit\0started\0config.json\0"
				    "conf\0";
	for (const char *s = known; *s; s += strlen(s) + 1)
		if (unlinkat(dir, s, s[strlen(s) - 1] == '/' ? AT_REMOVEDIR : 0) < 0 && errno != ENOENT)
			return;
}

int container_erase(const struct container *c)
{
	char hex[13], tmp[32];
	_cleanup_close_ int parent = containers_dir(ctr_lib());
	if (parent < 0)
		return fail("%s/containers: %m", ctr_lib());
	/* Out of sight first: a removal cut short is then nobody's container, and ctr-gc finishes it. */
	rand_hex(hex, 6);
	snprintf(tmp, sizeof tmp, ".new-%s", hex);
	const char *now = renameat(parent, c->name, parent, tmp) == 0 ? tmp : c->name;
	if (now == tmp && c->dir >= 0)
		erase_known(c->dir);
	return tree_remove_at(parent, now) < 0 ? fail_in("%s", c->name) : 0;
}

int container_destroy(struct container *c)
{
	_cleanup_free_ char *run = run_dir(c->name);
	const char *group = container_cgroup(c);
	if (cgroup_remove(group) < 0 && (cgroup_kill(group) < 0 || cgroup_remove(group) < 0))
		return fail_in("%s", c->name);
	/* Its state is still there: the monitor did not come to take its networks down. */
	if (plug_clear(c) < 0)
		return fail_in("%s", c->name);
	return tree_remove_at(AT_FDCWD, run) < 0 ? fail_in("%s", c->name) : container_erase(c);
}

int container_rename(struct container *c, const char *name)
{
	_cleanup_close_ int parent = containers_dir(ctr_lib());
	_cleanup_free_ char *from = run_dir(c->name), *to = run_dir(name);
	if (parent < 0 || sys_rename_new(parent, c->name, name) < 0)
		return errno == EEXIST || errno == ENOTEMPTY
			   ? fail("%s: there is a container of this name already", name)
			   : fail("%s: rename: %m", c->name);
	if (rename(from, to) < 0 && errno != ENOENT)
		warn("%s: %m", from);
	free(c->name);
	c->name = xstrdup(name);
	kv_set(&c->conf, "name", name);
	return kv_write_at(&c->conf, c->dir, "conf");
}

void container_refresh_name(struct container *c)
{
	char self[32], path[4096];
	snprintf(self, sizeof self, "/proc/self/fd/%d", c->dir);
	ssize_t n = readlink(self, path, sizeof path - 1);
	path[n < 0 ? 0 : n] = 0;
	char *slash = strrchr(path, '/');
	if (!slash || str_ends(path, " (deleted)") || strcmp(slash + 1, c->name) == 0 || !name_valid(slash + 1))
		return;
	free(c->name);
	c->name = xstrdup(slash + 1);
}

int state_write(const char *name, const struct kv *state)
{
	_cleanup_free_ char *dir = run_dir(name);
	_cleanup_close_ int fd = openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && (dir_make(dir, 0711) < 0 || (fd = openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0))
		return fail("%s: %m", dir);
	return kv_write_at(state, fd, "state");
}

int state_remove(const char *name)
{
	_cleanup_free_ char *dir = run_dir(name), *file = xasprintf("%s/state", dir);
	unlink(file); /* mostly all there is */
	return tree_remove_at(AT_FDCWD, dir);
}

/* In place, blanks to the end of what was there. */
static int fill_in(int dir, const char *name, const char *text)
{
	char line[49];
	snprintf(line, sizeof line, "%-47.47s\n", text);
	_cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	return fd < 0 || fd_write_all(fd, line, 48) < 0 ? fail("%s: write: %m", name) : 0;
}

int started_write(int dir, bool fresh)
{
	char text[48];
	struct timespec t;
	clock_now(CLOCK_REALTIME, &t);
	snprintf(text, sizeof text, "%lld.%09ld", (long long)t.tv_sec, t.tv_nsec);
	return !fresh && fill_in(dir, "exit", "") < 0 ? -1 : fill_in(dir, "started", text);
}

int exit_write(int dir, int code, bool oom)
{
	char text[48];
	struct timespec t;
	clock_now(CLOCK_REALTIME, &t);
	snprintf(text, sizeof text, "%d %lld.%09ld%s", code, (long long)t.tv_sec, t.tv_nsec, oom ? " oom" : "");
	return fill_in(dir, "exit", text);
}
