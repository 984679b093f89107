/* oci_cli.h: what the files of ctr-oci's command line share: applets/ctr-oci.c, oci_look.c,
 * oci_change.c, and oci_cli.c, which has it. */
#ifndef CTR_OCI_CLI_H
#define CTR_OCI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include "oci.h"
#include "oci_record.h"
#include "str.h"

/* The options that stand before the command, and those of the commands. The tables in ctr-oci.c
 * fill both. */
struct oci_globals {
	const char *root, *log, *log_format, *rootless, *manager, *criu;
	bool debug, systemd, version;
};

struct oci_options {
	const char *bundle, *config, *pid_file, *console, *pidfd_socket, *format, *process, *user,
	    *cwd, *label, *apparmor, *resources, *interval;
	bool no_pivot, no_fallback, no_keyring, no_subreaper, detach, keep, all, force, regex,
	    quiet, tty, nnp, ignore_paused, stats, rootless;
	int64_t preserve;
	struct strv env, caps, gids, cgroups;
	const char *memory, *reservation, *swap, *kernel, *kernel_tcp, *period, *quota, *burst,
	    *shares, *rt_period, *rt_runtime, *cpus, *mems, *pids, *blkio, *idle, *l3;
};
extern struct oci_globals oci_g;
extern struct oci_options oci_o;
extern char *oci_dir;          /* where the records are */
extern const char *oci_called; /* ctr-oci, runc or crun */

/* The file of --log, or stderr; -1 with errno. */
int oci_log_open(void);
/* A line of that file. */
void oci_log(const char *level, const char *msg);

/* End the program with the message that fail() remembers, which also goes to the file of --log. If
 * a command cannot be executed (`code`, the engine's: report.h), the message has the words that
 * docker and podman look for. */
_Noreturn void oci_die(int code);
_Noreturn void oci_die_command(int code, const char *arg0, int fallback);
/* Open the record of a container; ends the program if there is none. */
void oci_open(struct oci_record *r, const char *id, enum oci_hold hold);

/* In oci_look.c: each function is a command and returns the exit code. */
int oci_do_state(const char *id);
int oci_do_list(void);
int oci_do_ps(const char *id, int argc, char **argv); /* the operands are those of ps(1) */
int oci_do_events(const char *id);
int oci_do_spec(void);
int oci_do_features(void);

/* oci_change.c */
int oci_do_update(const char *id);
int oci_do_exec(const char *id, int argc, char **argv);

#endif
