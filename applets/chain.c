/* chain.c: become the rest of the command line; see chain.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "applets.h"
#include "become.h"
#include "chain.h"
#include "pidfd.h"
#include "err.h"
#include "rlimits.h"
#include "signames.h"

extern char **environ;
static int self = -1;

void chain_ready(void)
{
	self = openat(AT_FDCWD, "/proc/self/exe", O_PATH | O_CLOEXEC);
}

_Noreturn void chain_run(char **argv)
{
	const char *sh = getenv("SHELL");
	char *dflt[] = {(char *)(sh && access(sh, X_OK) == 0 ? sh : "/bin/sh"), NULL};
	if (!argv[0])
		argv = dflt;
	rlimits_back();
	if (self >= 0 && strncmp(argv[0], "ctr-", 4) == 0 && applet_find(argv[0]))
		syscall(SYS_execveat, self, "", argv, environ, 0x1000 /* AT_EMPTY_PATH */);
	int code = become_exec_here(argv);
	die_code(code, "%s", fail_msg());
}

/* The signal to send to `child`. The first process of a pid namespace gets no signal for which it
 * has no handler, so SIGKILL takes the place of one that is to end it, as in ctr-run's monitor. A
 * process that is running may be an init that is about to take the signal: *doubts counts how often
 * it was running, half a second apart, and the third time counts. */
static int heeded(pid_t child, int sig, int *doubts)
{
	if (sig != SIGTERM && sig != SIGHUP)
		return sig;
	enum heed h = pid_heeds(child, sig);
	*doubts = h == HEED_BUSY ? *doubts + 1 : 0;
	if (h != HEED_CANNOT && *doubts < 3)
		return sig;
	warn("the first process has no handler for %s: killed (ctr-init before it forwards it)",
	    signal_name(sig));
	return SIGKILL;
}

/* A child that is in a container may be stopped by it, again and again. We stop with it only when
 * we were told to, too (by ^Z), and once it has been told to end we wake it each time. */
int chain_stay(pid_t child)
{
	const struct timespec later = {.tv_nsec = 500000000};
	sigset_t all_s;
	int status, sig, doubts = 0, doubted = 0, interrupts = 0, woken = 0;
	bool told = false, stopped = false, ending = false;
	sigfillset(&all_s);
	sigprocmask(SIG_BLOCK, &all_s, NULL);
	for (;;) {
		if (waitpid(child, &status, WNOHANG | WUNTRACED) == child) {
			if (!WIFSTOPPED(status))
				return exit_code(status);
			stopped = true;
		}
		if (told && stopped) { /* whichever was seen first */
			kill(getpid(), SIGSTOP);
			kill(child, SIGCONT);
			told = stopped = ending = false;
		} else if (stopped && ending) {
			kill(child, ++woken < 20 ? SIGCONT : SIGKILL);
			stopped = false;
		}
		sig = sigtimedwait(&all_s, NULL, doubts ? &later : NULL);
		if (sig == SIGCHLD || (sig < 0 && !doubts))
			continue;
		if (sig > 0)
			doubts = 0;
		doubted = sig > 0 ? sig : doubted;
		told |= sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
		interrupts += sig == SIGINT || sig == SIGTERM;
		kill(child, interrupts >= 3 ? SIGKILL : heeded(child, doubted, &doubts));
		if (doubted == SIGINT || doubted == SIGTERM || doubted == SIGHUP) {
			ending = true;
			kill(child, SIGCONT);
		}
	}
}
