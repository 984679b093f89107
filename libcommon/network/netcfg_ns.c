/* netcfg_ns.c: the network namespaces in the lines of ctr-netcfg(1): finding, making and removing
 * them; see netcfg.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "netcfg.h"
#include "rtnl.h"

static int ns_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* does not wait on a fifo */
	return fd < 0 ? fail_errno(path) : fd;
}

/* The one that `netns add NAME` made, when no container has this name. */
static int netcfg_ns_ns_named(const struct netcfg *c, const char *name)
{
	_cleanup_free_ char *path = xasprintf(NETNS_DIR "/%s", name);
	int fd = c->ns_named(name);
	return fd >= 0 ? fd : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* With NULL: our own namespace. */
int netcfg_ns(const struct netcfg *c, const char *ns)
{
	int64_t pid;
	if (!ns || strchr(ns, '/'))
		return ns_file(ns ? ns : "/proc/self/ns/net");
	if (strspn(ns, "0123456789") != strlen(ns) || num_parse("pid", ns, 1, 1 << 30, &pid) < 0)
		return netcfg_ns_ns_named(c, ns);
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/net", (int)pid);
	int fd = ns_file(path);
	return fd < 0 ? fail_about(ns) : fd;
}

/* A socket in the line's namespace, or in the host's when it names none. */
int netcfg_nl(const struct netcfg *c, struct nl *n, const char *ns)
{
	_cleanup_close_ int fd = netcfg_ns(c, ns);
	return fd < 0 ? -1 : nl_open(n, NETLINK_ROUTE, fd);
}

/* --- named ones --- */

int netcfg_netns_del(const struct netcfg *c, const char *file)
{
	struct statfs s;
	if (statfs(file, &s) < 0)
		return fail("netns %s: %m", file);
	if (s.f_type != NSFS_MAGIC)
		return fail("netns %s: not a namespace's file", file);
	if (c->dry)
		return 0;
	return umount2(file, MNT_DETACH) < 0 || unlink(file) < 0 ? fail("netns %s: %m", file) : 0;
}

/* Bound to its file, as ip-netns(8) does it: the only mount that is made in the caller's own mount
 * namespace, because that is exactly what was asked for. */
int netcfg_netns_add(const char *file)
{
	struct statfs s;
	struct stat st;
	struct nl in;
	if (str_starts(file, NETNS_DIR "/") && dir_make(NETNS_DIR, 0755) < 0)
		return -1;
	_cleanup_close_ int home = ns_file("/proc/self/ns/net");
	_cleanup_close_ int fd = open(file, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	int why = errno;
	bool left = fd < 0 && why == EEXIST && lstat(file, &st) == 0 && S_ISREG(st.st_mode) &&
		    st.st_size == 0 && statfs(file, &s) == 0 && s.f_type != NSFS_MAGIC &&
		    !(st.st_mode & 07777); /* left by a kill */
	if (home < 0 || (fd < 0 && !left))
		return errno = why, fail("netns %s: %m", file);
	int r = unshare(CLONE_NEWNET);
	if (r == 0)
		r = mount("/proc/self/ns/net", file, NULL, MS_BIND, NULL);
	if (r < 0)
		fail("netns %s: %m", file);
	if (r == 0 && (r = nl_open(&in, NETLINK_ROUTE, -1)) == 0) {
		rtnl_link_up(&in, 0, "lo", true);
		r = nl_commit_close(&in, 0);
	}
	if (setns(home, CLONE_NEWNET) < 0)
		r = fail_errno("our own network namespace");
	if (r < 0) {
		umount2(file, MNT_DETACH);
		unlink(file);
	}
	return r;
}
