/* oci.h: the operations of an OCI runtime (runtime-spec, runtime.md "Operations") on records
 * (oci_record.h) with the one engine (engine.h). All return 0, or -1 with fail().
 */
#ifndef CTR_OCI_H
#define CTR_OCI_H

#include <stdbool.h>
#include <sys/types.h>
#include "enter.h"
#include "oci_record.h"
#include "spec.h"

#define SECCOMP_FLAGS_KNOWN                                                                        \
	"SECCOMP_FILTER_FLAG_TSYNC SECCOMP_FILTER_FLAG_SPEC_ALLOW SECCOMP_FILTER_FLAG_LOG "        \
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"

struct oci_create {
	const char *root, *id, *bundle; /* bundle NULL: the working directory */
	const char *config;             /* NULL: config.json in it; relative: to it */
	const char *pid_file, *console_socket, *pidfd_socket;
	bool no_pivot, no_new_keyring, systemd;
	bool run;      /* create and start in one */
	bool attached; /* and stand by: a terminal is the caller's */
	unsigned preserve;
	/* out */
	pid_t pid;
	int master; /* attached with a terminal: its master */
	int code;   /* on failure: what the engine says (engine.h), else 1 */
	char *arg0; /* the command's name, once it is known; the caller's */
};

/* Read a bundle's config.json, make its paths absolute, and check what the schema does not say. */
int oci_bundle(struct spec *s, const char *bundle, const char *config, char **dir);
int oci_spec_check(const struct spec *s);

/* Up to *created*, or with `run` to *running*. Nothing is left when it fails. */
int oci_create(struct oci_create *c);
/* Open the gate of a created one, then the poststart hooks. */
int oci_start(struct oci_record *r, int *code);
/* A signal to its process, or with `all` to everything in its group. */
int oci_kill(struct oci_record *r, int sig, bool all);
/* A stopped (with `force`: any) one, its group and record; then the poststop hooks. */
int oci_delete(struct oci_record *r, bool force);
int oci_pause(struct oci_record *r, bool on);

struct oci_exec {
	const char *pid_file, *console_socket, *pidfd_socket, *cgroup;
	bool detach, ignore_paused;
	unsigned preserve;
	/* out */
	struct enter e;
};
/* Start spec's process in a running container; enter_wait() waits for it. `s` is the container's,
 * its process changed. */
int oci_exec(struct oci_record *r, struct spec *s, struct oci_exec *x);

/* Its group's limits changed: "KEY=VALUE" (cgroup.h). */
int oci_update(struct oci_record *r, struct spec *limits);
/* runc's statistics of it as one line of JSON. Caller frees; NULL with fail(). */
char *oci_stats(const struct oci_record *r);
/* Statistics every `interval` seconds and OOM kills, a line of JSON each, until it has ended. */
int oci_events(struct oci_record *r, int interval);
/* features.md's structure; a config.json to begin with. Caller frees. */
char *oci_features(void);
char *oci_default_config(bool rootless);

/* The group of a cgroupsPath ("" or NULL: none given) for container `id`; caller frees. NULL with
 * fail(). */
char *oci_group_path(const char *cgroups_path, const char *id);
/* Send the seccomp listener of its process `pid` to the agent that linux.seccomp names. */
int oci_agent(const struct spec *s, const struct oci_record *r, pid_t pid, int listener);
/* The annotations as a JSON object. Caller frees. */
char *oci_annotations(const struct spec *s);
/* linux.intelRdt: put the process there. Returns the folder that was made for this container, ""
 * for none (caller frees), NULL with fail(); and its end. */
char *oci_rdt_up(const struct spec *s, const char *id, pid_t pid);
void oci_rdt_down(const char *made);
/* Send a descriptor over the unix socket at `path`, with a text. */
int oci_send_fd(const char *path, const char *text, size_t n, int fd);
/* A file of one number, written whole. */
int oci_pid_file(const char *path, pid_t pid);

#endif
