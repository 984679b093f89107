/* ctr-init: a PID 1 that runs one command, forwards signals to it and reaps orphans; as the PID 1
 * of a whole machine it first mounts what is missing, and powers off in order when the command has
 * ended.
 *
 * Kind: CHAIN.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "applets.h"
#include "become.h"
#include "err.h"
#include "file.h"
#include "init.h"
#include "opt.h"
#include "record.h"
#include "spec.h"
#include "stop.h"
#include "str.h"

static bool machine, reboot_after;
static const char *modules;
static struct strv before;

static const struct opt opts[] = {
    {'m', "machine", NULL, "be a machine's PID 1: mount what is missing, power off at the end",
	OPT_FLAG, &machine},
    {'k', "modules", "DIR",
	"with --machine: load every kernel module in DIR, in the order of their names", OPT_STR,
	&modules},
    {'b', "before", "COMMAND",
	"with --machine: run this first by /bin/sh; it must succeed (may be given again)", OPT_LIST,
	&before},
    {'r', "reboot", NULL, "with --machine: reboot instead of powering off", OPT_FLAG,
	&reboot_after},
    OPT_END,
};
static const struct usage usage = {
    .placeless = true,
    .synopsis = "COMMAND [ARG...]",
    .more = "Exit code: the command's, 128+N if signal N ended it, 127 not found, 126 not "
	    "executable.\n",
    .opts = opts,
};

/* --- a machine's start --- */

static void mount_missing(const char *type, const char *dir, const char *data, unsigned long flags)
{
	struct stat a, b;
	_cleanup_free_ char *up = path_join(dir, "..");
	mkdir(dir, 0755);
	if (stat(dir, &a) == 0 && stat(up, &b) == 0 && a.st_dev != b.st_dev)
		return; /* something is mounted there already */
	if (mount(type, dir, type, flags, data) < 0)
		warn("%s: mount %s: %m", dir, type);
}

static void mount_all(void)
{
	unsigned long safe = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	mount_missing("devtmpfs", "/dev", "mode=755", MS_NOSUID);
	for (int fd = 0; fd < 3;
	     fd++) /* a kernel that found no console opens none; its log gets the messages then */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/console", O_RDWR) < 0 &&
		    open(fd ? "/dev/kmsg" : "/dev/null", fd ? O_WRONLY : O_RDONLY) < 0)
			break;
	mount_missing("proc", "/proc", NULL, safe);
	mount_missing("sysfs", "/sys", NULL, safe);
	mount_missing("devpts", "/dev/pts", "ptmxmode=0666,mode=0620,gid=5", MS_NOSUID | MS_NOEXEC);
	mount_missing("tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV);
	mount_missing("tmpfs", "/run", "mode=755", MS_NOSUID | MS_NODEV);
	mount_missing("tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV);
	mount_missing("cgroup2", "/sys/fs/cgroup", NULL, safe);
}

static int name_one(int dirfd, const char *name, void *names)
{
	(void)dirfd;
	if (name[0] != '.')
		strv_add(names, name);
	return 0;
}

static void load_modules(void)
{
	struct strv names = {0};
	_cleanup_close_ int dir = modules ? dir_open_at(AT_FDCWD, modules) : -1;
	if (modules && (dir < 0 || dir_each(dir, name_one, &names) < 0))
		warn("%s: %m", modules);
	strv_sort(&names);
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_close_ int fd = openat(dir, names.v[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST))
			warn("%s/%s: load: %m%s", modules, names.v[i],
			    errno == ENOENT
				? " (it uses a symbol that no module before it has: dmesg)"
				: "");
	}
	strv_free(&names);
}

/* --- its end --- */

/* The last mount first; what is in use is at least made read-only. */
static void unmount_all(void)
{
	struct strv lines = {0};
	_cleanup_free_ char *text = file_read("/proc/self/mounts", FILE_ANY, NULL);
	strv_split(&lines, text ? text : "", "\n");
	while (lines.n--) {
		char *line = lines.v[lines.n], *dir = strchr(line, ' ');
		if (!dir)
			continue;
		*dir++ = 0;
		dir[strcspn(dir, " ")] = 0;
		if (umount2(dir, 0) < 0 &&
		    mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0 && *line == '/')
			warn("%s: unmount %s: %m", dir, line);
	}
}

/* Until no process is left, or that many milliseconds have passed: every process that ends is a
 * child of PID 1 or becomes one. */
static bool reap_all(int ms)
{
	const struct timespec step = {0, 20000000};
	for (; ms > 0; ms -= 20) {
		pid_t p;
		while ((p = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (p < 0)
			return true;
		nanosleep(&step, NULL);
	}
	return false;
}

/* Containers are ended as by ctr-stop; then all processes are asked to end, and then killed; data
 * is written to the disks, and the power is switched off. */
static _Noreturn void power_off(int code)
{
	struct strv names = {0};
	if (container_names(&names) == 0)
		stop_all(&names, 10, 0, NULL);
	kill(-1, SIGTERM);
	if (!reap_all(2000)) {
		kill(-1, SIGKILL);
		reap_all(2000);
	}
	sync();
	printf("ctr-init: exit code %d\n", code);
	fflush(stdout);
	unmount_all();
	reboot(reboot_after ? RB_AUTOBOOT : RB_POWER_OFF);
	reboot(RB_HALT_SYSTEM);
	for (;;)
		pause();
}

/* --- the command --- */

static _Noreturn void run(char **argv)
{
	sigset_t none;
	setpgid(0, 0);
	tcsetpgrp(0, getpid()); /* if there is a terminal: its ^C and ^Z go to the command */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	int code = become_exec_here(argv);
	warn_fail();
	_exit(code);
}

static int supervise(char **argv)
{
	sigset_t all;
	sigfillset(&all);
	/* So that no signal is lost between the fork and the loop. */
	sigprocmask(SIG_BLOCK, &all, NULL);
	pid_t pid = fork();
	if (pid == 0)
		run(argv);
	if (pid > 0)
		return init_loop(pid, machine);
	warn("fork: %m");
	return 126;
}

static _Noreturn void be_machine(char **argv)
{
	int code = 0;
	mount_all();
	setsid();
	ioctl(0, TIOCSCTTY, 1);
	setenv("PATH", SPEC_PATH, 0);
	load_modules();
	for (size_t i = 0; i < before.n && code == 0; i++) {
		code = supervise((char *[]){"/bin/sh", "-c", before.v[i], NULL});
		if (code)
			warn("--before %s: exit code %d", before.v[i], code);
	}
	if (code == 0)
		code = supervise(argv);
	if (code < 0) { /* init_loop() returns this for a request to power off */
		reboot_after = code == INIT_REBOOT;
		code = 0;
	}
	power_off(code);
}

int ctr_init_main(int argc, char **argv)
{
	int n = opt_parse(&usage, argc, argv);
	if (machine && getpid() != 1)
		die("--machine is for a machine's first process (this is process %d)",
		    (int)getpid());
	if (n == argc)
		die_usage("COMMAND is missing");
	if (machine)
		be_machine(argv + n);
	return supervise(argv + n);
}
