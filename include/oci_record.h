/* oci_record.h: the record that ctr-oci keeps of a container (runtime-spec, runtime.md "State"). It
 * is a folder ROOT/ID of its own, and has nothing to do with ctr-run's records. In it are
 *
 * - state: quoted shell assignments, always written whole: id, version, bundle, rootfs, created,
 *   cgroup, pid, starttime and others
 * - config.json: as it was when the container was created
 * - gate.*: what a created container waits at (engine.h)
 *
 * Whoever changes the record holds a flock on the folder. The folder is made first and locked at
 * once, so what a kill leaves half-made already has the container's name, and `delete --force`
 * removes it.
 */
#ifndef CTR_OCI_RECORD_H
#define CTR_OCI_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "kv.h"
#include "spec.h"

enum oci_status { OCI_CREATING, OCI_CREATED, OCI_RUNNING, OCI_PAUSED, OCI_STOPPED };
const char *oci_status_name(enum oci_status s);

/* How a record is opened: to look at it; with its lock; with its lock even where a hook that does
 * not end keeps who holds it. */
enum oci_hold { OCI_LOOK, OCI_LOCK, OCI_SEIZE };

struct oci_record {
	char *root, *id;
	int dir;     /* its folder, open; -1: it is not */
	bool locked; /* by us */
	struct kv state;
	enum oci_status status; /* found out when the record is opened, never stored */
	pid_t pid;              /* its process; 0 when that has ended */
	uint64_t starttime;
};

/* Where the records are: `root`, or the default for this user ($XDG_RUNTIME_DIR/ctr-oci or
 * /run/ctr-oci). Caller frees. */
char *oci_root(const char *root);
/* May a container have this id? 0, or -1 with fail(). */
int oci_id_check(const char *id);
/* Make the folder ROOT/ID and lock it. -1 with fail(), EEXIST when it is there already. */
int oci_record_make(struct oci_record *r, const char *root, const char *id);
/* Open the record that is there, and find out its status. OCI_LOCK: wait for its lock and hold it
 * until oci_record_close(). OCI_SEIZE: when that is not to be had for three seconds, kill the
 * container's process and the one that oci_record_keep() named. -1 with fail(), ENOENT when there
 * is none; it is open all the same (r->dir) when its state is damaged or missing, and takes its end
 * from oci_delete() by force. */
int oci_record_open(struct oci_record *r, const char *root, const char *id, enum oci_hold hold);
/* Note in the state, for the next write, that this process keeps the lock while hooks run. */
void oci_record_keep(struct oci_record *r);
void oci_record_close(struct oci_record *r);
/* Find out its status once more. */
void oci_record_look(struct oci_record *r);
int oci_record_write(const struct oci_record *r);
/* Remove the folder with everything in it; the gate goes first. */
int oci_record_remove(struct oci_record *r);
/* Read the config.json that it was created with. -1 with fail(). */
int oci_record_spec(const struct oci_record *r, struct spec *s);
/* A pidfd of its process, after checking that it is still that process; -1 with fail(), ESRCH when
 * it has ended. */
int oci_record_pidfd(const struct oci_record *r);
/* The path of its group, relative to the hierarchies' roots; NULL when it has none. */
const char *oci_record_group(const struct oci_record *r);
/* The ids of all containers below root, sorted. A root that is missing has none. */
int oci_record_names(const char *root, struct strv *out);
/* Its state as runtime.md has it, as JSON text, with the members that runc adds. Caller frees. */
char *oci_record_json(const struct oci_record *r);

#endif
