/* init.c: a PID 1 that forwards signals and reaps; see init.h. Signals are waited for instead of
 * handled, so no handler can race. */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"
#include "pidfd.h"
#include "resident.h"
#include "sys.h"

int init_loop(pid_t child, bool machine)
{
	sigset_t all;
	siginfo_t si;
	int status;
	prctl(PR_SET_NAME, "ctr-init");
	sigfillset(&all);
	/* These stop or end us because of our own fault or deed: they are not forwarded to the
	 * child. */
	static const int own[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS};
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		sigdelset(&all, own[i]);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sys_close_range(3, ~0u);
	text_forget();
	for (;;) {
		pid_t p;
		while ((p = waitpid(-1, &status, WNOHANG)) >
		       0) /* checked first: it may have ended before its signal was blocked */
			if (p == child)
				return exit_code(status);
		int sig = sigwaitinfo(&all, &si);
		if (sig < 0)
			continue;
		/* What poweroff, halt and reboot of busybox and others send, and the kernel on
		 * Ctrl-Alt-Del. */
		if (machine && (sig == SIGUSR1 || sig == SIGUSR2))
			return INIT_OFF;
		if (machine && (sig == SIGTERM || sig == SIGINT))
			return INIT_REBOOT;
		if (sig != SIGCHLD)
			kill(child, sig);
	}
}
