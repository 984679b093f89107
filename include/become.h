/* become.h: the last steps that a process takes to become a container's command: the engine's child
 * takes them (engine.h), and ctr-exec's.
 */
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
	bool same_user; /* user, groups and HOME stay the caller's */
	bool keyring_stays; /* the session keyring stays the caller's */
	unsigned preserve;  /* so many descriptors from 3 on are the command's */
	/* Called when all is as the command wants it, before exec; NULL: nothing to wait for. 0, or
	 * -1 with fail(). It may give `report` another value: where a failure is sent from then on.
	 */
	int (*gate)(struct become *b, void *arg);
	void *gate_arg;
	bool appears; /* setns(2) was called for a pid namespace that is not new: be cloned into it
			 last of all */
	int keep[2];  /* with `appears`: further descriptors that are still needed; 0 none */
};

/* Write the spec's oom score adjustment, if it has one, for this process. 0, or -1 with fail(). */
int become_oom_score(const struct spec *s);
/* Pipes become the container's root's, where its user namespace is not the caller's: else it could
 * not open /dev/stdout anew. Called from outside that namespace; -1 is passed over. */
void become_hand_stdio(const struct spec *s, const int fd[3]);
/* Raise the hard limits of a process (0: this one) to the spec's where those are higher: from
 * outside its user namespace, for inside it nobody may. What fails is met again by become(). */
void become_raise(const struct spec *s, pid_t pid);
/* From now on nobody without the host's CAP_SYS_PTRACE looks into this process through /proc, at
 * its descriptors above all (CVE-2016-9962, CVE-2024-21626), until it execs; the kernel closes them
 * before it may be looked into again. Its files in /proc belong to the host's root meanwhile. */
void become_hidden(void);

/* In the child, its root being the container's: terminal, limits, user, capabilities, seccomp,
 * exec. Returns only on failure, with fail() and the exit code 125, 126 or 127. */
int become(struct become *b);

/* execve(2) of a name along `search`, as execvp(3) does it, but with the reason at the end: returns
 * the exit code (126, 127), with fail(). argv NULL: only whether it could be executed, then 0. */
int become_exec(const char *name, char **argv, char **envp, const char *search);

/* For become(): clone into the pid namespace that was joined, as a child of our parent, which
 * learns its pid, with a session of its own; ends the caller. Returns in the child, or -1 with
 * fail(). */
int become_appear(const struct become *b);
/* Die with the parent, where that is wanted; set anew after every fork and change of credentials.
 * -1 with fail(). */
int become_death_signal(const struct become *b);

/* The seccomp program of a spec: the built-in profile, a profile's text or none. Compiled ones are
 * kept in HOME/cache/seccomp (`home` NULL: nowhere). *out is NULL for none; caller frees it with
 * filter_free. */
int become_filter(const struct spec *s, const char *home, struct sock_fprog **out);

#endif
