/* become.h: the last steps of a process that becomes a container's command; the children of the
 * engine (engine.h) and of ctr-exec take them. */
#ifndef CTR_BECOME_H
#define CTR_BECOME_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "spec.h"

/* What the process needs beside the spec to become the command. */
struct become {
	const struct spec *spec;
	int stdio[3];               /* -1: /dev/null; ignored with a terminal */
	struct sock_fprog *seccomp; /* NULL: unconfined */
	int report;     /* where a failure is sent and the terminal's master goes: a close-on-exec
			   SOCK_SEQPACKET */
	bool pdeathsig; /* die with the parent */
	bool entering;  /* ctr-exec's: no x_init, and the oom score is set already */
	uint64_t drop;  /* capabilities that it does not get, whatever the spec says */
	bool agent;     /* `report` takes the listener of a profile with SCMP_ACT_NOTIFY */
	bool same_user; /* user, groups and HOME stay the caller's */
	bool keyring_stays; /* the session keyring stays the caller's */
	unsigned preserve;  /* this many descriptors from 3 on are passed to the command */
	/* Called when everything is as the command needs it, before exec; NULL: nothing to wait
	 * for. 0, or -1 with fail(). It may change `report` to another descriptor, for failures
	 * from then on. */
	int (*gate)(struct become *b, void *arg);
	void *gate_arg;
	char **envp; /* for the gate: the command's environment */
	/* setns(2) was called for an existing pid namespace: be cloned into it last of all. */
	bool appears;
	int keep[2]; /* with `appears`: further descriptors that are still needed; 0 none */
};

/* Write the spec's oom score adjustment, if it has one, for this process. 0, or -1 with fail(). */
int become_oom_score(const struct spec *s);
/* Give the pipes to the container's root when its user namespace is not the caller's: otherwise it
 * could not open /dev/stdout again. Called from outside that namespace; a descriptor of -1 is
 * skipped. */
void become_hand_stdio(const struct spec *s, const int fd[3]);
/* Give the caller's pipes to the command's user for as long as this process lives. The process that
 * waits for the command calls it before the start. */
void become_lend_stdio(void);
/* For become(): the command's user may open /dev/stderr again: unnamed pipes and the container's
 * own terminal are given to that user. A terminal, fifo or file of the host stays the caller's. */
void become_give_stdio(const struct become *b, uid_t uid, gid_t gid);
/* Raise the hard limits of a process (0: this one) to the spec's where those are higher. Called
 * outside its user namespace, because nobody inside may do it. become() reports what fails here. */
void become_raise(const struct spec *s, pid_t pid);
/* From now until exec, only a process with the host's CAP_SYS_PTRACE can look into this process
 * through /proc, above all at its descriptors (CVE-2016-9962, CVE-2024-21626); exec closes them
 * before it can be looked into again. Meanwhile its files in /proc belong to the host's root. */
void become_hidden(void);

/* Open the null device at the container's /dev/null. -1 with fail() when something else is there,
 * such as a link. */
int become_null(int flags);
/* Make a working directory beneath our root, whatever links are on the way: an O_PATH descriptor of
 * it, or -1 with errno. */
int become_make_cwd(const char *cwd);
/* In the child, whose root is the container's: terminal, limits, user, capabilities, seccomp, exec.
 * Returns only on failure, with fail() and 125 or what become_exec() returns. */
int become(struct become *b);

/* execve(2) of a name searched along `search`, as execvp(3) does, but with the reason of a failure:
 * returns the exit code (126, 127, or REPORT_DENIED, REPORT_NO_LOADER), with fail(). With argv
 * NULL, only check whether it could be executed: 0. */
int become_exec(const char *name, char **argv, char **envp, const char *search);

/* The same as execvp(3): with our PATH, our environment and our caller's limits. */
int become_exec_here(char **argv);

/* For become(): clone into the pid namespace that was joined, as a child of our parent, which
 * learns its pid, with a session of its own; ends the caller. Returns in the child, or -1 with
 * fail(). */
int become_appear(const struct become *b);
/* Die with the parent, if that is wanted; to be set again after every fork and change of
 * credentials. -1 with fail(). */
int become_death_signal(const struct become *b);

/* The seccomp program of a spec: the built-in profile, a profile's text or none. Compiled ones are
 * kept in HOME/cache/seccomp (`home` NULL: nowhere). *out is NULL for none; caller frees it with
 * filter_free. */
int become_filter(const struct spec *s, const char *home, struct sock_fprog **out);

#endif
