/* signames.c: names of signals; see signames.h. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "signames.h"
#include "str.h"

static const struct {
	const char *name;
	int sig;
} known[] = {{"HUP", SIGHUP}, {"INT", SIGINT}, {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP}, {"ABRT", SIGABRT}, {"BUS", SIGBUS}, {"FPE", SIGFPE}, {"KILL", SIGKILL},
    {"USR1", SIGUSR1}, {"SEGV", SIGSEGV}, {"USR2", SIGUSR2}, {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},
    {"TERM", SIGTERM},
#ifdef SIGSTKFLT
    {"STKFLT", SIGSTKFLT},
#else /* MIPS */
    {"EMT", SIGEMT},
#endif
    {"CHLD", SIGCHLD}, {"CONT", SIGCONT}, {"STOP", SIGSTOP}, {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN},
    {"TTOU", SIGTTOU}, {"URG", SIGURG}, {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM},
    {"PROF", SIGPROF}, {"WINCH", SIGWINCH}, {"IO", SIGIO}, {"PWR", SIGPWR}, {"SYS", SIGSYS},
    /* aliases */
    {"IOT", SIGABRT}, {"CLD", SIGCHLD}, {"POLL", SIGIO}};

int signal_from_name(const char *s)
{
	int64_t n;
	const char *name = strncasecmp(s, "SIG", 3) == 0 ? s + 3 : s;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcasecmp(name, known[i].name) == 0)
			return known[i].sig;
	/* The kernel's real-time signals, without the two that libc reserves. */
	if (strncasecmp(name, "RTMIN", 5) == 0 &&
	    (!name[5] || (name[5] == '+' && num_parse("signal", name + 6, 0, 30, &n) == 0)))
		return 34 + (name[5] ? (int)n : 0);
	if (strncasecmp(name, "RTMAX", 5) == 0 &&
	    (!name[5] || (name[5] == '-' && num_parse("signal", name + 6, 0, 30, &n) == 0)))
		return 64 - (name[5] ? (int)n : 0);
	if (num_parse("signal", s, 1, 64, &n) == 0)
		return (int)n;
	errno = EINVAL;
	return fail("'%s' is not a signal (TERM or 15, say)", s);
}

const char *signal_name(int sig)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].sig == sig)
			return known[i].name;
	return NULL;
}
