/* oci_record.h: what ctr-oci keeps of a container (runtime-spec, runtime.md "State"): a folder
 * ROOT/ID of its own, nothing of ctr-run's records.
 *
 *   state        as quoted shell assignments, written whole: id version bundle rootfs created
 * cgroup pid starttime ... config.json  as it was when the container was created gate.*       what
 * a created container waits at (engine.h)
 *
 * A flock on the folder serialises those who change it; it is made first and locked at once, so
 * what a kill leaves half-made has the container's name, and `delete --force` clears it.
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

struct oci_record {
	char *root, *id;
	int dir;     /* its folder, -1 */
	bool locked; /* by us */
	struct kv state;
	enum oci_status status; /* derived when it is opened */
	pid_t pid;              /* its process, 0 when that has ended */
	uint64_t starttime;
};

/* Where records are: `root`, or the default for this user ($XDG_RUNTIME_DIR/ctr-oci, /run/ctr-oci).
 * Caller frees. */
char *oci_root(const char *root);
/* 0, or -1 with fail(). */
int oci_id_check(const char *id);
/* Make ROOT/ID, locked. -1 with fail(), EEXIST when there is one. */
int oci_record_make(struct oci_record *r, const char *root, const char *id);
/* The one that is there, and its status. `lock`: wait for its lock and hold it until
 * oci_record_close(). -1 with fail(), ENOENT when there is none. */
int oci_record_open(struct oci_record *r, const char *root, const char *id, bool lock);
void oci_record_close(struct oci_record *r);
/* Find out anew how it is. */
void oci_record_look(struct oci_record *r);
int oci_record_write(const struct oci_record *r);
/* The folder with all that is in it; the gate first. */
int oci_record_remove(struct oci_record *r);
/* The config.json that it was created with. -1 with fail(). */
int oci_record_spec(const struct oci_record *r, struct spec *s);
/* A pidfd of its process, checked; -1 with fail(), ESRCH when it has ended. */
int oci_record_pidfd(const struct oci_record *r);
/* Its group, relative to the hierarchies' roots; NULL when it has none. */
const char *oci_record_group(const struct oci_record *r);
/* Names of all under root, sorted. A missing root is empty. */
int oci_record_names(const char *root, struct strv *out);
/* runtime.md's state as JSON text, with runc's further members. Caller frees. */
char *oci_record_json(const struct oci_record *r);

#endif
