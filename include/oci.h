/* oci.h: the operations of an OCI runtime (runtime-spec, runtime.md "Operations"). They work on the
 * records of oci_record.h and use the engine (engine.h). All return 0, or -1 with fail(). */
#ifndef CTR_OCI_H
#define CTR_OCI_H

#include <stdbool.h>
#include <sys/types.h>
#include "enter.h"
#include "oci_record.h"
#include "spec.h"

struct oci_create {
	const char *root, *id, *bundle; /* bundle NULL: the working directory */
	const char
	    *config; /* NULL: the bundle's config.json; a relative path is relative to the bundle */
	const char *pid_file, *console_socket, *pidfd_socket;
	bool no_pivot, no_fallback, no_new_keyring, systemd;
	bool run;      /* create the container and start it at once */
	bool attached; /* and stay with it: its terminal is the caller's */
	unsigned preserve;
	/* out */
	pid_t pid;
	int notify; /* with `run`: what oci_notify_wait() takes */
	int master; /* the terminal's master, where it is attached and has one */
	int code;   /* the exit code on failure: the engine's (engine.h), else 1 */
	char *arg0; /* the command's name once it is known; the caller frees it */
};

/* oci_bundle() reads a bundle's config.json and makes its paths absolute. oci_spec_check() checks
 * what the schema does not express. */
int oci_bundle(struct spec *s, const char *bundle, const char *config, char **dir);
/* Say with fail() what is wrong with its seccomp profile, which was refused, and where. */
void oci_bundle_seccomp(const struct spec *s, const char *dir, const char *config);
int oci_spec_check(const struct spec *s);
/* Map the process's user and group to the caller's, and nobody else. */
void oci_map_caller(struct spec *s);

/* Make a container up to *created* or, with `run`, up to *running*. When that fails nothing is left
 * of it. */
int oci_create(struct oci_create *c);
/* Open the gate of a created container, then run the poststart hooks; if a hook fails, the
 * container is deleted. */
int oci_start(struct oci_record *r, int *code);
/* Where there is a NOTIFY_SOCKET, oci_notify_add() gives the container a socket of that name, whose
 * messages oci_notify_listen() collects (-1: there are none) from before the start on.
 * oci_notify_wait() passes them on until one of them is READY=1, or the process has ended. */
int oci_notify_add(struct spec *s, const struct oci_record *r);
int oci_notify_listen(const struct oci_record *r);
void oci_notify_wait(int fd, pid_t pid);
/* Send a signal to its process or, with `all`, to every process in its group. */
int oci_kill(struct oci_record *r, int sig, bool all);
/* Remove a stopped container (with `force` any) with its group and its record; then run the
 * poststop hooks. */
int oci_delete(struct oci_record *r, bool force);
int oci_pause(struct oci_record *r, bool on);

struct oci_exec {
	const char *pid_file, *console_socket, *pidfd_socket;
	const struct strv *cgroups; /* --cgroup */
	bool detach, ignore_paused;
	unsigned preserve;
	/* out */
	struct enter e;
};
/* Start the process of `s` in a running container; enter_wait() waits for its end. `s` is the
 * container's own spec with another process in it. */
int oci_exec(struct oci_record *r, struct spec *s, struct oci_exec *x);

/* Change the limits of its group to those of `limits`, which are "KEY=VALUE" (cgroup.h). */
int oci_update(struct oci_record *r, struct spec *limits);
/* Its statistics, in the form that runc gives them, as one line of JSON. Caller frees; NULL with
 * fail(). */
char *oci_stats(const struct oci_record *r);
/* Print its statistics every `interval` milliseconds, and each OOM kill, as one line of JSON each,
 * until it has ended. */
int oci_events(struct oci_record *r, int interval);
/* oci_features() returns the structure of features.md, oci_default_config() a config.json to begin
 * with. Caller frees. */
char *oci_features(void);
char *oci_default_config(bool rootless);

/* The path of the group for container `id` that a cgroupsPath asks for ("" or NULL: none was
 * given). Caller frees; NULL with fail(). */
char *oci_group_path(const char *cgroups_path, const char *id);
/* Send the seccomp listener of the container's process `pid` to the agent that linux.seccomp names.
 */
int oci_agent(const struct spec *s, const struct oci_record *r, pid_t pid, int listener);
/* oci_rdt_up() puts the process where linux.intelRdt asks for it. It returns the folder that was
 * made for this container, "" where none was (caller frees), or NULL with fail(). oci_rdt_down()
 * removes that folder. */
char *oci_rdt_up(const struct spec *s, const char *id, pid_t pid);
void oci_rdt_down(const char *made);
/* A stream to the unix socket at `path`, however long that is; -1 with fail(). */
int oci_connect(const char *path);
/* Send a descriptor, with a text, over the unix socket at `path`. */
int oci_send_fd(const char *path, const char *text, size_t n, int fd);
/* Write a file with the pid in it, either the whole of it or nothing. */
int oci_pid_file(const char *path, pid_t pid);

#endif
