/* cgroup.h: control groups on v1, v2 and hybrid systems, in cgroup v2's vocabulary
 * (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/).
 *
 * A path is relative to the hierarchies' roots ("ctr/c-1a2b3c4d-0123456789ab"); the same one is
 * made in every v1 hierarchy that has a controller and on the v2 side. Errors are -1 with fail()
 * and errno unless said otherwise.
 */
#ifndef CTR_CGROUP_H
#define CTR_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "devrule.h"
#include "kv.h"
#include "str.h"

enum cgroup_layout { CGROUP_NONE, CGROUP_V1, CGROUP_HYBRID, CGROUP_V2 };

struct cgroup_hierarchy {
	char *mount;       /* where it is mounted */
	char *name;        /* the last component of that: "cpu,cpuacct", "unified" */
	char *options;     /* what mount(8) needs: "cpu,cpuacct", "name=systemd"; for v2 "" */
	char *controllers; /* "cpu,cpuacct"; for v2 its root's cgroup.controllers as it stands */
	bool v2, named;    /* named: a v1 hierarchy without a controller */
	int fd;            /* its root, opened on first use, otherwise -1 */
};

/* The mounted hierarchies, searched once per process in /proc/self/mountinfo. Never fails: when
 * nothing is found, CGROUP_NONE. */
enum cgroup_layout cgroup_layout(void);
const struct cgroup_hierarchy *cgroup_hierarchies(size_t *n);
/* The hierarchy that has `controller` ("": the v2 side); NULL when none has. */
const struct cgroup_hierarchy *cgroup_with(const char *controller);
/* The same for the text of a mountinfo file, into out[max]; returns how many. For tests and
 * fuzzing. */
size_t cgroup_parse_mountinfo(const char *text, struct cgroup_hierarchy *out, size_t max);

enum {
	CGROUP_REUSE = 1,  /* the group may exist already */
	CGROUP_NAMED = 4,  /* also in the hierarchy name=systemd, where v1 has it */
	CGROUP_SYSTEMD = 2 /* for an init that makes groups: in the hierarchy name=systemd, too,
			      where v1 has it; on v2 its processes go into a group below it, so that
			      the limits are not among the files that it can write */
};

/* Mark the group as made on purpose: it stays when everything below it is gone, although it may
 * have been made only as a parent of something. A group that does not exist is no error. -1 with
 * fail(). */
int cgroup_claim(const char *path);
/* Remove the empty groups below `top`, and `top` itself, that were made only as parents (a kill may
 * have left them). Groups whose names begin with `stay` stay, with all below them. */
void cgroup_sweep(const char *top, const char *stay);
/* Make the group and its parents everywhere and apply "KEY=VALUE" settings; what was made is undone
 * on failure. ENODEV where no cgroup file system is mounted. */
int cgroup_make(const char *path, const struct strv *settings, unsigned flags);
/* Apply settings to a group that is there, all or none. Of two callers at once the one should wait
 * for the other: place_lock(). */
int cgroup_set(const char *path, const struct strv *settings);
/* "this machine has 0-3": the processors of cpuset.cpus, or the memory nodes of cpuset.mems. NULL
 * when that is not known. Caller frees. */
char *cgroup_online(const char *file);
/* The value of one key (v2 or raw name), without the last newline; NULL with fail(). Caller
 * frees. */
char *cgroup_get(const char *path, const char *key);
/* Where its own init may make groups below it, v2 and name=systemd: the group is uid's then
 * (cgroups(7), "Delegation"). Best effort. */
void cgroup_give(const char *path, uid_t uid, gid_t gid);
/* Set by a caller for which it is right that a process that joins a frozen group stands still. */
extern bool cgroup_into_frozen;
/* Move a process into the group, in every hierarchy. EBUSY where it or a group above it is frozen:
 * that is named, and nobody is left standing still in it. */
int cgroup_join(const char *path, pid_t pid);
/* Move the caller, which has a single thread, into the group; only in v1's hierarchies when
 * CLONE_INTO_CGROUP has done the rest. A thread that moves itself does not take the lock over all
 * processes, whose grace period takes milliseconds: a start costs half of what it would with
 * cgroup_join(). When a v2 group accepts no process because controllers are enabled for its
 * children, move into that of the process whose /proc directory is given (or -1). */
int cgroup_enter(const char *path, bool v1_only, int procdir);
/* The caller's own group, of the v2 side where there is one, else of the first hierarchy; NULL in
 * their root, and in a cgroup namespace of its own; with `v2_only`, also where there is no v2 side.
 * Caller frees. */
char *cgroup_of_self(bool v2_only);
/* Move a process (0: the caller) back to where /proc/PID/cgroup, read before, says that it was.
 * -1 with fail(), which names those where it could not be; it is in the others. */
int cgroup_return(pid_t pid, const char *was);
/* The v2 directory for CLONE_INTO_CGROUP, close-on-exec; -1 with errno, EBUSY where it or a group
 * above it is frozen.
 */
int cgroup_open_v2(const char *path);
/* SIGKILL all processes in it and below, until it is empty. -1 with ETIME when one does not die
 * within 5 s. */
int cgroup_kill(const char *path);
/* Remove it with everything below, in all hierarchies; missing is success. EBUSY while it has
 * processes. */
int cgroup_remove(const char *path);
/* Freeze or thaw; returns when that is done (ETIME after 5 s). Thawing applies to both sides of a
 * hybrid system; when a group above keeps it frozen, the message names that one (EBUSY). */
int cgroup_freeze(const char *path, bool on);
/* Thaw what may end meanwhile: a group that is gone needs it no more, which is success. */
int cgroup_thaw(const char *path);
/* Thaw the group of v1's freezer that a process is in, whichever it is: frozen it would not die. */
void cgroup_thaw_process(pid_t pid);
/* Is the group frozen? With `first` only the side is looked at that cgroup_freeze() uses, without
 * it both sides of a hybrid system. */
bool cgroup_frozen(const char *path, bool first);
/* Of this group and those above it, the one that is frozen, on the v2 side or (with `v1`) in v1's
 * freezer: a process that joined would be frozen, too. NULL when none is; the root is "/". Caller
 * frees. */
char *cgroup_frozen_at(const char *path, bool v1, bool v2);
/* 1 when there is a process in it or below, 0 when not (or there is no such group). */
int cgroup_populated(const char *path);
bool cgroup_exists(const char *path);
/* Call fn for every process in it and below; a non-zero return stops and is returned. */
int cgroup_procs(const char *path, int (*fn)(pid_t pid, void *arg), void *arg);
/* Only those in it, not below. */
int cgroup_procs_own(const char *path, int (*fn)(pid_t pid, void *arg), void *arg);
/* The number of OOM kills in it (cgroup v1 since Linux 4.13). */
int cgroup_oom_kills(const char *path, uint64_t *n);
/* The kernel's counters: "memory.current", "cpu.usage_usec", "pids.current", "io.rbytes", ..., as
 * far as they exist. */
int cgroup_stat(const char *path, struct kv *out);
/* For people, on stdout, 0 or -1: cgroup_stat() as "KEY VALUE" lines; a line for each event
 * ("memory oom_kill 1") until the group is empty. */
int cgroup_show_stat(const char *path);
int cgroup_show_events(const char *path);
/* Is there anything that can enforce a list of devices: v1's controller, or the v2 side? */
bool cgroup_devices_possible(void);
/* Which devices may be created and opened: the rules in order, the last that matches counts. Fifos
 * are no devices: rules for them are skipped. ENODEV when nothing is mounted that can enforce the
 * list. */
int cgroup_devices(const char *path, const struct device_rule *rules, size_t n);
/* The names of the groups directly below `parent`, of all hierarchies, each once, sorted. */
int cgroup_children(const char *parent, struct strv *out);
/* A directory of the group on the hierarchy that has `controller` ("" for the v2 side), for
 * watching; -1 with fail().
 */
int cgroup_dir(const char *path, const char *controller);

/* Close the descriptors of the hierarchies' roots, which are kept open; they are opened again when
 * needed. For long-running callers. */
void cgroup_forget(void);

/* --- conversions (cgroup_keys.c); pure, for tests --- */

struct cgroup_write {
	char *controller, *file, *value;
};
/* One setting as a list of writes in the hierarchy's own terms (`v2`), in order. Returns their
 * number, -1 with fail() for a bad value. Caller frees the members. */
enum { CGROUP_WRITES = 4 };
int cgroup_translate(
    const char *key, const char *value, bool v2, struct cgroup_write out[CGROUP_WRITES]);
/* The kernel option, without CONFIG_, that a file of a group needs; NULL when not known. `whole`:
 * its controller's, when the file has none of its own. */
const char *cgroup_config(const char *file, bool whole);
/* The controller of a key: "memory.max" -> "memory"; "io" is "blkio" on v1. Static string; NULL for
 * no key. */
const char *cgroup_controller(const char *key, bool v2);
uint64_t cgroup_shares_of_weight(uint64_t weight);
uint64_t cgroup_weight_of_shares(uint64_t shares);
uint64_t cgroup_io_of_blkio(uint64_t weight);
uint64_t cgroup_blkio_of_io(uint64_t weight);

#endif
