/* undo.c: the undo stack of OWNER applets; see undo.h. */
#include <signal.h>
#include <stddef.h>

#include "err.h"
#include "undo.h"

static struct {
	undo_fn *fn;
	void *arg;
} stack[64];
static volatile int depth;
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

void undo_push(undo_fn *fn, void *arg)
{
	if (depth == sizeof stack / sizeof stack[0]) {
		fn(arg);
		die("more than %d things to undo", depth);
	}
	stack[depth].fn = fn;
	stack[depth].arg = arg;
	depth++;
}

void undo_run(void)
{
	while (depth > 0) {
		depth--; /* first, so that an inverse that dies does not run again */
		stack[depth].fn(stack[depth].arg);
	}
}

void undo_commit(void)
{
	depth = 0;
}

/* Not async-signal-safe by the letter; the applets that use it make a few named things and are single-threaded, and
 * the alternative, leaving them behind, is what ctr-gc is for. */
static void on_signal(int sig)
{
	undo_run();
	signal(sig, SIG_DFL);
	sigset_t s;
	sigemptyset(&s);
	sigaddset(&s, sig);
	sigprocmask(SIG_UNBLOCK, &s, NULL);
	raise(sig);
}

void undo_on_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};
	sigfillset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++)
		sigaction(ending[i], &sa, NULL);
}

void undo_forget(void)
{
	depth = 0;
	for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) {
		struct sigaction sa;
		if (sigaction(ending[i], NULL, &sa) == 0 && sa.sa_handler == on_signal)
			signal(ending[i], SIG_DFL);
	}
}
