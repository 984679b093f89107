/* report.h: what the process that becomes a container's command tells the process that started it,
 * over a SOCK_SEQPACKET socket that exec closes. */
#ifndef CTR_REPORT_H
#define CTR_REPORT_H

#include <stdbool.h>
#include <sys/types.h>
#include "err.h"

/* What a failure's code tells beside the exit code, which is its lowest byte. */
enum {
	REPORT_NO_OVERLAY = 0x100 | 125, /* and a copied root would do (engine.h, can_copy) */
	REPORT_HOOK_FAILED = 0x200 | 125,
	REPORT_NO_REMOUNT = 0x300 | 125, /* a mount did not get its flags */
	REPORT_GONE = 0x400 | 125,       /* the container that was to be entered has ended */
	REPORT_DENIED = 0x100 | 126,     /* EACCES or EISDIR for the command or its interpreter */
	REPORT_NO_LOADER = 0x100 | 127,  /* it is there, but not its interpreter or loader */
};

/* A message. */
struct report {
	int code;  /* 0: ready, waiting for a byte; -1: a terminal's master comes with this message;
		      -2, -3: `pid` */
	pid_t pid; /* the process that is the command in the end (become_appear); with -3: the
		      number of the seccomp listener's descriptor there */
	char msg[FAIL_MAX];
};

/* For the child: send fail_msg() and the code, and end by _exit(2). */
_Noreturn void report_failure(int report, int code);
/* The name that a child gives itself when it could not send its report. */
#define REPORT_STARVED "ctr: no memory"
/* To be called when report_wait() has returned 0: has the child that name? */
bool report_starved(pid_t pid);
/* Tell which process is the command in the end, and end the caller. */
_Noreturn void report_pid(int report, pid_t pid);
/* Tell of a seccomp listener, and wait until the other end has it. The only calls made are write(2)
 * and read(2), because the filter that is listened to is already in force. -1 with fail(). */
int report_listener(int report, int fd);
/* The other end of that, after report_next() has returned 3. `fn` gets a copy of the listener of
 * our child `pid`, which goes on when fn returns 0. -1 with fail(). Needs Linux 5.6. */
typedef int report_agent(void *arg, pid_t pid, int listener);
struct reported;
int report_hand_over(
    int report, pid_t pid, const struct reported *said, report_agent *fn, void *arg);
/* Tell "ready", so that report_wait() returns 1. -1 with errno when nobody listens. */
int report_ready(int report);
/* For the parent: wait for what the child says. 0: it has called exec (or has ended); -1 with
 * fail() and *code: it failed; 1: it is ready and waits for a byte. *master is set when
 * the master of a terminal came. */
int report_wait(int report, int *code, int *master);
/* The same for a pipe, through which no descriptor can come. */
int report_read(int pipe, int *code);

/* Read one message. What it tells is kept in *out, which begins as {.code = 125, .master = -1}. 0:
 * closed; -1 with fail(); 1: ready, as above; 2: a terminal or a pid was told, 3: a listener; after
 * both more messages follow. */
struct reported {
	int code, master, listener;
	pid_t pid; /* 0: it is the child itself */
};
int report_next(int report, struct reported *out);

#endif
