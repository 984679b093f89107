/* record.h: the containers' records (DESIGN.md section 4) and what is derived from them.
 *
 * $CTR_LIB/containers/NAME/ is a container; a flock on that directory is its life: who holds it exclusively is its
 * monitor, or is starting or removing it.
 */
#ifndef CTR_RECORD_H
#define CTR_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "kv.h"
#include "place.h"

enum status { ST_CREATED, ST_RUNNING, ST_PAUSED, ST_RESTARTING, ST_EXITED, ST_LOST, ST_ORPHANED, ST_CORRUPT };
const char *status_name(enum status s);

struct container {
	char *name, *id;
	int dir;         /* the container's directory, O_RDONLY; -1 when corrupt beyond opening */
	struct kv conf;  /* name id image created command(as shown) rootfs restart stop_signal rm tty stdin ports net
			    labels ... */
	struct kv state; /* boot pid starttime monitor monitor_starttime cgroup ip ...; empty when it does not live */
	enum status status;
	pid_t pid;          /* of the running PID 1, else 0 */
	uint64_t starttime; /* of pid, clock ticks since boot */
	bool has_exit, oom;
	int exit_code;
	int64_t started, finished; /* seconds since the epoch, 0 unknown; nanoseconds beside */
	long finished_ns;
	char *why; /* what is corrupt */
};

/* Read one by name, id or unique id prefix (of at least 3 digits), and derive its status. -1 with fail() ("NAME: no
 * such container"). A corrupt record is not an error: status says so. Takes no lock. */
int container_open(struct container *c, const char *name);
/* The same by directory name only, for listings: never fails, may be ST_CORRUPT. */
void container_read(struct container *c, const char *dirname);
void container_close(struct container *c);
/* Every container's directory name, sorted. 0, or -1 with fail(). */
int container_names(struct strv *out);

/* Take the life's lock of c (the directory is checked to be still the one of that name afterwards): 1 taken, 0 held by
 * a living monitor, -1 with fail(). container_close() releases it. Re-reads the record when taken. */
int container_lock(struct container *c);
/* Wait until it can be taken shared, that is, until no monitor lives; at most timeout_ms (-1: for ever). 1, 0 timed
 * out, -1. */
int container_wait_end(struct container *c, int timeout_ms);
/* Does a container with this id hold its lock (live, start or go)? For gc of leases, ports and groups. */
bool container_id_held(const char *id);

/* A pidfd of the running PID 1, verified by starttime and boot id; -1 with fail() and ESRCH when it is not that. */
int container_pidfd(const struct container *c);
/* Is the PID 1 that the record names still that process? For kernels without pidfds. */
bool container_is_alive(const struct container *c);
/* Its group, relative to the hierarchies' roots: "$CTR_CGROUP/c-INSTANCE-ID", or from state when another parent was
 * given. */
const char *container_cgroup(const struct container *c);

/* Make a container: `.new-XXXX`, locked, conf and config.json written, upper and work made, then renamed to NAME
 * without replacing. Returns the locked directory's descriptor, -1 with fail() (EEXIST: the name is taken). */
int container_create(const char *name, const struct kv *conf, const char *config_json);
/* Another name, in both directories and in conf; a running one too. -1 with fail(). */
int container_rename(struct container *c, const char *name);
/* A monitor's: the name may have been changed meanwhile; c->name is again that of the directory c->dir is. */
void container_refresh_name(struct container *c);
/* Remove all of it (lock held): writable layer, log, state, cgroup, leases and ports of its id. */
int container_destroy(struct container *c);
/* The last step of that: its directory, when nothing else of it is left. */
int container_erase(const struct container *c);

/* The state file, written whole; and its removal. `name` is the directory's. */
int state_write(const char *name, const struct kv *state);
int state_remove(const char *name);

/* `exit` and `started` (DESIGN.md section 4), in place so that a full disk cannot prevent it. `fresh`: `exit` is blank
 * as it was made. */
int started_write(int dir, bool fresh);
int exit_write(int dir, int code, bool oom);
/* What an open `exit` file says, into c: has_exit, exit_code, oom, finished. -1 with fail() when it is damaged. */
int exit_read(int fd, struct container *c);

#endif
