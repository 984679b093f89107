/* ctr-init: a PID 1 that runs one command, forwards signals to it and reaps whatever is orphaned; and, as the PID 1 of
 * a whole machine, mounts what is missing first and powers off in order when the command has ended.
 *
 * Kind: CHAIN.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "init.h"
#include "opt.h"
#include "str.h"

static bool machine, reboot_after;
static struct strv setup;

static const struct opt opts[] = {
    {'m', "machine", NULL, "be a machine's PID 1: mount what is missing, power off at the end", OPT_FLAG, &machine},
    {'r', "reboot", NULL, "with --machine: reboot instead of powering off", OPT_FLAG, &reboot_after},
    {'b', "before", "COMMAND", "with --machine: run this first by /bin/sh; it must succeed (may be given again)",
	OPT_LIST, &setup},
    OPT_END,
};
static const struct usage usage = {
    .synopsis = "COMMAND [ARG...]",
    .more = "Exit code: the command's, 128+N if signal N ended it, 127 not found, 126 not executable.\n",
    .opts = opts,
};

static void mount_missing(const char *type, const char *dir, const char *data, unsigned long flags)
{
	struct stat a, b;
	_cleanup_free_ char *up = xasprintf("%s/..", dir);
	mkdir(dir, 0755);
	if (stat(dir, &a) == 0 && stat(up, &b) == 0 && a.st_dev != b.st_dev)
		return; /* something is mounted there */
	if (mount(type, dir, type, flags, data) < 0)
		warn("%s: mount %s: %m", dir, type);
}

static void mount_all(void)
{
	unsigned long safe = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	mount_missing("proc", "/proc", NULL, safe);
	mount_missing("sysfs", "/sys", NULL, safe);
	mount_missing("devtmpfs", "/dev", "mode=755", MS_NOSUID);
	mount_missing("devpts", "/dev/pts", "ptmxmode=0666,mode=0620,gid=5", MS_NOSUID | MS_NOEXEC);
	mount_missing("tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV);
	mount_missing("tmpfs", "/run", "mode=755", MS_NOSUID | MS_NODEV);
	mount_missing("tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV);
	mount_missing("cgroup2", "/sys/fs/cgroup", NULL, safe);
	for (int fd = 0; fd < 3; fd++) /* a kernel that found no console gives none */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/console", O_RDWR) < 0 && open("/dev/null", O_RDWR) < 0)
			break;
}

static _Noreturn void run(char **argv)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	execvp(argv[0], argv);
	int code = errno == ENOENT ? 127 : 126;
	warn("%s: %m", argv[0]);
	_exit(code);
}

static int supervise(char **argv)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL); /* nothing is lost between the fork and the loop */
	pid_t pid = fork();
	if (pid < 0)
		die_code(126, "fork: %m");
	if (pid == 0)
		run(argv);
	return init_loop(pid);
}

/* Everybody is asked to end, then made to; then what is on disks is written, and the power goes. */
static _Noreturn void power_off(int code)
{
	struct timespec half = {0, 500000000};
	kill(-1, SIGTERM);
	nanosleep(&half, NULL);
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	sync();
	mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
	printf("ctr-init: exit code %d\n", code);
	fflush(stdout);
	reboot(reboot_after ? RB_AUTOBOOT : RB_POWER_OFF);
	for (;;)
		pause();
}

int ctr_init_main(int argc, char **argv)
{
	int n = opt_parse(&usage, argc, argv), code = 0;
	if (machine && getpid() != 1)
		die("--machine is for a machine's first process (this is process %d)", (int)getpid());
	if (n == argc)
		die_usage("COMMAND is missing");
	if (!machine)
		return supervise(argv + n);
	mount_all();
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 0);
	for (size_t i = 0; i < setup.n && code == 0; i++) {
		pid_t pid = fork();
		if (pid == 0)
			run((char *[]){"/bin/sh", "-c", setup.v[i], NULL});
		int status = 0;
		waitpid(pid, &status, 0);
		code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (code)
			warn("--before %s: exit code %d", setup.v[i], code);
	}
	power_off(code ? code : supervise(argv + n));
}
