/* rlimits.c: limits of an applet's own; see rlimits.h. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

#include "err.h"
#include "rlimits.h"

/* What we take for ourselves, and what we cannot do without. MEMLOCK: before Linux 5.11 a list of
 * devices on cgroup v2 counts as locked. */
static const struct {
	int which;
	rlim_t want, least;
	const char *what;
} limits[] = {
    {RLIMIT_FSIZE, RLIM_INFINITY, 0, NULL},
    {RLIMIT_NOFILE, 1024, 32, "open files (ulimit -n)"},
    {RLIMIT_STACK, 1 << 20, 128 << 10, "bytes of the stack (ulimit -s)"},
    {RLIMIT_AS, RLIM_INFINITY, 0, NULL},
    {RLIMIT_DATA, RLIM_INFINITY, 0, NULL},
    {RLIMIT_MEMLOCK, 64 << 20, 0, NULL},
};
enum { STACK = 2 };
#define LIMITS (sizeof limits / sizeof limits[0])

static struct rlimit was[LIMITS];
static bool widened[LIMITS];

int rlimits_widen(bool files)
{
	int r = 0, why = errno; /* the caller may still have to report an exec that failed */
	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < LIMITS; i++) {
		rlim_t want = limits[i].want;
		if ((!widened[i] && getrlimit(limits[i].which, &was[i]) < 0) ||
		    was[i].rlim_cur >= want)
			continue;
		struct rlimit more = {want, want > was[i].rlim_max ? want : was[i].rlim_max},
			      most = {was[i].rlim_max, was[i].rlim_max};
		bool enough = setrlimit(limits[i].which, &more) == 0;
		widened[i] = enough || (was[i].rlim_cur < was[i].rlim_max &&
					   setrlimit(limits[i].which, &most) == 0);
		if (!enough && most.rlim_max < limits[i].least &&
		    (files || limits[i].which != RLIMIT_NOFILE))
			r = fail("the limit of %s is %llu: at least %llu are needed",
			    limits[i].what, most.rlim_max + 0ull, limits[i].least + 0ull);
	}
	if (r == 0)
		errno = why;
	return r;
}

void rlimits_back_early(void)
{
	signal(SIGXFSZ, SIG_DFL);
	for (size_t i = 0; i < LIMITS; i++)
		if (widened[i] && i != STACK)
			setrlimit(limits[i].which, &was[i]);
}

void rlimits_keep(int which)
{
	for (size_t i = 0; i < LIMITS; i++)
		if (limits[i].which == which)
			widened[i] = false;
}

void rlimits_stack(const struct rlimit *r)
{
	was[STACK] = *r;
	widened[STACK] = true;
}

void rlimits_back_stack(void)
{
	if (widened[STACK])
		setrlimit(RLIMIT_STACK, &was[STACK]);
}

void rlimits_back(void)
{
	rlimits_back_early();
	rlimits_back_stack();
}
