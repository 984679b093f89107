/* placement.c: scheduler, priorities, CPUs, memory nodes, personality, labels, clocks; see
 * placement.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "placement.h"
#include "str.h"

#define MAX_BITS 1024

/* Of sched_setattr(2): musl has no header for it. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

int placement_scheduler(const struct spec *s, pid_t pid)
{
	const struct spec_scheduler *k = s->scheduler;
	if (!k)
		return 0;
	struct attr a = {.size = sizeof a,
	    .policy = (uint32_t)k->policy,
	    .flags = k->flags,
	    .nice = (int32_t)k->nice,
	    .priority = (uint32_t)k->priority,
	    .runtime = (uint64_t)k->runtime,
	    .deadline = (uint64_t)k->deadline,
	    .period = (uint64_t)k->period};
	if (syscall(SYS_sched_setattr, pid, &a, 0) == 0 || (pid && errno == ESRCH))
		return 0;
	return fail("process.scheduler: %m%s",
	    errno == EPERM && k->policy == 6
		? " (process scheduler can't be used together with AllowedCPUs: a deadline needs "
		  "all CPUs)"
		: "");
}

/* A list such as "0-3,7" as a bit mask. 0, or -1 with fail(). */
static int place_list(const char *what, const char *s, unsigned long mask[MAX_BITS / 64])
{
	memset(mask, 0, MAX_BITS / 8);
	while (*s) {
		char *end;
		unsigned long a = strtoul(s, &end, 10),
			      b = *end == '-' ? strtoul(end + 1, &end, 10) : a;
		errno = EINVAL;
		if (end == s || b < a || b >= MAX_BITS || (*end && *end != ',' && *end != ' '))
			return fail("%s: '%s' is not a list", what, s);
		for (; a <= b; a++)
			mask[a / 64] |= 1ul << a % 64;
		s = end + strspn(end, ", ");
	}
	return 0;
}

static int place_memory(const struct spec_memory_policy *p)
{
	unsigned long mask[MAX_BITS / 64];
	const char *nodes = p->nodes && *p->nodes ? p->nodes : NULL;
	if (nodes && place_list("invalid memory policy node", nodes, mask) < 0)
		return -1;
	if (syscall(SYS_set_mempolicy, p->mode | (int)p->flags, nodes ? mask : NULL,
		nodes ? MAX_BITS : 0) < 0)
		return fail_errno("linux.memoryPolicy: set_mempolicy(2): invalid argument");
	return 0;
}

static int attr = -1; /* /proc/self/attr */

void placement_prepare(const struct spec *s)
{
	if (s->selinux_label || s->apparmor)
		attr = dir_hold("/proc/self/attr");
}

/* The label for the next exec. The file must be of the real proc(5), because otherwise the
 * container's image could choose where it is written. */
static int place_label(const char *what, const char *file, const char *text)
{
	struct statfs fs;
	_cleanup_close_ int dir = attr >= 0 ? dup(attr) : dir_hold("/proc/self/attr");
	if (dir < 0 || fstatfs(dir, &fs) < 0 || (unsigned long)fs.f_type != PROC_SUPER_MAGIC)
		return fail(
		    "%s: /proc/self/attr is not there: this kernel has no security modules", what);
	_cleanup_close_ int fd = openat(dir, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && strchr(file, '/'))
		fd = openat(dir, strchr(file, '/') + 1, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return fail(
		    "%s: '%s': %m (not enabled here, or no such one is loaded)", what, text);
	return 0;
}

static int place_labels(const struct spec *s)
{
	if (s->selinux_label && place_label("process.selinuxLabel", "exec", s->selinux_label) < 0)
		return -1;
	if (!s->apparmor || strcmp(s->apparmor, "unconfined") == 0)
		return 0;
	_cleanup_free_ char *text = xasprintf("exec %s", s->apparmor);
	return place_label("process.apparmorProfile", "apparmor/exec", text);
}

int placement_cpus(const char *list, unsigned long mask[MAX_BITS / 64])
{
	if (place_list("process.execCPUAffinity", list, mask) < 0)
		return -1;
	return syscall(SYS_sched_setaffinity, 0, MAX_BITS / 8, mask) < 0
		   ? fail("process.execCPUAffinity: '%s': %m", list)
		   : 0;
}

int placement_apply(const struct spec *s, bool entering, bool forks)
{
	unsigned long mask[MAX_BITS / 64];
	const char *cpus = s->affinity_final ? s->affinity_final : s->affinity_initial;
	if (place_labels(s) < 0 || (s->memory_policy && place_memory(s->memory_policy) < 0))
		return -1;
	if (s->has_personality && personality(s->personality) < 0)
		return fail_errno("linux.personality");
	if (s->io_class && syscall(SYS_ioprio_set, 1, 0, s->io_class << 13 | s->io_priority) < 0)
		return fail_errno("process.ioPriority");
	if (entering && cpus && placement_cpus(cpus, mask) < 0)
		return -1;
	return forks ? 0 : placement_scheduler(s, 0);
}

/* The offsets are written while no process is in the namespace (time_namespaces(7)), and then the
 * caller enters it, which it may because it has a single thread. */
int placement_time(const struct spec *s)
{
	struct buf b = {0};
	if (syscall(SYS_unshare, CLONE_NEWTIME) < 0)
		return fail("time namespace: %m%s",
		    errno == EINVAL ? " (this kernel has none: CONFIG_TIME_NS)" : "");
	if (s->offset_monotonic.set)
		buf_printf(&b, "monotonic %lld %u\n", (long long)s->offset_monotonic.secs,
		    s->offset_monotonic.nanosecs);
	if (s->offset_boottime.set)
		buf_printf(&b, "boottime %lld %u\n", (long long)s->offset_boottime.secs,
		    s->offset_boottime.nanosecs);
	int r = b.n ? file_poke("/proc/self/timens_offsets", b.p) : 0;
	buf_free(&b);
	if (r < 0)
		return fail_in("linux.timeOffsets");
	_cleanup_close_ int fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	return fd < 0 || setns(fd, CLONE_NEWTIME) < 0 ? fail_errno("time namespace: enter") : 0;
}
