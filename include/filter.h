/* filter.h: system call filters (seccomp(2)): docker's default profile, and profiles of docker's or
 * OCI's JSON.
 */
#ifndef CTR_FILTER_H
#define CTR_FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/* The words of a profile's flags. */
#define FILTER_FLAGS_KNOWN                                                                         \
	"SECCOMP_FILTER_FLAG_TSYNC SECCOMP_FILTER_FLAG_SPEC_ALLOW SECCOMP_FILTER_FLAG_LOG "        \
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"
/* SECCOMP_FILTER_FLAG_SPEC_ALLOW, of Linux 4.17, where a profile does not say: no speculation guard
 * that docker does not have either. */
#define FILTER_FLAGS 4

/* The flags of seccomp(2) that OCI's linux.seccomp, JSON or NULL, asks for. */
unsigned filter_flags(const char *profile);
/* The built-in profile for a container with these capabilities (bit N is capability N): refused
 * calls get EPERM, numbers that no kernel known to us has get ENOSYS, clone3 gets ENOSYS (its flags
 * cannot be looked at), so that libc falls back to clone. Caller frees with filter_free(). Never
 * fails. */
struct sock_fprog *filter_default(uint64_t caps);
/* Load it into this process, with SECCOMP_FILTER_FLAG_*: from here on every call is filtered.
 * *listener is what a profile with SCMP_ACT_NOTIFY is answered through, else -1; where it is NULL
 * such a profile is refused. Without no_new_privs this needs
 * CAP_SYS_ADMIN. -1 with fail(). */
int filter_load(const struct sock_fprog *p, unsigned flags, int *listener);
/* Load a filter of its own: nothing that keeps the caller's terminal types into it any more
 * (TIOCSTI, TIOCLINUX; ioctl_tty(2)). As filter_load(). */
int filter_no_typing(void);
void filter_free(struct sock_fprog *p);

#endif
