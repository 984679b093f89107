/* rlimits.c: limits of an applet's own; see rlimits.h. */
#include <signal.h>
#include <sys/resource.h>

#include "rlimits.h"

#define ENOUGH 1024 /* descriptors */

static const int which[] = {RLIMIT_FSIZE, RLIMIT_NOFILE};
static struct rlimit was[2];
static int widened[2];

void rlimits_widen(void)
{
	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 2; i++) {
		rlim_t want = which[i] == RLIMIT_FSIZE ? RLIM_INFINITY : ENOUGH;
		if (getrlimit(which[i], &was[i]) < 0 || was[i].rlim_cur >= want)
			continue;
		struct rlimit more = {want, want > was[i].rlim_max ? want : was[i].rlim_max},
			      most = {was[i].rlim_max, was[i].rlim_max};
		widened[i] = setrlimit(which[i], &more) == 0 || setrlimit(which[i], &most) == 0;
	}
}

void rlimits_back(void)
{
	signal(SIGXFSZ, SIG_DFL);
	for (int i = 0; i < 2; i++)
		if (widened[i])
			setrlimit(which[i], &was[i]);
}
