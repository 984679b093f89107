/* undo.c: the undo stack of OWNER applets; see undo.h.
 *
 * Undoing allocates memory, opens files and talks to the kernel, which a signal handler may not do:
 * the signal may have come while this thread or another holds malloc's lock. So after
 * undo_on_signals() everything that is pushed has a cleaner: a forked child in which nothing else
 * runs, which knows the inverse and waits on a pipe. A byte means that the inverse is not needed;
 * the end of the pipe means that this process has died or is dying, and the cleaner acts. A handler
 * then only closes pipes and waits. (What kill -9 leaves is removed in the same way.)
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "undo.h"

static struct undo {
	undo_fn *fn;
	void *arg;
	int pipe; /* to its cleaner; -1: it has none */
	pid_t cleaner;
} first[16], *volatile stack = first;
static int room = sizeof first / sizeof first[0];
static volatile int depth;
static bool cleaners;
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

/* SIG_BLOCK or SIG_UNBLOCK them. */
static void undo_mask(int how, sigset_t *old)
{
	sigset_t s;
	sigemptyset(&s);
	for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++)
		sigaddset(&s, ending[i]);
	sigprocmask(how, &s, old);
}

static void reap(int i)
{
	if (stack[i].pipe < 0)
		return;
	close(stack[i].pipe);
	while (waitpid(stack[i].cleaner, NULL, 0) < 0 && errno == EINTR)
		;
	stack[i].pipe = -1;
}

/* What a cleaner does; signals from the terminal are not meant for it. */
static _Noreturn void undo_clean(int i, int in)
{
	char c;
	ssize_t n;
	for (int k = 0; k < i; k++)
		if (stack[k].pipe >= 0)
			close(stack[k].pipe);
	depth = 0;
	cleaners = false;
	do
		n = read(in, &c, 1);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		stack[i].fn(stack[i].arg);
	_exit(0);
}

/* Where no cleaner can be started (no process or descriptor left), the thing is undone on failure
 * only, and ctr-gc removes what a signal leaves. */
static void cleaner_start(int i)
{
	int p[2];
	sigset_t old;
	stack[i].pipe = -1;
	if (!cleaners || pipe2(p, O_CLOEXEC) < 0)
		return;
	undo_mask(SIG_BLOCK, &old);
	pid_t pid = fork();
	if (pid == 0) {
		close(p[1]);
		undo_clean(i, p[0]);
	}
	close(p[0]);
	if (pid > 0) {
		stack[i].pipe = p[1];
		stack[i].cleaner = pid;
	} else {
		close(p[1]);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* Its cleaner is not needed any more. */
static void cleaner_dismiss(int i)
{
	if (stack[i].pipe >= 0 && write(stack[i].pipe, "", 1) == 1)
		reap(i);
	else if (stack[i].pipe >= 0) /* it was killed already */
		reap(i);
}

/* The handler may walk along the array at any moment, so the old one stays intact for it. */
static bool deeper(void)
{
	struct undo *more = malloc(2 * (size_t)room * sizeof *more);
	if (!more)
		return false;
	memcpy(more, stack, (size_t)room * sizeof *more);
	stack = more;
	room *= 2;
	return true;
}

void undo_push(undo_fn *fn, void *arg)
{
	err_undo = undo_run;
	if (depth == room && !deeper()) {
		fn(arg);
		err_no_memory();
	}
	stack[depth].fn = fn;
	stack[depth].arg = arg;
	cleaner_start(depth);
	depth++;
}

void undo_run(void)
{
	sigset_t old;
	undo_mask(SIG_BLOCK, &old);
	while (depth > 0) {
		depth--; /* first, so that an inverse that fails is not run again */
		cleaner_dismiss(depth);
		stack[depth].fn(stack[depth].arg);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
}

void undo_commit(void)
{
	sigset_t old;
	undo_mask(SIG_BLOCK, &old);
	while (depth > 0)
		cleaner_dismiss(--depth);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* Newest first; each cleaner has finished before the next begins. Only calls that signal-safety(7)
 * allows. */
static void undo_on_signal(int sig)
{
	while (depth > 0)
		reap(--depth);
	signal(sig, SIG_DFL);
	sigset_t s;
	sigemptyset(&s);
	sigaddset(&s, sig);
	sigprocmask(SIG_UNBLOCK, &s, NULL);
	raise(sig);
}

void undo_on_signals(void)
{
	struct sigaction sa = {.sa_handler = undo_on_signal};
	cleaners = true;
	for (int i = 0; i < depth; i++)
		cleaner_start(i);
	sigfillset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++)
		sigaction(ending[i], &sa, NULL);
}

void undo_hold_signals(void)
{
	undo_mask(SIG_BLOCK, NULL);
}

void undo_release_signals(void)
{
	undo_mask(SIG_UNBLOCK, NULL);
}

static int waiting(void)
{
	sigset_t pending;
	sigpending(&pending);
	for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++)
		if (sigismember(&pending, ending[i]))
			return ending[i];
	return 0;
}

bool undo_signal_waits(void)
{
	return waiting() != 0;
}

void undo_check_signals(void)
{
	int sig = waiting();
	if (!sig)
		return;
	undo_run();
	undo_mask(SIG_UNBLOCK, NULL); /* the signal ends the process here */
	_exit(128 + sig);             /* it is ignored */
}

void undo_forget(void)
{
	for (; depth > 0; depth--)
		if (stack[depth - 1].pipe >= 0)
			close(stack[depth - 1].pipe);
	cleaners = false;
	for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) {
		struct sigaction sa;
		if (sigaction(ending[i], NULL, &sa) == 0 && sa.sa_handler == undo_on_signal)
			signal(ending[i], SIG_DFL);
	}
}
