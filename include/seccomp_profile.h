/* seccomp_profile.h: profiles of system calls, in docker's JSON or OCI's linux.seccomp, compiled to
 * filters (filter.h).
 */
#ifndef CTR_SECCOMP_PROFILE_H
#define CTR_SECCOMP_PROFILE_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/* A profile's JSON (docker's, or OCI's linux.seccomp) compiled; NULL with fail(). */
struct sock_fprog *filter_compile(const char *what, const char *text, size_t len, uint64_t caps);
/* The same, kept compiled in `cache` (a directory, made when missing; NULL: no cache) under the
 * digest of text and capabilities. */
struct sock_fprog *filter_compile_cached(
    const char *cache, const char *what, const char *text, size_t len, uint64_t caps);

#endif
