/* report.h: what a container's process in the making tells who started it, over a SOCK_SEQPACKET
 * socket that exec closes.
 */
#ifndef CTR_REPORT_H
#define CTR_REPORT_H

#include <sys/types.h>
#include "err.h"

/* A message. */
struct report {
	int code;  /* 0: ready, waiting for a byte; -1: a terminal's master comes with this message;
		      -2, -3: `pid` */
	pid_t pid; /* who is the command in the end (become_appear); -3: the number that seccomp's
		      listener has there */
	char msg[FAIL_MAX];
};

/* The child's end of reporting: sends fail_msg() and the code, then _exit()s. */
_Noreturn void report_failure(int report, int code);
/* The name that a child takes when it could not send its report. */
#define REPORT_STARVED "ctr: no memory"
/* After report_wait() said 0: -1 with fail() when that is so; 0 otherwise. */
int report_starved(pid_t pid);
/* Tells who is the command in the end, and ends the caller. */
_Noreturn void report_pid(int report, pid_t pid);
/* Tells of a listener, and waits until the other end has it: with no call but write(2) and read(2),
 * for the filter that is listened to is in force. -1 with fail(). */
int report_listener(int report, int fd);
/* The other end of that, after report_next() said 3: `fn` gets a copy of the listener of process
 * `pid`, our child, and that goes on when it returns 0. -1 with fail(). Linux 5.6. */
typedef int report_agent(void *arg, pid_t pid, int listener);
struct reported;
int report_hand_over(
    int report, pid_t pid, const struct reported *said, report_agent *fn, void *arg);
/* "Ready": report_wait() returns 1. -1 with errno when nobody listens. */
int report_ready(int report);
/* The parent's end: waits for what the child says. 0: it exec'd (or ended); -1 with fail() and
 * *code: it failed; 1: it is ready and waits for a byte (REPORT_GO). *master is set when a
 * terminal's master came. */
int report_wait(int report, int *code, int *master);
/* The same, of a pipe, through which no descriptor comes. */
int report_read(int pipe, int *code);

/* The next message alone. What it tells is kept in *out, which starts as {.code = 125, .master =
 * -1}. 0 closed, -1 with fail(), 1 ready, as above; 2: a terminal or a pid was told, 3: a listener,
 * and more is to come. */
struct reported {
	int code, master, listener;
	pid_t pid; /* 0: it is the child itself */
};
int report_next(int report, struct reported *out);

#endif
