/* spawn.c: `spawn TIMES COMMAND...`: run it and add its wall time and the processor time of all its
 * processes, those that outlive it included, in microseconds, as a line to the file TIMES. The
 * shell that measures would else be most of what it measures.
 */
#include <spawn.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	pid_t pid;
	int status;
	if (argc < 3)
		return 2;
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	double t = now();
	if (posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ) != 0 ||
	    waitpid(pid, &status, 0) < 0)
		return 127;
	t = now() - t;
	while (wait(NULL) > 0)
		;
	struct rusage u;
	getrusage(RUSAGE_CHILDREN, &u);
	double cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
		     (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
	FILE *f = fopen(argv[1], "a");
	if (!f || fprintf(f, "%.0f %.0f\n", t, cpu) < 0 || fclose(f) != 0)
		return 126;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
