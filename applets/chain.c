/* chain.c: become the rest of the command line; see chain.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets.h"
#include "become.h"
#include "chain.h"
#include "pidfd.h"
#include "err.h"
#include "rlimits.h"

extern char **environ;
static int self = -1;

void chain_ready(void)
{
	self = openat(AT_FDCWD, "/proc/self/exe", O_PATH | O_CLOEXEC);
}

_Noreturn void chain_run(char **argv)
{
	const char *sh = getenv("SHELL");
	char *dflt[] = {(char *)(sh && *sh ? sh : "/bin/sh"), NULL};
	if (!argv[0])
		argv = dflt;
	rlimits_back();
	if (self >= 0 && strncmp(argv[0], "ctr-", 4) == 0 && applet_find(argv[0]))
		syscall(SYS_execveat, self, "", argv, environ, 0x1000 /* AT_EMPTY_PATH */);
	int code = become_exec_here(argv);
	die_code(code, "%s", fail_msg());
}

int chain_stay(pid_t child)
{
	sigset_t all_s;
	int status, sig;
	sigfillset(&all_s);
	sigprocmask(SIG_BLOCK, &all_s, NULL);
	for (;;) {
		if (waitpid(child, &status, WNOHANG | WUNTRACED) == child) {
			if (!WIFSTOPPED(status))
				return exit_code(status);
			kill(getpid(), SIGSTOP);
			kill(child, SIGCONT);
		}
		if (sigwait(&all_s, &sig) == 0 && sig != SIGCHLD)
			kill(child, sig);
	}
}
