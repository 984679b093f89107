/* init.c: a PID 1 that forwards and reaps; see init.h. Signals are waited for, not handled: there
 * is no handler to race. */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"
#include "pidfd.h"
#include "sys.h"

int init_loop(pid_t child, bool machine)
{
	sigset_t all;
	siginfo_t si;
	int status;
	prctl(PR_SET_NAME, "ctr-init");
	sigfillset(&all);
	/* These stop or end us by our own fault or doing: not the child's business. */
	static const int own[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS};
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		sigdelset(&all, own[i]);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sys_close_range(3, ~0u);
	for (;;) {
		pid_t p;
		while ((p = waitpid(-1, &status, WNOHANG)) >
		       0) /* first: it may have ended before its signal was kept */
			if (p == child)
				return exit_code(status);
		int sig = sigwaitinfo(&all, &si);
		if (sig < 0)
			continue;
		/* What busybox's and others' poweroff, halt and reboot send, and the kernel at
		 * Ctrl-Alt-Del. */
		if (machine && (sig == SIGUSR1 || sig == SIGUSR2))
			return INIT_OFF;
		if (machine && (sig == SIGTERM || sig == SIGINT))
			return INIT_REBOOT;
		if (sig != SIGCHLD)
			kill(child, sig);
	}
}
