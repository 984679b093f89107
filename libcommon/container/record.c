/* record.c: reading the containers' records, and deriving their status; see record.h.
 *
 * Between calls only two directories are kept: the files and the lock count.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cgroup.h"
#include "clock.h"
#include "err.h"
#include "file.h"
#include "ids.h"
#include "pidfd.h"
#include "record.h"
#include "stamp.h"
#include "str.h"

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
	c->damaged |= errno == EINVAL || errno == ENOENT || errno == EFBIG || file_is_none();
	free(c->why);
	c->why = fail_copy();
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

int record_exit_read(int fd, struct container *c)
{
	char text[96], *rest;
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	text[n < 0 ? 0 : n] = 0;
	c->has_exit = false;
	if (!text[strspn(text, " \n")]) /* blanks only: it is not filled in */
		return 0;
	long code = strtol(text, &rest, 10);
	if (rest == text || code < 0 || code > 255 || *rest != ' ' ||
	    !stamp(rest, &c->finished, &c->finished_ns))
		return errno = EINVAL, fail("exit: '%s' is not CODE SECONDS.NANOS", text);
	c->exit_code = (int)code;
	const char *again = strstr(rest, " r");
	c->restarts = again ? atoi(again + 2) : 0;
	c->oom = strstr(rest, " oom");
	c->stopped = strstr(rest, " stopped");
	c->has_exit = true;
	return 0;
}

static void read_started(struct container *c)
{
	char text[96];
	_cleanup_close_ int s =
	    openat(c->dir, "started", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n = s < 0 ? 0 : read(s, text, sizeof text - 1);
	text[n < 0 ? 0 : n] = 0;
	if (s < 0 ? errno != ENOENT : n < 0) {
		fail_errno("started");
		corrupt(c);
	}
	if (s >= 0 && !stamp(text, &c->started, &c->started_ns) &&
	    strspn(text, " \n") != strlen(text)) {
		errno = EINVAL;
		fail("started: '%s' is not a time", text);
		corrupt(c);
	}
}

static void read_exit(struct container *c)
{
	_cleanup_close_ int e =
	    openat(c->dir, "exit", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (e < 0 && errno != ENOENT) {
		fail_errno("exit");
		corrupt(c);
	}
	if (e >= 0 && record_exit_read(e, c) < 0)
		corrupt(c);
}

/* Both folders of containers, kept open by a listing: names are looked up relative to them. */
static int listed[2] = {-1, -1};

bool container_passing(const struct container *c)
{
	return kv_num(&c->conf, "rm", 0);
}

void container_times(struct container *c)
{
	record_unlisted(c, listed[0]);
	if (c->listed && c->dir >= 0)
		read_started(c);
	c->listed = false;
}

/* A listing opened the folder only for this, so no further open file is needed to ask for the
 * lock. */
static int listed_held(const struct container *c)
{
	if (!c->listed)
		return record_held(c->dir);
	int r = lock_try(c->dir, LOCK_SH);
	if (r == 1)
		flock(c->dir, LOCK_UN);
	return r < 0 ? -1 : !r;
}

/* The process that `state` names, if it is still that process. A listing trusts a monitor that is
 * alive (`told`): it waits for that process, and removes `state` then. */
static void state_pid(struct container *c, bool told)
{
	uint64_t now;
	const char *b = kv_get(&c->state, "boot"), *boot;
	pid_t pid = (pid_t)kv_num(&c->state, "pid", 0);
	uint64_t start = (uint64_t)kv_num(&c->state, "starttime", 0);
	if (pid <= 0 || !b)
		return;
	now = start;
	errno = 0;
	if (!(boot = boot_id()) || (!told && pid_starttime(pid, &now) < 0 && errno != ESRCH)) {
		/* Too few descriptors, for example: then it is not known whether it is alive. */
		fail_errno("state: /proc");
		corrupt(c);
	} else if (errno != ESRCH && strcmp(boot, b) == 0 && now == start) {
		c->pid = pid;
		c->starttime = start;
	}
}

void record_read_state(struct container *c)
{
	_cleanup_free_ char *path =
	    listed[1] >= 0 ? path_join(c->name, "state") : record_run_path(c->name, "state");
	if (kv_read_at(&c->state, listed[1], path) == 0)
		state_pid(c, c->listed && kv_num(&c->state, "pid", 0) > 0 &&
				 (c->live = listed_held(c)) == 1);
	else if (errno != ENOENT && errno != ENOTDIR)
		corrupt(c);
}

/* The `state` of a container that lives was emptied, spoilt, removed or is of an earlier life. Its
 * monitor, found by its lock of fcntl(2), which nobody else can have below `containers`, writes it
 * anew when the signal comes. Who is asked after the second that a command waits in all gets it. */
static void state_again(struct container *c)
{
	static int64_t left = 1000;
	int64_t begin = now_ms(), used = 0;
	for (int i = 0; !c->pid && (!i || (used < 100 && used < left)); i++) {
		struct flock l = {.l_type = F_WRLCK};
		if (fcntl(c->dir, F_GETLK, &l) < 0 || l.l_type == F_UNLCK || l.l_pid <= 0 ||
		    (str_eq(kv_get(&c->state, "boot"), boot_id()) &&
			kv_num(&c->state, "monitor", 0) == l.l_pid))
			return;
		if (i % 10 == 0)
			kill(l.l_pid, SIGWINCH);
		nap_ms(1);
		c->status = ST_CREATED;
		kv_free(&c->state);
		record_read_state(c);
		used = now_ms() - begin;
	}
	left -= used;
}

int record_held(int dir)
{
	_cleanup_close_ int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? fail_errno("open") : lock_try(fd, LOCK_SH);
	return r < 0 ? -1 : !r;
}

/* To read a group's state takes longer than all the rest of a container in a listing, so of many
 * only those are looked at that ctr-pause has marked, whatever else may have frozen a group. */
static bool frozen(const struct container *c)
{
	static int looked;
	if (c->unfrozen)
		return false;
	if (c->listed && ++looked > 64) {
		_cleanup_free_ char *mark = path_join(c->name, "paused");
		if (!record_any_paused(listed[1]) ||
		    (faccessat(listed[1], mark, F_OK, 0) < 0 && errno == ENOENT))
			return false;
	}
	return cgroup_frozen(container_cgroup(c), c->listed);
}

static void derive(struct container *c, bool locked_by_us)
{
	if (c->status == ST_CORRUPT)
		return;
	bool alive = c->pid != 0, again = kv_num(&c->state, "restarting", 0);
	/* The lock is asked for only where it makes a difference, which makes listing a thousand
	 * exited containers faster. */
	int live = c->live; /* it was asked for already */
	if (!live)
		live = (alive || again || (c->started && !c->has_exit)) && !locked_by_us
			   ? listed_held(c)
			   : 0;
	if (live < 0)
		corrupt(c); /* the status is unknown, so nothing acts on it */
	else if (live && again)
		c->status = ST_RESTARTING;
	else if (live && (alive || (c->started && !c->has_exit)))
		/* Without a process its end is being recorded, or its state is gone. */
		c->status = frozen(c) ? ST_PAUSED : ST_RUNNING;
	else if (alive)
		c->status = ST_ORPHANED;
	else if (c->has_exit)
		c->status = ST_EXITED;
	else if (c->started)
		c->status = ST_LOST;
	else
		c->status = ST_CREATED;
}

void record_read_at(struct container *c, int parent, const char *dirname, bool locked_by_us)
{
	if (c->dir < 0)
		c->dir = openat(parent, dirname, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (c->dir < 0) {
		fail_errno(dirname);
		corrupt(c);
		return;
	}
	if (kv_read_at(&c->conf, c->dir, "conf") < 0)
		corrupt(c);
	const char *id = kv_get(&c->conf, "id");
	if (c->status != ST_CORRUPT && !id) {
		errno = EINVAL;
		fail("conf: no id in it");
		corrupt(c);
	}
	c->id = xstrdup(id ? id : c->name);
	bool sound = c->status != ST_CORRUPT;
	record_read_state(c);
	if (!c->listed || !c->pid)
		read_exit(c);
	if (!c->listed || (!c->pid && !c->has_exit))
		read_started(c);
	if (sound && (c->started || c->has_exit))
		state_again(c);
	if (c->has_exit && c->exit_code >= 125 && faccessat(c->dir, "error", F_OK, 0) == 0)
		c->error = file_read_at(c->dir, "error", 4096, NULL);
	derive(c, locked_by_us);
}

int container_config(struct container *c, char **text, size_t *n)
{
	_cleanup_free_ char *path = record_path(c->name, NULL);
	*text = file_read_at(c->dir, "config.json", FILE_ANY, n);
	/* A power cut leaves it empty, short or with zeros in it. */
	if (*text && *n && strchr("}\n", (*text)[*n - 1]) && !memchr(*text, 0, *n))
		return 1;
	if (*text)
		errno = EINVAL, fail("config.json: it is damaged");
	else if (errno == ENOENT && access(path, F_OK) < 0)
		return 0;
	corrupt(c);
	return fail_about(c->name);
}

static int record_add_name(int parent, const char *name, void *arg)
{
	(void)parent;
	if (name[0] != '.')
		strv_add(arg, name);
	return 0;
}

static int read_listed(struct container *c, const char *dirname, bool unfrozen)
{
	*c = (struct container){.dir = -1,
	    .life = -1,
	    .starting = -1,
	    .listed = true,
	    .unfrozen = unfrozen,
	    .name = xstrdup(dirname)};
	if (listed[0] < 0) {
		_cleanup_free_ char *run = record_run_path(NULL, NULL);
		listed[0] = record_dir();
		listed[1] = dir_open(run);
	}
	if (record_told(c, listed[0], listed[1])) {
		state_pid(c, true);
		if (c->pid) {
			c->live = 1;
			c->id = xstrdup(kv_get(&c->conf, "id"));
			derive(c, false);
			return 0;
		}
		kv_free(&c->conf);
		kv_free(&c->state);
	}
	record_read_at(c, listed[0], dirname, false);
	return c->dir < 0 && c->damaged &&
		       faccessat(listed[0], dirname, F_OK, AT_SYMLINK_NOFOLLOW) < 0
		   ? -1
		   : 0;
}

int container_read(struct container *c, const char *dirname)
{
	return read_listed(c, dirname, false);
}

int container_read_life(struct container *c, const char *dirname)
{
	return read_listed(c, dirname, true);
}

/* The container of this name: 1; 0 when there is none; -1 with fail(). */
static int open_named(struct container *c, int parent, const char *name)
{
	*c = (struct container){.dir = -1, .life = -1, .starting = -1};
	if (!name_valid(name))
		return 0;
	c->dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (c->dir < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : fail_open(name);
	c->name = xstrdup(name);
	record_read_at(c, parent, name, false);
	return 1;
}

/* By the index. During a rename the name written there may belong to another container: then it is
 * tried again for a while. */
static int open_id(struct container *c, int parent, const char *id)
{
	for (int i = 0; i < 200; i++) {
		_cleanup_free_ char *name = ids_name(id);
		if (!name)
			return errno == ENOENT ? 0 : -1;
		int r = open_named(c, parent, name);
		if (r < 0 || (r == 1 && str_eq(c->id, id)))
			return r;
		if (r == 1)
			container_close(c);
		if (i > 2)
			nap_ms(1);
	}
	return 0; /* it is being removed, or is damaged */
}

struct id_search {
	const char *prefix;
	struct strv *out;
	int trouble;
};

static int id_match(int parent, const char *name, void *arg)
{
	struct id_search *f = arg;
	struct container c;
	if (name[0] == '.' || open_named(&c, parent, name) != 1)
		return 0;
	if (c.status != ST_CORRUPT && str_starts(c.id, f->prefix))
		strv_add(f->out, name);
	container_close(&c);
	return 0;
}

/* By the beginning of an id: in the index, and only when it is not found there by reading every
 * record. */
static int open_prefix(struct container *c, int parent, const char *prefix)
{
	struct strv hits = {0};
	struct id_search f = {.prefix = prefix, .out = &hits};
	int r = ids_list(prefix, &hits) < 0 ? -1 : 0;
	if (r == 0 && hits.n == 1)
		r = open_id(c, parent, hits.v[0]);
	if (r == 0 && hits.n < 2) {
		strv_free(&hits);
		r = dir_each(parent, id_match, &f) < 0 ? -1 : 0;
		if (r == 0 && hits.n == 1)
			r = open_named(c, parent, hits.v[0]);
	}
	if (r == 0 && hits.n > 1)
		r = (errno = EEXIST,
		    fail("%s: the ids of several containers begin with this", prefix));
	strv_free(&hits);
	return r;
}

typedef int opener(struct container *c, int parent, const char *name);
static int open_by_name(struct container *c, int parent, const char *name)
{
	name = name_bare(name);
	int r = open_named(c, parent, name);
	if (r || strlen(name) < 3 || strspn(name, "0123456789abcdef") != strlen(name))
		return r;
	r = open_id(c, parent, name); /* a complete id: the index need not be listed */
	return r ? r : open_prefix(c, parent, name);
}

static int open_by(opener *by, struct container *c, const char *name)
{
	*c = (struct container){.dir = -1, .life = -1, .starting = -1};
	if (place_check() < 0 || !boot_id())
		return -1;
	_cleanup_close_ int parent = record_dir();
	if (parent < 0 && errno != ENOENT)
		return fail("%s/containers: %m", ctr_lib());
	int r = parent < 0 ? 0 : by(c, parent, name);
	if (r == 0)
		return errno = *name ? ENOENT : EINVAL,
		       fail("%s: no such container (ctr-ps -a lists them)", *name ? name : "''");
	return r < 0 ? -1 : 0;
}

int container_open(struct container *c, const char *name)
{
	return open_by(open_by_name, c, name);
}

int container_look(const char *name)
{
	struct container c;
	_cleanup_close_ int parent = record_dir();
	if (parent >= 0 && name_valid(name) &&
	    (faccessat(parent, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || ids_there(name) == 1))
		return 0;
	int r = container_open(&c, name);
	if (r == 0)
		container_close(&c);
	return r;
}

int container_open_id(struct container *c, const char *id)
{
	return open_by(open_id, c, id);
}

void container_close(struct container *c)
{
	if (c->starting >= 0)
		close(c->starting);
	if (c->life >= 0)
		close(c->life);
	if (c->dir >= 0)
		close(c->dir);
	kv_free(&c->conf);
	kv_free(&c->state);
	free(c->name);
	free(c->id);
	free(c->why);
	free(c->error);
	*c = (struct container){.dir = -1, .life = -1, .starting = -1};
}

int container_names(struct strv *out)
{
	_cleanup_close_ int parent = record_dir();
	if (parent < 0)
		return errno == ENOENT ? 0 : fail("%s/containers: %m", ctr_lib());
	if (!boot_id() || dir_each(parent, record_add_name, out) < 0)
		return -1;
	strv_sort(out);
	return 0;
}

int container_each(int (*fn)(struct container *c, void *arg), void *arg)
{
	struct strv names = {0};
	/* A name that disappeared before it was read could belong to another container by now. */
	_cleanup_close_ int parent = record_still();
	if (parent < 0)
		return errno == ENOENT ? 0 : -1;
	int r = container_names(&names);
	for (size_t i = 0; i < names.n && r == 0; i++) {
		struct container c;
		r = open_named(&c, parent, names.v[i]);
		r = r < 1 ? r : fn(&c, arg);
		container_close(&c);
	}
	strv_free(&names);
	return r;
}
