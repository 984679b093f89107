/* life.c: who holds a container's life, and whether it is alive; see record.h.
 *
 * Three locks, always taken in this order: that on the container's folder is its life; that on its
 * file in the index (ids.h) is the same life for those who know only the id; that on `started` says
 * that a start is under way, so that a rename or a change of limits waits for its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "clock.h"
#include "err.h"
#include "file.h"
#include "ids.h"
#include "pidfd.h"
#include "record.h"
#include "stamp.h"
#include "str.h"

/* Is the directory behind our descriptor still the one of that name, and was not removed or renamed
 * while we waited? */
static bool still_there(const struct container *c)
{
	_cleanup_close_ int parent = record_dir();
	return file_same(c->dir, "", parent, c->name);
}

/* Does the record say at present that it runs? */
static bool said_to_live(const struct container *c)
{
	struct container now = {.dir = -1, .name = c->name};
	record_read_state(&now);
	bool r = now.pid || kv_num(&now.state, "restarting", 0);
	kv_free(&now.state);
	free(now.why);
	return r;
}

static void read_again(struct container *c, bool locked)
{
	kv_free(&c->conf);
	kv_free(&c->state);
	struct container fresh = {.dir = c->dir,
	    .life = c->life,
	    .starting = c->starting,
	    .unsynced = c->unsynced,
	    .removing = c->removing,
	    .name = c->name};
	free(c->id);
	free(c->why);
	free(c->error);
	*c = fresh;
	record_read_at(c, -1, c->name, locked);
}

int container_refresh(struct container *c)
{
	container_refresh_name(c);
	if (!still_there(c))
		return errno = ENOENT,
		       fail("%s: no such container (it was removed or renamed meanwhile)", c->name);
	read_again(c, false);
	return 0;
}

int container_lock(struct container *c)
{
	if (c->dir < 0)
		return fail("%s: %s", c->name, c->why ? c->why : "cannot be opened");
	int r = lock_try(c->dir, LOCK_EX);
	/* A listing holds the lock shared for a moment, and ctr-gc, a start or an end exclusively:
	 * none of this is a life. A damaged record cannot tell which: after the first that was
	 * waited for in vain, each further one gets a moment. */
	static int64_t damaged_ms = 2000;
	bool damaged = c->status == ST_CORRUPT;
	for (int64_t end = now_ms() + (damaged ? damaged_ms : 2000); r == 0 && now_ms() < end;) {
		if (record_held(c->dir) == 1 && said_to_live(c))
			return 0;
		nap_ms(2);
		r = lock_try(c->dir, LOCK_EX);
	}
	if (damaged && r == 0)
		damaged_ms = 20;
	if (r <= 0)
		return r < 0 ? fail_about(c->name) : 0;
	if (!still_there(c)) {
		errno = ENOENT;
		return fail("%s: no such container (it was removed or renamed meanwhile)", c->name);
	}
	read_again(c, true);
	if (c->status == ST_CORRUPT)
		return 1;
	/* On a full disk, a container that is not in the index can still be removed. */
	return record_claim(c) < 0 && errno != ENOSPC && errno != EDQUOT && errno != EROFS ? -1 : 1;
}

int container_wait_end(struct container *c, int timeout_ms)
{
	/* flock(2) has no time-out of its own. The monitor's pidfd is waited for instead, with a
	 * look now and then whether somebody keeps the container from ending; on a kernel without
	 * pidfds the lock is tried every 20 ms, or waited for where there is no deadline. */
	bool ever = timeout_ms < 0, over = false;
	unsigned naps = 0;
	int64_t end = now_ms() + timeout_ms, left = 2000;
	pid_t monitor = (pid_t)kv_num(&c->state, "monitor", 0);
	uint64_t start = (uint64_t)kv_num(&c->state, "monitor_starttime", 0);
	_cleanup_close_ int fd = monitor > 0 ? pidfd_open_checked(monitor, start) : -1;
	for (;;) {
		if (record_held(c->dir) == 0)
			return 1;
		if (!ever && (left = end - now_ms()) <= 0)
			return 0;
		if (ever && (fd < 0 || over)) {
			if (lock_take(c->dir, LOCK_SH) < 0)
				return -1;
			flock(c->dir, LOCK_UN);
			return 1;
		}
		int step = left < 500 || ever ? (int)left : 500;
		int r = fd < 0 ? -1 : pidfd_wait(fd, monitor, NULL, step);
		over = r == 1;
		if (r == 0 ||
		    (fd < 0 && ++naps % 25 == 0)) /* every half second, wake a stopped process that
						     keeps the container from ending */
			free(pid_unreaped(c->pid));
		if (r)
			nap_ms(step < 20 ? step : 20);
	}
}

int container_owner_alive(const char *owner, void *arg)
{
	(void)arg;
	if (owner_is_foreign(owner))
		return 1;
	int held = ids_held(owner);
	if (held != 0)
		return held < 0 && errno == ENOENT ? 0 : held;
	/* Nobody holds it in the index. A monitor from before there was an index holds only the
	 * folder. */
	_cleanup_free_ char *name = ids_name(owner);
	if (!name)
		return errno == ENOENT ? 0 : -1;
	_cleanup_free_ char *path = record_path(name, NULL);
	_cleanup_close_ int dir =
	    name_valid(name) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) : -1;
	if (dir >= 0)
		return record_held(dir);
	return !name_valid(name) || errno == ENOENT ? 0 : fail_open(path);
}

struct forget {
	const char *id;
	char *name; /* the container that has it */
};

static int has_id(struct container *c, void *arg)
{
	struct forget *f = arg;
	if (c->status == ST_CORRUPT)
		return fail("%s: %s: whether it is %s is not known", c->name, c->why, f->id);
	if (str_eq(c->id, f->id) && !f->name)
		f->name = xstrdup(c->name);
	return 0;
}

int container_forget_id(const char *id)
{
	int held = ids_held(id);
	if (held < 0)
		return errno != ENOENT ? -1 : 0;
	_cleanup_free_ char *name = ids_name(id), *aside = xasprintf(".new-%s", id);
	struct container c;
	_cleanup_close_ int still = record_still();
	if (!name || still < 0)
		return errno == ENOENT ? 0 : -1;
	if (faccessat(still, aside, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	int r = name_valid(name) ? container_read(&c, name) : -1;
	bool there = r == 0 && (c.status == ST_CORRUPT || str_eq(c.id, id));
	if (r == 0 || name_valid(name))
		container_close(&c);
	if (there)
		return 0;
	struct forget f = {.id = id};
	if (container_each(has_id, &f) < 0)
		return -1;
	if (f.name)
		r = ids_rename(id, f.name); /* a rename was interrupted */
	else if (held)
		r = 0; /* it is just being made, or removed */
	else
		r = ids_drop(id) < 0 ? -1 : 1;
	free(f.name);
	return r;
}

int container_not_running(const struct container *c)
{
	const char *status = status_name(c->status);
	if (!name_valid(c->name)) /* another runtime's, "oci:ID" */
		return fail("%s: %s, not running", c->name, status);
	return fail("%s: %s, not running (ctr-%s %s)", c->name, status,
	    c->status == ST_PAUSED ? "unpause" : "start", c->name);
}

int container_pidfd(const struct container *c)
{
	errno = ESRCH;
	if (!c->pid)
		return container_not_running(c);
	int fd = pidfd_open_checked(c->pid, c->starttime);
	return fd < 0 ? fail("%s: process %d: %m", c->name, (int)c->pid) : fd;
}

bool container_is_alive(const struct container *c)
{
	uint64_t now;
	return c->pid && pid_starttime(c->pid, &now) == 0 && now == c->starttime;
}
