/* floor.c: what the kernel itself needs for a container: a bare program that makes the same
 * namespaces, groups, overlay, mounts and devices as ctr-run, runs /bin/true and clears up. `make
 * bench` gives every figure as a ratio to this.
 *
 * Usage: floor ROOTFS STATEDIR GROUP [memfd FILE]
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *rootfs, *state, *group;
static const char *const v1[] = {
    "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "unified"};
#define N_V1 (sizeof v1 / sizeof v1[0])
static char dirs[N_V1][160];

static void need(int r, const char *what)
{
	if (r < 0) {
		perror(what);
		_exit(125);
	}
}

static void poke(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

static void groups(void)
{
	char path[300];
	for (size_t i = 0; i < N_V1; i++) {
		snprintf(dirs[i], sizeof dirs[i], "/sys/fs/cgroup/%s/%s", v1[i], group);
		if (mkdir(dirs[i], 0755) < 0)
			dirs[i][0] = 0;
		if (strcmp(v1[i], "cpuset") != 0)
			continue;
		snprintf(path, sizeof path, "%s/cpuset.cpus", dirs[i]);
		poke(path, "0");
		snprintf(path, sizeof path, "%s/cpuset.mems", dirs[i]);
		poke(path, "0");
	}
}

/* A thread that moves itself by `tasks` waits for no grace period; on the v2 side clone3 does it.
 */
static void join_groups(void)
{
	char path[300];
	for (size_t i = 0; i < N_V1 - 1; i++) {
		if (!dirs[i][0])
			continue;
		snprintf(path, sizeof path, "%s/tasks", dirs[i]);
		poke(path, "0");
	}
}

static void ungroup(void)
{
	for (size_t i = 0; i < N_V1; i++)
		rmdir(dirs[i]);
}

static void mounts(void)
{
	static const char *const masks[] = {
	    "/proc/acpi", "/proc/interrupts", "/proc/keys", "/proc/timer_list", "/sys/firmware"};
	static const char *const ro[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"};
	static const struct {
		const char *name;
		int major, minor;
	} nodes[] = {{"dev/null", 1, 3}, {"dev/zero", 1, 5}, {"dev/full", 1, 7},
	    {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};
	char opts[1024], merged[512];
	unsigned long safe = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	snprintf(opts, sizeof opts,
	    "lowerdir=%s,upperdir=%s/upper,workdir=%s/"
	    "work,redirect_dir=off,metacopy=off,index=off,volatile",
	    rootfs, state, state);
	snprintf(merged, sizeof merged, "%s/merged", state);
	need(mount("overlay", merged, "overlay", 0, opts), "overlay");
	need(chdir(merged), merged);
	need(mount("proc", "proc", "proc", safe, NULL), "proc");
	need(mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755,size=64m"), "dev");
	umask(0);
	for (size_t i = 0; i < 6; i++)
		need(mknod(nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)),
		    nodes[i].name);
	mkdir("dev/pts", 0755), mkdir("dev/shm", 0755), mkdir("dev/mqueue", 0755);
	need(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		 "newinstance,ptmxmode=0666,mode=0620,gid=5"),
	    "devpts");
	need(mount("shm", "dev/shm", "tmpfs", safe, "mode=1777,size=64m"), "shm");
	need(mount("mqueue", "dev/mqueue", "mqueue", safe, NULL), "mqueue");
	need(mount("sysfs", "sys", "sysfs", safe | MS_RDONLY, NULL), "sysfs");
	need(mount("tmpfs", "sys/fs/cgroup", "tmpfs", safe, "mode=755"), "cgroup");
	for (size_t i = 0; i < N_V1; i++) {
		char at[64];
		snprintf(at, sizeof at, "sys/fs/cgroup/%s", v1[i]);
		mkdir(at, 0755);
		if (strcmp(v1[i], "unified") == 0)
			mount("cgroup2", at, "cgroup2", safe | MS_RDONLY, NULL);
		else
			mount("cgroup", at, "cgroup", safe | MS_RDONLY, v1[i]);
	}
	need((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
	need(umount2(".", MNT_DETACH), "umount");
	need(chdir("/"), "/");
	for (size_t i = 0; i < 4; i++) {
		mount(ro[i], ro[i], NULL, MS_BIND | MS_REC, NULL);
		mount(NULL, ro[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | safe, NULL);
	}
	for (size_t i = 0; i < 5; i++)
		if (mount("/dev/null", masks[i], NULL, MS_BIND, NULL) < 0)
			mount("tmpfs", masks[i], "tmpfs", MS_RDONLY | safe, "size=0");
}

/* Ourselves, made as large as FILE, run from a sealed memfd: what keeps a container from writing to
 * the host's program.
 */
static void from_memory(const char *file, char **argv)
{
	static const char *const parts[] = {"/proc/self/exe", NULL};
	int m = memfd_create("floor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	for (int i = 0; i < 2; i++) {
		struct stat st;
		int in = open(parts[i] ? parts[i] : file, O_RDONLY | O_CLOEXEC);
		need(in, file);
		fstat(in, &st);
		need((int)sendfile(m, in, NULL, (size_t)st.st_size), "sendfile");
		close(in);
	}
	fcntl(m, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	argv[4] = NULL;
	need((int)syscall(SYS_execveat, m, "", argv, environ, AT_EMPTY_PATH), "execveat");
}

int main(int argc, char **argv)
{
	char go, path[512];
	int p[2], status;
	if (argc < 4)
		return 2;
	rootfs = argv[1], state = argv[2], group = argv[3];
	static const char *const sub[] = {"upper", "work", "merged"};
	mkdir(state, 0755);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", state, sub[i]);
		mkdir(path, 0755);
	}
	if (argc > 5)
		from_memory(argv[5], argv);
	need(pipe2(p, O_CLOEXEC), "pipe");
	groups();
	struct clone_args a = {
	    .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS,
	    .exit_signal = SIGCHLD};
	int v2 = dirs[N_V1 - 1][0] ? open(dirs[N_V1 - 1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (v2 >= 0) {
		a.flags |= CLONE_INTO_CGROUP;
		a.cgroup = (unsigned long long)v2;
	}
	pid_t pid = (pid_t)syscall(SYS_clone3, &a, sizeof a);
	need(pid, "clone");
	if (pid == 0) {
		close(p[1]);
		if (read(p[0], &go, 1) != 1)
			_exit(125);
		join_groups();
		need(unshare(CLONE_NEWCGROUP), "cgroup namespace");
		mounts();
		execl("/bin/true", "true", NULL);
		_exit(127);
	}
	if (write(p[1], "g", 1) != 1)
		return 125;
	waitpid(pid, &status, 0);
	ungroup();
	static const char *const left[] = {
	    "incompat/volatile/dirty", "incompat/volatile", "incompat", ""};
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/work/work/%s", state, left[i]);
		remove(path);
	}
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", state, sub[i]);
		rmdir(path);
	}
	rmdir(state);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
