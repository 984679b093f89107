/* signals.c: signals through a descriptor; see signals.h. */
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "signals.h"

int signals_open(void)
{
	static const int not_ours[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS,
	    SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT};
	sigset_t s;
	sigfillset(&s);
	for (size_t i = 0; i < sizeof not_ours / sizeof not_ours[0]; i++)
		sigdelset(&s, not_ours[i]);
	sigprocmask(SIG_SETMASK, &s, NULL);
	return signalfd(-1, &s, SFD_CLOEXEC | SFD_NONBLOCK);
}

int signals_next(int fd)
{
	struct signalfd_siginfo i;
	while (read(fd, &i, sizeof i) == sizeof i)
		if (i.ssi_signo != SIGPIPE && i.ssi_signo != SIGURG)
			return (int)i.ssi_signo;
	return 0;
}
