/* enter.h: a further command in a running container (ctr-exec).
 */
#ifndef CTR_ENTER_H
#define CTR_ENTER_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include "report.h"
#include "spec.h"

struct enter {
	/* in */
	const struct spec *spec; /* the container's, with args, env, user, terminal as the new
				    command wants them */
	int pidfd;               /* of its PID 1, verified; -1 on a kernel without pidfds */
	int procdir;             /* its /proc/PID, opened before it was verified */
	const char *cgroup;      /* to join; NULL: none */
	int below[16];           /* cgroup.procs of groups below that to go on into; 0: none */
	const char *home;        /* as the engine's (engine.h); may be NULL */
	bool detach;             /* no descriptors of ours, and it outlives us */
	bool inherit;            /* our descriptors all the same */
	report_agent *notify;    /* for a profile with SCMP_ACT_NOTIFY; NULL: refused */
	void *notify_arg;
	unsigned preserve; /* so many descriptors from 3 on as well */
	/* out */
	pid_t pid;
	int master;  /* the terminal's, where the spec has one */
	int code;    /* on failure: 125, 126 or 127, or one of report.h's */
	int signals; /* enter_block_signals()'s */
	/* its own */
	sigset_t early; /* those that arrived while it entered */
	int asked;      /* the number of ending signals that have arrived */
};

/* Block the signals that are forwarded; before enter_start(), so that none is lost. */
void enter_block_signals(struct enter *e);
/* 0 when the command was executed in all namespaces of the container and its group; -1 with fail()
 * and e->code (128+N when a signal that ends us arrived meanwhile). The command is our child. */
int enter_start(struct enter *e);
/* Forward signals and the terminal (from and to our stdin and stdout, which may block and may be
 * anything) until the command ends; its exit code. */
int enter_wait(struct enter *e);

#endif
