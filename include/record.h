/* record.h: the containers' records (ctrbox-files(5)) and what is derived from them.
 *
 * $CTR_LIB/containers/NAME/ is a container. A flock on that directory is its life: whoever holds it
 * exclusively is its monitor, or is starting or removing the container.
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
	int life; /* its file in the index (ids.h), locked together with the directory; -1: we do
		     not hold the life */
	int starting;   /* its file `started`, locked while a start is under way; -1: we do not hold
			   it */
	struct kv conf; /* name id image created command(as shown) rootfs restart stop_signal rm tty
			   stdin ports net labels ... */
	struct kv state; /* boot pid starttime monitor monitor_starttime cgroup ip ...; empty when
			    it does not live */
	enum status status;
	pid_t pid;          /* of its PID 1 while that runs, else 0 */
	uint64_t starttime; /* of pid, clock ticks since boot */
	bool has_exit, oom;
	int restarts;  /* how many there were in the life that has ended */
	bool stopped;  /* it was ended deliberately: ctr-start --boot does not start it again */
	char *error;   /* why it could not be started the last time */
	bool listed;   /* read for a listing: `started` and `exit` were read only if the status
			  depends on them */
	bool unfrozen; /* the caller does not need to know whether it is paused */
	int live;      /* in a listing: somebody holds its lock */
	bool removing; /* it is ended in order to be removed: its monitor need not make its end
			* durable
			*/
	int told;      /* the last signal that was sent, and is among the events */
	bool unsynced; /* the caller makes its removal durable, for many containers at once */
	int exit_code;
	int64_t started, finished; /* seconds since the epoch, 0 unknown; nanoseconds beside */
	long started_ns, finished_ns;
	char *why;    /* what is corrupt */
	bool damaged; /* the record itself is damaged; otherwise it only could not be read now */
};

/* fail() that it does not run, with the applet that mends that; -1. */
int container_not_running(const struct container *c);

/* The path $CTR_LIB/containers[/NAME[/FILE]], and the same below $CTR_RUN. Caller frees. No other
 * file builds these paths. */
char *record_path(const char *name, const char *file);
char *record_run_path(const char *name, const char *file);
/* $CTR_LIB/containers, opened; -1 with errno. */
int record_dir(void);
/* The same, made when it is missing; -1 with fail(). */
int record_dir_make(void);

/* Read the record of a container, found by its name, its id or a unique beginning of the id (of at
 * least 3 digits), and derive its status. -1 with fail() ("NAME: no such container"). A corrupt
 * record is no error: the status says so. This takes no lock. */
int container_open(struct container *c, const char *name);
/* The same by the whole id alone, whatever the container is called or renamed to meanwhile. */
int container_open_id(struct container *c, const char *id);
/* The same by the name of the directory alone, for listings: the status may be ST_CORRUPT. What the
 * status does not depend on is not read; container_times() reads it. -1 when there is no container
 * of this name (any more). */
int container_read(struct container *c, const char *dirname);
/* The same where it does not matter whether the container is paused: then it is ST_RUNNING. */
int container_read_life(struct container *c, const char *dirname);
void container_times(struct container *c);
/* It is removed when it ends (--rm). */
bool container_passing(const struct container *c);
/* Is there a container of this name, of this id, or with an id that begins so? The record is read
 * in the last case only. 0, or -1 with fail(). */
int container_look(const char *name);
void container_close(struct container *c);
/* The names of all containers' directories, sorted. 0, or -1 with fail(). */
int container_names(struct strv *out);
/* Call fn for every container. No container is renamed meanwhile, so one that fn was not called for
 * does not exist. If fn does not return 0, the walk stops and returns that; -1 with fail() too when
 * a container could not be looked at. A damaged record has the status ST_CORRUPT. */
int container_each(int (*fn)(struct container *c, void *arg), void *arg);

/* The text of its config.json (caller frees *text): 1; 0 when c has been removed meanwhile; -1 with
 * fail() when it cannot be read or is damaged: c is ST_CORRUPT then, and what it uses is not known.
 */
int container_config(struct container *c, char **text, size_t *n);

/* ctr-gc: nothing can be done with what a damaged record describes (fail_msg() says why), but what
 * lies beside it, a layer and a log, may be valuable: its folder goes to $CTR_LIB/damaged, which is
 * said on stdout. -1 with fail(). */
int record_aside(const char *from, const char *name);

/* Take the lock that is the life of c; afterwards the directory is checked to be still the one of
 * that name. 1: taken, and the record is read again; 0: a living monitor holds it; -1 with fail().
 * container_close() releases it. */
int container_lock(struct container *c);
/* Wait until that lock can be taken shared, that is, until no monitor lives, for at most timeout_ms
 * (-1: for ever). 1; 0 when the time is up; -1 with fail(). */
int container_wait_end(struct container *c, int timeout_ms);
/* Does somebody hold the life of the container with this id, because it lives, starts or is being
 * removed? This is an owner_alive_fn (owner.h). The index proves it, so a rename meanwhile does no
 * harm. */
int container_owner_alive(const char *owner, void *arg);
/* For ctr-gc: take the id of a container that is proven to be gone out of the index. 1 when it was
 * taken out, 0 when the container exists, -1 with fail(). */
int container_forget_id(const char *id);
/* From here until container_started(), a start, a rename or a change of limits is under way, and
 * others of these wait. container_lock() and container_create() call it, too. 0, or -1 with fail().
 */
int container_starting(struct container *c);
void container_started(struct container *c);
/* Read the record and derive the status once more; the locks stay as they are. -1 with fail(): the
 * container is gone. */
int container_refresh(struct container *c);

/* A pidfd of its running PID 1, which is verified by starttime and boot id; -1 with fail(), and
 * ESRCH when that process is no more. */
int container_pidfd(const struct container *c);
/* Is the PID 1 that the record names still that process? For kernels without pidfds. */
bool container_is_alive(const struct container *c);
/* Groups whose names begin so are the containers' own. */
#define CONTAINER_GROUP "c-"
/* The path of the group that a container of this id gets: PARENT/c-INSTANCE-ID, where no parent
 * (NULL or "") means $CTR_CGROUP. Caller frees. No other file builds this path. */
char *container_group_path(const char *parent, const char *id);
/* The path of its group, relative to the hierarchies' roots: what `state` says, or otherwise
 * container_group_path(). */
const char *container_cgroup(const struct container *c);

/* Make a container of the name, id and conf of c. Its folder is first called `.new-ID` and locked;
 * conf and config.json are written, upper and work are made, its file is put into the index, and
 * then the folder is renamed to NAME, without replacing another. Afterwards c->dir, life and
 * starting are locked. 0; -1 with fail() (EEXIST: the name is taken), and then nothing is left. */
int container_create(struct container *c, const char *config_json);
/* Give it another name, in both directories and in conf, even while it runs. -1 with fail(). */
int container_rename(struct container *c, const char *name);
/* For its monitor, because the container may have been renamed meanwhile: c->name becomes the name
 * of the directory c->dir again. */
void container_refresh_name(struct container *c);
/* Remove everything of it: the writable layer, log, state, group, and the leases and ports of its
 * id. The caller holds its lock. */
int container_destroy(struct container *c);
/* The last step of the removal: its directory, when nothing else of it is left. */
int container_erase(const struct container *c);

/* Write the state file, as a whole, or remove it. `name` is the name of the directory. */
int record_state_write(const char *name, const struct kv *state);
int record_state_remove(const char *name);

/* Write the files `exit` and `started` (ctrbox-files(5)) of the container whose directory `dir` is.
 * They are overwritten in place, so that a full disk cannot prevent it. `fresh`: `exit` is still
 * blank, as it was made. 0, or -1 with fail(). */
int record_started_write(int dir, bool fresh);
int record_exit_write(int dir, int code, bool oom, int restarts);
/* Add to `exit` that the end was deliberate, and make it durable: it stays so over a boot. Errors
 * are passed over. */
void record_exit_stopped(int dir);
/* Keep why it could not be started the last time, for ps and inspect; NULL: it could. Errors are
 * passed over. */
void record_error_write(int dir, const char *why);
/* Read an open `exit` file into c: has_exit, exit_code, oom, finished. -1 with fail() when it is
 * damaged. */
int record_exit_read(int fd, struct container *c);

/* --- between record.c, life.c and record_write.c --- */

/* Take a lock during which no container is renamed; the caller closes it. -1 with fail() (ENOENT:
 * there are no containers yet). */
int record_still(void);

/* Read everything below c->dir (or parent/dirname when that is -1) and derive the status. */
void record_read_at(struct container *c, int parent, const char *dirname, bool locked_by_us);
/* Read the state file alone. */
void record_read_state(struct container *c);
/* Three functions for a listing (listed.c), whose folders of records and of states are open as
 * `lib` and `run`. record_told() reads conf and state of c->name when a monitor has locked the
 * `state`, and that names the container of the record: this proves that it runs. Otherwise it
 * returns false, and the caller reads the container as any other. record_unlisted() opens the
 * folder of a container that was read so, as c->dir. record_any_paused() says whether ctr-pause has
 * ever left its mark in `run`; it says so, too, when that cannot be seen. */
#ifdef CTR_MINIMAL
#define record_told(c, lib, run) (false)
#define record_unlisted(c, lib) ((void)0)
#define record_any_paused(run) (true)
#else
bool record_told(struct container *c, int lib, int run);
void record_unlisted(struct container *c, int lib);
bool record_any_paused(int run);
#endif
/* Does another process hold the lock of this directory? 1, 0, or -1 with fail(). To find out, the
 * lock is taken and released again; a start that meets this instant waits. */
int record_held(int dir);
/* We hold the lock of the directory: take the other two as well. 0, or -1 with fail(). */
int record_claim(struct container *c);

#endif
