/* record.h: the containers' records (DESIGN.md section 4) and what is derived from them.
 *
 * $CTR_LIB/containers/NAME/ is a container; a flock on that directory is its life: who holds it
 * exclusively is its monitor, or is starting or removing it.
 */
#ifndef CTR_RECORD_H
#define CTR_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "kv.h"
#include "owner.h"
#include "place.h"

enum status {
	ST_CREATED,
	ST_RUNNING,
	ST_PAUSED,
	ST_RESTARTING,
	ST_EXITED,
	ST_LOST,
	ST_ORPHANED,
	ST_CORRUPT
};
const char *status_name(enum status s);

struct container {
	char *name, *id;
	int dir;  /* the container's directory, O_RDONLY; -1 when corrupt beyond opening */
	int life; /* its file in the index (ids.h), locked as the directory is; -1: the life is not
		     ours */
	int starting;   /* its file `started`, locked while a start is under way; -1: not by us */
	struct kv conf; /* name id image created command(as shown) rootfs restart stop_signal rm tty
			   stdin ports net labels ... */
	struct kv state; /* boot pid starttime monitor monitor_starttime cgroup ip ...; empty when
			    it does not live */
	enum status status;
	pid_t pid;          /* of the running PID 1, else 0 */
	uint64_t starttime; /* of pid, clock ticks since boot */
	bool has_exit, oom;
	int restarts; /* of the life that has ended */
	bool stopped; /* the end was deliberate: it stays so at boot (ctr-start --boot) */
	char *error;  /* why it could not be started the last time */
	bool listed; /* read for a listing: `started` and `exit` only where the status hangs on them
		      */
	bool unfrozen; /* whether it is paused is not asked */
	int live;      /* of a listing: somebody holds its lock */
	bool removing; /* it is ended to be removed: its monitor need not write its end to the disk
			*/
	bool unsynced; /* its removal is written through by the caller, for many at once */
	int exit_code;
	int64_t started, finished; /* seconds since the epoch, 0 unknown; nanoseconds beside */
	long started_ns, finished_ns;
	char *why;    /* what is corrupt */
	bool damaged; /* it is the record itself, not that it could not be read now */
};

/* $CTR_LIB/containers[/NAME[/FILE]] and the same in $CTR_RUN; the caller's. The one place that
 * knows them. */
char *record_path(const char *name, const char *file);
char *record_run_path(const char *name, const char *file);
/* $CTR_LIB/containers, open; -1 with errno. */
int record_dir(void);

/* Read one by name, id or unique id prefix (of at least 3 digits), and derive its status. -1 with
 * fail() ("NAME: no such container"). A corrupt record is not an error: status says so. Takes no
 * lock. */
int container_open(struct container *c, const char *name);
/* The same by its whole id alone, whatever it is called and renamed to meanwhile. */
int container_open_id(struct container *c, const char *id);
/* The same by directory name only, for listings: it may be ST_CORRUPT. What does not bear on the
 * status is not read: container_times() does. -1 when there is none of this name (any more).
 */
int container_read(struct container *c, const char *dirname);
/* The same of one whose being paused makes no difference: it is ST_RUNNING then. */
int container_read_life(struct container *c, const char *dirname);
void container_times(struct container *c);
/* Is there one of this name, id or beginning of an id? Its record is read only in the last case. 0,
 * or -1 with fail(). */
int container_look(const char *name);
void container_close(struct container *c);
/* Every container's directory name, sorted. 0, or -1 with fail(). */
int container_names(struct strv *out);
/* fn for every container; no other is renamed meanwhile, so what is not met is not there. A
 * non-zero return stops and is returned; -1 with fail() too when one could not be looked at. A
 * damaged record is met as ST_CORRUPT. */
int container_each(int (*fn)(struct container *c, void *arg), void *arg);

/* Take the life's lock of c (the directory is checked to be still the one of that name afterwards):
 * 1 taken, 0 held by a living monitor, -1 with fail(). container_close() releases it. Re-reads the
 * record when taken. */
int container_lock(struct container *c);
/* Wait until it can be taken shared, that is, until no monitor lives; at most timeout_ms (-1: for
 * ever). 1, 0 timed out, -1. */
int container_wait_end(struct container *c, int timeout_ms);
/* Does somebody hold the life of the container with this id (it lives, starts or goes)? An
 * owner_alive_fn (owner.h), proven by the index: it holds against renames. */
int container_owner_alive(const char *owner, void *arg);
/* For ctr-gc: take an id whose container is proven to be gone out of the index. 1 when it was so, 0
 * when the container is there, -1 with fail(). */
int container_forget_id(const char *id);
/* A start, a rename or a change of limits is under way until container_started(): others of them
 * wait. container_lock() and container_create() begin one. 0 or -1 with fail(). */
int container_starting(struct container *c);
void container_started(struct container *c);
/* Read its record and derive its status anew; its locks stay as they are. -1 with fail(): it has
 * gone. */
int container_refresh(struct container *c);

/* A pidfd of the running PID 1, verified by starttime and boot id; -1 with fail() and ESRCH when it
 * is not that. */
int container_pidfd(const struct container *c);
/* Is the PID 1 that the record names still that process? For kernels without pidfds. */
bool container_is_alive(const struct container *c);
/* Its group, relative to the hierarchies' roots: "$CTR_CGROUP/c-INSTANCE-ID", or from state when
 * another parent was given. */
const char *container_cgroup(const struct container *c);

/* Make a container of c's name, id and conf: `.new-ID`, locked, conf and config.json written, upper
 * and work made, its file in the index, then renamed to its name without replacing. c->dir, life
 * and starting are then locked. 0; -1 with fail() (EEXIST: the name is taken) and nothing left. */
int container_create(struct container *c, const char *config_json);
/* Another name, in both directories and in conf; a running one too. -1 with fail(). */
int container_rename(struct container *c, const char *name);
/* A monitor's: the name may have been changed meanwhile; c->name is again that of the directory
 * c->dir is. */
void container_refresh_name(struct container *c);
/* Remove all of it (lock held): writable layer, log, state, cgroup, leases and ports of its id. */
int container_destroy(struct container *c);
/* The last step of that: its directory, when nothing else of it is left. */
int container_erase(const struct container *c);

/* The state file, written whole; and its removal. `name` is the directory's. */
int record_state_write(const char *name, const struct kv *state);
int record_state_remove(const char *name);

/* `exit` and `started` (DESIGN.md section 4),
 * in place so that a full disk cannot prevent it. `fresh`: `exit` is blank as it was made. */
int record_started_write(int dir, bool fresh);
int record_exit_write(int dir, int code, bool oom, int restarts);
/* Add to it that the end was deliberate, durably: it stays so over a boot. Best effort. */
void record_exit_stopped(int dir);
/* Why it could not be started the last time, for ps and inspect; NULL: it was. Best effort. */
void record_error_write(int dir, const char *why);
/* What an open `exit` file says, into c: has_exit, exit_code, oom, finished. -1 with fail() when it
 * is damaged. */
int record_exit_read(int fd, struct container *c);

/* --- between record.c, life.c and record_write.c --- */

/* A lock during which no container is renamed: the caller closes it. -1 with fail() (ENOENT: no
 * containers yet). */
int record_still(void);

/* Read everything below c->dir (or parent/dirname when that is -1) and derive the status. */
void record_read_at(struct container *c, int parent, const char *dirname, bool locked_by_us);
/* The state file only. */
void record_read_state(struct container *c);
/* Is the lock of this directory held by another? 1, 0, -1 with fail(). Taken and given back: a
 * start that meets this instant waits. */
int record_held(int dir);
/* The directory's lock is ours: the other two as well. 0 or -1 with fail(). */
int record_claim(struct container *c);

#endif
