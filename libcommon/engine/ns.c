/* ns.c: the kinds of namespaces; see ns.h. */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "ns.h"
#include "str.h"

const struct ns_kind ns_kinds[NS_COUNT] = {
    [NS_MNT] = {CLONE_NEWNS, "mnt"},
    [NS_PID] = {CLONE_NEWPID, "pid"},
    [NS_NET] = {CLONE_NEWNET, "net"},
    [NS_IPC] = {CLONE_NEWIPC, "ipc"},
    [NS_UTS] = {CLONE_NEWUTS, "uts"},
    [NS_CGROUP] = {CLONE_NEWCGROUP, "cgroup"},
    [NS_USER] = {CLONE_NEWUSER, "user"},
    [NS_TIME] = {CLONE_NEWTIME, "time"},
};

const enum spec_ns ns_order[NS_COUNT] = {
    NS_USER, NS_CGROUP, NS_IPC, NS_UTS, NS_NET, NS_PID, NS_TIME, NS_MNT};

enum spec_ns ns_join(const int fd[NS_COUNT])
{
	int last = geteuid() == 0;
	for (int i = last; i < NS_COUNT + last; i++) {
		enum spec_ns ns = ns_order[i % NS_COUNT];
		if (fd[ns] >= 0 && setns(fd[ns], (int)ns_kinds[ns].flag) < 0)
			return ns;
	}
	return NS_COUNT;
}

static bool ns_stat(const char *pid, enum spec_ns ns, struct stat *st)
{
	char path[48];
	snprintf(path, sizeof path, "/proc/%s/ns/%s", pid, ns_kinds[ns].file);
	return stat(path, st) == 0;
}

int ns_is_own(enum spec_ns ns)
{
	/* The machine's first namespaces have fixed inode numbers (include/linux/proc_ns.h); the
	 * others are compared with those of process 1, which not every root may look at. */
	static const ino_t first[NS_COUNT] = {[NS_IPC] = 0xEFFFFFFF,
	    [NS_UTS] = 0xEFFFFFFE,
	    [NS_USER] = 0xEFFFFFFD,
	    [NS_PID] = 0xEFFFFFFC,
	    [NS_CGROUP] = 0xEFFFFFFB,
	    [NS_TIME] = 0xEFFFFFFA};
	/* Since Linux 6.18; before, these two had any number above. */
	static const ino_t newer[NS_COUNT] = {[NS_NET] = 0xEFFFFFF9, [NS_MNT] = 0xEFFFFFF8};
	struct stat ours, other;
	if (!ns_stat("self", ns, &ours))
		return -1;
	if (first[ns])
		return ours.st_ino != first[ns];
	if (ours.st_ino == newer[ns])
		return 0;
	if (!ns_stat("1", ns, &other))
		return -1;
	return ours.st_ino != other.st_ino || ours.st_dev != other.st_dev;
}

int ns_failed(const char *what, uint64_t flags)
{
	struct stat st;
	int i = 0;
	if (errno == ENOSPC)
		return fail("%s: %m (the sysctl user.max_*_namespaces is used up or 0)", what);
	if (errno != EINVAL)
		return fail_errno(what);
	while (i < NS_COUNT && (!(flags & ns_kinds[i].flag) || ns_stat("self", i, &st)))
		i++;
	errno = EINVAL;
	return fail("%s: %m (this kernel has no %s namespaces: ctr-check)", what,
	    i < NS_COUNT ? spec_ns_names[i] : "such");
}

int ns_loopback_up(void)
{
	struct ifreq r = {.ifr_name = "lo"};
	_cleanup_close_ int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return 0; /* a kernel without IPv4 */
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(s, SIOCSIFFLAGS, &r) == 0)
		return 0;
	return fail("lo: set up: %m%s",
	    errno == EPERM
		? " (inside another container: it needs CAP_NET_ADMIN there, or --net host)"
		: "");
}
