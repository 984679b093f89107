/* ns.h: the kinds of namespaces, with the names that the kernel gives them (namespaces(7)). */
#ifndef CTR_NS_H
#define CTR_NS_H

#include <stdbool.h>
#include <stdint.h>
#include "spec.h"

/* A kind of namespace: its CLONE_NEW* flag, and its file in /proc/PID/ns. Its name in words is in
 * spec_ns_names (spec.h). */
struct ns_kind {
	unsigned long flag;
	const char *file;
};
extern const struct ns_kind ns_kinds[NS_COUNT];

/* For an option table: defines want_mnt() and so on, each of which is an opt_fn that calls
 * want(kind, value). */
#define NS_WANT_ONE(want, file, kind)                                                              \
	static int want_##file(const char *value)                                                  \
	{                                                                                          \
		return want(kind, value);                                                          \
	}
#define NS_WANT(want)                                                                              \
	NS_WANT_ONE(want, mnt, NS_MNT)                                                             \
	NS_WANT_ONE(want, uts, NS_UTS)                                                             \
	NS_WANT_ONE(want, ipc, NS_IPC)                                                             \
	NS_WANT_ONE(want, net, NS_NET)                                                             \
	NS_WANT_ONE(want, pid, NS_PID)                                                             \
	NS_WANT_ONE(want, user, NS_USER)                                                           \
	NS_WANT_ONE(want, cgroup, NS_CGROUP)                                                       \
	NS_WANT_ONE(want, time, NS_TIME)

/* Is our namespace of this kind another one than the machine's? For mounts and networks it is
 * compared with that of process 1, as /proc shows it. 1 or 0; -1: we may not look at that. */
int ns_is_own(enum spec_ns ns);
/* The order in which namespaces are joined: the user namespace first, the mount namespace last. */
extern const enum spec_ns ns_order[NS_COUNT];
/* Join the namespaces that are open as fd (-1: none) in that order, but as root the user namespace
 * last: root has more rights before it joins, while others need it first. It must not be our own
 * (EINVAL). NS_COUNT when all are joined; otherwise the kind that could not be, with errno. */
enum spec_ns ns_join(const int fd[NS_COUNT]);
/* The reason why namespaces of these kinds (CLONE_NEW* flags) could not be made, by errno: -1 with
 * fail(), which begins with `what`. */
int ns_failed(const char *what, uint64_t flags);
/* A new network namespace has only the interface lo, which is down (netdevice(7)): set it up. 0, or
 * -1 with fail(). */
int ns_loopback_up(void);

#endif
