/* ctr-check: what this kernel can do for containers, found out by trying it in a child.
 *
 * Kind: FILTER. A line each: `ok NAME`, `missing NAME: what it costs (CONFIG)`, `restricted NAME:
 * the switch`.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets.h"
#include "cgroup.h"
#include "place.h"
#include "err.h"
#include "caps.h"
#include "check_info.h"
#include "file.h"
#include "filter.h"
#include "opt.h"
#include "pidfd.h"
#include "str.h"
#include "sys.h"
#include "sysno.h"

static bool json, info, version;
static const char *format;
static const struct opt opts[] = {
    {0, "json", NULL, "an object a line", OPT_FLAG, &json},
    {0, "info", NULL, "not that, but what `docker info` says, line by line", OPT_FLAG, &info},
    {'f', "format", "TEMPLATE", "docker's, over what --info or --version has", OPT_STR, &format},
    {0, "version", NULL, "of ctrbox", OPT_FLAG, &version},
    OPT_END,
};
static const struct usage usage = {
    .placeless = true, .synopsis = "", .opts = opts, .anywhere = true};

/* Each probe runs in a child and returns 0 or an errno. The one that is running: */
static const struct probe *trying;

static int p_ns(void)
{
	/* An unprivileged user makes namespaces inside a user namespace. */
	return unshare(trying->flag | (geteuid() ? CLONE_NEWUSER : 0)) < 0 ? errno : 0;
}
/* In a user namespace such as ctr-run makes: the files are created with an id that is mapped. */
static int own_ids(void)
{
	_cleanup_free_ char *uid = xasprintf("0 %u 1", geteuid());
	_cleanup_free_ char *gid = xasprintf("0 %u 1", getegid());
	return unshare(CLONE_NEWUSER) < 0 || file_poke("/proc/self/setgroups", "deny") < 0 ||
		       file_poke("/proc/self/uid_map", uid) < 0 ||
		       file_poke("/proc/self/gid_map", gid) < 0
		   ? -1
		   : 0;
}

static int own_mounts(void)
{
	if ((geteuid() && own_ids() < 0) || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return errno;
	return mount("tmpfs", "/sys", "tmpfs", 0, NULL) < 0 ? errno : 0;
}

static int p_overlay(void)
{
	int e = own_mounts();
	if (e)
		return e;
	const char *d = "/sys";
	if (chdir(d) < 0 || mkdir("l", 0755) < 0 || mkdir("u", 0755) < 0 || mkdir("w", 0755) < 0 ||
	    mkdir("m", 0755) < 0)
		return errno;
	return mount("overlay", "m", "overlay", 0, "lowerdir=l,upperdir=u,workdir=w") < 0 ? errno
											  : 0;
}

static int p_tmpfs(void)
{
	return own_mounts();
}

static int p_fs(void)
{
	/* ENODEV means that the kernel does not have this file system; any other errno is about
	 * what we try to mount. */
	int e = own_mounts();
	if (e)
		return e;
	return mount("none", "/sys", trying->type, 0, NULL) < 0 && errno == ENODEV ? ENODEV : 0;
}
static int p_memfd(void)
{
	return memfd_create("ctr-check", MFD_CLOEXEC | MFD_ALLOW_SEALING) < 0 ? errno : 0;
}

static char *group; /* made by own_group() */
static int own_group(void)
{
	group = xasprintf("%s/ctr-check-%d", ctr_cgroup(), (int)getpid());
	return cgroup_make(group, &(struct strv){0}, 0);
}

/* On v1 the devices controller has a list of devices; on v2 a BPF program of ours decides. */
static int p_devices(void)
{
	struct device_rule r = {.type = 'a', .major = -1, .minor = -1, .access = "rwm"};
	if (own_group() < 0)
		return errno;
	int e = cgroup_devices(group, &r, 1) < 0 ? errno : 0;
	cgroup_remove(group);
	return e;
}

static int p_cgroup(void)
{
	return cgroup_layout() == CGROUP_NONE ? ENODEV : 0;
}

static int p_limits(void)
{
	if (own_group() < 0)
		return errno;
	cgroup_remove(group);
	return 0;
}

static int p_seccomp(void)
{
	struct sock_fprog *p = filter_default(CAPS_DEFAULT);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return filter_load(p, FILTER_FLAGS, NULL) < 0 ? errno : 0;
}

static int p_clone3(void)
{
	return sys_new(SYS_clone3, "clone3", 0, 0, 0, 0, 0, 0) < 0 && errno == ENOSYS ? ENOSYS : 0;
}
static int p_pidfd(void)
{
	return sys_pidfd_open(getpid()) < 0 ? errno : 0;
}
static int p_openat2(void)
{
	return sys_new(SYS_openat2, "openat2", -1, 0, 0, 0, 0, 0) < 0 && errno == ENOSYS ? ENOSYS
											 : 0;
}
static int p_open_tree(void)
{
	return sys_mount_copy(-1, "", 0, NULL) < 0 && errno == ENOSYS ? ENOSYS : 0;
}
static int p_setattr(void)
{
	return sys_mount_setattr(-1, 0, &(struct mount_attr_s){0}) < 0 && errno == ENOSYS ? ENOSYS
											  : 0;
}
static int p_close_range(void)
{
	return sys_new(SYS_close_range, "close_range", 9999, 9999, 0, 0, 0, 0) < 0 ? errno : 0;
}

static int p_kill(void)
{
	if (own_group() < 0)
		return errno;
	_cleanup_close_ int d = cgroup_open_v2(group);
	int r = d >= 0 && faccessat(d, "cgroup.kill", F_OK, 0) == 0 ? 0 : ENOENT;
	cgroup_remove(group);
	return r;
}

static int p_loop(void)
{
	return access("/dev/loop-control", R_OK | W_OK) < 0 ? errno : 0;
}
static int p_keys(void)
{
	return syscall(SYS_keyctl, 0, -3, 0, 0, 0) < 0 && errno == ENOSYS ? ENOSYS : 0;
}

static const struct probe probes[] = {
    {"mount namespaces", "no containers at all", "CONFIG_NAMESPACES", p_ns, true, CLONE_NEWNS,
	NULL},
    {"pid namespaces", "no containers but with --pid host", "CONFIG_PID_NS", p_ns, true,
	CLONE_NEWPID, NULL},
    {"network namespaces", "only --net host", "CONFIG_NET_NS", p_ns, true, CLONE_NEWNET, NULL},
    {"ipc namespaces", "only --ipc host", "CONFIG_IPC_NS", p_ns, true, CLONE_NEWIPC, NULL},
    {"uts namespaces", "only --uts host", "CONFIG_UTS_NS", p_ns, true, CLONE_NEWUTS, NULL},
    {"cgroup namespaces", "containers see their group's path", "CONFIG_CGROUPS", p_ns, true,
	CLONE_NEWCGROUP, NULL},
    {"user namespaces", "no --userns, and containers for root only", "CONFIG_USER_NS", p_ns, false,
	CLONE_NEWUSER, NULL},
    {"time namespaces", "nothing ctr-run uses; ctr-nsenter -T", "CONFIG_TIME_NS", p_ns, false,
	CLONE_NEWTIME, NULL},
    {"tmpfs", "no /dev of its own", "CONFIG_TMPFS", p_tmpfs, true, 0, NULL},
    {"overlayfs", "a container's root is a copy, or read-only", "CONFIG_OVERLAY_FS", p_overlay,
	false, 0, NULL},
    {"terminals", "no -t", "CONFIG_UNIX98_PTYS", p_fs, true, 0, "devpts"},
    {"squashfs", "no .squashfs images", "CONFIG_SQUASHFS", p_fs, false, 0, "squashfs"},
    {"erofs", "no .erofs images", "CONFIG_EROFS_FS", p_fs, false, 0, "erofs"},
    {"loop devices", "no image files", "CONFIG_BLK_DEV_LOOP", p_loop, false, 0, NULL},
    {"message queues", "no /dev/mqueue", "CONFIG_POSIX_MQUEUE", p_fs, false, 0, "mqueue"},
    {"cgroups", "no limits, pause or statistics", "CONFIG_CGROUPS, mounted", p_cgroup, false, 0,
	NULL},
    {"own cgroup", "no limits, pause or statistics for us", "a writable or delegated group",
	p_limits, false, 0, NULL},
    {"device lists", "containers get no device nodes but those of --device, and cannot make any",
	"CONFIG_CGROUP_DEVICE; on cgroup v2 CONFIG_CGROUP_BPF", p_devices, false, 0, NULL},
    {"seccomp filters", "only --security-opt seccomp=unconfined", "CONFIG_SECCOMP_FILTER",
	p_seccomp, true, 0, NULL},
    {"session keyrings", "nothing: keys do not exist", "CONFIG_KEYS", p_keys, false, 0, NULL},
    {"clone3", "an older way is taken", "Linux 5.3", p_clone3, false, 0, NULL},
    {"pidfd_open", "signals go by lock and pid", "Linux 5.3", p_pidfd, false, 0, NULL},
    {"openat2", "paths are walked step by step", "Linux 5.6", p_openat2, false, 0, NULL},
    {"open_tree", "ctrbox copies itself to memory at a start", "Linux 5.2", p_open_tree, false, 0,
	NULL},
    {"mount_setattr", "ctrbox copies itself to memory at a start", "Linux 5.12", p_setattr, false,
	0, NULL},
    {"sealed memory files", "open_tree and mount_setattr are needed at a start",
	"Linux 3.17, CONFIG_MEMFD_CREATE", p_memfd, false, 0, NULL},
    {"close_range", "descriptors are closed one by one", "Linux 5.9", p_close_range, false, 0,
	NULL},
    {"cgroup.kill", "a group is killed by its freezer", "Linux 5.14, cgroup v2", p_kill, false, 0,
	NULL},
    {0},
};

/* Probes change their process (namespaces, filters), so each has a child of its own. */
static int probe(const struct probe *p)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid < 0)
		die_errno("fork");
	if (pid == 0) {
		trying = p;
		int e = p->fn();
		_exit(e > 254 || e < 0 ? 254 : e);
	}
	int status = pid_reap(pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 254;
}

static const char *restriction(const char *name, int e)
{
	if (e == ENOSPC)
		return "the sysctl user.max_*_namespaces is used up or 0";
	if (geteuid() == 0)
		return "not allowed here (inside a container: it needs CAP_SYS_ADMIN)";
	if (!strstr(name, "namespaces"))
		return "for root only, or for whom it is delegated to";
	return "not allowed to users (sysctls kernel.unprivileged_userns_clone, "
	       "kernel.apparmor_restrict_unprivileged_userns, "
	       "user.max_user_namespaces)";
}

/* Say what each of them found. 1 where one that is needed is not there. */
static int look_at(const struct probe *p)
{
	int code = 0;
	for (; p->name; p++) {
		int e = probe(p);
		const char *word = e ? "missing" : "ok";
		if (e == EPERM || e == EACCES || e == ENOSPC || e == EROFS)
			word = "restricted";
		if (e && p->needed)
			code = 1;
		if (json)
			printf("{\"name\":\"%s\",\"state\":\"%s\",\"needed\":%s}\n", p->name, word,
			    p->needed ? "true" : "false");
		else if (e == 0)
			printf("ok          %s\n", p->name);
		else if (*word == 'r')
			printf("restricted  %s: %s; without it: %s\n", p->name,
			    restriction(p->name, e), p->cost);
		else
			printf("missing     %s: %s (%s)\n", p->name, p->cost, p->config);
	}
	return code;
}

/* Controllers that the kernel has and was told at boot not to use: their line in /proc/cgroups ends
 * in 0 (cgroups(7)). */
static void switched_off(void)
{
	_cleanup_free_ char *text = file_read("/proc/cgroups", 65536, NULL);
	for (char *line = text, *end; line && *line; line = end) {
		end = line + strcspn(line, "\n");
		bool off = end > line && end[-1] == '0' && *line != '#';
		end += *end == '\n';
		if (off)
			warn("the controller %.*s is switched off by the kernel's command line "
			     "(cgroup_disable=%.*s): no limits of its kind",
			    (int)strcspn(line, "\t"), line, (int)strcspn(line, "\t"), line);
	}
}

int ctr_check_main(int argc, char **argv)
{
	if (opt_parse(&usage, argc, argv) < argc)
		die_usage("takes no operands");
	if (format && !info && !version)
		die_usage("-f is for --info or --version");
	if (info || version)
		return check_info(version, format, json);
	int code = look_at(probes) | look_at(check_net_probes);
	switched_off();
	check_net_rules();
	return code;
}
